"""What a fit asks, sees and learns, as values: each is made once and never changed."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from imbalanced_nn.data import Rows
from imbalanced_nn.fitting.posterior import Posterior
from imbalanced_nn.weighting import class_totals

__all__ = [
    "Decision",
    "FitResult",
    "HeldOutCounts",
    "HeldOutScores",
    "Mass",
    "SeenRows",
    "Shares",
    "Target",
    "Trained",
    "class_mass",
]

SEEN_ROWS = 10_000
"""Most training rows that are remembered, four bytes each."""


@dataclass(frozen=True)
class Target:
    """What y asks for.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        Kind of decision.
    classes : ndarray of shape (n_classes,)
        Labels, in the order of the codes.
    class_count : ndarray of int of shape (n_classes,)
        Decisions of each class, or positives of each label, in y.
    positive : int
        Code of the positive class; 1, which nothing looks at, unless y is binary.
    steps : tuple of int
        ``(n_steps,)`` with a label for each time step, else empty.
    """

    kind: str
    classes: np.ndarray
    class_count: np.ndarray
    positive: int = 1
    steps: tuple[int, ...] = ()

    @property
    def n_classes(self) -> int:
        """Number of classes or labels."""
        return len(self.classes)


class Mass(NamedTuple):
    """Weight of the decisions of each class, in units of ``sample_weight``.

    Parameters
    ----------
    of_class : ndarray of shape (n_classes,)
        Weight of the decisions of each class, or for each label.
    whole : ndarray of shape (n_classes,)
        Weight of all decisions, of several labels those about each.
    """

    of_class: np.ndarray
    whole: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """Share of each class."""
        return self.of_class / self.whole

    def plus(self, other: "Mass") -> "Mass":
        """Return the weight of both."""
        return Mass(self.of_class + other.of_class, self.whole + other.whole)


def class_mass(rows: Rows, n_classes: int, often: np.ndarray | None = None) -> Mass:
    """Return the weight of each class in the selected rows, or in all rows shown so often.

    Parameters
    ----------
    rows : Rows
        Rows.
    n_classes : int
        Number of classes or labels.
    often : ndarray of shape (n_samples,), default=None
        How often an epoch shows each row.
    """
    codes, weight = rows.selected_codes, rows.selected_weight
    if often is not None:
        codes, weight = rows.codes, rows.sample_weight * often
    totals = class_totals(codes, weight, n_classes)
    return Mass(totals, np.full(totals.shape, weight.sum()))


@dataclass(frozen=True)
class Shares:
    """Weight of the classes in the training rows, and as the loss saw them.

    Parameters
    ----------
    rows : Mass
        In the rows as they were given.
    loss : Mass
        In the loss: after the sampler, class weights and balanced batches.
    shown : ndarray of shape (n_classes,) or None
        Shares that the losses of averaged networks saw, each of which was corrected by its own;
        None where ``loss`` tells them.
    """

    rows: Mass
    loss: Mass
    shown: np.ndarray | None = None

    @property
    def natural(self) -> np.ndarray:
        """Share of each class at the training prevalence, of shape (n_classes,)."""
        return self.rows.shares

    @property
    def in_loss(self) -> np.ndarray:
        """Share of each class that the network was trained on, of shape (n_classes,)."""
        return self.loss.shares if self.shown is None else self.shown

    def plus(self, other: "Shares") -> "Shares":
        """Return the shares over this training and another."""
        return Shares(self.rows.plus(other.rows), self.loss.plus(other.loss))


@dataclass(frozen=True)
class SeenRows:
    """What tells training rows from others, kept small.

    Parameters
    ----------
    every : int
        Of all numbers of rows its multiples are kept, a power of 2.
    numbers : ndarray of uint32 of shape (n_kept,)
        Sorted numbers, one for each content of a row.
    """

    every: int = 1
    numbers: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))

    def plus(self, hashes: np.ndarray) -> "SeenRows":
        """Return these rows and those of 64-bit hashes, thinned to at most 10,000."""
        every = self.every
        numbers = np.unique(np.concatenate([self.numbers, _numbers(hashes, every)]))
        while len(numbers) > SEEN_ROWS:
            every *= 2
            numbers = numbers[numbers % every == 0]
        return SeenRows(every, numbers)

    def share_of(self, hashes: np.ndarray) -> float:
        """Return about what share of rows is among these, 0 if that cannot be told."""
        numbers = _numbers(hashes, self.every)
        return float(np.isin(numbers, self.numbers).mean()) if len(numbers) else 0.0


def _numbers(hashes: np.ndarray, every: int) -> np.ndarray:
    """Return the numbers of rows that are multiples of one, a number for each content."""
    numbers = (hashes >> np.uint64(32)).astype(np.uint32)
    return numbers[numbers % every == 0]


@dataclass(frozen=True)
class HeldOutCounts:
    """How many decisions judged the network.

    Parameters
    ----------
    decisions : int
        All of them.
    class_count : ndarray of int of shape (n_classes,)
        Those of each class, or the positives of each label.
    folds : int
        Number of networks that were judged, each by rows of its own.
    """

    decisions: int
    class_count: np.ndarray
    folds: int


@dataclass(frozen=True)
class HeldOutScores:
    """Decisions on rows that the network was not trained on.

    Parameters
    ----------
    codes : ndarray of shape (n_decisions,) or (n_decisions, n_labels)
        Class codes, or the 0/1 indicator of a multilabel target.
    proba : ndarray of shape (n_decisions, n_classes)
        Probabilities at the training prevalence, before any calibrator.
    weight : ndarray of shape (n_decisions,)
        Weights.
    fold : ndarray of int of shape (n_decisions,) or None
        Fold of cross-fitting whose network the probabilities are from.
    later : bool
        Whether the rows came after the fit, to learn a threshold on.
    """

    codes: np.ndarray
    proba: np.ndarray
    weight: np.ndarray
    fold: np.ndarray | None = None
    later: bool = False

    def counts(self, n_classes: int) -> HeldOutCounts:
        """Return the number of decisions, of those of each class or label, and of folds."""
        ones = np.ones(len(self.codes))
        return HeldOutCounts(
            len(self.codes),
            class_totals(self.codes, ones, n_classes).astype(int),
            1 if self.fold is None else int(self.fold.max()) + 1,
        )


@dataclass(frozen=True)
class Trained:
    """What came of the training of a network.

    Parameters
    ----------
    shares : Shares
        Of the classes, in the epoch that ships.
    posterior : Posterior
        From its outputs to probabilities at the training prevalence.
    held_out : HeldOutScores or None
        The rows that judged it.
    seen : SeenRows
        The rows that it was trained on.
    n_iter : int or None
        Epochs behind the weights that ship, None of a network that was only built.
    engine, history : str, dict of str to list, or None
        What trained it, and what Keras logged; None while it is being trained.
    sampler, sample_indices, class_weight : object or None, ndarray of int, dict or None
        The fitted sampler, the row of X behind each of its rows (-1 where it is synthetic), and
        the weights that were used.
    fills_loss : bool
        Whether its loss was given the shares of the classes, and not by the user.
    head_n_iter, head_history : int or None, dict or None
        Epochs and log of the second stage, if there was one.
    refit_epochs : dict or None
        Epochs of the network that was trained on all rows after cross-fitting.
    """

    shares: Shares
    posterior: Posterior
    held_out: HeldOutScores | None
    seen: SeenRows
    n_iter: int | None = None
    engine: str | None = None
    history: dict[str, list] | None = None
    sampler: Any = None
    sample_indices: np.ndarray | None = None
    class_weight: dict | None = None
    fills_loss: bool = False
    head_n_iter: int | None = None
    head_history: dict[str, list] | None = None
    refit_epochs: dict[str, int] | None = None


@dataclass(frozen=True)
class Decision:
    """How probabilities become decisions.

    Parameters
    ----------
    rule : BinaryRule, MulticlassRule, MultilabelRule or CostRule
        Turns probabilities into codes.
    score, curve : float or None, ThresholdCurve or None
        Score at the learned cut and at the others; None where none was learned.
    objective : Objective or None
        What was maximised, where other rows have it too.
    instead : tuple
        The threshold that took the place of the parameter after the fit, alone; empty while the
        parameter holds.
    """

    rule: Any
    score: float | None = None
    curve: Any = None
    objective: Any = None
    instead: tuple = ()


@dataclass(frozen=True)
class FitResult:
    """What a fit learned beside the network, and all that its answers follow from.

    Parameters
    ----------
    target : Target
        What y asked for.
    shares : Shares
        Of the classes, natural and as the loss saw them.
    posterior : Posterior
        From the network's outputs to the probabilities that users get.
    decision : Decision
        From these to decisions.
    held_out : HeldOutScores or None
        Scores that a threshold can be learned on again.
    judged_by : HeldOutCounts or None
        How many decisions judged the network in the fit.
    seen : SeenRows
        The rows that the network was trained on.
    split_seed : int or None
        Seed of the split, which stays while a network goes on training.
    fills_loss : bool
        Whether the loss was given the shares of the classes, and not by the user.
    is_trained : bool
        Whether the network was trained here, and not only built.
    is_refitted : bool
        Whether one network was trained on all rows after cross-fitting.
    """

    target: Target
    shares: Shares
    posterior: Posterior
    decision: Decision
    held_out: HeldOutScores | None = None
    judged_by: HeldOutCounts | None = None
    seen: SeenRows = SeenRows()
    split_seed: int | None = None
    fills_loss: bool = False
    is_trained: bool = True
    is_refitted: bool = False
