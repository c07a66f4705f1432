"""The stratified bootstrap: how often each resample draws each row, and intervals from it."""

import numpy as np

__all__ = ["bootstrap_interval", "drawn_shares", "resampled_weights", "strata_of"]

BLOCK_BYTES = 2**20
"""A block that stays in the cache."""


def strata_of(codes):
    """Return the stratum of each row: its class, or the rarest of its labels.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Class codes, or the 0/1 indicator of a multilabel target.

    Returns
    -------
    ndarray of int of shape (n_samples,)
        A row without a label has the stratum n_labels.
    """
    if codes.ndim == 1:
        return codes
    counts = np.where(codes > 0, codes.sum(axis=0), len(codes) + 1)
    return np.where(codes.any(axis=1), counts.argmin(axis=1), codes.shape[1])


def resampled_weights(strata, weight, n_resamples, rng, often=None):
    """Yield the weight of each row in each resample, a block of resamples at a time.

    A resample draws as many rows of each stratum as there are, with replacement.

    Parameters
    ----------
    strata : ndarray of int of shape (n_samples,)
        Stratum of each row.
    weight : ndarray of shape (n_samples,)
        Weight of a row drawn once.
    n_resamples : int
        Number of resamples.
    rng : numpy.random.Generator
        Source of the draws.
    often : ndarray of int of shape (n_samples,), default=None
        Number of rows of the data that each row stands for; None is one.

    Yields
    ------
    ndarray of shape (n_block, n_samples)
        Times a row was drawn, times its weight.

    References
    ----------
    A. C. Davison, D. V. Hinkley, "Bootstrap methods and their application", 1997, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.metrics.bootstrap import resampled_weights
    >>> strata = np.array([0, 0, 0, 1])
    >>> block = next(resampled_weights(strata, np.ones(4), 3, np.random.default_rng(0)))
    >>> block.sum(axis=1), block[:, 3]
    (array([4., 4., 4.]), array([1., 1., 1.]))
    """
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    n_block = max(1, BLOCK_BYTES // (8 * len(strata)))
    for start in range(0, n_resamples, n_block):
        block = np.empty((min(n_block, n_resamples - start), len(strata)))
        for rows in members:
            if often is None:
                block[:, rows] = _counts(len(block), len(rows), rng)
            else:
                total = often[rows].sum()
                block[:, rows] = rng.multinomial(total, often[rows] / total, size=len(block))
        block *= weight
        yield block


def _counts(n_resamples, n_rows, rng):
    """Return how often each of the rows is drawn in each resample."""
    drawn = rng.integers(n_rows, size=(n_resamples, n_rows))
    drawn += n_rows * np.arange(n_resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)


def drawn_shares(blocks, strata, rng, often=None):
    """Yield blocks of resampled weights in which the strata have random shares too.

    Rows drawn from a population do not have its classes in their exact shares. The weight of a
    stratum of n rows is multiplied by a gamma variable of mean 1 and variance 1 / n, as in the
    Bayesian bootstrap, so that no resample lacks a stratum.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_block, n_samples)
        What `resampled_weights` yields; it is written over.
    strata : ndarray of int of shape (n_samples,)
        Stratum of each row.
    rng : numpy.random.Generator
        Source of the draws.
    often : ndarray of int of shape (n_samples,), default=None
        Number of rows of the data that each row stands for; None is one.

    Yields
    ------
    ndarray of shape (n_block, n_samples)

    References
    ----------
    D. B. Rubin, "The Bayesian bootstrap", Annals of Statistics 9, 1981.
    """
    places = np.unique(strata, return_inverse=True)[1]
    count = np.bincount(places, often)
    for block in blocks:
        factor = rng.gamma(count, size=(len(block), len(count))) / count
        block *= factor[:, places]
        yield block


def bootstrap_interval(value, resampled, confidence_level):
    """Return the bootstrap interval of a measure, the percentiles of the resamples.

    Parameters
    ----------
    value : ndarray of shape (...)
        The measure on the rows themselves.
    resampled : ndarray of shape (n_resamples, ...)
        The measure on the resamples; NaN where it is undefined.
    confidence_level : float in (0, 1)
        Probability that the interval holds the true value.

    Returns
    -------
    low, high : ndarray of shape (...)
        NaN without resamples.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.metrics.bootstrap import bootstrap_interval
    >>> low, high = bootstrap_interval(np.array(0.5), np.linspace(0, 1, 101), 0.9)
    >>> round(float(low), 2), round(float(high), 2)
    (0.05, 0.95)
    """
    undefined = np.isnan(resampled).all(axis=0)  # everywhere, without resamples
    if undefined.all():
        return np.full(np.shape(value), np.nan), np.full(np.shape(value), np.nan)
    tail = (1 - confidence_level) / 2
    # nanquantile warns of columns without a number.
    low, high = np.nanquantile(np.where(undefined, 0.0, resampled), [tail, 1 - tail], axis=0)
    return np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)
