"""Targets in three forms: as the network takes them, as class codes, and as probabilities.

Also what a label for each time step needs: padding filled, sequences put into strata.
"""

from typing import Any

import numpy as np
from scipy.special import expit, softmax

__all__ = [
    "KINDS",
    "by_decision",
    "class_codes",
    "class_probabilities",
    "fill_padding",
    "n_output_units",
    "positive_code",
    "sequence_strata",
]

KINDS = {
    "binary": "binary",
    "multiclass": "multiclass",
    "multiclass-onehot": "multiclass",
    "multilabel-indicator": "multilabel",
}
"""Kind of decision that each target type of scikeras' label encoder asks for."""


def class_codes(encoded: np.ndarray, kind: str) -> np.ndarray:
    """Return integer class codes (n_samples,), or the 0/1 indicator of a multilabel target.

    With a label for each time step, an encoded target of three dimensions, they are of shape
    (n_sequences, n_steps).
    """
    encoded = np.asarray(encoded)
    if encoded.ndim == 3:
        codes = class_codes(encoded.reshape(-1, encoded.shape[-1]), kind)
        return codes.reshape(encoded.shape[:2])
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
        In the float type of ``outputs``, of narrower ones than float32 in that.
    """
    outputs = np.asarray(outputs)
    if outputs.dtype.itemsize < 4:
        # Half precision takes rare classes' probabilities for 0.
        outputs = outputs.astype(np.float32)
    outputs = outputs.reshape(len(outputs), -1)
    single = outputs.shape[1] == 1
    if logits:
        independent = kind == "multilabel" or single
        outputs = expit(outputs) if independent else softmax(outputs, axis=1)
    if kind == "binary" and single:
        return np.column_stack([1 - outputs, outputs])
    return outputs


def positive_code(pos_label: Any, classes: np.ndarray, counts: np.ndarray) -> int | None:
    """Return the code of the positive class.

    None is the greater label of 0 and 1, of -1 and 1, and of booleans, as everywhere in
    scikit-learn, and of others the rarest, on a tie the last. Returns None if ``pos_label`` is
    not one of ``classes``.
    """
    if pos_label is None:
        labels = np.asarray(classes).tolist()
        if sorted(labels) in ([0, 1], [-1, 1]):
            return labels.index(1)
        return int(len(counts) - 1 - np.argmin(counts[::-1]))
    found = np.flatnonzero(classes == pos_label)
    return int(found[0]) if len(found) else None


def fill_padding(y: Any, sample_weight: Any) -> Any:
    """Return a y with a label for each time step, its steps of weight 0 filled by another's label.

    Whatever stands in padded steps, such as -1, is then no class. Anything else is returned as
    it is, weights of the wrong shape included: they are refused elsewhere.
    """
    if sample_weight is None or np.asarray(y).ndim != 3:
        return y
    y, weight = np.asarray(y), np.asarray(sample_weight)
    if weight.shape == y.shape[:1]:
        weight = np.repeat(weight[:, None], y.shape[1], axis=1)
    if weight.shape != y.shape[:2] or weight.dtype.kind not in "biuf":
        return y
    counts = weight > 0
    if counts.all() or not counts.any():
        return y
    filled = y.copy()
    filled[~counts] = y[counts][0]
    return filled


def by_decision(values: Any, weight: np.ndarray | None, steps: tuple[int, ...]) -> Any:
    """Return values of time steps as if each step that counts were a row.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_steps) or (n_samples, n_steps, 1), or None
        Labels, codes or weights; without time steps of any shape, and returned as they are.
    weight : ndarray of shape (n_samples, n_steps) or None
        Weights of the steps, 0 where one does not count; None counts all.
    steps : tuple of int
        ``(n_steps,)`` with a label for each time step, else empty.
    """
    if not steps or values is None:
        return values
    values = values[np.ones(values.shape[:2], bool) if weight is None else weight > 0]
    return values.ravel() if values.shape[1:] == (1,) else values


def sequence_strata(codes: np.ndarray, counts: np.ndarray, n_classes: int) -> np.ndarray:
    """Return for each sequence the rarest class in it, to hold sequences out by.

    The rarest is the class in the fewest sequences: drawing from those of each such class
    leaves every class on both sides. One sequence alone cannot be on both; unless its class is
    found in no other, it joins the largest stratum.

    Parameters
    ----------
    codes : ndarray of shape (n_sequences, n_steps)
        Class codes.
    counts : ndarray of bool of shape (n_sequences, n_steps)
        Steps that count, at least one in each sequence.
    n_classes : int
        Number of classes.

    Returns
    -------
    ndarray of shape (n_sequences,)
        Class codes.
    """
    holds = np.stack([(counts & (codes == code)).any(axis=1) for code in range(n_classes)], axis=1)
    n_sequences = holds.sum(axis=0)
    strata = np.where(holds, n_sequences, len(codes) + 1).argmin(axis=1)
    sizes = np.bincount(strata, minlength=n_classes)
    alone = (sizes == 1) & (n_sequences > 1)
    strata[alone[strata]] = sizes.argmax()
    return strata
