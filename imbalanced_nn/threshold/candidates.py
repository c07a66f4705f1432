"""The distinct decisions that a cut on one score can make."""

import numpy as np

__all__ = ["MAX_CURVE", "Candidates", "binary_counts", "ends", "thin", "useful_cuts"]

MAX_CURVE = 10_000
"""Number of cuts up to which all are looked at, and of those shown although none can be best."""


class Candidates:
    """The distinct decisions that a cut on one score can make.

    Candidate k flags the rows of the k highest distinct scores, k = 0 … number of distinct
    scores. A cut lies in gaps wider than ``min_gap`` only.
    """

    def __init__(self, score, min_gap=0.0):
        # Not stable, which costs half as much: rows of one score are flagged together.
        self.order = np.argsort(score)[::-1]
        falling = score[self.order]
        self._last = np.flatnonzero(np.append(falling[:-1] - falling[1:] > min_gap, True))
        self.lowest = falling[self._last]
        self.highest = falling[np.append(0, self._last[:-1] + 1)]
        self.n_flagged = np.append(0, self._last + 1)

    def __len__(self):
        return len(self.n_flagged)

    def totals(self, values):
        """Return the sum of the values over the flagged rows, for every candidate."""
        sums = np.cumsum(values[self.order], axis=0)[self._last]
        return np.concatenate((np.zeros_like(sums[:1]), sums))

    def step_of(self, rows):
        """Return the first candidate that flags each of the rows of a mask."""
        rank = np.flatnonzero(rows[self.order])
        return 1 + np.searchsorted(self._last, rank)

    def steps(self, chosen):
        """Return of each row the first of some candidates that flags it.

        ``chosen`` rises, and ends with the candidate that flags all.
        """
        rank = np.empty(len(self.order), dtype=int)
        rank[self.order] = np.arange(len(self.order))
        return np.searchsorted(self.n_flagged[chosen], rank, side="right")

    def flagged(self, k):
        """Return the mask of the rows that candidate k flags."""
        mask = np.zeros(len(self.order), bool)
        mask[self.order[: self.n_flagged[k]]] = True
        return mask

    def cuts(self, k, bottom, top):
        """Return the cut of each candidate in k, halfway between the two scores around it.

        ``bottom`` and ``top`` stand for the score below the lowest and above the highest.
        """
        k = np.asarray(k)
        above, below = np.append(top, self.lowest)[k], np.append(self.highest, bottom)[k]
        return _halfway(above, below, k == 0, k == len(self) - 1)


def _halfway(above, below, flags_none, flags_all):
    """Return cuts between the lowest flagged scores and the next scores below them."""
    cut = below + (above - below) / 2
    # Between neighbouring floats the halfway point is one of them: take the flagged one.
    cut = np.where((cut > below) | flags_all, cut, above)
    # Above a highest score that is the top itself there is only the next float.
    with np.errstate(under="ignore"):
        return np.where(flags_none & (cut <= below), np.nextafter(below, np.inf), cut)


def useful_cuts(y, score, weight):
    """Return the cuts that can be best, with some others between them, and their counts.

    Of cuts with the same true positives the one with the fewest false ones is the best, whatever
    a named objective or a rate weighs. Only scores of positives are therefore looked at; the
    others only give the curve its shape. That takes a sort of each class, and no sum over
    every cut.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        1 for the positive class, else 0.
    score, weight : ndarray of shape (n_samples,)
        Scores, and positive weights.

    Returns
    -------
    thresholds : ndarray of shape (n_cuts,)
        Falling, from the cut that flags nothing to the one that flags all.
    counts : tuple of ndarray of shape (n_cuts,)
        True and false positives, false and true negatives.
    """
    positive, negative = (_Sorted(score[y == side], weight[y == side]) for side in (1, 0))
    lowest = np.unique(np.append(positive.score, thin(negative.score, MAX_CURVE)))[::-1]
    tp, fp = (np.append(0.0, side.reaching(lowest)) for side in (positive, negative))
    bottom, top = _ends(lowest[-1], lowest[0])
    below = np.maximum(positive.below(lowest, bottom), negative.below(lowest, bottom))
    place = np.arange(len(tp))
    thresholds = _halfway(
        np.append(top, lowest), np.append(lowest[0], below), place == 0, place == place[-1]
    )
    return thresholds, (tp, fp, tp[-1] - tp, fp[-1] - fp)


class _Sorted:
    """Scores of one class, rising, and the weights that a cut on them flags."""

    def __init__(self, score, weight):
        if not np.ptp(weight):
            self.score = np.sort(score)
            self.at_least = weight[0] * np.arange(len(score), -1.0, -1.0)
            return
        order = np.argsort(score)
        self.score = score[order]
        self.at_least = np.append(np.cumsum(weight[order[::-1]])[::-1], 0.0)

    def reaching(self, cuts):
        """Return the weight of the rows whose score reaches each cut."""
        return self.at_least[np.searchsorted(self.score, cuts)]

    def below(self, cuts, bottom):
        """Return the highest score below each cut, ``bottom`` where there is none."""
        place = np.searchsorted(self.score, cuts)
        return np.where(place > 0, self.score[place - 1], bottom)


def thin(chosen, limit):
    """Return at most ``limit`` evenly ranked candidates, both ends among them."""
    if len(chosen) <= limit:
        return chosen
    return chosen[np.linspace(0, len(chosen) - 1, limit).round().astype(int)]


def ends(candidates):
    """Return the scale's ends: 0 and 1 for probabilities, else a range beyond the scores."""
    return _ends(candidates.lowest[-1], candidates.highest[0])


def _ends(lowest, highest):
    if lowest >= 0 and highest <= 1:
        return 0.0, 1.0
    return lowest - (highest - lowest + 1), highest + (highest - lowest + 1)


def binary_counts(candidates, y, weight):
    """Return tp, fp, fn and tn of every candidate."""
    tp, fp = candidates.totals(weight * y), candidates.totals(weight * (1 - y))
    # The totals are the sums' own last entries, so that "flag all" leaves exactly 0 behind.
    return tp, fp, tp[-1] - tp, fp[-1] - fp
