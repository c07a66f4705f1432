"""Where rows that weigh nothing may fill batches up, so that one program serves more numbers."""

from typing import Any

import jax
import keras
import numpy as np

from imbalanced_nn._compat.keras import flattened_layers, mask_of, seeds_of
from imbalanced_nn.losses import ClassLoss, PairwiseAUCLoss, keras_loss
from imbalanced_nn.training.own_code import is_known

__all__ = ["fills_batches", "fills_held_out", "padded", "reduction_of", "weigh_up"]

REDUCTIONS = ("sum", "mean", "sum_over_batch_size")
# Layers that treat each row by itself, as all of ours do, and draw for it, if they do, once.
ROW_BY_ROW = (
    *(keras.layers.InputLayer, keras.layers.Dense, keras.layers.Activation, keras.layers.Flatten),
    *(keras.layers.Reshape, keras.layers.Concatenate, keras.layers.Add, keras.layers.Embedding),
    *(keras.layers.ReLU, keras.layers.LayerNormalization, keras.layers.Multiply),
    *(keras.layers.Dropout, keras.layers.MaxPooling1D),
    *(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.MaxPooling2D),
    *(keras.layers.GlobalAveragePooling1D, keras.layers.GlobalAveragePooling2D),
)


def reduction_of(model: keras.Model) -> str | None:
    """Return how a network's loss joins the rows of a batch, None where that is not known."""
    loss = model.loss
    if isinstance(loss, keras.losses.Loss):
        return loss.reduction
    return "sum_over_batch_size" if keras_loss(loss)[0] is not None else None


def fills_held_out(model: keras.Model) -> bool:
    """Whether the loss of rows is that of more rows, if those weigh nothing and these more."""
    loss, outputs = model.loss, getattr(model, "outputs", None) or [None]
    ours = isinstance(loss, ClassLoss) and is_known(type(loss))
    each_row = (ours and not isinstance(loss, PairwiseAUCLoss)) or keras_loss(loss)[0] is not None
    masked = any(output is None or mask_of(output) is not None for output in outputs)
    return each_row and not masked and reduction_of(model) in REDUCTIONS


def fills_batches(model: keras.Model) -> bool:
    """Whether the same holds of a step of training: no row and no draw depends on the others.

    What is drawn for the first rows of a batch is the same if others follow where JAX draws a
    number by its place alone, as it does unless it is told otherwise.
    """
    layers = flattened_layers(model, include_self=False)
    ours = all(type(layer) in ROW_BY_ROW or _is_ours(layer) for layer in layers)
    regular = any(getattr(layer, "activity_regularizer", None) is not None for layer in layers)
    config: Any = jax.config
    alike = config.jax_threefry_partitionable or not seeds_of(model)
    plain = ours and alike and not regular and len(model.metrics) == 1
    return plain and fills_held_out(model)


def _is_ours(layer: keras.layers.Layer) -> bool:
    """Whether a layer's class is one of this package."""
    return type(layer).__module__.split(".")[0] == "imbalanced_nn"


def padded(values: Any, length: int) -> np.ndarray:
    """Return an array with zeros behind it."""
    values = np.asarray(values)
    missing = length - len(values)
    if not missing:
        return values
    return np.concatenate([values, np.zeros((missing, *values.shape[1:]), values.dtype)])


def weigh_up(weights: np.ndarray, n_rows: int, size: int, reduction: str | None) -> None:
    """Let the rows of a last batch that is filled count as in one that is not."""
    odd = n_rows % size
    if odd and reduction != "sum":
        weights[:, n_rows - odd : n_rows] *= size / odd
