"""The forward pass and the loss of held-out rows, compiled by JAX."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import keras
import numpy as np

from imbalanced_nn.training.cache import FORWARD, n_bytes
from imbalanced_nn.training.eligibility import runs_eagerly
from imbalanced_nn.training.fingerprint import network_key
from imbalanced_nn.training.global_draws import layer_classes
from imbalanced_nn.training.kept import kept_with
from imbalanced_nn.training.process import seeded
from imbalanced_nn.training.told import foreign_network

__all__ = ["forward_function", "held_out_loss", "judge_rows", "shares_program"]


def forward_function(model: keras.Model, batch: Any, size: int | None) -> Callable[[Any], Any]:
    """Return the network's ``predict_step`` as a program of a batch.

    Parameters
    ----------
    model : keras.Model
        Network.
    batch : tensor, or list or dict of tensors
        Inputs, with which a network is built that is not yet.
    size : int or None
        Rows in each batch, None for any number.
    """
    if runs_eagerly(model):
        return partial(_passed, model, model)
    if not model.built:
        model(batch)
    kept = kept_with(model)
    if "forward" not in kept:
        kept["forward"] = _shared_function(model) or _own_function(model)
    return kept["forward"]


def shares_program(model: keras.Model) -> bool:
    """Whether equal networks can be told, and so have one program for all of them."""
    kept = kept_with(model)
    if "shares program" not in kept:
        kept["shares program"] = not runs_eagerly(model) and foreign_network(model) is None
    return kept["shares program"]


def judge_rows(model: keras.Model, tensors: list[Any]) -> tuple[np.ndarray, float]:
    """Return outputs of the rows without those that pad them, and their loss."""
    X, *targets = tensors
    outputs = np.asarray(forward_function(model, X, None)(X))[: len(targets[0])]
    return outputs, held_out_loss(model, outputs, targets)


def held_out_loss(model: keras.Model, outputs: Any, targets: list[Any]) -> float:
    """Return the network's loss of outputs that are already there."""
    y, *weight = targets
    given = weight[0] if weight else None
    outputs = keras.ops.convert_to_tensor(outputs)
    return float(model.compute_loss(y=y, y_pred=outputs, sample_weight=given, training=False))


def _values(model: keras.Model) -> tuple[list[Any], list[Any]]:
    """Return what a network's variables hold, those that are trained and the others."""
    trained, fixed = model.trainable_variables, model.non_trainable_variables
    return [variable.value for variable in trained], [variable.value for variable in fixed]


def _passed(network: keras.Model, holder: keras.Model, batch: Any) -> Any:
    """Return the outputs of a network with the values of an equal one."""
    return network.predict_step(_values(holder), (batch,))[0]


def _own_function(model: keras.Model) -> Callable[[Any], Any]:
    """Return a program of the network's own."""
    step = jax.jit(lambda values, batch: model.predict_step(values, (batch,))[0])
    return lambda batch: step(_values(model), batch)


def _shared_function(model: keras.Model) -> Callable[[Any], Any] | None:
    """Return a program that all equal networks share, None if equal ones cannot be told."""
    if not shares_program(model):
        return None
    program = FORWARD.get(network_key(model), lambda: ForwardProgram(model))
    if program.shapes != [[value.shape for value in part] for part in _values(model)]:
        return None
    return lambda batch: program(_values(model), batch)


class ForwardProgram:
    """The forward pass of a network, compiled as a function of its inputs and its weights.

    It holds no state that a call changes, and so serves any number of threads.

    Parameters
    ----------
    model : keras.Model
        The structure is taken from its configuration.
    """

    def __init__(self, model: keras.Model):
        with seeded(0, *layer_classes(model)):
            twin = type(model).from_config(model.get_config())
        self.n_traces = 0

        def step(values, batch):
            self.n_traces += 1
            return twin.predict_step(values, (batch,))[0]

        self.shapes = [[value.shape for value in part] for part in _values(twin)]
        self.n_bytes = n_bytes(twin.variables)
        self._pass = jax.jit(step)

    def __call__(self, values: Any, batch: Any) -> Any:
        """Return the outputs for inputs and the values of the weights."""
        return self._pass(values, batch)
