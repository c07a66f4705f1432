"""What a fitted estimator's cut was tuned for, and the curves of that."""

from typing import Any

import numpy as np
from sklearn.base import clone

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.predictions import last_step, probabilities
from imbalanced_nn.threshold import ThresholdTuner

__all__ = [
    "aim_of",
    "constraint_of",
    "curves_of",
    "objective_name",
    "spread_of",
    "tuned_on",
    "tuner_for",
]

N_RESAMPLES = 200


def tuner_for(objective, constraint=None):
    """Return an unfitted tuner of an objective.

    Parameters
    ----------
    objective : str, callable or ThresholdTuner
        What to maximise.
    constraint : (str, float), default=None
        Bound to keep; None keeps that of a given tuner.

    Returns
    -------
    ThresholdTuner
    """
    if isinstance(objective, ThresholdTuner):
        tuner = clone(objective)
        return tuner if constraint is None else tuner.set_params(constraint=constraint)
    return ThresholdTuner(objective, constraint=constraint)


def aim_of(step):
    """Return what the cut of a fitted estimator maximises, else balanced accuracy.

    Parameters
    ----------
    step : estimator
        Any; a `BalancedKerasClassifier` and a `ThresholdTuner` are asked.

    Returns
    -------
    str, callable or ThresholdTuner
    """
    if isinstance(step, ThresholdTuner):
        return step
    own = getattr(step, "criterion_", step)
    aim = getattr(own, "threshold", None)
    learned = isinstance(aim, ThresholdTuner) or callable(aim)
    # A name means an objective only to estimators that learn the rule themselves.
    named = isinstance(aim, str) and hasattr(step, "decision_rule_")
    return aim if learned or named else "balanced_accuracy"


def objective_name(step):
    """Return the name of what a fitted estimator's cut maximises.

    Parameters
    ----------
    step : estimator
        Fitted.

    Returns
    -------
    str
    """
    objective = getattr(step, "objective_", None)
    if (result := getattr(step, "fit_result_", None)) is not None:
        objective = result.decision.objective
    aim = getattr(objective, "name", aim_of(step))
    return aim if isinstance(aim, str) else getattr(aim, "__name__", "score")


def constraint_of(step):
    """Return the constraint of a fitted tuner or estimator in words.

    Parameters
    ----------
    step : estimator
        Fitted.

    Returns
    -------
    str or None
        Such as ``"precision >= 0.9"``; None without one.
    """
    pair = getattr(getattr(step, "threshold", step), "constraint", None)
    if pair is None:
        return None
    rate, bound = pair
    sign = "<=" if rate in ("alert_rate", "alert_count", "false_positive_rate") else ">="
    return f"{rate.replace('_', ' ')} {sign} {bound:g}"


def tuned_on(estimator, X, y, sample_weight, objective, constraint, pos_label):
    """Return a tuner fitted to what a classifier says of rows, and that.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Fitted, with ``predict_proba``.
    X, y, sample_weight : array-like
        Rows, labels and weights.
    objective : str, callable, ThresholdTuner or None
        What to maximise; None is what the estimator's own cut maximises.
    constraint : (str, float) or None
        Bound to keep.
    pos_label : label or None
        Positive class; None is the estimator's own, else 1 of 0 and 1, else the rarest.

    Returns
    -------
    ThresholdTuner
    ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
        The probabilities that it was fitted to.
    """
    step = last_step(estimator)
    tuner = tuner_for(aim_of(step) if objective is None else objective, constraint)
    if pos_label is None:
        pos_label = getattr(step, "pos_label_", None)
    proba = probabilities(estimator, X)
    classes: Any = getattr(step, "classes_", None)
    # Of several labels it may be a list of the values of each.
    one_label = np.ndim(y) == 1 and np.ndim(classes) == 1
    tuner.fit(
        y,
        proba,
        sample_weight=sample_weight,
        pos_label=pos_label,
        classes=classes if one_label else None,
    )
    return tuner, proba


def curves_of(step):
    """Return the curves of a fitted estimator, and their names where there are several.

    Parameters
    ----------
    step : estimator
        With ``threshold_curve_``, ``best_threshold_`` and ``classes_``.

    Returns
    -------
    curves : tuple of ThresholdCurve
    names : list of str or None
        None of a single curve.

    Raises
    ------
    InvalidParameterError
        If there is none.
    """
    curve: Any = getattr(step, "threshold_curve_", None)
    cut: Any = getattr(step, "best_threshold_", None)
    if isinstance(curve, tuple):
        return curve, [f"label {label}" for label in step.classes_]
    if curve is not None:
        return (curve,), None
    reason = "it has no cut that was learned. Pass X and y"
    if np.ndim(cut):
        reason = (
            "the cuts of several classes act jointly. Show one class against the rest, by "
            "from_predictions(y == label, its probability)"
        )
    raise InvalidParameterError(f"{type(step).__name__} has no threshold curve: {reason}.")


def spread_of(step):
    """Return where the learned cut of two classes may lie, by the bootstrap of its rows.

    Parameters
    ----------
    step : estimator
        Fitted.

    Returns
    -------
    (float, float) or None
        The 95 % interval; None where no rows were kept or there is no one cut.
    """
    if not hasattr(step, "bootstrap_threshold") or np.ndim(step.best_threshold_):
        return None
    try:
        spread = step.bootstrap_threshold(n_resamples=N_RESAMPLES, random_state=0)
    except InvalidParameterError:
        return None
    return tuple(spread.threshold_interval().tolist())
