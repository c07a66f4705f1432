"""Which rows an epoch is made of: decks of row numbers that are dealt, never copied data."""

from collections.abc import Callable, Sequence

import numpy as np

from imbalanced_nn.data import Rows

__all__ = ["Draw", "QuotaDraw"]


class Draw:
    """The rows of each epoch, as a function of its number and a seed alone."""

    ordered = False
    """Whether the rows come in the order of batches, which must then not be shuffled."""

    def rows(self, epoch: int) -> np.ndarray:
        """Row numbers of an epoch, in an array of the caller's own."""
        raise NotImplementedError

    def counts(self, epoch: int) -> np.ndarray:
        """Return the number of rows of each class in an epoch, of shape (n_classes,)."""
        raise NotImplementedError

    def data(self, epoch: int) -> tuple | None:
        """Inputs, targets and weights of an epoch; None if they never change."""
        return None

    def start(self, rows: Rows) -> None:
        """Take note of the finished rows of the sampler's own draw."""

    def expected(self, epoch: int, n_rows: int) -> np.ndarray | None:
        """How often an epoch shows each of ``n_rows`` rows on average, None if not known."""
        return None


class QuotaDraw(Draw):
    """Deal the same number of rows of each class into every batch.

    Each class is a shuffled deck. A class that an epoch shows in full is shuffled anew for
    it and dealt as often as it takes; one that is larger goes on where the last epoch
    stopped, and is shuffled anew when all its rows were dealt.

    Parameters
    ----------
    members : sequence of ndarray of int
        Row numbers of each class.
    quotas : callable
        Maps the number of an epoch to the rows of each class in a batch.
    n_batches : int
        Batches in an epoch.
    seed : int
        Seed of the decks.
    ordered : bool, default=True
        Whether the batches are to stay as they are dealt.
    row_weights : dict of int to ndarray, default=None
        For classes that are dealt unevenly, a positive weight for each member: every row once
        where the epoch has room for all, and then rows in proportion to their weights.
    """

    def __init__(
        self,
        members: Sequence[np.ndarray],
        quotas: Callable[[int], np.ndarray],
        n_batches: int,
        seed: int,
        ordered: bool = True,
        row_weights: dict[int, np.ndarray] | None = None,
    ):
        self.ordered = ordered
        self.n_batches = n_batches
        self._members = members
        self._sizes = np.array([len(rows) for rows in members])
        self._quotas = quotas
        self._seed = seed
        self._row_weights = row_weights or {}
        self._decks: dict[int, tuple[int, np.ndarray]] = {}
        self._dealt = np.zeros((1, len(members)), dtype=np.int64)
        self._n_epochs = 0

    def counts(self, epoch: int) -> np.ndarray:
        """Rows of each class in an epoch."""
        return self._quotas(epoch) * self.n_batches

    def expected(self, epoch: int, n_rows: int) -> np.ndarray:
        """How often an epoch shows each of ``n_rows`` rows on average."""
        often = np.zeros(n_rows)
        for code, (members, count) in enumerate(
            zip(self._members, self.counts(epoch), strict=True)
        ):
            weights, size = self._row_weights.get(code), len(members)
            if weights is None:
                often[members] = count / max(size, 1)
            elif count >= size:
                often[members] = 1 + (count - size) * weights / weights.sum()
            else:
                often[members] = _inclusion(weights, count)
        return often

    def rows(self, epoch: int) -> np.ndarray:
        """Row numbers of an epoch, batch after batch."""
        self._n_epochs = max(self._n_epochs, epoch + 1)
        hands = [
            self._deal(code, epoch, count).reshape(self.n_batches, -1)
            for code, count in enumerate(self.counts(epoch))
            if count
        ]
        return np.concatenate(hands, axis=1).ravel()

    def coverage(self) -> np.ndarray:
        """Share of each class's rows that the epochs so far have shown, 1 for no rows."""
        shown = self._dealt_before(self._n_epochs)
        # A class with a weight on each row may be dealt some rows again before others.
        seen = np.minimum(shown / np.maximum(self._sizes, 1), 1)
        for code in self._row_weights:
            hands = [self._deal(code, e, self.counts(e)[code]) for e in range(self._n_epochs)]
            seen[code] = len(np.unique(np.concatenate(hands))) / self._sizes[code]
        return np.where(self._sizes > 0, seen, 1.0)

    def _deal(self, code: int, epoch: int, count: int) -> np.ndarray:
        """Rows of one class in one epoch."""
        members, size = self._members[code], self._sizes[code]
        if code in self._row_weights:
            return members[self._weighted(code, epoch, count)]
        if count >= size:
            passes = range(-(-count // size))
            decks = [self._generator(code, 0, epoch, i).permutation(size) for i in passes]
            return members[np.concatenate(decks)[:count]]
        start = int(self._dealt_before(epoch)[code])
        first, last = start // size, (start + count - 1) // size
        hands = []
        for number in range(first, last + 1):
            begin = max(start - number * size, 0)
            hands.append(self._deck(code, number)[begin : start + count - number * size])
        return members[np.concatenate(hands)]

    def _weighted(self, code: int, epoch: int, count: int) -> np.ndarray:
        """Positions of rows drawn by their weights."""
        size, generator = self._sizes[code], self._generator(code, 0, epoch, 0)
        share = self._row_weights[code] / self._row_weights[code].sum()
        if count < size:
            return generator.choice(size, count, replace=False, p=share)
        further = generator.choice(size, count - size, p=share)
        return generator.permutation(np.concatenate([np.arange(size), further]))

    def _deck(self, code: int, number: int) -> np.ndarray:
        """Order in which a class that spans epochs is dealt for the ``number``-th time."""
        if self._decks.get(code, (-1,))[0] != number:
            order = self._generator(code, 1, number, 0).permutation(self._sizes[code])
            self._decks[code] = number, order
        return self._decks[code][1]

    def _dealt_before(self, epoch: int) -> np.ndarray:
        """Rows of each class that were dealt before an epoch."""
        for past in range(len(self._dealt) - 1, epoch):
            self._dealt = np.vstack([self._dealt, self._dealt[past] + self.counts(past)])
        return self._dealt[epoch]

    def _generator(self, *key: int) -> np.random.Generator:
        """Random numbers for one deck, whichever epochs were asked for before."""
        return np.random.default_rng(np.random.SeedSequence([self._seed, *key]))


def _inclusion(weights: np.ndarray, count: int) -> np.ndarray:
    """Chance of each row to be among ``count`` drawn in proportion to weights, none twice.

    Each row's arrival is taken as a race of independent exponentials: it is drawn if it comes
    before the time at which ``count`` are expected to have come.
    """
    low, high = 0.0, 1.0
    while (1 - np.exp(-high * weights)).sum() < count and high < 1e300:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        below = (1 - np.exp(-middle * weights)).sum() < count
        low, high = (middle, high) if below else (low, middle)
    return 1 - np.exp(-high * weights)
