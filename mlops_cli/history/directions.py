"""Which way a metric is better, told from its name; `metrics:` in the settings decides where a name does not tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Direction = Literal["up", "down"]
Mark = Literal["better", "worse"]

_HIGHER = """
accuracy acc auc aucpr auroc auprc rocauc prauc precision recall sensitivity specificity f1 f2 fbeta fscore r2 rsquared kappa
mcc matthews gini lift ndcg dcg map mrr hit hits iou miou jaccard dice bleu rouge meteor silhouette likelihood reward profit
revenue conversion coverage throughput pearson spearman correlation purity homogeneity completeness tpr tnr psnr ssim
explainedvariance true goodness gain improvement correct passed
"""
_LOWER = """
loss losses logloss error errors err mae mse rmse rmsle msle mape smape wmape mase medae medape medianae brier crossentropy xent
nll hinge hamming perplexity ppl wer cer ter ece fid kl divergence deviance distance residual residuals regret pinball deviation
bouldin false fpr fnr fdr latency duration seconds time runtime milliseconds ms memory cost risk penalty miss misses failed
failures aic bic gap overfit
"""
_UP, _DOWN = frozenset(_HIGHER.split()), frozenset(_LOWER.split())
# What turns a name into one that says nothing: how widely a metric spreads, or on how much it stands, is no better or worse.
_NEITHER = frozenset({"std", "stdev", "stddev", "support", "reduction", "drop", "threshold"})
_NEGATED = frozenset({"neg", "negative"})
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")


def direction(name: str, said: Mapping[str, str] | None = None) -> Direction | None:
    """Return which way a metric is better; None where its name does not tell.

    Parameters
    ----------
    name : str
        As in a run record, with or without a stage before it.
    said : mapping, optional
        What the settings say: a metric's name to `up` or `down`. This wins.

    Examples
    --------
    >>> direction("roc_auc"), direction("train@forest:val_loss"), direction("rows"), direction("claims", {"claims": "up"})
    ('up', 'down', None, 'up')
    """
    alone = name.rpartition(":")[2]
    for spelled in (name, alone):
        chosen = (said or {}).get(spelled)
        if chosen in ("up", "down"):
            return chosen  # type: ignore[return-value] # as was seen
    return _told(_words(alone))


def _told(words: list[str]) -> Direction | None:
    """Return what the last word that says anything says; `neg_log_loss` is a loss turned round."""
    turned = any(word in _NEGATED for word in words)
    for number in reversed(range(len(words))):
        for known in (words[number - 1] + words[number] if number else "", words[number]):
            if known in _NEITHER:
                return None
            found = _of_word(known) or _of_word(known.rstrip("0123456789"))
            if found is not None:
                return _other(found) if turned else found
    # A score is better when it is higher, unless another word told otherwise (`brier_score`).
    return "up" if "score" in words and not turned else None


def _of_word(word: str) -> Direction | None:
    return "up" if word in _UP else "down" if word in _DOWN else None


def _other(found: Direction) -> Direction:
    return "down" if found == "up" else "up"


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def mark(name: str, before: float, after: float, said: Mapping[str, str] | None = None) -> Mark | None:
    """Return whether a metric's second value is better or worse than its first; None where they are equal or nobody can tell."""
    way = direction(name, said)
    if way is None or before == after:
        return None
    return "better" if (after > before) == (way == "up") else "worse"


def value_of(metric: object) -> float | None:
    """Return a metric's number: of an object with an interval its `value`; None where there is none.

    Examples
    --------
    >>> value_of(0.9), value_of({"value": 0.9, "n": 120, "low": 0.85, "high": 0.94}), value_of("high")
    (0.9, 0.9, None)
    """
    inner = metric.get("value") if isinstance(metric, dict) else metric
    return inner if isinstance(inner, int | float) and not isinstance(inner, bool) else None
