"""One column: what it holds, and its cells as floats or text."""

import datetime
import decimal
import numbers
import re
from typing import Any

import numpy as np
import pandas as pd

from imbalanced_nn.preprocessing.dates import (
    days_of,
    days_of_digits,
    is_no_date,
    learn_dates,
    learn_times,
    read_dates,
    read_times,
)
from imbalanced_nn.preprocessing.findings import Findings
from imbalanced_nn.preprocessing.spellings import (
    ENOUGH,
    Spelled,
    has_unit,
    is_missing,
    is_money,
    learn_numbers,
    read_numbers,
)

__all__ = [
    "LARGEST",
    "MISSING",
    "convert_column",
    "counts_rows",
    "kind_of_values",
    "learn_column",
    "mark_of",
    "refuse_twins",
    "with_text_names",
]

MISSING = "(missing)"
"""Category of a missing value in a column of text."""

_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty")
_DATES = ("datetime64", "datetime", "date")
_DURATIONS = ("timedelta64", "timedelta")
_MIXED = ("mixed", "mixed-integer")
# What values of a column are when they are none of its kind; of digits dates may be read.
_ALIEN = {
    "number": (*_DATES, *_DURATIONS),
    "date": _DURATIONS,
    "duration": (*_NUMBERS, *_DATES),
}
_NUMERIC = (numbers.Real, decimal.Decimal, np.bool_)
_TIMES = (datetime.time, datetime.timedelta)
_SPELLABLE = (str, numbers.Number, decimal.Decimal, datetime.date, np.bool_, *_TIMES)
# Python has whole numbers that no float holds.
_LARGEST_FLOAT = int(np.finfo(np.float64).max)

LARGEST = float(np.finfo(np.float32).max)
# The first and the last day that digits are taken for.
_DIGITS = (19000101, 21001231)
_LOOKED_AT = 20
_LONGEST_SHOWN = 60
# Fewer rows may be numbered through by chance.
_FEWEST_COUNTED = 20
_ROW_NAMES = re.compile(
    r"(?i:|unnamed: ?\d+|index|row|row[_ ]?(id|num|nr|no|number|names?)|#|id|.*[_ .-]id)"
    r"|.*[a-z]I[dD]"
)


def refuse_twins(names: pd.Index) -> None:
    """Refuse columns of one name, by which nobody can tell them apart."""
    if not names.is_unique:
        twice = names[names.duplicated()][0]
        raise ValueError(f"Two columns have the name {twice!r}. Give each a name of its own.")


def with_text_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns have text for names, also where these have several levels."""
    return frame.set_axis([str(name) for name in frame.columns], axis=1)


def mark_of(frame: pd.DataFrame, name: str) -> str | None:
    """Return the decimal mark of a column of a file, or of all of it, if there is one."""
    return frame.attrs.get("decimals", {}).get(name, frame.attrs.get("decimal"))


def kind_of_values(name: str, column: pd.Series) -> str:
    """Return "number", "date", "duration" or "text": what values are, whatever text may spell.

    Parameters
    ----------
    name : str
        Its name, for the message.
    column : Series
        The column.

    Raises
    ------
    ValueError
        If they are something else.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "text"
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _NUMBERS:
        return "number"
    if kind in _DATES:
        return "date"
    if kind in _DURATIONS:
        return "duration"
    types = set(map(type, column.dropna())) if kind in (*_MIXED, "time") else ()
    if types and all(issubclass(each, _NUMERIC) for each in types):
        return "number"
    if types and all(issubclass(each, _TIMES) for each in types):
        return "duration"
    if kind != "string" and not (types and all(issubclass(each, _SPELLABLE) for each in types)):
        raise ValueError(
            f"Column {name!r} holds values that are no numbers, dates or text ({kind}); leave it "
            f"out."
        )
    return "text"


def learn_column(
    name: str, column: pd.Series, mark: str | None, missing: list[str]
) -> tuple[str, dict | None, Spelled | None]:
    """Return what a column holds, and how it is spelled if it is text.

    Parameters
    ----------
    name : str
        Its name.
    column : Series
        The column.
    mark : {".", ","} or None
        Decimal mark of the file, where that is known.
    missing : list of str
        Further spellings of missing values.

    Returns
    -------
    kind : {"number", "date", "duration", "text"}
    form : dict or None
        What `learn_numbers` or `learn_dates` learned; for text and for values that are typed
        already, None.
    spelled : Spelled or None
        Its cells, for `convert_column`.
    """
    column = _as_held(column)
    kind = kind_of_values(name, column)
    if kind == "number" and _is_dated(column):
        return "date", None, None
    if kind != "text" or isinstance(column.dtype, pd.CategoricalDtype):
        return kind, None, None
    spelled = _spelled(column, missing)
    codes, texts, _ = spelled
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    form = learn_numbers(spelled, counts, mark)
    if form is not None and not _is_dated(pd.Series(pd.to_numeric(texts, errors="coerce"))):
        return "number", form, spelled
    for kind, learned in (("date", learn_dates), ("duration", learn_times)):
        form = learned(texts, counts)
        if form is not None:
            return kind, form, spelled
    return "text", None, spelled


def convert_column(
    name: str,
    kind: str,
    form: dict | None,
    column: pd.Series,
    missing: list[str],
    findings: Findings,
    spelled: Spelled | None = None,
) -> pd.Series:
    """Return a column as floats, or as text in which a missing value is a category.

    Parameters
    ----------
    name, kind, form, column, missing
        As of `learn_column`.
    findings : Findings
        Where cells are counted that are none of the kind.
    spelled : Spelled, optional
        What `learn_column` found of the cells, to save a second look.
    """
    column = _as_held(column)
    if kind == "text":
        codes, texts, _ = spelled or _spelled(column, missing)
        values = texts.append(pd.Index([MISSING], dtype=texts.dtype)).take(codes)
        return pd.Series(values, index=column.index)
    findings.kinds[name] = kind
    unit = (form or {}).get("unit", "") if kind == "number" else ""
    if unit and not is_money(unit):
        findings.units[name] = unit
    if not _is_text(column):
        values, known = _typed(kind, column, missing), column.notna()
        lost = (values.isna() & known).to_numpy()
        if lost.any() and kind == "number":
            # Of those that the user names as missing nothing is told.
            lost = lost & ~column.isin(_as_numbers(missing)).to_numpy()
        _tell(findings, "unreadable", name, column, lost)
        findings.n_values[name] = findings.n_values.get(name, 0) + int(known.sum())
    else:
        values = _read(name, kind, form, column, spelled or _spelled(column, missing), findings)
    if kind == "number":
        beyond = (values.abs() > LARGEST).to_numpy()
        if beyond.any():
            _tell(findings, "infinite", name, column, beyond)
            values = values.mask(beyond)
    return values


def _is_dated(column: pd.Series) -> bool:
    """Whether numbers are dates in digits, such as 20240131."""
    if pd.api.types.is_bool_dtype(column) or not column.notna().any():
        return False
    # The first look is cheap, and most columns of numbers end here.
    start = pd.to_numeric(_as_floats(column.iloc[:_LOOKED_AT]), errors="coerce").dropna()
    if not start.between(*_DIGITS).all() or not column.min() < column.max():
        return False
    known = column.notna()
    return bool(days_of_digits(column)[known].notna().mean() >= ENOUGH)


def counts_rows(name: str, values: pd.Series) -> bool:
    """Whether a column of numbers numbers the rows, or is a key of them.

    That are whole numbers which differ from row to row, and which fill at least half of the
    span from the least to the largest, go on by the same step, or have the name of a key.
    """
    number = values.to_numpy()
    if len(number) < _FEWEST_COUNTED or not np.array_equal(number, np.rint(number)):
        return False
    dense = number.max() - number.min() < 2 * len(number)
    dense = dense or bool(np.ptp(np.diff(number)) == 0)
    if not dense and _ROW_NAMES.fullmatch(name.strip()) is None:
        return False
    return len(np.unique(number)) == len(number)


def _is_text(column: pd.Series) -> bool:
    """Whether the values of a column have to be read from text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return True
    return pd.api.types.infer_dtype(column, skipna=True) in ("string", "time", *_MIXED)


def _as_held(column: pd.Series) -> pd.Series:
    """Return a column with infinities in place of whole numbers that no float holds."""
    if column.dtype != object:
        return column
    signs = [
        0 if not isinstance(value, int) or abs(value) <= _LARGEST_FLOAT else 1 if value > 0 else -1
        for value in column
    ]
    if not any(signs):
        return column
    return column.mask(np.array(signs, dtype=bool), np.copysign(np.inf, signs))


def _spelled(column: pd.Series, missing: list[str]) -> Spelled:
    """Return the cells of a column by their distinct values, as text."""
    codes, found = pd.factorize(column)
    distinct = pd.Index(found)
    typed = np.full(len(distinct), np.nan)
    if distinct.dtype != "str":
        values = distinct.astype("object")
        typed = np.array([_number(value) for value in values], dtype=np.float64)
        distinct = values.map(_as_text).astype("str")
    texts = distinct.str.strip()
    lost = texts == ""
    if missing:
        lost |= texts.str.casefold().isin([text.strip().casefold() for text in missing])
    if lost.any():
        codes = np.where(lost[codes], -1, codes)
    return Spelled(codes, texts, typed)


def _number(value: object) -> float:
    """Return a value that is a number as a float, and NaN for text."""
    return float(value) if isinstance(value, _NUMERIC) else np.nan


def _as_text(value: object) -> str:
    """Return a value as text, a whole number alike where a missing one has made it a float."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _typed(kind: str, column: pd.Series, missing: list[str]) -> pd.Series:
    """Return floats of values that are no text, missing where there is none."""
    held = pd.api.types.infer_dtype(column, skipna=True)
    if held in _ALIEN[kind] or not column.notna().any():
        return pd.Series(np.nan, index=column.index)
    if kind == "date":
        return days_of_digits(column) if held in _NUMBERS else days_of(column)
    if kind == "duration":
        return pd.to_timedelta(column, errors="coerce") / pd.Timedelta(days=1)
    values = pd.to_numeric(_as_floats(column), errors="coerce").astype("float64")
    return values.mask(values.isin(_as_numbers(missing))) if missing else values


def _as_floats(column: pd.Series) -> pd.Series:
    """Return Arrow's numbers as floats: of decimals, what reads numbers loses the missing ones."""
    if not isinstance(column.dtype, pd.ArrowDtype):
        return column
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(values, index=column.index)


def _as_numbers(texts: list[str]) -> list[float]:
    """Return the numbers among spellings of missing values."""
    return pd.to_numeric(pd.Series(texts, dtype="str"), errors="coerce").dropna().tolist()


def _read(
    name: str,
    kind: str,
    form: dict | None,
    column: pd.Series,
    spelled: Spelled,
    findings: Findings,
) -> pd.Series:
    """Return floats that text spells; what spells none is counted and missing."""
    codes, texts, typed = spelled
    if kind == "number":
        read = read_numbers(texts, typed, form or {"decimal": ".", "unit": ""})
    elif kind == "date":
        read = read_dates(texts, form or {"order": "month first"})
    else:
        read = read_times(texts)
    present = np.bincount(codes[codes >= 0], minlength=len(texts))
    if name in findings.units:
        n = sum(present[place] for place, text in enumerate(texts) if has_unit(text))
        findings.with_unit[name] = findings.with_unit.get(name, 0) + int(n)
    unread = np.isnan(read) & (present > 0)
    absent = np.zeros(len(texts), dtype=bool)
    places = np.flatnonzero(unread)
    stands_for_none = is_no_date if kind == "date" else is_missing
    absent[places] = [stands_for_none(texts[place]) for place in places]
    for place in np.flatnonzero(absent):
        cells = codes == place
        _tell(findings, "spelled", (str(texts[place]), name), column, cells)
    _tell(findings, "unreadable", name, column, np.append(unread & ~absent, False)[codes])
    known = findings.n_values.get(name, 0) + int(present[~absent].sum())
    findings.n_values[name] = known
    return pd.Series(np.append(read, np.nan)[codes], index=column.index)


def _tell(findings: Findings, where: str, name: Any, column: pd.Series, cells: np.ndarray) -> None:
    """Count cells of a column under one of the heads of what was found."""
    n = int(np.count_nonzero(cells))
    if n:
        first = int(cells.argmax())
        text = str(column.iloc[first]).strip()
        text = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
        findings.add(where, name, n, column.index[first], text)
