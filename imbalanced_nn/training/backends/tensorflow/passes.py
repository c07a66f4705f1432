"""The forward pass and the loss of held-out rows as TensorFlow graphs."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import keras
import tensorflow as tf

from imbalanced_nn.training.backends.tensorflow.sparse import as_input, sparse_config
from imbalanced_nn.training.backends.tensorflow.tensors import read, variables_alike
from imbalanced_nn.training.cache import FORWARD, n_bytes
from imbalanced_nn.training.eligibility import runs_eagerly
from imbalanced_nn.training.fingerprint import network_key
from imbalanced_nn.training.global_draws import layer_classes
from imbalanced_nn.training.kept import kept_with
from imbalanced_nn.training.process import seeded
from imbalanced_nn.training.sparse_rows import SparseRows
from imbalanced_nn.training.told import foreign_network

__all__ = [
    "ForwardProgram",
    "forward_function",
    "held_out_loss",
    "judge_rows",
    "outputs_and_loss",
    "shares_program",
]

# The graph that equal networks share works through a large batch in slices, whose activations stay
# in the processor's cache: 34 times the multiple that rows come in.
SLICE_ROWS = 34 * 96


def judge_rows(model: keras.Model, tensors: list[tf.Tensor]) -> tuple[Any, float]:
    """Return outputs and loss of rows, as `outputs_and_loss`, in one call."""
    outputs, loss = _traced(model, tensors, outputs_and_loss)
    return outputs.numpy(), float(loss)


def held_out_loss(model: keras.Model, outputs: Any, targets: list[tf.Tensor]) -> float:
    """Return the network's loss of outputs that are already there."""
    return float(_traced(model, [tf.convert_to_tensor(outputs), *targets], _loss))


def outputs_and_loss(
    model: keras.Model, X: tf.Tensor, y: tf.Tensor, *weight: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return outputs of the rows without those that pad them, and their loss."""
    outputs = model.predict_step((X,))[: tf.shape(y)[0]]
    return outputs, _loss(model, outputs, y, *weight)


def _loss(model: keras.Model, outputs: tf.Tensor, y: tf.Tensor, *weight: tf.Tensor) -> tf.Tensor:
    """The network's loss of outputs that are already there."""
    given = weight[0] if weight else None
    return model.compute_loss(y=y, y_pred=outputs, sample_weight=given, training=False)


def _traced(model: keras.Model, tensors: list[tf.Tensor], function: Any) -> Any:
    """Call a function of a network and tensors as a graph that is kept with the network."""
    if runs_eagerly(model):
        return function(model, *tensors)
    specs = [tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in tensors]
    key = f"{function.__name__} {specs!r}"
    kept = kept_with(model)
    if key not in kept:
        step = tf.function(lambda *given: function(model, *given), autograph=False)
        kept[key] = step.get_concrete_function(*specs)
    return kept[key](*tensors)


def forward_function(model: keras.Model, batch: Any, size: int | None) -> Callable[[Any], Any]:
    """Return the network's ``predict_step`` as a graph for batches of any length, or of one.

    ``predict_on_batch`` would trace one for every length, and make TensorFlow warn of it.
    """
    if runs_eagerly(model):
        return lambda data: model.predict_step((data,))
    specs = keras.tree.map_structure(
        lambda part: tf.TensorSpec((size, *part.shape[1:]), part.dtype), batch
    )
    if not model.built:
        model(batch)
    kept, key = kept_with(model), f"forward {specs!r}"
    if key not in kept:
        kept[key] = _shared_function(model, specs) or _own_function(model, specs)
    return kept[key]


def shares_program(model: keras.Model) -> bool:
    """Whether equal networks can be told, and so have one graph for all of them."""
    kept = kept_with(model)
    if "shares graph" not in kept:
        kept["shares graph"] = not runs_eagerly(model) and foreign_network(model) is None
    return kept["shares graph"]


def _own_function(model: keras.Model, specs: Any) -> Callable[[Any], Any]:
    """Return a graph of the network's own."""

    def step(*inputs):
        data = as_input(keras.tree.pack_sequence_as(specs, inputs), model)
        return model.predict_step((data,))

    # Flat arguments: TensorFlow looks for others in vain at length before it takes them flat.
    flat = keras.tree.flatten(specs)
    traced = tf.function(step, autograph=False).get_concrete_function(*flat)
    return lambda data: traced(*keras.tree.flatten(data))


def _shared_function(model: keras.Model, specs: Any) -> Callable[[Any], Any] | None:
    """Return a graph that all equal networks share, None if equal ones cannot be told."""
    if not shares_program(model):
        return None
    key = f"{network_key(model)} {specs!r}"
    program = FORWARD.get(key, lambda: ForwardProgram(model, specs))
    weights = model.weights
    if program.shapes != [weight.shape for weight in weights]:
        return None
    return lambda data: program(*keras.tree.flatten(data), *map(read, weights))


class ForwardProgram:
    """The forward pass of a network, traced as a function of its inputs and its weights.

    It holds no state that a call changes, and so serves any number of threads.

    Parameters
    ----------
    model : keras.Model
        The structure is taken from its configuration.
    specs : nested structure of TensorSpec
        Types and shapes of the inputs.
    """

    def __init__(self, model: keras.Model, specs: Any):
        with seeded(0, *layer_classes(model)), variables_alike():
            is_sparse = isinstance(specs, SparseRows)
            config = sparse_config(model) if is_sparse else model.get_config()
            twin = type(model).from_config(config)
        weights = twin.weights
        n_inputs = len(keras.tree.flatten(specs))

        self.n_traces = 0

        def step(*given):
            self.n_traces += 1
            data = as_input(keras.tree.pack_sequence_as(specs, given[:n_inputs]), twin)
            mapping = list(zip(weights, given[n_inputs:], strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return twin.predict_step((data,))

        self.shapes = [weight.shape for weight in weights]
        self.n_bytes = n_bytes(weights)
        flat = [tf.TensorSpec(weight.shape, weight.dtype) for weight in weights]
        self._specs, self._n_inputs = [*keras.tree.flatten(specs), *flat], n_inputs
        self._pass = tf.function(step, autograph=False).get_concrete_function(*self._specs)

    def __call__(self, *given: tf.Tensor) -> Any:
        """Return the outputs for inputs and weights."""
        small = given[0].shape[0] <= SLICE_ROWS
        return self._pass(*given) if small else self._pass_by_slices(*given)

    @cached_property
    def _pass_by_slices(self) -> Callable[..., Any]:
        """The same in a loop over slices of the inputs."""
        structure = self._pass.structured_outputs

        def step(*given):
            inputs, weights = given[: self._n_inputs], given[self._n_inputs :]
            n_rows = tf.shape(inputs[0])[0]

            def one_slice(number, *parts):
                rows = slice(number * SLICE_ROWS, (number + 1) * SLICE_ROWS)
                outputs = self._pass(*(part[rows] for part in inputs), *weights)
                written = zip(parts, keras.tree.flatten(outputs), strict=True)
                return number + 1, *(part.write(number, made) for part, made in written)

            n_slices = -(-n_rows // SLICE_ROWS)
            parts = [
                tf.TensorArray(part.dtype, n_slices, infer_shape=False, element_shape=part.shape)
                for part in keras.tree.flatten(structure)
            ]
            _, *parts = tf.while_loop(
                lambda number, *_: number < n_slices, one_slice, [0, *parts], parallel_iterations=1
            )
            return keras.tree.pack_sequence_as(structure, [part.concat() for part in parts])

        return tf.function(step, autograph=False).get_concrete_function(*self._specs)
