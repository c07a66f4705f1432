"""Rows that a threshold is learned from: their checks, and what decisions on them are worth."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_array, column_or_1d

from imbalanced_nn.data import positive_code
from imbalanced_nn.exceptions import InvalidParameterError, warn
from imbalanced_nn.threshold.costs import check_sample_cost
from imbalanced_nn.threshold.objectives import Objective
from imbalanced_nn.threshold.orientation import scored_code
from imbalanced_nn.threshold.rules import BinaryRule

__all__ = [
    "TuningRows",
    "check_rows",
    "checked_positive_code",
    "encode_labels",
    "note_absent",
    "row_counts",
    "tuning_rows",
]


@dataclass(frozen=True, eq=False)
class TuningRows:
    """Rows of positive weight to learn a rule from.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Class codes, or the 0/1 indicator of a multilabel target.
    score : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Scores of the positive class, or of each class or label; float64 and finite.
    weight : ndarray of shape (n_samples,)
        Row weights.
    classes : ndarray of shape (n_classes,)
        Class labels, or label indices.
    positive : {0, 1}, default=1
        Code of the positive class of a binary target.
    sample_cost : ndarray of shape (n_samples, n_classes) or None, default=None
        Cost of each decision about each row.
    scored : {0, 1} or None, default=None
        Code of the class that scores of shape (n_samples,) belong to; None is the positive one.
    """

    kind: str
    y: np.ndarray
    score: np.ndarray
    weight: np.ndarray
    classes: np.ndarray
    positive: int = 1
    sample_cost: np.ndarray | None = None
    scored: int | None = None

    @property
    def indicator(self) -> np.ndarray:
        """1 for the rows of the positive class, else 0."""
        return (self.y == self.positive).astype(int)

    @property
    def positive_score(self) -> np.ndarray:
        """Scores of the positive class."""
        return self.score if self.score.ndim == 1 else self.score[:, self.positive]

    @property
    def binary_cost(self) -> np.ndarray | None:
        """Costs of deciding each row negative and positive."""
        order = [1 - self.positive, self.positive]
        return None if self.sample_cost is None else self.sample_cost[:, order]

    def taken(self, which: np.ndarray, weight: np.ndarray | None = None) -> "TuningRows":
        """Return some of the rows, with other weights if they are given."""
        weight = self.weight if weight is None else weight
        cost = None if self.sample_cost is None else self.sample_cost[which]
        return replace(
            self,
            y=self.y[which],
            score=self.score[which],
            weight=weight[which],
            sample_cost=cost,
        )

    def value(self, objective: Objective, decided: np.ndarray) -> float:
        """Return the objective, or the negative mean cost, of decisions."""
        if self.sample_cost is None:
            return objective.score(self.y, decided, self.weight, self.positive)
        cost = np.take_along_axis(self.sample_cost, decided[:, None], axis=1)[:, 0]
        return float(-np.average(cost, weights=self.weight))

    def decide(self, rule: Any) -> np.ndarray:
        """Return the decisions of a rule."""
        if isinstance(rule, BinaryRule):
            return rule.decide_scores(self.positive_score)
        return rule.decide(self.score)


def tuning_rows(
    y_true: Any,
    y_score: Any,
    sample_weight: Any = None,
    sample_cost: Any = None,
    pos_label: Any = None,
    classes: Any = None,
    scored: int | None = None,
) -> TuningRows:
    """Return the rows of positive weight, checked; the arguments are `ThresholdTuner.fit`'s."""
    y_true, y_score, weight = check_rows(y_true, y_score, sample_weight)
    make = _label_rows if y_true.ndim == 2 else _class_rows
    rows = make(y_true, y_score, weight, pos_label, classes)
    if scored is not None:
        rows = replace(rows, scored=scored)
    if sample_cost is None:
        return rows
    if rows.kind == "multilabel":
        raise InvalidParameterError(
            "The 'sample_cost' parameter is for a binary or multiclass target. Got costs for a "
            "multilabel target; leave it None."
        )
    kept: Any = slice(None) if sample_weight is None else np.asarray(sample_weight) > 0
    n_samples = len(weight) if sample_weight is None else len(kept)
    cost = check_sample_cost(sample_cost, n_samples, len(rows.classes))
    return replace(rows, sample_cost=cost[kept])


def _class_rows(y_true, y_score, weight, pos_label, classes):
    """Return rows of one label each."""
    classes, codes = encode_labels(y_true, y_score, classes)
    present = np.flatnonzero(np.bincount(codes))
    if len(present) < 2:
        raise ValueError(
            f"A threshold needs rows of at least two classes. Got only class "
            f"{classes[present].tolist()[0]!r}. Hold out more rows, stratified by class."
        )
    if len(classes) == 2:
        positive = checked_positive_code(codes, classes, pos_label)
        scored = scored_code(classes, positive, pos_label)
        return TuningRows("binary", codes, y_score, weight, classes, positive, scored=scored)
    _refuse_pos_label(pos_label, f"{len(classes)} classes")
    if y_score.min() < 0:
        raise ValueError(
            f"The 'y_score' of a multiclass target must be probabilities. "
            f"Got negative values, down to {y_score.min():g}."
        )
    return TuningRows("multiclass", codes, y_score, weight, classes)


def _label_rows(y_true, y_score, weight, pos_label, classes):
    """Return rows of several labels each."""
    _refuse_pos_label(pos_label, "a multilabel target")
    if y_score.shape != y_true.shape:
        raise ValueError(
            f"A multilabel 'y_score' must have one column per label. Got shape "
            f"{y_score.shape} for 'y_true' of shape {y_true.shape}."
        )
    if not np.ptp(y_true, axis=0).any():
        raise ValueError("A threshold needs a label with both values. Every label is constant.")
    labels = np.arange(y_true.shape[1]) if classes is None else np.asarray(classes)
    return TuningRows("multilabel", y_true, y_score, weight, labels)


def _refuse_pos_label(pos_label, target):
    if pos_label is not None:
        raise InvalidParameterError(
            f"The 'pos_label' parameter is for a binary target. Got {pos_label!r} for "
            f"{target}; leave it None."
        )


def note_absent(rows: TuningRows) -> None:
    """Tell which classes or labels get no cut of their own for want of rows."""
    if rows.kind == "multilabel":
        constant = np.flatnonzero(np.ptp(rows.y, axis=0) == 0)
        if len(constant):
            warn(
                "INN006",
                f"The tuning rows hold one value only of label "
                f"{rows.classes[constant].tolist()}: its cut stays 0.5.",
            )
    absent = np.setdiff1d(np.arange(len(rows.classes)), rows.y)
    if rows.kind == "multiclass" and len(absent):
        warn(
            "INN006",
            f"The tuning rows hold no row of {rows.classes[absent].tolist()}: the cut of "
            f"such a class is not learned.",
        )


def check_rows(y_true, y_score, sample_weight):
    """Return labels, scores and weights of the rows of positive weight, checked."""
    y_score = check_array(y_score, ensure_2d=False, dtype=np.float64, input_name="y_score")
    y_true = check_array(y_true, ensure_2d=False, dtype=None, input_name="y_true")
    # Labels of these types are classes whatever their values, which it takes a pass to find out.
    plain = y_true.ndim == 1 and y_true.dtype.kind in "biu"
    target = "multiclass" if plain else type_of_target(y_true, input_name="y_true")
    if target not in ("binary", "multiclass", "multilabel-indicator"):
        raise ValueError(
            f"'y_true' must hold class labels or a 0/1 indicator matrix. Got a {target} target."
        )
    multilabel = target == "multilabel-indicator"
    y_true = check_array(y_true, dtype=int) if multilabel else column_or_1d(y_true)
    if len(y_true) != len(y_score):
        raise ValueError(
            f"'y_true' and 'y_score' must have the same rows. Got {len(y_true)} and {len(y_score)}."
        )
    if sample_weight is None:
        return y_true, y_score, np.ones(len(y_true))
    weight = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weight.shape != (len(y_true),):
        raise ValueError(f"'sample_weight' must have shape ({len(y_true)},). Got {weight.shape}.")
    most = np.finfo(np.float64).max / len(weight)
    if (weight < 0).any() or not weight.any() or weight.max() > most:
        raise ValueError(
            "'sample_weight' must not be negative, some weight must be positive, and their sum "
            f"finite. Got weights between {weight.min():g} and {weight.max():g}."
        )
    kept = weight > 0
    return y_true[kept], y_score[kept], weight[kept]


def encode_labels(y_true, y_score, classes):
    """Return the classes and the class codes, checked against the columns of the scores."""
    if classes is None:
        classes = np.unique(y_true)
    classes = column_or_1d(classes)
    order = np.argsort(classes)
    place = np.searchsorted(classes, y_true, sorter=order)
    codes = order[np.minimum(place, len(classes) - 1)]
    unknown = classes[codes] != y_true
    if unknown.any():
        raise ValueError(
            f"'y_true' holds labels that are not in classes={classes.tolist()}: "
            f"{np.unique(y_true[unknown]).tolist()}."
        )
    if len(classes) == 2 and y_score.ndim == 1:
        return classes, codes
    if len(classes) > 1 and (y_score.ndim != 2 or y_score.shape[1] != len(classes)):
        shape = f"(n_samples, {len(classes)})" + (" or (n_samples,)" if len(classes) == 2 else "")
        raise ValueError(
            f"'y_score' must have shape {shape} for classes {classes.tolist()}. "
            f"Got {y_score.shape}. Pass classes= if 'y_true' lacks some of them."
        )
    return classes, codes


def checked_positive_code(codes, classes, pos_label):
    """Return the code of the positive class, which `imbalanced_nn.data.target` tells."""
    counts = np.bincount(codes, minlength=len(classes))
    code = positive_code(pos_label, classes, counts)
    if code is None:
        raise InvalidParameterError(
            f"The 'pos_label' parameter must be one of {classes.tolist()}. "
            f"Got {pos_label!r} instead."
        )
    return code


def row_counts(weight):
    """Return a weight of 1 per row; a confidence bound counts rows."""
    if np.ptp(weight) > 0:
        raise InvalidParameterError(
            "The 'confidence' parameter needs rows of equal weight, as its bound counts rows. "
            f"Got weights between {weight.min():g} and {weight.max():g}."
        )
    return np.ones_like(weight)
