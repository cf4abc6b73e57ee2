"""Split the breast cancer data into data/train.csv and data/test.csv."""

from pathlib import Path

import yaml
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

params = yaml.safe_load(Path("params.yaml").read_text())["prepare"]
table = load_breast_cancer(as_frame=True).frame
train, test = train_test_split(
    table, test_size=params["test_share"], random_state=params["seed"], stratify=table["target"]
)
train.to_csv("data/train.csv", index=False)
test.to_csv("data/test.csv", index=False)
print(f"{len(train)} rows to learn from, {len(test)} to test on")
