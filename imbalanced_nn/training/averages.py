"""Moving averages that an optimizer keeps of a network's weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from imbalanced_nn._compat.keras import moving_averages, trainable_variables

__all__ = ["averaged_weights", "with_averages"]


def _pairs(model: keras.Model) -> list[tuple[keras.Variable, keras.Variable]]:
    """Return weights and the averages that the optimizer keeps of them."""
    optimizer: Any = getattr(model, "optimizer", None)
    # One that scales losses has averages of its own, which nothing updates.
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if not getattr(optimizer, "use_ema", False) or not optimizer.built:
        return []
    # Reading them makes those that an earlier fit has put off.
    _ = optimizer.variables[:1]
    trained, kept = trainable_variables(optimizer), moving_averages(optimizer)
    return [pair for pair in zip(trained, kept, strict=True) if pair[1] is not None]


@contextmanager
def with_averages(model: keras.Model) -> Iterator[None]:
    """Put the averages in the place of the weights while the block runs, in a graph too.

    Parameters
    ----------
    model : keras.Model
        A network whose optimizer keeps averages; any other stays as it is.
    """
    pairs = _pairs(model)
    before = [ops.copy(weight.value) for weight, _ in pairs]
    try:
        for weight, average in pairs:
            weight.assign(average.value)
        yield
    finally:
        for (weight, _), value in zip(pairs, before, strict=True):
            weight.assign(value)


def averaged_weights(model: keras.Model) -> list[np.ndarray]:
    """Return what ``get_weights`` would, had the averages taken the place of the weights.

    Parameters
    ----------
    model : keras.Model
        Network.
    """
    average_of = {id(weight): average for weight, average in _pairs(model)}
    return [average_of.get(id(weight), weight).numpy() for weight in model.weights]
