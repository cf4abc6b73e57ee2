"""Learn one kind of model: python src/train.py forest|boosting."""

import sys
from pathlib import Path

import joblib
import pandas as pd
import yaml
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

kind = sys.argv[1]
params = yaml.safe_load(Path("params.yaml").read_text())["train"]
model_class = {"forest": RandomForestClassifier, "boosting": GradientBoostingClassifier}[kind]
model = model_class(n_estimators=params["trees"], max_depth=params["depth"], random_state=params["seed"])
table = pd.read_csv("data/train.csv")
model.fit(table.drop(columns="target"), table["target"])
joblib.dump(model, f"models/{kind}.joblib")
