"""Tables of numbers, dates and text as a matrix."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from imbalanced_nn.data import refuse_streams
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.preprocessing.columns import (
    LARGEST,
    convert_column,
    kind_of_values,
    refuse_twins,
    with_text_names,
)
from imbalanced_nn.preprocessing.findings import Findings
from imbalanced_nn.preprocessing.stored_tables import StoredTable
from imbalanced_nn.preprocessing.typed_columns import check_columns

__all__ = ["ColumnEncoder"]


class ColumnEncoder(TransformerMixin, BaseEstimator):
    """Encode a table of numbers, dates and text as a matrix without missing values.

    The type of a column decides. Numbers, true and false: as they are, the median in place of
    missing and infinite values, and for each column that had some missing an indicator of them.
    Dates: days since 1970, durations and times of day: days. Text and categories: one column for
    each category; rare categories, and unseen ones where there were rare ones, share a column,
    and a missing value is a category. What was constant in `fit` is left out.

    It does what scikit-learn's ``SimpleImputer``, ``OneHotEncoder`` and ``VarianceThreshold``
    do together in a ``ColumnTransformer``, but needs no list of columns, and what it learned is
    a few lists, which every later version can read. Numbers and dates that are spelled as text,
    such as "1.234,50", stay text: `imbalanced_nn.preprocessing.ColumnTypes` reads those, and
    goes before it in a pipeline.

    Parameters
    ----------
    min_frequency : int, default=5
        Rows from which on a category has a column of its own.
    max_categories : int, default=100
        Most columns of one column of text, the shared one counted; at least 2.

    Attributes
    ----------
    medians_ : dict of str to float
        Median of each column that is no text.
    typed_ : dict of str to {"number", "date", "duration"}
        What the values of these columns are.
    missing_ : list of str
        Those of them with an indicator of missing values.
    categories_ : dict of str to list of str
        Categories with a column of their own.
    rare_ : list of str
        Columns of text in which the other categories share a column.
    kept_ : ndarray of bool
        Which of these columns were not constant.
    feature_names_in_ : ndarray of str
        Columns of the table; ``x0``, ``x1`` and so on where it has no names.
    n_features_in_ : int
        Number of them.

    Warns
    -----
    ImbalanceWarning
        INN020 where numbers are infinite, or columns hold text that held none in `fit`.

    See Also
    --------
    imbalanced_nn.BalancedKerasClassifier : What takes the matrix.
    imbalanced_nn.preprocessing.ColumnTypes : Numbers and dates that are spelled as text.

    Examples
    --------
    >>> import pandas as pd
    >>> from imbalanced_nn import ColumnEncoder
    >>> table = pd.DataFrame({"amount": [1, None, 4], "country": ["DE", "FR", "DE"]})
    >>> encoder = ColumnEncoder(min_frequency=1).fit(table)
    >>> encoder.transform(table)
    array([[1. , 0. , 1. , 0. ],
           [2.5, 1. , 0. , 1. ],
           [4. , 0. , 1. , 0. ]])
    >>> encoder.get_feature_names_out().tolist()
    ['amount', 'amount is missing', 'country: DE', 'country: FR']

    Before a network, so that each fold of a cross-validation learns its own categories:

    >>> from sklearn.pipeline import make_pipeline
    >>> from imbalanced_nn import BalancedKerasClassifier
    >>> from imbalanced_nn.datasets import load_ai4i2020
    >>> X, y = load_ai4i2020(return_X_y=True, as_frame=True)
    >>> X["quality"] = X.pop("type_H").map({0: "other", 1: "high"})
    >>> model = make_pipeline(ColumnEncoder(), BalancedKerasClassifier(epochs=2, random_state=0))
    >>> model.fit(X[:2000], y[:2000]).predict(X).shape
    (10000,)
    """

    def __init__(self, min_frequency: int = 5, max_categories: int = 100):
        self.min_frequency = min_frequency
        self.max_categories = max_categories

    def fit(self, X: Any, y: Any = None) -> "ColumnEncoder":
        """Learn medians and categories.

        Parameters
        ----------
        X : DataFrame, array or StoredTable of shape (n_samples, n_columns)
            The table. Of one that is stored a column is in memory at a time.
        y : None
            Not used.

        Returns
        -------
        ColumnEncoder
            The encoder itself.

        Raises
        ------
        ValueError
            If X is no table, two of its columns have one name, or values of a column are no
            numbers, dates or text.
        """
        self._check_parameters()
        if isinstance(X, StoredTable):
            self._learn(X.columns, _read_columns(X))
        else:
            self._fit_table(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Learn medians and categories, and return the matrix.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_columns)
            The table.
        y : None
            Not used.

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_features)
            What `transform` makes of the same rows.

        Raises
        ------
        ValueError
            As `fit`.
        """
        self._check_parameters()
        return self._encode(self._fit_table(X))[:, self.kept_]

    def _check_parameters(self) -> None:
        """Refuse parameters that are not accepted."""
        for name, least in (("min_frequency", 1), ("max_categories", 2)):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or value < least:
                raise InvalidParameterError(
                    f"{name} must be a whole number of at least {least}; got {value!r}."
                )

    def _fit_table(self, X: Any) -> pd.DataFrame:
        """Learn from a table in memory; return it as floats and text."""
        table = _as_table(X)
        kinds = {name: kind_of_values(name, table[name]) for name in table.columns}
        columns = _converted(table, kinds)
        self._learn(list(kinds), ((kinds[name], columns[name]) for name in kinds))
        return columns

    def _learn(self, names: list[str], columns: Iterable[tuple[str, pd.Series]]) -> None:
        """Learn from the kind of each column and its values as floats or text."""
        typed, medians, missing, rare, categories = {}, {}, [], [], {}
        kept: dict[str, list[bool]] = {"number": [], "missing": [], "text": []}
        for name, (kind, column) in zip(names, columns, strict=True):
            if kind == "text":
                categories[name], others, sizes = self._split_categories(column)
                rare += [name] * others
                kept["text"] += [0 < size < len(column) for size in sizes]
                continue
            # Without any value there is no median; it could be any number.
            typed[name] = kind
            medians[name] = float(np.nan_to_num(column.median()))
            lacks = column.isna().to_numpy()
            filled = column.fillna(medians[name])
            kept["number"].append(bool(filled.max() > filled.min()))
            if lacks.any():
                missing.append(name)
                kept["missing"].append(not lacks.all())
        self.medians_, self.typed_, self.missing_ = medians, typed, missing
        self.categories_, self.rare_ = categories, rare
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.kept_ = np.array([*kept["number"], *kept["missing"], *kept["text"]], dtype=bool)

    def transform(self, X: Any) -> np.ndarray:
        """Return the matrix.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_columns)
            The columns of `fit`, of a DataFrame in any order and others beside them.

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_features)
            No value is missing.

        Raises
        ------
        ValueError
            If columns are missing, or most of one is not what it was in `fit`.
        """
        check_is_fitted(self)
        # What files of older versions lack is as they did it.
        typed = vars(self).get("typed_", dict.fromkeys(self.medians_, "number"))
        kinds = {**typed, **dict.fromkeys(self.categories_, "text")}
        table = _as_table(X, list(vars(self).get("feature_names_in_", kinds)))
        check_columns(list(kinds), list(table.columns))
        return self._encode(_converted(table, kinds))[:, self.kept_]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns of the matrix.

        Parameters
        ----------
        input_features : None
            Not used.

        Returns
        -------
        ndarray of str of shape (n_features,)
            The column, or the column and its category.
        """
        check_is_fitted(self)
        names = [*self.medians_, *(f"{name} is missing" for name in self.missing_)]
        for name, categories in self.categories_.items():
            names += [f"{name}: {category}" for category in categories]
            names += [f"{name}: (rare)"] * (name in self.rare_)
        return np.array(names, dtype=object)[self.kept_]

    def __sklearn_tags__(self):
        """Say that text and missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        return tags

    def _split_categories(self, column: pd.Series) -> tuple[list[str], bool, list[int]]:
        """Return the categories with a column of their own, and whether there are others.

        Also the number of rows of each of these columns, that of the others last.
        """
        counts = column.value_counts(sort=False).sort_index()
        frequent = counts[counts >= self.min_frequency]
        # As in scikit-learn there is always room for the others; of equal counts the last stay.
        if len(frequent) + 1 > self.max_categories:
            frequent = frequent.sort_values(kind="stable")[1 - self.max_categories :].sort_index()
        others = len(frequent) < len(counts)
        sizes = [*frequent, *[counts.sum() - frequent.sum()] * others]
        return [str(name) for name in frequent.index], others, sizes

    def _encode(self, X: pd.DataFrame) -> np.ndarray:
        numbers = X[list(self.medians_)].to_numpy(dtype=np.float64)
        missing = np.isnan(X[self.missing_].to_numpy(dtype=np.float64))
        filled = np.where(np.isnan(numbers), list(self.medians_.values()), numbers)
        blocks = [filled, missing]
        for name, categories in self.categories_.items():
            codes = pd.Index(categories, dtype=object).get_indexer(X[name].astype(object))
            rare = name in self.rare_
            codes[codes < 0] = len(categories) if rare else -1
            blocks.append(codes[:, None] == np.arange(len(categories) + rare))
        return np.concatenate(blocks, axis=1, dtype=np.float64)


def _as_table(X: Any, names: list[str] | None = None) -> pd.DataFrame:
    """Return X as a DataFrame with columns of different names, which are text.

    Without names of its own it gets ``names``, if given, else ``x0``, ``x1`` and so on.
    """
    if not isinstance(X, pd.DataFrame):
        refuse_streams(X)
        own = getattr(X, "columns", None)
        if sparse.issparse(X):
            raise TypeError(
                "X is a sparse matrix, which is numbers already. Give it to the network as it is."
            )
        if not isinstance(X, np.ndarray):
            # As one type for all, numbers beside text would become text.
            X = np.asarray(X, dtype=object)
        if X.ndim != 2:
            raise ValueError(
                f"X must be a table, of shape (n_samples, n_columns); got the shape {X.shape}. "
                f"Reshape your data: one column is X.reshape(-1, 1), a Series X.to_frame()."
            )
        if own is None:
            own = names or [f"x{place}" for place in range(X.shape[1])]
        if len(own) != X.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} features, but ColumnEncoder is expecting {len(own)} features "
                f"as input: {', '.join(own[:10])}. Pass the same columns."
            )
        X = pd.DataFrame(X, columns=list(own)).infer_objects()
    for place, what in enumerate(("sample", "feature")):
        if not X.shape[place]:
            raise ValueError(
                f"Found array with 0 {what}(s) (shape={X.shape}) while a minimum of 1 is required."
            )
    table = with_text_names(X)
    refuse_twins(table.columns)
    return table


def _read_columns(table: StoredTable) -> Iterator[tuple[str, pd.Series]]:
    """Yield the kind of each column, and its values as floats or text, one in memory at a time."""
    for name in table.columns:
        column = pd.DataFrame({name: table[name]})
        kinds = {name: kind_of_values(name, column[name])}
        yield kinds[name], _converted(column, kinds)[name]


def _converted(table: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """Return columns as floats and text, and tell of cells that are none of the kind."""
    findings, columns = Findings(), {}
    for name, kind in kinds.items():
        column = table[name]
        is_plain = kind == "number" and column.dtype == np.float64
        if not is_plain or (np.abs(column.to_numpy()) > LARGEST).any():
            column = convert_column(name, kind, None, column, [], findings)
        columns[name] = column
    findings.check()
    findings.warn()
    return pd.DataFrame(columns, index=table.index)
