"""Dense layers for tables, convolutions before them for sequences and images."""

from math import ceil, log2
from typing import Any

import keras

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.networks.normalization import RobustNormalization
from imbalanced_nn.networks.output_layers import output_units

__all__ = ["mlp"]

LARGEST_MAP = 8


def mlp(
    meta: dict[str, Any],
    hidden_layer_sizes: tuple[int, ...] = (128, 128),
    activation: str = "relu",
    dropout: float = 0.1,
) -> keras.Model:
    """Build a network of dense layers.

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
    # Half precision has no room for values as they come.
    hidden = RobustNormalization(dtype=keras.config.dtype_policy().variable_dtype)(hidden)
    if len(shape) > 1:
        hidden = _convolutions(hidden, len(shape) - 1, activation, per_step)
    for units in hidden_layer_sizes:
        hidden = keras.layers.Dense(units, activation=activation)(hidden)
        hidden = keras.layers.Dropout(dropout)(hidden)
    units, output_activation = output_units(meta)
    return keras.Model(inputs, keras.layers.Dense(units, output_activation)(hidden))


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
