"""Checks of the constructor's parameters, each refusal with what to write instead."""

import inspect
import numbers
from collections.abc import Callable, Iterable
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

__all__ = [
    "CONSTRAINTS",
    "NotKept",
    "check_arguments",
    "check_callbacks",
    "check_made_of",
    "check_parameters",
    "check_routed",
    "check_user_parameters",
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

KERAS_ARGUMENTS = {
    "compile": {
        "auto_scale_loss",
        "jit_compile",
        "loss",
        "loss_weights",
        "metrics",
        "optimizer",
        "run_eagerly",
        "steps_per_execution",
        "weighted_metrics",
    },
    "fit": {
        "batch_size",
        "callbacks",
        "class_weight",
        "epochs",
        "initial_epoch",
        "shuffle",
        "steps_per_epoch",
        "validation_batch_size",
        "validation_data",
        "validation_freq",
        "validation_split",
        "validation_steps",
        "verbose",
    },
    "predict": {"batch_size", "callbacks", "steps", "verbose"},
}
"""Arguments of Keras' methods beside the rows, whatever a tool has put in a method's place."""

OWN_ARGUMENTS = {
    "fit": ("sample_weight", "groups", "X_val", "y_val", "sample_weight_val"),
    "partial_fit": ("sample_weight", "classes"),
}
"""Arguments of the estimator's own methods, for hints."""

ROWS = {"x", "y", "sample_weight"}

HELD_OUT = ("head_sampler", "validation_split")
"""Parameters that `partial_fit` has no use for: it holds no rows out, and trains in one stage."""

BUILT = ("compile", "loss", "metrics", "model", "optimizer", "threshold")
"""Parameters by which a network was built and compiled, and its threshold learned."""

MADE_OF = {
    "loss": "loss='focal' or loss=keras.losses.BinaryFocalCrossentropy",
    "metrics": "metrics=keras.metrics.AUC",
    "optimizer": "optimizer='adam' or optimizer=keras.optimizers.Adam",
}
"""Classes as they are written, of what is made with parameters."""

CALLED_ELSEWHERE = {
    "cos": "cosine",
    "logistic": "sigmoid",
    "platt": "sigmoid",
    "tensorflow": "graph",
    "tf": "graph",
}
"""Values of parameters by what others call them."""

ROUTED = {
    "k_neighbors": "sampler__k_neighbors",
    "learning_rate": "optimizer__learning_rate",
    "lr": "optimizer__learning_rate",
    "momentum": "optimizer__momentum",
    "sampling_strategy": "sampler__sampling_strategy",
    "validation_fraction": "validation_split",
}
"""Parameters of other estimators, and of the objects that ours is made of, by our names."""


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


def check_user_parameters(
    names: Iterable[str],
    known: Iterable[str],
    prefixes: Iterable[str],
    builder: Callable | None,
) -> None:
    """Refuse constructor arguments that nobody takes.

    scikeras hands every unknown keyword to the build function. A misspelt parameter then
    fails inside the user's code, if it fails at all.

    Parameters
    ----------
    names : iterable of str
        Keywords of the constructor that are not its own parameters, and routed ones set later.
    known : iterable of str
        Names of the constructor's parameters.
    prefixes : iterable of str
        Prefixes of routed parameters, such as ``"optimizer"`` in ``optimizer__momentum``.
    builder : callable or None
        The build function, None if the model is prebuilt.

    Raises
    ------
    InvalidParameterError
        With the nearest name that exists.
    """
    known, prefixes = list(known), list(prefixes)
    accepted, takes_all = _keywords(builder)
    for name in sorted(names):
        prefix, routed, argument = name.partition("__")
        if routed and prefix not in prefixes:
            raise InvalidParameterError(
                f"{name!r} is routed to {prefix!r}, which does not exist."
                f"{nearest_name(prefix, prefixes)} Parameters are routed as PREFIX__NAME, with "
                f"one of the prefixes {sorted(prefixes)}."
            )
        if routed and prefix == "model" and not takes_all and argument not in accepted:
            raise InvalidParameterError(
                f"{name!r} is not an argument of the build function "
                f"{getattr(builder, '__name__', builder)!r}.{nearest_name(argument, accepted)} "
                f"It takes {accepted}."
            )
        if not routed and not takes_all and name not in accepted:
            meant = ROUTED.get(name, name)
            hint = nearest_name(meant, [*known, *accepted, *([meant] if name in ROUTED else [])])
            raise InvalidParameterError(
                f"Unknown parameter {name!r}.{hint} It is neither a parameter of the estimator nor "
                f"of the build function {getattr(builder, '__name__', builder)!r}."
            )


def check_arguments(given: Iterable[str], method: str, network: Any, partial: bool = False) -> None:
    """Refuse arguments of a call that the network's method does not take.

    Parameters
    ----------
    given : iterable of str
        Names of the arguments.
    method : {"fit", "predict"}
        Method of the network. One of its own class may take more than Keras'.
    network : keras.Model
        The network.
    partial : bool, default=False
        Whether the call is one of ``partial_fit``, which trains one epoch and judges none.

    Raises
    ------
    InvalidParameterError
        With the nearest name that exists.
    """
    accepted = _accepted(method, network)
    if partial:
        fixed = {"epochs", "initial_epoch"}
        accepted = {n for n in accepted - fixed if not n.startswith("validation_")}
    caller = "partial_fit" if partial else method
    own = OWN_ARGUMENTS.get(caller, ())
    for name in sorted(set(given) - accepted):
        why = ""
        if partial and name in KERAS_ARGUMENTS["fit"]:
            why = " It trains one more epoch and holds no rows out; use fit."
        raise InvalidParameterError(
            f"{caller} takes no argument {name!r}.{why or nearest_name(name, [*own, *accepted])} "
            f"Beside its rows it takes {[*own, *sorted(accepted)]}."
        )


def check_routed(names: Iterable[str], network: Any) -> None:
    """Refuse parameters that are routed to a method of the network which does not take them.

    Parameters
    ----------
    names : iterable of str
        Names of the estimator's parameters, such as ``"fit__batch_size"``.
    network : keras.Model
        The network.

    Raises
    ------
    InvalidParameterError
        With the nearest name that exists.
    """
    for name in sorted(names):
        method, _, argument = name.partition("__")
        if method not in KERAS_ARGUMENTS or not argument:
            continue
        accepted = _accepted(method, network)
        if argument.partition("__")[0] not in accepted:
            given = " Give it to fit." if argument in OWN_ARGUMENTS.get(method, ()) else ""
            raise InvalidParameterError(
                f"{name!r} is not an argument of the network's {method}."
                f"{given or nearest_name(argument, accepted)} It takes {sorted(accepted)}."
            )


def check_made_of(part: str, made: Any, routed: Iterable[str]) -> None:
    """Refuse parameters that are routed to a loss, metric or optimizer which does not take them.

    Parameters
    ----------
    part : {"loss", "metrics", "optimizer"}
        Name of the parameter that they are routed to.
    made : object
        What it stands for. Of lists and dicts nothing is refused, and what a class of the user's
        takes by any keyword is its own matter.
    routed : iterable of str
        Names of the parameters, without the prefix.

    Raises
    ------
    InvalidParameterError
        With the nearest name that exists, or with what to write instead.
    """
    names = sorted(name for name in routed if "__" not in name)
    if not names or isinstance(made, list | tuple | dict):
        return
    written = f"{part}__{names[0]}"
    if not isinstance(made, type):
        instead = "Give a class, such as " + MADE_OF[part]
        if made is not None:
            instead += ", or set it where the object is made"
        raise InvalidParameterError(
            f"{written!r} has nothing to go to: {part} is {made!r}, and only a class is made with "
            f"parameters. {instead}."
        )
    accepted = _made_with(made)
    if accepted is None:
        return
    for name in names:
        if name not in accepted and not name.isdigit():
            raise InvalidParameterError(
                f"{f'{part}__{name}'!r} is not a parameter of {made.__name__}."
                f"{nearest_name(name, accepted)} It takes {sorted(accepted)}."
            )


def _made_with(cls: type) -> set[str] | None:
    """Names of the parameters that a class is made with; None where they cannot be told."""
    named: set[str] = set()
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        keywords, takes_all = _keywords(vars(base)["__init__"])
        named |= set(keywords) - {"self"}
        if not takes_all:
            return named
        if base.__module__.partition(".")[0] not in (
            "builtins",
            "imbalanced_nn",
            "keras",
            "tensorflow",
        ):
            return None
    return named


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


def _accepted(method: str, network: Any) -> set[str]:
    """Names of the arguments of a network's method, without its rows."""
    return (KERAS_ARGUMENTS[method] | set(_keywords(getattr(network, method))[0])) - ROWS


def _keywords(builder: Callable | None) -> tuple[list[str], bool]:
    """Names of a function's arguments, and whether it takes any keyword."""
    if builder is None:
        return [], False
    parameters = inspect.signature(builder).parameters.values()
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    named = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return named, takes_all
