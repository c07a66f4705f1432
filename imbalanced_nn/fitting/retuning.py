"""What a result still goes through without training: learned anew, fixed, drawn again, moved."""

import copy
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from imbalanced_nn.calibration import estimate_priors
from imbalanced_nn.data import MANY_COPIES, check_weights, fill_padding, n_rows, row_hashes
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, warn
from imbalanced_nn.fitting.decision import (
    Criterion,
    check_proof,
    fixed_decision,
    learn_decision,
    note_choice_of_positive,
    rows_to_tune_on,
    tuned_decision,
)
from imbalanced_nn.fitting.plan import plan_rows
from imbalanced_nn.fitting.preconditions import check_known, check_priors_allowed, ships
from imbalanced_nn.fitting.records import FitResult, HeldOutScores
from imbalanced_nn.threshold import ThresholdBootstrap, check_sample_cost
from imbalanced_nn.training import forward
from imbalanced_nn.wrapper import NetworkFactory, NotKept

__all__ = ["bootstrapped", "fixed", "moved_to", "tuned_anew"]


def tuned_anew(
    factory: NetworkFactory,
    result: FitResult,
    criterion: Criterion,
    X: Any = None,
    y: Any = None,
    *,
    sample_weight: Any = None,
    sample_cost: Any = None,
) -> FitResult:
    """Return a result whose decision was learned anew.

    Parameters
    ----------
    factory : NetworkFactory
        Of the fitted estimator.
    result : FitResult
        As it is.
    criterion : Criterion
        A score to maximise.
    X, y : array-like or None, default=None
        Rows that the network was not trained on; None takes the scores that were kept.
    sample_weight, sample_cost : array-like or None, default=None
        Weights of the rows, and costs of deciding for each class, which are then minimised.

    Raises
    ------
    InvalidParameterError
        If there are no rows to learn it on.

    Warns
    -----
    ImbalanceWarning
        INN004 if the network was trained on many of the rows.
    """
    if (X is None) != (y is None):
        raise InvalidParameterError("X and y go together: pass both, or neither.")
    if sample_cost is not None:
        sample_cost = _costs_of_rows(result, sample_cost, y, sample_weight)
    scores, share_seen = result.held_out, 0.0
    if X is not None:
        scores, share_seen = _later_scores(factory, result, X, y, sample_weight)
    if scores is None:
        raise InvalidParameterError(
            "X is None, but the fit held no rows out whose scores could be used. Pass X and y."
        )
    decision = tuned_decision(
        criterion,
        result.posterior,
        scores,
        result.target,
        sample_cost,
        ships(factory.estimator.ensemble),
    )
    if share_seen >= MANY_COPIES:
        warn(
            "INN004",
            f"the network was trained on about {share_seen:.0%} of the {len(y):,} rows of X, or "
            f"on rows that equal them. It knows their labels: the cut will be wrong for new "
            f"rows, and best_score_ too high. Pass other rows, or none for the rows "
            f"that fit held out.",
        )
    if sample_cost is not None:
        # Costs of single rows, which other rows do not have, leave a cut that is as it is.
        return replace(result, decision=replace(decision, instead=(decision.rule.thresholds_,)))
    decision = replace(decision, instead=(criterion.threshold,))
    return replace(result, held_out=scores, decision=decision)


def _later_scores(
    factory: NetworkFactory, result: FitResult, X: Any, y: Any, sample_weight: Any
) -> tuple[HeldOutScores, float]:
    """Return the network's probabilities of rows that come after the fit.

    The second is the share of them that it was trained on.
    """
    X, y = factory.validate(X, fill_padding(y, sample_weight))
    check_consistent_length(y, np.empty(n_rows(X)))
    weight = check_weights(sample_weight, X, steps=result.target.steps)
    X = factory.encode(X)
    check_known(y, result.target.classes, "y")
    everything = (X, None, factory.codes(y), weight, np.arange(n_rows(X)))
    rows = plan_rows(result.target, *everything).weighted(weight)
    outputs = forward(factory.network, X, rows.index)
    proba = rows.decisions(result.posterior.at_prevalence(outputs))
    scores = HeldOutScores(rows.selected_codes, proba, rows.selected_weight, later=True)
    return scores, result.seen.share_of(row_hashes(X))


def _costs_of_rows(result: FitResult, sample_cost: Any, y: Any, sample_weight: Any) -> np.ndarray:
    """Return the costs of the rows that have a weight."""
    if y is None:
        raise InvalidParameterError("sample_cost needs the X and y whose costs it holds.")
    if result.target.kind == "multilabel" or result.target.steps:
        raise InvalidParameterError(
            "sample_cost is for one label per row; y had several. Cut each label on its own, "
            "with ThresholdTuner().fit(y[:, k], proba[:, k], sample_cost=...)."
        )
    costs = check_sample_cost(sample_cost, len(y), result.target.n_classes)
    return costs[check_weights(sample_weight, costs) > 0]


def fixed(result: FitResult, threshold: Any, pos_label: Any) -> FitResult:
    """Return a result that decides by a threshold that is not learned.

    Parameters
    ----------
    result : FitResult
        As it is.
    threshold : float, array-like or None
        A cut, one per class or label, or None.
    pos_label : label or None
        The parameter; None leaves the choice open, which may have to be told.
    """
    threshold = copy.deepcopy(threshold)
    decision = replace(fixed_decision(threshold, result.target), instead=(threshold,))
    if pos_label is None:
        criterion, calibration = Criterion(threshold, {}), result.posterior.calibration
        note_choice_of_positive(criterion, result.target, calibration)
    return replace(result, decision=decision)


def bootstrapped(
    result: FitResult, criterion: Criterion, n_resamples: int, random_state: Any
) -> ThresholdBootstrap:
    """Tell how far a learned cut and its score would move with other held-out rows.

    Parameters
    ----------
    result : FitResult
        With a decision that was learned on scores that it holds.
    criterion : Criterion
        By which it was.
    n_resamples : int
        Number of resamples.
    random_state : int, RandomState or None
        Seeds the draws.

    Raises
    ------
    InvalidParameterError
        If it was not.
    """
    if isinstance(criterion.threshold, NotKept):
        criterion.threshold()
    if result.decision.objective is None or result.held_out is None:
        raise InvalidParameterError(
            f"bootstrap_threshold needs a threshold that was learned on held-out rows; "
            f"threshold={criterion.threshold!r} was not. Use tune_threshold first."
        )
    y, proba, weight, labels = rows_to_tune_on(result.posterior, result.held_out, result.target)
    tuner = criterion.tuner(result.posterior.calibration, proba)
    with warnings.catch_warnings():
        # What is to be said of these rows was said when the rule was learned.
        warnings.simplefilter("ignore", ImbalanceWarning)
        tuner.fit(y, proba, sample_weight=weight, **labels)
    return tuner.bootstrap(
        y, proba, sample_weight=weight, n_resamples=n_resamples, random_state=random_state
    )


def moved_to(
    result: FitResult, criterion: Criterion, proba: np.ndarray, sample_weight: np.ndarray
) -> FitResult:
    """Return a result for rows in which the classes have other shares.

    Parameters
    ----------
    result : FitResult
        As it is.
    criterion : Criterion
        What decides.
    proba : ndarray of shape (n_decisions, n_classes)
        Its probabilities of unlabelled rows of the new kind.
    sample_weight : ndarray of shape (n_decisions,)
        Weights of these.

    Raises
    ------
    InvalidParameterError
        If there is no prevalence to start from, or the threshold has a ``confidence``.
    """
    posterior, target = result.posterior, result.target
    check_priors_allowed(target.kind, posterior.calibration, "adapt_priors")
    check_proof(criterion, posterior.calibration, "adapt_priors")
    shares = estimate_priors(proba, posterior.refers_to, sample_weight=sample_weight)
    posterior = replace(posterior, priors=shares)
    decision = learn_decision(criterion, posterior, result.held_out, target)
    decision = replace(decision, instead=result.decision.instead)
    return replace(result, posterior=posterior, decision=decision)
