"""The gradient of a function of one tensor, as the backend that Keras runs on computes it."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

__all__ = ["gradient"]


def gradient(function: Callable[[Any], Any], point: np.ndarray) -> np.ndarray:
    """Return the gradient of a function that returns one number.

    Parameters
    ----------
    function : callable
        Of a tensor of the backend, written with `keras.ops` or the backend itself.
    point : ndarray
        Where.
    """
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(function)(jax.numpy.asarray(point)))
    if backend == "torch":
        import torch

        at = keras.ops.convert_to_tensor(point).detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(function(at), at)
        return keras.ops.convert_to_numpy(slope)
    import tensorflow as tf

    at = tf.constant(point)
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = function(at)
    return tape.gradient(value, at).numpy()
