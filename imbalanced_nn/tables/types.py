"""What the columns of a table hold: numbers, dates, durations or text."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from imbalanced_nn.exceptions import nearest_name

__all__ = ["MISSING", "ColumnTypes"]

MISSING = "(missing)"
"""Category of a missing value in a column of text."""

_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty")
_DATES = ("datetime64", "datetime", "date")
_DURATIONS = ("timedelta64", "timedelta")
_TEXT = ("string", "mixed-integer")
_SPELLED = {
    spelled: word == "true"
    for word in ("true", "false")
    for spelled in (word, word.upper(), word.title())
}
_UNITS = {
    "number": "numbers",
    "date": "dates such as 2024-12-31",
    "duration": "durations",
}


class ColumnTypes(TransformerMixin, BaseEstimator):
    """Learn what each column of a table holds, and turn it into floats or text.

    True and false become 1 and 0, dates become days since 1970, durations days, and infinite
    values are missing. A missing value of a column of text is a category. Columns without two
    different values are left out, and text that hardly ever repeats, such as keys. Columns that
    were not there in `fit` are ignored.

    Attributes
    ----------
    kinds_ : dict of str to {"number", "date", "duration", "text"}
        What each column that is used holds.
    constant_, unique_ : list of str
        Columns left out: with one value, and of text that hardly repeats.

    See Also
    --------
    imbalanced_nn.tables.ColumnEncoder : The step from there to a matrix.

    Examples
    --------
    >>> import pandas as pd
    >>> from imbalanced_nn.tables import ColumnTypes
    >>> frame = pd.DataFrame({"vip": [True, None, False], "when": ["1970-01-02"] * 2 + [None]})
    >>> types = ColumnTypes().fit(frame)
    >>> types.kinds_
    {'vip': 'number', 'when': 'date'}
    >>> types.transform(frame)["when"].tolist()
    [1.0, 1.0, nan]
    """

    def fit(self, X: pd.DataFrame, y: Any = None) -> "ColumnTypes":
        """Learn the types of columns.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            The table.
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
        self.fit_transform(X)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None) -> pd.DataFrame:
        """Learn the types of columns and return them as floats and text."""
        kinds, kept, constant, unique = {}, {}, [], []
        for label in X.columns:
            name, kind = str(label), _kind(str(label), X[label])
            column = _converted(name, kind, X[label])
            distinct = column.nunique(dropna=False)
            if distinct < 2:
                constant.append(name)
            elif kind == "text" and distinct > len(column) / 2:
                unique.append(name)
            else:
                kinds[name], kept[name] = kind, column
        if not kept:
            raise ValueError(
                "Every column but the target is constant or text that hardly repeats; there is "
                "nothing to learn from."
            )
        self.kinds_, self.constant_, self.unique_ = kinds, constant, unique
        return pd.DataFrame(kept, index=X.index)

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
            If a column is missing, or holds something else than it did in `fit`.
        """
        check_is_fitted(self)
        X = X.rename(columns=str)
        for name in self.kinds_:
            if name not in X.columns:
                raise ValueError(
                    f"The table lacks the column {name!r}, which the model was fitted on."
                    f"{nearest_name(name, set(X.columns) - set(self.kinds_))}"
                )
        columns = {name: _converted(name, kind, X[name]) for name, kind in self.kinds_.items()}
        return pd.DataFrame(columns, index=X.index)


def _kind(name: str, column: pd.Series) -> str:
    """Return what a column holds."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "text"
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _NUMBERS:
        return "number"
    if kind in _DATES or (kind == "string" and _are_dates(column)):
        return "date"
    if kind in _DURATIONS:
        return "duration"
    if kind in _TEXT:
        return "text"
    raise ValueError(
        f"Column {name!r} holds values that are no numbers, dates or text ({kind}); leave it out."
    )


def _are_dates(column: pd.Series) -> bool:
    """Whether every text is a date."""
    # The first look is cheap, and most columns of text end here.
    if not column.astype("str").str.match(r"\d{4}-\d\d-\d\d").any():
        return False
    return _as_dates(column).isna().sum() == column.isna().sum()


def _converted(name: str, kind: str, column: pd.Series) -> pd.Series:
    """Return a column as floats, or as text in which a missing value is a category."""
    if kind == "text":
        return column.astype("object").where(column.notna(), MISSING).astype(str)
    if kind == "date":
        values = (_as_dates(column) - pd.Timestamp(0, tz="utc")) / pd.Timedelta(days=1)
    elif kind == "duration":
        values = pd.to_timedelta(column, errors="coerce") / pd.Timedelta(days=1)
    else:
        values = _as_numbers(column)
    lost = values.isna() & column.notna()
    if lost.any():
        row = column.index[lost.to_numpy().argmax()]
        raise ValueError(
            f"Column {name!r} held {_UNITS[kind]} when the model was fitted, but holds "
            f"{str(column[lost].iloc[0])!r} in row {row + 1 if isinstance(row, int) else row}. "
            f"Correct it, or leave it empty."
        )
    return values.where(np.isfinite(values))


def _as_dates(column: pd.Series) -> pd.Series:
    """Return moments in UTC, missing where there is none."""
    text = pd.api.types.infer_dtype(column, skipna=True) == "string"
    form = "ISO8601" if text else None
    return pd.to_datetime(column, format=form, utc=True, errors="coerce")


def _as_numbers(column: pd.Series) -> pd.Series:
    """Return floats, missing where there is no number."""
    if not pd.api.types.is_numeric_dtype(column):
        # A table that was read as text spells out what is true.
        column = column.astype("object").replace(_SPELLED)
    return pd.to_numeric(column, errors="coerce").astype("float64")
