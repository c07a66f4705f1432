"""Whether a network's outputs are the probabilities, or log-odds, that they are taken for.

What the last layer tells is refused before training; outputs of any other are looked at.
"""

from typing import Any

import numpy as np

from imbalanced_nn._compat.keras import logits_of
from imbalanced_nn.data import Rows, take_rows
from imbalanced_nn.exceptions import InvalidParameterError, warn
from imbalanced_nn.losses import ClassLoss, effect_is_known, is_proper, keras_loss
from imbalanced_nn.networks import output_layer
from imbalanced_nn.training import as_network_input, forward
from imbalanced_nn.wrapper import NetworkFactory

__all__ = ["check_network", "check_values", "note_loss"]

FIRST = slice(100)
INDEPENDENT = ("sigmoid", "hard_sigmoid", "sparse_sigmoid")
EXCLUSIVE = ("softmax", "sparsemax")
# What half precision makes of a sum of 1.
ROUNDING = 1e-2
SAME_SUM = 1e-5
BOUNDS = "in [0, 1]"


def check_network(factory: NetworkFactory, X: Any, rows: np.ndarray) -> None:
    """Refuse a network whose last layer, or outputs of a few encoded rows, are not right.

    Parameters
    ----------
    factory : NetworkFactory
        Whose network is looked at.
    X : array, sparse matrix, or list or dict of arrays
        Encoded rows.
    rows : ndarray of int
        Numbers of those to look at.
    """
    if not _wants_probabilities(factory):
        return
    network = factory.network
    activation = output_layer(network)[1]
    if activation is not None:
        units = network.output_shape[-1]
        _refuse(factory, _fault_of(activation, units, factory.kind, factory.logits), units)
        return
    first = np.asarray(rows)[FIRST]
    outputs = check_values(factory, forward(network, X, first))
    # Keras leaves with what its sigmoid and softmax made the values that they were given.
    output = network(as_network_input(take_rows(X, first[:1]))) if factory.logits else None
    if logits_of(output) is not None:
        _refuse(factory, "gives probabilities already", outputs.shape[-1])


def check_values(factory: NetworkFactory, outputs: np.ndarray) -> np.ndarray:
    """Refuse outputs that are not right; return them.

    Parameters
    ----------
    factory : NetworkFactory
        Whose network they are of.
    outputs : ndarray of shape (n_samples, ..., n_units)
        Outputs.
    """
    if _wants_probabilities(factory):
        units = outputs.shape[-1] if outputs.ndim > 1 else 1
        fault = _fault_in(outputs.reshape(-1, units), factory.kind, factory.logits)
        _refuse(factory, fault, units)
    return outputs


def note_loss(factory: NetworkFactory, rows: Rows) -> None:
    """Tell of a loss whose effect on the probabilities of rows nothing undoes.

    Parameters
    ----------
    factory : NetworkFactory
        Whose network it is of.
    rows : Rows
        Training rows.
    """
    estimator, kind, found = factory.estimator, factory.kind, factory.loss
    if estimator.calibration not in ("prior", "temperature"):
        return
    n_classes = estimator.n_classes_
    if effect_is_known(found, n_classes, kind):
        return
    labels = kind == "multilabel"
    if labels:
        targets = [np.full(n_classes, code, rows.y.dtype) for code in (0, 1)]
    else:
        _, first = np.unique(rows.codes, return_index=True)
        targets = list(rows.y.reshape(rows.codes.size, -1)[first])
    network = factory.network
    shape = forward(network, rows.X, rows.index[:1]).shape[1:]

    def loss(y, outputs):
        return network.compute_loss(y=y, y_pred=outputs, training=False)

    all_seen = len(targets) == (2 if labels else n_classes)
    if not (all_seen and is_proper(loss, targets, shape, labels, factory.logits)):
        name = getattr(found, "__name__", None) or getattr(found, "name", None)
        warn(
            "INN012",
            f"loss {name or found!r} is not least where the outputs are probabilities, "
            f"and nothing undoes what it makes of them: predict_proba may be far from the "
            f"share of positives. Set calibration='sigmoid', which learns that from held-out "
            f"rows, or take a loss of imbalanced_nn.losses, such as 'focal'.",
        )


def _wants_probabilities(factory: NetworkFactory) -> bool:
    """Whether outputs are more than scores, which without calibration they may be."""
    if factory.kind is None:
        return False
    return factory.estimator.calibration is not None or _is_likelihood(factory.loss)


def _is_likelihood(loss: Any) -> bool:
    """Whether a loss has no value but for probabilities."""
    name = keras_loss(loss)[0] or ""
    return isinstance(loss, ClassLoss) or name.endswith("crossentropy")


def _refuse(factory: NetworkFactory, fault: str | None, units: int) -> None:
    """Raise for what is wrong with the last layer, and say what to do."""
    if fault is None:
        return
    name = output_layer(factory.network)[0]
    if factory.logits:
        raise InvalidParameterError(
            f"The loss has from_logits=True and takes the network's outputs for log-odds, but "
            f"its last layer {name!r} {fault}. Leave out that activation, or from_logits."
        )
    instead = "softmax" if factory.kind != "multilabel" and units > 1 else "sigmoid"
    cures = [f"Set activation={instead!r} there"]
    if BOUNDS in fault:
        cures.append(
            "if they are log-odds give a loss with from_logits=True (a loss of your own an "
            "attribute of that name)"
        )
        if not _is_likelihood(factory.loss):
            cures.append("set calibration=None, which leaves scores as they are")
    raise InvalidParameterError(
        f"The network's outputs are to be probabilities, but its last layer {name!r} {fault}. "
        f"{', or '.join(cures)}."
    )


def _fault_of(activation: str, units: int, kind: str, logits: bool) -> str | None:
    """Return what is wrong with the activation of the last layer, None if nothing is."""
    has = f"has activation={activation!r}"
    if logits:
        return has if activation in INDEPENDENT + EXCLUSIVE else None
    if activation not in INDEPENDENT + EXCLUSIVE:
        return f"{has}, whose values are not kept {BOUNDS}"
    if kind == "multilabel":
        independent = activation in INDEPENDENT
        return None if independent else f"{has}: they sum to 1, but labels are independent"
    if units == 1:
        return None if activation in INDEPENDENT else f"{has}, which of one unit is always 1"
    if activation in EXCLUSIVE:
        return None
    return f"{has}: they do not sum to 1, but the classes of y exclude each other"


def _fault_in(outputs: np.ndarray, kind: str, logits: bool) -> str | None:
    """Return what is wrong with outputs of shape (n_decisions, n_units), None if nothing is."""
    if np.isnan(outputs).any():
        return "gives NaN"
    if logits or not len(outputs):
        return None
    low, high = outputs.min(), outputs.max()
    if low < -ROUNDING or high > 1 + ROUNDING:
        return f"gives {low:.3g} to {high:.3g}, not all {BOUNDS}"
    sums = outputs.sum(axis=1, dtype=np.float64)
    one = np.abs(sums - 1) < ROUNDING
    # A network that says the same of every row may do so by chance.
    if kind == "multilabel" and np.ptp(sums) < SAME_SUM and np.ptp(outputs, axis=0).all():
        return None if not one.all() else "gives rows that sum to 1, but labels are independent"
    if kind != "multilabel" and outputs.shape[1] > 1 and not one.all():
        return (
            f"gives rows that sum to {sums.min():.3g} to {sums.max():.3g}, but the classes of y "
            f"exclude each other"
        )
    return None
