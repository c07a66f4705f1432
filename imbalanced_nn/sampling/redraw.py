"""How the rows of a sampler change from epoch to epoch."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone

from imbalanced_nn.data import Rows
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.sampling.draws import Draw, QuotaDraw
from imbalanced_nn.sampling.random_rows import counts_after, draws_rows, random_rows, rows_to_draw
from imbalanced_nn.sampling.resample import draw_seed, ignores_features, resample
from imbalanced_nn.sampling.strategy import Quotas

__all__ = ["balancing_progress", "redraws"]

MAX_DRAWS = 10


def redraws(
    sampler: Any,
    rows: Rows,
    classes: np.ndarray,
    every: str = "auto",
    progress: Callable[[int], float] | None = None,
    finish: Callable[[Rows], Rows] | None = None,
) -> Draw | None:
    """Return how the rows of each epoch are drawn, None if the first draw serves them all.

    Parameters
    ----------
    sampler : object with ``fit_resample``
        Fitted by `resample` on the same rows; its draw is that of the first epoch.
    rows : Rows
        Training rows before the sampler.
    classes : ndarray of shape (n_classes,)
        Original labels in the order of the codes.
    every : {"auto", "fit", "epoch"}, default="auto"
        ``"auto"`` redraws what is drawn at random without a look at X.
    progress : callable, default=None
        Maps the number of an epoch to the way from the shares of the data (0) to the
        sampler's (1).
    finish : callable, default=None
        Completes rows that a synthetic draw returns with targets and class weights.

    Raises
    ------
    InvalidParameterError
        If the sampler cannot do what is asked for.
    """
    random = ignores_features(sampler)
    if progress is not None:
        if not random or every == "fit":
            raise InvalidParameterError(
                f"balancing_schedule needs rows that are drawn anew for each epoch, by "
                f"'balanced_batches', 'random_over' or 'random_under'; got sampler={sampler!r} "
                f"with resample_every={every!r}. Set balancing_schedule=None or such a sampler."
            )
        return _scheduled(sampler, rows, classes, progress)
    if every == "fit" or (every == "auto" and not random):
        return None
    if random:
        return _RandomRedraw(sampler, rows, classes)
    if not _seeds(sampler):
        raise InvalidParameterError(
            f"resample_every='epoch' needs a sampler that draws at random; {sampler!r} picks the "
            f"same rows every time. Set resample_every='auto'."
        )
    return _SyntheticRedraw(sampler, rows, classes, finish)


def balancing_progress(
    schedule: str | Callable[[int], float] | None, n_epochs: int
) -> Callable[[int], float] | None:
    """Return the way gone from natural to balanced shares as a function of the epoch.

    Parameters
    ----------
    schedule : {"linear", "cosine"}, callable or None
        A callable maps the number of an epoch, from 0, to a share in [0, 1].
    n_epochs : int
        Epochs after which a named schedule has arrived.

    Examples
    --------
    >>> from imbalanced_nn.sampling import balancing_progress
    >>> way = balancing_progress("cosine", 5)
    >>> [round(way(epoch), 2) for epoch in range(6)]
    [0.0, 0.15, 0.5, 0.85, 1.0, 1.0]
    """
    if schedule is None:
        return None

    def progress(epoch: int) -> float:
        if callable(schedule):
            way = float(schedule(epoch))
            if not 0 <= way <= 1:
                raise InvalidParameterError(
                    f"balancing_schedule must return a share between 0 (natural) and 1 "
                    f"(balanced); got {way} for epoch {epoch}."
                )
            return way
        way = min(epoch / max(n_epochs - 1, 1), 1.0)
        return way if schedule == "linear" else float((1 - np.cos(np.pi * way)) / 2)

    return progress


class _RandomRedraw(Draw):
    """A fresh random draw for every epoch.

    Under-sampling sees the whole majority in the end. An under-sampled epoch joins as many
    draws as fit into the training rows, at most ten: a handful of steps is too little to judge
    a network by.
    """

    def __init__(self, sampler: Any, rows: Rows, classes: np.ndarray):
        self._sampler, self._rows, self._classes = sampler, rows, classes
        self._seed = draw_seed(sampler.random_state)
        self._of_class = np.bincount(rows.selected_codes, minlength=len(classes))
        once = counts_after(sampler, rows, classes)
        self._n_draws = int(np.clip(len(rows.index) // once.sum(), 1, MAX_DRAWS))
        self._counts = once * self._n_draws

    def counts(self, epoch: int) -> np.ndarray:
        """Rows of each class in an epoch."""
        return self._counts

    def expected(self, epoch: int, n_rows: int) -> np.ndarray:
        """How often an epoch shows each of ``n_rows`` rows on average."""
        often = np.zeros(n_rows)
        share = self._counts / np.maximum(self._of_class, 1)
        often[self._rows.index] = share[self._rows.selected_codes]
        return often

    def rows(self, epoch: int) -> np.ndarray:
        """Row numbers of an epoch."""
        parts = [self._draw(epoch, part) for part in range(self._n_draws)]
        return self._rows.index[parts[0] if len(parts) == 1 else np.concatenate(parts)]

    def _draw(self, epoch: int, part: int) -> np.ndarray:
        """Positions of one draw; the first of the first epoch is the sampler's own."""
        codes = self._rows.selected_codes
        if draws_rows(self._sampler):
            wanted = rows_to_draw(self._sampler, codes, self._classes)
            return random_rows(self._sampler, codes, wanted, [self._seed, epoch, part])
        if epoch == part == 0:
            return self._sampler.sample_indices_
        again = clone(self._sampler).set_params(random_state=_seed(self._seed, epoch, part))
        again.fit_resample(np.arange(len(codes)).reshape(-1, 1), self._classes[codes])
        return again.sample_indices_


class _SyntheticRedraw(Draw):
    """Fresh synthetic rows for every epoch, behind the same data."""

    def __init__(self, sampler: Any, rows: Rows, classes: np.ndarray, finish: Any):
        self._sampler, self._natural, self._classes = sampler, rows, classes
        self._finish = finish
        self._seed = draw_seed(sampler.get_params()[_seeds(sampler)[0]])
        self._drawn: tuple[int, Any] = (-1, None)
        self._length = 0
        self._counts = np.zeros(0, dtype=int)

    def start(self, rows: Rows) -> None:
        """Take the finished rows of the sampler's own draw for the first epoch."""
        self._drawn, self._length = (0, rows), len(rows.index)
        self._counts = np.bincount(rows.selected_codes, minlength=len(self._classes))

    def counts(self, epoch: int) -> np.ndarray:
        """Rows of each class in an epoch; in later ones about as many."""
        return self._counts

    def rows(self, epoch: int) -> np.ndarray:
        """Row numbers of an epoch, as many as in the first."""
        index = self._rows(epoch).index
        if len(index) == self._length:
            return index.copy()
        # Combinations clean a few rows more or fewer; Keras wants epochs of one length.
        generator = np.random.default_rng([self._seed, epoch])
        return generator.choice(index, self._length, replace=len(index) < self._length)

    def data(self, epoch: int) -> tuple:
        """Inputs, targets and weights of an epoch."""
        rows = self._rows(epoch)
        return rows.X, rows.y, rows.network_weight()

    def _rows(self, epoch: int) -> Rows:
        if self._drawn[0] != epoch:
            again, seed = clone(self._sampler), _seed(self._seed, epoch, 0)
            again.set_params(**dict.fromkeys(_seeds(again), seed))
            with warnings.catch_warnings():
                # What there is to note was noted with the first draw.
                warnings.simplefilter("ignore", ImbalanceWarning)
                drawn, _ = resample(again, self._natural, self._classes)
            self._drawn = epoch, self._finish(drawn)
        return self._drawn[1]


def _scheduled(
    sampler: Any, rows: Rows, classes: np.ndarray, progress: Callable[[int], float]
) -> QuotaDraw:
    """Epochs of one size whose shares go from those of the data to the sampler's."""
    codes = rows.selected_codes
    counts = np.bincount(codes, minlength=len(classes))
    drawn = counts_after(sampler, rows, classes)
    size = int(drawn.sum() * np.clip(len(codes) // drawn.sum(), 1, MAX_DRAWS))
    order = np.argsort(codes, kind="stable")
    members = np.split(rows.index[order], np.cumsum(counts)[:-1])
    each = Quotas(counts, drawn / drawn.sum(), size, progress)
    return QuotaDraw(members, each, 1, draw_seed(sampler.random_state), ordered=False)


def _seeds(sampler: Any) -> list[str]:
    """Return the names of the parameters that seed a sampler or a part of it, its own first."""
    names = [n for n in sampler.get_params() if n.rpartition("__")[2] == "random_state"]
    return sorted(names, key=lambda name: name.count("__"))


def _seed(*key: int) -> int:
    """One seed out of several numbers."""
    return int(np.random.SeedSequence(key).generate_state(1)[0])
