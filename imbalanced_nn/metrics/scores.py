"""Metrics for imbalanced classification that scikit-learn and imbalanced-learn lack."""

from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d

__all__ = ["average_precision", "break_even_point", "class_balance_accuracy_score"]

# Of more classes rows are not sorted for each; columns are turned so many at a time.
MANY_CLASSES, COLUMNS_AT_ONCE = 30, 64


def class_balance_accuracy_score(y_true, y_pred, *, sample_weight=None):
    """Class balance accuracy: the mean over classes of the smaller of recall and precision.

    For each class the correctly predicted rows are divided by the larger of its true and its
    predicted rows. It is a lower bound of both macro recall and macro precision [1]_.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        True and predicted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Row weights.

    Returns
    -------
    score : float
        Between 0 and 1, the higher the better. A class of `y_pred` that `y_true` lacks counts 0.

    Raises
    ------
    ValueError
        If lengths differ, or a weight is negative or not finite.

    References
    ----------
    .. [1] L. Mosley, "A balanced approach to the multi-class imbalance problem", PhD thesis,
       Iowa State University, 2013.

    Examples
    --------
    >>> from imbalanced_nn.metrics import class_balance_accuracy_score
    >>> round(class_balance_accuracy_score([0, 0, 0, 1], [0, 0, 1, 1]), 3)
    0.583
    """
    if sample_weight is not None:
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        check_consistent_length(y_true, y_pred)
        sample_weight = _weights(sample_weight, len(y_true))
        told = sample_weight > 0
        y_true, y_pred, sample_weight = y_true[told], y_pred[told], sample_weight[told]
    precision, recall, _, _ = precision_recall_fscore_support(
        y_true, y_pred, sample_weight=sample_weight, zero_division=0
    )
    return float(np.minimum(precision, recall).mean())


def break_even_point(y_true, y_score, *, pos_label=1, sample_weight=None):
    """Break-even point: the precision at the cut where it equals recall.

    They are equal where as many rows are flagged as there are positives. Within a tie of scores
    flagged rows are taken in proportion, as if in random order.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_score : array-like of shape (n_samples,)
        Scores of the positive class.
    pos_label : label, default=1
        The positive class.
    sample_weight : array-like of shape (n_samples,), default=None
        Row weights.

    Returns
    -------
    score : float
        Between 0 and 1, the higher the better.

    Raises
    ------
    ValueError
        If no row is positive, lengths differ, or a weight is negative or not finite.

    Examples
    --------
    >>> from imbalanced_nn.metrics import break_even_point
    >>> break_even_point([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8])
    0.5
    """
    y_true = column_or_1d(y_true)
    y_score = column_or_1d(check_array(y_score, ensure_2d=False, dtype=np.float64))
    check_consistent_length(y_true, y_score, sample_weight)
    weight = _weights(sample_weight, len(y_true))
    hits = weight * (y_true == pos_label)
    if not hits.sum() > 0:
        raise ValueError(f"The break-even point needs a positive row. No label is {pos_label!r}.")
    order = np.argsort(-y_score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(y_score[order]) != 0, True))
    flagged = np.append(0.0, np.cumsum(weight[order])[ends])
    tp = np.append(0.0, np.cumsum(hits[order])[ends])
    return float(np.interp(tp[-1], flagged, tp) / tp[-1])


def average_precision(y_true, proba, kind, *, positive=1, sample_weight=None):
    """Average precision of any type of target; classes absent from the rows are left out.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_labels)
        Class codes 0 … K - 1, or the 0/1 indicator of a multilabel target.
    proba : array-like of shape (n_samples, n_classes) or (n_samples, n_labels)
        Probabilities or scores, columns in class order; for a binary target also the scores of
        the positive class, of shape (n_samples,).
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    positive : {0, 1}, default=1
        Code of the positive class of a binary target.
    sample_weight : array-like of shape (n_samples,), default=None
        Row weights.

    Returns
    -------
    score : float
        Average precision of the positive class, or the unweighted mean of each class against
        the rest (multiclass) or of each label. NaN if no class has a row.

    Raises
    ------
    ValueError
        If lengths differ, a score is not finite, or a weight is negative or not finite.

    Examples
    --------
    >>> from imbalanced_nn.metrics import average_precision
    >>> average_precision([0, 0, 1], [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], "binary")
    1.0
    >>> proba = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.6, 0.1]]
    >>> round(average_precision([0, 0, 1], proba, "multiclass"), 3)
    0.667
    """
    y_true, proba = np.asarray(y_true), np.asarray(proba)
    if len(y_true) != len(proba):
        raise ValueError(f"y_true has {len(y_true)} rows, but proba has {len(proba)}.")
    if sample_weight is not None:
        sample_weight = _weights(sample_weight, len(y_true))
    if kind == "multiclass" and proba.shape[1] > MANY_CLASSES and _is_even(sample_weight):
        _check_finite(proba)
        return _mean_average_precision(y_true, proba)
    if kind == "binary":
        targets = (y_true == positive)[:, None]
        scores = proba[:, [positive]] if proba.ndim == 2 else proba[:, None]
    else:
        targets = y_true if kind == "multilabel" else y_true[:, None] == np.arange(proba.shape[1])
        scores = proba
    _check_finite(scores)
    weight = np.ones(len(targets)) if sample_weight is None else sample_weight
    present = np.flatnonzero(weight @ targets > 0)
    if not len(present):
        return float("nan")
    per_class = [_average_precision(targets[:, k], scores[:, k], weight) for k in present]
    return float(np.mean(per_class))


def _weights(sample_weight: Any, n: int) -> np.ndarray:
    """Return weights of rows in float64, in which sums of small numbers do not overflow."""
    if sample_weight is None:
        return np.ones(n)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n,):
        raise ValueError(f"sample_weight has shape {weight.shape}, but there are {n} rows.")
    if n and not (weight.min() >= 0 and weight.max() <= np.finfo(np.float64).max / n):
        raise ValueError(
            f"sample_weight must hold finite numbers of at least 0, whose sum is finite. It goes "
            f"from {weight.min():g} to {weight.max():g}."
        )
    return weight


def _check_finite(scores: np.ndarray) -> None:
    """Refuse scores without a rank."""
    if not np.isfinite(scores).all():
        raise ValueError("proba holds NaN or infinity. Average precision ranks finite scores.")


def _is_even(weight: Any) -> bool:
    """Whether rows count alike."""
    return weight is None or (np.size(weight) > 0 and np.ptp(weight) == 0 and np.min(weight) > 0)


def _mean_average_precision(codes: np.ndarray, proba: np.ndarray) -> float:
    """Mean average precision of very many classes, in a tenth of the time and but for rounding.

    It is the mean over a class's rows of the precision at their score, so that all scores are
    sorted and no rows.
    """
    n, n_classes = proba.shape
    by_class = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[by_class], np.arange(n_classes + 1))
    found = []
    for start in range(0, n_classes, COLUMNS_AT_ONCE):
        columns = np.ascontiguousarray(proba[:, start : start + COLUMNS_AT_ONCE].T)
        for k, scores in enumerate(columns, start):
            own = np.sort(scores[by_class[ends[k] : ends[k + 1]]])
            if len(own):
                hits = len(own) - np.searchsorted(own, own)
                found.append(np.mean(hits / (n - np.searchsorted(np.sort(scores), own))))
    return float(np.mean(found)) if found else float("nan")


def _average_precision(hits: np.ndarray, score: np.ndarray, weight: np.ndarray) -> float:
    """Average precision of one class, to the last bit scikit-learn's.

    Networks are judged by it after every epoch, and scikit-learn's checks take twenty times as
    long as the computation.
    """
    order = np.argsort(score, kind="stable")[::-1]
    order = order[weight[order] != 0]
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    hits, weight = hits[order] * 1.0, weight[order] * 1.0
    tp = np.cumsum(hits * weight)[ends]
    fp = np.cumsum((1 - hits) * weight)[ends]
    precision = np.append((tp / (tp + fp))[::-1], 1.0)
    recall = np.append((tp / tp[-1])[::-1], 0.0)
    return max(0.0, -np.sum(np.diff(recall) * precision[:-1]))
