"""When it costs less to ask than to decide."""

from typing import Any

import numpy as np

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold.costs import check_cost_matrix

__all__ = ["chow_reject"]


def chow_reject(
    proba: np.ndarray, reject_cost: float, cost_matrix: Any = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decide for the least expected cost, and tell where asking would cost less.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Calibrated probabilities.
    reject_cost : float
        Cost of asking about a row, at least 0.
    cost_matrix : array-like of shape (n_classes, n_classes), default=None
        Costs, rows true and columns predicted classes. None counts each error as 1.

    Returns
    -------
    codes : ndarray of int of shape (n_samples,)
        Class of least expected cost, the first of equals.
    cost : ndarray of shape (n_samples,)
        That cost.
    rejected : ndarray of bool of shape (n_samples,)
        Where the cost is above ``reject_cost``.

    Raises
    ------
    InvalidParameterError
        If a cost is not a finite number, the matrix is not of this shape, or an error costs less
        than the right decision.

    References
    ----------
    C. K. Chow, "On optimum recognition error and reject tradeoff", IEEE Transactions on
    Information Theory 16, 1970.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.calibration import chow_reject
    >>> proba = np.array([[0.95, 0.05], [0.6, 0.4], [0.1, 0.9]])
    >>> codes, _, rejected = chow_reject(proba, reject_cost=0.2)
    >>> codes.tolist(), rejected.tolist()
    ([0, 0, 1], [False, True, False])
    """
    n_classes = proba.shape[1]
    costs = 1 - np.eye(n_classes)
    if cost_matrix is not None:
        costs = check_cost_matrix(cost_matrix, n_classes)
    is_number = np.isscalar(reject_cost) and np.isfinite(reject_cost)
    if not is_number or float(reject_cost) < 0:
        raise InvalidParameterError(
            f"reject_cost must be a number of at least 0, in the unit of the costs of errors; got "
            f"{reject_cost!r}."
        )
    expected = np.asarray(proba, dtype=np.float64) @ costs
    least = expected.min(axis=1)
    return expected.argmin(axis=1), least, least > reject_cost
