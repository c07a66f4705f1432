"""What a fit was given, once it is checked."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from imbalanced_nn.steps.tasks import FitTask

__all__ = ["Given"]


@dataclass(frozen=True)
class Given:
    """Data and settings of one fit, before any row is held out, encoded or resampled.

    Parameters
    ----------
    X, y : array, sparse matrix, or list or dict of arrays
        As the caller gave them, checked.
    targets : array
        y as the network takes it.
    codes : ndarray of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps)
        Class codes, or the 0/1 indicator of a multilabel target.
    weight : ndarray of shape (n_samples,) or (n_samples, n_steps)
        Weights.
    groups : array-like of shape (n_samples,) or None
        Rows of one group stay together.
    validation : tuple or None
        The caller's own held-out rows, labels and weights.
    seed : int
        Seed of everything that is drawn.
    fresh : bool
        Whether the network starts anew.
    online : bool
        Whether this is one part of many.
    training : dict
        ``warm_start``, ``epochs`` and ``initial_epoch`` as scikeras hands them on.
    arguments : dict
        Further arguments of ``Model.fit``, by the names that it takes.
    task : FitTask
        What scikit-learn's callbacks are told of it.
    """

    X: Any
    y: Any
    targets: Any
    codes: np.ndarray
    weight: np.ndarray
    groups: Any
    validation: tuple | None
    seed: int
    fresh: bool
    online: bool
    training: dict
    arguments: dict
    task: FitTask
