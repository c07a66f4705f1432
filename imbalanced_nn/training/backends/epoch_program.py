"""What programs of whole epochs share, whichever backend runs them."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.keras import build_compiled_metrics
from imbalanced_nn.training.backends import tensors
from imbalanced_nn.training.cache import n_bytes
from imbalanced_nn.training.global_draws import layer_classes
from imbalanced_nn.training.prefix import split_fixed
from imbalanced_nn.training.process import seeded
from imbalanced_nn.training.told import untold
from imbalanced_nn.training.twins import twin_of
from imbalanced_nn.training.variables import EqualVariables, SameVariables

__all__ = ["FIXED_ROWS", "EpochProgram", "OwnNetwork"]

FIXED_ROWS = 2**15
"""Rows that go through fixed layers at once, which bounds the memory of what they make."""


class EpochProgram(ABC):
    """A private twin of a network, whose training epoch a backend's ``Program`` runs.

    Parameters
    ----------
    model : keras.Model
        Compiled; the twin is made from its configuration and shares nothing with it.
    batch_size : int
        Rows in a batch; the last one of an epoch may be smaller.
    data : tuple
        X, y and the weights of an epoch's rows, for their types and shapes; X is an array, or a
        list or dict of them.
    """

    batch_size: int

    def __init__(self, model: keras.Model, batch_size: int, data: tuple[Any, ...]):
        with seeded(0, *layer_classes(model)), tensors.variables_alike():
            self.twin = self._twin(model, data)
            self._make_metrics(data)
            self._fixed, self._rest = self._split()
        slots = self.twin.optimizer.variables
        self.fresh_slots = tensors.values_of(slots)
        self.n_bytes = n_bytes([*self.twin.variables, *slots, *slots])
        self.lock = threading.Lock()
        self.holder: int | None = None
        self.has_own_code = untold(model) is not None
        self._set_up(batch_size)

    @abstractmethod
    def _set_up(self, batch_size: int) -> None:
        """Begin without any program."""

    def _twin(self, model: keras.Model, data: tuple[Any, ...]) -> keras.Model:
        """Return an equal network that takes such data."""
        return twin_of(model)

    @abstractmethod
    def _make_metrics(self, data: tuple[Any, ...]) -> None:
        """Make the twin's metrics, which Keras makes when they are first used."""

    def _build(self, data: list[Any]) -> None:
        """Make what a network itself lacks before its first batch; the twin lacks nothing."""
        return

    def _split(self) -> tuple[Any, Any]:
        """Return what the twin does before its first trained layer, and the rest, compiled."""
        # Metrics are the twin's own.
        parts = split_fixed(self.twin) if len(self.twin.metrics) == 1 else None
        if parts is None or not self._trains_alike(parts[1]):
            return None, None
        parts[1].compile(self.twin.optimizer, self.twin.loss)
        return parts

    def _trains_alike(self, rest: keras.Model) -> bool:
        """Whether the twin's optimizer can train the rest alone."""
        return True

    @property
    def has_fixed(self) -> bool:
        """Whether a part of the network comes before all that is trained."""
        return self._fixed is not None

    def pair_with(self, model: keras.Model) -> EqualVariables | SameVariables:
        """Return the variables of a network beside those that are trained."""
        return EqualVariables(model, self.twin, self.fresh_slots)

    @abstractmethod
    def trace(
        self,
        data: list[Any],
        weight: np.ndarray,
        held_out: list[Any],
        evaluated: tuple[list[Any], int] | None,
    ) -> str | None:
        """Make ready what the fit will run, before it begins; return what cannot be, or None.

        Parameters
        ----------
        data, held_out : list
            As in `train`.
        weight : ndarray
            Weights of the rows of an epoch.
        evaluated : tuple of (list, int) or None
            As in `evaluate`, if it will be called.
        """

    @abstractmethod
    def fixed(self, X: Any) -> Any:
        """Return what the part before all that is trained makes of inputs, block by block."""

    @abstractmethod
    def judged(self, held_out: list[Any]) -> list[Any]:
        """Return inputs, targets and weights of rows to judge by as `train` takes them."""

    @abstractmethod
    def train(
        self,
        data: list[Any],
        weights: list[np.ndarray],
        rows: list[np.ndarray],
        held_out: list[Any],
        is_fixed: bool,
        goes_on: bool = False,
        at_once: int = 1,
    ) -> Iterator[tuple[dict[str, Any], tuple[np.ndarray, ...]]]:
        """Train in one call for one or several epochs on the same data.

        Parameters
        ----------
        data : list
            X, a tensor or a list or dict of them, and y.
        weights, rows : list of ndarray
            For each epoch the numbers of its rows in their order, and their weights.
        held_out : list
            What `judged` made of rows to judge by after each epoch, or nothing.
        is_fixed : bool
            Whether the inputs are what `fixed` has made of them.
        goes_on : bool, default=False
            Whether the rows belong to the epoch of the call before.
        at_once : int, default=1
            The most epochs of a call in this fit, where a program is for a number of them.

        Yields
        ------
        dict
            Metrics of an epoch.
        tuple of ndarray
            Outputs and loss of the held-out rows after it, empty without any.
        """

    @abstractmethod
    def evaluate(self, data: list[Any], batch_size: int, goes_on: bool = False) -> dict[str, Any]:
        """Return the metrics of held-out inputs, targets and weights, as ``Model.evaluate``.

        Where the rows go on with those of the call before, the metrics are of all of them.
        """


class OwnNetwork(EpochProgram):
    """The same for a network itself, which no configuration tells, and for one fit.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    batch_size : int
        Rows in a batch; the last one of an epoch may be smaller.
    """

    def __init__(self, model: keras.Model, batch_size: int):
        self.twin, self.has_own_code = model, True
        self._fixed = self._rest = None
        self._set_up(batch_size)

    def pair_with(self, model: keras.Model) -> EqualVariables | SameVariables:
        """Return nothing to assign; the network is what is trained."""
        return SameVariables()

    def _build(self, data: list[Any]) -> None:
        """Make what Keras makes of a network before its first batch."""
        with tensors.variables_alike():
            first = keras.tree.map_structure(lambda part: part[: self.batch_size], tuple(data))
            build_compiled_metrics(self.twin, first)
            if not self.twin.optimizer.built:
                self.twin.optimizer.build(self.twin.trainable_variables)
