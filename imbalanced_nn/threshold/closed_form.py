"""Keep the closed-form rule of balanced accuracy where held-out rows cannot tell it is worse."""

import numpy as np

from imbalanced_nn.threshold.recalibration import log_odds_to_first, recalibrate
from imbalanced_nn.threshold.rules import MulticlassRule

__all__ = ["prefer_closed_form"]

STANDARD_ERRORS = 2


def prefer_closed_form(learned, codes, proba, prior, objective, sample_weight):
    """Return the rule of several classes to ship for balanced accuracy, and its score.

    With calibrated probabilities cuts at the prior maximise balanced accuracy; where the rows
    clearly say that the probabilities are wrong, those that become the prior once they are put
    right. A search has a cut per class to fit to few rows, so its rule must beat these cuts by two
    standard errors of balanced accuracy.

    Parameters
    ----------
    learned : MulticlassRule
        Optimum of the search.
    codes : ndarray of shape (n_samples,)
        Class codes of the held-out rows.
    proba : ndarray of shape (n_samples, n_classes)
        Their probabilities.
    prior : ndarray of shape (n_classes,)
        Class shares that the probabilities refer to.
    objective : Objective
        Balanced accuracy.
    sample_weight : ndarray of shape (n_samples,)
        Weights of the rows.

    Returns
    -------
    rule : MulticlassRule
    score : float
    """

    def score(rule):
        return objective.score(codes, rule.decide(proba), sample_weight)

    best = score(learned)
    cuts = recalibrate(codes, log_odds_to_first(proba), sample_weight).cuts(prior)
    if cuts is None:
        return learned, best
    incumbent = MulticlassRule(cuts)
    error = max(
        _standard_error(codes, rule.decide(proba), sample_weight) for rule in (incumbent, learned)
    )
    if best <= score(incumbent) + STANDARD_ERRORS * error:
        return incumbent, score(incumbent)
    return learned, best


def _standard_error(codes, decided, sample_weight) -> float:
    """Standard error of balanced accuracy, from the weighted recall of each class."""
    total = np.bincount(codes, sample_weight)
    squares = np.bincount(codes, sample_weight**2)
    hits = np.bincount(codes, sample_weight * (decided == codes))
    there = total > 0
    recall = hits[there] / total[there]
    # Rows of unequal weight tell as much as this many of equal weight (Kish).
    n_effective = total[there] ** 2 / squares[there]
    return float(np.sqrt((recall * (1 - recall) / n_effective).sum()) / len(recall))
