"""Class shares of deployment: given by the user, or estimated from unlabelled rows."""

from typing import Any

import numpy as np

from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["check_priors", "estimate_priors"]


def check_priors(priors: Any, classes: np.ndarray) -> np.ndarray:
    """Return class shares in the order of the classes.

    Parameters
    ----------
    priors : array-like of shape (n_classes,) or dict
        Shares in class order, or by original label; they sum to 1.
    classes : ndarray of shape (n_classes,)
        Original labels.

    Returns
    -------
    ndarray of shape (n_classes,)

    Raises
    ------
    InvalidParameterError
        If a share is missing, not above 0 or not finite, or the sum is not 1.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import check_priors
    >>> check_priors({"ok": 0.98, "fraud": 0.02}, np.array(["fraud", "ok"])).tolist()
    [0.02, 0.98]
    """
    labels = np.asarray(classes).tolist()
    accepted = (
        f"one share above 0 for each of {labels}, in this order or as a dict by label, summing to 1"
    )
    given = priors
    if isinstance(priors, dict):
        if set(priors) != set(labels):
            raise InvalidParameterError(f"priors={given!r} must be {accepted}.")
        priors = [priors[label] for label in labels]
    try:
        shares = np.array(priors, dtype=np.float64)
    except (TypeError, ValueError):
        shares = np.empty(0)
    whole = shares.shape == (len(labels),) and np.isfinite(shares).all()
    if not whole or shares.min() <= 0 or abs(shares.sum() - 1) > 1e-6:
        raise InvalidParameterError(
            f"priors={given!r} must be {accepted}. For one share of positives write [1 - p, p]."
        )
    return shares / shares.sum()


def estimate_priors(
    proba: np.ndarray,
    prior: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
    max_iter: int = 10_000,
    tol: float = 1e-7,
) -> np.ndarray:
    """Estimate the class shares of rows from calibrated probabilities alone.

    Maximises the likelihood of the rows over the shares by expectation and maximisation,
    taking that the rows of each class look as they did where the probabilities were learned.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities at ``prior``. A row that has none in a class of some share tells nothing.
    prior : ndarray of shape (n_classes,)
        Class shares that the probabilities refer to. A class of share 0 keeps it.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows.
    max_iter : int, default=10000
        Most steps to take.
    tol : float, default=1e-7
        Change of the shares at which to stop.

    Returns
    -------
    ndarray of shape (n_classes,)
        Shares that sum to 1.

    References
    ----------
    M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a
    priori probabilities: a simple procedure", Neural Computation 14, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import estimate_priors
    >>> proba = np.repeat([[0.99, 0.01], [0.01, 0.99]], [700, 300], axis=0)
    >>> estimate_priors(proba, np.array([0.5, 0.5])).round(2).tolist()
    [0.7, 0.3]
    """
    prior = np.asarray(prior, dtype=np.float64)
    # How much more likely each row is in each class than on average.
    likelihood = np.divide(proba, prior, out=np.zeros(np.shape(proba)), where=prior > 0)
    weight = np.ones(len(likelihood)) if sample_weight is None else np.asarray(sample_weight)
    weight = weight * likelihood.any(axis=1)
    if not weight.sum() > 0:
        return prior / prior.sum()
    weight, likelihood = weight[weight > 0] / weight.sum(), likelihood[weight > 0]
    shares = prior
    for _ in range(max_iter):
        joint = likelihood * shares
        before, shares = shares, weight @ (joint / joint.sum(axis=1, keepdims=True))
        if np.abs(shares - before).max() <= tol:
            break
    return shares / shares.sum()
