"""Networks that take batches of one size alone, and what they carry from batch to batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.keras import flattened_layers

__all__ = ["carried_states", "fixed_batch_size", "from_no_state"]


def fixed_batch_size(model: Any) -> int | None:
    """Return the number of rows that every batch of a network must have, None if any will do.

    Parameters
    ----------
    model : keras.Model
        Its inputs say, if it knows them.
    """
    inputs = keras.tree.flatten(getattr(model, "inputs", None) or [])
    sizes = (tensor.shape[0] for tensor in inputs)
    return next((size for size in sizes if size is not None), None)


def carried_states(model: keras.Model) -> list[keras.Variable]:
    """Return what stateful layers carry to the next batch; Keras counts it to no network."""
    layers = [layer for layer in flattened_layers(model) if getattr(layer, "stateful", False)]
    return keras.tree.flatten([getattr(layer, "states", None) or [] for layer in layers])


@contextmanager
def from_no_state(model: keras.Model) -> Iterator[None]:
    """Let stateful layers start from nothing inside the block, then put back what they carried."""
    states = carried_states(model)
    before = [np.copy(state.numpy()) for state in states]
    try:
        for state in states:
            state.assign(np.zeros(state.shape, state.dtype))
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)
