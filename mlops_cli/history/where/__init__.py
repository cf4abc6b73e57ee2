"""Conditions on runs, as `--where` takes them: `metrics.auc > 0.9 and author ~ ana`. Pure; nothing of them is ever executed."""
