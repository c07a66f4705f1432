"""Reading of tables from files, whole or in chunks, with one-sentence refusals."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from imbalanced_nn.cli.dialects import find_dialect, first_names
from imbalanced_nn.cli.kept_columns import check_kept, kept_of_cells, kept_of_text
from imbalanced_nn.cli.packed import PACKED, UNREADABLE, first_line, member_of, opened
from imbalanced_nn.cli.reading import AS_FOUND, Reading
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.cli.typed_cells import (
    flat_row,
    read_excel,
    read_lines,
    table_of_lines,
)
from imbalanced_nn.exceptions import warn

__all__ = ["check_pyarrow", "names_in", "open_table", "read_chunks", "read_table", "readable"]

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
# pandas' own marks of a missing value, and the question mark of the UCI repository. Where a file
# has another way to say that nothing is there, Parquet and JSON, they are text in a fit.
_MISSING = (
    *("", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
    *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)


def read_table(path: str, target: str, reading: Reading = AS_FOUND):
    """Return the file's table as a DataFrame.

    The target column of a text file comes as it is written, and only an empty field is missing
    in it: ``None`` or ``NA`` may name a class. ``attrs`` tell the decimal marks of a text file as
    `ColumnTypes` takes them. A first column without a name, as pandas writes for row numbers, is
    left out; ``attrs["nameless"]`` tells whether there was one.
    """
    file, kind = readable(path)
    if kind == "text":
        dialect = find_dialect(file, reading)
        with _refusals(file), _unpacked(file) as source:
            text = [target, *dialect.codes, *dialect.own_decimals]
            types = dict.fromkeys(text, str)
            frame = _read_text(source, dialect, reading, target, {}, dtype=types)
        frame.attrs |= {"nameless": "" in dialect.names} | _marks(dialect)
        return frame.drop(columns="", errors="ignore")
    frame = _typed_table(file, kind, target, reading)
    frame.attrs |= _given_mark(reading)
    return frame


def _typed_table(file: Path, kind: str, target: str, reading: Reading):
    """Return the table of a file whose cells have types."""
    import pandas as pd

    from imbalanced_nn.preprocessing import with_text_names

    with _refusals(file):
        if kind == "excel":
            return _without_marks(file, read_excel(file, reading), target, {})
        if kind == "lines":
            return _with_rows(file, table_of_lines(read_lines(file, reading)))
    with _parquet_refusals(file):
        frame = pd.read_parquet(file, engine="pyarrow").reset_index(drop=True)
    return with_text_names(frame)


def names_in(path: str, reading: Reading = AS_FOUND) -> list[str] | None:
    """Return the names of the columns of a text file by its first lines, None where in doubt.

    Parameters
    ----------
    path : str
        Name of the file.
    reading : Reading, default=AS_FOUND
        What the user says of it.
    """
    file, kind = readable(path)
    names = first_names(file, reading) if kind == "text" else None
    # A first column without a name is left out.
    return None if names is None else [name for name in names if name]


def open_table(path: str, target: str, reading: Reading = AS_FOUND):
    """Return the table of a Parquet file, which stays there, and of others as `read_table` does."""
    file, kind = readable(path)
    if kind != "parquet":
        return read_table(path, target, reading)
    from imbalanced_nn.preprocessing import open_stored

    try:
        table = open_stored(file)
    except ValueError as error:
        raise DataRefusal(str(error)) from error
    table.attrs.update(_given_mark(reading))
    return table


def read_chunks(
    path: str,
    columns: list[str],
    text: list[str],
    target: str | None = None,
    kept: Sequence[str] = (),
    one_type: bool = False,
    reading: Reading = AS_FOUND,
    decimal: str | None = None,
    categories: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[int, Iterator[tuple[Any, Any]]]:
    """Return the number of rows of a file, and an iterator of some of them at a time.

    Each time that are two DataFrames of the same rows: the columns to read, and those to copy.

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
        Columns to copy, such as keys, which come as they are written: text of a text file, and
        of other files in the types of its cells. What is empty is missing, and nothing else.
    one_type : bool, default=False
        Whether cells of several types in a copied column become text, as Parquet needs it.
    reading : Reading, default=AS_FOUND
        What the user says of the file.
    decimal : {".", ","} or None, default=None
        Decimal mark of numbers in a column that shows none, so that a row is read alike alone and
        among others; None takes the one that other columns show.
    categories : mapping of str to sequence of str, default={}
        What a model knows of columns of text, in every format: a spelling of a missing value that
        is a category of the column is one, and any other is missing.
    """
    file, kind = readable(path)
    kept = list(dict.fromkeys(kept))
    if kind == "parquet":
        n_rows, chunks = _parquet_chunks(file, columns, kept)
        return n_rows, _as_learned(chunks, columns, categories, reading)
    if kind != "text":
        given = kind, target, kept, one_type, reading, categories
        n_rows, chunks = _sliced(*_table_in_memory(file, *given))
        return n_rows, _as_learned(chunks, columns, categories, reading)
    dialect = find_dialect(file, reading)
    check_kept(kept, dialect.names)
    plain = [name for name in columns if name not in text]
    if decimal is None:
        _note_decimals(dialect, plain)
    dialect = dialect._replace(decimal=reading.decimal or decimal or dialect.decimal or ".")
    marks = dict.fromkeys(plain, dialect.decimal) | dialect.decimals

    def text_chunks():
        copies = kept_of_text(file, dialect, reading.header, kept, CHUNK_ROWS)
        with _refusals(file), _unpacked(file) as source:
            reader = _read_text(
                source,
                dialect,
                reading,
                target,
                categories,
                usecols=[name for name in dialect.names if name in columns],
                dtype=dict.fromkeys([*text, *dialect.own_decimals], str),
                chunksize=CHUNK_ROWS,
            )
            with reader:
                for chunk in reader:
                    chunk.attrs |= {"names": dialect.names, "decimals": marks}
                    yield chunk, _same_rows(chunk, next(copies)) if kept else None

    return dialect.n_rows, text_chunks()


def _marks(dialect) -> dict:
    """Return the decimal marks of a file, as `ColumnTypes` takes them."""
    return {
        "decimal": dialect.decimal,
        "decimals": dialect.decimals,
        "read_decimal": dialect.decimal or ".",
        "ambiguous": dialect.ambiguous,
    }


def _given_mark(reading: Reading) -> dict:
    """Return the decimal mark that the user gives for text among cells with types."""
    return {} if reading.decimal is None else {"decimal": reading.decimal}


def _note_decimals(dialect, columns: list[str]) -> None:
    """Tell of columns whose numbers are read with the decimal comma of other columns."""
    from imbalanced_nn.preprocessing import read_by_others

    if dialect.decimal == ",":
        ambiguous = dialect.ambiguous
        for note in read_by_others({n: ambiguous[n] for n in columns if n in ambiguous}):
            warn("INN020", note)


def _as_learned(chunks, columns: list[str], categories: Mapping, reading: Reading):
    """Yield chunks of cells with types; what a model does not know for a category is missing."""
    marks = {} if reading.decimal is None else dict.fromkeys(columns, reading.decimal)
    for chunk, copied in chunks:
        frame = chunk.copy(deep=False)
        for name in categories:
            if name in frame:
                marked = frame[name].isin(_missing_words(name, None, categories))
                frame[name] = frame[name].mask(marked) if marked.any() else frame[name]
        frame.attrs["decimals"] = marks
        yield frame, copied


def _missing_words(name: str, target: str | None, categories: Mapping) -> list[str]:
    """Return what stands for a missing value in a column."""
    known = categories.get(name, ())
    return [""] if name == target else [word for word in _MISSING if word not in known]


def readable(path: str) -> tuple[Path, str]:
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
    names = [name for name in table.schema_arrow.names if name in (*columns, *kept)]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise DataRefusal(f"{str(file)!r} has more than one column {name!r}; name each once.")
    check_kept(kept, table.schema_arrow.names)
    if not table.metadata.num_rows:
        table.close()
        raise DataRefusal(f"{str(file)!r} has no rows.")

    def chunks():
        start = 0
        with _parquet_refusals(file), table:
            for batch in table.iter_batches(CHUNK_ROWS, columns=names):
                # What pandas noted of an index would take columns away.
                frame = batch.select([name for name in names if name in columns]).to_pandas(
                    ignore_metadata=True
                )
                # As pandas' own, whole numbers would turn to floats where one is missing.
                copied = batch.select(kept).to_pandas(
                    ignore_metadata=True, types_mapper=pd.ArrowDtype
                )
                frame.attrs["names"] = table.schema_arrow.names
                frame.index = pd.RangeIndex(start, start + batch.num_rows)
                start += batch.num_rows
                yield frame, copied

    return table.metadata.num_rows, chunks()


def _same_rows(chunk, copied):
    """Return the columns to copy, or refuse those that are of other rows."""
    if len(copied) != len(chunk):
        raise ValueError(f"no column can be copied from row {chunk.index[0] + 1:,} on.")
    return copied


def _table_in_memory(file: Path, kind: str, target, kept, one_type: bool, reading, categories):
    """Return the table of a workbook or of lines of JSON, and the columns to copy."""
    with _refusals(file):
        if kind == "lines":
            rows = read_lines(file, reading)
            frame, cells = _with_rows(file, table_of_lines(rows)), None
        else:
            cells = read_excel(file, reading)
            frame = _without_marks(file, cells, target, categories)
    check_kept(kept, list(frame.columns))
    if cells is None:
        flat = [flat_row(row) for row in rows] if kept else []
        columns = {name: [row.get(name) for row in flat] for name in kept}
    else:
        columns = {name: cells[name].tolist() for name in kept}
    return frame, kept_of_cells(columns, one_type)


def _sliced(frame, copied):
    """Return the number of rows of a table that is in memory, and parts of it."""
    slices = (slice(start, start + CHUNK_ROWS) for start in range(0, len(frame), CHUNK_ROWS))
    return len(frame), ((frame.iloc[part], copied.iloc[part]) for part in slices)


def _without_marks(file: Path, cells, target: str | None, categories: Mapping):
    """Return a table of cells, of which those that mark a missing value are missing."""
    import pandas as pd

    marks = {name: cells[name].isin(_missing_words(name, target, categories)) for name in cells}
    return _with_rows(file, cells.mask(pd.DataFrame(marks, index=cells.index)))


def _with_rows(file: Path, frame):
    """Return a table, or refuse one without rows."""
    if frame.empty:
        raise DataRefusal(f"{str(file)!r} has no rows.")
    return frame.rename(columns=str)


def _read_text(source: Any, dialect, reading: Reading, target, categories: Mapping, **options):
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
        na_values={name: _missing_words(name, target, categories) for name in names},
        **options,
    )
