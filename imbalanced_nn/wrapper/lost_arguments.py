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
    >>> class Focal(keras.losses.Loss):
    ...     def __init__(self, gamma=2.0, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.gamma = gamma
    >>> print(lost_arguments(Focal(gamma=5.0)))
    Focal was made with gamma=5.0, which its get_config() does not return: a copy of it would \
have another. Let get_config return {**super().get_config(), 'gamma': self.gamma}.
    """
    kind = type(obj)
    if not isinstance(obj, KINDS) or is_known(kind):
        return None
    if not is_known(next(each for each in kind.__mro__ if "from_config" in vars(each))):
        # Who reads configurations in a way of its own knows what is in them.
        return None
    config = obj.get_config()
    parameters = inspect.signature(kind.__init__).parameters
    given = list(parameters.values())[1:]
    named = [p for p in given if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    names = {parameter.name for parameter in named}
    if not any(p.kind is p.VAR_KEYWORD for p in given):
        for name in config:
            if name not in names:
                return (
                    f"{kind.__name__} takes no argument {name!r}, which its get_config() returns: "
                    f"a copy of it cannot be made. Let __init__ take **kwargs and pass them to "
                    f"super().__init__, or let get_config return its own arguments alone."
                )
    # Of Keras' own arguments, such as dtype, little depends.
    parent = next(each for each in kind.__mro__ if is_known(each))
    usual = inspect.signature(parent.__init__).parameters
    for parameter in named:
        name = parameter.name
        if name not in config and name not in usual and not _is_default(obj, parameter):
            value = f"{name}={vars(obj)[name]!r}" if name in vars(obj) else name
            return (
                f"{kind.__name__} was made with {value}, which its get_config() does not return: "
                f"a copy of it would have another. Let get_config return "
                f"{{**super().get_config(), {name!r}: self.{name}}}."
            )
    return None


def _is_default(obj: Any, parameter: inspect.Parameter) -> bool:
    """Whether an object is sure, or of metrics and optimizers likely, to have the default."""
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
