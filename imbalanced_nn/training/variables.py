"""Variables of networks: made cheaply, and copied between equal networks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

__all__ = ["EqualVariables", "read", "variables_alike"]


@contextmanager
def variables_alike() -> Iterator[None]:
    """Make TensorFlow's variables inside the block under one name.

    TensorFlow prepares a kernel for each new name and keeps it until the process ends. Keras
    numbers its layers and optimizers on through the process, so every fit would pay for new
    names, half a millisecond a variable, and leave their kernels behind. Keras' own names and
    paths, which saving goes by, stay as they are.
    """
    with tf.variable_creator_scope(_under_one_name):
        yield


def _under_one_name(make: Callable[..., tf.Variable], **arguments: Any) -> tf.Variable:
    """Make a variable; in a graph and among replicas its name has a meaning."""
    if not tf.executing_eagerly() or tf.distribute.has_strategy():
        return make(**arguments)
    # A scope that ends in a slash replaces those around it.
    with tf.name_scope("network/"):
        return make(**arguments | {"name": "variable"})


def read(variable: keras.Variable) -> tf.Tensor:
    """Return the value of a variable; Keras' own way converts and checks for ten times as long."""
    return tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype)


class EqualVariables:
    """The variables of two equal networks, their optimizers and losses, side by side.

    Those of metrics are left out: they start each epoch anew, and are made when first used.

    Parameters
    ----------
    first, second : keras.Model
        Compiled networks with optimizers that are built.

    Raises
    ------
    ValueError
        If the networks are not equal.
    """

    def __init__(self, first: keras.Model, second: keras.Model):
        self._pairs = []
        for part in (_own_variables, _optimizer_variables, _loss_variables):
            for one, other in zip(part(first), part(second), strict=True):
                if one.shape != other.shape or one.dtype != other.dtype:
                    raise ValueError(f"{one.path} and {other.path} differ in shape or type.")
                self._pairs.append((one, other))

    def to_second(self) -> None:
        """Assign the values of the first network's variables to those of the second."""
        for one, other in self._pairs:
            tf.raw_ops.AssignVariableOp(resource=other.handle, value=read(one))

    def to_first(self) -> None:
        """Assign them the other way."""
        for one, other in self._pairs:
            tf.raw_ops.AssignVariableOp(resource=one.handle, value=read(other))


def _own_variables(model: keras.Model) -> list[keras.Variable]:
    """Weights and the states of random layers."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics]


def _optimizer_variables(model: keras.Model) -> list[keras.Variable]:
    """What the optimizer remembers."""
    return model.optimizer.variables


def _loss_variables(model: keras.Model) -> list[keras.Variable]:
    """What a loss knows of the classes."""
    return getattr(model.loss, "statistics", [])
