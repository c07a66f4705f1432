"""Probabilities put right by the rows that a cut is learned from, before the cut leans on them."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

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
    logs = np.log(np.maximum(proba, _EPS))
    return logs[:, 1:] - logs[:, :1]


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
    against_first = np.column_stack([np.zeros(len(codes)), logit])
    n_classes, there = against_first.shape[1], np.unique(codes)
    if len(there) == 1:
        return Recalibration((0.0,) * (n_classes - 1))
    logit = against_first[:, there[1:]] - against_first[:, there[:1]]
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
    line, least = neutral, deviance(neutral)[0]
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
    """Twice the penalised negative log likelihood of lines, and where it is least."""

    def __init__(self, codes, logit, times):
        n_intercepts = logit.shape[1]
        # Classes first: sums over rows are then sums over memory in one piece.
        self.logit, self.times = np.ascontiguousarray(logit.T), times
        self.target = times * (codes == np.arange(1, n_intercepts + 1)[:, None])
        self.pull = np.append(self.target.sum(axis=1), np.vdot(self.target, self.logit))
        self.neutral = np.append(np.zeros(n_intercepts), 1.0)
        # The same whichever class comes first.
        self.penalty = np.diag(np.append(np.repeat(2 * INTERCEPT_PENALTY, n_intercepts), 0.0))
        self.penalty[:-1, :-1] -= 2 * INTERCEPT_PENALTY / (n_intercepts + 1)
        self.penalty[-1, -1] = SLOPE_PENALTY

    def __call__(self, line):
        """Return the value, and the probabilities of each class but the first."""
        # In place: of many rows and classes new arrays take longer than what is in them.
        each = line[-1] * self.logit
        each += line[:-1, None]
        top = np.maximum(each.max(axis=0), 0.0)
        each -= top
        np.exp(each, out=each)
        total = each.sum(axis=0) + np.exp(-top)
        each /= total
        likely = self.pull @ line - self.times @ (top + np.log(total))
        off = line - self.neutral
        return off @ self.penalty @ off - 2 * likely, each

    def least(self, line, free):
        """Return the best lines, and their value, where ``free`` is 1 for what may move, else 0.

        Newton's method on a convex function, with steps halved until they keep what they promise.
        """
        value, q = self(line)
        for _ in range(MAX_STEPS):
            mass = self.times * q
            slope = np.append(mass.sum(axis=1), np.vdot(mass, self.logit)) - self.pull
            slope = free * (slope + self.penalty @ (line - self.neutral))
            curvature = self._curvature(q, mass, free[0]) * np.outer(free, free)
            step = np.linalg.solve(curvature + self.penalty, slope)
            promise = slope @ step
            if promise < CONVERGED:
                return line - step, value
            part = 1.0
            while True:
                after, q = self(line - part * step)
                if after <= value - part * promise / 2 or part < _EPS:
                    break
                part /= 2
            line, value = line - part * step, after
        return line, value

    def _curvature(self, q, mass, with_intercepts):
        across = mass * (self.logit - (q * self.logit).sum(axis=0))
        curvature = np.zeros((len(self.neutral),) * 2)
        if with_intercepts:
            curvature[:-1, :-1] = np.diag(mass.sum(axis=1)) - mass @ q.T
            curvature[:-1, -1] = curvature[-1, :-1] = across.sum(axis=1)
        curvature[-1, -1] = np.vdot(across, self.logit)
        return curvature
