"""Judge the network after each epoch on held-out rows; keep and restore its best weights."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np

from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.losses import single_loss
from imbalanced_nn.metrics import average_precision
from imbalanced_nn.training.averages import averaged_weights, with_averages
from imbalanced_nn.training.backends import tensors
from imbalanced_nn.training.held_out import HeldOutPass

__all__ = [
    "AVERAGE_PRECISION",
    "LOG_LOSS",
    "PRECISION_BY_LOSS",
    "DeferredReweighting",
    "EpochFollower",
    "EpochTasks",
    "HeldOutMonitor",
    "HighestRatio",
    "LeastLossWithinError",
    "StopOn",
    "check_finite",
    "held_out_scores",
    "weights_to_restore",
]

AVERAGE_PRECISION = "val_average_precision"
LOG_LOSS = "val_log_loss"
PRECISION_BY_LOSS = "val_average_precision_by_log_loss"

# Equal average precision and a log loss that falls by less than this is no improvement;
# without a floor a separable problem would train for ever.
LOG_LOSS_GAIN = 0.01

_DIVERGED = (
    "no longer finite: training diverged. Lower optimizer__learning_rate, or look for extreme "
    "values in X and in the weights."
)


class LeastLossWithinError:
    """Ranks epochs by average precision; those of about the highest by log loss.

    Average precision is a coarse measure where positives are few, and on an easy problem perfect
    long before the probabilities are. Epochs within one standard error of the best are therefore
    told apart by log loss.

    Parameters
    ----------
    n_positives : int
        Held-out rows of the rarest class.

    References
    ----------
    L. Breiman et al., "Classification and Regression Trees", 1984 (the one-standard-error rule).
    """

    def __init__(self, n_positives: int):
        self._n_positives = n_positives
        self._highest = -np.inf
        self._best: tuple[float, float] | None = None

    def improves(self, scores: dict[str, float]) -> bool:
        """Whether an epoch beats the best so far, whose place it then takes."""
        score, loss = scores[AVERAGE_PRECISION], scores[LOG_LOSS]
        self._highest = max(self._highest, score)
        # The binomial error of a share of this size, a fair guide to that of average precision.
        error = np.sqrt(max(self._highest * (1 - self._highest), 0) / max(self._n_positives, 1))
        if self._best is not None:
            if score < self._highest - error:
                return False
            best_score, best_loss = self._best
            if best_score >= self._highest - error and loss >= (1 - LOG_LOSS_GAIN) * best_loss:
                return False
        self._best = score, loss
        return True


class HighestRatio:
    """Ranks epochs by average precision divided by log loss."""

    def __init__(self) -> None:
        self._highest: float | None = None

    def improves(self, scores: dict[str, float]) -> bool:
        """Whether an epoch beats the best so far, whose place it then takes.

        The ratio joins the scores.
        """
        smallest = np.finfo(float).tiny
        ratio = scores[AVERAGE_PRECISION] / max(scores[LOG_LOSS], smallest)
        scores[PRECISION_BY_LOSS] = ratio
        if self._highest is not None and not ratio > self._highest:
            return False
        self._highest = ratio
        return True


class HeldOutMonitor(keras.callbacks.Callback):
    """Log the scores of held-out rows; optionally stop early and restore the best weights.

    Where the optimizer keeps moving averages of the weights, they are what is judged and restored.

    Parameters
    ----------
    evaluate : callable
        Maps the network and the number of the epoch to a dict with `AVERAGE_PRECISION`,
        `LOG_LOSS` and whatever else is to be logged, at natural prevalence.
    patience : int or None
        Epochs without an improvement before training stops; None only logs.
    ranking : LeastLossWithinError or HighestRatio
        Tells which epoch is better.
    held_out : HeldOutPass, default=None
        The pass of ``evaluate``, for an engine that can do it along with an epoch.
    """

    def __init__(
        self,
        evaluate: Callable[[keras.Model, int], dict[str, float]],
        patience: int | None,
        ranking: LeastLossWithinError | HighestRatio,
        held_out: HeldOutPass | None = None,
    ):
        super().__init__()
        # An equal network that computes faster, where there is one.
        self.twin = None
        self.held_out = held_out
        self._evaluate = evaluate
        self._patience = patience
        self._ranking = ranking
        self.best_epoch: Any = None
        self.best_weights: list[np.ndarray] | None = None

    @property
    def only_logs(self) -> bool:
        """Whether it neither stops training nor keeps weights."""
        return self._patience is None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Add the held-out scores to ``logs``."""
        model = self.twin or self.model
        is_ready = self.held_out is not None and self.held_out.ready is not None
        with nullcontext() if is_ready else with_averages(model):
            scores = self._evaluate(model, epoch)
        improves = self._ranking.improves(scores)
        if logs is not None:
            logs.update(scores)
        if self.only_logs:
            return
        if improves:
            self.best_epoch, self.best_weights = epoch, averaged_weights(self.model)
        elif epoch - self.best_epoch >= self._patience:
            self.model.stop_training = True

    def on_train_end(self, logs: dict | None = None) -> None:
        """Put the best weights back."""
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
            self.best_weights = None


class DeferredReweighting(keras.callbacks.Callback):
    """Switch the class weights of a loss on after so many epochs.

    Parameters
    ----------
    start : int
        Number of the first epoch with weights.
    """

    def __init__(self, start: int):
        super().__init__()
        self.start = start
        # Whether Keras trains, whose steps may hold what the loss was when they were compiled.
        self.by_keras = True

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Tell the loss."""
        loss = single_loss(self.model.loss)
        changes = loss.reweighted != (epoch >= self.start)
        loss.reweight(epoch >= self.start)
        if self.by_keras and changes:
            tensors.forget_traces(self.model)


class EpochTasks(keras.callbacks.Callback):
    """Tell somebody of each epoch, and stop the training where asked to.

    Parameters
    ----------
    begin : callable
        Called before each epoch. It returns what is called after it, with the network that
        holds the weights and the number of the epoch, and returns whether to stop.
    """

    def __init__(self, begin: Callable[[], Callable[[keras.Model, int], bool]]):
        super().__init__()
        self._begin = begin

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Tell that an epoch begins."""
        self._end = self._begin()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Tell that it has ended."""
        if self._end(self.model, epoch):
            self.model.stop_training = True


class EpochFollower(keras.callbacks.Callback):
    """Tell somebody where the training is, before the callbacks behind it are asked anything.

    Parameters
    ----------
    follow : callable
        Called with the network that holds the weights and the number of the epoch, which is None
        when the training has ended.
    """

    def __init__(self, follow: Callable[[keras.Model, int | None], None]):
        super().__init__()
        self._follow = follow

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Tell that an epoch begins."""
        self._follow(self.model, epoch)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Tell that it has ended."""
        self._follow(self.model, epoch)

    def on_train_end(self, logs: dict | None = None) -> None:
        """Tell that the best weights are back."""
        self._follow(self.model, None)


class StopOn(keras.callbacks.EarlyStopping):
    """Keras' early stopping on any logged quantity, restoring the best weights.

    Parameters
    ----------
    monitor : str
        Name in the logs. One that ends in "loss" is minimised; Keras knows the direction of
        its metrics.
    patience : int
        Epochs without an improvement.

    Raises
    ------
    InvalidParameterError
        In the first epoch, if nothing of that name is logged.
    """

    def __init__(self, monitor: str, patience: int):
        mode = "min" if monitor.endswith("loss") else "auto"
        super().__init__(monitor, patience=patience, mode=mode, restore_best_weights=True)
        self.best_weights: list[np.ndarray] | None = None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Look the quantity up before Keras only warns that it is not there."""
        if self.monitor not in (logs or {}):
            raise InvalidParameterError(
                f"monitor={self.monitor!r} is not logged.{nearest_name(self.monitor, logs or {})} "
                f"Logged are {sorted(logs or {})}; metrics=[...] logs more."
            )
        super().on_epoch_end(epoch, logs)
        if self.best_weights is not None and self.best_epoch == epoch:
            self.best_weights = averaged_weights(self.model)


def weights_to_restore(callbacks: list) -> tuple[int | None, list[np.ndarray] | None]:
    """Return what callbacks would put back if the training ended now, None where nothing.

    The first is the epoch that the estimator's own callback takes for the best, the second the
    weights that would be there after the last of all callbacks.
    """
    best_epoch = weights = None
    for callback in keras.tree.flatten(callbacks):
        if isinstance(callback, HeldOutMonitor | keras.callbacks.EarlyStopping):
            weights = weights if callback.best_weights is None else callback.best_weights
        if best_epoch is None and isinstance(callback, HeldOutMonitor | StopOn):
            best_epoch = callback.best_epoch
    return best_epoch, weights


def check_finite(model: keras.Model) -> None:
    """Refuse a network whose training has left the numbers.

    Frozen weights may hold infinities on purpose; what finite weights make of the rows shows in
    the scores of those held out.

    Raises
    ------
    ValueError
        If a trained weight is not finite.
    """
    if not all(np.isfinite(weight.numpy()).all() for weight in model.trainable_variables):
        raise ValueError(f"The network's weights are {_DIVERGED}")


def held_out_scores(
    codes: np.ndarray, proba: np.ndarray, kind: str, positive: int, sample_weight: np.ndarray
) -> dict[str, float]:
    """Return average precision and log loss, of several labels their mean.

    Raises
    ------
    ValueError
        If a probability is not finite, which no later epoch could mend.
    """
    if not np.isfinite(proba).all():
        raise ValueError(f"The network's outputs are {_DIVERGED}")
    score = average_precision(codes, proba, kind, positive=positive, sample_weight=sample_weight)
    likelihood = np.where(codes, proba, 1 - proba) if codes.ndim == 2 else None
    if likelihood is None:
        likelihood = proba[np.arange(len(codes)), codes][:, None]
    smallest = np.finfo(proba.dtype).tiny
    loss = -np.log(np.maximum(likelihood, smallest)).mean(axis=1)
    return {AVERAGE_PRECISION: score, LOG_LOSS: float(np.average(loss, weights=sample_weight))}
