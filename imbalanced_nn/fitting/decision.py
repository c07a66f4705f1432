"""From probabilities to decisions: a rule that is fixed, learned, or that of the prior."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.posterior import Posterior, calibrated, calibrates
from imbalanced_nn.fitting.records import Decision, HeldOutScores, Target
from imbalanced_nn.threshold import (
    CUT_AT_PRIOR,
    Objective,
    ThresholdTuner,
    fixed_rule,
    note_positive,
    prior_rule,
)

__all__ = [
    "Criterion",
    "check_criterion",
    "check_proof",
    "fixed_decision",
    "learn_decision",
    "learns",
    "note_choice_of_positive",
    "rows_to_tune_on",
    "tuned_decision",
]

FEW_POSITIVES = 50
"""Rows of the rarer class from which on held-out labels alone decide where to cut."""


def learns(threshold: Any) -> bool:
    """Whether a threshold is a score to maximise."""
    return isinstance(threshold, str | ThresholdTuner) or callable(threshold)


@dataclass(frozen=True)
class Criterion:
    """What decides where probabilities are cut.

    Parameters
    ----------
    threshold : float, array-like, str, callable, ThresholdTuner or None
        The parameter, or what took its place.
    routed : dict, default={}
        Parameters of its tuner.
    """

    threshold: Any
    routed: dict[str, Any]

    @property
    def is_learned(self) -> bool:
        """Whether it is a score to maximise."""
        return learns(self.threshold)

    def tuner(self, calibration: str | None, proba: np.ndarray | None = None) -> ThresholdTuner:
        """Return its tuner, not fitted.

        Parameters
        ----------
        calibration : str or None
            How probabilities are calibrated. Uncorrected ones are nothing to lean on.
        proba : ndarray of shape (n_decisions, n_classes), default=None
            What will be cut; nor are outputs that are no probabilities.
        """
        if isinstance(self.threshold, ThresholdTuner):
            tuner = clone(self.threshold)
        else:
            none = proba is not None and (proba.min() < 0 or proba.max() > 1)
            few = 0 if none or calibration is None else FEW_POSITIVES
            tuner = ThresholdTuner(self.threshold, min_positives=few)
        return tuner.set_params(**self.routed)

    def objective(self, target: Target) -> Objective:
        """Return the score that is maximised, for a target."""
        return self.tuner(None).check(target.kind, target.classes, target.positive)

    def is_proved(self, calibration: str | None) -> bool:
        """Whether it holds at a confidence."""
        return self.is_learned and self.tuner(calibration).confidence is not None


def fixed_decision(threshold: Any, target: Target) -> Decision:
    """Return the decision of a threshold that is not learned.

    Parameters
    ----------
    threshold : float, array-like or None
        A cut of the positive class, one per class or label, or None.
    target : Target
        What y asks for.
    """
    # None is argmax, in which two halves are the first class.
    positive = 0 if threshold is None else target.positive
    return Decision(fixed_rule(threshold, target.kind, target.n_classes, positive))


def learn_decision(
    criterion: Criterion, posterior: Posterior, held_out: HeldOutScores | None, target: Target
) -> Decision:
    """Return the decision of a criterion: fixed, learned on held-out rows, or the prior's.

    Parameters
    ----------
    criterion : Criterion
        What decides.
    posterior : Posterior
        With its calibrator and priors.
    held_out : HeldOutScores or None
        Scores to learn it on.
    target : Target
        What y asks for.
    """
    if not criterion.is_learned:
        return fixed_decision(criterion.threshold, target)
    untrained = target.kind != "multilabel" and not posterior.in_loss.all()
    follows = isinstance(criterion.threshold, str) and criterion.threshold in CUT_AT_PRIOR
    if untrained or (held_out is None and not follows):
        # A class that was not trained on has probability 0, which no cut changes.
        return fixed_decision(None, target)
    if held_out is None:
        return Decision(prior_rule(posterior.refers_to, target.kind, target.positive))
    return tuned_decision(criterion, posterior, held_out, target)


def rows_to_tune_on(
    posterior: Posterior, held_out: HeldOutScores, target: Target
) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
    """Return what a tuner is fitted to: labels, probabilities, weights, names of the classes.

    Parameters
    ----------
    posterior : Posterior
        With its calibrator and priors.
    held_out : HeldOutScores
        Scores to learn on.
    target : Target
        What y asks for.
    """
    proba, weight = posterior.at_priors(calibrated(posterior, held_out)), held_out.weight
    if posterior.priors is not None:
        # Rows that hold the classes in these shares already keep their weights.
        held = np.bincount(held_out.codes, weight, minlength=target.n_classes) / weight.sum()
        factor = np.divide(posterior.priors, held, out=np.ones_like(held), where=held > 0)
        weight = weight * factor[held_out.codes]
    if target.kind == "multilabel":
        return held_out.codes, proba, weight, {}
    positive = target.classes[target.positive] if target.kind == "binary" else None
    labels = {"classes": target.classes, "pos_label": positive}
    return target.classes[held_out.codes], proba, weight, labels


def tuned_decision(
    criterion: Criterion,
    posterior: Posterior,
    held_out: HeldOutScores,
    target: Target,
    sample_cost: np.ndarray | None = None,
    ships: str = "their average",
) -> Decision:
    """Return the decision that is best for held-out rows.

    Parameters
    ----------
    criterion : Criterion
        A score to maximise.
    posterior : Posterior
        With its calibrator and priors.
    held_out : HeldOutScores
        Scores to learn on.
    target : Target
        What y asks for.
    sample_cost : ndarray of shape (n_decisions, n_classes), default=None
        Costs of single rows, to minimise instead.
    ships : str, default="their average"
        What ships after cross-fitting, for messages.
    """
    y, proba, weight, labels = rows_to_tune_on(posterior, held_out, target)
    tuner = criterion.tuner(posterior.calibration, proba)
    if tuner.confidence is not None and not held_out.later:
        tuner.check(target.kind, target.classes, target.positive)
        check_proof_rows(tuner, posterior.calibration, held_out.fold is not None, ships)
    tuner.fit(y, proba, sample_weight=weight, sample_cost=sample_cost, **labels)
    return Decision(
        tuner.decision_rule_,
        tuner.best_score_,
        tuner.threshold_curve_,
        None if sample_cost is not None else tuner.objective_,
    )


def check_criterion(
    criterion: Criterion,
    target: Target,
    calibration: str | None,
    *,
    held_out: bool,
    partial: bool,
    ships: str | None,
    weighs: str | None,
) -> None:
    """Refuse before training what could not be learned after it.

    Parameters
    ----------
    criterion : Criterion
        What is to decide.
    target : Target
        What y asks for.
    calibration : str or None
        The parameter.
    held_out : bool
        Whether rows are held out.
    partial : bool
        Whether this training holds none out by its nature.
    ships : str or None
        What ships after cross-fitting, None without.
    weighs : str or None
        What gives rows unequal weights, None where nothing does.

    Raises
    ------
    InvalidParameterError
        If it is no threshold, or cannot be learned.
    """
    if not criterion.is_learned:
        fixed_decision(criterion.threshold, target)
        return
    threshold = criterion.threshold
    tuner = criterion.tuner(calibration)
    tuner.check(target.kind, target.classes)
    if weighs is not None:
        check_proof(criterion, calibration, weighs)
    check_proof_rows(tuner, calibration, ships is not None, ships)
    follows = isinstance(threshold, str) and threshold in CUT_AT_PRIOR
    if not held_out and not partial and not follows:
        raise InvalidParameterError(
            f"threshold={threshold!r} is learned on held-out rows, but "
            f"validation_split=0 holds none out. Set validation_split, pass X_val and y_val, "
            f"or set threshold to None, a number, or 'balanced_accuracy', whose cut follows "
            f"from the class shares."
        )


def check_proof(criterion: Criterion, calibration: str | None, what: str) -> None:
    """Refuse what gives rows unequal weights to a threshold that counts them."""
    if criterion.is_proved(calibration):
        raise InvalidParameterError(
            f"{what} weighs rows, but a threshold with a confidence counts them: its binomial "
            f"bound is for rows of equal weight. Leave out one of the two."
        )


def check_proof_rows(
    tuner: ThresholdTuner, calibration: str | None, crossed: bool, ships: str | None
) -> None:
    """Refuse a proof on held-out rows whose scores are not those that new rows will get."""
    if tuner.confidence is None:
        return
    apart = (
        "or fit with another threshold and prove this one on rows apart: "
        "tune_threshold(X, y, objective=ThresholdTuner(...))."
    )
    if crossed:
        raise InvalidParameterError(
            f"A threshold with a confidence is proved on scores of the network that ships, but "
            f"cross-fitting scores each row by a network of its fold and ships {ships}, whose "
            f"scores lie elsewhere. Hold out a share (validation_split=0.2), {apart}"
        )
    by_proba = tuner.calibrated or calibration == "isotonic"
    if calibrates(calibration) and tuner.constraint[0] == "precision" and by_proba:
        raise InvalidParameterError(
            f"A bound on precision is proved in an order of the cuts that knows no label of "
            f"the rows, but calibration={calibration!r} is learned on the same held-out "
            f"rows. Set calibration='prior', or 'sigmoid' and calibrated=False, {apart}"
        )


def note_choice_of_positive(criterion: Criterion, target: Target, calibration: str | None) -> None:
    """Tell which class is the positive one where a threshold depends on an open choice."""
    if target.kind != "binary":
        return
    threshold = criterion.threshold
    if criterion.is_learned:
        constraint = criterion.tuner(calibration).constraint
        symmetric = criterion.objective(target).is_symmetric and constraint is None
    else:
        symmetric = threshold in (None, 0.5)
    if not symmetric:
        what = f"threshold={threshold!r}"
        note_positive(target.classes, target.class_count, target.positive, what)
