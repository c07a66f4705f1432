"""Resampling outside the estimator, with everything that is known of a row going along."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import Bunch
from sklearn.utils.validation import check_consistent_length

from imbalanced_nn.data import (
    Rows,
    check_features,
    check_groups,
    check_target,
    check_weights,
    n_rows,
)
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.sampling.balanced_batches import BalancedBatches
from imbalanced_nn.sampling.named_samplers import make_sampler
from imbalanced_nn.sampling.resample import draw_seed, resample

__all__ = ["resample_rows"]


def resample_rows(
    sampler: Any,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    groups: Any = None,
    random_state: Any = None,
) -> Bunch:
    """Resample rows together with their weights and groups.

    imbalanced-learn's ``fit_resample`` returns X and y alone, and X of two dimensions only.

    Parameters
    ----------
    sampler : str or object with ``fit_resample``
        An imbalanced-learn sampler by its snake-case name, or any sampler; it is cloned.
        ``sampling_strategy`` may be a ratio or a dict of shares for several classes too.
    X : array-like or sparse matrix of shape (n_samples, ...)
        Rows of two or more dimensions.
    y : array-like of shape (n_samples,)
        Labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights. A synthetic row gets the mean weight of its class.
    groups : array-like of shape (n_samples,), default=None
        Groups. A synthetic row belongs to the group of the row of its class nearest to it, so
        that splits by group keep it with one of the rows it was made from.
    random_state : int, RandomState or None, default=None
        Seeds a sampler that has no ``random_state`` of its own.

    Returns
    -------
    Bunch
        With ``X``, ``y``, ``sample_weight`` and ``groups`` (None where not given), and
        ``sample_indices``: the row that each row was, -1 for a synthetic one.

    Raises
    ------
    InvalidParameterError
        If ``sampler`` is none, or y holds several labels for a row.
    TooFewRowsError
        If a class has too few rows for the sampler.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.sampling import resample_rows
    >>> X, y = np.arange(20.0).reshape(10, 2), np.repeat(["ok", "fraud"], [7, 3])
    >>> patients = np.repeat([1, 2, 3, 4, 5], 2)
    >>> resampled = resample_rows("random_under", X, y, groups=patients, random_state=0)
    >>> resampled.y.tolist(), resampled.groups.shape
    (['ok', 'ok', 'ok', 'fraud', 'fraud', 'fraud'], (6,))
    """
    made = make_sampler(sampler, {}, draw_seed(random_state))
    if made is None or isinstance(made, BalancedBatches):
        raise InvalidParameterError(
            f"sampler={sampler!r} has no rows to return. Use a sampler with fit_resample; for "
            f"balanced batches, BalancedBatches().dataset(X, y)."
        )
    X, y = check_features(X, "resample_rows"), check_target(y, "resample_rows")
    check_consistent_length(y, np.empty(n_rows(X)))
    if y.ndim != 1:
        raise InvalidParameterError(
            f"y must hold one label for each row; got the shape {y.shape}. Use "
            f"BalancedBatches().dataset(X, y) for several labels."
        )
    groups = None if groups is None else check_groups(groups, len(y))
    classes, codes = np.unique(y, return_inverse=True)
    weight = check_weights(sample_weight, X)
    rows = Rows(X, codes, codes, weight, np.flatnonzero(weight))
    after, indices = resample(made, rows, classes)
    X_after, codes_after = after.X[after.index], after.selected_codes
    if groups is not None:
        groups = _groups_after(groups, indices, rows, X_after, codes_after)
    return Bunch(
        X=X_after,
        y=classes[codes_after],
        sample_weight=None if sample_weight is None else after.selected_weight,
        groups=groups,
        sample_indices=indices,
    )


def _groups_after(
    groups: np.ndarray, indices: np.ndarray, rows: Rows, X_after: Any, codes_after: np.ndarray
) -> np.ndarray:
    """Groups of the resampled rows: their own, or those of the nearest row of their class."""
    after = groups[indices]
    for code in np.unique(codes_after[indices < 0]):
        synthetic = np.flatnonzero((indices < 0) & (codes_after == code))
        own = rows.index[rows.selected_codes == code]
        nearest = NearestNeighbors(n_neighbors=1).fit(_flat(rows.X[own]))
        after[synthetic] = groups[
            own[nearest.kneighbors(_flat(X_after[synthetic]), return_distance=False)[:, 0]]
        ]
    return after


def _flat(X: Any) -> Any:
    """Rows as a table."""
    return X if sparse.issparse(X) else X.reshape(len(X), -1)
