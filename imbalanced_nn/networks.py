"""Built-in networks, the layer that normalises their input, and the start of their output."""

from math import ceil, log2
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy import sparse

from imbalanced_nn._compat.keras import flattened_layers, maker_of, nodes_into
from imbalanced_nn._compat.scikeras import encoder_state
from imbalanced_nn.data import n_rows
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = [
    "NETWORKS",
    "RobustNormalization",
    "adapt",
    "default_network",
    "looks_up",
    "output_layer",
    "set_output_bias",
]

SAMPLE_ROWS = 100_000
FAR = 1e6
LARGEST_MAP = 8
LOOK_UP = (
    keras.layers.CategoryEncoding,
    keras.layers.Embedding,
    keras.layers.HashedCrossing,
    keras.layers.Hashing,
    keras.layers.IntegerLookup,
)
PASSES_ON = (keras.layers.Dropout, keras.layers.Flatten, keras.layers.Permute, keras.layers.Reshape)


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class RobustNormalization(keras.layers.Layer):
    """Centre by the median, scale by the interquartile range, and bend outliers towards 3.

    The transform is part of the network and is saved with it. ``adapt`` learns it; until then
    it passes values through unscaled.

    References
    ----------
    D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by default: strong pre-tuned MLPs and
    boosted trees on tabular data", NeurIPS 2024 (robust scaling and smooth clipping).

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import RobustNormalization
    >>> layer = RobustNormalization()
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [1e6]], dtype="float32")
    >>> _ = layer.build(X.shape)
    >>> layer.adapt(X)
    >>> np.asarray(layer(X), dtype="float64").ravel().round(2).tolist()
    [-1.23, -0.66, 0.0, 0.66, 3.0]
    """

    def build(self, input_shape):
        """Create one centre and one factor for each feature of the last axis."""
        size = (input_shape[-1],)
        self.center = self.add_weight(
            name="center", shape=size, initializer="zeros", trainable=False
        )
        self.factor = self.add_weight(
            name="factor", shape=size, initializer="ones", trainable=False
        )

    def call(self, inputs):
        """Return the normalised inputs, in [-3, 3]."""
        # Its square must stay within float32; the limit is 3 long before.
        scaled = ops.clip((inputs - self.center) * self.factor, -FAR, FAR)
        return scaled / ops.sqrt(1 + ops.square(scaled / 3))

    def adapt(
        self, X: Any, rows: np.ndarray | None = None, counted_steps: np.ndarray | None = None
    ) -> None:
        """Learn centre and scale from rows of X, at most 100,000 of them.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, ..., n_features)
            Data; axes between the first and the last count as further samples.
        rows : ndarray of int, default=None
            Rows to learn from; None takes all.
        counted_steps : ndarray of bool of shape (n_samples, n_steps), default=None
            Time steps to learn from, the others being padded; None takes all.
        """
        rows = np.arange(n_rows(X)) if rows is None else rows
        rows = rows[:: -(-len(rows) // SAMPLE_ROWS)]
        sample = X[rows]
        if counted_steps is not None:
            sample = sample.toarray() if sparse.issparse(sample) else sample
            sample = sample[counted_steps[rows]]
            # A table holds one number for each step.
            sample = sample[:, None] if sample.ndim == 1 else sample
        center, scale = _robust_statistics(sample)
        self.center.assign(center)
        # A feature that is constant in float32 carries nothing; any finite factor maps it to 0.
        varies = scale > np.finfo(np.float32).tiny
        self.factor.assign(np.divide(1, scale, out=np.zeros_like(scale), where=varies))


def _robust_statistics(sample: Any) -> tuple[np.ndarray, np.ndarray]:
    """Median and scale of each feature: the IQR over 1.35, else half the range."""
    n_features = sample.shape[-1]
    center, scale = np.zeros(n_features), np.zeros(n_features)
    step = max(1, 2**24 // sample.shape[0])
    for start in range(0, n_features, step):
        columns = slice(start, start + step)
        block = sample[:, columns] if sparse.issparse(sample) else sample[..., columns]
        block = block.toarray() if sparse.issparse(block) else block
        block = block.reshape(-1, block.shape[-1]).astype(np.float64)
        low, first, median, third, high = np.quantile(block, [0, 0.25, 0.5, 0.75, 1], axis=0)
        spread = (third - first) / 1.35
        center[columns] = median
        scale[columns] = np.where(spread > 0, spread, (high - low) / 2)
    return center, scale


def default_network(
    meta: dict[str, Any],
    hidden_layer_sizes: tuple[int, ...] = (128, 128),
    activation: str = "relu",
    dropout: float = 0.1,
) -> keras.Model:
    """Build the network that ``model=None`` stands for.

    Tables get dense layers. Sequences (3-D X) and images (4-D X) get convolutions first, each of
    which halves the axes, until none is longer than 8; with a label for each time step (3-D y)
    two convolutions that keep the axis of time. The input is normalised inside the network.

    Parameters
    ----------
    meta : dict
        ``X_shape_``, ``target_type_``, ``n_classes_`` as scikeras hands them to builders, and
        ``n_steps_`` with a label for each time step.
    hidden_layer_sizes : tuple of int, default=(128, 128)
        Units of each dense layer.
    activation : str, default="relu"
        Activation of the hidden layers.
    dropout : float, default=0.1
        Share of units dropped after each hidden layer.

    Returns
    -------
    keras.Model
        Not compiled: loss and optimizer are the estimator's.
    """
    shape = meta["X_shape_"][1:]
    per_step = meta.get("n_steps_") is not None
    inputs = hidden = keras.Input(shape)
    if per_step:
        _check_steps(shape, meta["n_steps_"])
        # A table holds one number for each step.
        shape = shape if len(shape) > 1 else (*shape, 1)
        hidden = hidden if len(inputs.shape) > 2 else keras.layers.Reshape(shape)(hidden)
    hidden = RobustNormalization()(hidden)
    if len(shape) > 1:
        hidden = _convolutions(hidden, len(shape) - 1, activation, per_step)
    for units in hidden_layer_sizes:
        hidden = keras.layers.Dense(units, activation=activation)(hidden)
        hidden = keras.layers.Dropout(dropout)(hidden)
    return keras.Model(inputs, _output_layer(meta)(hidden))


def _check_steps(shape: tuple[int, ...], n_steps: int) -> None:
    """Refuse inputs whose first axis is not that of the labels' time steps."""
    if shape[0] != n_steps:
        raise InvalidParameterError(
            f"model=None builds a network with one output for each time step of X, of which there "
            f"are {shape[0]}, but y has {n_steps} labels in each row. Pass X of shape "
            f"(n_sequences, {n_steps}, ...), or a build function as model."
        )


def _convolutions(hidden, n_axes: int, activation: str, per_step: bool):
    """Convolve over the axes between the first and the last: to a vector, or one for each step."""
    layers = keras.layers
    try:
        convolution = {1: layers.Conv1D, 2: layers.Conv2D, 3: layers.Conv3D}[n_axes]
        halve = {1: layers.MaxPooling1D, 2: layers.MaxPooling2D, 3: layers.MaxPooling3D}[n_axes]
    except KeyError:
        raise ValueError(
            f"model=None builds a network for X of 2 to 5 dimensions, got {n_axes + 2}. Pass a "
            f"build function as model."
        ) from None
    if per_step:
        for filters in (32, 64):
            hidden = convolution(filters, 5, padding="same", activation=activation)(hidden)
        return _average_within_steps(hidden)
    size = 5 if n_axes == 1 else 3
    n_halvings = max(2, ceil(log2(max(hidden.shape[1:-1]) / LARGEST_MAP)))
    for filters in (32, *[64] * (n_halvings - 1)):
        hidden = convolution(filters, size, padding="same", activation=activation)(hidden)
        hidden = halve(2, padding="same")(hidden)
    return layers.Flatten()(hidden)


def _average_within_steps(hidden):
    """Average over the axes between that of time and the last; a plain sequence has none."""
    n_steps, *within, filters = hidden.shape[1:]
    if not within:
        return hidden
    pooling = {1: keras.layers.AveragePooling2D, 2: keras.layers.AveragePooling3D}[len(within)]
    return keras.layers.Reshape((n_steps, filters))(pooling((1, *within))(hidden))


def _output_layer(meta: dict[str, Any]) -> keras.layers.Dense:
    """One sigmoid unit for two classes or for each label, softmax for several classes."""
    n_classes = meta["n_classes_"]
    if meta["target_type_"] == "binary":
        return keras.layers.Dense(1, activation="sigmoid")
    # An indicator with one label in every row is a multiclass target in one-hot form.
    encoder_type = encoder_state(meta.get("target_encoder_")).target_type
    exclusive = "multiclass" in (meta["target_type_"], str(encoder_type).partition("-")[0])
    return keras.layers.Dense(n_classes, activation="softmax" if exclusive else "sigmoid")


NETWORKS = {"default": default_network}


def adapt(
    model: keras.Model, X: Any, rows: np.ndarray, counted_steps: np.ndarray | None = None
) -> None:
    """Let the network's own input normalisation learn from the training rows."""
    for layer in model.layers:
        if isinstance(layer, RobustNormalization):
            layer.adapt(X, rows, counted_steps)


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
    elif bias.shape[0] == 1:
        start = np.log(prior[1:] / (1 - prior[1:]))
    else:
        start = np.log(prior)
    if bias.shape != start.shape:
        return False
    bias.assign(start)
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
    activates = (keras.layers.Activation, keras.layers.Dense, keras.layers.EinsumDense)
    activates = isinstance(inner, activates) or hasattr(inner, "kernel_size")
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
        if isinstance(layer, keras.layers.Dense):
            return getattr(layer, "bias", None) if activation in activations else None
        if not isinstance(layer, keras.layers.Activation | keras.layers.Softmax):
            return None
    return None
