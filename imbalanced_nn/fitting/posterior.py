"""From a network's outputs to probabilities: undone, corrected, calibrated, brought to priors."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit, logit

from imbalanced_nn.calibration import (
    Calibrator,
    PriorCorrection,
    fit_calibrator,
    matching_offset,
)
from imbalanced_nn.data import by_blocks, class_probabilities
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = [
    "SMALLEST",
    "Posterior",
    "calibrated",
    "calibrates",
    "check_calibration",
    "new_calibrator",
]

SMALLEST = 1e-12
"""What probabilities of 0 and 1 are taken for where their log-odds are asked for."""


@dataclass(frozen=True)
class Posterior:
    """The way from outputs to the probabilities that users get.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        Kind of target.
    steps : tuple of int
        ``(n_steps,)`` with a label for each time step, else empty.
    logits : bool
        Whether the outputs are log-odds.
    calibration : str or None
        The parameter as it was in the fit; None leaves outputs as they are.
    natural, in_loss : ndarray of shape (n_classes,)
        Shares of the classes at the training prevalence, and as the loss saw them.
    correction : PriorCorrection or None
        From the one to the other, None where they are the same, or the network corrects itself, as
        the average of several does.
    undo : callable or None
        What leads from the outputs under the loss to the posterior that it was minimised for;
        None where they are it.
    offset_is_free : bool
        Whether the loss leaves log-odds open up to a constant.
    offset : float or None
        That constant, where it was found.
    calibrator : Calibrator or None
        Learned from held-out rows.
    priors : ndarray of shape (n_classes,) or None
        Shares where the network will be used; None is the training prevalence.
    """

    kind: str
    steps: tuple[int, ...]
    logits: bool
    calibration: str | None
    natural: np.ndarray
    in_loss: np.ndarray
    correction: PriorCorrection | None = None
    undo: Callable[[np.ndarray], np.ndarray] | None = None
    offset_is_free: bool = False
    offset: float | None = None
    calibrator: Calibrator | None = None
    priors: np.ndarray | None = None

    @property
    def refers_to(self) -> np.ndarray:
        """Shares of the classes that the probabilities are at, of shape (n_classes,)."""
        if self.calibration is None:
            return self.in_loss
        return self.natural if self.priors is None else self.priors

    def __call__(self, outputs: np.ndarray) -> np.ndarray:
        """Return the probabilities that users get, a row for each decision."""
        return by_blocks(self._of_few, self._of_decisions(outputs))

    def _of_few(self, outputs: np.ndarray) -> np.ndarray:
        """Return the probabilities of rows few enough to be there in float64 several times."""
        proba = self.undone(class_probabilities(outputs, self.kind, self.logits))
        return self.at_priors(proba if self.calibrator is None else self.calibrator.apply(proba))

    def _of_decisions(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs with a row for each decision."""
        return outputs.reshape(-1, outputs.shape[-1]) if self.steps else outputs

    def at_prevalence(self, outputs: np.ndarray) -> np.ndarray:
        """Return probabilities at the training prevalence, before any calibrator.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples, ..., n_units)
            Of the network.

        Returns
        -------
        ndarray of shape (n_decisions, n_classes)
        """
        return by_blocks(
            lambda rows: self.undone(class_probabilities(rows, self.kind, self.logits)),
            self._of_decisions(outputs),
        )

    def undone(self, proba: np.ndarray) -> np.ndarray:
        """Take off the loss and the balancing from outputs that are probabilities already.

        Parameters
        ----------
        proba : ndarray of shape (n_decisions, n_classes)
            Of `class_probabilities`.
        """
        if self.offset is not None:
            positive = expit(_log_odds(proba) + self.offset)
            return np.column_stack([1 - positive, positive]).astype(proba.dtype)
        if self.calibration is None:
            return proba
        if self.undo is not None:
            proba = self.undo(proba).astype(proba.dtype)
        return proba if self.correction is None else self.correction.apply(proba)

    def at_priors(self, proba: np.ndarray) -> np.ndarray:
        """Bring probabilities of decisions from the training prevalence to ``priors``."""
        if self.priors is None:
            return proba
        return PriorCorrection(tuple(self.natural), tuple(self.refers_to)).apply(proba)

    def times(self, factors: np.ndarray) -> "Posterior":
        """Multiply the odds of each class by a factor.

        Parameters
        ----------
        factors : ndarray of shape (n_classes,)
            Of `odds_factors`.
        """
        shares = tuple(self.natural)
        same = PriorCorrection(shares, shares, multilabel=self.kind == "multilabel")
        return replace(self, correction=(self.correction or same).times(factors))

    def matched(self, outputs: np.ndarray, weight: np.ndarray) -> "Posterior":
        """Find a free constant: at it rows at the prevalence have the prior on average.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples, n_units)
            Of rows at the training prevalence.
        weight : ndarray of shape (n_samples,)
            Weights of the rows.
        """
        if not self.offset_is_free:
            return self
        odds = _log_odds(class_probabilities(outputs, self.kind, self.logits))
        return replace(self, offset=matching_offset(odds, float(self.natural[1]), weight))


def _log_odds(proba: np.ndarray) -> np.ndarray:
    """Return the log-odds of the second of two classes."""
    # Float32 knows no number between 1 - 6e-8 and 1.
    return logit(np.clip(proba.astype(np.float64)[:, 1], SMALLEST, 1 - SMALLEST))


def calibrates(calibration: str | None) -> bool:
    """Whether a calibrator is learned from held-out rows."""
    return calibration not in (None, "prior")


def check_calibration(
    calibration: str | None, held_out: bool, partial: bool, has_calibrator: bool
) -> None:
    """Refuse before training a calibrator without rows to learn it from.

    Parameters
    ----------
    calibration : str or None
        The parameter.
    held_out : bool
        Whether rows are held out.
    partial : bool
        Whether this training holds none out by its nature.
    has_calibrator : bool
        Whether an earlier fit has learned one.

    Raises
    ------
    InvalidParameterError
        If there is nothing to learn it from.
    """
    if not calibrates(calibration):
        return
    if partial and not has_calibrator:
        raise InvalidParameterError(
            f"calibration={calibration!r} is learned on held-out rows, but initialize "
            f"and partial_fit hold none out. Call fit first, or set calibration='prior'."
        )
    if not held_out and not partial:
        raise InvalidParameterError(
            f"calibration={calibration!r} is learned on held-out rows, but "
            f"validation_split=0 holds none out. Set validation_split, pass X_val and y_val, "
            f"or set calibration='prior'."
        )


def new_calibrator(posterior: Posterior, held_out: Any, rows: Any = slice(None)) -> Calibrator:
    """Return a calibrator learned from some of the held-out scores.

    A calibrator takes a weight for a number of rows; those of a fit mean their ratios alone.
    """
    weight = held_out.weight[rows]
    return fit_calibrator(
        str(posterior.calibration),
        held_out.proba[rows],
        held_out.codes[rows],
        weight / weight[weight > 0].mean(),
        posterior.kind,
    )


def calibrated(posterior: Posterior, held_out: Any) -> np.ndarray:
    """Return held-out probabilities through calibrators that were not learned on them.

    Without folds there is but one calibrator, learned on the same rows.

    Parameters
    ----------
    posterior : Posterior
        With its calibrator, if any.
    held_out : HeldOutScores
        Scores.

    Returns
    -------
    ndarray of shape (n_decisions, n_classes)
    """
    if posterior.calibrator is None:
        return held_out.proba
    if held_out.fold is None:
        return posterior.calibrator.apply(held_out.proba)
    proba = np.empty_like(held_out.proba)
    for fold in np.unique(held_out.fold):
        inside = held_out.fold == fold
        calibrator = new_calibrator(posterior, held_out, ~inside)
        proba[inside] = calibrator.apply(held_out.proba[inside])
    return proba
