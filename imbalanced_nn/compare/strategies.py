"""Named strategies, and the estimator each of them stands for."""

from collections.abc import Iterable, Mapping, Sequence

from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.threshold import check_cost_matrix

__all__ = [
    "STRATEGIES",
    "baseline_of",
    "chosen_strategies",
    "costs_of",
    "final_step",
    "resolve_strategies",
]

_NATURAL = {"sampler": None, "class_weight": None, "head_sampler": None}

# Every entry states all axes of balancing, so that it overrides whatever the estimator was given.
# The loss is the estimator's own, but where it is the strategy.
STRATEGIES: dict[str, dict] = {
    "none": _NATURAL,
    "class_weight": {**_NATURAL, "class_weight": "balanced"},
    "random_over": {**_NATURAL, "sampler": "random_over"},
    "random_under": {**_NATURAL, "sampler": "random_under"},
    "smote": {**_NATURAL, "sampler": "smote"},
    "tempered_weight": {**_NATURAL, "class_weight": "balanced_sqrt"},
    "balanced_batches": {**_NATURAL, "sampler": "balanced_batches"},
    "focal": {**_NATURAL, "loss": "focal"},
    "logit_adjusted": {**_NATURAL, "loss": "logit_adjusted"},
    "two_stage": {**_NATURAL, "head_sampler": "balanced_batches"},
}


def final_step(estimator) -> tuple[str, BaseEstimator]:
    """Return the parameter prefix of a pipeline's last step and the step (else "", estimator)."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator


def costs_of(estimator, n_classes: int | None = None):
    """Return what decisions cost, as the threshold of the last step knows it, None without costs.

    Parameters
    ----------
    estimator : estimator
        Whose last step may have a tuner as its threshold.
    n_classes : int, optional
        For which the costs are checked.
    """
    costs = getattr(getattr(final_step(estimator)[1], "threshold", None), "cost_matrix", None)
    return costs if costs is None or n_classes is None else check_cost_matrix(costs, n_classes)


def baseline_of(names: Iterable[str]) -> str:
    """Return the strategy that the others are compared with: ``"none"``, or else the first."""
    names = list(names)
    return "none" if "none" in names else names[0]


def resolve_strategies(estimator, strategies) -> dict[str, BaseEstimator]:
    """Return an unfitted estimator for every strategy; a refusal names the strategy at fault."""
    chosen = chosen_strategies(strategies)
    resolved = {name: _configured(estimator, name, value) for name, value in chosen.items()}
    for name, candidate in resolved.items():
        if not hasattr(candidate, "predict_proba"):
            raise InvalidParameterError(
                f"strategies: {name!r} is a {type(final_step(candidate)[1]).__name__}, which has "
                "no predict_proba. Wrap it in sklearn.calibration.CalibratedClassifierCV."
            )
    return resolved


def chosen_strategies(strategies) -> Mapping:
    """Return name -> parameters or estimator, for a list of names or such a mapping."""
    if strategies is None:
        return STRATEGIES
    if isinstance(strategies, Mapping):
        chosen = strategies
    elif isinstance(strategies, Sequence) and not isinstance(strategies, str):
        for name in strategies:
            if name not in STRATEGIES:
                raise InvalidParameterError(
                    f"strategies: {name!r} is not a known strategy. Known are "
                    f"{', '.join(map(repr, STRATEGIES))}; a strategy of your own goes in as "
                    "{name: parameters} or {name: estimator}." + nearest_name(str(name), STRATEGIES)
                )
        chosen = {name: STRATEGIES[name] for name in strategies}
    else:
        raise InvalidParameterError(
            f"strategies: got {strategies!r}; it must be None, a list of names of STRATEGIES, or "
            "a dictionary of name -> parameters or name -> estimator."
        )
    if not chosen:
        raise InvalidParameterError(
            "strategies: got none to compare; None compares all of STRATEGIES."
        )
    for name in chosen:
        if not isinstance(name, str):
            raise InvalidParameterError(
                f"strategies: the name {name!r} is a {type(name).__name__}; write it as a str."
            )
    return chosen


def _configured(estimator, name: str, value) -> BaseEstimator:
    """Return a clone of ``value``, or of ``estimator`` with the parameters ``value``."""
    if hasattr(value, "fit") and hasattr(value, "get_params"):
        return clone(value)
    if not isinstance(value, Mapping):
        raise InvalidParameterError(
            f"strategies: {name!r} is {value!r}; it must be a dictionary of parameters or an "
            "estimator."
        )
    configured = clone(estimator)
    prefix, step = final_step(configured)
    for parameter, setting in value.items():
        try:
            configured.set_params(**{prefix + parameter: setting})
        except ValueError as error:
            raise InvalidParameterError(
                f"strategies: {name!r} sets {parameter!r}, which is no parameter of "
                f"{type(step).__name__}. Pass an estimator that has it, such as "
                "BalancedKerasClassifier, or leave the strategy out."
            ) from error
    return configured
