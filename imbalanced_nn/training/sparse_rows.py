"""Sparse rows that reach a network as they are, where its first layers take them."""

from typing import Any, NamedTuple

import keras
import numpy as np
from scipy import sparse

from imbalanced_nn._compat.keras import Functional, nodes_into
from imbalanced_nn.training.backends import BACKEND
from imbalanced_nn.training.twins import shared_by

__all__ = [
    "SparseRows",
    "are_few",
    "mean_row_bytes",
    "stays_sparse",
    "takers_of_input",
    "takes_sparse",
]

# A product of sparse rows costs as much for a value as one of dense rows for about two hundred
# columns; in narrow tables it gains nothing, and rounds otherwise.
SHARE_OF_VALUES = 0.005
LEAST_COLUMNS = 4096


class SparseRows(NamedTuple):
    """Some rows of a sparse matrix, as arrays or tensors.

    Parameters
    ----------
    ends : int64 of shape (n_rows + 1,)
        Where the values of each row begin, and those of the last one end.
    columns : int64 of shape (n_values,)
        Their columns, ascending within a row.
    values : float of shape (n_values,)
        The values.
    """

    ends: Any
    columns: Any
    values: Any

    @classmethod
    def of(cls, X: Any) -> "SparseRows":
        """Return the rows of a sparse matrix or array."""
        X = sparse.csr_array(X)
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        values = X.data.astype(keras.config.floatx(), copy=False)
        return cls(X.indptr.astype(np.int64), X.indices.astype(np.int64), values)

    def filled_up(self, n_rows: int) -> "SparseRows":
        """Return the same with empty rows behind them, so many in all."""
        missing = n_rows + 1 - len(self.ends)
        return self._replace(ends=np.pad(self.ends, (0, missing), mode="edge"))


def mean_row_bytes(X: Any) -> int:
    """Return how many bytes a row of a sparse matrix takes as it is, in the mean."""
    return 16 * X.nnz // max(1, X.shape[0])


def are_few(X: Any) -> np.ndarray:
    """Return for each row of a sparse matrix whether its values are few beside its columns."""
    return np.diff(sparse.csr_array(X).indptr) <= SHARE_OF_VALUES * X.shape[1]


def stays_sparse(model: keras.Model, X: Any) -> bool:
    """Whether a network is trained on the rows of X without making them dense.

    Parameters
    ----------
    model : keras.Model
        Built and compiled.
    X : array, sparse matrix, or list or dict of arrays
        Encoded inputs.
    """
    if not takes_sparse(model, X) or X.nnz > SHARE_OF_VALUES * np.prod(X.shape, dtype=float):
        return False
    return shared_by(model) is not None


def takes_sparse(model: keras.Model, X: Any) -> bool:
    """Whether inputs are wide sparse rows, which a network gives to plain ``Dense`` layers alone.

    Their products with a kernel are sums over the columns that hold a value.
    """
    if not sparse.issparse(X) or X.shape[1] < LEAST_COLUMNS or BACKEND != "tensorflow":
        return False
    if type(model) not in (keras.Sequential, Functional) or len(model.inputs or []) != 1:
        return False
    if model.inputs[0].shape[0] is not None or model.inputs[0] is model.outputs[0]:
        return False
    takers = takers_of_input(model)
    return bool(takers) and all(map(_is_plain, takers))


def takers_of_input(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers that a network of one input gives it to."""
    (given,) = model.inputs
    return [
        layer
        for layer in model.layers
        if any(given is part for node in nodes_into(layer) for part in node.input_tensors)
    ]


def _is_plain(layer: keras.layers.Layer) -> bool:
    """Whether a layer multiplies its input by a kernel, adds a bias and is activated."""
    dense = type(layer) is keras.layers.Dense or getattr(layer, "takes_sparse", False)
    return dense and layer.dtype_policy.name == "float32" and not layer.lora_enabled
