"""Probabilities put right by the rows that a cut is learned from, before the cut leans on them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from imbalanced_nn.data import row_blocks

__all__ = ["Recalibration", "fit_line", "log_odds_to_first", "logits", "recalibrate"]

INTERCEPT_PENALTY = 0.25
SLOPE_PENALTY = 1.0
"""Of the squared intercept and of the squared distance of the slope from 1, in log likelihood.

Chosen by simulation among .25 to 4 for probabilities that are calibrated, too sure, not sure
enough and shifted, with 3 to 20 positives; all of them gain, the least the most.
"""
MAX_STEPS = 50
CONVERGED = 1e-7  # of deviance, still to be gained before the last step
_EPS = 1e-12


@dataclass(frozen=True)
class Recalibration:
    """Lines on the scale of log-odds, with a slope in common.

    Parameters
    ----------
    intercepts : tuple of K - 1 floats
        What is added to the log-odds of each class but the first against the first.
    slope : float
        What they are multiplied by before. Intercepts of 0 and a slope of 1 leave probabilities
        as they are.
    """

    intercepts: tuple = (0.0,)
    slope: float = 1.0

    @property
    def is_neutral(self) -> bool:
        """Whether probabilities stay as they are."""
        return self.slope == 1 and not any(self.intercepts)

    def of_logits(self, logit: np.ndarray) -> np.ndarray:
        """Return the probabilities of logits of scores, for two classes."""
        return expit(self.intercepts[0] + self.slope * logit)

    def cuts(self, shares: np.ndarray) -> np.ndarray | None:
        """Return the probabilities that become the shares of the classes.

        None where higher probabilities mean less, and where a cut would be 0.
        """
        if self.is_neutral:
            return shares
        if self.slope <= 0:
            return None
        with np.errstate(over="ignore"):
            cuts = softmax((np.log(shares) - np.append(0.0, self.intercepts)) / self.slope)
        return cuts if (cuts > 0).all() else None

    def score_of(self, probability: float) -> float | None:
        """Return the score that becomes a probability, for two classes; None as for `cuts`."""
        cuts = self.cuts(np.array([1 - probability, probability]))
        return None if cuts is None else float(cuts[1])


def logits(probability: np.ndarray) -> np.ndarray:
    """Return the log-odds of probabilities, finite also at 0 and 1."""
    probability = np.clip(probability, _EPS, 1 - _EPS)
    return np.log(probability) - np.log1p(-probability)


def log_odds_to_first(proba: np.ndarray) -> np.ndarray:
    """Return the log-odds of each class but the first against the first, finite also at 0."""
    logs = np.maximum(proba.T, _EPS, order="C")
    np.log(logs, out=logs)
    logs[1:] -= logs[0]
    return logs[1:].T


def recalibrate(codes: np.ndarray, logit: np.ndarray, weight: np.ndarray) -> Recalibration:
    """Return the lines that the rows clearly call for; without, probabilities stay as they are.

    Logistic recalibration [1]_ by penalised likelihood, which moves the less the fewer the rows.
    Of leaving probabilities as they are, intercepts, a slope and both the one of least Schwarz
    criterion [2]_ is taken, so that probabilities in which the rows see no clear fault are kept to
    the last digit, and so is a cut in closed form with them.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        Class codes. A class without rows has the mean intercept.
    logit : ndarray of shape (n_samples,) or (n_samples, K - 1)
        Log-odds of probabilities, of each class but the first against the first.
    weight : ndarray of shape (n_samples,)
        Row weights; rows of unequal weight count as many as tell as much (Kish).

    Returns
    -------
    Recalibration

    References
    ----------
    .. [1] D. R. Cox, "Two further applications of a model for binary regression", Biometrika 45,
       1958.
    .. [2] G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6, 1978.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.threshold.recalibration import logits, recalibrate
    >>> y = np.repeat([0, 1], [90, 10])
    >>> line = recalibrate(y, logits(np.repeat(0.5, 100)), np.ones(100))
    >>> round(float(line.of_logits(0.0)), 2)
    0.11
    >>> recalibrate(y, logits(np.repeat(0.12, 100)), np.ones(100))
    Recalibration(intercepts=(0.0,), slope=1.0)
    """
    logit = logit.reshape(len(codes), -1)
    n_classes, there = logit.shape[1] + 1, np.unique(codes)
    if len(there) == 1:
        return Recalibration((0.0,) * (n_classes - 1))
    if len(there) < n_classes:
        first = 0.0 if there[0] == 0 else logit[:, there[:1] - 1]
        logit = logit[:, there[1:] - 1] - first
    times = weight * (weight.sum() / (weight @ weight))
    found = fit_line(np.searchsorted(there, codes), logit, times)
    of_classes = np.append(0.0, found.intercepts)
    intercepts = np.full(n_classes, of_classes.mean())
    intercepts[there] = of_classes
    return Recalibration(tuple((intercepts[1:] - intercepts[0]).tolist()), found.slope)


def fit_line(
    codes: np.ndarray, logit: np.ndarray, times: np.ndarray, start: Recalibration | None = None
) -> Recalibration:
    """Return the lines of `recalibrate`, each row counted so many times.

    ``start`` spares steps and does not change where they lead.
    """
    logit = logit.reshape(len(codes), -1)
    deviance = _Deviance(codes, logit, times)
    neutral, price = deviance.neutral, np.log(times.sum())
    begin = neutral if start is None else np.append(start.intercepts, start.slope)
    line, least = neutral, deviance(neutral)
    both, lowest = deviance.least(begin, np.ones(len(neutral)))
    # Intercepts or a slope alone fit no better than both.
    if lowest + price < least:
        models = [(both, lowest, len(neutral))]
        for free in (neutral == 0, neutral == 1):
            begin = np.where(free, both, neutral)
            models.append((*deviance.least(begin, free.astype(float)), free.sum()))
        for found, value, n_free in models:
            if value + n_free * price < least:
                line, least = found, value + n_free * price
    return Recalibration(tuple(map(float, line[:-1])), float(line[-1]))


class _Deviance:
    """Twice the penalised negative log likelihood of lines, and where it is least.

    Sums over rows are added up block by block, so that of many rows and classes nothing but the
    log-odds is there as a whole.
    """

    def __init__(self, codes, logit, times):
        n_intercepts = logit.shape[1]
        self.blocks = list(row_blocks(logit))
        # Classes first: sums over rows are then sums over memory in one piece.
        self.logit, self.times = np.ascontiguousarray(logit.T), times
        by_class = np.bincount(codes, times, minlength=n_intercepts + 1)[1:]
        rows = np.flatnonzero(codes)
        own = self.logit[codes[rows] - 1, rows]
        self.pull = np.append(by_class, times[rows] @ own)
        self.neutral = np.append(np.zeros(n_intercepts), 1.0)
        # The same whichever class comes first.
        self.penalty = np.diag(np.append(np.repeat(2 * INTERCEPT_PENALTY, n_intercepts), 0.0))
        self.penalty[:-1, :-1] -= 2 * INTERCEPT_PENALTY / (n_intercepts + 1)
        self.penalty[-1, -1] = SLOPE_PENALTY
        self._last: Any = (None, None)

    def __call__(self, line):
        """Return the value."""
        likely = self.pull @ line
        for block in self.blocks:
            q, log_total = self._probabilities(line, block)
            likely -= self.times[block] @ log_total
        # Of a single block it is at hand where the slope is asked for at the same line.
        self._last = (line, q) if len(self.blocks) == 1 else (None, None)
        off = line - self.neutral
        return off @ self.penalty @ off - 2 * likely

    def _probabilities(self, line, block):
        """Return those of each class but the first, and the logarithm of what they are shares of.

        In place: of many rows and classes new arrays take longer than what is in them.
        """
        each = line[-1] * self.logit[:, block]
        each += line[:-1, None]
        top = np.maximum(each.max(axis=0), 0.0)
        each -= top
        np.exp(each, out=each)
        total = each.sum(axis=0) + np.exp(-top)
        each /= total
        return each, top + np.log(total)

    def least(self, line, free):
        """Return the best lines, and their value, where ``free`` is 1 for what may move, else 0.

        Newton's method on a convex function, with steps halved until they keep what they promise.
        """
        value = self(line)
        for _ in range(MAX_STEPS):
            slope, curvature = self._slope(line, free[0])
            slope = free * (slope + self.penalty @ (line - self.neutral))
            step = np.linalg.solve(curvature * np.outer(free, free) + self.penalty, slope)
            promise = slope @ step
            if promise < CONVERGED:
                return line - step, value
            part = 1.0
            while True:
                trial = line - part * step
                after = self(trial)
                if after <= value - part * promise / 2 or part < _EPS:
                    break
                part /= 2
            line, value = trial, after
        return line, value

    def _slope(self, line, with_intercepts):
        """Return the slope and the curvature of half the value, without the penalty."""
        slope, curvature = -self.pull, np.zeros((len(self.neutral),) * 2)
        for block in self.blocks:
            logit = self.logit[:, block]
            last, q = self._last
            q = q if last is line else self._probabilities(line, block)[0]
            mass = self.times[block] * q
            by_class = mass.sum(axis=1)
            slope += np.append(by_class, np.vdot(mass, logit))
            across = mass * (logit - (q * logit).sum(axis=0))
            if with_intercepts:
                curvature[:-1, :-1] += np.diag(by_class) - mass @ q.T
                curvature[:-1, -1] += across.sum(axis=1)
            curvature[-1, -1] += np.vdot(across, logit)
        curvature[-1, :-1] = curvature[:-1, -1]
        return slope, curvature
