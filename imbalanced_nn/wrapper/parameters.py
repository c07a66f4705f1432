"""Checks of the constructor's parameters, each refusal with what to write instead."""

import numbers
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.sklearn import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
    validate_parameter_constraints,
)
from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.wrapper.routed import KERAS_ARGUMENTS

__all__ = [
    "CONSTRAINTS",
    "NotKept",
    "check_callbacks",
    "check_parameters",
    "is_auto",
    "plain",
    "used_online",
]

AUTO = StrOptions({"auto"})

CONSTRAINTS = {
    "sampler": [None, str, HasMethods("fit_resample"), HasMethods("dataset")],
    "head_sampler": [None, str, HasMethods("fit_resample"), HasMethods("dataset")],
    "resample_every": [StrOptions({"auto", "fit", "epoch"})],
    "balancing_schedule": [None, StrOptions({"linear", "cosine"}), callable],
    "class_weight": [None, str, dict, callable],
    "threshold": [None, numbers.Real, "array-like", str, callable, HasMethods("get_params")],
    "calibration": [None, StrOptions({"prior", "temperature", "sigmoid", "isotonic"})],
    "priors": [None, "array-like", dict],
    "validation_split": [
        AUTO,
        Interval(numbers.Integral, 2, None, closed="left"),
        Interval(numbers.Real, 0, 1, closed="left"),
        HasMethods(["split", "get_n_splits"]),
        list,
        tuple,
    ],
    "ensemble": ["boolean"],
    "early_stopping": ["boolean"],
    "monitor": [str],
    "moving_average": [None, AUTO, Interval(numbers.Real, 0, None, closed="neither")],
    "patience": [AUTO, Interval(numbers.Integral, 0, None, closed="left")],
    "init_bias": [None, StrOptions({"prior"})],
    "engine": [StrOptions({"auto", "graph", "keras"})],
    "epochs": [AUTO, Interval(numbers.Integral, 0, None, closed="left")],
    "batch_size": [
        None,
        Interval(numbers.Integral, 1, None, closed="left"),
        Options(numbers.Integral, {-1}),
    ],
    "random_state": ["random_state"],
    "shuffle": ["boolean"],
    "run_eagerly": ["boolean"],
    "verbose": [AUTO, "boolean", Interval(numbers.Integral, 0, None, closed="left")],
    "warm_start": ["boolean"],
}
"""Accepted types and ranges of the parameters, in scikit-learn's declarative form."""

HELD_OUT = ("head_sampler", "validation_split")
"""Parameters that `partial_fit` has no use for: it holds no rows out, and trains in one stage."""

BUILT = ("compile", "loss", "metrics", "model", "optimizer", "threshold")
"""Parameters by which a network was built and compiled, and its threshold learned."""

CALLED_ELSEWHERE = {
    "cos": "cosine",
    "logistic": "sigmoid",
    "platt": "sigmoid",
    "tensorflow": "graph",
    "tf": "graph",
}
"""Values of parameters by what others call them."""


@dataclass(frozen=True)
class NotKept:
    """Stands in a loaded estimator for a parameter that a file does not keep, such as code.

    Parameters
    ----------
    parameter : str
        Name of the parameter.
    was : str
        Representation of its value when the estimator was saved.
    """

    parameter: str
    was: str

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to stand for the function that it was.

        Raises
        ------
        InvalidParameterError
            Always.
        """
        raise InvalidParameterError(
            f"{self.parameter} was {self.was} when the estimator was saved, which its file does "
            f"not keep. Give it again: set_params({self.parameter}=...)."
        )


def check_parameters(params: dict[str, Any], estimator_name: str, of_a_call: bool = False) -> None:
    """Raise `InvalidParameterError` for the first parameter outside its constraints.

    What is given to a call is looked at if training takes it.
    """
    if of_a_call:
        params = {n: v for n, v in params.items() if n in KERAS_ARGUMENTS["fit"]}
    for value in params.values():
        if isinstance(value, NotKept):
            value()
    known = {name: value for name, value in params.items() if name in CONSTRAINTS}
    try:
        validate_parameter_constraints(CONSTRAINTS, known, estimator_name)
    except InvalidParameterError as error:
        raise InvalidParameterError(f"{error}{_hint(known, str(error))}") from None


def used_online(estimator: Any) -> dict[str, Any]:
    """Return parameters without those that a file did not keep and `partial_fit` does without.

    Parameters
    ----------
    estimator : SklearnKerasClassifier
        One that has a network keeps it as it was built and compiled.
    """
    unused = (*HELD_OUT, *BUILT) if estimator.initialized_ else HELD_OUT
    return {
        name: value
        for name, value in estimator.get_params(deep=False).items()
        if not (isinstance(value, NotKept) and name.partition("__")[0] in unused)
    }


def _hint(params: dict[str, Any], refusal: str) -> str:
    """Say what to write instead of the value that scikit-learn refuses."""
    parameter = refusal.partition("'")[2].partition("'")[0]
    value, allowed = params[parameter], CONSTRAINTS[parameter]
    if parameter == "class_weight":
        return " Write a dict from label to weight, or a function that returns one for y."
    names = [o for each in allowed if isinstance(each, StrOptions) for o in each.options]
    if not isinstance(value, str) or not names:
        return ""
    if None in allowed and value.lower() in ("none", "off"):
        return " Write None, without quotes."
    return nearest_name(CALLED_ELSEWHERE.get(value.lower(), value), names)


def check_callbacks(given: Any, name: str) -> None:
    """Refuse what are no callbacks of Keras.

    Parameters
    ----------
    given : object
        The parameter.
    name : str
        Its name.

    Raises
    ------
    InvalidParameterError
        With the first of them that is none.
    """
    if given is None or isinstance(given, NotKept):
        return
    parts = list(given.values()) if isinstance(given, dict) else given
    for part in parts if isinstance(parts, list) else [parts]:
        for callback in part if isinstance(part, list) else [part]:
            cls = callback if isinstance(callback, type) else type(callback)
            if not issubclass(cls, keras.callbacks.Callback):
                raise InvalidParameterError(
                    f"{name} holds {callback!r}, which is no callback of Keras. Accepted are "
                    f"instances or classes of keras.callbacks.Callback, alone, in a list or as "
                    f"the values of a dict. Callbacks of scikit-learn go to set_callbacks()."
                )


def is_auto(value: Any) -> bool:
    """Whether a parameter is left to a rule.

    Parameters
    ----------
    value : object
        Of the parameter.
    """
    return isinstance(value, str) and value == "auto"


def plain(value: Any) -> Any:
    """Return a value with NumPy's scalars as Python's own, in lists, tuples and dicts too.

    What holds none is returned as it is.
    """
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim):
        return value.item()
    if type(value) in (list, tuple):
        converted = [plain(part) for part in value]
        same = all(new is old for new, old in zip(converted, value, strict=True))
        return value if same else type(value)(converted)
    if type(value) is dict:
        named = {key: plain(part) for key, part in value.items()}
        return value if all(named[key] is value[key] for key in value) else named
    return value
