"""What must hold of labels, priors and thresholds before a fit, or a further step of one."""

from typing import Any

import numpy as np

from imbalanced_nn._compat.scikeras import KerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.decision import Criterion, check_criterion, learns
from imbalanced_nn.fitting.records import FitResult, Target
from imbalanced_nn.wrapper import NetworkFactory

__all__ = [
    "announced_classes",
    "check_known",
    "check_priors_allowed",
    "check_threshold",
    "ships",
    "unknown",
]


def announced_classes(earlier: FitResult | None, y: Any, classes: Any) -> np.ndarray | None:
    """Return the labels of all calls of ``partial_fit``, None if they are those of y.

    Parameters
    ----------
    earlier : FitResult or None
        Of the earlier calls.
    y, classes : array-like, array-like or None
        What this call was given.

    Raises
    ------
    InvalidParameterError
        If it was given other labels.
    """
    if earlier is None:
        return None if classes is None else np.unique(classes)
    known = earlier.target.classes
    if classes is not None and not np.array_equal(np.unique(classes), known):
        raise InvalidParameterError(
            f"classes={np.unique(classes).tolist()} differs from the labels of the earlier "
            f"calls, {known.tolist()}. Pass the same labels, or none."
        )
    unseen = known[:0] if np.ndim(y) == 2 else np.setdiff1d(y, known)
    if len(unseen):
        raise InvalidParameterError(
            f"y holds the label {unseen.tolist()[0]!r}, which the earlier calls did not "
            f"announce; the labels are {known.tolist()}. Give all labels as classes in the "
            f"first call of partial_fit, or fit anew."
        )
    return known


def check_known(y: np.ndarray, classes: np.ndarray, name: str) -> None:
    """Refuse labels that the training rows did not have."""
    unseen: Any = y[unknown(y, classes)]
    if len(unseen):
        raise ValueError(
            f"{name} holds the label {unseen.tolist()[0]!r}, which is not in the y of fit; the "
            f"labels are {classes.tolist()}. Leave such rows out, or fit with them."
        )


def unknown(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return which labels are none of some classes; an indicator has none."""
    return np.zeros(y.shape, bool) if y.ndim == 2 else ~np.isin(y, classes)


def check_priors_allowed(kind: str | None, calibration: str | None, what: str) -> None:
    """Refuse another prevalence where the probabilities have none to start from."""
    if kind in (None, "multilabel"):
        raise InvalidParameterError(
            f"{what} is for one label per row, whose classes share a prior; y is "
            f"{kind or 'encoded by a target encoder of your own'}. Leave priors=None."
        )
    if calibration is None:
        raise InvalidParameterError(
            f"{what} starts from probabilities at the training prevalence, which "
            f"calibration=None does not give. Set calibration='prior'."
        )


def check_threshold(
    factory: NetworkFactory,
    criterion: Criterion,
    target: Target,
    weight: np.ndarray,
    *,
    has_priors: bool,
    held_out: bool,
    is_partial: bool,
    n_folds: int,
) -> None:
    """Refuse a threshold that cannot be learned or scored.

    Parameters
    ----------
    factory : NetworkFactory
        Of the estimator.
    criterion : Criterion
        What decides where to cut.
    target : Target
        What y asks for.
    weight : ndarray of shape (n_samples,) or (n_samples, n_steps)
        Weights.
    has_priors, held_out, is_partial : bool
        Whether priors are given, rows are held out, and whether this is one part of many.
    n_folds : int
        Number of splits.

    Raises
    ------
    InvalidParameterError
        If it cannot.
    """
    estimator, threshold = factory.estimator, criterion.threshold
    own_scorer = type(estimator).scorer is not KerasClassifier.scorer
    routed = factory.routed("score")
    if routed and learns(threshold) and not own_scorer:
        raise InvalidParameterError(
            f"'score__{sorted(routed)[0]}' is an argument of the accuracy, but score follows "
            f"threshold={threshold!r}. Leave it out, or set threshold=None."
        )
    weighs = None
    if has_priors:
        weighs = f"priors={estimator.priors!r}"
    elif np.ptp(weight[weight > 0]) > 0:
        weighs = "sample_weight of unequal weights"
    check_criterion(
        criterion,
        target,
        estimator.calibration,
        held_out=held_out,
        partial=is_partial,
        ships=ships(estimator.ensemble) if n_folds > 1 else None,
        weighs=weighs,
    )


def ships(ensemble: bool) -> str:
    """Say what ships after cross-fitting."""
    return "their average" if ensemble else "one network trained on all rows"
