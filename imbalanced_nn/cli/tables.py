"""Reading of tables from files: delimited text and Parquet, with one-sentence refusals."""

import csv
import gzip
import zlib
from contextlib import contextmanager
from pathlib import Path

from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal

__all__ = ["check_pyarrow", "read_chunks", "read_table"]

CHUNK_ROWS = 20_000
"""Rows that are in memory at a time where a file is read in chunks."""

_TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
_PARQUET = (".parquet", ".pq")
# pandas' own marks of a missing value, and the question mark of the UCI repository.
_MISSING = (
    *("", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
    *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)


def read_table(path: str, target: str):
    """Return the file's table as a DataFrame.

    In the target column only an empty field is missing: ``None`` or ``NA`` may name a class.
    A first column without a name, as pandas writes for row numbers, is left out.
    """
    file, is_parquet = _readable(path)
    if is_parquet:
        with _parquet_refusals(file):
            import pandas as pd

            frame = pd.read_parquet(file, engine="pyarrow").reset_index(drop=True)
        return frame.rename(columns=str)
    header, delimiter, _ = _check_text(file)
    with _text_refusals(file):
        return _read_text(file, header, delimiter, target).drop(columns="", errors="ignore")


def read_chunks(
    path: str, columns: list[str], text: list[str], target: str | None = None, kept: tuple = ()
):
    """Return the number of rows of a file, and an iterator of DataFrames of some of them each.

    Parameters
    ----------
    path : str
        Name of the file.
    columns : list of str
        Columns to read; those that are not there are left to whoever needs them.
    text : list of str
        Columns that are not to be taken for numbers, whatever a chunk of them looks like.
    target : str or None, default=None
        Column in which only an empty field is missing.
    kept : sequence of str, default=()
        Columns that come as they are written, such as keys: text of a text file, and of Parquet
        in its own types, as whole numbers would else turn to floats where one is missing.
    """
    columns = [*columns, *kept]
    file, is_parquet = _readable(path)
    if is_parquet:
        return _parquet_chunks(file, columns, list(kept))
    header, delimiter, n_rows = _check_text(file)

    def chunks():
        with _text_refusals(file):
            reader = _read_text(
                file,
                header,
                delimiter,
                target,
                usecols=[name for name in header if name in columns],
                dtype=dict.fromkeys([*text, *kept], str),
                chunksize=CHUNK_ROWS,
            )
            with reader:
                yield from reader

    return n_rows, chunks()


def _readable(path: str) -> tuple[Path, bool]:
    """Return the file and whether it is Parquet, or refuse what cannot be read."""
    file = Path(path)
    name = file.name.lower()
    if not file.exists():
        raise UsageRefusal(f"There is no file {path!r}.")
    if file.is_dir():
        raise UsageRefusal(f"{path!r} is a directory; give one file.")
    if name.endswith(_PARQUET):
        check_pyarrow()
        return file, True
    if name.endswith(_TEXT):
        return file, False
    raise UsageRefusal(f"{path!r} is none of {', '.join(_TEXT + _PARQUET)}, which can be read.")


def check_pyarrow() -> None:
    """Refuse Parquet where the library for it is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise UsageRefusal("Parquet needs pyarrow: pip install pyarrow.") from None


@contextmanager
def _parquet_refusals(file: Path):
    """Turn errors of reading Parquet into refusals."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        raise DataRefusal(f"{str(file)!r} is not a Parquet table: {_first_line(error)}") from error


@contextmanager
def _text_refusals(file: Path):
    """Turn errors of reading text into refusals."""
    import pandas as pd

    try:
        yield
    except pd.errors.ParserError as error:
        raise DataRefusal(f"{str(file)!r} is not a table: {_first_line(error)}") from error


def _parquet_chunks(file: Path, columns: list[str], kept: list[str]):
    """Return the number of rows of a Parquet file, and its chunks, or refuse one without rows."""
    import pandas as pd
    from pyarrow import parquet

    with _parquet_refusals(file):
        table = parquet.ParquetFile(file, memory_map=True)
    names = [name for name in table.schema_arrow.names if name in columns]
    _check_once(str(file), names)
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
                frame.index = pd.RangeIndex(start, start + len(frame))
                start += len(frame)
                yield frame

    return table.metadata.num_rows, chunks()


def _read_text(file: Path, header: list[str], delimiter: str, target: str | None, **options):
    """Return the table of a delimited text file, whole or in chunks."""
    import pandas as pd

    return pd.read_csv(
        file,
        sep=delimiter,
        header=0,
        names=header,
        index_col=False,
        encoding="utf-8-sig",
        skipinitialspace=True,
        low_memory=False,
        keep_default_na=False,
        na_values={name: [""] if name == target else list(_MISSING) for name in header},
        **options,
    )


def _check_text(file: Path) -> tuple[list[str], str, int]:
    """Return names, delimiter and number of rows, after every row was seen to be complete."""
    try:
        return _check_rows(file)
    except UnicodeDecodeError:
        raise DataRefusal(f"{str(file)!r} is not a text table in UTF-8.") from None
    except (csv.Error, EOFError, OSError, zlib.error) as error:
        raise DataRefusal(f"{str(file)!r} cannot be read: {_first_line(error)}") from error


def _check_rows(file: Path) -> tuple[list[str], str, int]:
    """Return names, delimiter and number of rows of a text file; refuse what is not a table."""
    path = str(file)
    with _opened(file) as lines:
        first = lines.readline()
        if not first.strip():
            raise DataRefusal(f"{path!r} is empty; its first line must name the columns.")
        delimiter = "\t" if ".tsv" in file.suffixes else max(",;\t", key=first.count)
    with _opened(file) as lines:
        rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        header = [name.strip() for name in next(rows)]
        _check_header(path, header)
        n_rows = 0
        for row in rows:
            n_rows += bool(row)
            if row and len(row) != len(header):
                raise DataRefusal(
                    f"{path!r} is not a table: line {rows.line_num} has {_count(row, 'field')}, "
                    f"the first line has {len(header)}."
                )
    if not n_rows:
        raise DataRefusal(f"{path!r} names columns and has no rows.")
    return header, delimiter, n_rows


def _check_header(path: str, header: list[str]) -> None:
    """Refuse binary data, a name used twice, and a column without a name that is not the first."""
    if any("\0" in name for name in header):
        raise DataRefusal(f"{path!r} is not a text table in UTF-8.")
    _check_once(path, header)
    for position, name in enumerate(header):
        if not name and position:
            raise DataRefusal(f"{path!r} has no name for column {position + 1}.")


def _check_once(path: str, names: list[str]) -> None:
    """Refuse a name that several columns have."""
    for position, name in enumerate(names):
        if name in names[:position]:
            raise DataRefusal(f"{path!r} has more than one column {name!r}; name each once.")


def _opened(file: Path):
    """Open a text file, packed or not."""
    opener = gzip.open if file.suffix.lower() == ".gz" else open
    return opener(file, "rt", encoding="utf-8-sig", newline="")


def _count(items: list, noun: str) -> str:
    """Return the number of items with its noun."""
    return f"{len(items)} {noun}" + ("" if len(items) == 1 else "s")


def _first_line(error: Exception) -> str:
    """Return the first line of an error's message, as one sentence."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".") + "."
