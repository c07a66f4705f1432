"""Columns of a file as they are written, for whoever copies them; nothing in them is missing but
what is empty.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from imbalanced_nn.cli.dialects import Dialect, long_fields
from imbalanced_nn.cli.packed import opened
from imbalanced_nn.cli.refusals import UsageRefusal
from imbalanced_nn.exceptions import nearest_name

__all__ = ["check_kept", "kept_of_cells", "kept_of_text"]


def check_kept(kept: list[str], names: list[str]) -> None:
    """Refuse columns that a table does not have."""
    for name in kept:
        if name not in names:
            raise UsageRefusal(
                f"--keep {name!r}: there is no such column in DATA.{nearest_name(name, names)}"
            )


def kept_of_text(file: Path, dialect: Dialect, header: bool, kept: list[str], n_rows: int):
    """Yield columns of a delimited text file as text, so many rows at a time.

    Parameters
    ----------
    file : Path
        The file.
    dialect : Dialect
        What it is like.
    header : bool
        Whether a line names the columns.
    kept : list of str
        The columns.
    n_rows : int
        Rows at a time.
    """
    import pandas as pd

    places = [dialect.names.index(name) for name in kept]
    with opened(file, dialect.encoding) as lines:
        for _ in range(dialect.n_skipped):
            next(lines)
        rows = _written_rows(lines, dialect.delimiter)
        n_names = int(header)
        while True:
            # The limit is the process': between chunks it is as others set it.
            with long_fields():
                some = list(islice(rows, n_names, n_names + n_rows))
            n_names = 0
            if not some:
                return
            columns = {
                name: pd.Series([row[place] or None for row in some], dtype="str")
                for name, place in zip(kept, places, strict=True)
            }
            yield pd.DataFrame(columns)


def _written_rows(lines, delimiter: str) -> Iterator[list[str]]:
    """Yield the fields of each row with the blanks before them, but for those before quotes."""
    read: list[str] = []

    def noted():
        for line in lines:
            read.append(line)
            yield line

    for row in csv.reader(noted(), delimiter=delimiter, skipinitialspace=True):
        blank = len(row) < 2 and not "".join(read).strip()
        if not blank:
            yield _with_blanks(row, read, delimiter)
        read.clear()


def _with_blanks(row: list[str], lines: list[str], delimiter: str) -> list[str]:
    """Return a row's fields with the blanks before them."""
    if not any(line.startswith(" ") or f"{delimiter} " in line for line in lines):
        return row
    written = next(csv.reader(lines, delimiter=delimiter))
    if len(written) != len(row):
        # A quotation mark behind a blank begins a field only where the blank does not count.
        return row
    fields = zip(written, row, strict=True)
    return [raw if raw.lstrip(" ") == field.lstrip(" ") else field for raw, field in fields]


def kept_of_cells(columns: dict[str, list], one_type: bool):
    """Return columns whose cells have types of their own as a DataFrame.

    Parameters
    ----------
    columns : dict of str to list
        Cells of each column; those that are None or NaN are empty.
    one_type : bool
        Whether a column takes cells of one type alone, as in Parquet; those of several become
        text.
    """
    import pandas as pd

    columns = {name: [_or_none(cell) for cell in cells] for name, cells in columns.items()}
    make = _of_one_type if one_type else _as_written
    return pd.DataFrame({name: make(cells) for name, cells in columns.items()})


def _or_none(cell: Any) -> Any:
    """Return a cell, None for one of no value."""
    return None if cell is None or cell != cell else cell


def _as_written(cells: list):
    """Return cells as they are; days alone are written without a time."""
    import pandas as pd

    are_days = all(cell is None or isinstance(cell, datetime) for cell in cells)
    return pd.Series(cells, dtype="datetime64[us]" if are_days and any(cells) else object)


def _of_one_type(cells: list):
    """Return cells in the one type that holds all of them as they are, or as text."""
    import pandas as pd
    import pyarrow

    try:
        array = pyarrow.array(cells)
    except (pyarrow.ArrowException, OverflowError):
        array = pyarrow.array([None if cell is None else str(cell) for cell in cells])
    if pyarrow.types.is_null(array.type):
        array = array.cast(pyarrow.string())
    return pd.Series(pd.arrays.ArrowExtensionArray(array))
