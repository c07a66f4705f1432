"""From a trained network to all that a fit has learned."""

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from imbalanced_nn.calibration import PriorCorrection, odds_factors, weighted_means
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.decision import (
    fixed_decision,
    learn_decision,
)
from imbalanced_nn.fitting.notes import note_wrong_mean
from imbalanced_nn.fitting.plan import FitPlan
from imbalanced_nn.fitting.posterior import Posterior, calibrates, new_calibrator
from imbalanced_nn.fitting.preconditions import check_known, unknown
from imbalanced_nn.fitting.records import (
    Decision,
    FitResult,
    HeldOutScores,
    Target,
    Trained,
)
from imbalanced_nn.wrapper import NetworkFactory

__all__ = [
    "FITTED",
    "MAY_LACK",
    "attributes_of",
    "codes_of_decisions",
    "finish",
    "in_training",
    "known_result",
]


MAY_LACK = ("best_score_", "calibrator_", "threshold_curve_")
"""Attributes of a result that another one has not."""

FITTED = (
    "best_score_",
    "best_threshold_",
    "calibrator_",
    "class_count_",
    "class_prior_",
    "class_weight_",
    "decision_rule_",
    "engine_",
    "feature_names_in_",
    "fit_result_",
    "head_history_",
    "head_n_iter_",
    "history_",
    "model_",
    "n_iter_",
    "n_steps_",
    "pos_label_",
    "sample_indices_",
    "sampler_",
    "threshold_curve_",
    "validation_indices_",
)
"""Attributes that a fresh fit starts without, so that nothing of an earlier one is left."""


def finish(plan: FitPlan, trained: Trained) -> FitResult:
    """Learn from held-out scores how probabilities are calibrated and cut.

    Parameters
    ----------
    plan : FitPlan
        Of the fit.
    trained : Trained
        What came of its training.

    Returns
    -------
    FitResult
    """
    trained = _right_in_the_large(plan, trained)
    posterior = _calibrated(plan, trained)
    return _result(plan, trained, posterior, _decided(plan, trained, posterior))


def _right_in_the_large(plan: FitPlan, trained: Trained) -> Trained:
    """Bring probabilities to the shares of the classes where held-out rows show they are not.

    Networks of folds have rows of their own each, and a calibrator does it by itself.
    """
    held_out, posterior = trained.held_out, trained.posterior
    if held_out is None or held_out.fold is not None or posterior.offset is not None:
        return trained
    if posterior.calibration != "prior":
        return trained
    target, proba = plan.target, held_out.proba
    shares = posterior.natural
    weight = _at_shares(held_out, shares, target.kind, plan.validation is not None)
    if weight is None:
        return trained
    factors = odds_factors(proba, weight, shares, target.class_count, target.kind)
    if factors is None:
        return trained
    note_wrong_mean(weighted_means(proba, weight), shares, target, len(proba))
    same = PriorCorrection(tuple(shares), tuple(shares), multilabel=target.kind == "multilabel")
    right = replace(held_out, proba=same.times(factors).apply(proba))
    return replace(trained, posterior=posterior.times(factors), held_out=right)


def _at_shares(
    held_out: HeldOutScores, shares: np.ndarray, kind: str, is_given: bool
) -> np.ndarray | None:
    """Return weights at which held-out rows have the classes in their shares, None if none do.

    Rows that the caller holds out may have others, such as as many of each class.
    """
    if kind == "multilabel":
        return None if is_given else held_out.weight
    there = np.bincount(held_out.codes, weights=held_out.weight, minlength=len(shares))
    if (there[shares > 0] <= 0).any():
        return None
    of_class = np.divide(shares, there / there.sum(), out=np.zeros_like(shares), where=there > 0)
    return held_out.weight * of_class[held_out.codes]


def in_training(plan: FitPlan, trained: Trained) -> FitResult:
    """Return what holds while a network is trained: its probabilities, but no decision yet.

    Parameters
    ----------
    plan : FitPlan
        Of the fit.
    trained : Trained
        What is known so far.
    """
    if plan.previous is not None:
        decision = plan.previous.decision
    else:
        threshold = None if plan.criterion.is_learned else plan.criterion.threshold
        decision = fixed_decision(threshold, plan.target)
    result = _result(plan, trained, _calibrated(plan, trained), decision)
    return replace(result, is_trained=True)


def _result(plan: FitPlan, trained: Trained, posterior: Posterior, decision: Decision) -> FitResult:
    """Return what follows from a training."""
    held_out = trained.held_out
    return FitResult(
        target=plan.target,
        shares=trained.shares,
        posterior=posterior,
        decision=decision,
        held_out=held_out,
        judged_by=None if held_out is None else held_out.counts(plan.target.n_classes),
        seen=trained.seen,
        split_seed=plan.split_seed,
        fills_loss=trained.fills_loss,
        is_trained=trained.n_iter is not None,
        is_refitted=trained.refit_epochs is not None,
    )


def _calibrated(plan: FitPlan, trained: Trained) -> Posterior:
    """Return the way to probabilities with its calibrator and priors."""
    posterior, previous = trained.posterior, plan.previous
    calibrator = None
    if trained.held_out is not None and calibrates(posterior.calibration):
        calibrator = new_calibrator(posterior, trained.held_out)
    elif plan.is_partial and previous is not None:
        # What was learned stays through parts, which hold nothing out.
        calibrator = previous.posterior.calibrator
    return replace(posterior, calibrator=calibrator, priors=plan.priors)


def _decided(plan: FitPlan, trained: Trained, posterior: Posterior) -> Decision:
    """Return the decision: learned now, or before the parts that hold nothing out."""
    criterion, instead = plan.criterion, ()
    if plan.is_partial and plan.previous is not None:
        before = plan.previous.decision
        if before.score is not None:
            return before
        instead = before.instead
    decision = learn_decision(criterion, posterior, trained.held_out, plan.target)
    return replace(decision, instead=instead)


def known_result(factory: NetworkFactory) -> FitResult:
    """Return what an estimator answers from, fitted or in training.

    Parameters
    ----------
    factory : NetworkFactory
        Of the estimator.

    Raises
    ------
    InvalidParameterError
        If a target encoder of the user's hides what there would be to know.
    NotFittedError
        If its network is not being trained yet.
    """
    if factory.result is not None:
        return factory.result
    if factory.kind is None:
        raise InvalidParameterError(
            "The target encoder of your own hides the classes, without which there is no cut to "
            "learn or to draw again. Use the labels as they are."
        )
    raise NotFittedError(
        f"The network of this {factory.name} is not in training yet, or stands aside while those "
        f"of the folds are trained. Ask when the fit is done."
    )


def attributes_of(result: FitResult, trained: Trained | None = None) -> dict[str, Any]:
    """Return the public attributes of what was learned, and of a training if there was one.

    Parameters
    ----------
    result : FitResult
        All of it.
    trained : Trained or None, default=None
        What the network came from.

    Returns
    -------
    dict of str to object
        Of what was not learned, nothing.
    """
    target, decision = result.target, result.decision
    shown = {
        "fit_result_": result,
        "class_count_": target.class_count,
        "class_prior_": result.shares.natural,
        "decision_rule_": decision.rule,
        "best_threshold_": decision.rule.thresholds_,
    }
    if target.kind == "binary":
        shown["pos_label_"] = target.classes[target.positive]
    if result.posterior.calibrator is not None:
        shown["calibrator_"] = result.posterior.calibrator
    if decision.score is not None:
        shown |= {"best_score_": decision.score, "threshold_curve_": decision.curve}
    if trained is None:
        return shown
    names = ("engine", "history", "n_iter", "sample_indices", "head_history", "head_n_iter")
    learned = {f"{name}_": getattr(trained, name) for name in names}
    shown |= {"sampler_": trained.sampler, "class_weight_": trained.class_weight}
    return shown | {name: value for name, value in learned.items() if value is not None}


def codes_of_decisions(
    factory: Any, target: Target, y: np.ndarray, predicted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return true and decided codes of rows, which are wrong where a label is none of the fit's.

    Parameters
    ----------
    factory : NetworkFactory
        Of the fitted estimator.
    target : Target
        Its target.
    y, predicted : ndarray
        Labels.

    Raises
    ------
    ValueError
        If no label is one of the fit's.
    """
    decided, unseen = factory.codes(predicted), unknown(y, target.classes)
    if unseen.all():
        check_known(y, target.classes, "y")
    true = factory.codes(np.where(unseen, predicted, y) if unseen.any() else y)
    if unseen.any():
        wrong = 1 - decided if target.kind == "binary" else len(target.classes)
        true = np.where(unseen.reshape(true.shape), wrong, true)
    return true, decided
