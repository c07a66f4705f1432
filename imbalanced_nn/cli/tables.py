"""Reading of tables from files: delimited text and Parquet, with one-sentence refusals."""

import csv
import gzip
import zlib
from pathlib import Path

from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal

__all__ = ["read_table"]

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
    file = Path(path)
    name = file.name.lower()
    if not file.exists():
        raise UsageRefusal(f"There is no file {path!r}.")
    if file.is_dir():
        raise UsageRefusal(f"{path!r} is a directory; give one file.")
    if name.endswith(_PARQUET):
        return _read_parquet(file)
    if name.endswith(_TEXT):
        return _read_text(file, target)
    raise UsageRefusal(f"{path!r} is none of {', '.join(_TEXT + _PARQUET)}, which can be read.")


def _read_parquet(file: Path):
    """Return the table of a Parquet file."""
    try:
        import pyarrow
    except ImportError:
        raise UsageRefusal(
            "Reading Parquet needs pyarrow: pip install 'imbalanced-nn[parquet]'."
        ) from None
    import pandas as pd

    try:
        frame = pd.read_parquet(file, engine="pyarrow").reset_index(drop=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataRefusal(f"{str(file)!r} is not a Parquet table: {_first_line(error)}") from error
    return frame.rename(columns=str)


def _read_text(file: Path, target: str):
    """Return the table of a delimited text file, after every row was seen to be complete."""
    import pandas as pd

    try:
        header, delimiter = _check_rows(file)
    except UnicodeDecodeError:
        raise DataRefusal(f"{str(file)!r} is not a text table in UTF-8.") from None
    except (csv.Error, EOFError, OSError, zlib.error) as error:
        raise DataRefusal(f"{str(file)!r} cannot be read: {_first_line(error)}") from error
    missing = {name: [""] if name == target else list(_MISSING) for name in header}
    try:
        frame = pd.read_csv(
            file,
            sep=delimiter,
            header=0,
            names=header,
            index_col=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
            low_memory=False,
            keep_default_na=False,
            na_values=missing,
        )
    except pd.errors.ParserError as error:
        raise DataRefusal(f"{str(file)!r} is not a table: {_first_line(error)}") from error
    return frame.drop(columns="", errors="ignore")


def _check_rows(file: Path) -> tuple[list[str], str]:
    """Return the column names and the delimiter of a text file; refuse what is not a table."""
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
    return header, delimiter


def _check_header(path: str, header: list[str]) -> None:
    """Refuse binary data, a name used twice, and a column without a name that is not the first."""
    if any("\0" in name for name in header):
        raise DataRefusal(f"{path!r} is not a text table in UTF-8.")
    for position, name in enumerate(header):
        if name in header[:position]:
            raise DataRefusal(f"{path!r} has more than one column {name!r}; name each once.")
        if not name and position:
            raise DataRefusal(f"{path!r} has no name for column {position + 1}.")


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
