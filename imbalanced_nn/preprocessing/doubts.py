"""What a user should look at although it was read: text that is nearly numbers, odd extremes."""

import re
from typing import Any

import numpy as np
import pandas as pd

from imbalanced_nn.preprocessing.dates import learn_dates, read_dates
from imbalanced_nn.preprocessing.findings import first_of, row_number
from imbalanced_nn.preprocessing.spellings import (
    Spelled,
    is_missing,
    learn_numbers,
    read_numbers,
)

__all__ = ["mostly_read", "read_by_others", "stands_apart"]

_MOST = 0.6
_NINES = re.compile(r"9{2,}")


def mostly_read(name: str, column: pd.Series, spelled: Spelled, decimal: str | None) -> str | None:
    """Return a sentence on a column of text most of which is numbers or dates, else None.

    Parameters
    ----------
    name : str
        Name of the column.
    column : Series
        The column.
    spelled : Spelled
        Its cells.
    decimal : {".", ","} or None
        Decimal mark, None where it is to be found out.
    """
    codes, texts, typed = spelled
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    for unit in ("numbers", "dates"):
        if unit == "numbers":
            form = learn_numbers(spelled, counts, decimal, enough=_MOST)
            read = None if form is None else read_numbers(texts, typed, form)
        else:
            form = learn_dates(texts, counts, enough=_MOST)
            read = None if form is None else read_dates(texts, form)
        if read is not None:
            break
    else:
        return None
    odd = np.isnan(read) & (counts > 0) & ~np.array([is_missing(text) for text in texts])
    cells = np.append(odd, False)[codes]
    n, first = int(cells.sum()), int(cells.argmax())
    total = n + int(counts[~np.isnan(read)].sum())
    text, row = str(column.iloc[first]).strip(), row_number(column.index[first])
    which = f"{text!r} in row {row} is not"
    if n > 1:
        which = f"{n:,} are not, the first {text!r} in row {row}"
    return (
        f"{name}: {total - n:,} of {total:,} values are {unit}, {which}; taken for text. Correct "
        f"these cells, or say that they stand for missing values (missing={text!r})."
    )


def read_by_others(ambiguous: dict[str, str]) -> list[str]:
    """Return sentences on columns whose numbers tell no decimal mark, and took that of others.

    Parameters
    ----------
    ambiguous : dict of str to str
        A number of each of these columns.
    """
    return first_of(
        [
            f"{name}: numbers such as {text!r} can be read in two ways; read with a decimal comma, "
            f"as other columns show one. If they have a decimal point, say so (decimal='.')."
            for name, text in ambiguous.items()
        ]
    )


def stands_apart(name: str, values: pd.Series) -> str | None:
    """Return a sentence on a number of nines that may stand for a missing value, else None.

    That is the least or the largest number of a column, in several rows, and further from the
    next one than all others are from each other, or alone below zero.
    """
    for extreme in (values.min(), values.max()):
        if not _NINES.fullmatch(f"{abs(extreme):.0f}" if abs(extreme) % 1 == 0 else ""):
            continue
        is_extreme = values == extreme
        others = values[~is_extreme]
        least, largest = others.min(), others.max()
        gap = min(abs(extreme - least), abs(extreme - largest))
        n = int(is_extreme.sum())
        if n > 1 and (gap > largest - least or (extreme < 0 <= least)):
            known = int(values.notna().sum())
            return (
                f"{name}: {n:,} of {known:,} values are {_shown(extreme)}, the others lie between "
                f"{_shown(least)} and {_shown(largest)}. If it stands for a missing value, say so "
                f"(missing='{_shown(extreme)}')."
            )
    return None


def _shown(number: Any) -> str:
    """Return a number without a needless fraction."""
    return f"{number:.0f}" if number % 1 == 0 else f"{number:g}"
