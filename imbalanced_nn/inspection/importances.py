"""Which columns a fitted classifier relies on: what its loss rises by without what they tell."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from imbalanced_nn._compat.sklearn import take
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.predictions import last_step
from imbalanced_nn.threshold import encode_labels

__all__ = ["ColumnImportance", "affordable", "column_importance", "drawn_rows"]

MAX_ROWS = 1000
N_REPEATS = 5
# Rows that are predicted in all: seconds for a network, however wide the table.
_BUDGET = 500_000
_FEWEST_ROWS = 200
_NORMAL = 1.959964  # 97.5 % quantile


@dataclass(frozen=True)
class ColumnImportance:
    """How much the log loss of held-out rows rises where a column tells nothing.

    Parameters
    ----------
    log_loss : float
        Of the rows as they are.
    columns : list of dict
        ``name`` of each column, ``rise`` of the log loss, and ``low`` and ``high``, its 95 %
        interval; the column that matters most comes first.
    n_rows, n_repeats : int
        Rows that were looked at, and how often values were drawn for each column.

    Examples
    --------
    >>> from imbalanced_nn.inspection import ColumnImportance
    >>> columns = [{"name": "age", "rise": 0.12, "low": 0.08, "high": 0.16}]
    >>> found = ColumnImportance(log_loss=0.3, columns=columns, n_rows=500, n_repeats=5)
    >>> found.frame()["rise"].tolist(), found.to_dict()["n_rows"]
    ([0.12], 500)
    """

    log_loss: float
    columns: list[dict]
    n_rows: int
    n_repeats: int

    def frame(self):
        """Return the columns as a table.

        Returns
        -------
        DataFrame
            Columns ``name``, ``rise``, ``low`` and ``high``, the largest rise first.

        Examples
        --------
        See `column_importance`.
        """
        import pandas as pd

        return pd.DataFrame(self.columns, columns=["name", "rise", "low", "high"])

    def to_dict(self) -> dict:
        """Return everything as JSON's types.

        Examples
        --------
        See `column_importance`.
        """
        return asdict(self)


def column_importance(
    estimator,
    X,
    y,
    *,
    max_rows: int = MAX_ROWS,
    n_repeats: int = N_REPEATS,
    class_count=None,
    random_state=None,
) -> ColumnImportance:
    """Measure how much a fitted classifier relies on each column.

    The values of one column after the other are replaced by those of other rows, so that it tells
    nothing any more, and what the log loss rises by is what the column was worth to the model.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Fitted, with ``predict_proba``. Of a pipeline the columns are those that go in.
    X : DataFrame or array-like of shape (n_samples, n_features)
        Rows that it was not trained on.
    y : array-like of shape (n_samples,)
        Their labels, of at most as many classes as the estimator knows.
    max_rows : int, default=1000
        Rows that are looked at. Of more, as many as fit are drawn from each class, rare ones
        first, and weigh as much as their class.
    n_repeats : int, default=5
        How often values are drawn for each column.
    class_count : array-like of shape (n_classes,), default=None
        How many rows of each class those of X stand for, where they were drawn class by class;
        None where X is as it came.
    random_state : int, RandomState instance or None, default=None
        Draws rows and values.

    Returns
    -------
    ColumnImportance

    Raises
    ------
    InvalidParameterError
        If X is no table, the estimator gives no probabilities, or a number is not above 0.

    Notes
    -----
    Intervals tell what other rows would give, for this model. A row counts by its own loss and by
    the values that it lends to others, and their variance is that of both, within the classes and
    of their shares. Columns that tell the same share their importance, or hide each other's. Sample
    weights take no part. The idea is Breiman's [1]_, the loss that of model reliance [2]_.

    References
    ----------
    .. [1] L. Breiman, "Random Forests", Machine Learning 45, 5-32, 2001.
    .. [2] A. Fisher, C. Rudin and F. Dominici, "All Models are Wrong, but Many are Useful",
       Journal of Machine Learning Research 20 (177), 2019.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from imbalanced_nn.inspection import column_importance
    >>> X, y = make_classification(
    ...     n_samples=800, n_features=4, n_informative=1, n_redundant=0, n_clusters_per_class=1,
    ...     weights=[0.9], shuffle=False, random_state=0,
    ... )
    >>> clf = GaussianNB().fit(X[::2], y[::2])
    >>> found = column_importance(clf, X[1::2], y[1::2], random_state=0)
    >>> found.frame()["name"][0]
    'column 0'
    >>> list(found.to_dict())
    ['log_loss', 'columns', 'n_rows', 'n_repeats']
    """
    from sklearn.utils import check_random_state

    if not hasattr(estimator, "predict_proba"):
        raise InvalidParameterError(
            f"The 'estimator' parameter must have predict_proba. Got {type(estimator).__name__}."
        )
    for name, number in (("max_rows", max_rows), ("n_repeats", n_repeats)):
        if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < 1:
            raise InvalidParameterError(
                f"The '{name}' parameter must be a whole number from 1 on. Got {number!r}."
            )
    if np.ndim(y) != 1:
        raise InvalidParameterError(
            f"The 'y' parameter must hold one label for each row. Got shape {np.shape(y)}."
        )
    classes = last_step(estimator).classes_
    n_samples = _shape(X)[0]
    _, codes = encode_labels(np.asarray(y), np.empty((n_samples, len(classes))), classes)
    random = check_random_state(random_state)
    rows, weight = drawn_rows(codes, max_rows, random, class_count)
    X, codes = _table(X, rows), codes[rows]
    before = _losses(estimator, X, codes)
    n = len(rows)
    found: list[dict[str, Any]] = []
    for place, name in enumerate(_names(X)):
        draws = random.choice(n, n * n_repeats, p=weight / weight.sum())
        after = _losses(estimator, _with_drawn(X, place, draws), np.tile(codes, n_repeats))
        rises = after - np.tile(before, n_repeats)
        mean, error = _mean_and_error(rises, draws, codes, weight)
        ends = {"low": mean - _NORMAL * error, "high": mean + _NORMAL * error}
        found.append({"name": name, "rise": mean, **ends})
    found.sort(key=lambda column: -column["rise"])
    return ColumnImportance(float(np.average(before, weights=weight)), found, n, n_repeats)


def affordable(n_columns: int) -> dict[str, int] | None:
    """Return ``max_rows`` and ``n_repeats`` that take seconds, None where there are too many.

    Parameters
    ----------
    n_columns : int
        Columns of the table.

    Examples
    --------
    >>> from imbalanced_nn.inspection.importances import affordable
    >>> affordable(20), affordable(2000), affordable(100_000)
    ({'max_rows': 1000, 'n_repeats': 5}, {'max_rows': 250, 'n_repeats': 1}, None)
    """
    each = _BUDGET // max(n_columns, 1)
    n_repeats = int(np.clip(each // MAX_ROWS, 1, N_REPEATS))
    max_rows = min(MAX_ROWS, each // n_repeats)
    return {"max_rows": max_rows, "n_repeats": n_repeats} if max_rows >= _FEWEST_ROWS else None


def drawn_rows(codes, max_rows: int, random, class_count=None) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of some rows, rare classes first, and what each stands for.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        Classes.
    max_rows : int
        Rows to draw at most; at least one of each class.
    random : RandomState
        Draws them.
    class_count : array-like of shape (n_classes,), default=None
        How many rows of each class all of them stand for, if not for themselves.
    """
    present, counts = np.unique(codes, return_counts=True)
    left, n_left = max_rows, len(present)
    rows, weights = [], []
    for place in np.argsort(counts, kind="stable"):
        n_drawn = min(int(counts[place]), max(1, left // n_left))
        of_class = np.flatnonzero(codes == present[place])
        rows.append(random.choice(of_class, n_drawn, replace=False))
        n_meant = counts[place] if class_count is None else class_count[present[place]]
        weights.append(np.full(n_drawn, n_meant / n_drawn))
        left, n_left = left - n_drawn, n_left - 1
    order = np.argsort(np.concatenate(rows))
    return np.concatenate(rows)[order], np.concatenate(weights)[order]


def _shape(X) -> tuple[int, ...]:
    """Return the shape of a table, or refuse what is none."""
    shape = tuple(getattr(X, "shape", None) or np.shape(X))
    if len(shape) != 2:
        raise InvalidParameterError(
            f"The 'X' parameter must be a table, rows and columns. Got shape {shape}, whose "
            f"values have no columns of their own to be looked at."
        )
    return shape


def _table(X, rows):
    """Return some rows of a table, and no more of it, as a DataFrame or an array."""
    if hasattr(X, "toarray"):
        return X.tocsr()[rows].toarray()
    if hasattr(X, "iloc"):
        return _taken(X, rows)
    X = take(X if hasattr(X, "to_pandas") else np.asarray(X), rows)
    return X.to_pandas() if hasattr(X, "to_pandas") else X


def _names(X) -> list[str]:
    """Return the names of the columns."""
    if hasattr(X, "iloc"):
        return [str(name) for name in X.columns]
    return [f"column {place}" for place in range(X.shape[1])]


def _taken(X, rows):
    """Return rows of a table."""
    return X.iloc[rows].reset_index(drop=True) if hasattr(X, "iloc") else X[rows]


def _with_drawn(X, place: int, draws: np.ndarray):
    """Return the rows, repeated as often as there are draws of all, one column drawn."""
    whole = _taken(X, np.tile(np.arange(len(X)), len(draws) // len(X)))
    if hasattr(X, "iloc"):
        whole.isetitem(place, X.iloc[draws, place].reset_index(drop=True))
    else:
        whole[:, place] = X[draws, place]
    return whole


def _losses(estimator, X, codes) -> np.ndarray:
    """Return the log loss of each row."""
    proba = np.asarray(estimator.predict_proba(X))
    smallest = np.finfo(proba.dtype).eps if proba.dtype.kind == "f" else np.finfo(float).eps
    return -np.log(np.clip(proba[np.arange(len(codes)), codes], smallest, 1.0).astype(float))


def _mean_and_error(rises, draws, codes, weight) -> tuple[float, float]:
    """Return the weighted mean of the rises, and its error, of rows that are drawn within classes.

    Each row counts twice, by its own loss and by the value that it lends to others. What is left
    of a pair is in both, and is taken off once, as in errors that are clustered two ways.
    """
    n = len(weight)
    rows = np.arange(len(draws)) % n
    mean = float(np.average(rises, weights=weight[rows]))
    parts = weight[rows] * (rises - mean) / weight[rows].sum()
    influence = np.bincount(rows, parts, n) + np.bincount(draws, parts, n)
    of_pairs = float(parts @ parts)
    variance = -of_pairs
    for code in np.unique(codes):
        own = influence[codes == code]
        variance += own.sum() ** 2 / weight[codes == code].sum()
        if len(own) > 1:
            variance += own.var(ddof=1) * len(own)
    return mean, float(np.sqrt(max(variance, of_pairs)))
