"""Checks of the rows that a threshold is learned from."""

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_array, column_or_1d

from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["check_rows", "encode", "positive_code"]


def check_rows(y_true, y_score, sample_weight):
    """Return the rows of positive weight, checked for length, NaN and weights."""
    y_score = check_array(y_score, ensure_2d=False, dtype=np.float64, input_name="y_score")
    y_true = check_array(y_true, ensure_2d=False, dtype=None, input_name="y_true")
    target = type_of_target(y_true, input_name="y_true")
    if target not in ("binary", "multiclass", "multilabel-indicator"):
        raise ValueError(
            f"'y_true' must hold class labels or a 0/1 indicator matrix. Got a {target} target."
        )
    multilabel = target == "multilabel-indicator"
    y_true = check_array(y_true, dtype=int) if multilabel else column_or_1d(y_true)
    if len(y_true) != len(y_score):
        raise ValueError(
            f"'y_true' and 'y_score' must have the same rows. Got {len(y_true)} and {len(y_score)}."
        )
    if sample_weight is None:
        return y_true, y_score, np.ones(len(y_true))
    weight = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weight.shape != (len(y_true),):
        raise ValueError(f"'sample_weight' must have shape ({len(y_true)},). Got {weight.shape}.")
    if (weight < 0).any() or not weight.any():
        raise ValueError(
            "'sample_weight' must not be negative, and some weight must be positive. "
            f"Got weights between {weight.min():g} and {weight.max():g}."
        )
    kept = weight > 0
    return y_true[kept], y_score[kept], weight[kept]


def encode(y_true, y_score, classes):
    """Return the classes and the class codes, checked against the columns of the scores."""
    if classes is None:
        classes = np.unique(y_true)
    classes = column_or_1d(classes)
    order = np.argsort(classes)
    place = np.searchsorted(classes, y_true, sorter=order)
    codes = order[np.minimum(place, len(classes) - 1)]
    unknown = classes[codes] != y_true
    if unknown.any():
        raise ValueError(
            f"'y_true' holds labels that are not in classes={classes.tolist()}: "
            f"{np.unique(y_true[unknown]).tolist()}."
        )
    if len(classes) == 2 and y_score.ndim == 1:
        return classes, codes
    if len(classes) > 1 and (y_score.ndim != 2 or y_score.shape[1] != len(classes)):
        shape = f"(n_samples, {len(classes)})" + (" or (n_samples,)" if len(classes) == 2 else "")
        raise ValueError(
            f"'y_score' must have shape {shape} for classes {classes.tolist()}. "
            f"Got {y_score.shape}. Pass classes= if 'y_true' lacks some of them."
        )
    return classes, codes


def positive_code(codes, classes, pos_label):
    """Return the code of the positive class; None is the rarest, the later of equals."""
    if pos_label is None:
        counts = np.bincount(codes, minlength=2)
        return int(counts[1] <= counts[0])
    match = np.flatnonzero(classes == pos_label)
    if not len(match):
        raise InvalidParameterError(
            f"The 'pos_label' parameter must be one of {classes.tolist()}. "
            f"Got {pos_label!r} instead."
        )
    return int(match[0])
