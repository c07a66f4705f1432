"""Networks of folds, trained at once where the backend has a program for several."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from imbalanced_nn.training.backends import epochs_module, tensors
from imbalanced_nn.training.batches import RowBatches
from imbalanced_nn.training.feed import Feed
from imbalanced_nn.training.fingerprint import training_key
from imbalanced_nn.training.held_out import HeldOutPass
from imbalanced_nn.training.twins import shared_by

__all__ = ["Side", "SideBySide", "may_train_together", "side_by_side"]

# What may be held of the networks' values, after each epoch until the last network has seen it.
KEPT_BYTES = 2**28


def may_train_together() -> bool:
    """Whether this backend has a program for several networks, and a device that gains by it.

    One core is as fast, or faster, with one network after the other; see `benchmarks.side_by_side`.
    """
    module = epochs_module()
    return hasattr(module, "SeveralEpochs") and tensors.is_parallel()


@dataclass(frozen=True)
class Side:
    """One of several networks and what it is trained on.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    batches : RowBatches
        What to train on.
    held_out : HeldOutPass or None
        Rows to judge by after each epoch.
    """

    model: keras.Model
    batches: RowBatches
    held_out: HeldOutPass | None


def side_by_side(sides: list[Side], n_epochs: int) -> "SideBySide | None":
    """Return what trains several networks at once, None where they are not equal.

    Parameters
    ----------
    sides : list of Side
        The networks; nobody but this package watches their epochs.
    n_epochs : int
        Largest number of epochs.
    """
    return SideBySide(sides) if _are_equal(sides, n_epochs) else None


def _are_equal(sides: list[Side], n_epochs: int) -> bool:
    """Whether networks and the forms of their rows are equal, and their values no burden."""
    keys, n_bytes = set(), 0
    for side in sides:
        batches, model = side.batches, side.model
        held = isinstance(batches, RowBatches) and batches.is_whole and batches.keeps_data
        if not held or shared_by(model) != []:
            return False
        row = next(batches.blocks(rows=batches.rows[:1]))
        keys.add(training_key(model, batches.batch_size, row))
        # Values, an average of each and two slots.
        n_bytes += 4 * n_epochs * sum(np.prod(v.shape) * 4 for v in model.trainable_variables)
    return len(keys) == 1 and n_bytes <= KEPT_BYTES


class SideBySide:
    """Epochs of several equal networks, each trained for all of them when it is first asked for.

    The fits of the networks follow one another, each with callbacks and stopping of its own, and
    are handed the results of their epochs. Those of a network whose fit is over are trained on no
    rows.

    Parameters
    ----------
    sides : list of Side
        The networks, in the order of their fits.
    """

    def __init__(self, sides: list[Side]):
        self._sides = sides
        self._feeds: list[Feed] = []
        self._run: Any = None
        self._values: Any = None
        self._calls: list[Any] = []

    def load(self, program: Any) -> bool:
        """Make the rows of all networks ready, before the fit of the first.

        Returns
        -------
        bool
            Whether all networks are as their configurations tell.
        """
        if self._feeds:
            return True
        try:
            pairs = [program.pair_with(side.model) for side in self._sides]
        except ValueError:
            return False
        values = []
        for side, variables in zip(self._sides, pairs, strict=True):
            variables.to_second()
            feed = Feed(program, side.batches, side.batches.whole())
            feed.judge(side.held_out)
            if program.has_fixed and tensors.is_tensor(feed.tensors[0]):
                feed.fix()
            self._feeds.append(feed)
            values.append(program.values(feed.is_fixed))
        shapes = {
            repr(keras.tree.map_structure(np.shape, (feed.tensors, feed.judged)))
            for feed in self._feeds
        }
        if program.fills and len(shapes) == 1:
            self._run = epochs_module().SeveralEpochs(program, self._feeds)
            self._values = self._run.stacked(values)
        return True

    @property
    def is_shared(self) -> bool:
        """Whether the networks are trained at once, which their rows may not allow."""
        return self._run is not None

    def feed(self, model: keras.Model) -> Feed:
        """Return the rows of a network."""
        return self._feeds[self._number(model)]

    def _number(self, model: keras.Model) -> int:
        """Return which of the networks one is."""
        return next(n for n, side in enumerate(self._sides) if side.model is model)

    def epochs(
        self, model: keras.Model, program: Any, n_epochs: int, at_once: int
    ) -> Iterator[tuple[dict[str, Any], tuple[np.ndarray, ...]]]:
        """Yield what `EpochProgram.train` does for so many epochs of a network.

        Parameters
        ----------
        model : keras.Model
            One of the networks, whose fit comes after those before it.
        program : EpochProgram
            Its twin holds the values that the network has after an epoch.
        n_epochs : int
            Largest number of epochs.
        at_once : int
            Epochs of a call.
        """
        number, n_done = self._number(model), 0
        for call in range(-(-n_epochs // at_once)):
            n_of_call = min(at_once, n_epochs - n_done)
            if call == len(self._calls):
                self._calls.append(self._train(number, n_of_call, at_once))
            values, results = self._calls[call]
            program.hold(self._run.values_of(values, number), self._feeds[number].is_fixed)
            if model is self._sides[-1].model:
                self._calls[call] = None
            yield from results[number]
            n_done += n_of_call

    def _train(self, first: int, n_epochs: int, at_once: int) -> tuple[Any, list[Any]]:
        """Train the networks whose fits have not ended, from the first of them on."""
        drawn = [
            [feed.draw() for _ in range(n_epochs)] if number >= first else []
            for number, feed in enumerate(self._feeds)
        ]
        self._values, results = self._run.train(self._values, drawn, at_once)
        return self._values, results
