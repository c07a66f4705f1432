"""Class weights: from a parameter to one number per class or label."""

import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import gammaln

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name

__all__ = [
    "BALANCED_BATCH",
    "batch_shares",
    "class_totals",
    "class_weights",
    "effective_number",
    "label_weights",
    "weight_span",
]

BALANCED_BATCH = "balanced_batch"
"""Weights within each batch, which depend on what else is in it: none per class."""


BETA = 0.9999

FORMULAS = {
    "balanced": lambda counts: 1 / counts,
    "balanced_sqrt": lambda counts: 1 / np.sqrt(counts),
    "effective_number": lambda counts: _one_over_effective_number(counts, BETA),
}
"""Weight of a class, up to a factor, by the number of its rows."""

NAMES = tuple(FORMULAS)

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
    class_weight : None, str, dict or callable
        None gives ones; ``"balanced"`` gives ``n_samples / (n_classes * count)`` (King and
        Zeng, 2001); ``"balanced_sqrt"`` the square root of it and ``"effective_number"`` those
        of `effective_number`, both of mean 1 over the rows; a dict maps original labels to
        weights, absent labels have weight 1; a callable is given the original label of each
        row and returns such a dict, or an array of shape (n_classes,). A weight of the
        caller's below a millionth of the largest is beyond float32 and becomes 0: the class
        is not trained on.
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
        If a name or a label is unknown, a weight is negative or not a finite number, or a
        callable returns neither a dict nor one weight per class.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.weighting import class_weights
    >>> codes, classes = np.repeat([0, 1], [2, 8]), np.array(["fraud", "ok"])
    >>> class_weights("balanced", codes, classes)
    array([2.5  , 0.625])
    >>> class_weights(lambda y: {"fraud": np.sum(y == "ok")}, codes, classes)
    array([8., 1.])
    """
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, Mapping):
        return _from_mapping(class_weight, classes)
    if callable(class_weight):
        return _from_callable(class_weight, classes[codes], classes)
    check_name(class_weight)
    return _by_counts(FORMULAS[class_weight], np.bincount(codes, minlength=len(classes)))


def label_weights(class_weight: Any, indicator: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the weights of negatives and positives of each label, of mean 1 over the rows.

    Parameters
    ----------
    class_weight : str, dict or callable
        A name weighs the two sides of each label as it weighs two classes; a dict maps a label
        to the weight of its positives, and so does what a callable returns for the indicator,
        a dict or an array of shape (n_labels,).
    indicator : ndarray of shape (n_samples, n_labels)
        0/1 indicator of the rows to be trained on.
    labels : ndarray of shape (n_labels,)
        Original labels.

    Returns
    -------
    ndarray of shape (2, n_labels)
        Row 0 weighs the negatives, row 1 the positives.
    """
    positives = indicator.sum(axis=0)
    counts = np.stack([len(indicator) - positives, positives])
    if isinstance(class_weight, Mapping) or callable(class_weight):
        of_positives = (
            _from_mapping(class_weight, labels)
            if isinstance(class_weight, Mapping)
            else _from_callable(class_weight, indicator.copy(), labels)
        )
        weights = np.stack([np.ones(len(labels)), of_positives])
    else:
        check_name(class_weight)
        weights = np.ones((2, len(labels)))
        for j in np.flatnonzero(counts.all(axis=0)):
            weights[:, j] = _by_counts(FORMULAS[class_weight], counts[:, j])
    mean = (counts * weights).sum(axis=0) / len(indicator)
    # A label without positives keeps its negatives' weight of 1; so does one whose only side
    # is given weight 0, which leaves nothing to divide by.
    return weights / np.where((positives > 0) & (mean > 0), mean, 1)


def effective_number(y: Any, beta: float = BETA) -> dict:
    """Weigh classes by the effective number of their rows.

    ``class_weight="effective_number"`` is this function. Another ``beta`` is
    ``class_weight=lambda y: effective_number(y, 0.99)``, or a ``functools.partial``, which can
    be pickled.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Label of each row, or the 0/1 indicator of a multilabel target.
    beta : float, default=0.9999
        At least 0, where all classes weigh the same, and less than 1, towards which weights
        become those of ``"balanced"``. Rows of a class beyond ``1 / (1 - beta)`` hardly count.

    Returns
    -------
    dict
        Label to ``(1 - beta) / (1 - beta ** count)``, scaled to a mean of 1 over the rows. For
        an indicator, label to the weight of its positives where negatives weigh 1.

    Raises
    ------
    InvalidParameterError
        If ``beta`` is outside [0, 1).

    References
    ----------
    Y. Cui, M. Jia, T.-Y. Lin, Y. Song, S. Belongie, "Class-balanced loss based on effective
    number of samples", CVPR 2019.

    Examples
    --------
    >>> from imbalanced_nn.weighting import effective_number
    >>> y = ["ok"] * 900 + ["fraud"] * 100
    >>> {label: round(w, 2) for label, w in effective_number(y, beta=0.99).items()}
    {'fraud': 1.49, 'ok': 0.95}
    """
    if not (isinstance(beta, numbers.Real) and 0 <= beta < 1):
        raise InvalidParameterError(
            f"beta must be a number of at least 0 and less than 1; got {beta!r}. For weights "
            f"inverse to the rows, which beta towards 1 gives, use class_weight='balanced'."
        )

    def formula(counts):
        return _one_over_effective_number(counts, beta)

    y = np.asarray(y)
    if y.ndim == 1:
        labels, counts = np.unique(y, return_counts=True)
        weights = _by_counts(formula, counts)
        return dict(zip(labels.tolist(), weights.tolist(), strict=True))
    positives = (y != 0).sum(axis=0)
    sides = np.stack([len(y) - positives, positives], axis=1)
    # A label that lies on one side only has nothing to be weighed against.
    pairs = [_by_counts(formula, side) if side.all() else np.ones(2) for side in sides]
    return {label: float(positive / negative) for label, (negative, positive) in enumerate(pairs)}


def weight_span(weights: np.ndarray, counts: np.ndarray) -> float:
    """Ratio of the largest to the smallest positive weight of classes that have rows.

    Parameters
    ----------
    weights, counts : ndarray of shape (n_classes,)
        Weight and number of rows of each class.

    Returns
    -------
    float
        At least 1.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.weighting import weight_span
    >>> weight_span(np.array([1.0, 20.0, 0.0, 900.0]), np.array([50, 3, 2, 0]))
    20.0
    """
    used = weights[(weights > 0) & (counts > 0)]
    return float(used.max() / used.min()) if len(used) else 1.0


def check_name(class_weight: Any) -> None:
    """Refuse anything but a known name, telling what to write instead."""
    if isinstance(class_weight, str) and class_weight in NAMES:
        return
    hint = ""
    if isinstance(class_weight, str) and class_weight == BALANCED_BATCH:
        raise InvalidParameterError(
            f"class_weight={BALANCED_BATCH!r} weighs the classes of each batch and takes one known "
            f"label per row. Use 'balanced', which weighs each label or time step."
        )
    if class_weight == "auto":
        hint = " Keras ignored 'auto' silently; write class_weight='balanced'."
    elif isinstance(class_weight, str):
        hint = nearest_name(class_weight, [*NAMES, BALANCED_BATCH])
    names = ", ".join(map(repr, [*NAMES, BALANCED_BATCH]))
    raise InvalidParameterError(
        f"class_weight must be None, {names}, a dict from label to weight or a callable "
        f"that returns one for y; got {class_weight!r}.{hint}"
    )


def _one_over_effective_number(counts: np.ndarray, beta: float) -> np.ndarray:
    """``(1 - beta) / (1 - beta ** counts)``."""
    return (1 - beta) / (1 - np.power(float(beta), counts))


def _by_counts(formula: Callable[[np.ndarray], np.ndarray], counts: np.ndarray) -> np.ndarray:
    """Weights by the numbers of rows, of mean 1 over the rows."""
    present = counts > 0
    found = formula(counts[present])
    # Equal weights are exactly 1 by the first division.
    found = found / found.max()
    # Classes that partial_fit has announced but not yet seen keep weight 1.
    weights = np.ones(len(counts))
    weights[present] = found * (counts.sum() / (counts[present] @ found))
    return weights


def _from_callable(function: Callable, y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Ask the caller's function for weights and check what it returns."""
    given = function(y)
    if isinstance(given, Mapping):
        return _from_mapping(given, classes)
    known = classes.tolist()
    try:
        weights = np.array(given, dtype=float)
    except (TypeError, ValueError):
        weights = np.array(np.nan)
    if weights.shape != (len(known),):
        raise InvalidParameterError(
            f"class_weight={function!r} must return a dict from label to weight, or one weight "
            f"for each of {known} in this order; it returned {given!r}."
        )
    return _from_mapping(dict(zip(known, weights.tolist(), strict=True)), classes)


def _from_mapping(class_weight: Mapping, classes: np.ndarray) -> np.ndarray:
    """Look every class up in the caller's dict."""
    known = list(classes.tolist())
    for label, weight in class_weight.items():
        if label not in known:
            raise InvalidParameterError(
                f"class_weight names the label {label!r}, which is not in y; the labels are "
                f"{known}.{_hint_of_label(label, known)}"
            )
        number = (
            isinstance(weight, numbers.Real) and np.isfinite(float(weight)) and float(weight) >= 0
        )
        if not number:
            raise InvalidParameterError(
                f"class_weight must map labels to finite weights of at least 0; got {weight!r} "
                f"for the label {label!r}."
            )
    weights = np.array([float(class_weight.get(label, 1.0)) for label in known])
    return np.where(weights < NEGLIGIBLE * weights.max(), 0, weights)


def _hint_of_label(label: Any, known: list) -> str:
    """Say what tells a key from the labels: its type, that it is a position, or its spelling."""
    key, labels = _kind_of_label(label), " and ".join(sorted({_kind_of_label(k) for k in known}))
    if key == labels:
        return nearest_name(str(label), map(str, known))
    meant = [k for k in known if str(k) == str(label)]
    if not meant and key == "an integer" and label in range(len(known)):
        meant = [known[label]]
    written = f": write {meant[0]!r}" if meant else ""
    return f" The key is {key}, but a label is {labels}{written}."


def _kind_of_label(label: Any) -> str:
    """Return what a label is, in words."""
    kinds = {str: "text", bool: "a boolean", int: "an integer", float: "a floating-point number"}
    return next(
        (words for kind, words in kinds.items() if isinstance(label, kind)), type(label).__name__
    )
