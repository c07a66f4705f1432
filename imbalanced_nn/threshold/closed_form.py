"""Keep the closed-form rule of balanced accuracy where held-out rows cannot tell it is worse."""

import numpy as np

from imbalanced_nn.threshold.rules import MulticlassRule, prior_rule

__all__ = ["prefer_closed_form"]

STANDARD_ERRORS = 2


def prefer_closed_form(learned, codes, proba, prior, kind, positive, objective, sample_weight):
    """Return the rule to ship for balanced accuracy, and its score.

    With calibrated probabilities the cut at the prior maximises balanced accuracy. Two cases
    call for it although a search over the held-out rows was made:

    - binary: the learned cut is one of many that score the same, and the prior is another;
    - several classes: the search has a cut per class to fit to few rows, so its rule must beat
      the better of prior and argmax by two standard errors of balanced accuracy.

    Parameters
    ----------
    learned : BinaryRule or MulticlassRule
        Optimum of the search.
    codes : ndarray of shape (n_samples,)
        Class codes of the held-out rows.
    proba : ndarray of shape (n_samples, n_classes)
        Their probabilities.
    prior : ndarray of shape (n_classes,)
        Class shares that the probabilities refer to.
    kind : {"binary", "multiclass"}
        Type of target.
    positive : int
        Code of the positive class of a binary target.
    objective : Objective
        Balanced accuracy.
    sample_weight : ndarray of shape (n_samples,)
        Weights of the rows.

    Returns
    -------
    rule : BinaryRule or MulticlassRule
    score : float
    """

    def score(rule):
        return objective.score(codes, rule.decide(proba), sample_weight, positive)

    closed, best = prior_rule(prior, kind, positive), score(learned)
    if kind == "binary":
        return (closed, best) if score(closed) >= best else (learned, best)
    argmax = MulticlassRule((1 / len(prior),) * len(prior))
    incumbent = max((closed, argmax), key=score)
    error = max(_standard_error(codes, rule.decide(proba)) for rule in (incumbent, learned))
    if best <= score(incumbent) + STANDARD_ERRORS * error:
        return incumbent, score(incumbent)
    return learned, best


def _standard_error(codes: np.ndarray, decided: np.ndarray) -> float:
    """Binomial standard error of balanced accuracy, from the recall of each class."""
    counts = np.bincount(codes)
    hits = np.bincount(codes, weights=decided == codes)
    recall = hits[counts > 0] / counts[counts > 0]
    variance = recall * (1 - recall) / counts[counts > 0]
    return float(np.sqrt(variance.sum()) / len(recall))
