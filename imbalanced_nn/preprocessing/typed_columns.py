"""Tables read as the columns that a model was fitted on; scikit-learn is not needed for it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from imbalanced_nn.exceptions import nearest_name
from imbalanced_nn.preprocessing.columns import (
    MISSING,
    convert_column,
    mark_of,
    with_text_names,
)
from imbalanced_nn.preprocessing.findings import Findings

__all__ = ["check_columns", "read_column", "read_columns"]

_MOST_LACKING = 10


def read_columns(
    X: pd.DataFrame,
    kinds: dict[str, str],
    forms: dict[str, dict],
    categories: dict[str, list[str]],
    missing: Iterable[str],
    findings: Findings,
    decimal: str | None = None,
) -> pd.DataFrame:
    """Return the columns that `ColumnTypes` learned as floats and text.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        A table, or a part of one.
    kinds, forms, categories : dict
        What was learned: ``kinds_``, ``forms_`` and ``categories_``.
    missing : iterable of str
        Further spellings of missing values.
    findings : Findings
        Where cells are counted.
    decimal : {".", ","} or None, default=None
        Decimal mark of columns of numbers that have no form; None is the point.

    Returns
    -------
    DataFrame of shape (n_samples, n_used_columns)

    Raises
    ------
    ValueError
        If columns are missing, or most of one is not what it was in the fit.
    """
    X = with_text_names(X)
    check_columns(list(kinds), list(X.columns), X.attrs.get("names", ()))
    missing = list(missing)
    columns = {}
    for name, kind in kinds.items():
        learned = kind, forms.get(name), categories.get(name)
        columns[name] = read_column(X, name, *learned, missing, findings, decimal)
    findings.check()
    return pd.DataFrame(columns, index=X.index)


def read_column(
    X: Any,
    name: str,
    kind: str,
    form: dict | None,
    categories: list[str] | None,
    missing: list[str],
    findings: Findings,
    decimal: str | None = None,
) -> pd.Series:
    """Return one of these columns.

    Parameters
    ----------
    X : DataFrame or StoredTable
        A table that has it, or a part of one.
    name : str
        The column.
    kind, form, categories
        What was learned of it, the latter two None if nothing was.
    missing, findings, decimal
        As for `read_columns`.

    Returns
    -------
    Series
        Floats or text.
    """
    own = form is not None and "own" in form
    mark = X.attrs.get("decimals", {}).get(name) if own else mark_of(X, name)
    if form is None:
        mark = mark or decimal
    if mark is not None and kind == "number":
        form = {"unit": "", **(form or {}), "decimal": mark}
    column = convert_column(name, kind, form, X[name], missing, findings)
    if categories is not None:
        _count_unseen(name, column, categories, findings)
    return column


def check_columns(needed: list[str], names: list[str], unread: Any = ()) -> None:
    """Refuse a table that lacks columns, all of them at once.

    Parameters
    ----------
    needed : list of str
        Columns that a model was fitted on.
    names : list of str
        Columns that are there.
    unread : sequence of str, default=()
        Columns of the file, of which only the needed ones were read.
    """
    lacking = [name for name in needed if name not in set(names)]
    if not lacking:
        return
    others = {*names, *unread} - set(needed)
    shown = ", ".join(f"{name!r}" for name in lacking[:_MOST_LACKING])
    more = len(lacking) - _MOST_LACKING
    shown += f" and {more} more" if more > 0 else ""
    hints = [nearest_name(name, others) for name in lacking[:_MOST_LACKING]]
    if len(lacking) > 1:
        hints = [
            f" For {name!r}, did{hint.removeprefix(' Did')}"
            for name, hint in zip(lacking, hints, strict=False)
            if hint
        ]
    noun = "column" if len(lacking) == 1 else "columns"
    raise ValueError(
        f"The table lacks the {noun} {shown}, which the model was fitted on.{''.join(hints)}"
    )


def _count_unseen(name: str, column: pd.Series, known: list[str], findings: Findings) -> None:
    """Count cells whose category was not there in `fit`."""
    findings.n_values[name] = findings.n_values.get(name, 0) + int((column != MISSING).sum())
    unseen = ~column.isin([*known, MISSING]).to_numpy()
    if unseen.any():
        first = int(unseen.argmax())
        n = int(np.count_nonzero(unseen))
        findings.add("unseen", name, n, column.index[first], column.iloc[first])
