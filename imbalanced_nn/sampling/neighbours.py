"""As many neighbours as a sampler asks for, or as a small class has."""

from typing import Any

import numpy as np
from imblearn.over_sampling import SMOTE
from imblearn.utils import check_sampling_strategy

from imbalanced_nn._compat.imblearn import sampling_type
from imbalanced_nn.exceptions import TooFewRowsError, warn

__all__ = ["cap_neighbours", "neighbours_of"]

NEIGHBOUR_PARAMETERS = ("k_neighbors", "n_neighbors")


def cap_neighbours(sampler: Any, labels: np.ndarray) -> None:
    """Lower the neighbours of a SMOTE-like sampler to what its smallest class has.

    Changes ``sampler`` and notes it with a warning.

    Parameters
    ----------
    sampler : object with ``fit_resample``
        SMOTE and its kin, ADASYN, or a combination that holds one; others are left alone.
    labels : ndarray of shape (n_samples,)
        Labels of the rows to be resampled.

    Raises
    ------
    TooFewRowsError
        If a class that is to be blended has a single row.
    """
    blends = getattr(sampler, "smote", sampler) if hasattr(sampler, "smote") else sampler
    if blends is None:
        # A combination makes its own SMOTE, which would not be reached.
        blends = SMOTE(
            sampling_strategy=sampler.sampling_strategy, random_state=sampler.random_state
        )
    name = next((p for p in NEIGHBOUR_PARAMETERS if p in blends.get_params()), None)
    if name is None or sampling_type(blends) != "over-sampling":
        return
    wanted = getattr(blends, name)
    if not isinstance(wanted, int | np.integer):
        return
    try:
        added = check_sampling_strategy(blends.sampling_strategy, labels, "over-sampling")
    except (AttributeError, TypeError, ValueError):
        # The sampler itself says what is wrong with the strategy.
        return
    if added is None:
        return
    values, counts = np.unique(labels, return_counts=True)
    blended = {
        label: n
        for label, n in zip(values.tolist(), counts.tolist(), strict=True)
        if added.get(label, 0) > 0
    }
    if not blended:
        return
    label, n = min(blended.items(), key=lambda item: item[1])
    every = dict(zip(values.tolist(), counts.tolist(), strict=True))
    if n < 2:
        raise TooFewRowsError(
            f"sampler={sampler!r} blends each row with its neighbours, but class {label!r} has "
            f"1 row to train on; the training rows hold {every}. Collect more rows, or use "
            f"'balanced_batches' or 'random_over'."
        )
    if n > wanted:
        return
    set_by = neighbours_of(sampler)
    blends.set_params(**{name: n - 1})
    if blends is not sampler and hasattr(sampler, "smote"):
        sampler.set_params(smote=blends)
    warn(
        "INN008",
        f"{type(blends).__name__} asks for {name}={wanted}, but class {label!r} has {n} rows to "
        f"train on (of {every}): {name}={n - 1} was used. Set {set_by}, or compare with "
        f"'balanced_batches'.",
    )


def neighbours_of(sampler: Any) -> str:
    """Return how the number of neighbours of a sampler is written, empty if it has none.

    Parameters
    ----------
    sampler : object with ``fit_resample``
        A sampler, or a combination or pipeline of some.

    Examples
    --------
    >>> from imblearn.combine import SMOTETomek
    >>> from imblearn.under_sampling import NearMiss
    >>> from imbalanced_nn.sampling.neighbours import neighbours_of
    >>> neighbours_of(NearMiss())
    'sampler__n_neighbors'
    >>> neighbours_of(SMOTETomek())
    'sampler=SMOTETomek(smote=SMOTE(k_neighbors=...))'
    """
    names = sorted(sampler.get_params(), key=lambda name: name.count("__"))
    found = [name for name in names if name.rpartition("__")[2] in NEIGHBOUR_PARAMETERS]
    if found:
        return f"sampler__{found[0]}"
    if hasattr(sampler, "smote"):
        return f"sampler={type(sampler).__name__}(smote=SMOTE(k_neighbors=...))"
    return ""
