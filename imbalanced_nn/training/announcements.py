"""Callbacks are told once of what begins, and what they change there is noticed."""

from typing import Any

import keras

from imbalanced_nn._compat.keras import compilation, flattened_layers, initial_epoch
from imbalanced_nn.training.callbacks import (
    DeferredReweighting,
    EpochFollower,
    EpochTasks,
    HeldOutMonitor,
)
from imbalanced_nn.training.eligibility import hooks_of_batches

__all__ = ["OWN", "Announcements"]

# Callbacks of ours; they can do with an equal network in place of the user's.
OWN = (HeldOutMonitor, DeferredReweighting, EpochFollower, EpochTasks)

# What Keras and its callbacks set on a network in any fit, and what a fit does not read.
OF_THE_FIT = {
    *("history", "stop_training", "stop_evaluating", "stop_predicting"),
    *("train_function", "test_function", "predict_function"),
    # An optimizer that is built before the first step starts as one that is built by it.
    "built",
}


class Announcements(keras.callbacks.CallbackList):
    """Keras' list of callbacks, which tells of each begin once.

    Callbacks may change the network until Keras traces its first batch. Who trains is therefore
    decided after they were told, and ``Model.fit`` can take over from there.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
        Ours and the user's.
    model : keras.Model
        The user's network.
    epochs : int
        Number of the last epoch.
    steps : int
        Batches in an epoch.
    verbose : int or "auto"
        As in ``Model.fit``; each epoch is printed when it has ended.
    """

    def __init__(
        self,
        callbacks: list,
        model: keras.Model,
        epochs: int,
        steps: int,
        verbose: int | str = 0,
    ):
        flat = keras.tree.flatten(callbacks)
        self.to_users = not all(isinstance(callback, OWN) for callback in flat)
        self.stops = False
        self._has_begun = False
        self._epoch: int | None = None
        self._before = _attributes(model) if self.to_users else []
        parts = {"epochs": epochs, "steps": steps, "verbose": verbose}
        shows = bool(verbose)
        super().__init__(flat, add_history=True, add_progbar=shows, model=model, **parts)

    def begin(self, first: int, epochs: int) -> tuple[int, str | None]:
        """Tell of the training and its first epoch as ``Model.fit`` does.

        Returns
        -------
        int
            Number of the first epoch.
        str or None
            What was changed that no configuration tells.
        """
        model = self.model
        model.make_train_function()
        self.on_train_begin()
        first = initial_epoch(model) or first
        if first < epochs:
            model.reset_metrics()
            self.on_epoch_begin(first)
        self._compiled = compilation(model), model.train_function
        return first, _untold_change(self._before)

    def compiled_anew(self) -> str | None:
        """Return the reason for going on with ``Model.fit`` if there is other code to run."""
        now = compilation(self.model), self.model.train_function
        same = all(a is b for a, b in zip(now, self._compiled, strict=True))
        return None if same else "the network was compiled anew between epochs"

    def tell_of_batches(self, n_batches: int, kind: str) -> None:
        """Tell callbacks that only count of batches that are done, of ``kind`` train or test."""
        for callback in filter(hooks_of_batches, self.callbacks):
            begin, end = (getattr(callback, f"on_{kind}_batch_{what}") for what in ("begin", "end"))
            for number in range(n_batches):
                begin(number, None)
                end(number, {})

    def check_loss(self, logs: dict) -> None:
        """Show an epoch's loss, which a loss of any batch that is none leaves as none."""
        for callback in self.callbacks:
            if isinstance(callback, keras.callbacks.TerminateOnNaN):
                callback.on_batch_end(self.params["steps"] - 1, logs)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Tell that the training begins, or that it goes on elsewhere."""
        if self._has_begun:
            # `Model.fit` has just let go of what a callback asked for.
            self.model.stop_training = self.model.stop_training or self.stops
            return
        self._has_begun = True
        super().on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Tell that an epoch begins, if that was not told."""
        if epoch != self._epoch:
            self._epoch = epoch
            super().on_epoch_begin(epoch, logs)


def _attributes(model: keras.Model) -> list[tuple[Any, dict[str, Any]]]:
    """Return the parts of a network beside what they hold now."""
    parts = [model.optimizer, model.loss, *flattened_layers(model)]
    return [(part, dict(vars(part))) for part in parts if hasattr(part, "__dict__")]


def _untold_change(before: list[tuple[Any, dict[str, Any]]]) -> str | None:
    """Return which attribute has changed that the configuration of its owner does not tell.

    Names that Keras does not know are the user's own, and private ones are Keras' notes of what
    is told elsewhere.
    """
    for part, values in before:
        changed = {
            name
            for name, value in vars(part).items()
            if (name in values or hasattr(type(part), name)) and value is not values.get(name)
        }
        changed = {name for name in changed - OF_THE_FIT if not name.startswith("_")}
        told = {"name"} if isinstance(part, keras.Model) or not changed else part.get_config()
        if untold := sorted(changed - set(told)):
            owner = getattr(part, "name", type(part).__name__)
            return f"a callback has changed {untold[0]} of {owner}"
    return None
