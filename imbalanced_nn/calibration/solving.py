"""Outputs and offsets at which probabilities have a given mean, where no closed form tells them."""

from collections.abc import Callable

import numpy as np
from scipy.linalg import lstsq
from scipy.special import expit, logit, softmax

from imbalanced_nn.calibration.posteriors import EDGE

__all__ = ["matching_offset", "output_for"]

# Of the range of log-odds, until float64 has nothing between.
N_HALVINGS = 60
# Newton's: most steps, lengths tried in each, and how far off the slopes are taken.
N_STEPS, N_LENGTHS, NEAR = 100, 20, 1e-5


def matching_offset(log_odds: np.ndarray, prior: float, weight: np.ndarray) -> float:
    """Offset of log-odds at which their mean probability is the prior.

    Parameters
    ----------
    log_odds : ndarray of shape (n_samples,)
        Known up to a constant.
    prior : float
        Share of positives among the rows, between 0 and 1.
    weight : ndarray of shape (n_samples,)
        Weights of the rows.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import matching_offset
    >>> round(matching_offset(np.array([3.0, 3.0]), 0.5, np.ones(2)), 6)
    -3.0
    """
    span = np.abs(log_odds).max() + abs(logit(np.clip(prior, EDGE, 1 - EDGE))) + 1
    low, high = -span, span
    for _ in range(80):
        middle = (low + high) / 2
        too_low = np.average(expit(log_odds + middle), weights=weight) < prior
        low, high = (middle, high) if too_low else (low, middle)
    return float((low + high) / 2)


def output_for(
    posterior: Callable[[np.ndarray], np.ndarray], prior: np.ndarray, multilabel: bool = False
) -> np.ndarray:
    """Output at which a network that knows nothing but the prior minimises its loss.

    Labels and two classes are bracketed. The log-ratios of several classes are followed from even
    outputs by Newton's method, whose steps are halved until they lead nearer.

    Parameters
    ----------
    posterior : callable
        One such as `focal_posterior` as a function of the outputs alone, rising in each.
    prior : ndarray of shape (n_classes,)
        Shares of the classes, or of the positives of each label.
    multilabel : bool, default=False
        Whether each column is a probability of its own.

    Returns
    -------
    ndarray of shape (n_classes,)

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import focal_posterior, output_for
    >>> start = output_for(lambda q: focal_posterior(q, 4.0), np.array([0.99, 0.01]))
    >>> focal_posterior(start[None], 4.0).round(3).tolist()
    [[0.99, 0.01]]
    """
    prior = np.clip(prior, EDGE, 1 - EDGE)
    if multilabel:
        return _bracketed(posterior, prior)
    if len(prior) == 2:
        return _pair(_bracketed(lambda q: posterior(_pair(q))[:, 1:], prior[1:]))[0]
    return _by_newton(posterior, prior)


def _pair(positive: np.ndarray) -> np.ndarray:
    """Return the columns of two classes from that of the second, of shape (..., 1)."""
    return np.column_stack([1 - np.ravel(positive), np.ravel(positive)])


def _bracketed(posterior: Callable[[np.ndarray], np.ndarray], prior: np.ndarray) -> np.ndarray:
    """Halve the range of each output's log-odds around the one that stands for its prior."""
    low, high = np.full_like(prior, logit(EDGE)), np.full_like(prior, logit(1 - EDGE))
    for _ in range(N_HALVINGS):
        middle = (low + high) / 2
        too_low = posterior(expit(middle)[None])[0] < prior
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return expit((low + high) / 2)


def _by_newton(posterior: Callable[[np.ndarray], np.ndarray], prior: np.ndarray) -> np.ndarray:
    """Solve for the log-ratios of the outputs to their mean, whose sum is 0."""
    wanted = _centred(np.log(prior))

    def missing(ratios):
        return wanted - _centred(np.log(np.clip(posterior(softmax(ratios, axis=1)), EDGE, 1)))

    output, lengths = np.zeros_like(prior), 0.5 ** np.arange(N_LENGTHS)
    left = missing(output[None])[0]
    for _ in range(N_STEPS):
        slopes = (missing(output + NEAR * np.eye(len(prior))) - left) / -NEAR
        # Every slope along a common shift of all log-odds is 0, hence least squares.
        step = lstsq(slopes.T, left, lapack_driver="gelsy")[0]
        tried = output + lengths[:, None] * _centred(step)
        distances = np.abs(rest := missing(tried)).max(axis=1)
        nearer = distances < np.abs(left).max() * (1 - lengths / 4)
        if not nearer.any():
            break
        output, left = tried[best := nearer.argmax()], rest[best]
    return softmax(output)


def _centred(values: np.ndarray) -> np.ndarray:
    """Take off the mean of the last axis."""
    return values - values.mean(axis=-1, keepdims=True)
