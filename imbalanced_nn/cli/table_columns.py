"""The columns of a table: class labels, and features."""

import re

from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.exceptions import nearest_name

__all__ = [
    "as_labels",
    "check_column",
    "check_known_columns",
    "check_target_column",
    "header_hint",
]

# Above this many distinct fractions a column is no set of classes.
_MAX_FRACTIONS = 20
_MOST_NAMES = 20
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf")
_CODE = re.compile(r"0\d+")


def as_labels(column):
    """Return a column of classes, or refuse it.

    Whole numbers are integers, where they are no larger than 64 bits hold, and the rest is text.
    Digits with leading zeros stay text.
    """
    import pandas as pd

    distinct = column.nunique()
    if distinct == 0:
        raise DataRefusal(f"Column {column.name!r} is empty.")
    if distinct == 1:
        raise DataRefusal(
            f"Column {column.name!r} holds the one value {str(column.iloc[0])!r}; "
            "at least two classes are needed."
        )
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    values = column.unique()
    texts = [] if numeric else list(map(str, values))
    if texts and all(map(_NUMBER.fullmatch, texts)) and not any(map(_CODE.fullmatch, texts)):
        codes = pd.Index(values).get_indexer(column)
        column = pd.Series(pd.to_numeric(texts)[codes], column.index, name=column.name)
        numeric, values = True, column.unique()
        distinct = len(values)
    whole = numeric and all(float(value).is_integer() for value in values)
    if distinct > (_MAX_FRACTIONS if numeric and not whole else max(50, len(column) // 20)):
        raise DataRefusal(
            f"Column {column.name!r} has {distinct} distinct values in {len(column)} rows, so it "
            "looks continuous or like an identifier; choose a column of classes, or cut it into "
            "classes first."
        )
    fits = whole and all(-(2**63) <= value < 2**63 for value in values)
    return column.astype("int64") if fits else column.astype(str)


def check_target_column(names: list[str], target: str) -> None:
    """Refuse a target that is no column of a table, or its only one."""
    if target not in names:
        raise UsageRefusal(
            f"There is no column {target!r}; the columns are {_many(names)}."
            + (nearest_name(target, names) or _hint(names))
        )
    if len(names) < 2:
        raise DataRefusal(f"Column {target!r} is the only one; there is nothing to learn from.")


def check_column(option: str, name: str, names: list[str], target: str) -> None:
    """Refuse a column that an option names if it is not there, or is the target."""
    if name not in names:
        raise UsageRefusal(
            f"{option} {name!r}: there is no such column; the columns are {_many(names)}."
            + nearest_name(name, names)
        )
    if name == target:
        raise UsageRefusal(f"{option} {name!r} is the target; name another column.")


def check_known_columns(needed: list[str], names: list[str]) -> None:
    """Refuse a table that has no column of a model where its first line looks like values.

    Parameters
    ----------
    needed : list of str
        Columns that the model was fitted on.
    names : list of str
        Those of the table.
    """
    if set(needed) & set(names) or not any(_is_value(name) for name in names):
        return
    numbered = [str(place + 1) for place in range(len(names))]
    if set(needed) <= set(numbered):
        hint = "--no-header names the columns 1, 2, ..., as when the model was fitted."
    else:
        hint = f"write the names above it; the model was fitted on {_many(needed)}."
    raise DataRefusal(
        f"The table has no column that the model was fitted on; its first line names {_many(names)}"
        f". If that line holds values, {hint}"
    )


def _is_value(name: str) -> bool:
    """Whether the name of a column is a number, as of a line of values."""
    return _NUMBER.fullmatch(name.casefold()) is not None


def _many(names: list[str]) -> str:
    """Return names with commas between, of many the first."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _hint(names: list[str]) -> str:
    """Return what may be wrong with a table without the column that was asked for."""
    if len(names) == 1:
        marks = re.findall(r"[^\w\s.\"'-]|\s", names[0])
        mark = max(marks, key=marks.count, default=None)
        between = f" Is it {'a space' if mark == ' ' else repr(mark)}?" if mark else ""
        return f" If this is all of them, give --delimiter what is between them.{between}"
    return header_hint(names)


def header_hint(names: list[str]) -> str:
    """Return what to do about names that look like a row of values."""
    if any(map(_is_value, names)):
        return " If the first line holds values, --no-header names the columns 1, 2, ..."
    return ""
