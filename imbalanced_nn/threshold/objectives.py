"""Objectives: what a decision threshold maximises, by name, metric callable or scorer."""

import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer_names

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.metrics import (
    AVERAGES,
    MATRIX_FORMULAS,
    averaged,
    net_benefit,
    ratio,
    subset_accuracy,
)
from imbalanced_nn.threshold.scorers import knows_positive, metric_of_callable, name_of_metric

__all__ = [
    "CUT_AT_PRIOR",
    "Objective",
    "confusion_totals",
    "get_objective",
    "label_counts",
    "objective_names",
]

# Scores that calibrated probabilities alone have the best cut of: the prior.
CUT_AT_PRIOR = ("balanced_accuracy", "youden")

_ALIASES = {"mcc": "matthews_corrcoef"}
_BINARY_ONLY = {
    "youden": "'balanced_accuracy' has the same best threshold",
    "break_even": "use 'f1_macro'",
}
_RATIO = re.compile(
    r"(f(?=[\d.]*[1-9])\d*\.?\d+|precision|recall|jaccard)"  # "f0" would be precision
    r"(?:_(macro|micro|weighted|samples))?"
)
_NET_BENEFIT = re.compile(r"net_benefit_(0?\.\d*[1-9]\d*)")
_RANKING = ("auc", "average_precision", "log_loss", "brier", "top_k_accuracy")
_CALLED_ELSEWHERE = {
    "f_beta": "f2",
    "fbeta": "f2",
    "g_mean": "geometric_mean",
    "gmean": "geometric_mean",
    "hamming_loss": "accuracy",
    "informedness": "youden",
    "kappa": "cohen_kappa",
    "sensitivity": "recall",
    "tpr": "recall",
    "zero_one_loss": "accuracy",
}


@dataclass(frozen=True)
class Objective:
    """A score of hard decisions; larger is better. Made by `get_objective`.

    Parameters
    ----------
    name : str
        Name for messages and plots.
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    formula : callable or None, default=None
        Vectorised score of class totals (see ``metrics.formulas``); for a multilabel target the
        score of one label, or of one row for ``average="samples"``. None for a callable.
    average : {"macro", "micro", "weighted", "samples"} or None, default=None
        For a multilabel target, how the labels or rows are put together.
    metric : callable or None, default=None
        ``metric(y_true, y_pred, sample_weight, positive)`` where there is no formula.
    costs : tuple of tuples or None, default=None
        Cost matrix of which the metric is the negative mean.

    Examples
    --------
    >>> from imbalanced_nn.threshold import get_objective
    >>> objective = get_objective("f1", "binary")
    >>> round(objective.score([0, 0, 1, 1], [0, 1, 1, 1]), 3)
    0.8
    >>> objective.from_counts(tp=[1, 2], fp=[0, 1], fn=[1, 0], tn=[2, 1]).round(3)
    array([0.667, 0.8  ])
    """

    name: str
    kind: str
    formula: Any = field(default=None, repr=False, compare=False)  # named by name
    average: str | None = field(default=None, repr=False)
    metric: Any = field(default=None, repr=False)
    costs: tuple | None = field(default=None, repr=False)

    @property
    def exact(self):
        """Whether every distinct decision can be scored at once."""
        return self.formula is not None or self.costs is not None

    @property
    def is_symmetric(self):
        """Whether it is the same whichever of two classes is called the positive one."""
        if self.kind != "binary" or self.costs is not None:
            return True
        if self.formula is None:
            return not knows_positive(self.metric)
        here, swapped = self.from_counts([13, 17], [5, 2], [2, 5], [17, 13])
        return bool(np.isclose(here, swapped))

    def score(self, y_true, y_pred, sample_weight=None, positive=1):
        """Return the score of hard decisions.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class codes, or 0/1 indicators for a multilabel target.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights.
        positive : {0, 1}, default=1
            Code of the positive class of a binary target.

        Returns
        -------
        score : float
        """
        y_true, y_pred = np.asarray(y_true, dtype=int), np.asarray(y_pred, dtype=int)
        if self.formula is None:
            return float(self.metric(y_true, y_pred, sample_weight, positive))
        weight = np.ones(len(y_true)) if sample_weight is None else np.asarray(sample_weight, float)
        if self.average == "samples":
            return float(np.average(self.row_scores(y_true, y_pred), weights=weight))
        if self.kind == "multilabel":
            return float(self._combine_labels(*label_counts(y_true, y_pred, weight)))
        n_classes = 2 if self.kind == "binary" else 1 + max(y_true.max(), y_pred.max())
        if self.kind == "binary" and positive == 0:
            y_true, y_pred = 1 - y_true, 1 - y_pred
        return float(self.formula(*confusion_totals(y_true, y_pred, weight, n_classes)))

    def from_counts(self, tp, fp, fn, tn):
        """Return the score of each binary confusion matrix.

        For a multilabel objective this is the score of one label.

        Parameters
        ----------
        tp, fp, fn, tn : array-like, broadcastable
            True positives, false positives, false negatives and true negatives (weights).

        Returns
        -------
        scores : ndarray
        """
        if self.formula is None or self.kind == "multiclass" or self.average == "samples":
            raise TypeError(f"Objective {self.name!r} is no function of binary counts.")
        tp, fp, fn, tn = np.broadcast_arrays(*(np.asarray(c, float) for c in (tp, fp, fn, tn)))
        totals = ((tn, tp), (tn + fp, tp + fn), (tn + fn, tp + fp))
        # Classes last to the formula, but each in one piece of memory.
        return self.formula(*(np.moveaxis(np.stack(pair), 0, -1) for pair in totals))

    def row_scores(self, y_true, y_pred):
        """Return the score of each row's labels, for ``average="samples"``."""
        hit = (y_true * y_pred).sum(axis=1)
        return self.formula(hit, y_true.sum(axis=1), y_pred.sum(axis=1))

    def _combine_labels(self, tp, fp, fn, tn):
        """Return the multilabel score from the counts of each label."""
        if self.average == "micro":
            return self.from_counts(tp.sum(), fp.sum(), fn.sum(), tn.sum())
        scores, support = self.from_counts(tp, fp, fn, tn), tp + fn
        if self.average == "macro":
            return scores.mean()
        return scores @ support / support.sum() if support.sum() > 0 else 0.0


def confusion_totals(y_true, y_pred, weight, n_classes):
    """Return the hit, true and predicted weight of each class."""
    hit = np.bincount(y_true, weight * (y_true == y_pred), minlength=n_classes)
    true = np.bincount(y_true, weight, minlength=n_classes)
    return hit, true, np.bincount(y_pred, weight, minlength=n_classes)


def label_counts(y_true, y_pred, weight):
    """Return tp, fp, fn and tn of each label of 0/1 indicators."""
    pairs = ((y_true, y_pred), (1 - y_true, y_pred), (y_true, 1 - y_pred), (1 - y_true, 1 - y_pred))
    return tuple(weight @ (a * b) for a, b in pairs)


def objective_names(kind):
    """Return the names that `get_objective` accepts for a kind of target.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.

    Returns
    -------
    names : list of str
        Beside these, any ``"f<beta>"`` such as ``"f3"`` in place of ``"f1"``, and for a binary
        target ``"net_benefit_<risk>"`` such as ``"net_benefit_0.1"`` [1]_: true positives less
        false ones at the odds of the risk at which one would act, as a share of the rows.

    References
    ----------
    .. [1] A. J. Vickers, E. B. Elkin, "Decision curve analysis: a novel method for evaluating
       prediction models", Medical Decision Making 26, 2006.

    Examples
    --------
    >>> from imbalanced_nn.threshold import objective_names
    >>> "geometric_mean" in objective_names("multiclass")
    True
    """
    names = [*MATRIX_FORMULAS, *_ALIASES]
    names = [name for name in names if kind == "binary" or name not in _BINARY_ONLY]
    averages = (*AVERAGES, "samples") if kind == "multilabel" else AVERAGES
    stems = ["f1", "f2", "f0.5", "jaccard", "precision", "recall"]
    names += [f"{stem}_{average}" for stem in stems for average in averages]
    if kind == "binary":
        names += stems
    return sorted(name for name in names if not _is_trivial(name, kind))


def get_objective(objective, kind, *, constraint=None, classes=None):
    """Return the `Objective` of a name, a metric callable or a scorer.

    Parameters
    ----------
    objective : str, callable or scorer
        A name of `objective_names`; a metric ``f(y_true, y_pred) -> float`` to maximise; or
        the result of `sklearn.metrics.make_scorer` for a metric of ``predict``. A metric gets
        `sample_weight` if it takes it, and `pos_label` if it takes that and a scorer does not
        fix it.
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    constraint : Constraint or None, default=None
        Of a binary target: what may keep the cut from the trivial optimum of precision or recall.
    classes : array-like of shape (n_classes,), default=None
        Labels that a metric callable is to see. None shows it the class codes.

    Returns
    -------
    objective : Objective

    Raises
    ------
    InvalidParameterError
        If the objective is unknown, does not depend on the threshold, needs an average, or is
        maximised by a trivial threshold.

    Examples
    --------
    >>> from imbalanced_nn.threshold import get_objective
    >>> get_objective("mcc", "multiclass")
    Objective(name='matthews_corrcoef', kind='multiclass')
    """
    if not isinstance(objective, str):
        objective = name_of_metric(objective) or objective
    if not isinstance(objective, str):
        function_name, metric = metric_of_callable(objective, kind, classes)
        return Objective(function_name, kind, metric=metric)
    name = _ALIASES.get(objective, objective)
    match = _RATIO.fullmatch(name)
    if kind == "binary" and (benefit := _NET_BENEFIT.fullmatch(name)):
        return Objective(name, kind, partial(net_benefit, risk=float(benefit[1])))
    if not match and name not in MATRIX_FORMULAS:
        raise InvalidParameterError(_unknown(name, kind))
    guarded = constraint is not None and constraint.guards(name)
    if _is_trivial(name, kind) and not guarded:
        raise InvalidParameterError(_trivial(name, kind))
    return _from_ratio(name, kind, *match.groups()) if match else _from_matrix(name, kind)


def _from_matrix(name, kind):
    """Return the objective of a formula of the whole confusion matrix."""
    if kind != "binary" and name in _BINARY_ONLY:
        raise InvalidParameterError(
            f"The objective {name!r} is defined for a binary target only. "
            f"For a {kind} target {_BINARY_ONLY[name]}."
        )
    if kind == "multilabel" and name == "accuracy":
        return Objective(name, kind, subset_accuracy, "samples")
    average = "macro" if kind == "multilabel" else None
    return Objective(name, kind, MATRIX_FORMULAS[name], average)


def _from_ratio(name, kind, stem, average):
    """Return the objective of an (averaged) F, precision, recall or Jaccard score."""
    per_class = ratio(stem)
    if kind == "multilabel" and average == "samples":
        return Objective(name, kind, per_class, average)
    if kind == "multilabel" and average:
        formula = partial(averaged, per_class=per_class, average="binary")
        return Objective(name, kind, formula, average)
    if average == "samples" or (kind != "binary" and not average):
        averages = ("macro", "weighted", "micro", "samples")[: 4 if kind == "multilabel" else 3]
        names = [f"{stem}_{a}" for a in averages if not _is_trivial(f"{stem}_{a}", kind)]
        choices = " or ".join(map(repr, ["f0.5_macro", *names] if stem == "precision" else names))
        raise InvalidParameterError(
            f"The objective {name!r} is not defined for a {kind} target. Use {choices}."
        )
    formula = partial(averaged, per_class=per_class, average=average or "binary")
    return Objective(name, kind, formula)


def _is_trivial(name, kind):
    """Whether an extreme cut maximises the score whatever the data."""
    stem, _, average = name.partition("_")
    if stem not in ("precision", "recall"):
        return False
    if kind == "multilabel" or (kind == "binary" and not average):
        return True
    return stem == "precision" and average in ("macro", "weighted")


def _trivial(name, kind):
    """Say why an objective is refused and what to do."""
    stem, _, average = name.partition("_")
    recall = stem == "recall"
    extreme = "every row is flagged" if recall else "only the surest rows are flagged"
    message = f"The objective {name!r} by itself is highest where {extreme}. "
    beta = "f2" if recall else "f0.5"
    if kind != "binary" or average:
        return message + f"Use {beta + '_macro'!r}, or 'f1_macro'."
    other = "precision" if recall else "recall"
    return message + (
        f"Add a constraint, as ThresholdTuner({name!r}, constraint=({other!r}, 0.8)), "
        f"or use {beta!r}."
    )


def _unknown(name, kind):
    """Say why a name is refused and what to use instead."""
    if name.startswith("net_benefit"):
        return (
            f"The objective {name!r} needs a binary target and the risk at which you would act, "
            f"between 0 and 1, in its name, as in 'net_benefit_0.1'. For several classes give "
            f"the ThresholdTuner a cost_matrix."
        )
    if any(stem in name for stem in _RANKING):
        instead = "'f1'" if kind == "binary" else "'f1_macro'"
        return (
            f"The objective {name!r} scores rankings or probabilities and does not depend on the "
            f"threshold. Use an objective of the decisions, such as 'balanced_accuracy' or "
            f"{instead}; use {name!r} to choose the model (scoring=)."
        )
    if "likelihood_ratio" in name:
        return (
            f"The objective {name!r} grows without bound as fewer rows are flagged. "
            f"Use 'youden' or 'balanced_accuracy'."
        )
    names = objective_names(kind)
    if name in get_scorer_names():
        return f"The objective {name!r} does not score a classifier. Use one of {names}."
    unknown = f"The objective {name!r} is unknown for a {kind} target."
    meant = _plain_name(name)
    if meant == "specificity" and kind == "binary":
        return (
            f"{unknown} By itself it is highest where no row is flagged. Use "
            f"ThresholdTuner('recall', constraint=('specificity', 0.9)), or 'balanced_accuracy'."
        )
    if _is_trivial(meant, kind):
        return f"{unknown} {_trivial(meant, kind)}"
    meant = next((n for n in (meant, f"{meant}_macro") if n in names), name)
    return (
        f"{unknown}{nearest_name(meant, names)} Use one of {names}, a metric f(y_true, y_pred) or "
        f"a scorer of make_scorer."
    )


def _plain_name(name):
    """Return a name in the form of ours: of a function of scikit-learn, or as it is elsewhere."""
    plain = name.lower().replace("-", "_").replace(" ", "_").removesuffix("_score")
    first, _, rest = plain.partition("_")
    if first in (*AVERAGES, "samples"):
        plain = f"{rest}_{first}"
    return _CALLED_ELSEWHERE.get(plain, plain)
