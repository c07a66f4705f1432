"""The test rows of cross-validation, each fold with the estimator that did not see them."""

from sklearn.utils import check_consistent_length

from imbalanced_nn._compat.sklearn import take
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["fold_rows"]


def fold_rows(cv_results, X, y, sample_weight=None):
    """Return estimator, rows, labels and weights of each fold's test rows.

    Parameters
    ----------
    cv_results : dict
        Of `sklearn.model_selection.cross_validate` with ``return_estimator=True`` and
        ``return_indices=True``.
    X, y : array-like
        The rows that were cross-validated.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights.

    Returns
    -------
    list of (estimator, X, y, sample_weight)

    Raises
    ------
    InvalidParameterError
        If estimators or indices were not returned.
    ValueError
        If X and y are of different length.
    """
    missing = sorted({"estimator", "indices"} - set(cv_results))
    if missing:
        raise InvalidParameterError(
            f"The 'cv_results' parameter must hold 'estimator' and 'indices'. Got none of "
            f"{missing}; call cross_validate with return_estimator=True, return_indices=True."
        )
    check_consistent_length(X, y, sample_weight)
    return [
        (
            estimator,
            *(None if part is None else take(part, rows) for part in (X, y, sample_weight)),
        )
        for estimator, rows in zip(
            cv_results["estimator"], cv_results["indices"]["test"], strict=True
        )
    ]
