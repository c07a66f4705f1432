"""What makes a network's output, and where it starts."""

from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.keras import flattened_layers, maker_of, nodes_into
from imbalanced_nn._compat.scikeras import encoder_state
from imbalanced_nn.networks.members import (
    BatchEnsembleDense,
    LinearSkip,
    MemberHeads,
    MemberMean,
)

__all__ = ["looks_up", "output_layer", "output_units", "set_output_bias"]

LOOK_UP = (
    keras.layers.CategoryEncoding,
    keras.layers.Embedding,
    keras.layers.HashedCrossing,
    keras.layers.Hashing,
    keras.layers.IntegerLookup,
)
PASSES_ON = (keras.layers.Dropout, keras.layers.Flatten, keras.layers.Permute, keras.layers.Reshape)


def output_units(meta: dict[str, Any]) -> tuple[int, str]:
    """Return number and activation of the outputs that a target asks for.

    One sigmoid unit for two classes or for each label, softmax for several classes.

    Parameters
    ----------
    meta : dict
        As scikeras hands it to builders.

    Raises
    ------
    ValueError
        If several classes are asked for in each of several columns.
    """
    if meta["target_type_"] == "binary":
        return 1, "sigmoid"
    if meta["target_type_"] == "multiclass-multioutput":
        raise ValueError(
            "y has several columns with more than two classes in them, for which there is no "
            "built-in network. Give labels of time steps in the shape (n_samples, n_steps, 1), "
            "wrap the estimator in sklearn.multioutput.MultiOutputClassifier for targets that are "
            "learned apart, or pass a network of your own as model."
        )
    # An indicator with one label in every row is a multiclass target in one-hot form.
    encoder_type = encoder_state(meta.get("target_encoder_")).target_type
    exclusive = "multiclass" in (meta["target_type_"], str(encoder_type).partition("-")[0])
    return meta["n_classes_"], "softmax" if exclusive else "sigmoid"


def set_output_bias(model: keras.Model, prior: np.ndarray, multilabel: bool, logits: bool) -> bool:
    """Start the output at the log-odds of the prior, so that no epoch is spent learning it.

    Parameters
    ----------
    model : keras.Model
        Freshly built.
    prior : ndarray of shape (n_classes,) or (n_labels,)
        Shares of the classes, or of each label's positives, in the rows as the loss sees them.
    multilabel : bool
        Whether the outputs are independent labels.
    logits : bool
        Whether the network's loss takes log-odds.

    Returns
    -------
    bool
        False where the output is no dense layer with an untouched bias, or no probability.
    """
    bias = _output_bias(model, "linear" if logits else ("sigmoid", "softmax"))
    if bias is None or bias.numpy().any():
        return False
    prior = np.clip(prior, 1e-7, 1 - 1e-7)
    if multilabel:
        start = np.log(prior / (1 - prior))
    elif bias.shape[-1] == 1:
        start = np.log(prior[1:] / (1 - prior[1:]))
    else:
        start = np.log(prior)
    if bias.shape[-1:] != start.shape:
        return False
    # Members start alike.
    bias.assign(np.broadcast_to(start, bias.shape))
    return True


def looks_up(model: keras.Model) -> bool:
    """Whether a layer takes whole numbers for codes, as an embedding does.

    Parameters
    ----------
    model : keras.Model
        Network.

    Examples
    --------
    >>> import keras
    >>> from imbalanced_nn.networks import looks_up
    >>> looks_up(keras.Sequential([keras.Input((20,)), keras.layers.Embedding(1000, 8)]))
    True
    >>> looks_up(keras.Sequential([keras.Input((20,)), keras.layers.Dense(1)]))
    False
    """
    return any(isinstance(layer, LOOK_UP) for layer in flattened_layers(model))


def output_layer(model: keras.Model) -> tuple[str, str | None]:
    """Return which layer makes a network's output, and by which activation.

    Parameters
    ----------
    model : keras.Model
        Built.

    Returns
    -------
    name : str
        Name of the layer; of a network that does not tell, of the one that it made last.
    activation : str or None
        Name of Keras' function, None where the layer may do something else.

    Examples
    --------
    >>> import keras
    >>> from imbalanced_nn.networks import output_layer
    >>> layer = keras.layers.Dense(1, activation="tanh", name="score")
    >>> output_layer(keras.Sequential([keras.Input((3,)), layer]))
    ('score', 'tanh')
    """
    outputs = getattr(model, "outputs", None)
    if not outputs:
        return (model.layers[-1].name if model.layers else model.name), None
    return _maker(outputs[0])


def _maker(tensor: Any) -> tuple[str, str | None]:
    """Return name and activation of the layer that makes a symbolic tensor."""
    layer, node = maker_of(tensor)
    if getattr(layer, "outputs", None):
        return _maker(layer.outputs[0])
    inner = layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer
    function = getattr(inner, "activation", None)
    idle = isinstance(inner, keras.layers.Activation) and function is keras.activations.linear
    if idle or isinstance(inner, PASSES_ON):
        return _maker(nodes_into(layer)[node].input_tensors[0])
    if isinstance(inner, keras.layers.Softmax):
        return layer.name, "softmax"
    # Recurrent layers do more than activate. Convolutions share no public class, but a size.
    kinds = (keras.layers.Activation, keras.layers.Dense, keras.layers.EinsumDense, MemberMean)
    activates = isinstance(inner, kinds) or hasattr(inner, "kernel_size")
    name = getattr(function, "__name__", "") if activates else ""
    known = name and function is getattr(keras.activations, name, None)
    return layer.name, name if known else None


def _output_bias(model: keras.Model, activations: str | tuple[str, ...]):
    """Find the bias of the dense layer that makes the output, or None."""
    activation = "linear"
    for layer in reversed(model.layers):
        own = "softmax" if isinstance(layer, keras.layers.Softmax) else None
        own = own or getattr(getattr(layer, "activation", None), "__name__", None)
        activation = own if activation == "linear" and own else activation
        if isinstance(layer, keras.layers.Dense | MemberHeads | BatchEnsembleDense):
            return getattr(layer, "bias", None) if activation in activations else None
        passes = keras.layers.Activation | keras.layers.Softmax | LinearSkip | MemberMean
        if not isinstance(layer, passes):
            return None
    return None
