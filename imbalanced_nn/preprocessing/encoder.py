"""Columns of floats and text as a matrix."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

__all__ = ["ColumnEncoder"]


class ColumnEncoder(TransformerMixin, BaseEstimator):
    """Encode columns of floats and text as a matrix without missing values.

    Floats: the median in place of missing values, and for each column that had some an
    indicator of them. Text: one column for each category; rare categories, and unseen ones
    where there were rare ones, share a column. What was constant in `fit` is left out.

    It does what scikit-learn's ``SimpleImputer``, ``OneHotEncoder`` and ``VarianceThreshold``
    do together, but what it learned is a few lists, which every later version can read.

    Parameters
    ----------
    min_frequency : int, default=5
        Rows from which on a category has a column of its own.
    max_categories : int, default=100
        Most columns of one column of text, the shared one counted; at least 2.

    Attributes
    ----------
    medians_ : dict of str to float
        Median of each column of floats.
    missing_ : list of str
        Columns of floats with an indicator of missing values.
    categories_ : dict of str to list of str
        Categories with a column of their own.
    rare_ : list of str
        Columns of text in which the other categories share a column.
    kept_ : ndarray of bool
        Which of these columns were not constant.

    Examples
    --------
    >>> import pandas as pd
    >>> from imbalanced_nn.preprocessing import ColumnEncoder
    >>> frame = pd.DataFrame({"amount": [1.0, None, 4.0], "country": ["DE", "FR", "DE"]})
    >>> encoder = ColumnEncoder(min_frequency=1).fit(frame)
    >>> encoder.transform(frame)
    array([[1. , 0. , 1. , 0. ],
           [2.5, 1. , 0. , 1. ],
           [4. , 0. , 1. , 0. ]])
    >>> encoder.get_feature_names_out().tolist()
    ['amount', 'amount is missing', 'country: DE', 'country: FR']
    """

    def __init__(self, min_frequency: int = 5, max_categories: int = 100):
        self.min_frequency = min_frequency
        self.max_categories = max_categories

    def fit(self, X: pd.DataFrame, y: Any = None) -> "ColumnEncoder":
        """Learn medians and categories.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            Columns of type float64 and text, as `ColumnTypes` returns them.
        y : None
            Not used.

        Returns
        -------
        ColumnEncoder
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None) -> np.ndarray:
        """Learn medians and categories, and return the matrix."""
        numbers = [name for name in X.columns if X[name].dtype == "float64"]
        medians = X[numbers].median()
        # Without any value there is no median; it could be any number.
        self.medians_ = {name: float(np.nan_to_num(medians[name])) for name in numbers}
        self.missing_ = [name for name in numbers if X[name].isna().any()]
        self.categories_, self.rare_ = {}, []
        for name in X.columns:
            if name not in self.medians_:
                own, others = self._split_categories(X[name])
                self.categories_[name] = own
                if others:
                    self.rare_.append(name)
        encoded = self._encode(X)
        self.kept_ = np.ptp(encoded, axis=0) > 0
        return encoded[:, self.kept_]

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the matrix.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            The columns of `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        return self._encode(X)[:, self.kept_]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns of the matrix, an ndarray of str."""
        check_is_fitted(self)
        names = [*self.medians_, *(f"{name} is missing" for name in self.missing_)]
        for name, categories in self.categories_.items():
            names += [f"{name}: {category}" for category in categories]
            names += [f"{name}: (rare)"] * (name in self.rare_)
        return np.array(names, dtype=object)[self.kept_]

    def _split_categories(self, column: pd.Series) -> tuple[list[str], bool]:
        """Return the categories with a column of their own, and whether there are others."""
        counts = column.value_counts(sort=False).sort_index()
        frequent = counts[counts >= self.min_frequency]
        # As in scikit-learn there is always room for the others; of equal counts the last stay.
        if len(frequent) + 1 > self.max_categories:
            frequent = frequent.sort_values(kind="stable")[1 - self.max_categories :].sort_index()
        return [str(name) for name in frequent.index], len(frequent) < len(counts)

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
