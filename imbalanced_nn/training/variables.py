"""Variables of networks: made cheaply, and copied between equal networks."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

__all__ = ["EqualVariables", "SameVariables", "read", "variables_alike"]


@contextmanager
def variables_alike(values: Iterable[tf.Tensor] = ()) -> Iterator[None]:
    """Make TensorFlow's variables inside the block under one name.

    TensorFlow prepares a kernel for each new name and keeps it until the process ends. Keras
    numbers its layers and optimizers on through the process, so every fit would pay for new
    names, half a millisecond a variable, and leave their kernels behind. Keras' own names and
    paths, which saving goes by, stay as they are.

    Parameters
    ----------
    values : iterable of tf.Tensor, default=()
        Values for the first variables made, in their order, in place of their initialisers'.
    """
    values = iter(values)

    def make_alike(make: Callable[..., tf.Variable], **arguments: Any) -> tf.Variable:
        value = next(values, None)
        if value is not None:
            arguments["initial_value"] = value
        return _under_one_name(make, arguments)

    with tf.variable_creator_scope(make_alike):
        yield


def _under_one_name(make: Callable[..., tf.Variable], arguments: dict[str, Any]) -> tf.Variable:
    """Make a variable; in a graph and among replicas its name has a meaning."""
    if not tf.executing_eagerly() or tf.distribute.has_strategy():
        return make(**arguments)
    # A scope that ends in a slash replaces those around it.
    with tf.name_scope("network/"):
        return make(**arguments | {"name": "variable"})


def read(variable: keras.Variable) -> tf.Tensor:
    """Return the value of a variable; Keras' own way converts and checks for far longer."""
    # A type by name would send TensorFlow past its fast path.
    dtype = _TYPES.get(variable.dtype) or tf.as_dtype(variable.dtype)
    return tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=dtype)


_TYPES = {dtype.name: dtype for dtype in (tf.float32, tf.int32, tf.int64, tf.uint32)}


class EqualVariables:
    """The variables of two equal networks, their optimizers and losses, side by side.

    Those of metrics start each epoch anew and are made when first used; only somebody who looks at
    the first network between epochs has them paired.

    Parameters
    ----------
    first, second : keras.Model
        Compiled networks; the optimizer of the second is built.
    slots : list of tf.Tensor
        What the optimizer of the second held when it was built, by which that of the first
        starts if it is not built yet.

    Raises
    ------
    ValueError
        If the networks are not equal.
    """

    def __init__(self, first: keras.Model, second: keras.Model, slots: list[tf.Tensor]):
        self._first, self._second = first, second
        self._pairs: list[tuple[keras.Variable, keras.Variable]] = []
        for part in (_own_variables, _loss_variables):
            self._pair(part(first), part(second))
        known, others = first.optimizer.variables, second.optimizer.variables
        if first.optimizer.built:
            self._slots, self._fresh = [], []
        else:
            self._slots, self._fresh = others[len(known) :], slots[len(known) :]
            others = others[: len(known)]
        self._pair(known, others)
        self._results: list[tuple[keras.Variable, keras.Variable]] = []

    def pair_metrics(self) -> None:
        """Let `to_first` assign the values of metrics too, which both networks have made."""
        metrics = self._first.metrics_variables, self._second.metrics_variables
        self._results = list(zip(*metrics, strict=True))

    def _pair(self, ones: list[keras.Variable], others: list[keras.Variable]) -> None:
        """Put variables side by side."""
        for one, other in zip(ones, others, strict=True):
            if one.shape != other.shape or one.dtype != other.dtype:
                raise ValueError(f"{one.path} and {other.path} differ in shape or type.")
            self._pairs.append((one, other))

    def to_second(self) -> None:
        """Assign the values of the first network's variables to those of the second."""
        for one, other in self._pairs:
            _assign(other, read(one))
        for slot, value in zip(self._slots, self._fresh, strict=True):
            _assign(slot, value)

    def to_first(self) -> None:
        """Assign them the other way."""
        for one, other in self._pairs + self._results:
            _assign(one, read(other))

    def build_first_optimizer(self) -> None:
        """Build the optimizer of the first network, if it is not yet, as that of the second is."""
        optimizer = self._first.optimizer
        if not optimizer.built:
            n_known = len(optimizer.variables)
            with variables_alike(map(read, self._slots)):
                optimizer.build(self._first.trainable_variables)
            self._pair(optimizer.variables[n_known:], self._slots)
            self._slots, self._fresh = [], []

    def slots(self) -> list[tf.Tensor]:
        """Return what the optimizer of the second holds and that of the first has yet to make."""
        return list(map(read, self._slots))


class SameVariables:
    """Stands for the two sides where both are one network."""

    def pair_metrics(self) -> None:
        """Pair nothing."""

    def to_second(self) -> None:
        """Assign nothing."""

    def to_first(self) -> None:
        """Assign nothing."""

    def build_first_optimizer(self) -> None:
        """The optimizer is built."""

    def slots(self) -> list[tf.Tensor]:
        """Return nothing that is yet to be made."""
        return []


def _assign(variable: keras.Variable, value: tf.Tensor) -> None:
    """Assign a value of the variable's own shape and type."""
    tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)


def _own_variables(model: keras.Model) -> list[keras.Variable]:
    """Weights and the states of random layers."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics]


def _loss_variables(model: keras.Model) -> list[keras.Variable]:
    """What a loss knows of the classes."""
    return getattr(model.loss, "statistics", [])
