"""An optimizer for one fit, equal to the one that was given."""

from typing import Any

import keras

from imbalanced_nn._compat.keras import (
    copied_optimizer,
    exclude_from_decay_as,
    given_learning_rate,
)
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.training import is_known

__all__ = ["fresh_optimizer"]


def fresh_optimizer(optimizer: Any) -> keras.optimizers.Optimizer:
    """Return an equal optimizer, which belongs to no variables yet.

    It is made by its configuration, or copied as it is where that does not tell all of it: where
    it, or what gives its rate, is somebody's own code.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Stays as it is.

    Raises
    ------
    InvalidParameterError
        If it is none, or if it has trained a network and its configuration does not tell it.
    """
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise InvalidParameterError(
            f"optimizer={optimizer!r} is none. Give the name, class or object of one of "
            f"Keras' optimizers; the rate goes into optimizer__learning_rate."
        )
    if not optimizer.built and not _is_told(optimizer):
        return copied_optimizer(optimizer)
    if (silent := _silent_class(type(optimizer))) is not None:
        raise InvalidParameterError(
            f"optimizer={type(optimizer).__name__}(...) has trained a network, and "
            f"{silent.__name__} takes arguments that no get_config of it tells. Give one that "
            f"has trained nothing, its class with optimizer__ and its arguments, or let "
            f"{silent.__name__}.get_config return them."
        )
    twin = type(optimizer).from_config(optimizer.get_config())
    exclude_from_decay_as(twin, optimizer)
    return twin


def _is_told(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether Keras' own code makes the same of a configuration."""
    rate = given_learning_rate(optimizer)
    is_number = isinstance(rate, keras.Variable)
    return is_known(type(optimizer)) and (is_number or is_known(type(rate)))


def _silent_class(kind: type) -> type | None:
    """Return a class of somebody's own with arguments that its configuration lacks, or None."""
    for base in kind.__mro__:
        if is_known(base) or "get_config" in vars(base):
            return None
        if "__init__" in vars(base):
            return base
    return None
