"""What an object of a class of somebody's own was made with and its configuration does not tell."""

import inspect
from typing import Any

import keras

from imbalanced_nn.training import is_known

__all__ = ["lost_arguments"]

KINDS = (keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)


def lost_arguments(obj: Any) -> str | None:
    """Return what a copy by configuration would lose of an object, in words; None if nothing.

    Keras copies and saves losses, metrics and optimizers by ``get_config``. A class that adds an
    argument and no ``get_config`` would be copied with that argument's default.

    Parameters
    ----------
    obj : object
        Anything; what is no such object loses nothing.

    Examples
    --------
    >>> import keras
    >>> from imbalanced_nn.wrapper.lost_arguments import lost_arguments
    >>> lost_arguments(keras.losses.BinaryCrossentropy(label_smoothing=0.1)) is None
    True
    """
    kind = type(obj)
    if not isinstance(obj, KINDS) or is_known(kind):
        return None
    if not is_known(next(each for each in kind.__mro__ if "from_config" in vars(each))):
        # Who reads configurations in a way of its own knows what is in them.
        return None
    config, arguments = obj.get_config(), inspect.signature(kind).parameters
    takes_any = any(each.kind is each.VAR_KEYWORD for each in arguments.values())
    refused = [name for name in config if name not in arguments and not takes_any]
    if refused:
        return (
            f"{kind.__name__} takes no argument {refused[0]!r}, which its get_config() returns: a "
            f"copy of it cannot be made. Let __init__ take **kwargs and pass them to "
            f"super().__init__, or let get_config return its own arguments alone."
        )
    # Little depends on Keras' own arguments, such as dtype.
    parent = next(each for each in kind.__mro__ if is_known(each))
    told = {*config, *inspect.signature(parent).parameters}
    for name, argument in arguments.items():
        if name not in told and not _is_default(obj, argument):
            value = f"{name}={vars(obj)[name]!r}" if name in vars(obj) else name
            return (
                f"{kind.__name__} was made with {value}, which its get_config() does not return: "
                f"a copy of it would have another. Let get_config return "
                f"{{**super().get_config(), {name!r}: self.{name}}}."
            )
    return None


def _is_default(obj: Any, parameter: inspect.Parameter) -> bool:
    """Whether an object is sure, or of metrics and optimizers likely, to have the default."""
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return True
    if parameter.default is parameter.empty:
        return False
    if parameter.name not in vars(obj):
        # A loss can be copied otherwise, and need not be guessed about.
        return not isinstance(obj, keras.losses.Loss)
    value = vars(obj)[parameter.name]
    return value is parameter.default or _is_equal(value, parameter.default)


def _is_equal(value: Any, other: Any) -> bool:
    """Whether two plain values are equal."""
    plain = (bool, int, float, str, type(None))
    return type(value) is type(other) and isinstance(value, plain) and value == other
