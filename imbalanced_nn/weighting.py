"""Class weights: from a parameter to one number per class or label."""

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import gammaln

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name

__all__ = ["BALANCED_BATCH", "batch_shares", "class_totals", "class_weights", "label_weights"]

BALANCED_BATCH = "balanced_batch"
"""Weights within each batch, which depend on what else is in it: none per class."""

NAMES = ("balanced",)

# Gradients are summed in float32: next to the heaviest class, rows this light are lost.
NEGLIGIBLE = 1e-6


def class_totals(codes: np.ndarray, sample_weight: np.ndarray, n_classes: int) -> np.ndarray:
    """Sum of weights of each class; for a multilabel indicator, of each label's positives."""
    if codes.ndim == 2:
        return sample_weight @ codes
    return np.bincount(codes, weights=sample_weight, minlength=n_classes)


def batch_shares(counts: np.ndarray, batch_size: int) -> np.ndarray:
    """Share of the loss that each class has where every batch weighs its classes equally.

    A batch without a class cannot weigh it: a class in few batches has a share below the
    others'.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Rows of each class in an epoch, which batches are drawn from at random.
    batch_size : int
        Rows in a batch.

    Returns
    -------
    ndarray of shape (n_classes,)
        Expected shares, which sum to 1.

    Notes
    -----
    A class is absent with the probability that the hypergeometric distribution gives. That of
    several classes being absent together is taken as the product, which is exact where all but
    one are rare.

    Examples
    --------
    >>> import numpy as np
    >>> batch_shares(np.array([50, 50]), 20).round(2).tolist()
    [0.5, 0.5]
    >>> batch_shares(np.array([990, 10]), 20).round(2).tolist()
    [0.91, 0.09]
    """
    n, size = counts.sum(), min(batch_size, counts.sum())
    others = n - counts

    def log_binomial(rows):
        return gammaln(rows + 1) - gammaln(size + 1) - gammaln(rows - size + 1)

    possible = others >= size
    rows = np.where(possible, others, n)
    absent = np.where(possible, np.exp(log_binomial(rows) - log_binomial(n)), 0)
    present = 1 - absent
    # 1 / (1 + others present) is the integral of t ** (others present) over [0, 1].
    nodes, weights = np.polynomial.legendre.leggauss(len(counts) + 1)
    powers = absent + present * (nodes[:, None] + 1) / 2
    without = [np.prod(np.delete(powers, k, axis=1), axis=1) for k in range(len(counts))]
    shares = present * (np.array(without) @ weights / 2)
    return shares / shares.sum()


def class_weights(class_weight: Any, codes: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Weight of each class.

    Parameters
    ----------
    class_weight : None, "balanced" or dict
        None gives ones; ``"balanced"`` gives ``n_samples / (n_classes * count)`` (King and
        Zeng, 2001); a dict maps original labels to weights, absent labels have weight 1. A
        weight below a millionth of the largest is beyond float32 and becomes 0: the class is
        not trained on.
    codes : ndarray of shape (n_samples,)
        Class codes of the rows to be trained on.
    classes : ndarray of shape (n_classes,)
        Original labels in the order of the codes.

    Returns
    -------
    ndarray of shape (n_classes,)
        Weights before normalisation.

    Raises
    ------
    InvalidParameterError
        If a name or a label is unknown, or a weight is negative or not a finite number.
    """
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, Mapping):
        return _from_mapping(class_weight, classes)
    check_name(class_weight)
    counts = np.bincount(codes, minlength=len(classes))
    present = counts > 0
    # Classes that partial_fit has announced but not yet seen keep weight 1.
    weights = np.ones(len(classes))
    weights[present] = len(codes) / (present.sum() * counts[present])
    return weights


def label_weights(class_weight: Any, indicator: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights of the negatives and positives of each label, of mean 1 over the rows.

    Parameters
    ----------
    class_weight : "balanced" or dict
        ``"balanced"`` gives both sides of each label the same total; a dict maps a label to
        the weight of its positives.
    indicator : ndarray of shape (n_samples, n_labels)
        0/1 indicator of the rows to be trained on.
    labels : ndarray of shape (n_labels,)
        Original labels.

    Returns
    -------
    ndarray of shape (2, n_labels)
        Row 0 weighs the negatives, row 1 the positives.
    """
    share = indicator.mean(axis=0)
    if isinstance(class_weight, Mapping):
        weights = np.stack([np.ones(len(labels)), _from_mapping(class_weight, labels)])
    else:
        check_name(class_weight)
        both = (share > 0) & (share < 1)
        weights = np.ones((2, len(labels)))
        weights[0, both] = 0.5 / (1 - share[both])
        weights[1, both] = 0.5 / share[both]
    return weights / np.where(share > 0, (1 - share) * weights[0] + share * weights[1], 1)


def check_name(class_weight: Any) -> None:
    """Refuse anything but a known name, telling what to write instead."""
    if isinstance(class_weight, str) and class_weight in NAMES:
        return
    hint = ""
    if class_weight == "auto":
        hint = " Keras ignored 'auto' silently; write class_weight='balanced'."
    elif isinstance(class_weight, str):
        hint = nearest_name(class_weight, NAMES)
    raise InvalidParameterError(
        f"class_weight must be None, 'balanced' or a dict from label to weight; got "
        f"{class_weight!r}.{hint}"
    )


def _from_mapping(class_weight: Mapping, classes: np.ndarray) -> np.ndarray:
    """Look every class up in the caller's dict."""
    known = list(classes.tolist())
    for label, weight in class_weight.items():
        if label not in known:
            hint = nearest_name(str(label), map(str, known))
            raise InvalidParameterError(
                f"class_weight names the label {label!r}, which is not in y; the labels are "
                f"{known}.{hint}"
            )
        number = isinstance(weight, numbers.Real) and np.isfinite(weight) and weight >= 0
        if not number:
            raise InvalidParameterError(
                f"class_weight must map labels to finite weights of at least 0; got {weight!r} "
                f"for the label {label!r}."
            )
    weights = np.array([float(class_weight.get(label, 1.0)) for label in known])
    return np.where(weights < NEGLIGIBLE * weights.max(), 0, weights)
