"""One class against the rest: the sums over weighted rows that all its measures come from."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

__all__ = ["N_BINS", "BinaryProblem", "BinarySums", "equal_mass_bins"]

N_BINS = 10
"""Bins of the calibration error."""
_ROUNDING = 1e-9
_SUM_ROUNDING = 1e-12
# Sums of so few parts are a product of matrices, of which one has so many cells.
_FEW, _MOST_CELLS = 128, 2**23
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class BinarySums:
    """Sums over weighted rows, those of positives and of negatives apart.

    Because they are apart, another prevalence is a factor on each; see `reweighted`. The first
    axis runs over sets of weights, such as resamples. Two-part sums hold negatives, positives.

    Parameters
    ----------
    tp, fp : ndarray of shape (n_weights, n_groups)
        Weight of positives and of negatives down to each group of scores, highest first.
    count : ndarray of shape (n_weights, 2)
        Weight of all rows.
    flagged : ndarray of shape (n_weights, 2)
        Weight of the rows that were predicted positive.
    squared, log, cost : ndarray of shape (n_weights, 2)
        Sums of squared errors, of negative log likelihoods and of costs.
    gaps : ndarray of shape (n_weights, n_bins, 2)
        Sums of how far outcome and probability are apart in each bin of probabilities: above 0
        for positives, below for negatives.
    """

    tp: np.ndarray
    fp: np.ndarray
    count: np.ndarray
    flagged: np.ndarray
    squared: np.ndarray
    log: np.ndarray
    cost: np.ndarray
    gaps: np.ndarray

    def reweighted(self, negative, positive):
        """Return the sums of rows weighed by class.

        Parameters
        ----------
        negative, positive : float or ndarray of shape (n_weights,)
            Factors of the weights.

        Returns
        -------
        BinarySums
        """
        negative, positive = (np.reshape(factor, (-1, 1)) for factor in (negative, positive))
        factors = np.concatenate([negative, positive], axis=1)
        names = ("count", "flagged", "squared", "log", "cost")
        return BinarySums(
            self.tp * positive,
            self.fp * negative,
            **{name: getattr(self, name) * factors for name in names},
            gaps=self.gaps * factors[:, None],
        )

    def class_totals(self):
        """Return hit, true and predicted weight of [negative, positive], as `formulas` take."""
        # Sums of the same weights in another order: what is left of them is rounding.
        rest = self.count - self.flagged
        rest = np.where(rest > _SUM_ROUNDING * self.count, rest, 0.0)
        pairs = (
            (rest[..., 0], self.flagged[..., 1]),
            (self.count[..., 0], self.count[..., 1]),
            (rest.sum(axis=-1), self.flagged.sum(axis=-1)),
        )
        return tuple(np.stack(pair, axis=-1) for pair in pairs)


class BinaryProblem:
    """Rows of one class against the rest, sorted once, to be summed under many weights.

    Parameters
    ----------
    positive : ndarray of bool of shape (n_samples,)
        Rows of the class.
    score : ndarray of shape (n_samples,)
        Probability of the class.
    flagged : ndarray of bool of shape (n_samples,)
        Rows that were predicted as the class.
    weight : ndarray of shape (n_samples,)
        Weights that bins of equal mass are made by.
    cost : ndarray of shape (n_samples,), default=None
        Cost of each decision.
    smallest : float, default=2.2e-16
        Least likelihood of a row, as in `sklearn.metrics.log_loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.metrics.one_vs_rest import BinaryProblem
    >>> y, score = np.array([False, False, True]), np.array([0.1, 0.6, 0.8])
    >>> problem = BinaryProblem(y, score, score >= 0.5, np.ones(3))
    >>> problem.sums(np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 1.0]])).flagged
    array([[1., 1.],
           [2., 1.]])
    """

    def __init__(self, positive, score, flagged, weight, cost=None, smallest=EPS):
        self._order = np.argsort(-score, kind="stable")
        score, positive = score[self._order], positive[self._order]
        self._bins = equal_mass_bins(score, weight[self._order], N_BINS)
        self._positive = positive
        self._error = np.where(positive, 1 - score, -score)
        log = -np.log(np.clip(1 - np.abs(self._error), smallest, 1 - smallest))
        columns = [flagged[self._order], self._error**2, log]
        if cost is not None:
            columns.append(cost[self._order])
        linear = np.column_stack(columns).astype(np.float64)
        ends = np.append(_group_starts(score, positive)[1:], len(score))
        # Each row belongs to one of the two parts, and is summed there only.
        self._parts = [
            _Part(np.flatnonzero(rows), self._order, self._error, linear, ends, self._bins)
            for rows in (~positive, positive)
        ]

    @classmethod
    def of_class(cls, rows, k, cost=None):
        """Return the problem of one class of predictions.

        Parameters
        ----------
        rows : Predictions
            Rows of all classes.
        k : int
            Place of the class.
        cost : ndarray of shape (n_samples,), default=None
            Cost of each decision.

        Returns
        -------
        BinaryProblem
        """
        positive, flagged = rows.is_class(k)
        return cls(positive, rows.proba[:, k], flagged, rows.weight, cost, rows.smallest)

    def calibration_noise(self, weight, confidence_level):
        """Return the calibration error that calibrated probabilities stay below by chance.

        Parameters
        ----------
        weight : ndarray of shape (n_samples,)
            Weights of the rows.
        confidence_level : float in (0, 1)
            Probability with which they do.

        Returns
        -------
        float
            From the normal distribution of the gap in each bin; 0 is never above it.
        """
        variance = self._variance_if_calibrated(weight)
        mean = np.sqrt(2 / np.pi * variance).sum()
        spread = np.sqrt((1 - 2 / np.pi) * variance.sum())
        return (mean + norm.ppf((1 + confidence_level) / 2) * spread) / weight.sum()

    def calibration_gaps(self, weight):
        """Return how far outcome and probability are apart in each bin, with standard errors.

        Parameters
        ----------
        weight : ndarray of shape (n_samples,)
            Weights of the rows.

        Returns
        -------
        gaps, error : ndarray of shape (n_bins,)
            As parts of all weight. The variance is the mean of what the probabilities say and of
            what the outcomes say, to which half a row of either kind is added.
        """
        ordered = weight[self._order]
        total, squares, hits = (
            np.add.reduceat(part, self._bins)
            for part in (ordered, ordered**2, ordered * self._positive)
        )
        scale = np.divide(total, squares, out=np.zeros_like(total), where=squares > 0)
        share = (hits * scale + 0.5) / (total * scale + 1)
        variance = (squares * share * (1 - share) + self._variance_if_calibrated(weight)) / 2
        gaps = np.add.reduceat(ordered * self._error, self._bins)
        return gaps / weight.sum(), np.sqrt(variance) / weight.sum()

    def _variance_if_calibrated(self, weight):
        """Return the variance of the gap in each bin when the probabilities are right."""
        chance = np.abs(self._error) * (1 - np.abs(self._error))
        return np.add.reduceat(weight[self._order] ** 2 * chance, self._bins)

    def sums(self, weights):
        """Return the sums under each set of weights.

        Parameters
        ----------
        weights : ndarray of shape (n_weights, n_samples)
            Weights of the rows.

        Returns
        -------
        BinarySums
        """
        fp_and_tp, linear, gaps = zip(*(part.sums(weights) for part in self._parts), strict=True)
        columns = np.moveaxis(np.stack(linear, axis=-1), 1, 0)
        costs = columns[3] if len(columns) > 3 else np.zeros(columns[0].shape)
        count = np.stack([running[:, -1] for running in fp_and_tp], axis=-1)
        fp, tp = fp_and_tp
        flagged, squared, log = columns[:3]
        return BinarySums(tp, fp, count, flagged, squared, log, costs, np.stack(gaps, axis=-1))


class _Part:
    """The positives, or the negatives, of a problem, in falling order of their scores."""

    def __init__(self, places, order, error, linear, ends, bins):
        self._rows = order[places]
        self._error, self._linear = error[places], linear[places]
        self._ends = np.searchsorted(places, ends)
        self._bins = np.searchsorted(places, bins)
        self._empty = np.diff(np.append(self._bins, len(places))) == 0

    def sums(self, weights):
        """Return the running weight at the groups' ends, the linear sums and those of the bins."""
        n_columns = len(self._ends) + len(self._bins) + self._linear.shape[1]
        if len(weights) > 1 and n_columns <= _FEW and weights.shape[1] * n_columns <= _MOST_CELLS:
            return self._by_product(weights)
        weights = weights.take(self._rows, axis=1)
        padded = np.zeros((len(weights), len(self._rows) + 1))
        np.cumsum(weights, axis=1, out=padded[:, 1:])
        running = padded[:, self._ends]
        # The last column is where a range behind all rows may start.
        np.multiply(weights, self._error, out=padded[:, :-1])
        padded[:, -1] = 0.0
        gaps = np.add.reduceat(padded, self._bins, axis=1)
        # Of an empty range it gives the row that the range starts at.
        gaps[:, self._empty] = 0.0
        return running, weights @ self._linear, gaps

    def _by_product(self, weights):
        """Return the same by one product of matrices, which is faster where groups are few."""
        n_groups, n_bins = len(self._ends), len(self._bins)
        place = np.arange(len(self._rows))
        table = np.zeros((weights.shape[1], n_groups + n_bins + self._linear.shape[1]))
        table[self._rows, np.searchsorted(self._ends, place, side="right")] = 1
        of_bin = n_groups + np.searchsorted(self._bins, place, side="right") - 1
        table[self._rows, of_bin] = self._error
        table[self._rows, n_groups + n_bins :] = self._linear
        found = weights @ table
        groups, gaps, linear = np.split(found, [n_groups, n_groups + n_bins], axis=1)
        return np.cumsum(groups, axis=1), linear, gaps


def _group_starts(score, positive):
    """Return where groups of falling scores start that no measure of ranking tells apart.

    Rows of equal score are one group, and so are neighbouring scores without a positive row:
    cuts between those find nothing.
    """
    distinct = np.flatnonzero(np.append(True, np.diff(score) != 0))
    holds = np.add.reduceat(positive.astype(int), distinct) > 0
    return distinct[np.append(True, holds[1:] | holds[:-1])]


def equal_mass_bins(score, mass, n_bins):
    """Return where bins of equal mass start in falling scores; equal scores share a bin.

    The bin of a score is the n-th part of all mass that the mass of the higher scores ends in.

    Parameters
    ----------
    score : ndarray of shape (n_samples,)
        Scores, falling.
    mass : ndarray of shape (n_samples,)
        Mass of each row.
    n_bins : int
        Number of bins; ties may leave fewer.

    Returns
    -------
    ndarray of int of shape (n_bins,)

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.metrics.one_vs_rest import equal_mass_bins
    >>> equal_mass_bins(np.array([0.9, 0.7, 0.7, 0.2]), np.ones(4), 2)
    array([0, 3])
    """
    distinct = np.flatnonzero(np.append(True, np.diff(score) != 0))
    above = (np.cumsum(mass) - mass)[distinct] / mass.sum()
    # Rows below all mass belong to the last bin.
    part = np.minimum(np.floor(n_bins * above + _ROUNDING), n_bins - 1)
    return distinct[np.append(True, np.diff(part) > 0)]
