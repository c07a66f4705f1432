"""Optimizers whose variables are made late: when somebody asks, or for what is trained now."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import keras
import tensorflow as tf

from imbalanced_nn.training.variables import variables_alike

__all__ = ["LateVariables", "extend_optimizer", "reset_new_slots"]


class LateVariables(Sequence):
    """The variables of an optimizer that is built, from values, when they are first read.

    Few networks are ever trained on, and making what their optimizers remember takes a tenth of
    a small fit. Until then this is in the place of the optimizer's list of variables, through
    which Keras saves, copies and shows them, of its method ``build``, by which Keras starts to
    train, and of the one that TensorFlow's checkpoints go by.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Not built.
    trained : list of keras.Variable
        What it has trained.
    values : list of tf.Tensor
        What it would hold by now beside its own variables.
    """

    def __init__(
        self,
        optimizer: keras.optimizers.Optimizer,
        trained: list[keras.Variable],
        values: list[tf.Tensor],
    ):
        self._optimizer, self._trained, self._values = optimizer, trained, values
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
                with variables_alike(self._values):
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


def reset_new_slots(optimizer: keras.optimizers.Optimizer, n_known: int) -> None:
    """Let the variables that an optimizer has made since it had so many start afresh.

    Those of an optimizer of somebody's own that cannot be made anew stay as they are.
    """
    new = optimizer.variables[n_known:]
    if not new:
        return
    with suppress(Exception):
        twin = type(optimizer).from_config(optimizer.get_config())
        twin.build(optimizer._trainable_variables)
        for variable, fresh in zip(new, twin.variables[n_known:], strict=True):
            variable.assign(fresh)


def extend_optimizer(model: keras.Model) -> None:
    """Give a network whose optimizer knows but a part of what is trained one that knows all.

    Keras would refuse to train it: an old HDF5 file is loaded with an optimizer built for no
    variable at all, and layers may have been frozen when it was built. What the optimizer
    remembers of the variables it knows goes over to the new one, which starts afresh at the same
    learning rate if there is none. One that was built for another network stays, for Keras to
    refuse.

    Parameters
    ----------
    model : keras.Model
        Compiled; anything else is left as it is.
    """
    optimizer = getattr(model, "optimizer", None)
    # Reading its variables builds an optimizer of which an earlier fit has put that off.
    if not (isinstance(optimizer, keras.Optimizer) and optimizer.variables and optimizer.built):
        return
    known = list(map(id, optimizer._trainable_variables))
    trained = list(map(id, model.trainable_variables))
    if set(trained) <= set(known) or not set(known) <= set(map(id, model.variables)):
        return
    # Keras says what is wrong where one of somebody's own cannot be made anew.
    with suppress(Exception):
        twin = type(optimizer).from_config(optimizer.get_config())
        for name in ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern"):
            if name in vars(optimizer):
                setattr(twin, name, getattr(optimizer, name))
        twin.build(model.trainable_variables)
        # A count of steps without what they left behind would mislead the corrections for it.
        if known:
            places = [known.index(key) if key in known else None for key in trained]
            _take_over(twin, optimizer, places)
        model.optimizer, model.train_function = twin, None


def _take_over(
    twin: keras.optimizers.Optimizer,
    optimizer: keras.optimizers.Optimizer,
    places: list[int | None],
) -> None:
    """Assign what an optimizer holds to another, for whose variables it has such places."""
    n_known = len(optimizer._trainable_variables)
    for name, part in vars(optimizer).items():
        other = vars(twin).get(name)
        if isinstance(part, keras.Variable):
            other.assign(part)
        elif isinstance(part, keras.optimizers.Optimizer):
            _take_over(other, part, places)
        elif name in ("_variables", "_trainable_variables") or not isinstance(part, list):
            continue
        elif isinstance(other, list) and (len(part), len(other)) == (n_known, len(places)):
            for slot, place in zip(other, places, strict=True):
                if place is not None and isinstance(slot, keras.Variable):
                    slot.assign(part[place])
