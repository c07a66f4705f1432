"""Misclassification costs: validation, the empirical objective and the Bayes rule."""

from functools import partial

import numpy as np

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold.objectives import Objective
from imbalanced_nn.threshold.rules import BinaryRule, CostRule

__all__ = [
    "bayes_rule",
    "check_combination",
    "check_cost_matrix",
    "check_sample_cost",
    "cost_objective",
]


def check_cost_matrix(cost_matrix, n_classes):
    """Return the cost matrix as an array; a wrong decision must not cost less than the right.

    Raises
    ------
    InvalidParameterError
        If the matrix is not of shape (n_classes, n_classes), not finite, or prefers errors.
    """
    costs = _as_array(cost_matrix)
    if costs.shape != (n_classes, n_classes) or not np.isfinite(costs).all():
        raise InvalidParameterError(
            f"The 'cost_matrix' parameter must hold {n_classes} x {n_classes} finite costs, rows "
            f"true and columns predicted classes. Got {cost_matrix!r} instead."
        )
    extra = costs - np.diag(costs)[:, None]
    if (extra < 0).any() or not (extra.max(axis=1) > 0).all():
        raise InvalidParameterError(
            f"In each row of the 'cost_matrix' parameter (a true class) the right decision, on "
            f"the diagonal, must cost least. Got {cost_matrix!r}; costs are positive, gains "
            f"negative."
        )
    return costs


def check_sample_cost(sample_cost, n_samples, n_classes):
    """Return the cost of each decision about each row as an array.

    Raises
    ------
    InvalidParameterError
        If the costs are not of shape (n_samples, n_classes), or not finite.
    """
    costs = _as_array(sample_cost)
    if costs.shape != (n_samples, n_classes) or not np.isfinite(costs).all():
        raise InvalidParameterError(
            f"The 'sample_cost' parameter must hold a finite cost for each of {n_samples} rows and "
            f"{n_classes} decisions, columns in class order. Got an array of shape {costs.shape}"
            f"{'' if np.isfinite(costs).all() else ' with NaN or infinity'}."
        )
    return costs


def _as_array(costs):
    """Return costs as an array, an empty one if they are no numbers."""
    try:
        return np.array(costs, dtype=np.float64)
    except (TypeError, ValueError):
        return np.empty(0)


def cost_objective(costs, positive=1):
    """Return the objective of the negative mean cost per row.

    Parameters
    ----------
    costs : ndarray of shape (n_classes, n_classes)
        Costs, rows true and columns predicted classes.
    positive : {0, 1}, default=1
        Code of the positive class of a binary target, as in `Objective.score`.

    Returns
    -------
    objective : Objective
    """
    cells = tuple(map(tuple, costs.tolist()))
    if len(costs) > 2:
        metric = partial(_negative_mean_cost, costs)
        return Objective("neg_mean_cost", "multiclass", metric=metric, costs=cells)
    order = [1 - positive, positive]
    formula = partial(_binary_cost, costs=costs[np.ix_(order, order)])
    return Objective("neg_mean_cost", "binary", formula, costs=cells)


def _negative_mean_cost(costs, y_true, y_pred, weight, positive):
    return -np.average(costs[y_true, y_pred], weights=weight)


def _binary_cost(hit, true, pred, *, costs):
    errors = true - hit
    total = (hit * np.diag(costs)).sum(-1) + (errors * np.diag(costs[:, ::-1])).sum(-1)
    return -total / true.sum(-1)


def bayes_rule(costs, positive=1):
    """Return the rule of least expected cost given calibrated probabilities.

    Parameters
    ----------
    costs : ndarray of shape (n_classes, n_classes)
        Costs, rows true and columns predicted classes.
    positive : {0, 1}, default=1
        Code of the positive class of a binary target.

    Returns
    -------
    rule : BinaryRule or CostRule
    """
    if len(costs) > 2:
        return CostRule(costs)
    negative = 1 - positive
    false_alarm = costs[negative, positive] - costs[negative, negative]
    miss = costs[positive, negative] - costs[positive, positive]
    return BinaryRule(false_alarm / (false_alarm + miss), positive)


def check_combination(tuner, sample_cost):
    """Refuse parameters of a `ThresholdTuner` that another one makes void."""
    costs = "sample_cost" if tuner.cost_matrix is None else "cost_matrix"
    if tuner.cost_matrix is not None and sample_cost is not None:
        raise InvalidParameterError(
            "The 'sample_cost' parameter takes the place of 'cost_matrix'. Got both; give one."
        )
    has_costs = tuner.cost_matrix is not None or sample_cost is not None
    if has_costs and tuner.objective != "balanced_accuracy":
        raise InvalidParameterError(
            f"The {costs!r} parameter takes the place of 'objective'. "
            f"Got objective={tuner.objective!r} as well; give one of them."
        )
    if tuner.confidence is not None and tuner.constraint is None:
        raise InvalidParameterError(
            f"The 'confidence' parameter is that of a constraint. Got {tuner.confidence!r} "
            f"without one; give constraint=(metric, bound)."
        )
    if tuner.calibrated and (tuner.cost_matrix is None) == (tuner.confidence is None):
        raise InvalidParameterError(
            "The 'calibrated' parameter is for a 'cost_matrix', or for a constraint with a "
            f"'confidence'. Got cost_matrix={tuner.cost_matrix!r} and "
            f"confidence={tuner.confidence!r}; give one of them, or calibrated=False."
        )
    if tuner.calibrated and tuner.cost_matrix is not None and tuner.constraint is not None:
        raise InvalidParameterError(
            f"With calibrated=True a 'cost_matrix' takes no constraint. "
            f"Got constraint={tuner.constraint!r}; leave it None."
        )
