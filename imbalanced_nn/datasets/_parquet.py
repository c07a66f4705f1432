"""Parquet files as rows that are read from disk while a network is trained."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import Bunch

from imbalanced_nn.data import note_offsets
from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.preprocessing import (
    ColumnEncoder,
    StoredTable,
    check_columns,
    mapped_matrix,
    open_stored,
)

__all__ = ["encoded_matrix", "open_parquet"]

# Cells of the sample in which columns are looked for whose differences float32 rounds away.
SAMPLE_CELLS = 2**20
LISTED = 5


def open_parquet(path, *, target=None, columns=None, encoder=None, directory=None):
    """Open Parquet files as a matrix of float32 that is read from disk, and its labels.

    The files are read twice: column by column for what is learned of them, then some rows at a
    time, which are written to one temporary file. The matrix is a memory map of that, of which
    the system holds in memory what it has room for: `fit`, balanced batches, `predict_proba` and
    `tune_threshold` of `BalancedKerasClassifier` read it batch by batch. Labels are in memory.

    Parameters
    ----------
    path : str or path
        A file, or a folder of files of the same columns. Its folders named as ``year=2024`` are
        columns of text, as pandas reads them.
    target : str or None, default=None
        Column of labels; None opens rows without.
    columns : list of str or None, default=None
        Columns of the matrix, in this order. None is all but ``target`` in the order of the
        file, or those that a fitted ``encoder`` knows. For rows to predict give
        ``feature_names`` of the rows of the fit.
    encoder : ColumnEncoder or None, default=None
        What makes numbers of text, dates and missing values. One that is not fitted is learned
        from these files, as from the same table in memory, and one that is fitted is used as it
        is. None takes numbers, and true and false, without gaps.
    directory : path or None, default=None
        Folder for the temporary file, of 4 bytes for each cell; None is the system's. It is
        removed with the last array that reads it.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of float32 of shape (n_samples, n_features)
            Read only.
        target : ndarray of shape (n_samples,) or None
            Labels as the files hold them.
        feature_names : list of str
            Names of the columns of ``data``.
        encoder : ColumnEncoder or None
            Fitted.
        filename : str
            The path.

    Raises
    ------
    InvalidParameterError
        If pyarrow is not installed, files are no Parquet, a column is not there, or the disk has
        no room.
    ValueError
        If labels are missing, columns are no numbers or have gaps and there is no encoder, or a
        column is not what the encoder was fitted on.

    Warns
    -----
    ImbalanceWarning
        INN020 where numbers are infinite, INN023 where float32 rounds a column away.

    Examples
    --------
    >>> import os, tempfile
    >>> from imbalanced_nn import BalancedKerasClassifier, ColumnEncoder
    >>> from imbalanced_nn.datasets import load_ai4i2020, open_parquet
    >>> table = load_ai4i2020(as_frame=True).frame
    >>> path = os.path.join(tempfile.mkdtemp(), "machines.parquet")
    >>> table.to_parquet(path)
    >>> rows = open_parquet(path, target="target", encoder=ColumnEncoder())
    >>> rows.data.shape, type(rows.data).__name__
    ((10000, 8), 'memmap')
    >>> clf = BalancedKerasClassifier("mlp", epochs=2, random_state=0)
    >>> clf = clf.fit(rows.data, rows.target)
    >>> new = open_parquet(path, encoder=rows.encoder)
    >>> clf.predict_proba(new.data).shape
    (10000, 2)
    """
    if not (encoder is None or isinstance(encoder, ColumnEncoder)):
        raise InvalidParameterError(
            f"encoder must be a ColumnEncoder or None; got a {type(encoder).__name__}. A matrix "
            f"that another transformer makes block by block can be written to a .npy file, which "
            f"np.load(path, mmap_mode='r') reads batch by batch."
        )
    table = open_stored(path)
    known = list(vars(encoder).get("feature_names_in_", ())) if encoder is not None else []
    names = _chosen(table.columns, target, columns, known)
    labels = None if target is None else _labels(table, target)
    table = table.of(names)
    if encoder is not None and not known:
        encoder = clone(encoder).fit(table)
    if encoder is not None:
        features = encoder.get_feature_names_out().tolist()
        matrix = encoded_matrix(table, encoder, directory)
    else:
        features = names
        _check_types(table)
        matrix = _written(table, map(_as_numbers, table.blocks()), len(names), directory)
    return Bunch(
        data=matrix, target=labels, feature_names=features, encoder=encoder, filename=str(path)
    )


def encoded_matrix(table: StoredTable, encoder: ColumnEncoder, directory: Any = None) -> np.ndarray:
    """Return the matrix that a fitted encoder makes of a stored table, as a memory map.

    Parameters
    ----------
    table : StoredTable
        The table.
    encoder : ColumnEncoder
        Fitted.
    directory : path or None, default=None
        As of `open_parquet`.
    """
    n_features = int(encoder.kept_.sum())
    if not n_features:
        raise ValueError(
            f"None of the columns {', '.join(table.columns[:LISTED])} holds two different values; "
            f"there is nothing to learn from."
        )
    return _written(table, map(encoder.transform, table.blocks()), n_features, directory)


def _chosen(
    there: list[str], target: str | None, columns: list[str] | None, known: list[str]
) -> list[str]:
    """Return the columns of the matrix, or refuse names that are not there."""
    asked = [] if columns is None else list(columns)
    for parameter, name in (("target", target), *(("columns", name) for name in asked)):
        if name is not None and name not in there:
            raise InvalidParameterError(
                f"{parameter} names {name!r}, but there is no such column; the columns are "
                f"{', '.join(there[:20])}.{nearest_name(str(name), there)}"
            )
    if target in asked:
        raise InvalidParameterError(
            f"columns names the target {target!r}, which would tell the class. Leave it out."
        )
    if columns is None:
        asked = known or [name for name in there if name != target]
    check_columns(known, asked if columns is not None else there)
    if not asked:
        raise InvalidParameterError("No column is left to learn from. Name some in columns.")
    return asked


def _labels(table: StoredTable, target: str) -> np.ndarray:
    """Return the labels of all rows, or refuse rows without."""
    column = table[target]
    lacking = int(column.isna().sum())
    if lacking:
        raise ValueError(
            f"{lacking:,} of {len(column):,} labels in column {target!r} are missing. Leave those "
            f"rows out of the files."
        )
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    is_text = pd.api.types.is_string_dtype(column.dtype)
    return column.to_numpy(dtype=object) if is_text else column.to_numpy()


def _check_types(table: StoredTable) -> None:
    """Refuse columns that are no numbers."""
    from pyarrow import types

    takes = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    other = [
        f"{name!r} ({kind})"
        for name in table.columns
        if not any(is_kind(kind := table.dataset.schema.field(name).type) for is_kind in takes)
    ]
    if other:
        shown = ", ".join(other[:LISTED]) + (", ..." if len(other) > LISTED else "")
        raise ValueError(
            f"Columns hold other things than numbers: {shown}. Pass encoder=ColumnEncoder(), "
            f"which makes numbers of them, or name the others in columns."
        )


def _as_numbers(block: pd.DataFrame) -> np.ndarray:
    """Return a block of numbers, or refuse one with gaps."""
    values = block.to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(over="ignore"):
        finite = np.isfinite(values.astype(np.float32))
    if not finite.all():
        row, place = (int(axis[0]) for axis in np.nonzero(~finite))
        lacks = np.isnan(values[row, place])
        what = "is missing" if lacks else f"is {values[row, place]:g}, too large for float32"
        raise ValueError(
            f"Column {block.columns[place]!r} holds a value that no network takes: in row "
            f"{block.index[row] + 1:,} it {what}. Pass encoder=ColumnEncoder(), which puts the "
            f"median in place of missing and infinite values."
        )
    return values


def _written(
    table: StoredTable, blocks: Iterator[np.ndarray], n_features: int, directory: Any
) -> np.ndarray:
    """Write the blocks of a matrix, and tell of columns that float32 rounds away."""
    every = -(-len(table) * n_features // SAMPLE_CELLS)
    sample: list[np.ndarray] = []

    def sampled() -> Iterator[np.ndarray]:
        start = 0
        for block in blocks:
            sample.append(np.array(block[-start % every :: every], dtype=np.float64))
            start += len(block)
            yield block

    matrix = mapped_matrix(sampled(), (len(table), n_features), directory)
    seen = np.concatenate(sample)
    note_offsets(seen, np.arange(len(seen)))
    return matrix
