"""Snake-case names of imbalanced-learn's samplers, and the sampler a parameter stands for."""

import re
from typing import Any

from imblearn import combine, over_sampling, under_sampling
from sklearn.base import clone

from imbalanced_nn._compat.sklearn import parameter_names
from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.sampling.balanced_batches import BalancedBatches

__all__ = ["SAMPLERS", "make_sampler"]


def _snake_case(name: str) -> str:
    """``RandomOverSampler`` -> ``random_over``, ``SMOTETomek`` -> ``smote_tomek``."""
    name = re.sub("Sampler$", "", name)
    words = re.sub("(?<=[a-z])(?=[A-Z])|(?<=SMOTE)(?=[A-Z])|(?<=[A-Z])(?=SMOTE)", "_", name)
    return words.lower()


SAMPLERS = {
    _snake_case(name): getattr(module, name)
    for module in (over_sampling, under_sampling, combine)
    for name in module.__all__
}
SAMPLERS["balanced_batches"] = BalancedBatches


def make_sampler(
    sampler: Any, params: dict[str, Any], seed: int, parameter: str = "sampler"
) -> Any:
    """Return a fresh sampler for the ``sampler`` parameter, or None if it is off.

    Parameters
    ----------
    sampler : None, str or object with ``fit_resample``
        ``None`` and ``"passthrough"`` are off; a string is a key of `SAMPLERS`; an object is
        cloned.
    params : dict
        Parameters routed as ``sampler__*``.
    seed : int
        Given to every ``random_state`` of the sampler that is None.
    parameter : str, default="sampler"
        Name of the parameter, for messages.

    Raises
    ------
    InvalidParameterError
        If the name is unknown, a parameter does not exist, or the object is no sampler.
    """
    if sampler is None or (isinstance(sampler, str) and sampler == "passthrough"):
        return None
    if isinstance(sampler, str):
        if sampler not in SAMPLERS:
            hint = " To resample nothing write None." if sampler.lower() in ("none", "off") else ""
            hint = hint or nearest_name(sampler, SAMPLERS)
            raise InvalidParameterError(
                f"{parameter}={sampler!r} is not a known sampler.{hint} "
                f"Accepted are None, 'passthrough', a sampler object with fit_resample, or one "
                f"of {sorted(SAMPLERS)}."
            )
        sampler = _from_class(SAMPLERS[sampler], sampler, params, parameter)
    elif (
        not isinstance(sampler, type)
        and all(hasattr(sampler, method) for method in ("get_params", "set_params"))
        and (hasattr(sampler, "fit_resample") or isinstance(sampler, BalancedBatches))
    ):
        sampler = clone(sampler)
        _check_names(type(sampler), params, sampler.get_params(), parameter)
        sampler.set_params(**params)
    else:
        raise InvalidParameterError(
            f"{parameter} must be None, a name or an object with fit_resample and scikit-learn's "
            f"get_params and set_params; got {sampler!r}. Pass an instance such as "
            f"imblearn.over_sampling.SMOTE(), or derive yours from sklearn.base.BaseEstimator."
        )
    unset = {
        name: seed
        for name, value in sampler.get_params().items()
        if name.rpartition("__")[2] == "random_state" and value is None
    }
    return sampler.set_params(**unset)


def _from_class(cls: type, name: str, params: dict[str, Any], parameter: str) -> Any:
    """Construct a named sampler with its routed parameters."""
    own = {key: value for key, value in params.items() if "__" not in key}
    _check_names(cls, own, parameter_names(cls), parameter)
    try:
        sampler = cls(**own)
    except TypeError as error:
        raise InvalidParameterError(
            f"{parameter}={name!r} cannot be made by name alone: {error}. Pass {parameter}__* "
            f"parameters or a {cls.__name__} object."
        ) from None
    nested = {key: value for key, value in params.items() if "__" in key}
    known = sampler.get_params()
    for key in nested:
        part = key.partition("__")[0]
        if key not in known and part in known:
            raise InvalidParameterError(
                f"{parameter}__{key} is for a part that {parameter}={name!r} does not have: {part} "
                f"is {known[part]!r}. Give the part as an object, {parameter}__{part}=..., or all "
                f"of it, {parameter}={cls.__name__}({part}=...)."
            )
    _check_names(cls, nested, known, parameter)
    return sampler.set_params(**nested)


def _check_names(cls: type, params: dict[str, Any], known: Any, parameter: str) -> None:
    """Refuse routed parameters that the sampler does not have."""
    known = list(known)
    for key in params:
        if key not in known:
            raise InvalidParameterError(
                f"{parameter}__{key} is not a parameter of {cls.__name__}."
                f"{nearest_name(key, known)} Its parameters are {sorted(known)}."
            )
