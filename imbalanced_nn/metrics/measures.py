"""The measures of a report: their names, directions, and values from sums over rows."""

from typing import NamedTuple

import numpy as np

from imbalanced_nn.metrics.formulas import MATRIX_FORMULAS, averaged, ratio

__all__ = [
    "MEASURES",
    "PRECISION_LEVEL",
    "Measure",
    "binary_measures",
    "measure_label",
    "overall_measures",
    "recall_at_precision",
    "two_class_measures",
]

PRECISION_LEVEL = 0.9
_ROUNDING = 1e-12


class Measure(NamedTuple):
    """How a measure is called and read.

    Parameters
    ----------
    label : str
        Name in tables and plots.
    greater_is_better : bool or None
        Its direction; None for what describes the data.
    bounds : pair of float, default=(0.0, 1.0)
        Its range.
    """

    label: str
    greater_is_better: bool | None
    bounds: tuple[float, float] = (0.0, 1.0)


MEASURES = {
    "average_precision": Measure("average precision", True),
    "prevalence": Measure("prevalence", None),
    "lift": Measure("lift over prevalence", True, (0.0, np.inf)),
    "roc_auc": Measure("ROC AUC", True),
    "balanced_accuracy": Measure("balanced accuracy", True),
    "precision": Measure("precision", True),
    "recall": Measure("recall", True),
    "f1": Measure("F1", True),
    "matthews_corrcoef": Measure("MCC", True, (-1.0, 1.0)),
    "geometric_mean": Measure("geometric mean", True),
    "class_balance_accuracy": Measure("class balance accuracy", True),
    "break_even_point": Measure("break-even point", True),
    "recall_at_precision": Measure(f"recall at precision {PRECISION_LEVEL:g}", True),
    "brier": Measure("Brier score", False, (0.0, 2.0)),
    "log_loss": Measure("log loss", False, (0.0, np.inf)),
    "calibration_error": Measure("calibration error", False),
    "cost": Measure("cost per row", False, (-np.inf, np.inf)),
}
"""Every measure, in the order of tables."""


def measure_label(name):
    """Return how a measure or an objective is called in plots, at the start of a sentence."""
    label = MEASURES[name].label if name in MEASURES else name.replace("_", " ")
    return label[:1].upper() + label[1:]


_OF_RANKS = ("average_precision", "prevalence", "roc_auc", "break_even_point")
_OF_ALL_CLASSES = (
    "balanced_accuracy",
    "matthews_corrcoef",
    "geometric_mean",
    "class_balance_accuracy",
)
_MEAN_OVER_CLASSES = (*_OF_RANKS, "recall_at_precision", "calibration_error")


def binary_measures(sums):
    """Return the measures of one class against the rest.

    Parameters
    ----------
    sums : BinarySums
        Sums under each set of weights.

    Returns
    -------
    dict of str to ndarray of shape (n_weights,)
        NaN where the class, or the rest, has no rows. ``class_balance_accuracy`` is the part of
        this class, the smaller of its precision and recall; ``cost`` is that of its rows.
    """
    positive, total = sums.count[:, 1], sums.count.sum(axis=1)
    totals = sums.class_totals()
    of_class = [part[..., 1] for part in totals]
    values = _of_ranking(sums)
    values["prevalence"] = positive / total
    values["lift"] = values["average_precision"] / values["prevalence"]
    for name in ("balanced_accuracy", "matthews_corrcoef", "geometric_mean"):
        values[name] = MATRIX_FORMULAS[name](*totals)
    for name in ("precision", "recall", "f1"):
        values[name] = ratio(name)(*of_class)
    values["class_balance_accuracy"] = np.minimum(values["precision"], values["recall"])
    values["brier"] = sums.squared.sum(axis=1) / total
    values["log_loss"] = sums.log.sum(axis=1) / total
    values["calibration_error"] = np.abs(sums.gaps.sum(axis=2)).sum(axis=1) / total
    values["cost"] = _divide(sums.cost[:, 1], positive)
    both = (sums.count > 0).all(axis=1)
    return {name: np.where(both, values[name], np.nan) for name in MEASURES}


def overall_measures(kind, sums, per_class, positive=1):
    """Return the measures of all classes together.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    sums : list of BinarySums
        Those of each class against the rest.
    per_class : list of dict
        The `binary_measures` of each.
    positive : {0, 1}, default=1
        Code of the positive class of a binary target.

    Returns
    -------
    dict of str to ndarray of shape (n_weights,)
    """
    if kind == "multilabel":
        return {name: _mean([values[name] for values in per_class]) for name in MEASURES}
    if kind == "binary":
        return two_class_measures(sums[positive], per_class[positive])
    total = sums[0].count.sum(axis=1)
    totals = [np.stack(part, axis=-1) for part in zip(*map(_of_class, sums), strict=True)]
    values = {name: _mean([v[name] for v in per_class]) for name in _MEAN_OVER_CLASSES}
    values["lift"] = values["average_precision"] / values["prevalence"]
    for name in _OF_ALL_CLASSES:
        values[name] = MATRIX_FORMULAS[name](*totals)
    for name in ("precision", "recall", "f1"):
        values[name] = averaged(*totals, per_class=ratio(name), average="macro")
    values["brier"] = sum(part.squared.sum(axis=1) for part in sums) / total
    # The likelihood of a row is the probability of its class.
    values["log_loss"] = sum(part.log[:, 1] for part in sums) / total
    values["cost"] = sum(part.cost[:, 1] for part in sums) / total
    return {name: values[name] for name in MEASURES}


def two_class_measures(sums, values=None):
    """Return the measures of a positive class and the rest together.

    Parameters
    ----------
    sums : BinarySums
        Of the positive class.
    values : dict, default=None
        Its `binary_measures`, where they are known.

    Returns
    -------
    dict of str to ndarray of shape (n_weights,)
        Those of the positive class, but for class balance accuracy and the cost.
    """
    values = binary_measures(sums) if values is None else values
    return values | {
        "class_balance_accuracy": MATRIX_FORMULAS["class_balance_accuracy"](*sums.class_totals()),
        "cost": sums.cost.sum(axis=1) / sums.count.sum(axis=1),
    }


def _of_ranking(sums):
    """Return the measures of the order of the scores."""
    tp, fp = sums.tp, sums.fp
    flagged = tp + fp
    precision = _divide(tp, flagged, 0.0)
    n_positive, n_negative = tp[:, -1], fp[:, -1]
    positives, negatives = (np.diff(part, axis=1, prepend=0.0) for part in (tp, fp))
    # Of negatives in a group, half count as ranked below its positives.
    below = n_negative[:, None] - fp + negatives / 2
    return {
        "average_precision": _divide((precision * positives).sum(axis=1), n_positive),
        "roc_auc": _divide((positives * below).sum(axis=1), n_positive * n_negative),
        "break_even_point": _divide(_at_flagged(n_positive, flagged, tp), n_positive),
        "recall_at_precision": recall_at_precision(sums),
    }


def recall_at_precision(sums, false_alarms=0.0):
    """Return the highest recall of a cut with a precision of .9.

    Parameters
    ----------
    sums : BinarySums
        Sums under each set of weights.
    false_alarms : float, default=0.0
        Weight of negatives above all others that are counted as well.

    Returns
    -------
    ndarray of shape (n_weights,)
    """
    precision = _divide(sums.tp, sums.tp + sums.fp + false_alarms, 0.0)
    enough = precision >= PRECISION_LEVEL * (1 - _ROUNDING)
    return _divide(np.where(enough, sums.tp, 0.0).max(axis=1), sums.tp[:, -1])


def _at_flagged(wanted, flagged, tp):
    """Return the true positives where as much weight is flagged as wanted, ties in proportion."""
    group = (flagged < wanted[:, None] * (1 - _ROUNDING)).sum(axis=1)
    rows = np.arange(len(group))
    group = np.minimum(group, flagged.shape[1] - 1)
    last = np.maximum(group - 1, 0)
    flagged_before = np.where(group > 0, flagged[rows, last], 0.0)
    tp_before = np.where(group > 0, tp[rows, last], 0.0)
    share = _divide(wanted - flagged_before, flagged[rows, group] - flagged_before, 0.0)
    return tp_before + np.minimum(share, 1.0) * (tp[rows, group] - tp_before)


def _of_class(sums):
    """Return hit, true and predicted weight of the class."""
    return [part[..., 1] for part in sums.class_totals()]


def _mean(values):
    """Return the mean over the classes that have a value, NaN without one."""
    values = np.array(values)
    known = ~np.isnan(values)
    return _divide(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0))


def _divide(numerator, denominator, undefined=np.nan):
    """Divide where the denominator is positive."""
    out = np.full(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)), undefined)
    return np.divide(numerator, denominator, out=out, where=denominator > 0)
