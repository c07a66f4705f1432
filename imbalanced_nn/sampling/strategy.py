"""`sampling_strategy` for any number of classes: from a ratio or shares to rows of each class."""

import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name

__all__ = ["Quotas", "quotas", "resampled_counts", "target_shares"]

# Shares typed in with a few digits: thirds add up to .999.
SUM_TOLERANCE = 0.005


def target_shares(strategy: Any, counts: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Share of each class that ``sampling_strategy`` asks for.

    Parameters
    ----------
    strategy : "auto", float or dict
        ``"auto"`` gives every class the same share. A float in (0, 1] is the ratio of each
        class to the largest one, as imbalanced-learn's for two classes. A dict maps original
        labels to shares in (0, 1); labels it leaves out share the rest as they do in the data.
    counts : ndarray of shape (n_classes,)
        Rows of each class; a class without rows gets no share.
    classes : ndarray of shape (n_classes,)
        Original labels.

    Returns
    -------
    ndarray of shape (n_classes,)
        Shares, which sum to 1.

    Raises
    ------
    InvalidParameterError
        If the strategy is none of these, a label is unknown, or the shares do not add up.

    Examples
    --------
    >>> import numpy as np
    >>> counts, classes = np.array([900, 80, 20]), np.array(["ok", "odd", "fraud"])
    >>> target_shares("auto", counts, classes).round(2).tolist()
    [0.33, 0.33, 0.33]
    >>> target_shares(0.5, counts, classes).tolist()
    [0.5, 0.25, 0.25]
    >>> target_shares({"fraud": 0.51}, counts, classes).round(2).tolist()
    [0.45, 0.04, 0.51]
    """
    present = counts > 0
    if isinstance(strategy, str) and strategy == "auto":
        shares = present.astype(float)
    elif isinstance(strategy, Mapping):
        shares = _named_shares(strategy, counts, classes)
    elif _is_number(strategy) and 0 < strategy <= 1:
        shares = np.where(present, float(strategy), 0)
        shares[np.argmax(counts)] = 1
    else:
        raise InvalidParameterError(
            f"sampling_strategy must be 'auto', a ratio to the largest class in (0, 1], or a dict "
            f"from label to share; got {strategy!r}."
        )
    return shares / shares.sum()


def _named_shares(strategy: Mapping, counts: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Look the shares up; labels that are not named share the rest as in the data."""
    known = classes.tolist()
    for label, share in strategy.items():
        if label not in known:
            hint = nearest_name(str(label), map(str, known))
            raise InvalidParameterError(
                f"sampling_strategy names the label {label!r}, which is not among {known}.{hint}"
            )
        if not (_is_number(share) and 0 < share < 1):
            raise InvalidParameterError(
                f"sampling_strategy must map labels to shares between 0 and 1; got {share!r} for "
                f"the label {label!r}."
            )
    named = np.array([label in strategy for label in known])
    shares = np.array([float(strategy.get(label, 0)) for label in known])
    if (shares[counts == 0] > 0).any():
        label = known[int(np.flatnonzero((counts == 0) & (shares > 0))[0])]
        raise InvalidParameterError(
            f"sampling_strategy asks for rows of class {label!r}, of which there are none."
        )
    rest, others = 1 - shares.sum(), counts * ~named
    if others.sum() == 0 and abs(rest) > SUM_TOLERANCE:
        raise InvalidParameterError(
            f"sampling_strategy gives all classes a share, which must add up to 1; got "
            f"{dict(strategy)!r}, which adds up to {shares.sum():g}."
        )
    if others.sum() > 0 and rest <= 0:
        raise InvalidParameterError(
            f"sampling_strategy={dict(strategy)!r} leaves no share for the labels "
            f"{[label for label, n in zip(known, others.tolist(), strict=True) if n]}. Lower the "
            f"shares, or name every label."
        )
    return shares + (rest * others / others.sum() if others.sum() else 0)


def quotas(shares: np.ndarray, size: int, counts: np.ndarray) -> np.ndarray:
    """Rows of each class in a batch of ``size`` rows, at least one of each.

    Whole numbers by the largest remainder; what is left over on a tie goes to the class with
    the most rows, which repeats them least.

    Raises
    ------
    InvalidParameterError
        If the batch is smaller than the number of classes.

    Examples
    --------
    >>> import numpy as np
    >>> quotas(np.array([0.5, 0.25, 0.25]), 10, np.array([90, 8, 2])).tolist()
    [5, 3, 2]
    """
    present = shares > 0
    if size < present.sum():
        raise InvalidParameterError(
            f"batch_size={size} cannot hold a row of each of {present.sum()} classes. Raise "
            f"batch_size to {present.sum()} or more."
        )
    exact = shares * size
    # 1 / 3 * 3 may fall just below 1.
    whole = np.maximum(np.floor(exact + 1e-9), present).astype(int)
    by_need = np.lexsort((-counts, -np.round(exact - whole, 9)))
    by_need = by_need[present[by_need]]
    spare = size - whole.sum()
    if spare > 0:
        whole[by_need[:spare]] += 1
    for _ in range(max(-spare, 0)):
        # Rare classes were lifted to one row: the others make room.
        whole[np.argmax(np.where(whole > 1, whole - exact, -np.inf))] -= 1
    return whole


@dataclass(frozen=True)
class Quotas:
    """Rows of each class in a batch, epoch by epoch.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Rows of each class in the data.
    shares : ndarray of shape (n_classes,)
        Shares asked for.
    size : int
        Rows in a batch.
    progress : callable, default=None
        Maps the number of an epoch to the way gone from the shares of the data (0) to those
        asked for (1); None is all the way.
    """

    counts: np.ndarray
    shares: np.ndarray
    size: int
    progress: Callable[[int], float] | None = None

    def __call__(self, epoch: int) -> np.ndarray:
        """Rows of each class in a batch of an epoch."""
        way = 1.0 if self.progress is None else self.progress(epoch)
        natural = self.counts / self.counts.sum()
        return quotas((1 - way) * natural + way * self.shares, self.size, self.counts)


def resampled_counts(
    strategy: Any, counts: np.ndarray, classes: np.ndarray, over: bool
) -> dict[Any, int] | None:
    """Rows of each class after a sampler, where imbalanced-learn does not know the strategy.

    imbalanced-learn takes a ratio for two classes only, and no shares at all.

    Parameters
    ----------
    strategy : object
        The sampler's ``sampling_strategy``.
    counts : ndarray of shape (n_classes,)
        Rows of each class before.
    classes : ndarray of shape (n_classes,)
        Original labels.
    over : bool
        Whether the sampler adds rows; else it removes some.

    Returns
    -------
    dict or None
        Rows by label; None if imbalanced-learn understands the strategy itself.

    Examples
    --------
    >>> import numpy as np
    >>> counts, classes = np.array([900, 80, 20]), np.array(["ok", "odd", "fraud"])
    >>> resampled_counts(0.5, counts, classes, over=True)
    {'ok': 900, 'odd': 450, 'fraud': 450}
    >>> resampled_counts({"fraud": 0.1}, counts, classes, over=False)
    {'ok': 165, 'odd': 15, 'fraud': 20}
    """
    ratio = _is_number(strategy)
    shares = isinstance(strategy, Mapping) and any(
        not isinstance(value, numbers.Integral) for value in strategy.values()
    )
    if not (shares or (ratio and (counts > 0).sum() > 2)):
        return None
    target = target_shares(strategy, counts, classes)
    present = counts > 0
    if ratio:
        # Each class is brought to the ratio, none beyond it: over-sampling from below, by the
        # largest class; under-sampling from above, by the smallest.
        limit = strategy * counts.max() if over else counts[present].min() / strategy
        after = np.where(
            present, np.maximum(counts, limit) if over else np.minimum(counts, limit), 0
        )
    else:
        # The smallest (largest) total in which no class shrinks (grows).
        totals = counts[present] / target[present]
        after = target * (totals.max() if over else totals.min())
    after = np.where(present, np.maximum(np.round(after), 1), 0).astype(int)
    after = np.maximum(after, counts) if over else np.minimum(after, counts)
    return {label: n for label, n in zip(classes.tolist(), after.tolist(), strict=True) if n}


def _is_number(value: Any) -> bool:
    """Whether a value is a real number and not a truth value."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
