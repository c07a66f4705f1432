"""Constraints on a binary threshold: a rate to reach, or a budget of alerts."""

from dataclasses import dataclass
from math import ceil, log
from numbers import Real

import numpy as np
from scipy.special import betainc
from scipy.stats import beta

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name

__all__ = ["Constraint", "get_constraint"]

# Successes and trials of each rate, from (tp, fp, fn, tn).
_RATES = {
    "precision": lambda tp, fp, fn, tn: (tp, tp + fp),
    "recall": lambda tp, fp, fn, tn: (tp, tp + fn),
    "specificity": lambda tp, fp, fn, tn: (tn, tn + fp),
    "false_positive_rate": lambda tp, fp, fn, tn: (fp, tn + fp),
    "alert_rate": lambda tp, fp, fn, tn: (tp + fp, tp + fp + fn + tn),
}
_AT_MOST = ("false_positive_rate", "alert_rate", "alert_count")
_TRIALS = {
    "precision": "positive",
    "recall": "positive",
    "specificity": "negative",
    "false_positive_rate": "negative",
}
# Constraints that keep the objective from its trivial optimum.
_GUARDS = {
    "precision": ("recall",),
    "recall": ("precision", "specificity", *_AT_MOST),
}
_ROUNDING = 1e-12
STEP = 1.05


@dataclass(frozen=True)
class Constraint:
    """A bound that the decisions must keep. Made by `get_constraint`.

    Parameters
    ----------
    metric : str
        Name of a rate, or ``"alert_count"``.
    bound : float
        Least or, where ``at_most``, largest value: a share in [0, 1], or a weight of rows.
    confidence : float in (0, 1) or None, default=None
        At which the bound is proved for further rows; None keeps it on the given ones.
    calibrated : bool, default=False
        Whether scores are probabilities of the positive class.
    """

    metric: str
    bound: float
    confidence: float | None = None
    calibrated: bool = False

    def __str__(self):
        text = f"{self.metric} {'<=' if self.at_most else '>='} {self.bound:g}"
        return text if self.confidence is None else f"{text} at confidence {self.confidence:g}"

    @property
    def at_most(self):
        """Whether the bound is an upper one."""
        return self.metric in _AT_MOST

    def guards(self, objective):
        """Whether the constraint keeps the objective from its trivial optimum."""
        return self.metric in _GUARDS.get(objective, ())

    @property
    def _error(self):
        """Chance of a wrong proof that each tested cut may have."""
        error = 1 - float(self.confidence or 0)
        # Half for each of the two orders in which cuts are tested.
        return error / 2 if self.metric == "precision" and not self.calibrated else error

    def met(self, tp, fp, fn, tn):
        """Return which confusion matrices keep the bound; an undefined rate does not."""
        if self.metric == "alert_count":
            return tp + fp <= self.bound * (1 + _ROUNDING)
        successes, trials = _RATES[self.metric](tp, fp, fn, tn)
        if self.confidence is None:
            slack = _ROUNDING * trials
            reached = successes - self.bound * trials
            return (trials > 0) & (reached <= slack if self.at_most else reached >= -slack)
        return (trials > 0) & (self._tail(successes, trials) <= self._error + _ROUNDING)

    def allowed(self, counts, expected):
        """Return the places of the cuts that may be chosen, from the highest cut down.

        A search for the best of many cuts would find one whose bound on precision holds by
        luck. The cuts are therefore tested in an order that no label has a part in, which ends
        at the first failure: that keeps the error of the whole sequence [1]_ [2]_. Two sequences
        share the error: one starts at the cut that is the surest if the scores are
        probabilities, one at twice the rows that could prove the bound. With ``calibrated``
        the first has all of it. The other rates only rise or fall along the cuts, and their
        bounds with them.

        Parameters
        ----------
        counts : tuple of ndarray of shape (n_candidates,)
            True and false positives, false and true negatives of every cut.
        expected : ndarray of shape (n_candidates,) or None
            Sum of the scores of the rows that each cut flags; only with a confidence.

        Returns
        -------
        ndarray of int
            Rising; empty if no cut may be chosen.

        References
        ----------
        .. [1] P. Bauer, "Multiple testing in clinical trials", Statistics in Medicine 10, 1991.
        .. [2] A. N. Angelopoulos et al., "Learn then test: calibrating predictive algorithms to
           achieve risk control", arXiv:2110.01052, 2021.
        """
        met = self.met(*counts)
        if self.confidence is None or self.metric != "precision":
            return np.flatnonzero(met)
        flagged = counts[0] + counts[1]
        proved = [
            _until_failure(met, _sequence(flagged, k)) for k in self._starts(flagged, expected)
        ]
        return np.unique(np.concatenate(proved))

    def _starts(self, flagged, expected):
        """Return the cuts to begin with."""
        enough = min(self.rows_needed() or 1, flagged[-1])
        places = np.flatnonzero(flagged >= enough)
        surplus = expected[places] - self.bound * flagged[places]
        surest = places[np.argmax(surplus / np.sqrt(flagged[places]))]
        if self.calibrated:
            return [surest]
        return [surest, np.searchsorted(flagged, min(2 * enough, flagged[-1]))]

    def _tail(self, successes, trials):
        """Return the chance of such an outcome or a better one if the rate were at the bound.

        It is at most the error exactly where the Clopper-Pearson bound keeps the bound. A
        bound of 0 or 1 that every rate keeps has no tail.
        """
        if self.at_most:
            failures = trials - successes
            tail = betainc(np.maximum(failures, 1), successes + 1, 1 - self.bound)
            return np.where(failures > 0, tail, float(self.bound < 1))
        tail = betainc(np.maximum(successes, 1), trials - successes + 1, self.bound)
        return np.where(successes > 0, tail, float(self.bound > 0))

    def best(self, tp, fp, fn, tn):
        """Return the place and value of the best attainable rate, or confidence bound."""
        successes, trials = _RATES[self.metric](tp, fp, fn, tn)
        defined = np.flatnonzero(trials > 0)
        successes, trials = successes[defined], trials[defined]
        failures = trials - successes
        if self.confidence is None:
            values = successes / trials
        elif self.at_most:
            values = beta.ppf(1 - self._error, successes + 1, np.maximum(failures, 1))
            values = np.where(failures > 0, values, 1.0)
        else:
            values = beta.ppf(self._error, np.maximum(successes, 1), failures + 1)
            values = np.where(successes > 0, values, 0.0)
        place = values.argmin() if self.at_most else values.argmax()
        return int(defined[place]), float(values[place])

    def unattainable(self, threshold, value, n_positive, n_negative):
        """Return the error for a constraint that no threshold meets."""
        extreme = "lowest" if self.at_most else "highest"
        bound = "" if self.confidence is None else "bound of its "
        message = (
            f"No threshold meets the constraint {self} on the tuning rows: the {extreme} "
            f"{bound}{self.metric} is {value:.4g}, at threshold {threshold:.4g}. "
        )
        if self.bound >= value if self.at_most else value >= self.bound:
            remedy = "" if self.calibrated else ", or calibrate the scores and set calibrated=True"
            return ValueError(
                f"The constraint {self} could not be proved on the tuning rows. The threshold "
                f"{threshold:.4g} keeps it, with {value:.4g}, but may do so by luck: cuts are "
                f"proved in an order that the labels have no part in, down to the first that "
                f"fails. Hold out more rows, or lower the confidence{remedy}."
            )
        have = {"positive": n_positive, "negative": n_negative}
        rows = _TRIALS.get(self.metric, "tuning")
        needed = self.rows_needed()
        if needed is not None and have.get(rows, n_positive + n_negative) < needed:
            message += (
                f"Even without an error it takes {needed} {rows} rows; there are "
                f"{have.get(rows, n_positive + n_negative):g}. Hold out more rows, or lower the "
                f"confidence."
            )
        else:
            message += "Relax the bound, hold out more rows or improve the model."
        return ValueError(message)

    def rows_needed(self):
        """Return how many rows without an error prove the bound, or None if no number does."""
        rate = 1 - self.bound if self.at_most else self.bound
        if self.confidence is None or not 0 < rate < 1:
            return None
        return ceil(log(self._error) / log(rate) - _ROUNDING)


def _sequence(flagged, start):
    """Return the places of the cuts to test from one down, each flagging a twentieth more."""
    sequence = [start]
    while flagged[sequence[-1]] * STEP <= flagged[-1]:
        sequence.append(np.searchsorted(flagged, flagged[sequence[-1]] * STEP))
    return np.array(sequence)


def _until_failure(met, sequence):
    """Return the part of a sequence before the first cut that fails."""
    failed = np.flatnonzero(~met[sequence])
    return sequence[: failed[0]] if len(failed) else sequence


def get_constraint(constraint, confidence=None, calibrated=False):
    """Return the `Constraint` of a ``(metric, bound)`` pair; None is none.

    Parameters
    ----------
    constraint : tuple of (str, float) or None
        "precision", "recall" and "specificity" are to be at least the bound,
        "false_positive_rate", "alert_rate" and "alert_count" at most.
    confidence : float in (0, 1) or None, default=None
        Confidence with which the bound holds for the population the rows come from.
    calibrated : bool, default=False
        Whether the scores are calibrated probabilities, by which cuts are then tested.

    Returns
    -------
    constraint : Constraint or None

    Raises
    ------
    InvalidParameterError
        If the pair, the metric or the bound cannot be used.

    Examples
    --------
    >>> from imbalanced_nn.threshold.constraints import get_constraint
    >>> print(get_constraint(("alert_rate", 0.02)))
    alert_rate <= 0.02
    """
    known = [*_RATES, "alert_count"]
    if constraint is None:
        return None
    pair = isinstance(constraint, tuple | list) and len(constraint) == 2
    if not pair or not isinstance(constraint[0], str):
        raise InvalidParameterError(
            f"The 'constraint' parameter must be None or a pair (metric, bound) such as "
            f"('precision', 0.9), metric one of {known}. Got {constraint!r} instead."
        )
    metric, bound = constraint
    if metric not in known:
        raise InvalidParameterError(
            f"The metric of the 'constraint' parameter must be one of {known}. "
            f"Got {metric!r} instead.{nearest_name(metric, known)}"
        )
    counted = metric == "alert_count"
    number = isinstance(bound, Real) and not isinstance(bound, bool)
    if not number or not 0 <= bound <= (np.inf if counted else 1):
        accepted = "a number of rows, at least 0" if counted else "a number in [0, 1]"
        raise InvalidParameterError(
            f"The bound of the 'constraint' parameter on {metric} must be {accepted}. "
            f"Got {bound!r} instead."
        )
    if counted and confidence is not None:
        raise InvalidParameterError(
            "A constraint on 'alert_count' counts the tuning rows themselves and takes no "
            f"confidence. Got confidence={confidence!r}; use 'alert_rate'."
        )
    return Constraint(metric, float(bound), confidence, calibrated)
