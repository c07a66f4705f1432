"""What "auto" stands for in the parameters of a training: rules for kinds of networks."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from imbalanced_nn.networks import KernelAdamW
from imbalanced_nn.training.callbacks import AVERAGE_PRECISION, PRECISION_BY_LOSS

__all__ = ["OF_BUILT_IN", "OF_CLASSES", "OF_OWN", "OF_TABLES", "TrainingDefaults"]


def _members_epochs(n_train: int) -> int:
    """Few rows make few steps, and take more looks at each; many have more to tell."""
    few, many = np.sqrt(2500 / max(n_train, 1)), n_train / 5000
    return round(20 * float(np.clip(few, 1, 4) * np.clip(many, 1, 3)))


def _power_of_two(n_train: int, share: int, largest: int) -> int:
    """Return the power of two nearest to a share of the rows, between 32 and a largest one."""
    return int(np.clip(2 ** round(np.log2(max(n_train, 1) / share)), 32, largest))


def _folds(n_rows: int, n_rarest: int) -> int:
    """Five networks gain most where little is known, and cost most where there is much."""
    return 5 if n_rows <= 20_000 or (n_rarest <= 1000 and n_rows <= 150_000) else 1


@dataclass(frozen=True)
class TrainingDefaults:
    """Values of parameters of the estimator that are left to a rule.

    Parameters
    ----------
    optimizer : str or class
        Optimizer.
    monitor : str
        What an epoch is chosen by.
    patience : int
        Epochs without improvement.
    moving_average : float or None
        Epochs that the moving average of the weights looks back; None is none.
    epochs, batch_size : callable
        Map the number of training rows to the largest number of epochs, and to rows in a batch.
    n_folds : callable
        Maps the number of rows, and of those of the rarest class, to the number of networks that
        judge each other's rows; 1 for one that a share of the rows judges.
    """

    optimizer: str | type = "adam"
    monitor: str = AVERAGE_PRECISION
    patience: int = 10
    moving_average: float | None = None
    epochs: Callable[[int], int] = lambda n_train: 100
    batch_size: Callable[[int], int] = lambda n_train: 32
    n_folds: Callable[[int, int], int] = lambda n_rows, n_rarest: 1


OF_OWN = TrainingDefaults()
"""For networks of the user's own."""

OF_BUILT_IN = TrainingDefaults(
    batch_size=lambda n_train: _power_of_two(n_train, 64, 512), n_folds=_folds
)
"""For built-in networks."""

OF_TABLES = TrainingDefaults(
    KernelAdamW,
    PRECISION_BY_LOSS,
    patience=6,
    moving_average=2.0,
    epochs=_members_epochs,
    batch_size=lambda n_train: _power_of_two(n_train, 32, 1024),
    n_folds=_folds,
)
"""For the built-in network of several members."""

OF_CLASSES = replace(
    OF_TABLES, patience=12, epochs=lambda n_train: max(64, _members_epochs(n_train))
)
"""For the same network where there are several classes, of which there is more to learn."""
