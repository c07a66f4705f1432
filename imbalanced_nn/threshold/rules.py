"""Decision rules: small frozen objects that turn probabilities into class codes."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from imbalanced_nn.data import by_blocks
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["BinaryRule", "CostRule", "MulticlassRule", "MultilabelRule", "fixed_rule", "prior_rule"]

LOWEST = float(np.nextafter(0.0, 1.0))


@dataclass(frozen=True)
class BinaryRule:
    """Predict the positive class where its probability reaches the threshold.

    Parameters
    ----------
    threshold : float
        The cut. A probability equal to it is positive.
    positive : {0, 1}, default=1
        Code of the positive class.

    Examples
    --------
    >>> from imbalanced_nn.threshold import BinaryRule
    >>> BinaryRule(0.2).decide([[0.9, 0.1], [0.8, 0.2]])
    array([0, 1])
    """

    threshold: float
    positive: int = 1

    def __post_init__(self):
        object.__setattr__(self, "threshold", float(self.threshold))
        object.__setattr__(self, "positive", int(self.positive))

    @property
    def thresholds_(self):
        """The cut, a float."""
        return self.threshold

    def decide(self, proba):
        """Return the class code of each row.

        Parameters
        ----------
        proba : array-like of shape (n_samples, 2)
            Probabilities, columns in class order.

        Returns
        -------
        codes : ndarray of shape (n_samples,)
        """
        return self.decide_scores(_columns(proba, 2)[:, self.positive])

    def decide_scores(self, score):
        """Return the class code of each row from the positive class's score alone.

        Parameters
        ----------
        score : array-like of shape (n_samples,)
            Scores of the positive class, on the scale of the threshold.

        Returns
        -------
        codes : ndarray of shape (n_samples,)
        """
        # In float64: a float32 score would pull the threshold down to float32 and move the cut.
        reached = np.asarray(score, dtype=np.float64) >= self.threshold
        return np.where(reached, self.positive, 1 - self.positive)


@dataclass(frozen=True)
class _SeveralCuts:
    """A rule with a cut for each class or label.

    Parameters
    ----------
    thresholds : sequence of floats
        The cuts.
    """

    thresholds: Any

    def __post_init__(self):
        object.__setattr__(self, "thresholds", tuple(float(t) for t in self.thresholds))

    @property
    def thresholds_(self):
        """The cuts, an ndarray of shape (n_cuts,)."""
        return np.array(self.thresholds)


@dataclass(frozen=True)
class MulticlassRule(_SeveralCuts):
    """Predict the class whose probability is largest relative to its cut.

    The class is ``argmax_k proba[:, k] / thresholds[k]``. Equal cuts are plain argmax; cuts
    equal to the class priors are Bayes-optimal for balanced accuracy. Only the ratios of the
    cuts matter. Ties go to the lowest code.

    Parameters
    ----------
    thresholds : sequence of K floats
        One positive cut per class, in class order.

    Examples
    --------
    >>> from imbalanced_nn.threshold import MulticlassRule
    >>> MulticlassRule((0.7, 0.2, 0.1)).decide([[0.6, 0.1, 0.3], [0.8, 0.15, 0.05]])
    array([2, 0])
    """

    def __post_init__(self):
        super().__post_init__()
        if not all(0 < t < np.inf for t in self.thresholds):
            raise InvalidParameterError(
                f"Each cut of a multiclass rule must be positive and finite. "
                f"Got thresholds={self.thresholds!r}."
            )

    def decide(self, proba):
        """Return the class code of each row.

        Parameters
        ----------
        proba : array-like of shape (n_samples, K)
            Probabilities, columns in class order.

        Returns
        -------
        codes : ndarray of shape (n_samples,)
        """
        cuts = self.thresholds_
        proba = _columns(proba, len(cuts))
        return by_blocks(lambda rows: np.argmax(rows / cuts, axis=1), proba)


@dataclass(frozen=True)
class MultilabelRule(_SeveralCuts):
    """Assign each label whose probability reaches that label's cut.

    Parameters
    ----------
    thresholds : sequence of L floats
        One cut per label. A probability equal to it is assigned.

    Examples
    --------
    >>> from imbalanced_nn.threshold import MultilabelRule
    >>> MultilabelRule((0.5, 0.1)).decide([[0.6, 0.05], [0.4, 0.1]])
    array([[1, 0],
           [0, 1]])
    """

    def decide(self, proba):
        """Return the 0/1 indicator of each label.

        Parameters
        ----------
        proba : array-like of shape (n_samples, L)
            Probabilities, one column per label.

        Returns
        -------
        indicator : ndarray of shape (n_samples, L)
        """
        cuts = self.thresholds_
        return (_columns(proba, len(cuts)) >= cuts).astype(int)


@dataclass(frozen=True)
class CostRule:
    """Predict the class of least expected cost, given calibrated probabilities.

    Parameters
    ----------
    costs : sequence of K sequences of K floats
        Costs, rows true and columns predicted classes, in class order.

    References
    ----------
    .. [1] C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.

    Examples
    --------
    >>> from imbalanced_nn.threshold import CostRule
    >>> CostRule([[0, 1, 1], [5, 0, 1], [50, 9, 0]]).decide([[0.9, 0.08, 0.02], [1, 0, 0]])
    array([2, 0])
    """

    costs: tuple

    def __post_init__(self):
        object.__setattr__(self, "costs", tuple(tuple(map(float, row)) for row in self.costs))

    @property
    def thresholds_(self):
        """None: the rule weighs all probabilities and has no cut."""
        return None

    def decide(self, proba):
        """Return the class code of each row; ties go to the lowest code.

        Parameters
        ----------
        proba : array-like of shape (n_samples, K)
            Probabilities, columns in class order.

        Returns
        -------
        codes : ndarray of shape (n_samples,)
        """
        costs = np.array(self.costs)
        proba = _columns(proba, len(costs))
        return by_blocks(lambda rows: np.argmin(rows @ costs, axis=1), proba)


def fixed_rule(threshold, kind, n_classes, positive=1):
    """Return the rule of a threshold given by the user.

    Parameters
    ----------
    threshold : None, float or array-like of shape (n_classes,)
        None is 0.5, or argmax for ``kind="multiclass"``. One number in [0, 1] is the cut of
        every class or label. For ``"multiclass"`` and ``"multilabel"`` also one number per
        class or label; a multiclass cut must be above 0.
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    n_classes : int
        Number of classes or labels.
    positive : {0, 1}, default=1
        Code of the positive class of a binary target.

    Returns
    -------
    rule : BinaryRule, MulticlassRule or MultilabelRule

    Raises
    ------
    InvalidParameterError
        Naming `threshold`, what it got and what is accepted.

    Examples
    --------
    >>> from imbalanced_nn.threshold import fixed_rule
    >>> fixed_rule(0.1, "binary", 2)
    BinaryRule(threshold=0.1, positive=1)
    >>> fixed_rule(None, "multilabel", 3)
    MultilabelRule(thresholds=(0.5, 0.5, 0.5))
    """
    if kind == "binary":
        if threshold is None:
            return BinaryRule(0.5, positive)
        if not _is_number(threshold) or not 0 <= threshold <= 1:
            raise _refusal(threshold, "None or one number in [0, 1] for a binary target")
        return BinaryRule(threshold, positive)
    noun = "class" if kind == "multiclass" else "label"
    if threshold is None:
        threshold = 1 / n_classes if kind == "multiclass" else 0.5
    cuts = [threshold] * n_classes if _is_number(threshold) else _as_list(threshold)
    low = "above 0 and at most 1" if kind == "multiclass" else "in [0, 1]"
    accepted = f"None, one number or {n_classes} numbers (one per {noun}), each {low}"
    if cuts is None or len(cuts) != n_classes or not all(_is_number(c) for c in cuts):
        raise _refusal(threshold, accepted)
    lowest = LOWEST if kind == "multiclass" else 0.0
    if not all(lowest <= c <= 1 for c in cuts):
        raise _refusal(threshold, accepted)
    return MulticlassRule(cuts) if kind == "multiclass" else MultilabelRule(cuts)


def prior_rule(prior, kind, positive=1):
    """Return the rule that maximises balanced accuracy given calibrated probabilities.

    Its cut is the prevalence of each class or label (Bayes rule under equal class weights),
    so it needs no held-out rows.

    Parameters
    ----------
    prior : array-like of shape (n_classes,)
        Class priors in class order (two for a binary target), or each label's prevalence.
    kind : {"binary", "multiclass", "multilabel"}
        Type of target.
    positive : {0, 1}, default=1
        Code of the positive class of a binary target.

    Returns
    -------
    rule : BinaryRule, MulticlassRule or MultilabelRule

    Raises
    ------
    InvalidParameterError
        If a prior is not a number in (0, 1), or a binary target does not have two.

    Examples
    --------
    >>> from imbalanced_nn.threshold import prior_rule
    >>> prior_rule([0.9, 0.1], "binary")
    BinaryRule(threshold=0.1, positive=1)
    """
    values = _as_list(prior)
    if values is None or not all(_is_number(p) and 0 < p < 1 for p in values):
        raise InvalidParameterError(
            f"The 'prior' parameter must hold one number in (0, 1) per class or label. "
            f"Got {prior!r} instead."
        )
    if kind == "multiclass":
        return MulticlassRule(values)
    if kind == "multilabel":
        return MultilabelRule(values)
    if len(values) != 2:
        raise InvalidParameterError(
            f"The 'prior' parameter must hold two numbers for a binary target, in class order. "
            f"Got {prior!r} instead."
        )
    return BinaryRule(values[positive], positive)


def _refusal(threshold, accepted):
    """Return the error for a threshold that cannot be used."""
    return InvalidParameterError(
        f"The 'threshold' parameter must be {accepted}. Got {threshold!r} instead."
    )


def _is_number(value):
    """Whether the value is a real number, not NaN; a bool is none."""
    return isinstance(value, Real) and not isinstance(value, bool) and value == value


def _as_list(values):
    """Return the values of a 1-d sequence as Python objects, or None for anything else."""
    if isinstance(values, str | bytes | dict) or not hasattr(values, "__iter__"):
        return None
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    return values if isinstance(values, list) else None


def _columns(proba, n_columns):
    """Return the probabilities as an array with the number of columns of the rule.

    Those of networks stay in float32: what they are compared with is in float64.
    """
    proba = np.asarray(proba)
    if proba.dtype != np.float32:
        proba = proba.astype(np.float64, copy=False)
    if proba.ndim != 2 or proba.shape[1] != n_columns:
        raise ValueError(
            f"The decision rule needs probabilities of shape (n_samples, {n_columns}). "
            f"Got an array of shape {proba.shape}."
        )
    return proba
