"""Whether probabilities are right on average, and what brings them there where they are not."""

from collections.abc import Callable

import numpy as np
from scipy.special import logit
from scipy.stats import poisson

from imbalanced_nn.calibration.solving import matching_offset
from imbalanced_nn.data import row_blocks

__all__ = ["odds_factors", "weighted_means"]

# A mean that is off by less is left to calibrators: training for a few epochs more moves it.
LEAST_FACTOR = 2
# How often means that are right would be taken for wrong, in the class that is looked at.
CHANCE = 1e-4
# Of shares that are less extreme each epoch tells enough.
RARE = 0.01
SMALLEST = 1e-12
MOST_STEPS = 200


def odds_factors(
    proba: np.ndarray,
    weight: np.ndarray,
    shares: np.ndarray,
    class_count: np.ndarray,
    kind: str,
) -> np.ndarray | None:
    """Return by what the odds of each class are to be multiplied, None if they are right.

    Probabilities at the shares of the classes have these as their mean. They are taken for wrong
    where that of a class of at most one row in a hundred is off by a factor of two or more, and by
    more than chance explains: how few rows tell its share, and how far the mean moves with the
    rows that it is of.

    Parameters
    ----------
    proba : ndarray of shape (n_decisions, n_classes)
        Probabilities of rows that the network was not trained on.
    weight : ndarray of shape (n_decisions,)
        Their weights.
    shares : ndarray of shape (n_classes,)
        Share of each class.
    class_count : ndarray of shape (n_classes,)
        Number of rows by which the shares are known.
    kind : {"binary", "multiclass", "multilabel"}
        Kind of target.

    Returns
    -------
    ndarray of shape (n_classes,) or None

    Examples
    --------
    Twenty positives in two million rows, and a network that thinks there were one:

    >>> import numpy as np
    >>> from imbalanced_nn.calibration import odds_factors
    >>> proba = np.tile([1 - 5e-7, 5e-7], (1000, 1))
    >>> counts = np.array([1_999_980, 20])
    >>> odds_factors(proba, np.ones(1000), counts / 2e6, counts, "binary").round(2).tolist()
    [1.0, 20.0]
    """
    mean = weighted_means(proba, weight)
    each = weight / weight.sum()
    error = np.sqrt(_total(np.square(each), proba, lambda rows: np.square(rows - mean)))
    known = (shares > 0) & (shares < 1)
    rare = known & (np.minimum(shares, 1 - shares) <= RARE)
    if (mean[known] <= 0).any():
        # No factor brings such a class anywhere.
        return None
    # What the rows leave open is taken to the side of the shares.
    near = np.where(mean < shares, np.minimum(mean + 2 * error, shares), mean - 2 * error)
    near = np.where(mean > shares, np.maximum(near, shares), near)
    ratio = np.divide(mean, shares, out=np.ones_like(mean), where=known)
    # Rows of unequal weight tell less than so many.
    told = class_count * np.mean(weight) ** 2 / np.mean(weight**2)
    expected = told * np.divide(near, shares, out=np.ones_like(mean), where=known)
    chance = np.where(
        ratio < 1, poisson.sf(np.ceil(told) - 1, expected), poisson.cdf(told, expected)
    )
    wrong = rare & (np.maximum(ratio, 1 / ratio) >= LEAST_FACTOR) & (chance < CHANCE)
    if not wrong.any():
        return None
    if kind == "multiclass":
        return _raked(proba, each, shares)
    offsets = np.zeros(len(shares))
    for column in [1] if kind == "binary" else np.flatnonzero(wrong):
        score = proba[:, column].astype(np.float64)
        odds = logit(np.clip(score, SMALLEST, 1 - SMALLEST))
        offsets[column] = matching_offset(odds, float(shares[column]), weight)
    return np.exp(offsets)


def weighted_means(proba: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the mean of each column, rows weighted.

    Parameters
    ----------
    proba : ndarray of shape (n_decisions, n_classes)
        Probabilities.
    weight : ndarray of shape (n_decisions,)
        Weights of the rows.

    Returns
    -------
    ndarray of shape (n_classes,)

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import weighted_means
    >>> weighted_means(np.array([[0.5, 0.5], [0.75, 0.25]]), np.array([1.0, 3.0])).tolist()
    [0.6875, 0.3125]
    """
    return _total(weight, proba, lambda rows: rows) / weight.sum()


def _total(
    weight: np.ndarray, proba: np.ndarray, of: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return the weighted sums of what a function makes of rows in float64, some at a time."""
    sums = [weight[block] @ of(proba[block].astype(np.float64)) for block in row_blocks(proba)]
    return np.sum(sums, axis=0)


def _raked(proba: np.ndarray, weight: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return factors with which the mean of each class is its share."""
    factors = np.ones(len(shares))
    for _ in range(MOST_STEPS):
        mean = factors * _shared_out(proba, factors, weight)
        step = np.divide(shares, mean, out=np.ones_like(mean), where=(shares > 0) & (mean > 0))
        factors = factors * step
        if np.abs(step - 1).max() < 1e-9:
            break
    return factors / factors.max()


def _shared_out(proba: np.ndarray, factors: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return what each class has, before its factor, of rows that share out their weight."""
    return _total(weight, proba, lambda rows: rows / (rows @ factors)[:, None])
