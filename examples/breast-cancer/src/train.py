"""Learn one model: python src/train.py forest|boosting SEED."""

import sys
from pathlib import Path

import joblib
import pandas as pd
import yaml
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

kind, seed = sys.argv[1], int(sys.argv[2])
params = yaml.safe_load(Path("params.yaml").read_text())[kind]
model_class = {"forest": RandomForestClassifier, "boosting": GradientBoostingClassifier}[kind]
table = pd.read_csv("data/train.csv")
model = model_class(**params, random_state=seed).fit(table.drop(columns="target"), table["target"])
joblib.dump(model, f"models/{kind}-{seed}.joblib")
