"""From the outputs that minimise a loss back to the class posterior, in closed form.

A loss for rare classes need not be minimised by the posterior. Each function here solves its
stationarity condition: given what a network would output for a row whose classes have the
probabilities ``eta``, it returns ``eta``, at the shares the network was trained on.
"""

from typing import Any

import numpy as np

__all__ = [
    "asymmetric_posterior",
    "binary_focal_posterior",
    "cost_posterior",
    "focal_posterior",
    "margin_posterior",
    "smoothing_posterior",
]

# Where float32 outputs of 0 and 1 stand for in formulas that have no value there.
EDGE = 1e-12
# Part of half the prior that probabilities near 0 are spread over, to keep their order.
FAINT = 0.01


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
    solved = np.matmul(_in_float64(proba), np.linalg.inv(np.asarray(gains, dtype=np.float64)))
    return _normalised(np.maximum(solved, 0))


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
