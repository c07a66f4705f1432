"""Random over- and under-sampling by row number: what imbalanced-learn's samplers draw."""

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from imblearn.utils import check_sampling_strategy

from imbalanced_nn._compat.imblearn import sampling_type
from imbalanced_nn.data import Rows

ACCEPTED = (str, numbers.Real, Mapping)

__all__ = ["counts_after", "draws_rows", "random_rows", "rows_to_draw"]


def draws_rows(sampler: Any) -> bool:
    """Whether `random_rows` does what the sampler does.

    A subclass may do more, and a smoothed bootstrap makes rows of its own.
    """
    if type(sampler) is RandomOverSampler:
        return sampler.shrinkage is None
    return type(sampler) is RandomUnderSampler


def rows_to_draw(sampler: Any, codes: np.ndarray, classes: np.ndarray) -> dict[int, int]:
    """Rows of each class to add, or to keep, by class code.

    Parameters
    ----------
    sampler : RandomOverSampler or RandomUnderSampler
        Only its ``sampling_strategy`` is read.
    codes : ndarray of shape (n_samples,)
        Class codes.
    classes : ndarray of shape (n_classes,)
        Original labels, by which the strategy may name classes.

    Raises
    ------
    ValueError
        If the strategy cannot be met, in imbalanced-learn's words.
    """
    strategy = sampler.sampling_strategy
    if strategy is None or not (callable(strategy) or isinstance(strategy, ACCEPTED)):
        raise ValueError(
            f"sampling_strategy must be a name such as 'auto', a ratio, a dict from label to rows "
            f"or shares, or a callable; got {strategy!r}."
        )
    by_label = callable(strategy) or not isinstance(strategy, str | numbers.Real)
    # A copy of the labels is needed only where the strategy names them.
    target = classes[codes] if by_label else codes
    wanted = check_sampling_strategy(strategy, target, sampling_type(sampler))
    sampler.sampling_strategy_ = wanted
    known = classes.tolist()
    return {known.index(label) if by_label else int(label): n for label, n in wanted.items()}


def counts_after(sampler: Any, rows: Rows, classes: np.ndarray) -> np.ndarray:
    """Rows of each class in a draw of a fitted sampler that ignores X.

    Parameters
    ----------
    sampler : object with ``fit_resample``
        Fitted to the rows.
    rows : Rows
        Rows before the sampler.
    classes : ndarray of shape (n_classes,)
        Original labels.
    """
    codes = rows.selected_codes
    if not draws_rows(sampler):
        return np.bincount(codes[sampler.sample_indices_], minlength=len(classes))
    counts = np.bincount(codes, minlength=len(classes))
    over = isinstance(sampler, RandomOverSampler)
    for code, n in rows_to_draw(sampler, codes, classes).items():
        counts[code] = counts[code] + n if over else n
    return counts


def random_rows(
    sampler: Any, codes: np.ndarray, wanted: Mapping[int, int], seed: Any
) -> np.ndarray:
    """Draw positions, without a look at the data and without a copy of it.

    Parameters
    ----------
    sampler : RandomOverSampler or RandomUnderSampler
        Which of the two, and with its ``replacement``.
    codes : ndarray of shape (n_samples,)
        Class codes.
    wanted : dict
        From `rows_to_draw`.
    seed : int or sequence of int
        Seed of the draw.

    Returns
    -------
    ndarray of int32 of shape (n_drawn,)
        Over-sampling: all rows, then the further ones. Under-sampling: rising.

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.under_sampling import RandomUnderSampler
    >>> codes = np.array([0, 0, 0, 0, 1, 1])
    >>> random_rows(RandomUnderSampler(), codes, {0: 2}, seed=0).tolist()
    [2, 3, 4, 5]
    """
    generator = np.random.default_rng(seed)
    if isinstance(sampler, RandomOverSampler):
        return _added(codes, wanted, generator)
    return _kept(codes, wanted, generator, sampler.replacement)


def _added(
    codes: np.ndarray, wanted: Mapping[int, int], generator: np.random.Generator
) -> np.ndarray:
    """All positions, then further ones of each class."""
    n = len(codes)
    # Filled in place, in four bytes each: this is all the memory that over-sampling takes.
    rows = np.empty(n + sum(wanted.values()), dtype=np.int32)
    rows[:n] = np.arange(n, dtype=np.int32)
    for code, n_further in sorted(wanted.items()):
        members = np.flatnonzero(codes == code).astype(np.int32)
        drawn = generator.integers(len(members), size=n_further, dtype=np.int32)
        rows[n : n + n_further] = members[drawn]
        n += n_further
    return rows


def _kept(
    codes: np.ndarray, wanted: Mapping[int, int], generator: np.random.Generator, replace: bool
) -> np.ndarray:
    """Positions of the classes that stay whole and of those that were drawn, rising."""
    parts = [np.flatnonzero(~np.isin(codes, list(wanted)))]
    for code, n in sorted(wanted.items()):
        members = np.flatnonzero(codes == code)
        parts.append(generator.choice(members, n, replace=replace, shuffle=False))
    return np.sort(np.concatenate(parts)).astype(np.int32)
