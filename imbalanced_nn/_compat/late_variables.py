"""Variables of a Keras optimizer that are made when somebody first reads them.

Few networks are ever trained on, and making what their optimizers remember takes a tenth of a
small fit. Keras has no door for it: the list of variables, ``build`` and the method that
TensorFlow's checkpoints go by are replaced on the optimizer until then.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras

__all__ = ["LISTED", "LateVariables"]

LISTED = ("_variables", "_trainable_variables")
"""Attributes of an optimizer that list variables, its own and those that it trains."""


class LateVariables(Sequence):
    """The variables of an optimizer that is built, from values, when they are first read.

    Until then this is in the place of the optimizer's list of variables, through which Keras
    saves, copies and shows them, of its method ``build``, by which Keras starts to train, and of
    the one that TensorFlow's checkpoints go by.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Not built.
    trained : list of keras.Variable
        What it has trained.
    making : callable
        Returns a context in which variables that are made get the values that it is given.
    values : iterable of tensor, default=()
        Those values; the optimizer's own without any.
    """

    def __init__(
        self,
        optimizer: keras.optimizers.Optimizer,
        trained: list[keras.Variable],
        making: Callable[[Iterable[Any]], AbstractContextManager],
        values: Iterable[Any] = (),
    ):
        self._optimizer, self._trained, self._making = optimizer, trained, making
        self.values = list(values)
        self._made = optimizer._variables
        # Its own thread reads the variables while they are made; others wait for all of them.
        self._lock, self._is_making = threading.RLock(), False
        # Past Keras' tracking, which has the list of those that are made.
        self._instead = {"build": self._build, "_trackable_children": self._children}
        vars(optimizer).update(_variables=self, **self._instead)

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    @classmethod
    def of(cls, optimizer: keras.optimizers.Optimizer) -> "LateVariables | None":
        """Return those of an optimizer, None where it has made its variables or has none such."""
        listed = vars(optimizer).get("_variables")
        return listed if isinstance(listed, cls) else None

    @property
    def made(self) -> list[keras.Variable]:
        """The variables that an optimizer has before it is built."""
        return self._made

    def withdraw(self) -> None:
        """Let the optimizer be again as one that is not built."""
        with self._lock:
            for name in self._instead:
                del vars(self._optimizer)[name]
            vars(self._optimizer)["_variables"] = self._made

    def _build(self, *_: Any) -> None:
        """Take the place of ``build``: for what was trained, whatever is to be trained now."""
        self._all()

    def _children(self, *args: Any, **kwargs: Any) -> Any:
        """Take the place of ``_trackable_children``."""
        self._all()
        return self._optimizer._trackable_children(*args, **kwargs)

    def _all(self) -> list[keras.Variable]:
        """Return all variables, made if they are not yet."""
        with self._lock:
            optimizer = self._optimizer
            if self._is_making or vars(optimizer).get("_variables") is not self:
                return self._made
            before, n_known = dict(vars(optimizer)), len(self._made)
            self._is_making = True
            try:
                with self._making(self.values):
                    type(optimizer).build(optimizer, self._trained)
                for name in self._instead:
                    del vars(optimizer)[name]
                vars(optimizer)["_variables"] = self._made
            except BaseException:
                # Keras takes an optimizer for built from the first of its variables on.
                vars(optimizer).update(before)
                del self._made[n_known:]
                raise
            finally:
                self._is_making = False
            return self._made
