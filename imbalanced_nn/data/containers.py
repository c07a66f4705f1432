"""Rows of any container: arrays, sparse matrices, and lists or dicts of arrays."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse

__all__ = [
    "by_blocks",
    "dense",
    "n_rows",
    "row_blocks",
    "row_bytes",
    "row_hashes",
    "take_rows",
]

BLOCK_BYTES = 16 * 2**20


def n_rows(data: Any) -> int:
    """Number of rows of an array, a sparse matrix, or a list or dict of them."""
    if isinstance(data, dict):
        return n_rows(next(iter(data.values())))
    if isinstance(data, list | tuple):
        return n_rows(data[0])
    return data.shape[0]


def take_rows(data: Any, rows: np.ndarray | slice) -> Any:
    """Select rows of an array, a sparse matrix, or a list or dict of them."""
    if isinstance(data, dict):
        return {key: take_rows(value, rows) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(take_rows(value, rows) for value in data)
    if isinstance(data, np.ndarray) and data.flags.c_contiguous and not isinstance(rows, slice):
        # Four times as fast as an index; of data in another order it would copy the whole.
        return np.asarray(data).take(rows, axis=0)
    return data[rows]


def dense(data: Any, floatx: str) -> Any:
    """Return a batch as dense arrays, floats in the type ``floatx``."""
    if isinstance(data, dict):
        return {key: dense(value, floatx) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return tuple(dense(value, floatx) for value in data)
    if sparse.issparse(data):
        data = data.toarray()
    if data.dtype.kind == "f":
        data = np.asarray(data, dtype=floatx)
    return data


def row_bytes(data: Any) -> int:
    """Size of one row of an array, a sparse matrix, or a list or dict of them, as float32."""
    parts = data.values() if isinstance(data, dict) else data
    parts = parts if isinstance(data, list | tuple | dict) else [data]
    return 4 * sum(int(np.prod(part.shape[1:])) for part in parts)


def row_blocks(
    data: Any,
    n_bytes: int = BLOCK_BYTES,
    max_rows: int | None = None,
    total: int | None = None,
    least_rows: int = 1,
) -> Iterator[slice]:
    """Cut the rows of ``data``, or ``total`` of them, into slices of at most ``n_bytes``.

    Counted as float32. A slice has ``least_rows`` in any case; an empty table still gives one,
    empty, slice.
    """
    total = n_rows(data) if total is None else total
    step = max(least_rows, n_bytes // max(1, row_bytes(data)))
    step = step if max_rows is None else min(step, max_rows)
    for start in range(0, max(total, 1), step):
        yield slice(start, min(start + step, total))


def by_blocks(function: Callable[[Any], np.ndarray], data: Any) -> np.ndarray:
    """Return what a function makes of rows, asked for some at a time.

    So that what it needs meanwhile, such as the same in float64, is never there of all rows. What
    only stands for an array, as where a network is exported, is handed over as it is.
    """
    if not isinstance(data, np.ndarray):
        return function(data)
    results = [function(data[block]) for block in row_blocks(data)]
    return results[0] if len(results) == 1 else np.concatenate(results)


def row_hashes(data: Any, rows: np.ndarray | None = None) -> np.ndarray:
    """Return a number for each row that equal rows share, whatever their type and container.

    Parameters
    ----------
    data : array, sparse matrix, or list or dict of arrays
        Numeric rows; compared as float32.
    rows : ndarray of int, default=None
        Numbers of the rows to hash, all if None.

    Returns
    -------
    ndarray of uint64 of shape (n_rows,)
    """
    if isinstance(data, dict | list | tuple):
        parts = data.values() if isinstance(data, dict) else data
        salted = [row_hashes(part, rows) * np.uint64(2 * i + 1) for i, part in enumerate(parts)]
        return np.asarray(np.sum(salted, axis=0, dtype=np.uint64))
    rows = np.arange(n_rows(data)) if rows is None else rows
    n_columns = int(np.prod(data.shape[1:]))
    # Odd factors, so that no bit of a value is lost.
    factors = np.random.default_rng(0).integers(2**63, size=n_columns, dtype=np.uint64) * 2 + 1
    blocks = [np.zeros(0, dtype=np.uint64)]
    for block in row_blocks(data, total=len(rows)):
        part = data[rows[block]]
        if sparse.issparse(part):
            part = part.tocsr().sorted_indices()
            products = _bits(part.data) * factors[part.indices]
            shape = (products, part.indices, part.indptr)
            blocks.append(sparse.csr_matrix(shape, part.shape) @ np.ones(n_columns, np.uint64))
        else:
            blocks.append((_bits(part).reshape(len(part), -1) * factors).sum(1, dtype=np.uint64))
    return np.concatenate(blocks)


def _bits(values: np.ndarray) -> np.ndarray:
    """Bits of values as float32; zero, of either sign, has none."""
    single = np.ascontiguousarray(values, dtype=np.float32) + np.float32(0)
    return single.view(np.uint32).astype(np.uint64)
