"""Calls of pandas that read the table of a file as the commands do."""

import re
from pathlib import Path
from typing import Any

from imbalanced_nn.cli.dialects import Dialect, find_dialect
from imbalanced_nn.cli.packed import opened
from imbalanced_nn.cli.readers import readable
from imbalanced_nn.cli.reading import Reading
from imbalanced_nn.cli.typed_cells import encoding_of_lines, first_sheet, read_lines

__all__ = ["table_lines"]

# What pandas takes for a missing value as it comes, and the one that is given to it.
_MARKS = frozenset(
    (
        "?",
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    )
)
_TYPE, _NAME = r"<class '(\w+)'>", r"\1"
_LIST_AS_TEXT = "lambda cell: json.dumps(cell) if isinstance(cell, list | dict) else cell"


def table_lines(path: str, target: str, reading: Reading, labels: set[str]) -> list[str]:
    """Return lines of Python that read a file into ``table``.

    Parameters
    ----------
    path : str
        Name of the file.
    target : str
        Column of labels.
    reading : Reading
        What the user says of the file.
    labels : set of str
        The classes.
    """
    file, kind = readable(path)
    if kind == "parquet":
        return [f"table = {_call('parquet', path, {})}{_text_names(file)}"]
    if kind == "lines":
        return [f"table = {_of_lines(path, file, reading)}"]
    if kind == "excel":
        given, after = _of_excel(file, reading)
        is_nameless = False
    else:
        dialect = find_dialect(file, reading)
        given, after = _of_text(file, dialect, reading), ""
        is_nameless = "" in dialect.names
    name = "excel" if kind == "excel" else "csv"
    lines = [f"table = {_call(name, path, given)}{after}"]
    if is_nameless:
        lines.append("table = table.iloc[:, 1:]")
    if labels & _MARKS:
        # A class that has the name of such a mark.
        as_written = given | {"keep_default_na": False, "na_values": ""}
        if kind == "text":
            as_written |= {"dtype": str, "usecols": [target]}
        call = f"{_call(name, path, as_written)}{after}"
        lines.append(f"table[{target!r}] = {call}[{target!r}]")
    return lines


def _call(kind: str, path: str, options: dict[str, Any]) -> str:
    """Return a call of pandas with options."""
    given = "".join(f", {key}={value!r}" for key, value in options.items())
    return f"pd.read_{kind}({path!r}{re.sub(_TYPE, _NAME, given)})"


def _text_names(file: Path) -> str:
    """Return what makes the names of the columns of a Parquet file text, if they are not."""
    from pyarrow import parquet

    names = parquet.read_schema(file).empty_table().to_pandas().columns
    if all(isinstance(name, str) for name in names):
        return ""
    return ".pipe(lambda table: table.set_axis(map(str, table.columns), axis=1))"


def _of_lines(path: str, file: Path, reading: Reading) -> str:
    """Return the expression that reads lines of JSON."""
    encoding = encoding_of_lines(file, reading)
    options: dict[str, Any] = {"lines": True, "dtype": False}
    with opened(file) as binary:
        is_marked = binary.read(3) == b"\xef\xbb\xbf"
    if not encoding.startswith("utf-8") or is_marked:
        options["encoding"] = encoding
    call = _call("json", path, options)
    rows = read_lines(file, reading)
    if any(isinstance(value, dict) for row in rows for value in row.values()):
        call = f"pd.json_normalize({call}.to_dict('records'))"
    return f"{call}.map({_LIST_AS_TEXT})" if any(map(_holds_list, rows)) else call


def _holds_list(row: dict) -> bool:
    """Whether an object of JSON holds a list."""
    return any(
        isinstance(value, list) or (isinstance(value, dict) and _holds_list(value))
        for value in row.values()
    )


def _of_excel(file: Path, reading: Reading) -> tuple[dict[str, Any], str]:
    """Return the options that read a workbook, and what is done to the table then."""
    sheet, cells = first_sheet(file)
    n_rows, n_columns = cells.shape
    options: dict[str, Any] = {} if sheet is None else {"sheet_name": sheet}
    if cells.index[0]:
        options["skiprows"] = int(cells.index[0])
    if cells.columns[-1] >= n_columns:
        options["usecols"] = [int(place) for place in cells.columns]
    after = ""
    if cells.index[-1] - cells.index[0] >= n_rows:
        after = ".dropna(how='all').reset_index(drop=True)"
    if not reading.header:
        options |= {"header": None, "names": [str(place + 1) for place in range(n_columns)]}
    elif any(name == name and str(name).strip() != name for name in cells.iloc[0]):
        after += ".rename(columns=lambda name: str(name).strip())"
    return options | {"dtype": object, "na_values": "?"}, after


def _of_text(file: Path, dialect: Dialect, reading: Reading) -> dict[str, Any]:
    """Return the options that read a delimited text file."""
    with opened(file, dialect.encoding) as lines:
        has_blanks = any(f"{dialect.delimiter} " in line for line in lines)
    options = {
        "sep": (dialect.delimiter, ","),
        # With or without a mark at its start pandas reads UTF-8 by itself.
        "encoding": (dialect.encoding.removesuffix("-sig"), "utf-8"),
        "skiprows": (dialect.n_skipped, 0),
        "skipinitialspace": (has_blanks, False),
        "decimal": (dialect.decimal or ".", "."),
        "dtype": (dict.fromkeys([*dialect.codes, *dialect.own_decimals], str), {}),
        "na_values": ("?", ""),
    }
    given = {key: value for key, (value, usual) in options.items() if value != usual}
    if not reading.header:
        return given | {"header": None, "names": dialect.names}
    return given | _names(file, dialect, given)


def _names(file: Path, dialect: Dialect, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options that name the columns, if pandas takes them for others."""
    import pandas as pd

    plain = {key: value for key, value in given.items() if key != "dtype"}
    with opened(file) as source:
        found = pd.read_csv(source, nrows=0, **plain).columns.tolist()
    expected = dialect.names + found[len(dialect.names) :]
    if dialect.names[0] == "":
        expected[0] = found[0]
    return {} if found == expected else {"header": 0, "names": expected}
