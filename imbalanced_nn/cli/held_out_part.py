"""Splits by columns of the table: whole groups, and the newest rows."""

from typing import Any

import numpy as np

from imbalanced_nn.cli.refusals import UsageRefusal
from imbalanced_nn.data import USUAL_SHARE

__all__ = ["NewestRows", "check_group_sizes", "folds_of", "held_out_by", "in_order"]


class NewestRows:
    """A splitter that holds the last rows out, once.

    Parameters
    ----------
    share : float, default=0.2
        Share of the rows.
    """

    def __init__(self, share: float = USUAL_SHARE):
        self.share = share

    def __repr__(self) -> str:
        return f"NewestRows({self.share})"

    def split(self, X: Any, y: Any = None, groups: Any = None):
        """Yield the numbers of the training and of the held-out rows."""
        n = len(X)
        start = n - max(1, round(self.share * n))
        yield np.arange(start), np.arange(start, n)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits."""
        return 1


def held_out_by(source, share: float | None, folds: int | None):
    """Return the `validation_split` that the options of ``fit`` stand for."""
    if source.time is None:
        return next((given for given in (folds, share) if given is not None), "auto")
    if folds is not None:
        return folds_of(source.time, folds)
    # Rows of one moment are not torn apart: those at the edge are held out.
    edge = np.quantile(source.time, 1 - (USUAL_SHARE if share is None else share), method="higher")
    newest = source.time >= edge
    if newest.all():
        raise UsageRefusal("--time: too many rows are of one moment to hold the newest out.")
    # These are saved with the model: small numbers are half the size.
    return [tuple(np.flatnonzero(side).astype(np.int32) for side in (~newest, newest))]


def folds_of(time, n_folds: int) -> list[tuple[Any, Any]]:
    """Return splits each of which trains on older rows than it tests, by row number."""
    from sklearn.model_selection import TimeSeriesSplit

    if n_folds >= len(time):
        raise UsageRefusal(f"--folds {n_folds}: there are {len(time):,} rows; give fewer folds.")
    order = np.argsort(time, kind="stable")
    splits = TimeSeriesSplit(n_folds).split(order)
    order = order.astype(np.int32)
    return [(np.sort(order[train]), np.sort(order[test])) for train, test in splits]


def check_group_sizes(source, name: str | None, n_folds: int) -> None:
    """Refuse groups that are too few for folds of which each holds groups out of its training."""
    if name is None:
        return
    n = len(np.unique(source.groups))
    if n - -(-n // n_folds) < round(1 / USUAL_SHARE):
        raise UsageRefusal(
            f"--groups {name!r} makes {n} groups, too few for {n_folds} folds that hold a fifth of "
            f"their groups out. Name a column of more groups, or leave --groups out."
        )


def in_order(source):
    """Return the source with its rows in the order of their time, if it has one."""
    if source.time is None:
        return source
    order = np.argsort(source.time, kind="stable")
    X = source.X.iloc[order].reset_index(drop=True)
    return source._replace(X=X, y=source.y[order], time=source.time[order])
