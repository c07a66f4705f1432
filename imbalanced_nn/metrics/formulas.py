"""Classification metrics as functions of hits, true and predicted totals, vectorised.

Each formula takes three arrays whose last axis runs over the classes: the weight of the rows
of a class that were predicted as it (``hit``), of all its rows (``true``) and of all rows
predicted as it (``pred``). Leading axes are free, so one call scores every candidate cut.
A binary target has the order [negative, positive]. What is undefined counts 0, as with
scikit-learn's ``zero_division=0``.
"""

from functools import partial

import numpy as np

__all__ = ["AVERAGES", "MATRIX_FORMULAS", "averaged", "net_benefit", "ratio", "subset_accuracy"]

AVERAGES = ("macro", "micro", "weighted")
_ROUNDING = 1e-13


def _divide(numerator, denominator, undefined=0.0):
    """Divide where the denominator is positive."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    return np.divide(
        numerator, denominator, out=np.full(shape, undefined), where=np.greater(denominator, 0)
    )


def _precision(hit, true, pred):
    return _divide(hit, pred)


def _recall(hit, true, pred):
    return _divide(hit, true)


def _jaccard(hit, true, pred):
    return _divide(hit, true + pred - hit)


def _fbeta(hit, true, pred, *, beta):
    return _divide((1 + beta**2) * hit, beta**2 * true + pred)


def ratio(stem):
    """Return the per-class formula of "precision", "recall", "jaccard", "f1", "f0.5", ...."""
    named = {"precision": _precision, "recall": _recall, "jaccard": _jaccard}
    return named[stem] if stem in named else partial(_fbeta, beta=float(stem[1:]))


def averaged(hit, true, pred, *, per_class, average):
    """Average a per-class formula; "binary" is the value of the positive class."""
    if average == "micro":
        return per_class(hit.sum(-1), true.sum(-1), pred.sum(-1))
    if average == "binary":
        return per_class(hit[..., 1], true[..., 1], pred[..., 1])
    values = per_class(hit, true, pred)
    if average == "weighted":
        return (values * true).sum(-1) / true.sum(-1)
    return _mean_where(values, (true > 0) | (pred > 0))


def subset_accuracy(hit, true, pred):
    """Return 1 for the rows of which the predicted labels are the true ones, else 0."""
    return ((hit == true) & (hit == pred)).astype(float)


def net_benefit(hit, true, pred, *, risk):
    """True positives less false ones at the odds of a risk, as a share of the rows."""
    false_positive = (pred - hit)[..., 1]
    return (hit[..., 1] - false_positive * risk / (1 - risk)) / true.sum(-1)


def _mean_where(values, mask):
    """Mean over the classes of the mask."""
    mask = np.broadcast_to(mask, values.shape)
    return _divide(np.where(mask, values, 0.0).sum(-1), mask.sum(-1))


def _accuracy(hit, true, pred):
    return hit.sum(-1) / true.sum(-1)


def _balanced_accuracy(hit, true, pred):
    return _mean_where(_recall(hit, true, pred), true > 0)


def _geometric_mean(hit, true, pred):
    recall = np.where(true > 0, _recall(hit, true, pred), 1.0)
    return np.prod(recall, axis=-1) ** (1 / (true > 0).sum(-1))


def _class_balance_accuracy(hit, true, pred):
    larger = np.maximum(true, pred)
    return _mean_where(_divide(hit, larger), larger > 0)


def _youden(hit, true, pred):
    return _recall(hit, true, pred).sum(-1) - 1


def _break_even(hit, true, pred):
    return np.minimum(_precision(hit, true, pred), _recall(hit, true, pred))[..., 1]


def _shares(hit, true, pred):
    """Return agreement, chance agreement, and the sums of squares, all as shares of the total."""
    total = true.sum(-1)
    true, pred = true / total[..., None], pred / total[..., None]
    return hit.sum(-1) / total, (true * pred).sum(-1), (true**2).sum(-1), (pred**2).sum(-1)


def _matthews(hit, true, pred):
    agreement, chance, true_squares, pred_squares = _shares(hit, true, pred)
    spread = (1 - true_squares) * (1 - pred_squares)
    # With all rows in one class the spread is 0 but for rounding, and so is the coefficient.
    degenerate = np.minimum(1 - true_squares, 1 - pred_squares) < _ROUNDING
    return _divide(agreement - chance, np.sqrt(np.where(degenerate, 0.0, spread)))


def _cohen_kappa(hit, true, pred):
    agreement, chance, _, _ = _shares(hit, true, pred)
    return _divide(agreement - chance, np.where(1 - chance < _ROUNDING, 0.0, 1 - chance))


MATRIX_FORMULAS = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "geometric_mean": _geometric_mean,
    "class_balance_accuracy": _class_balance_accuracy,
    "youden": _youden,
    "break_even": _break_even,
    "matthews_corrcoef": _matthews,
    "cohen_kappa": _cohen_kappa,
}
