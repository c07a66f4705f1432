"""From the outputs of a network to probabilities and labels, as nodes of a graph."""

from typing import Any

import numpy as np
from scipy.special import expit, logit

from imbalanced_nn.calibration import Calibrator
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting import SMALLEST, FitResult, Posterior
from imbalanced_nn.threshold import BinaryRule, CostRule, MulticlassRule, MultilabelRule

__all__ = ["codes_of", "labels_of", "probabilities_of"]


def probabilities_of(posterior: Posterior, outputs: Any) -> Any:
    """Return what `Posterior` makes of outputs, of shape (n_decisions, n_classes).

    Parameters
    ----------
    posterior : Posterior
        Of a fit.
    outputs : Any of shape (n_samples, ..., n_units)
        Of the network.
    """
    if outputs.dtype.itemsize < 4:
        outputs = outputs.astype(np.float32)
    units = outputs.shape[-1] if outputs.ndim > 1 else 1
    proba = posterior.undone(_as_probabilities(posterior, outputs.reshape(-1, units)))
    if posterior.calibrator is not None:
        proba = _calibrated(posterior.calibrator, proba)
    return posterior.at_priors(proba)


def _as_probabilities(posterior: Posterior, outputs: Any) -> Any:
    """Return outputs as one column for each class; see `class_probabilities`."""
    single = outputs.shape[-1] == 1
    if posterior.logits and (single or posterior.kind == "multilabel"):
        outputs = expit(outputs.astype(np.float64)).astype(outputs.dtype)
    elif posterior.logits:
        outputs = _softmax(outputs.astype(np.float64)).astype(outputs.dtype)
    if single and posterior.kind == "binary":
        return np.concatenate([1 - outputs, outputs], axis=1)
    return outputs


def _softmax(values: Any) -> Any:
    return values.graph.add("Softmax", values, dtype=values.dtype, shape=values.shape, axis=-1)


def _calibrated(calibrator: Calibrator, proba: Any) -> Any:
    """Return calibrated probabilities; the columns of other classes stay as they are."""
    columns = list(calibrator.classes)
    if not columns:
        return proba
    wide = proba.astype(np.float64)
    if calibrator.kind == "multilabel":
        made = [
            _bounded(calibrator, _by_part(part, _log_odds(wide[:, [column]])))[:, [1]]
            for column, part in zip(columns, calibrator.parts, strict=True)
        ]
    else:
        inside = wide[:, columns]
        by_part = _by_part(calibrator.parts[0], _scores(inside))
        whole = _bounded(calibrator, by_part)
        if others := [k for k in range(proba.shape[1]) if k not in columns]:
            whole = _together(inside, wide[:, others]) * whole
        made = [whole[:, [place]] for place in range(len(columns))]
    calibrated = dict(zip(columns, made, strict=True))
    parts = [calibrated.get(k, wide[:, [k]]) for k in range(proba.shape[1])]
    return np.concatenate(parts, axis=1).astype(proba.dtype)


def _together(inside: Any, others: Any) -> Any:
    """Return the probability of the classes inside, exactly 1 where nothing is left for others."""
    inside, others = (each.sum(axis=1, keepdims=True) for each in (inside, others))
    return np.where(inside < others, inside, 1 - others)


def _bounded(calibrator: Calibrator, proba: Any) -> Any:
    proba = np.maximum(proba, calibrator.floor)
    return proba / proba.sum(axis=1, keepdims=True)


def _log_odds(proba: Any) -> Any:
    return logit(np.clip(proba, SMALLEST, 1 - SMALLEST))


def _scores(proba: Any) -> Any:
    """Return the scores that calibrators of classes were fitted on."""
    proba = np.clip(proba, SMALLEST, 1)
    if proba.shape[1] == 2:
        return np.log(proba[:, [1]]) - np.log(proba[:, [0]])
    return np.log(proba / proba.sum(axis=1, keepdims=True))


def _by_part(part: Any, scores: Any) -> Any:
    """Return what a calibrator of scikit-learn makes of scores, a column for each class."""
    if part.method == "temperature":
        sharpness = part.calibrators[0].beta_
        if scores.shape[1] == 1:
            # The logits of two classes are the log-odds and their negative.
            positive = expit(scores * (2 * sharpness))
            return np.concatenate([1 - positive, positive], axis=1)
        return _softmax(scores * sharpness)
    curve = _sigmoid if part.method == "sigmoid" else _isotonic
    made = [curve(one, scores[:, [k]]) for k, one in enumerate(part.calibrators)]
    if len(made) == 1:
        return np.concatenate([1 - made[0], made[0]], axis=1)
    proba = np.concatenate(made, axis=1)
    total = proba.sum(axis=1, keepdims=True)
    shares = proba / np.where(total > 0, total, 1.0)
    return np.clip(np.where(total > 0, shares, 1 / len(made)), 0, 1)


def _sigmoid(part: Any, scores: Any) -> Any:
    return expit(-(scores * part.a_ + part.b_))


def _isotonic(part: Any, scores: Any) -> Any:
    """Interpolate between the steps of a regression, of which the last before a score is looked up.

    Parameters
    ----------
    part : IsotonicRegression
        Fitted.
    scores : Any of shape (n_samples, 1)
        Scores.
    """
    x, y = (np.asarray(a, np.float64) for a in (part.X_thresholds_, part.y_thresholds_))
    if len(x) == 1:
        return scores * 0 + y[0]
    scores = np.clip(scores, x[0], x[-1])
    before = (scores > x[1:-1]).astype(np.int64).sum(axis=1, keepdims=True)
    slope = np.diff(y) / np.diff(x)

    def at(table):
        table = scores.graph.constant(table)
        return table.graph.add("Gather", table, before, dtype=np.float64, shape=(None, 1))

    return at(slope) * (scores - at(x[:-1])) + at(y[:-1])


def codes_of(rule: Any, proba: Any) -> Any:
    """Return what a decision rule makes of probabilities, codes or a 0/1 indicator in int64.

    Parameters
    ----------
    rule : BinaryRule, MulticlassRule, MultilabelRule or CostRule
        The rule.
    proba : Any of shape (n_decisions, n_classes)
        Probabilities.
    """
    proba = proba.astype(np.float64)
    if isinstance(rule, BinaryRule):
        reached = proba[:, rule.positive] >= rule.threshold
        return np.where(reached, np.int64(rule.positive), np.int64(1 - rule.positive))
    if isinstance(rule, MultilabelRule):
        return (proba >= rule.thresholds_).astype(np.int64)
    if isinstance(rule, MulticlassRule):
        return _first_largest(proba / rule.thresholds_)
    if isinstance(rule, CostRule):
        return _first_largest(-np.matmul(proba, np.array(rule.costs)))
    raise InvalidParameterError(f"A decision rule {rule!r} cannot be written in ONNX.")


def _first_largest(values: Any) -> Any:
    return values.graph.add("ArgMax", values, dtype=np.int64, shape=(None,), axis=1, keepdims=0)


def labels_of(result: FitResult, codes: Any, one_hot: bool) -> Any:
    """Return codes as labels, those of text as strings.

    Parameters
    ----------
    result : FitResult
        What a fit learned.
    codes : Any
        Codes of classes, or a 0/1 indicator, which stays.
    one_hot : bool
        Whether y was an indicator with one label in every row.
    """
    if result.target.kind == "multilabel":
        return codes
    classes = np.eye(result.target.n_classes, dtype=np.int64) if one_hot else result.target.classes
    table = codes.graph.constant(_as_tensor(classes))
    shape = (None, *classes.shape[1:])
    return table.graph.add("Gather", table, codes, dtype=table.dtype, shape=shape)


def _as_tensor(classes: np.ndarray) -> np.ndarray:
    """Return labels in a type that ONNX has."""
    kind = classes.dtype.kind
    if kind in "iu":
        return classes.astype(np.int64)
    if kind == "f":
        return classes.astype(np.float64)
    if kind == "b" or all(isinstance(label, str) for label in classes.tolist()):
        return classes
    raise InvalidParameterError(
        f"The labels {classes.tolist()} are neither all text nor all numbers, for which ONNX has "
        f"no type. Fit on one kind of labels."
    )
