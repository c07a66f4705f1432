"""Measures of one fitted classifier on one test fold, at its own cut and at the plain one."""

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
)

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.threshold import ThresholdTuner

__all__ = [
    "GREATER_IS_BETTER",
    "check_metric",
    "fold_measures",
    "is_default_threshold",
    "measured_names",
    "own_label",
    "plain_label",
]

GREATER_IS_BETTER = {
    "average_precision": True,
    "balanced_accuracy": True,
    "f1": True,
    "matthews_corrcoef": True,
    "log_loss": False,
    "cost": False,
    "seconds": False,
}
"""Measures by name, and whether more is better; ``"cost"`` is there where costs are known."""


def check_metric(metric: str, parameter: str, *, costs_known: bool) -> None:
    """Refuse a measure that is not known, and costs where no error has one."""
    if metric not in GREATER_IS_BETTER:
        raise InvalidParameterError(
            f"{parameter}: got {metric!r}; known are {', '.join(map(repr, GREATER_IS_BETTER))}."
            + nearest_name(str(metric), GREATER_IS_BETTER)
        )
    if metric == "cost" and not costs_known:
        raise InvalidParameterError(
            f"{parameter}: got 'cost', but what errors cost is not known. Compare an estimator "
            f"with threshold=ThresholdTuner(cost_matrix=...)."
        )


def measured_names(row) -> list[str]:
    """Return the measures among the names that a row of measures has, in the order of tables."""
    return [name for name in GREATER_IS_BETTER if name in row]


def plain_label(n_classes: int) -> str:
    """Return the name of the cut that nothing was learned for."""
    return "0.5" if n_classes == 2 else "argmax"


def is_default_threshold(threshold: str) -> bool:
    """Whether a cut is the one that nothing was learned for."""
    return threshold in ("0.5", "argmax")


def own_label(step) -> str:
    """Return the name of a fitted classifier's own cut."""
    threshold = getattr(step, "threshold", "learned")
    learns = isinstance(threshold, str | ThresholdTuner) or callable(threshold)
    has_rule = getattr(step, "decision_rule_", None) is not None
    return "learned" if has_rule and learns else "predict"


def plain_codes(proba, positive: int | None):
    """Return class codes at 0.5 (binary, the positive class wins a tie) or of the largest."""
    if positive is None:
        return proba.argmax(axis=1)
    return np.where(proba[:, positive] >= 0.5, positive, 1 - positive)


def fold_measures(
    codes, proba, cuts, *, positive: int | None, sample_weight=None, costs=None
) -> list[dict]:
    """Return one dictionary of measures for each cut, all from the same probabilities.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        True classes as positions 0..K-1.
    proba : ndarray of shape (n, K)
        Predicted probabilities.
    cuts : dict of str -> ndarray of shape (n,)
        Name of the cut -> predicted classes as positions.
    positive : int or None
        Position of the positive class; None for more than two classes.
    sample_weight : ndarray of shape (n,), optional
        Weights of the rows.
    costs : ndarray of shape (K, K), optional
        Of the decisions, rows true and columns predicted; what a row costs is measured, too.
    """
    ranking = {
        "average_precision": _average_precision(codes, proba, positive, sample_weight),
        "log_loss": log_loss(
            codes, proba, labels=np.arange(proba.shape[1]), sample_weight=sample_weight
        ),
    }
    measures = []
    for name, cut in cuts.items():
        at_cut = _at_cut(codes, cut, positive, sample_weight)
        if costs is not None:
            at_cut["cost"] = float(np.average(costs[codes, cut], weights=sample_weight))
        measures.append({"threshold": name, **ranking, **at_cut})
    return measures


def _average_precision(codes, proba, positive, sample_weight) -> float:
    """Return average precision of the positive class, or the mean over one-vs-rest problems."""
    wanted = range(proba.shape[1]) if positive is None else [positive]
    return float(
        np.mean(
            [
                average_precision_score(codes == k, proba[:, k], sample_weight=sample_weight)
                for k in wanted
            ]
        )
    )


def _at_cut(codes, predicted, positive, sample_weight) -> dict:
    """Return the measures that depend on the cut."""
    weight = {"sample_weight": sample_weight}
    if positive is None:
        f1 = f1_score(codes, predicted, average="macro", zero_division=0.0, **weight)
    else:
        f1 = f1_score(codes == positive, predicted == positive, zero_division=0.0, **weight)
    return {
        "balanced_accuracy": balanced_accuracy_score(codes, predicted, **weight),
        "f1": f1,
        "matthews_corrcoef": matthews_corrcoef(codes, predicted, **weight),
    }
