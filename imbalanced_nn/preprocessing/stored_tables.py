"""Tables that stay in Parquet files: read a column at a time, or some rows of all columns."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imbalanced_nn.atomic_files import BegunFile, disk_failed
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.preprocessing.findings import Findings

__all__ = ["StoredTable", "mapped_matrix", "open_stored"]

# So many cells are in memory at a time where rows are read.
BLOCK_CELLS = 2**19
MOST_ROWS = 2**16


@dataclass(frozen=True)
class StoredTable:
    """Columns and rows of a Parquet file, or of a folder of them, of which few are in memory.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
        The files.
    columns : list of str
        Columns to read, in this order.
    n_rows : int
        Number of rows that are read.
    present : ndarray of bool of shape (n_stored_rows,) or None, default=None
        Which rows of the files are read; None is all.
    types : ColumnTypes or None, default=None
        What turns the columns into floats and text.
    attrs : dict, default={}
        As of a DataFrame.
    """

    dataset: Any
    columns: list[str]
    n_rows: int
    present: np.ndarray | None = None
    types: Any = None
    attrs: dict = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return self.n_rows, len(self.columns)

    @property
    def index(self) -> pd.Index:
        """Numbers of the rows in the files."""
        if self.present is None:
            return pd.RangeIndex(self.n_rows)
        return pd.Index(np.flatnonzero(self.present))

    def __len__(self) -> int:
        return self.n_rows

    def __getitem__(self, name: str) -> pd.Series:
        if self.types is not None:
            return self.types.convert(self._untyped, name, Findings()).rename(name)
        with _refusals(self.dataset):
            column = self.dataset.to_table(columns=[name]).column(0).to_pandas()
        _release()
        if self.present is not None:
            column = column[self.present]
        return column.rename(name)

    def blocks(self) -> Iterator[pd.DataFrame]:
        """Yield the rows in their order, some at a time."""
        if self.types is not None:
            for block in self._untyped.blocks():
                read = {name: self.types.convert(block, name, Findings()) for name in self.columns}
                yield pd.DataFrame(read, index=block.index)
            return
        step = max(1, min(MOST_ROWS, BLOCK_CELLS // max(1, len(self.columns))))
        scanner = self.dataset.scanner(
            columns=self.columns, batch_size=step, batch_readahead=1, fragment_readahead=1
        )
        n_read = 0
        with _refusals(self.dataset):
            for batch in scanner.to_batches():
                # What pandas noted of an index would take columns away.
                frame = batch.to_pandas(ignore_metadata=True)
                frame.index = pd.RangeIndex(n_read, n_read + len(frame))
                if self.present is not None:
                    frame = frame[self.present[n_read : n_read + len(frame)]]
                n_read += batch.num_rows
                # A batch is a part of its row group, and would keep all of it.
                del batch
                if len(frame):
                    yield frame
                del frame
        del scanner
        _release()

    def of(self, columns: list[str], present: np.ndarray | None = None) -> "StoredTable":
        """Return the table with some of the columns, and of all rows some."""
        if present is None or present.all():
            return replace(self, columns=columns)
        n_rows = int(np.count_nonzero(present))
        return replace(self, columns=columns, present=present, n_rows=n_rows)

    def typed(self, types: Any) -> "StoredTable":
        """Return the columns that a fitted `ColumnTypes` uses, as floats and text."""
        return replace(self, columns=list(types.kinds_), types=types)

    @property
    def _untyped(self) -> "StoredTable":
        """The columns as the files hold them."""
        return replace(self, types=None)


def open_stored(path: str | os.PathLike) -> StoredTable:
    """Return the table of a Parquet file, or of all Parquet files in a folder, unread.

    Folders named as ``year=2024`` are columns of text, as pandas reads them.

    Raises
    ------
    InvalidParameterError
        If pyarrow is not there, there is no such file, or it is not Parquet.
    ValueError
        If files of a folder differ in their columns, a name stands twice, or there are no rows.
    """
    try:
        from pyarrow import dataset
    except ImportError:
        raise InvalidParameterError(
            "Parquet is read by pyarrow, which is not installed: pip install pyarrow."
        ) from None
    file = Path(path)
    if not file.exists():
        raise InvalidParameterError(f"There is no file or folder {os.fspath(path)!r}.")
    # Read ahead it would keep all that it has read until the end.
    reading = dataset.ParquetFragmentScanOptions(pre_buffer=False)
    options: dict[str, Any] = {
        "format": dataset.ParquetFileFormat(default_fragment_scan_options=reading)
    }
    if file.is_dir():
        options["partitioning"] = dataset.HivePartitioning.discover(infer_dictionary=True)
    with _refusals(file):
        files = dataset.dataset(file, **options)
        files = dataset.dataset(file, schema=_one_schema(files), **options)
        n_rows = files.count_rows()
    names = files.schema.names
    _check_names(file, names)
    if not n_rows:
        raise ValueError(f"{os.fspath(path)!r} has no rows.")
    # What a DataFrame kept beside its columns pandas does not count to them.
    kept = (files.schema.pandas_metadata or {}).get("index_columns", [])
    kept = [name for name in kept if isinstance(name, str)]
    return StoredTable(files, [name for name in names if name not in kept], n_rows)


def _one_schema(files: Any) -> Any:
    """Return the columns of files, each of the widest type; refuse files of other columns."""
    import pyarrow

    fragments = list(files.get_fragments())
    schemas = [fragment.physical_schema for fragment in fragments]
    for fragment, schema in zip(fragments, schemas, strict=True):
        if set(schema.names) != set(schemas[0].names):
            other = sorted(set(schema.names) ^ set(schemas[0].names))[0]
            raise ValueError(
                f"{fragment.path!r} and {fragments[0].path!r} do not have the same columns: "
                f"{other!r} is in one of them alone. Files of one folder hold rows of one table."
            )
    return pyarrow.unify_schemas([files.schema, *schemas], promote_options="permissive")


def _check_names(file: Path, names: list[str]) -> None:
    """Refuse columns of one name."""
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise ValueError(f"{str(file)!r} has more than one column {twice[0]!r}; name each once.")


def _release() -> None:
    """Give back the memory that pyarrow keeps for what it may read next."""
    import pyarrow

    pyarrow.default_memory_pool().release_unused()


@contextmanager
def _refusals(files: Any) -> Iterator[None]:
    """Name what cannot be read."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        name = os.fspath(files) if isinstance(files, Path) else ", ".join(files.files[:3])
        first = str(error).strip().split("\n")[0]
        raise InvalidParameterError(f"{name!r} is not a Parquet table: {first}") from error


def mapped_matrix(
    blocks: Iterable[np.ndarray], shape: tuple[int, int], directory: Any = None
) -> np.ndarray:
    """Write a matrix block by block, and return it as a memory map that is read only.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_rows, n_columns)
        Its rows, in their order.
    shape : (int, int)
        Of the whole.
    directory : path or None, default=None
        Folder for the file; None is that of temporary files. It is removed with the last array
        that reads it, or, where the process is killed, by the next that is written there.

    Returns
    -------
    ndarray of float32

    Raises
    ------
    InvalidParameterError
        If the disk has no room for it.
    """
    folder = tempfile.gettempdir() if directory is None else os.fspath(directory)
    if not os.path.isdir(folder):
        raise InvalidParameterError(f"directory={directory!r} is no folder.")
    free = shutil.disk_usage(folder).free
    if 4 * shape[0] * shape[1] > free:
        raise _no_room(folder, shape, f"has {free / 1e9:.1f} GB free")
    # A file and not memory of the process: other processes map it by its name.
    begun = BegunFile(folder, "imbalanced_nn", "float32", 0o600)
    try:
        # Without a buffer, so that what the disk does not take is known where it is written.
        with open(begun.path, "wb", buffering=0) as file:
            for block in blocks:
                left = np.ascontiguousarray(block, dtype=np.float32).reshape(-1).view(np.uint8).data
                while len(left):
                    try:
                        left = left[file.write(left) :]
                    except OSError as error:
                        if disk_failed(error):
                            what = f"took no more: {error.strerror}"
                            raise _no_room(folder, shape, what) from error
                        raise
        matrix = np.memmap(begun.path, dtype=np.float32, mode="r", shape=shape)
    except BaseException:
        begun.remove()
        raise
    weakref.finalize(matrix.base, begun.remove)
    return matrix


def _no_room(folder: str, shape: tuple[int, int], what: str) -> InvalidParameterError:
    """Return the refusal of a matrix that a disk does not take."""
    return InvalidParameterError(
        f"The matrix of {shape[0]:,} rows and {shape[1]:,} columns takes "
        f"{4e-9 * shape[0] * shape[1]:.1f} GB, but {folder!r} {what}. Pass directory=, a folder "
        f"on a larger disk, or fewer columns."
    )
