"""What a fitted estimator's cut was tuned for."""

from sklearn.base import clone

from imbalanced_nn.threshold import ThresholdTuner

__all__ = ["aim_of", "objective_name", "tuner_for"]


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
    aim = getattr(step, "_chosen_threshold", getattr(step, "threshold", None))
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
    objective = getattr(step, "objective_", None) or getattr(step, "_tuned_objective", None)
    aim = getattr(objective, "name", aim_of(step))
    return aim if isinstance(aim, str) else getattr(aim, "__name__", "score")
