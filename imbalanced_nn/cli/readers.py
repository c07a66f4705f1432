"""Reading of tables from files, whole or in chunks, with one-sentence refusals."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imbalanced_nn.cli.dialects import (
    PACKED,
    UNREADABLE,
    check_names,
    find_dialect,
    first_line,
    first_names,
    member_of,
    opened,
)
from imbalanced_nn.cli.reading import AS_FOUND, Reading
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.exceptions import warn

__all__ = ["check_pyarrow", "names_in", "open_table", "pandas_call", "read_chunks", "read_table"]

CHUNK_ROWS = 20_000
"""Rows that are in memory at a time where a file is read in chunks."""

_KINDS = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
}
# pandas' own marks of a missing value, and the question mark of the UCI repository.
_MISSING = (
    *("", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
    *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)


def read_table(path: str, target: str, reading: Reading = AS_FOUND):
    """Return the file's table as a DataFrame.

    The target column of a text file comes as it is written, and only an empty field is missing
    in it: ``None`` or ``NA`` may name a class. ``attrs["decimal"]`` is the decimal mark of a
    text file, if its numbers show one, ``attrs["decimals"]`` those of columns. A first column
    without a name, as pandas writes for row numbers, is left out; ``attrs["nameless"]`` tells
    whether there was one.
    """
    file, kind = _readable(path)
    if kind == "text":
        dialect = find_dialect(file, reading)
        with _refusals(file), _unpacked(file) as source:
            text = [target, *dialect.codes, *dialect.own_decimals]
            frame = _read_text(source, dialect, reading, target, dtype=dict.fromkeys(text, str))
        frame.attrs |= {"nameless": "" in dialect.names} | _marks(dialect)
        return frame.drop(columns="", errors="ignore")
    import pandas as pd

    with _refusals(file):
        if kind == "excel":
            return _read_excel(file, reading, target)
        if kind == "lines":
            return _with_rows(file, _read_lines(file, reading.encoding or "utf-8-sig"))
    with _parquet_refusals(file):
        frame = pd.read_parquet(file, engine="pyarrow").reset_index(drop=True)
    return frame.rename(columns=str)


def names_in(path: str, reading: Reading = AS_FOUND) -> list[str] | None:
    """Return the names of the columns of a text file by its first lines, None where in doubt.

    Parameters
    ----------
    path : str
        Name of the file.
    reading : Reading, default=AS_FOUND
        What the user says of it.
    """
    file, kind = _readable(path)
    names = first_names(file, reading) if kind == "text" else None
    # A first column without a name is left out.
    return None if names is None else [name for name in names if name]


def open_table(path: str, target: str, reading: Reading = AS_FOUND):
    """Return the table of a Parquet file, which stays there, and of others as `read_table` does."""
    file, kind = _readable(path)
    if kind != "parquet":
        return read_table(path, target, reading)
    from imbalanced_nn.preprocessing import open_stored

    try:
        return open_stored(file)
    except ValueError as error:
        raise DataRefusal(str(error)) from error


def pandas_call(path: str, target: str, reading: Reading = AS_FOUND) -> tuple[str, bool]:
    """Return the call of pandas that reads the table, and whether its first column has no name."""
    file, kind = _readable(path)
    if kind == "excel":
        header = "" if reading.header else ", header=None"
        return f"pd.read_excel({path!r}{header}, dtype=object)", False
    if kind == "lines":
        return f"pd.read_json({path!r}, lines=True, dtype=False)", False
    if kind == "parquet":
        return f"pd.read_parquet({path!r})", False
    dialect = find_dialect(file, reading)
    options = {
        "sep": (dialect.delimiter, ","),
        # With or without a mark at its start pandas reads UTF-8 by itself.
        "encoding": (dialect.encoding.removesuffix("-sig"), "utf-8"),
        "skiprows": (dialect.n_skipped, 0),
        "decimal": (dialect.decimal or ".", "."),
        "dtype": (dict.fromkeys([*dialect.codes, *dialect.own_decimals], str), {}),
        "na_values": ("?", ""),
    }
    if not reading.header:
        options |= {"header": (None, 0), "names": (dialect.names, [])}
    given = "".join(f", {k}={v!r}" for k, (v, usual) in options.items() if v != usual)
    given = given.replace("<class 'str'>", "str")
    return f"pd.read_csv({path!r}{given})", "" in dialect.names


def read_chunks(
    path: str,
    columns: list[str],
    text: list[str],
    target: str | None = None,
    kept: Sequence[str] = (),
    reading: Reading = AS_FOUND,
    decimal: str | None = None,
) -> tuple[int, Iterator[Any]]:
    """Return the number of rows of a file, and an iterator of DataFrames of some of them each.

    Parameters
    ----------
    path : str
        Name of the file.
    columns : list of str
        Columns to read; those that are not there are left to whoever needs them, and
        ``attrs["names"]`` of the DataFrames says which there are.
    text : list of str
        Columns that are not to be taken for numbers, whatever a chunk of them looks like.
    target : str or None, default=None
        Column in which only an empty field is missing.
    kept : sequence of str, default=()
        Columns that come as they are written, such as keys: text of a text file, and of Parquet
        in its own types, as whole numbers would else turn to floats where one is missing.
    reading : Reading, default=AS_FOUND
        What the user says of the file.
    decimal : {".", ","} or None, default=None
        Decimal mark of a text file whose numbers show none.
    """
    columns = [*columns, *kept]
    file, kind = _readable(path)
    if kind == "parquet":
        return _parquet_chunks(file, columns, list(kept))
    if kind != "text":
        return _sliced(read_table(path, target or "", reading))
    dialect = find_dialect(file, reading)
    dialect = dialect._replace(decimal=dialect.decimal or decimal)

    def chunks():
        with _refusals(file), _unpacked(file) as source:
            reader = _read_text(
                source,
                dialect,
                reading,
                target,
                usecols=[name for name in dialect.names if name in columns],
                dtype=dict.fromkeys([*text, *kept, *dialect.own_decimals], str),
                chunksize=CHUNK_ROWS,
            )
            with reader:
                for chunk in reader:
                    chunk.attrs |= {"names": dialect.names} | _marks(dialect)
                    yield chunk

    return dialect.n_rows, chunks()


def _marks(dialect) -> dict:
    """Return the decimal marks of a file, as `ColumnTypes` takes them."""
    return {"decimal": dialect.decimal, "decimals": dialect.decimals}


def _readable(path: str) -> tuple[Path, str]:
    """Return the file and what kind it is of, or refuse what cannot be read."""
    file = Path(path)
    if not file.exists():
        raise UsageRefusal(f"There is no file {path!r}.")
    if file.is_dir():
        raise UsageRefusal(f"{path!r} is a directory; give one file.")
    name = Path(file.name.lower())
    packed = name.suffix in PACKED
    if name.suffix == ".zip" and Path(name.stem).suffix not in _KINDS:
        name = Path(member_of(file).lower())
    elif packed:
        name = Path(name.stem)
    kind = _KINDS.get(name.suffix)
    if kind is None or (packed and kind not in ("text", "lines")):
        raise UsageRefusal(
            f"{path!r} is none of {', '.join(_KINDS)}, which can be read; text and lines of JSON "
            f"may be packed, as {', '.join(PACKED)}."
        )
    if kind == "parquet":
        check_pyarrow()
    return file, kind


def check_pyarrow() -> None:
    """Refuse Parquet where the library for it is not installed."""
    try:
        import pyarrow  # noqa: F401 - is it there?
    except ImportError:
        raise UsageRefusal("Parquet needs pyarrow: pip install pyarrow.") from None


@contextmanager
def _refusals(file: Path):
    """Turn errors of reading a table into refusals."""
    import pandas as pd

    try:
        yield
    except (pd.errors.ParserError, UnicodeError, ValueError, *UNREADABLE) as error:
        raise DataRefusal(f"{str(file)!r} is not a table: {first_line(error)}") from error


@contextmanager
def _parquet_refusals(file: Path):
    """Turn errors of reading Parquet into refusals."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        raise DataRefusal(f"{str(file)!r} is not a Parquet table: {first_line(error)}") from error


@contextmanager
def _unpacked(file: Path):
    """Give what pandas reads: the file, or, as it knows fewer archives, what is packed in it."""
    if file.suffix.lower() not in PACKED:
        yield file
        return
    with opened(file) as source:
        yield source


def _parquet_chunks(file: Path, columns: list[str], kept: list[str]):
    """Return the number of rows of a Parquet file, and its chunks, or refuse one without rows."""
    import pandas as pd
    from pyarrow import parquet

    with _parquet_refusals(file):
        table = parquet.ParquetFile(file, memory_map=True)
    names = [name for name in table.schema_arrow.names if name in columns]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise DataRefusal(f"{str(file)!r} has more than one column {name!r}; name each once.")
    kept = [name for name in names if name in kept]
    if not table.metadata.num_rows:
        table.close()
        raise DataRefusal(f"{str(file)!r} has no rows.")

    def chunks():
        start = 0
        with _parquet_refusals(file), table:
            for batch in table.iter_batches(CHUNK_ROWS, columns=names):
                # What pandas noted of an index would take columns away.
                frame = batch.to_pandas(ignore_metadata=True)
                if kept:
                    frame[kept] = batch.select(kept).to_pandas(
                        ignore_metadata=True, types_mapper=pd.ArrowDtype
                    )
                frame.attrs["names"] = table.schema_arrow.names
                frame.index = pd.RangeIndex(start, start + len(frame))
                start += len(frame)
                yield frame

    return table.metadata.num_rows, chunks()


def _sliced(frame):
    """Return the number of rows of a table that is in memory, and parts of it."""
    starts = range(0, len(frame), CHUNK_ROWS)
    return len(frame), (frame.iloc[start : start + CHUNK_ROWS] for start in starts)


def _read_excel(file: Path, reading: Reading, target: str | None):
    """Return the table on the first sheet of a workbook that is not empty."""
    import pandas as pd

    try:
        import openpyxl  # noqa: F401 - is it there?
    except ImportError:
        raise UsageRefusal(
            "Excel files need openpyxl: pip install openpyxl. Or save the sheet as .csv."
        ) from None
    try:
        book = pd.ExcelFile(file, engine="openpyxl")
    except zipfile.BadZipFile:
        raise DataRefusal(f"{str(file)!r} is no Excel workbook of the kind .xlsx.") from None
    with book:
        for sheet in book.sheet_names:
            # Text stays text, such as codes with leading zeros.
            cells = pd.read_excel(book, sheet, header=None, dtype=object, keep_default_na=False)
            cells = cells.mask(cells == "").dropna(how="all").dropna(how="all", axis=1)
            if not cells.empty:
                break
        if len(book.sheet_names) > 1:
            warn("INN020", f"{file.name} has {len(book.sheet_names)} sheets; {sheet!r} was read.")
    frame = _named(str(file), cells, reading.header)
    marks = {name: frame[name].isin(_MISSING) & (name != target) for name in frame}
    return _with_rows(file, frame.mask(pd.DataFrame(marks, index=frame.index)))


def _named(path: str, cells, header: bool):
    """Return cells of a sheet as a table, with the names in the first row, or 1, 2, ..."""
    names = [str(place + 1) for place in range(cells.shape[1])]
    if header and len(cells):
        first, cells = cells.iloc[0], cells.iloc[1:]
        if first.count() == 1 < cells.shape[1]:
            raise DataRefusal(
                f"{path!r} is not a table: its first line has 1 cell. If it is no part of the "
                f"table, such as a title, delete it."
            )
        known = first.notna().tolist()
        names = [
            str(name).strip() if is_known else f"Unnamed: {place}"
            for place, (name, is_known) in enumerate(zip(first, known, strict=True))
        ]
        check_names(path, names)
    frame = cells.reset_index(drop=True).set_axis(names, axis=1)
    empty = [name for name in names if name.startswith("Unnamed: ") and frame[name].isna().all()]
    return frame.drop(columns=empty)


def _read_lines(file: Path, encoding: str):
    """Return the table of lines of JSON; what is nested has names such as place.city."""
    import pandas as pd

    rows = []
    with opened(file, encoding) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise DataRefusal(
                    f"{str(file)!r} is not a table: line {number:,} is no JSON object such as "
                    f'{{"age": 31, "class": "yes"}}; write one for each row.'
                )
            rows.append(row)
    frame = pd.json_normalize(rows)
    for name in frame.columns[frame.dtypes.map(pd.api.types.is_object_dtype)]:
        # Lists are text like any other.
        frame[name] = frame[name].map(_as_text)
    return frame


def _as_text(value: Any) -> Any:
    """Return lists and what is nested in them as text, and anything else as it is."""
    return json.dumps(value) if isinstance(value, list | dict) else value


def _with_rows(file: Path, frame):
    """Return a table, or refuse one without rows."""
    if frame.empty:
        raise DataRefusal(f"{str(file)!r} has no rows.")
    return frame.rename(columns=str)


def _read_text(source: Any, dialect, reading: Reading, target: str | None, **options):
    """Return the table of a delimited text file, whole or in chunks."""
    import pandas as pd

    names = dialect.names
    return pd.read_csv(
        source,
        sep=dialect.delimiter,
        header=0 if reading.header else None,
        names=names,
        usecols=options.pop("usecols", names),
        index_col=False,
        skiprows=dialect.n_skipped,
        encoding=dialect.encoding,
        decimal=dialect.decimal or ".",
        skipinitialspace=True,
        low_memory=False,
        keep_default_na=False,
        na_values={name: [""] if name == target else list(_MISSING) for name in names},
        **options,
    )
