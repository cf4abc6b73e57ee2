"""Measure one model on the test rows: python src/evaluate.py forest|boosting."""

import json
import sys
from pathlib import Path

import joblib
import pandas as pd
from sklearn.metrics import accuracy_score, f1_score

kind = sys.argv[1]
table = pd.read_csv("data/test.csv")
predicted = joblib.load(f"models/{kind}.joblib").predict(table.drop(columns="target"))
metrics = {
    "accuracy": accuracy_score(table["target"], predicted),
    "f1": f1_score(table["target"], predicted, average="macro"),
}
Path(f"metrics/{kind}.json").write_text(json.dumps(metrics, indent=2) + "\n")
