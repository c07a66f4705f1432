"""Several labels per row as classes: one for each frequent set of labels, one for the rest."""

import numpy as np

__all__ = ["RARE_SETS", "label_sets"]

RARE_SETS = "other sets"
"""Name of the class that holds the rows of all label sets without one of their own."""

MIN_ROWS = 10
ROWS_PER_SET = 4


def label_sets(
    indicator: np.ndarray, labels: np.ndarray, batch_size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Turn a multilabel target into classes that batches can hold quotas of.

    A set of labels is a class of its own if it has ten rows or more and is one of the most
    frequent, so many that a batch has four rows for each.

    Parameters
    ----------
    indicator : ndarray of shape (n_samples, n_labels)
        0/1 indicator.
    labels : ndarray of shape (n_labels,)
        Original labels.
    batch_size : int
        Rows in a batch.

    Returns
    -------
    codes : ndarray of shape (n_samples,)
        Class of each row.
    names : ndarray of object of shape (n_sets,)
        Tuple of the labels of each class; the last is `RARE_SETS` if there is a rest.
    weights : ndarray or None
        For each row of the rest, the inverse frequency of its rarest label; None without one.

    Examples
    --------
    >>> import numpy as np
    >>> indicator = np.repeat([[0, 0], [1, 0], [1, 1]], [40, 12, 3], axis=0)
    >>> codes, names, weights = label_sets(indicator, np.array(["a", "b"]), 16)
    >>> names.tolist(), np.bincount(codes).tolist()
    ([(), ('a',), 'other sets'], [40, 12, 3])
    """
    sets, codes, counts = np.unique(indicator, axis=0, return_inverse=True, return_counts=True)
    codes = codes.ravel()
    most = max(1, batch_size // ROWS_PER_SET - 1)
    by_size = np.argsort(-counts, kind="stable")
    own = np.sort([code for code in by_size[:most] if counts[code] >= MIN_ROWS]).astype(int)
    number = np.full(len(sets), len(own))
    number[own] = np.arange(len(own))
    rest = number[codes] == len(own)
    names = np.empty(len(own) + bool(rest.any()), dtype=object)
    names[: len(own)] = [tuple(labels[sets[code] > 0].tolist()) for code in own]
    if not rest.any():
        return number[codes], names, None
    names[-1] = RARE_SETS
    frequency = np.maximum(indicator.sum(axis=0), 1)
    weights = (indicator[rest] / frequency).max(axis=1)
    # Rows without a label are no rarer than the most frequent one.
    return number[codes], names, np.maximum(weights, 1 / frequency.max())
