"""Measure one model on the test rows: python src/evaluate.py NAME."""

import json
import sys
from pathlib import Path

import joblib
import pandas as pd
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

name = sys.argv[1]
table = pd.read_csv("data/test.csv")
model = joblib.load(f"models/{name}.joblib")
probability = model.predict_proba(table.drop(columns="target"))[:, 1]
metrics = {
    "roc_auc": roc_auc_score(table["target"], probability),
    "accuracy": accuracy_score(table["target"], probability > 0.5),
    "log_loss": log_loss(table["target"], probability),
}
Path(f"metrics/{name}.json").write_text(json.dumps(metrics, indent=2) + "\n")
