"""Keep the model whose metric is highest: python src/best.py METRIC."""

import json
import shutil
import sys
from pathlib import Path

metric = sys.argv[1]
measured = {path.stem: json.loads(path.read_text()) for path in sorted(Path("metrics").glob("*-*.json"))}
name = max(measured, key=lambda model: measured[model][metric])
shutil.copyfile(f"models/{name}.joblib", "best/model.joblib")
Path("metrics/best.json").write_text(json.dumps(measured[name], indent=2) + "\n")
print(f"{name} is best: {metric} {measured[name][metric]:.4f}")
