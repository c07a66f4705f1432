"""Tables from files whose cells have types: Excel workbooks, and lines of JSON."""

import json
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

from imbalanced_nn.cli.dialects import check_names
from imbalanced_nn.cli.encodings import in_encoding
from imbalanced_nn.cli.packed import opened
from imbalanced_nn.cli.reading import Reading
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.exceptions import warn

__all__ = [
    "encoding_of_lines",
    "first_sheet",
    "flat_row",
    "read_excel",
    "read_lines",
    "table_of_lines",
]


def read_excel(file: Path, reading: Reading):
    """Return the cells on the first sheet of a workbook that is not empty, as a table."""
    _, cells = first_sheet(file)
    return _named(str(file), cells, reading.header)


def first_sheet(file: Path):
    """Return the name of the first sheet that is not empty, None if it is the first, and its cells.

    These have the numbers of their rows and columns; empty ones are left out.
    """
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
    return None if sheet == book.sheet_names[0] else sheet, cells


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


def read_lines(file: Path, reading: Reading) -> list[dict]:
    """Return the objects in lines of JSON."""
    return in_encoding(file, reading.encoding, partial(_objects, file))


def encoding_of_lines(file: Path, reading: Reading) -> str:
    """Return the encoding in which lines of JSON are read."""

    def tried(encoding: str) -> str:
        with opened(file, encoding) as lines:
            for _ in lines:
                pass
        return encoding

    return in_encoding(file, reading.encoding, tried)


def _objects(file: Path, encoding: str) -> list[dict]:
    """Return the objects in lines of JSON that are written in an encoding."""
    rows = []
    with opened(file, encoding) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            row = _object(line)
            if not isinstance(row, dict):
                raise DataRefusal(
                    f"{str(file)!r} is not a table: line {number:,} is no JSON object such as "
                    f'{{"age": 31, "class": "yes"}}; write one for each row.'
                )
            rows.append(row)
    return rows


def _object(line: str) -> Any:
    """Return what a line of JSON holds, None if it is none."""
    try:
        return json.loads(line)
    except ValueError:
        pass
    try:
        # Python takes whole numbers of so many digits only.
        return json.loads(line, parse_int=float)
    except ValueError:
        return None


def table_of_lines(rows: list[dict]):
    """Return the table of objects of JSON; what is nested has names such as place.city."""
    import pandas as pd

    frame = pd.json_normalize(rows)
    for name in frame.columns[frame.dtypes.map(pd.api.types.is_object_dtype)]:
        # Lists are text like any other.
        frame[name] = frame[name].map(_as_text)
    return frame


def flat_row(row: dict, before: str = "") -> dict[str, Any]:
    """Return the values of an object of JSON by their names in the table."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= flat_row(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = _as_text(value)
    return flat


def _as_text(value: Any) -> Any:
    """Return lists and what is nested in them as text, and anything else as it is."""
    return json.dumps(value) if isinstance(value, list | dict) else value
