"""From the outputs that minimise a loss back to the class posterior, in closed form.

A loss for rare classes need not be minimised by the posterior. Each function here solves its
stationarity condition: given what a network would output for a row whose classes have the
probabilities ``eta``, it returns ``eta``, at the shares the network was trained on.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import lstsq
from scipy.special import expit, logit, softmax

__all__ = [
    "asymmetric_posterior",
    "binary_focal_posterior",
    "cost_posterior",
    "focal_posterior",
    "margin_posterior",
    "matching_offset",
    "output_for",
    "smoothing_posterior",
]

# Where float32 outputs of 0 and 1 stand for in formulas that have no value there.
EDGE = 1e-12
# Part of half the prior that probabilities near 0 are spread over, to keep their order.
FAINT = 0.01
# Of the range of log-odds, until float64 has nothing between.
N_HALVINGS = 60
# Newton's: most steps, lengths tried in each, and how far off the slopes are taken.
N_STEPS, N_LENGTHS, NEAR = 100, 20, 1e-5


def focal_posterior(proba: np.ndarray, gamma: float, alpha: np.ndarray | None = None) -> np.ndarray:
    """Posterior that the focal loss was minimised for.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Outputs, rows of which sum to 1.
    gamma : float
        Focusing parameter, at least 0.
    alpha : ndarray of shape (n_classes,), default=None
        Weight of each class, None for equal ones.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)

    References
    ----------
    N. Charoenphakdee et al., "On focal loss for class-posterior probability estimation: a
    theoretical perspective", CVPR 2021, theorem 11.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import focal_posterior
    >>> focal_posterior(np.array([[0.7, 0.3]]), gamma=2.0).round(2).tolist()
    [[0.91, 0.09]]
    """
    q = np.clip(_in_float64(proba), EDGE, 1 - EDGE)
    # Of the loss -(1 - q)^gamma log q: minus its derivative, and one over it is h.
    slope = (1 - q) ** gamma / q - gamma * (1 - q) ** (gamma - 1) * np.log(q)
    return _normalised(1 / (slope * (1 if alpha is None else np.asarray(alpha))))


def binary_focal_posterior(
    proba: np.ndarray,
    gamma: float,
    alpha: float = 0.5,
    smoothing: float = 0.0,
    prior: np.ndarray | float = 0.5,
) -> np.ndarray:
    """Posterior of each label that Keras' binary focal crossentropy was minimised for.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_labels)
        Outputs.
    gamma : float
        Focusing parameter, at least 0, where it is binary crossentropy.
    alpha : float, default=0.5
        Weight of the positives, that of the negatives being ``1 - alpha``.
    smoothing : float, default=0.0
        How far labels are drawn to 0.5, below 1.
    prior : ndarray of shape (n_labels,) or float, default=0.5
        Shares of the positives; see `smoothing_posterior`.

    Returns
    -------
    ndarray of shape (n_samples, n_labels)

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import binary_focal_posterior
    >>> binary_focal_posterior(np.array([[0.3]]), gamma=2.0).round(2).tolist()
    [[0.09]]
    """
    eta = _binary_focal(_in_float64(proba), gamma, alpha, smoothing)
    if not smoothing:
        return eta
    least, most = _binary_focal(np.array([0.0, 1.0]), gamma, alpha, smoothing)
    eta = _above_zero(eta, least, prior)
    return 1 - _above_zero(1 - eta, 1 - most, prior)


def _binary_focal(proba, gamma, alpha, smoothing):
    """Solve the stationarity condition; smoothed labels lead beyond 0 and 1."""
    q = np.clip(proba, EDGE, 1 - EDGE)

    def slope(label):
        # Times q * (1 - q). Smoothed labels are weighed in between, too.
        weight = label * alpha + (1 - label) * (1 - alpha)
        miss = label * (1 - q) + (1 - label) * q
        term = -(label * np.log(q) + (1 - label) * np.log1p(-q))
        turn = gamma * (1 - 2 * label) * term * q * (1 - q)
        return weight * miss ** (gamma - 1) * (miss * (q - label) + turn)

    rises, falls = slope(smoothing / 2), -slope(1 - smoothing / 2)
    return rises / (rises + falls)


def smoothing_posterior(proba: np.ndarray, smoothing: float, prior: np.ndarray) -> np.ndarray:
    """Posterior behind probabilities of labels that were drawn towards even shares.

    Outputs below what a class without any probability is drawn to stand for none. What is less
    than half as probable as on average keeps its order instead: it nears 0 with the output.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Outputs, rows of which sum to 1.
    smoothing : float
        Weight of the even shares in the labels, below 1.
    prior : ndarray of shape (n_classes,)
        Shares of the classes.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)

    References
    ----------
    C. Szegedy et al., "Rethinking the inception architecture for computer vision", CVPR 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import smoothing_posterior
    >>> smoothing_posterior(np.array([[0.77, 0.23]]), 0.1, [0.9, 0.1]).round(2).tolist()
    [[0.8, 0.2]]
    """
    even = 1 / np.shape(proba)[-1]
    eta = (_in_float64(proba) - smoothing * even) / (1 - smoothing)
    eta = _above_zero(eta, -smoothing * even / (1 - smoothing), prior)
    return _normalised(np.minimum(eta, 1))


def _above_zero(eta: np.ndarray, least: float, prior: np.ndarray | float) -> np.ndarray:
    """Bend what is below half the prior so that it reaches 0 where ``eta`` is ``least``."""
    prior = np.clip(prior, EDGE, 1 - EDGE)
    edge = np.minimum(prior, 1 - prior) / 2
    height = np.clip((eta - least) / (edge - least), EDGE, 1)
    # The power leaves the edge in the direction of the line; what it makes too small keeps order.
    low = (1 - FAINT) * height ** ((edge - least) / edge) + FAINT * height
    return np.where(eta < edge, edge * low, eta)


def margin_posterior(
    proba: np.ndarray, margins: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Posterior that a crossentropy with a margin on the true class was minimised for.

    The condition says that the posterior is the stationary distribution of the matrix whose
    row k is the softmax with the margin of class k, which has this closed form.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Softmax of the outputs, without margins.
    margins : ndarray of shape (n_classes,)
        What is taken off the logit of a row's own class.
    weights : ndarray of shape (n_classes,), default=None
        Weight of each class in the loss.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import margin_posterior
    >>> margin_posterior(np.array([[0.7, 0.3]]), np.zeros(2)).round(2).tolist()
    [[0.7, 0.3]]
    """
    p = _in_float64(proba)
    bent = p * (1 - p * -np.expm1(-np.asarray(margins)))
    return _normalised(bent / (1 if weights is None else np.asarray(weights)))


def asymmetric_posterior(
    proba: np.ndarray, gamma_positive: float, gamma_negative: float, margin: float
) -> np.ndarray:
    """Posterior of each label that the asymmetric loss was minimised for.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_labels)
        Outputs.
    gamma_positive, gamma_negative : float
        Focusing parameters of the two sides.
    margin : float
        Probability below which a negative costs nothing. There the loss is flat, and the
        posterior is 0 whatever the output.

    Returns
    -------
    ndarray of shape (n_samples, n_labels)

    Notes
    -----
    With a margin and ``gamma_positive=0`` a negative of the output 1 has a finite slope ``r`` in
    the loss, so that the output 1 stands for every posterior from ``r / (1 + r)`` up, of which
    this is the least. With ``gamma_negative=0`` the output at the margin stands for every
    posterior below that of the outputs just above.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import asymmetric_posterior
    >>> asymmetric_posterior(np.array([[0.3]]), 0.0, 4.0, 0.0).round(3).tolist()
    [[0.015]]
    """
    p = np.clip(_in_float64(proba), EDGE, 1 - EDGE)
    shifted = np.clip(p - margin, 0, 1 - EDGE)
    falls = (1 - p) ** gamma_positive / p
    if gamma_positive:
        falls -= gamma_positive * (1 - p) ** (gamma_positive - 1) * np.log(p)
    rises = np.where(p < margin, 0.0, shifted**gamma_negative) / (1 - shifted)
    if gamma_negative:
        # A power below 1 of 0 is endless, but times a logarithm of 1 it is nothing.
        power = np.power(shifted, gamma_negative - 1, out=np.zeros_like(p), where=shifted > 0)
        rises -= gamma_negative * power * np.log1p(-shifted)
    return rises / (rises + falls)


def cost_posterior(proba: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Posterior that the cost-sensitive crossentropy was minimised for.

    The outputs are ``eta @ gains``, normalised; a solution outside the probabilities, which no
    posterior leads to, is cut off.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Outputs.
    gains : ndarray of shape (n_classes, n_classes)
        Row k: the largest cost of a row of class k less the cost of each decision. Invertible.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)

    Examples
    --------
    Missing the second class costs ten times as much:

    >>> import numpy as np
    >>> from imbalanced_nn.calibration import cost_posterior
    >>> cost_posterior(np.array([[0.5, 0.5]]), np.diag([1.0, 10.0])).round(3).tolist()
    [[0.909, 0.091]]
    """
    solved = np.linalg.solve(np.asarray(gains, dtype=np.float64).T, _in_float64(proba).T).T
    return _normalised(np.maximum(solved, 0))


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
        One of the functions above as a function of the outputs alone, rising in each.
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


def _in_float64(values: Any) -> Any:
    """Return values in float64, those that only stand for an array as they do it themselves."""
    if hasattr(values, "astype"):
        return values.astype(np.float64, copy=False)
    return np.asarray(values, dtype=np.float64)


def _normalised(values: np.ndarray) -> np.ndarray:
    """Scale the last axis to a sum of 1."""
    total = values.sum(axis=-1, keepdims=True)
    even = np.full_like(values, 1 / values.shape[-1])
    return np.divide(values, total, out=even, where=total > 0)
