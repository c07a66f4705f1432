"""Targets in three forms: as the network takes them, as class codes, and as probabilities."""

from typing import Any

import numpy as np
from scipy.special import expit, softmax

__all__ = ["KINDS", "class_codes", "class_probabilities", "n_output_units", "positive_code"]

KINDS = {
    "binary": "binary",
    "multiclass": "multiclass",
    "multiclass-onehot": "multiclass",
    "multilabel-indicator": "multilabel",
}
"""Kind of decision that each target type of scikeras' label encoder asks for."""


def class_codes(encoded: np.ndarray, kind: str) -> np.ndarray:
    """Return integer class codes (n_samples,), or the 0/1 indicator of a multilabel target."""
    encoded = np.asarray(encoded)
    if kind == "multilabel":
        return encoded.astype(np.int64)
    if encoded.ndim == 2 and encoded.shape[1] > 1:
        return encoded.argmax(axis=1)
    return encoded.ravel().astype(np.int64)


def n_output_units(kind: str, n_classes: int) -> tuple[int, ...]:
    """Numbers of output units that a network for this kind of target may have."""
    return (1, 2) if kind == "binary" else (n_classes,)


def class_probabilities(outputs: np.ndarray, kind: str, logits: bool) -> np.ndarray:
    """Return the network's outputs as one column of probability per class or label.

    Parameters
    ----------
    outputs : ndarray of shape (n_samples,) or (n_samples, n_units)
        What the network predicts.
    kind : {"binary", "multiclass", "multilabel"}
        Kind of target.
    logits : bool
        Whether the outputs are log-odds, as the network's loss is told.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        In the float type of ``outputs``.
    """
    outputs = np.asarray(outputs)
    outputs = outputs.reshape(len(outputs), -1)
    single = outputs.shape[1] == 1
    if logits:
        independent = kind == "multilabel" or single
        outputs = expit(outputs) if independent else softmax(outputs, axis=1)
    if kind == "binary" and single:
        return np.column_stack([1 - outputs, outputs])
    return outputs


def positive_code(pos_label: Any, classes: np.ndarray, counts: np.ndarray) -> int | None:
    """Return the code of the positive class, the rarest (on a tie the last) if None.

    Returns None if ``pos_label`` is not one of ``classes``.
    """
    if pos_label is None:
        return int(len(counts) - 1 - np.argmin(counts[::-1]))
    found = np.flatnonzero(classes == pos_label)
    return int(found[0]) if len(found) else None
