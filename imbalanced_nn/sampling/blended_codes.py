"""Columns that hold codes, of which a blend is none."""

from typing import Any

import numpy as np
from scipy import sparse

from imbalanced_nn.exceptions import warn

__all__ = ["note_blended_codes"]

# More kinds of whole numbers than this are taken for amounts, unless the network looks them up.
MOST_CODES = 20
# Rows that tell most columns of measurements from whole numbers.
FIRST = 100
N_NAMED = 10


def note_blended_codes(sampler: Any, table: Any, synthetic: Any, looked_up: bool = False) -> None:
    """Tell of columns of codes in which synthetic rows hold what is none.

    Codes are whole numbers without gaps from 0 or 1 on, of at most 20 kinds, such as those of
    categories, or the zeros and ones of flags and one-hot columns; in a sparse table only ones of
    which each row has as many as any other.

    Parameters
    ----------
    sampler : object with ``fit_resample``
        Fitted.
    table : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Rows before it.
    synthetic : {ndarray, sparse matrix} of shape (n_synthetic, n_features)
        Rows that it made.
    looked_up : bool, default=False
        Whether the network looks whole numbers up, as in an embedding: all of them are codes.

    Warns
    -----
    ImbalanceWarning
        INN016 for all columns at once.
    """
    blended = _blended(table, synthetic, looked_up)
    if not blended:
        return
    names = ", ".join(map(str, blended[:N_NAMED]))
    more = f" and {len(blended) - N_NAMED} more" if len(blended) > N_NAMED else ""
    made = type(sampler).__name__
    if looked_up:
        warn(
            "INN016",
            f"{made} blends columns {names}{more} of X, whole numbers that a layer of the network "
            f"looks up: between two of them lies the code of something else. Prefer 'random_over', "
            f"'balanced_batches' or class_weight='balanced'.",
        )
        return
    warn(
        "INN016",
        f"{made} blends columns {names}{more} of X, which hold few whole numbers, as codes of "
        f"categories and one-hot columns do: a row between 0 and 1 is neither. If they are codes, "
        f"take SMOTENC(categorical_features=[...]) of imbalanced-learn, 'random_over' or "
        f"'balanced_batches'.",
    )


def _blended(table: Any, synthetic: Any, looked_up: bool) -> list[int]:
    """Return the columns of codes in which synthetic rows hold other values."""
    if sparse.issparse(table):
        kinds = np.unique(table.data)
        in_row = np.diff(table.tocsr().indptr)
        one_hot = kinds.tolist() == [1] and len(in_row) > 1 and (in_row == in_row[0]).all()
        made = synthetic.tocoo()
        columns = made.col[(made.data != 1) & (made.data != 0)]
        return np.unique(columns).tolist() if one_hot else []
    if not len(synthetic):
        return []
    candidates = np.flatnonzero((table[:FIRST] == np.rint(table[:FIRST])).all(axis=0))
    found = []
    for column in candidates.tolist():
        kinds = np.unique(table[:, column])
        if _are_codes(kinds, looked_up) and not np.isin(synthetic[:, column], kinds).all():
            found.append(column)
    return found


def _are_codes(kinds: np.ndarray, looked_up: bool) -> bool:
    """Whether the different values of a column are whole numbers of codes."""
    if (kinds != np.rint(kinds)).any():
        return False
    if looked_up:
        return True
    whole_range = kinds[-1] - kinds[0] == len(kinds) - 1
    return kinds[0] in (0, 1) and whole_range and len(kinds) <= MOST_CODES
