"""Which columns of a table no network takes, and what makes numbers of them."""

import datetime
import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["columns_of_other_kinds", "columns_with_gaps", "encoded_first"]

_LISTED = 5
_OTHER_KINDS: dict[str, Any] = {
    "text": str,
    "dates": (datetime.date, np.datetime64),
    "durations": (datetime.timedelta, np.timedelta64),
}


def columns_of_other_kinds(X: Any) -> str | None:
    """Say which columns of a table hold text, dates or durations, None if no such do."""
    kinds: dict[str, list[str]] = {}
    for name, column in _columns(X):
        if column.dtype.kind in "biufc":
            continue
        first = next((value for value in column if not _is_number(value)), None)
        for kind, types in _OTHER_KINDS.items():
            if isinstance(first, types):
                kinds.setdefault(kind, []).append(f"{name} (such as {str(first)!r})")
    told = " and ".join(f"{kind} in {_listed(names)}" for kind, names in kinds.items())
    return f"X holds {told}" if told else None


def _is_number(value: Any) -> bool:
    """Whether a cell is a number, spells one, or is missing."""
    if isinstance(value, datetime.timedelta | np.timedelta64):
        return bool(value != value)
    if value is None or isinstance(value, numbers.Number | np.bool_) or value != value:
        return True
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def columns_with_gaps(X: Any) -> str | None:
    """Return the columns of a table with names that lack values, None if it is no such."""
    if not hasattr(X, "columns"):
        return None
    gaps = [name for name, column in _columns(X) if any(v is None or v != v for v in column)]
    return _listed(gaps) if gaps else None


def _columns(X: Any) -> Iterator[tuple[str, Any]]:
    """Yield the name and the cells of each column of a table; an array has numbers for names."""
    if hasattr(X, "columns"):
        for place, name in enumerate(X.columns):
            column = X.iloc[:, place] if hasattr(X, "iloc") else X[name]
            yield repr(str(name)), np.asarray(column)
    elif not sparse.issparse(X) and np.ndim(X) == 2:
        for place, column in enumerate(np.asarray(X).T):
            yield f"column {place}", column


def _listed(names: list[str]) -> str:
    """Return names with commas, the first of many."""
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def encoded_first(name: str) -> str:
    """Say what makes numbers of a table, before a class or for a function."""
    line = "X = ColumnEncoder().fit_transform(X)"
    if name[:1].isupper():
        line = f"make_pipeline(ColumnEncoder(), {name}())"
    return f"ColumnEncoder of imbalanced_nn makes numbers of all of them: {line}"
