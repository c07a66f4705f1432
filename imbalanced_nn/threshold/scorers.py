"""Metric callables and scikit-learn scorers as objectives."""

import inspect
from functools import partial
from typing import Any

import numpy as np
from sklearn import metrics as sk

from imbalanced_nn._compat.sklearn import parts_of_scorer
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["knows_positive", "metric_of_callable", "name_of_metric"]

_FUNCTIONS = {
    sk.accuracy_score: "accuracy",
    sk.balanced_accuracy_score: "balanced_accuracy",
    sk.matthews_corrcoef: "matthews_corrcoef",
    sk.cohen_kappa_score: "cohen_kappa",
    sk.f1_score: "f1",
    sk.fbeta_score: "f",
    sk.precision_score: "precision",
    sk.recall_score: "recall",
    sk.jaccard_score: "jaccard",
}


def name_of_metric(metric):
    """Return the objective name of a scikit-learn metric or scorer that has one, else None.

    The named objective is searched over every cut, the callable over a bounded number.
    """
    function, kwargs, sign = metric, {}, 1
    if (scorer := parts_of_scorer(metric)) is not None:
        function, kwargs, sign = scorer.function, scorer.arguments, scorer.sign
    try:
        stem = _FUNCTIONS.get(function)
    except TypeError:
        return None
    if stem is None or sign < 0:
        return None
    average = kwargs.pop("average", "binary")
    beta = kwargs.pop("beta", None)
    if average != "binary":
        kwargs.pop("pos_label", None)
    if kwargs or (stem == "f") != (beta is not None):
        return None
    name = f"f{beta:g}" if stem == "f" else stem
    return name if average == "binary" else f"{name}_{average}"


def metric_of_callable(candidate, kind, classes):
    """Return the name of a metric callable or scorer, and a function of codes that calls it."""
    function, sign = candidate, 1
    kwargs: dict[str, Any] = {}
    if (scorer := parts_of_scorer(candidate)) is not None:
        function, kwargs, sign, methods = scorer
        if methods != "predict":
            raise InvalidParameterError(
                f"The objective {candidate!r} scores {methods}, which does not depend on the "
                f"threshold. Use a scorer of the decisions (response_method='predict')."
            )
    elif not callable(candidate):
        raise InvalidParameterError(
            f"The 'objective' parameter must be a name, a metric f(y_true, y_pred) or a scorer of "
            f"make_scorer. Got {candidate!r} instead."
        )
    try:
        accepted = set(inspect.signature(function).parameters)
    except ValueError:
        accepted = set()
    passed = {"weight"} if "sample_weight" in accepted else set()
    if kind == "binary" and "pos_label" in accepted and "pos_label" not in kwargs:
        passed.add("positive")
    name = getattr(function, "__name__", type(function).__name__)
    labels = None if classes is None or kind == "multilabel" else np.asarray(classes)
    metric = partial(_call, function, kwargs, tuple(passed), labels=labels, sign=sign)
    return name, metric


def knows_positive(metric):
    """Whether a function of `metric_of_callable` tells its metric the positive class."""
    return "positive" in metric.args[2]


def _call(function, kwargs, passed, y_true, y_pred, weight, positive, labels=None, sign=1):
    """Call a metric with what it accepts, on labels instead of codes where they are given."""
    if labels is not None:
        y_true, y_pred, positive = labels[y_true], labels[y_pred], labels[positive]
    kwargs = dict(kwargs)
    if "weight" in passed and weight is not None:
        kwargs["sample_weight"] = weight
    if "positive" in passed:
        kwargs["pos_label"] = positive
    return sign * function(y_true, y_pred, **kwargs)
