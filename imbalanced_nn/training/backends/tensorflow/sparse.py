"""Sparse rows in TensorFlow's graphs."""

from typing import Any

import keras
import tensorflow as tf

from imbalanced_nn.training.sparse_rows import SparseRows, takers_of_input

__all__ = ["SparseDense", "as_input", "sparse_config"]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class SparseDense(keras.layers.Dense):
    """A ``Dense`` layer that multiplies sparse rows without a dense copy of them.

    Keras' own looks rows of the kernel up one by one, and updates them one by one.

    Parameters
    ----------
    *args, **kwargs
        Arguments of `keras.layers.Dense`.
    """

    takes_sparse = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the activated products."""
        if not isinstance(inputs, tf.SparseTensor):
            return super().call(inputs, training=training)
        outputs = tf.sparse.sparse_dense_matmul(inputs, self.kernel.value)
        if self.bias is not None:
            outputs = keras.ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)


def sparse_config(model: keras.Model) -> dict[str, Any]:
    """Return the configuration of an equal network that takes sparse rows.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, whose only input goes to ``Dense`` layers alone.
    """
    takers = {layer.name for layer in takers_of_input(model)}
    own = keras.saving.serialize_keras_object(SparseDense(1))
    kind = {name: own[name] for name in ("module", "class_name", "registered_name")}
    config = model.get_config()
    for layer in config["layers"]:
        if layer["class_name"] == "InputLayer":
            layer["config"]["sparse"] = True
        elif layer["config"]["name"] in takers:
            layer |= kind
    return config


def as_input(data: Any, model: keras.Model, start: Any = 0, stop: Any = None) -> Any:
    """Return inputs as a network takes them, in the graph being traced.

    Parameters
    ----------
    data : SparseRows, or what else inputs are
        The latter are returned as they are.
    model : keras.Model
        Of one input, if the rows are sparse.
    start, stop : int or tf.Tensor
        Bounds of the sparse rows to take, by default all.
    """
    if not isinstance(data, SparseRows):
        return data
    stop = tf.shape(data.ends)[0] - 1 if stop is None else stop
    ends = data.ends[start : stop + 1]
    values = slice(ends[0], ends[-1])
    n_rows = tf.cast(stop - start, tf.int64)
    numbers = tf.repeat(tf.range(n_rows), ends[1:] - ends[:-1])
    shape = tf.stack([n_rows, tf.constant(model.inputs[0].shape[1], tf.int64)])
    places = tf.stack([numbers, data.columns[values]], axis=1)
    return tf.SparseTensor(places, data.values[values], shape)
