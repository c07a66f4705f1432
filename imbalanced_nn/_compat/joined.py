"""Optimizers that update many small variables as one, with the numbers that Keras gets.

A step of a small network is mostly the number of its operations, and an optimizer makes a dozen
or more of each variable. What they do to a number depends on no other one, so all variables are
updated by the operations of a single one, in which they lie end to end.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import compress
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn._compat.late_variables import LISTED

__all__ = ["JOINED", "JoinedUpdates", "NotJoinable", "as_one", "joins"]

SMALL = 2**13
"""Numbers in a variable beyond which copying them takes longer than the operations saved."""

BY_NUMBER = (keras.optimizers.Adam, keras.optimizers.AdamW)
"""Classes of optimizers that make many operations of each variable, number by number.

RMSprop is none: TensorFlow rewrites its root and division to an operation that rounds by place.
"""


class NotJoinable(Exception):
    """Some of the variables turned out to be updated otherwise.

    Parameters
    ----------
    others : list of keras.Variable
        Those that can be joined anew.
    """

    def __init__(self, others: list[keras.Variable]):
        super().__init__(f"The gradients of {len(others)} variables alone tell of each number.")
        self.others = others


class _Whole:
    """Stands for variables, end to end, where an optimizer changes one."""

    dtype = tf.float32

    def __init__(self, parts: list[keras.Variable]):
        self.parts = [part.value for part in parts]
        self.shapes = [tuple(part.shape) for part in parts]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]

    def assign_add(self, value: tf.Tensor) -> None:
        """Add to each variable its part."""
        for part, its in zip(self.parts, self.split(value), strict=True):
            part.assign_add(its)

    def assign_sub(self, value: tf.Tensor) -> None:
        """Subtract from each variable its part."""
        for part, its in zip(self.parts, self.split(value), strict=True):
            part.assign_sub(its)

    def split(self, value: tf.Tensor) -> list[tf.Tensor]:
        """Return the part of each variable."""
        pairs = zip(tf.split(value, self.sizes), self.shapes, strict=True)
        return [tf.reshape(part, shape) for part, shape in pairs]


class JoinedUpdates(keras.optimizers.Optimizer):
    """Part of an optimizer's class by which it updates small variables as one.

    While it does, see `as_one`, what it remembers of them is kept in variables of its own that are
    no part of ``optimizer.variables``.
    """

    _joined: tuple[keras.Variable, ...] = ()
    _whole: Any = None
    _slots: Mapping[str, tuple[list[keras.Variable], keras.Variable]] = MappingProxyType({})

    def join(self, variables: list[keras.Variable]) -> None:
        """Let small ones of the variables that it trains be updated as one.

        Parameters
        ----------
        variables : list of keras.Variable
            Those whose gradients tell of each number.
        """
        # Keras would track, and save, what is set as usual.
        own, trained = self.__dict__, self._trainable_variables
        for name in own.pop("_slots", {}):
            own[name] = own[name][: len(trained)]
        own.pop("_whole", None)
        joined = [variable for variable in variables if _is_joinable(variable)]
        own["_joined"] = tuple(joined) if len(joined) > 1 else ()
        if not self._joined:
            return
        own["_whole"] = whole = _Whole(joined)
        places = {id(variable): place for place, variable in enumerate(trained)}
        chosen = [places[id(variable)] for variable in joined]
        zeros = np.zeros(sum(whole.sizes), np.float32)
        own["_slots"] = {}
        for name in _slot_lists(self):
            slot = keras.Variable(zeros, trainable=False, name="joined")
            own["_slots"][name] = [own[name][place] for place in chosen], slot
            own[name] = [*own[name], slot]

    def gather(self) -> None:
        """Begin with what is remembered of the variables."""
        for parts, whole in self._slots.values():
            values = [tf.reshape(part.value, [-1]) for part in parts]
            whole.value.assign(tf.concat(values, 0))

    def spread(self) -> None:
        """Give back what is remembered of them by then."""
        for parts, whole in self._slots.values():
            for part, value in zip(parts, self._whole.split(whole.value), strict=True):
                part.value.assign(value)

    def _get_variable_index(self, variable):
        """Return the place of what is remembered of a variable."""
        if variable is self._whole:
            return len(self._trainable_variables)
        return super()._get_variable_index(variable)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        """Update variables by their gradients."""
        gradient_of = dict(zip(map(id, trainable_variables), grads, strict=True))
        joined = [gradient_of.pop(id(variable), None) for variable in self._joined]
        told = [isinstance(part, tf.Tensor) and part.dtype == tf.float32 for part in joined]
        if not all(told):
            raise NotJoinable(list(compress(self._joined, told)))
        if joined:
            gradient = tf.concat([tf.reshape(part, [-1]) for part in joined], 0)
            self.update_step(gradient, self._whole, learning_rate)
        others = [(gradient_of[id(v)], v) for v in trainable_variables if id(v) in gradient_of]
        if others:
            super()._backend_update_step(*map(list, zip(*others, strict=True)), learning_rate)

    @property
    def wholes(self) -> list[keras.Variable]:
        """What it remembers of the variables that it has joined."""
        return [whole for _, whole in self._slots.values()]


JOINED = {
    kind: type(f"Joined{kind.__name__}", (JoinedUpdates, kind), {"__doc__": kind.__doc__})
    for kind in BY_NUMBER
}
"""Classes of optimizers, and equal ones that may join variables."""


@contextmanager
def as_one(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Let an optimizer update inside the block, in a graph, as one what it has joined.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        One that has joined nothing updates as it always does.
    """
    if not isinstance(optimizer, JoinedUpdates):
        yield
        return
    optimizer.gather()
    yield
    optimizer.spread()


def joins(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether an optimizer updates each number by itself, at every step.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Of any class.
    """
    return type(optimizer) in BY_NUMBER and not optimizer.gradient_accumulation_steps


def _is_joinable(variable: keras.Variable) -> bool:
    """Whether a variable is small and of the usual type."""
    is_plain = variable.dtype == "float32" and not variable.overwrite_with_gradient
    return is_plain and np.prod(variable.shape) <= SMALL


def _slot_lists(optimizer: Any) -> list[str]:
    """Return the names of the lists by which an optimizer's updates remember each variable."""
    others = (*LISTED, "_model_variables_moving_average")
    n_trained = len(optimizer._trainable_variables)
    return [
        name
        for name, part in vars(optimizer).items()
        if isinstance(part, list)
        and name not in others
        and len(part) == n_trained
        and all(isinstance(slot, keras.Variable | None) for slot in part)
    ]
