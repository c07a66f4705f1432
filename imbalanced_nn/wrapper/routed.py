"""Checks of what is routed to the parts of an estimator, or given to a call, and must arrive."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name

__all__ = [
    "KERAS_ARGUMENTS",
    "check_arguments",
    "check_made_of",
    "check_routed",
    "check_user_parameters",
]

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

MADE_OF = {
    "loss": "loss='focal' or loss=keras.losses.BinaryFocalCrossentropy",
    "metrics": "metrics=keras.metrics.AUC",
    "optimizer": "optimizer='adam' or optimizer=keras.optimizers.Adam",
}
"""Classes as they are written, of what is made with parameters."""

ROUTED = {
    "k_neighbors": "sampler__k_neighbors",
    "learning_rate": "optimizer__learning_rate",
    "lr": "optimizer__learning_rate",
    "momentum": "optimizer__momentum",
    "sampling_strategy": "sampler__sampling_strategy",
    "validation_fraction": "validation_split",
}
"""Parameters of other estimators, and of the objects that ours is made of, by our names."""


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
