"""Split the wine data into data/train.csv and data/test.csv."""

from pathlib import Path

import yaml
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

params = yaml.safe_load(Path("params.yaml").read_text())["prepare"]
table = load_wine(as_frame=True).frame
train, test = train_test_split(
    table, test_size=params["test_share"], random_state=params["seed"], stratify=table["target"]
)
train.to_csv("data/train.csv", index=False)
test.to_csv("data/test.csv", index=False)
