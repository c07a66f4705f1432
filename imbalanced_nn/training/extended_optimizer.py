"""Optimizers that go on with other variables than they were built for."""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import keras

from imbalanced_nn._compat.keras import exclude_from_decay_as, trainable_variables
from imbalanced_nn._compat.late_variables import LISTED, LateVariables
from imbalanced_nn.training.backends import tensors

__all__ = ["extend_optimizer", "put_off_slots", "reset_new_slots"]


def put_off_slots(model: keras.Model, values: Iterable[Any]) -> None:
    """Let the optimizer of a trained network make what it remembers when somebody asks for it.

    Parameters
    ----------
    model : keras.Model
        Its optimizer is not built.
    values : iterable of tensor
        What the optimizer remembers, in the order in which it makes variables for it.
    """
    making = partial(tensors.slots_made, model.optimizer)
    LateVariables(model.optimizer, model.trainable_variables, making, values)


def reset_new_slots(optimizer: keras.optimizers.Optimizer, n_known: int) -> None:
    """Let the variables that an optimizer has made since it had so many start afresh.

    Those of an optimizer of somebody's own that cannot be made anew stay as they are.
    """
    new = optimizer.variables[n_known:]
    if not new:
        return
    with suppress(Exception):
        twin = type(optimizer).from_config(optimizer.get_config())
        twin.build(trainable_variables(optimizer))
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
    known = list(map(id, trainable_variables(optimizer)))
    trained = list(map(id, model.trainable_variables))
    if set(trained) <= set(known) or not set(known) <= set(map(id, model.variables)):
        return
    # Keras says what is wrong where one of somebody's own cannot be made anew.
    with suppress(Exception):
        twin = type(optimizer).from_config(optimizer.get_config())
        exclude_from_decay_as(twin, optimizer)
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
    n_known = len(trainable_variables(optimizer))
    for name, part in vars(optimizer).items():
        other = vars(twin).get(name)
        if isinstance(part, keras.Variable):
            other.assign(part)
        elif isinstance(part, keras.optimizers.Optimizer):
            _take_over(other, part, places)
        elif name in LISTED or not isinstance(part, list):
            continue
        elif isinstance(other, list) and (len(part), len(other)) == (n_known, len(places)):
            for slot, place in zip(other, places, strict=True):
                if place is not None and isinstance(slot, keras.Variable):
                    slot.assign(part[place])
