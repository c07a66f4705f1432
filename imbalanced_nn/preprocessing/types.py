"""What the columns of a table hold: numbers, dates, durations or text."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from imbalanced_nn.preprocessing.columns import (
    MISSING,
    convert_column,
    counts_rows,
    learn_column,
    mark_of,
    refuse_twins,
)
from imbalanced_nn.preprocessing.dates import in_doubt
from imbalanced_nn.preprocessing.doubts import mostly_read, read_by_others, stands_apart
from imbalanced_nn.preprocessing.findings import Findings, first_of
from imbalanced_nn.preprocessing.stored_tables import StoredTable
from imbalanced_nn.preprocessing.typed_columns import read_column, read_columns

__all__ = ["MISSING", "ColumnTypes"]

_UNIQUE = "text that hardly repeats"
_COUNTING = "row numbers"
FORGOTTEN = object()
"""Stands for spellings that are looked for again, as they take as much as the column."""

# Of more categories it is not kept which they were.
_MOST_CATEGORIES = 1000


class ColumnTypes(TransformerMixin, BaseEstimator):
    """Learn what each column of a table holds, and turn it into floats or text.

    True and false become 1 and 0, dates become days since 1970, durations and times of day days,
    and infinite values are missing. A missing value of a column of text is a category. Columns
    without two different values are left out, text that hardly ever repeats, such as keys, and
    numbers of rows. Columns that were not there in `fit` are ignored.

    Text is read as numbers or dates where at least 95 % of its values are: "1,234.50",
    "1.234,50", "$5", "5 %" and "(5)" are numbers, "31/12/2024", "12/31/2024" and "31 Dec 2024"
    dates, with days before months or behind as the whole column shows. "n.a.", "-", "?" and
    other spellings of missing values are missing there. Digits with leading zeros stay text.

    Parameters
    ----------
    missing : sequence of str, default=()
        Further spellings of missing values, in columns of every kind, such as "-999".

    Attributes
    ----------
    kinds_ : dict of str to {"number", "date", "duration", "text"}
        What each column that is used holds.
    forms_ : dict of str to dict
        How columns of text spell their numbers and dates.
    categories_ : dict of str to list of str
        Categories of columns of text with up to 1,000 of them.
    decimal_ : {".", ","} or None
        Decimal mark by which the numbers of a file were read, if the table came with it.
    constant_, unique_, counting_ : list of str
        Columns left out: with one value, of text that hardly repeats, and of row numbers.
    columns_ : list of dict
        What each column was taken for, in the order of the table: ``name``, ``kind``, number of
        ``categories``, of ``missing`` values, and what else there is to say, ``detail``.

    Warns
    -----
    ImbalanceWarning
        INN020 where cells are read otherwise than they look.

    See Also
    --------
    imbalanced_nn.preprocessing.ColumnEncoder : The step from there to a matrix.

    Examples
    --------
    >>> import pandas as pd
    >>> from imbalanced_nn.preprocessing import ColumnTypes
    >>> frame = pd.DataFrame({"vip": [True, None, False], "when": ["1970-01-02"] * 2 + [None]})
    >>> types = ColumnTypes().fit(frame)
    >>> types.kinds_
    {'vip': 'number', 'when': 'date'}
    >>> types.transform(frame)["when"].tolist()
    [1.0, 1.0, nan]
    """

    def __init__(self, missing: Any = ()):
        self.missing = missing

    def fit(self, X: pd.DataFrame, y: Any = None) -> "ColumnTypes":
        """Learn the types of columns.

        Parameters
        ----------
        X : DataFrame or StoredTable of shape (n_samples, n_columns)
            The table. ``X.attrs["decimal"]`` may name the decimal mark of its file,
            ``X.attrs["decimals"]`` those of columns, ``X.attrs["read_decimal"]`` that by which
            numbers were read where nothing showed one, and ``X.attrs["ambiguous"]`` a number of
            each column that tells no mark. Of one that is stored a column is in memory at a time.
        y : None
            Not used.

        Returns
        -------
        ColumnTypes

        Raises
        ------
        ValueError
            If a column holds something else, or no column is left.
        """
        for _ in self._learned(X, _silent):
            pass
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None) -> pd.DataFrame:
        """Learn the types of columns and return them as floats and text."""
        return self.learn(X, _silent)

    def learn(self, X: Any, progress: Callable[[int, int], None]) -> Any:
        """Do what `fit_transform` does, and tell how far it is.

        Parameters
        ----------
        X : DataFrame or StoredTable of shape (n_samples, n_columns)
            The table.
        progress : callable
            Given the steps that are done and their number, two for each column.

        Returns
        -------
        DataFrame or StoredTable of shape (n_samples, n_used_columns)
            As floats and text; one that is stored stays there.
        """
        used = self._learned(X, progress)
        if isinstance(X, StoredTable):
            for _ in used:
                pass
            return X.typed(self)
        return pd.DataFrame(dict(used), index=X.index)

    def _learned(
        self, X: Any, progress: Callable[[int, int], None]
    ) -> Iterator[tuple[str, pd.Series]]:
        """Learn the types of columns; yield those that are used, as floats and text."""
        _check_frame(X)
        findings, missing = Findings(), list(self.missing)
        learned, n_steps = {}, 2 * X.shape[1]
        for place, label in enumerate(X.columns):
            learned[str(label)] = self._learn_column(X, label)
            progress(place + 1, n_steps)
        ambiguous = _decide_orders(learned)
        doubts: list[str | None] = []
        kinds, forms, categories, columns = {}, {}, {}, []
        left_out: dict[str, list[str]] = {"one value": [], _UNIQUE: [], _COUNTING: []}
        for place, label in enumerate(X.columns):
            progress(X.shape[1] + place, n_steps)
            name, met = str(label), Findings()
            kind, form, spelled = learned.pop(name)
            given = X[label]
            if spelled is FORGOTTEN:
                spelled = learn_column(name, given, mark_of(X, name), missing)[2]
            column = convert_column(name, kind, form, given, missing, met, spelled)
            values = column.unique() if kind == "text" else None
            distinct = _n_distinct(column) if values is None else len(values)
            reason = _reason(name, kind, column, distinct)
            columns.append(_told(name, kind, form, column, distinct, reason))
            if kind == "text" and spelled is not None and reason in (None, _UNIQUE):
                doubts.append(mostly_read(name, given, spelled, mark_of(X, name)))
            elif kind == "number" and reason is None:
                doubts.append(stands_apart(name, column))
            if reason is not None:
                left_out[reason].append(name)
                continue
            findings.update(met)
            kinds[name] = kind
            if form is not None:
                forms[name] = form | _own_mark(X, name)
            if kind == "text" and distinct <= _MOST_CATEGORIES:
                categories[name] = sorted(set(values or ()) - {MISSING})
            yield name, column
        if not kinds:
            raise ValueError(
                "Every column but the target is constant, a row number or text that hardly "
                "repeats; there is nothing to learn from."
            )
        self.kinds_, self.forms_, self.categories_ = kinds, forms, categories
        self.constant_, self.unique_, self.counting_ = left_out.values()
        self.columns_ = columns
        self.decimal_ = X.attrs.get("read_decimal", X.attrs.get("decimal"))
        findings.notes += [
            f"{name}: no date tells days and months apart, such as {_first(X, name)!r}; read "
            f"{forms[name]['order']}. Write dates as 2024-12-31 to be sure."
            for name in ambiguous
            if name in kinds
        ]
        if self.decimal_ == ",":
            given = X.attrs.get("ambiguous", {})
            numbers = {n: given[n] for n in kinds if kinds[n] == "number" and n in given}
            findings.notes += read_by_others(numbers)
        findings.notes += first_of(list(filter(None, doubts)))
        findings.warn()

    def _learn_column(self, X: Any, label: Any) -> tuple[str, dict | None, Any]:
        """Return what a column holds; how it is spelled is kept where the table is in memory."""
        name = str(label)
        kind, form, spelled = learn_column(name, X[label], mark_of(X, name), list(self.missing))
        if spelled is not None and isinstance(X, StoredTable):
            return kind, form, FORGOTTEN
        return kind, form, spelled

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the columns of `fit` as floats and text.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            A table with these columns, in any order.

        Returns
        -------
        DataFrame of shape (n_samples, n_used_columns)

        Raises
        ------
        ValueError
            If columns are missing, or most of one is not what it was in `fit`.
        """
        _check_frame(X)
        findings = Findings()
        out = self.read(X, findings)
        # Folds of a cross-validation lack rare categories, which is nothing to worry about.
        findings.unseen.clear()
        findings.warn()
        return out

    def read(self, X: pd.DataFrame, findings: Findings) -> pd.DataFrame:
        """Do what `transform` does, and count what was met instead of warning of it.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            A table, or a part of one.
        findings : Findings
            Where cells are counted; it may have counts of parts that came before.

        Returns
        -------
        DataFrame of shape (n_samples, n_used_columns)
        """
        check_is_fitted(self)
        return read_columns(X, self.kinds_, *self._spelled, findings, self._decimal)

    def convert(self, X: Any, name: str, findings: Findings) -> pd.Series:
        """Return one of the columns of `fit` as floats or text, and count what was met.

        Parameters
        ----------
        X : DataFrame or StoredTable
            A table that has it, or a part of one.
        name : str
            The column.
        findings : Findings
            As for `read`.

        Returns
        -------
        Series
        """
        forms, categories, missing = self._spelled
        form, known = forms.get(name), categories.get(name)
        kind, decimal = self.kinds_[name], self._decimal
        return read_column(X, name, kind, form, known, missing, findings, decimal)

    @property
    def _decimal(self) -> str | None:
        """Decimal mark of numbers without a form; files of older versions may lack it."""
        return vars(self).get("decimal_")

    @property
    def _spelled(self) -> tuple[dict[str, dict], dict[str, list[str]], list[str]]:
        """How columns spell their values; what files of older versions lack is as they did it."""
        known = vars(self)
        forms, categories = known.get("forms_", {}), known.get("categories_", {})
        return forms, categories, list(known.get("missing", ()))


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


def _own_mark(X: pd.DataFrame, name: str) -> dict[str, str]:
    """Return, as a part of a form, that a column has another decimal mark than its file."""
    mark = X.attrs.get("decimals", {}).get(name)
    return {} if mark in (None, X.attrs.get("decimal")) else {"own": "yes"}


def _check_frame(X: Any) -> None:
    """Refuse what is no table of pandas, and columns of one name."""
    if isinstance(X, StoredTable):
        return
    if not isinstance(X, pd.DataFrame):
        owner = type(X).__module__.partition(".")[0]
        raise TypeError(
            f"X must be a DataFrame of pandas; got a {type(X).__name__} of {owner}. Make one of "
            f"it, such as by X.to_pandas() or pandas.DataFrame(X), or leave ColumnTypes out: "
            f"ColumnEncoder takes arrays and tables of other packages, too."
        )
    refuse_twins(X.columns.map(str))


def _decide_orders(learned: dict) -> list[str]:
    """Let columns of dates that tell nothing follow those that do; return which are in doubt."""
    forms = {name: form for name, (kind, form, _) in learned.items() if kind == "date" and form}
    doubtful = [name for name, form in forms.items() if in_doubt(form)]
    orders = {form["order"] for form in forms.values() if form["decided"] == "by the dates"} - {""}
    if len(orders) != 1:
        return doubtful
    for name in doubtful:
        forms[name] |= {"order": next(iter(orders)), "decided": "by other columns"}
    return []


def _n_distinct(column: pd.Series) -> int:
    """Return 1 or 2: whether a column of floats has two values."""
    least, largest = column.min(), column.max()
    return 1 + bool(least < largest or (least == least and column.isna().any()))


def _reason(name: str, kind: str, column: pd.Series, distinct: int) -> str | None:
    """Return why a column is left out, None if it is not."""
    if distinct < 2:
        return "one value"
    if kind == "text" and distinct > len(column) / 2:
        return _UNIQUE
    return _COUNTING if kind == "number" and counts_rows(name, column) else None


def _told(name, kind, form, column, distinct, reason) -> dict[str, Any]:
    """Return what a column was taken for, as JSON's types."""
    gone = column == MISSING if kind == "text" else column.isna()
    n_missing = int(np.count_nonzero(gone))
    detail = ""
    if form is not None and kind == "date":
        detail = form["order"]
    elif form is not None and kind == "number":
        mark = "decimal comma" * (form["decimal"] == ",")
        scale = "thousands and millions" * ("scaled" in form)
        detail = ", ".join(filter(None, (mark, form["unit"], scale)))
    return {
        "name": name,
        "kind": "left out" if reason else {"text": "category"}.get(kind, kind),
        "categories": distinct - (n_missing > 0) if kind == "text" else None,
        "missing": n_missing,
        "detail": reason or detail,
    }


def _first(X: pd.DataFrame, name: str) -> str:
    """Return the first value of a column."""
    column = next(X[label] for label in X.columns if str(label) == name)
    return str(column.dropna().iloc[0]).strip()
