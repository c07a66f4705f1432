"""Probabilities put right by the rows that a cut is learned from, before the cut leans on them."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

__all__ = ["Recalibration", "fit_line", "logits", "recalibrate"]

PENALTY = np.array([0.25, 1.0])
"""Of the squared intercept and of the squared distance of the slope from 1, in log likelihood.

Chosen by simulation among .25 to 4 for probabilities that are calibrated, too sure, not sure
enough and shifted, with 3 to 20 positives; all of them gain, the least the most.
"""
MAX_STEPS = 50
CONVERGED = 1e-9  # of log likelihood, still to be gained before the last step
_NEUTRAL = np.array([0.0, 1.0])
_EPS = 1e-12


@dataclass(frozen=True)
class Recalibration:
    """A line on the logit scale, expit(intercept + slope * logit(score)).

    Parameters
    ----------
    intercept, slope : float
        0 and 1 leave scores as they are.
    """

    intercept: float = 0.0
    slope: float = 1.0

    def of_logits(self, logit: np.ndarray) -> np.ndarray:
        """Return the probabilities of logits of scores."""
        return expit(self.intercept + self.slope * logit)

    def score_of(self, probability: float) -> float | None:
        """Return the score that has a probability; None where higher scores have lower ones."""
        if (self.intercept, self.slope) == (0.0, 1.0):
            return probability
        if self.slope <= 0:
            return None
        return float(expit((logits(probability) - self.intercept) / self.slope))


def logits(probability: np.ndarray) -> np.ndarray:
    """Return the log-odds of probabilities, finite also at 0 and 1."""
    probability = np.clip(probability, _EPS, 1 - _EPS)
    return np.log(probability) - np.log1p(-probability)


def recalibrate(y: np.ndarray, score: np.ndarray, weight: np.ndarray) -> Recalibration:
    """Return the line that the rows call for, drawn towards leaving scores as they are.

    Logistic recalibration [1]_ by penalised likelihood: the fewer the rows, the less it moves.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        1 for the positive class, else 0.
    score : ndarray of shape (n_samples,)
        Probabilities.
    weight : ndarray of shape (n_samples,)
        Row weights; rows of unequal weight count as many as tell as much (Kish).

    Returns
    -------
    Recalibration

    References
    ----------
    .. [1] D. R. Cox, "Two further applications of a model for binary regression", Biometrika 45,
       1958.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.threshold.recalibration import recalibrate
    >>> y, score = np.repeat([0, 1], [90, 10]), np.repeat(0.5, 100)
    >>> round(float(recalibrate(y, score, np.ones(100)).of_logits(0.0)), 2)
    0.11
    """
    return fit_line(y, logits(score), weight * (weight.sum() / (weight @ weight)))


def fit_line(
    y: np.ndarray, logit: np.ndarray, times: np.ndarray, start: Recalibration | None = None
) -> Recalibration:
    """Return the line for logits of scores, each row counted so many times.

    Newton's method on a convex function, with steps halved until they keep what they promise;
    ``start`` spares steps and does not change where they lead.
    """
    line = _NEUTRAL if start is None else np.array([start.intercept, start.slope])
    targets = times * y
    pull = np.array([targets.sum(), targets @ logit])

    def loss_at(line):
        at = line[0] + line[1] * logit
        small = np.exp(-np.abs(at))
        likely = times @ (np.maximum(at, 0.0) + np.log1p(small)) - pull @ line
        return likely + PENALTY @ (line - _NEUTRAL) ** 2 / 2, at, small

    loss, at, small = loss_at(line)
    for _ in range(MAX_STEPS):
        q = np.where(at < 0, small, 1.0) / (1.0 + small)
        mass = times * q
        slope = np.array([mass.sum(), mass @ logit]) - pull + PENALTY * (line - _NEUTRAL)
        spread = mass * (1.0 - q)
        tilted = spread * logit
        curvature = np.array([[spread.sum(), tilted.sum()], [tilted.sum(), tilted @ logit]])
        step = np.linalg.solve(curvature + np.diag(PENALTY), slope)
        promise = slope @ step
        if promise < CONVERGED:
            line = line - step
            break
        part = 1.0
        while True:
            after, at, small = loss_at(line - part * step)
            if after <= loss - part * promise / 4 or part < _EPS:
                break
            part /= 2
        line, loss = line - part * step, after
    return Recalibration(float(line[0]), float(line[1]))
