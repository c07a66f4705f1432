"""The forward pass: predictions in large batches."""

from contextlib import nullcontext
from typing import Any

import keras
import numpy as np

from imbalanced_nn.data import n_rows, row_blocks, row_bytes, take_rows
from imbalanced_nn.training.backends import passes_module, tensors
from imbalanced_nn.training.batches import as_network_input
from imbalanced_nn.training.fixed_batches import fixed_batch_size, from_no_state
from imbalanced_nn.training.sparse_rows import SparseRows, are_few, takes_sparse

__all__ = ["forward", "forward_blocks", "padded_tensors"]

_PASSES = passes_module()

# Bounds the memory of the activations, not of the input: 4 MB of rows of a small network or of
# an image grow by one or two orders of magnitude inside.
FORWARD_BYTES = 4 * 2**20
FORWARD_ROWS = 96 * 170

# What a call costs beside its rows counts once for so many, where the graph itself loops.
LOOP_ROWS = 4 * FORWARD_ROWS

# Matrix products treat the last few rows of a batch by other instructions, whose last bit can
# differ. Whole multiples of this keep a row's output independent of its neighbours and position.
ROW_MULTIPLE = 96

# Sparse rows of a call.
SPARSE_ROWS = 96 * 33

# Rows too long for as many of them to be in memory at once come in fewer.
MULTIPLE_BYTES = 64 * 2**20


def forward(model: keras.Model, X: Any, rows: np.ndarray | None = None) -> Any:
    """Return the network's outputs for every row of X, as ``Model.predict`` does, quietly.

    What stateful layers carry from batch to batch starts from nothing and is put back.

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
    if not (takes_sparse(model, X) and _PASSES.shares_program(model)):
        return _forward_dense(model, X, rows)
    rows = np.arange(n_rows(X)) if rows is None else rows
    # Each row by itself decides how it is computed, whatever stands beside it.
    few = are_few(X)[rows]
    if few.all() or not few.any():
        return (_forward_sparse if few.any() else _forward_dense)(model, X, rows)

    def joined(first, second):
        whole = np.empty((len(few), *first.shape[1:]), first.dtype)
        whole[few], whole[~few] = first, second
        return whole

    parts = _forward_sparse(model, X, rows[few]), _forward_dense(model, X, rows[~few])
    return keras.tree.map_structure(joined, *parts)


def _forward_dense(model: keras.Model, X: Any, rows: np.ndarray | None) -> Any:
    """Return the outputs for rows that are made dense, block by block."""
    size = fixed_batch_size(model)
    if size is None:
        max_rows = LOOP_ROWS if _PASSES.shares_program(model) else FORWARD_ROWS
        blocks = forward_blocks(X, None if rows is None else len(rows), max_rows)
    else:
        n = n_rows(X) if rows is None else len(rows)
        blocks = [slice(start, min(start + size, n)) for start in range(0, n, size)]
    outputs = []
    with nullcontext() if size is None else from_no_state(model):
        for block in blocks:
            batch = as_network_input(take_rows(X, block if rows is None else rows[block]))
            n = block.stop - block.start
            outputs.append(_predict(model, padded_tensors(batch, n, size), n))
    return _concatenated(outputs)


def _forward_sparse(model: keras.Model, X: Any, rows: np.ndarray) -> Any:
    """Return the outputs for rows that stay sparse."""
    outputs = []
    for start in range(0, len(rows), SPARSE_ROWS):
        block = rows[start : start + SPARSE_ROWS]
        n_padded = tensors.padded_length(len(block), ROW_MULTIPLE)
        batch = SparseRows.of(take_rows(X, block)).filled_up(n_padded)
        outputs.append(_predict(model, tensors.as_tensors(batch), len(block)))
    return _concatenated(outputs)


def _predict(model: keras.Model, batch: Any, n: int) -> Any:
    """Predict a batch whose first ``n`` rows are asked for."""
    outputs = _PASSES.forward_function(model, batch, fixed_batch_size(model))(batch)
    return keras.tree.map_structure(lambda part: keras.ops.convert_to_numpy(part)[:n], outputs)


def _concatenated(outputs: list[Any]) -> Any:
    """Return the outputs of batches one behind the other."""
    if len(outputs) == 1:
        return outputs[0]
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *outputs)


def forward_blocks(X: Any, total: int | None = None, max_rows: int | None = None) -> list[slice]:
    """Cut the rows of X, or ``total`` of them, into what a network is given in one call.

    Parameters
    ----------
    X : array, sparse matrix, or list or dict of arrays
        Encoded inputs.
    total : int, default=None
        Number of rows, of X if None.
    max_rows : int, default=None
        Most rows in a call; None is for networks of any code.
    """
    most = FORWARD_ROWS if max_rows is None else max_rows
    return list(row_blocks(X, FORWARD_BYTES, most, total, min(most, _multiple(X))))


def _multiple(X: Any) -> int:
    """Return of how many rows each call's number of rows is to be a multiple."""
    return max(1, min(ROW_MULTIPLE, MULTIPLE_BYTES // max(1, row_bytes(X))))


def padded_tensors(batch: Any, n: int, multiple: int | None = None) -> Any:
    """Return a batch of ``n`` rows as tensors, padded by copies of its first row."""
    multiple = _multiple(batch) if multiple is None else multiple
    missing = tensors.padded_length(n, multiple) - n if n else 0

    def pad(part):
        return np.concatenate([part, np.repeat(part[:1], missing, axis=0)]) if missing else part

    return tensors.as_tensors(keras.tree.map_structure(pad, batch))
