"""The forward pass: predictions in large batches."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn.training.batches import as_network_input
from imbalanced_nn.validation import row_blocks, take_rows

__all__ = ["forward", "loss_value"]

# Bounds the memory of the activations, not of the input: 4 MB of rows of a small network or of
# an image grow by one or two orders of magnitude inside.
FORWARD_BYTES = 4 * 2**20
FORWARD_ROWS = 96 * 85

# Matrix products treat the last few rows of a batch by other instructions, whose last bit can
# differ. Whole multiples of this keep a row's output independent of its neighbours and position.
ROW_MULTIPLE = 96


def forward(model: keras.Model, X: Any, rows: np.ndarray | None = None) -> Any:
    """Return the network's outputs for every row of X, as ``Model.predict`` does, quietly.

    Parameters
    ----------
    model : keras.Model
        A built network.
    X : array, sparse matrix, memory map, or list or dict of arrays
        Encoded inputs; read, cast and made dense block by block.
    rows : ndarray of int, default=None
        Rows to predict; None takes all.

    Returns
    -------
    ndarray, or list or dict of ndarray
        Outputs of shape (n_samples, ...).
    """
    blocks = row_blocks(X, FORWARD_BYTES, FORWARD_ROWS, None if rows is None else len(rows))
    outputs = []
    for block in blocks:
        batch = as_network_input(take_rows(X, block if rows is None else rows[block]))
        outputs.append(_predict(model, batch, block.stop - block.start))
    if len(outputs) == 1:
        return outputs[0]
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *outputs)


def _predict(model: keras.Model, batch: Any, n: int) -> Any:
    """Predict one batch of ``n`` rows, padded by copies of its first row."""
    missing = -n % ROW_MULTIPLE if n else 0
    padded = keras.tree.map_structure(
        lambda part: np.concatenate([part, np.repeat(part[:1], missing, axis=0)]), batch
    )
    outputs = _forward_function(model, padded)(
        keras.tree.map_structure(tf.convert_to_tensor, padded)
    )
    return keras.tree.map_structure(lambda part: keras.ops.convert_to_numpy(part)[:n], outputs)


def _forward_function(model: keras.Model, batch: Any) -> Callable[[Any], Any]:
    """Return the network's ``predict_step`` as a graph for batches of any length.

    ``predict_on_batch`` would trace one for every length, and make TensorFlow warn of it.
    """
    if model.run_eagerly:
        return lambda data: model.predict_step((data,))
    specs = keras.tree.map_structure(
        lambda part: tf.TensorSpec((None, *part.shape[1:]), part.dtype), batch
    )
    # Kept in the network's own dict: past Keras' tracking, and gone when the network is.
    functions = vars(model).setdefault("_forward_functions", {})
    if repr(specs) not in functions:
        if not model.built:
            model(batch)
        step = tf.function(lambda data: model.predict_step((data,)), autograph=False)
        functions[repr(specs)] = step.get_concrete_function(specs)
    flatten = keras.tree.flatten
    return lambda data: functions[repr(specs)](*flatten(data))


def loss_value(model: keras.Model, y: Any, outputs: Any, sample_weight: Any) -> float:
    """Return the network's loss of outputs that are already there."""
    weight = None if sample_weight is None else keras.ops.convert_to_tensor(sample_weight)
    loss = model.compute_loss(
        y=keras.ops.convert_to_tensor(y),
        y_pred=keras.ops.convert_to_tensor(outputs),
        sample_weight=weight,
        training=False,
    )
    return float(loss)
