"""Confidence intervals made for a measure: of shares, ranks, losses and calibration errors."""

import numpy as np
from scipy import sparse
from scipy.optimize import brentq
from scipy.stats import beta, t

__all__ = [
    "auc_interval",
    "average_precision_interval",
    "calibration_interval",
    "confusion_draws",
    "effective_sample_size",
    "exact_binomial",
    "interval_of_mean",
    "student_quantile",
    "studentised_interval",
    "totals_of_draws",
]

_TINY, _NEAR = 1e-12, 1e-9
_STICKS = 4
"""Parts of what a draw puts into the empty cells of a row."""


def effective_sample_size(weight):
    """Return how many rows of equal weight tell as much (Kish); 0 without rows.

    Parameters
    ----------
    weight : ndarray of shape (n_samples,)
        Weights of the rows.

    Returns
    -------
    float
    """
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0


def exact_binomial(share, n, confidence_level):
    """Return the interval of a probability by Clopper and Pearson (1934).

    Parameters
    ----------
    share : float
        Observed share.
    n : float
        Number of trials; of weighted rows the effective one.
    confidence_level : float in (0, 1)
        Probability that the interval holds the true value, or a greater one.

    Returns
    -------
    low, high : float
        NaN where the share is.

    Examples
    --------
    >>> from imbalanced_nn.inspection.confidence import exact_binomial
    >>> low, high = exact_binomial(1.0, 20, 0.95)
    >>> round(float(low), 2), float(high)
    (0.83, 1.0)
    """
    if np.isnan(share) or not n:
        return share, share
    tail, hits = (1 - confidence_level) / 2, share * n
    low = 0.0 if hits < _TINY else beta.ppf(tail, hits, n - hits + 1)
    high = 1.0 if n - hits < _TINY * n else beta.ppf(1 - tail, hits + 1, n - hits)
    return low, high


def student_quantile(n, confidence_level):
    """Return the factor of the standard error when the rarer class has n rows."""
    return float(t.ppf((1 + confidence_level) / 2, max(n - 1, 1)))


def auc_interval(sums, n, confidence_level):
    """Return the interval of the area under the ROC curve.

    Newcombe's method 5 [1]_, whose variance depends on the area, so that an area of 1 has an
    interval too; widened where the variance of DeLong et al. [2]_ is greater than it allows. The
    quantile is Student's for the rows of the rarer class.

    Parameters
    ----------
    sums : BinarySums
        Under one set of weights.
    n : pair of float
        Effective numbers of negatives and positives.
    confidence_level : float in (0, 1)
        Probability that the interval holds the true value.

    Returns
    -------
    low, high : float

    References
    ----------
    .. [1] R. G. Newcombe, "Confidence intervals for an effect size measure based on the
       Mann-Whitney statistic. Part 2", Statistics in Medicine 25, 2006.
    .. [2] E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or
       more correlated receiver operating characteristic curves", Biometrics 44, 1988.
    """
    tp, fp = sums.tp[0], sums.fp[0]
    positives, negatives = np.diff(tp, prepend=0.0), np.diff(fp, prepend=0.0)
    below = (fp[-1] - fp + negatives / 2) / fp[-1]
    above = (tp - positives / 2) / tp[-1]
    area = float(positives @ below / tp[-1])
    delong = positives @ (below - area) ** 2 / tp[-1] / max(n[1] - 1, 1)
    delong += negatives @ (above - area) ** 2 / fp[-1] / max(n[0] - 1, 1)

    def variance(area):
        ranks = (1 - area) / (2 - area) + area / (1 + area)
        return area * (1 - area) / (n[0] * n[1]) * (1 + max(sum(n) / 2 - 1, 0) * ranks)

    wider = max(1.0, delong / variance(area)) if variance(area) > 0 else 1.0
    factor = student_quantile(min(n), confidence_level) ** 2 * wider

    def beyond(at):
        return (area - at) ** 2 - factor * variance(at)

    def end(outer):
        # Right beside the area the distance is less than the error, at the outer end more.
        near = area - np.sign(area - outer) * _NEAR
        return outer if abs(area - outer) <= 2 * _NEAR else brentq(beyond, outer, near)

    return end(0.0), end(1.0)


def average_precision_interval(sums, n, confidence_level):
    """Return the interval of average precision.

    On the logit scale, which keeps it in [0, 1], from the variance of the influence of each row
    [1]_, with Student's quantile. Where all positives come first it is that of as many successes
    as there are positives.

    Parameters
    ----------
    sums : BinarySums
        Under one set of weights.
    n : pair of float
        Effective numbers of negatives and positives.
    confidence_level : float in (0, 1)
        Probability that the interval holds the true value.

    Returns
    -------
    low, high : float

    References
    ----------
    .. [1] K. Boyd, K. H. Eng, C. D. Page, "Area under the precision-recall curve: point estimates
       and confidence intervals", ECML PKDD 2013, for the logit.
    """
    tp, fp = sums.tp[0], sums.fp[0]
    positives, negatives = np.diff(tp, prepend=0.0), np.diff(fp, prepend=0.0)
    flagged = np.where(tp + fp > 0, tp + fp, 1.0)
    value = float(positives @ (tp / flagged) / tp[-1])
    # A row changes the precision at its own cut and at all that are lower.
    gains, losses = (
        np.cumsum((positives * part / flagged**2)[::-1])[::-1] / tp[-1] for part in (fp, tp)
    )
    of_positive = (tp / flagged - value) / tp[-1] + gains
    variance = positives @ of_positive**2 * tp[-1] / n[1]
    variance += negatives @ losses**2 * fp[-1] / n[0]
    variance *= n[1] / max(n[1] - 1, 1)
    if not _TINY < value < 1 - _TINY or variance <= 0:
        return exact_binomial(value, n[1], confidence_level)
    reach = student_quantile(min(n), confidence_level) * np.sqrt(variance) / (value * (1 - value))
    logit = np.log(value / (1 - value))
    return tuple(1 / (1 + np.exp(-(logit + side * reach))) for side in (-1, 1))


def calibration_interval(gaps, error, noise, n, confidence_level):
    """Return the interval of an expected calibration error.

    Chance makes each bin's gap greater. Of its square the variance is therefore taken before the
    gaps are added up, and the ends are as far from that sum as its standard error tells.

    Parameters
    ----------
    gaps, error : ndarray of shape (n_bins,)
        Gap of each bin, as a part of all rows, and its standard error.
    noise : float
        Calibration error that calibrated probabilities stay below by chance; up to it the
        interval starts at 0.
    n : float
        Effective number of rows of the rarer class.
    confidence_level : float in (0, 1)
        Probability that the interval holds the true value.

    Returns
    -------
    low, high : float
    """
    middle = np.sqrt(np.maximum(gaps**2 - error**2, 0.0)).sum()
    reach = student_quantile(n, confidence_level) * np.sqrt((error**2).sum())
    low = 0.0 if np.abs(gaps).sum() <= noise else max(middle - reach, 0.0)
    return low, min(middle + reach, 1.0)


def studentised_interval(value, variance, resampled, resampled_variance, confidence_level):
    """Return the interval of a mean by the studentised bootstrap (bootstrap-t).

    Parameters
    ----------
    value, variance : ndarray of shape (n_means,)
        Means of the rows, and variances of the rows' values.
    resampled, resampled_variance : ndarray of shape (n_resamples, n_means)
        The same of the resamples.
    confidence_level : float in (0, 1)
        Probability that the interval holds the true value.

    Returns
    -------
    low, high : ndarray of shape (n_means,)

    References
    ----------
    B. Efron, R. J. Tibshirani, "An introduction to the bootstrap", 1993, section 12.5.
    """
    spread = np.sqrt(np.maximum(resampled_variance, 0.0))
    known = spread > 0
    distance = np.divide(resampled - value, spread, out=np.zeros_like(resampled), where=known)
    tail = (1 - confidence_level) / 2
    upper, lower = np.quantile(distance, [1 - tail, tail], axis=0)
    error = np.sqrt(np.maximum(variance, 0.0))
    return value - upper * error, value - lower * error


def confusion_draws(cells, squares, n_draws, rng):
    """Draw confusion matrices as likely as the observed one lets them be.

    Cells are independent gamma variables, so that shares of a row are as under Jeffreys' prior:
    half a row is added to those of each class that were decided rightly, and half a row to the
    others. Of two classes the share of one in any part has a beta distribution.

    Parameters
    ----------
    cells, squares : ndarray of shape (n_classes, n_classes)
        Sums of weights, and of their squares, rows true and columns decided.
    n_draws : int
        Number of draws.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray of shape (n_draws, n_classes, n_classes)
        A class without rows has none in any draw.

    References
    ----------
    L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a binomial proportion",
    Statistical Science 16, 2001, on Jeffreys' interval.
    """
    scale, there = _scale_of(cells, squares)
    prior = np.full(cells.shape, 0.5 / max(len(cells) - 1, 1))
    np.fill_diagonal(prior, 0.5)
    draws = rng.gamma(cells * scale + prior, size=(n_draws, *cells.shape))
    draws /= scale
    draws[:, ~there] = 0.0
    return draws


def _scale_of(cells, squares):
    """Return how many rows tell as much as weight 1 of each class, and which classes there are."""
    total, square = (part.sum(axis=1, keepdims=True) for part in (cells, squares))
    return np.where(square > 0, total / np.where(square > 0, square, 1.0), 1.0), total[:, 0] > 0


def totals_of_draws(cells, squares, costs, n_draws, rng):
    """Return totals of matrices as `confusion_draws` draws them, without drawing every cell.

    In a class's row of a large matrix nearly all cells are empty. What a draw puts there in all,
    half a row's weight at most, is a gamma variable; nearly all of it is in a few cells, which are
    drawn by breaking it like a stick, size-biased, as the parts of a symmetric Dirichlet
    distribution are.

    Parameters
    ----------
    cells, squares, n_draws, rng
        As in `confusion_draws`, for three classes or more.
    costs : ndarray of shape (n_classes, n_classes)
        Cost of each cell.

    Returns
    -------
    hit, true, predicted, paid : ndarray of shape (n_draws, n_classes)
        Weight of the diagonal, sums of rows and of columns, and cost of each row.

    References
    ----------
    J. Pitman, "Some developments of the Blackwell-MacQueen urn scheme", IMS Lecture Notes 30,
    1996, on size-biased orders.
    """
    n_classes = len(cells)
    scale, there = _scale_of(cells, squares)
    scale, prior = scale[:, 0], 0.5 / (n_classes - 1)
    filled = cells > 0
    np.fill_diagonal(filled, there)
    row, column = np.nonzero(filled & there[:, None])
    drawn = cells[row, column] * scale[row] + np.where(row == column, 0.5, prior)
    drawn = rng.gamma(drawn, size=(n_draws, len(row))) / scale[row]
    hit = np.zeros((n_draws, n_classes))
    hit[:, row[row == column]] = drawn[:, row == column]
    places = np.arange(len(row))

    def added(to, values):
        return values @ sparse.csr_array((np.ones(len(row)), (places, to)), (len(row), n_classes))

    true, predicted = added(row, drawn), added(column, drawn)
    paid = added(row, drawn * costs[row, column])
    classes = np.flatnonzero(there)
    n_empty = n_classes - filled[classes].sum(axis=1)
    left = rng.gamma(prior * n_empty, size=(n_draws, len(classes))) / scale[classes]
    true[:, classes] += left
    start = n_classes * np.arange(n_draws)[:, None]
    for number in range(_STICKS):
        part = left
        if number < _STICKS - 1:
            others = np.maximum(n_empty - number - 1, 0)
            part = left * rng.beta(1 + prior, np.maximum(prior * others, _TINY), size=left.shape)
        # Any cell but the diagonal: those that are filled are few.
        to = (classes + rng.integers(1, n_classes, size=left.shape)) % n_classes
        found = np.bincount((start + to).ravel(), part.ravel(), predicted.size)
        predicted += found.reshape(predicted.shape)
        paid[:, classes] += part * costs[classes, to]
        left = left - part
    return hit, true, predicted, paid


def interval_of_mean(values, lows, highs, resampled):
    """Return the interval of a mean of measures from those of each (MOVER).

    Parameters
    ----------
    values, lows, highs : ndarray of shape (n_measures,)
        Measures and their intervals; NaN is left out.
    resampled : ndarray of shape (n_measures, n_resamples)
        The measures on the same resamples, which tell how they go together.

    Returns
    -------
    low, high : float

    References
    ----------
    G. Y. Zou, "Toward using confidence intervals to compare correlations", Psychological Methods
    12, 2007.
    """
    known = ~(np.isnan(values) | np.isnan(lows) | np.isnan(highs))
    if not known.any():
        return np.nan, np.nan
    values, lows, highs, resampled = (part[known] for part in (values, lows, highs, resampled))
    correlation = _correlation(resampled)
    down, up = (
        np.sqrt(max(reach @ correlation @ reach, 0.0)) / len(values)
        for reach in (values - lows, highs - values)
    )
    return values.mean() - down, values.mean() + up


def _correlation(resampled):
    """Return how measures go together, 0 where one does not move."""
    centred = resampled - resampled.mean(axis=1, keepdims=True)
    centred = np.where(np.isnan(centred), 0.0, centred)
    spread = np.sqrt((centred**2).sum(axis=1))
    scaled = centred / np.where(spread > 0, spread, 1.0)[:, None]
    correlation = scaled @ scaled.T
    np.fill_diagonal(correlation, 1.0)
    return correlation
