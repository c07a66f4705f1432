"""The forward pass: predictions in large batches."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn.data import n_rows, row_blocks, row_bytes, take_rows
from imbalanced_nn.training.batches import as_network_input
from imbalanced_nn.training.cache import FORWARD, n_bytes
from imbalanced_nn.training.eligibility import runs_eagerly
from imbalanced_nn.training.fingerprint import network_key
from imbalanced_nn.training.fixed_batches import fixed_batch_size, from_no_state
from imbalanced_nn.training.global_draws import layer_classes
from imbalanced_nn.training.kept import kept_with
from imbalanced_nn.training.process import seeded
from imbalanced_nn.training.told import foreign_network
from imbalanced_nn.training.variables import read, variables_alike

__all__ = ["forward", "forward_blocks", "padded_tensors"]

# Bounds the memory of the activations, not of the input: 4 MB of rows of a small network or of
# an image grow by one or two orders of magnitude inside.
FORWARD_BYTES = 4 * 2**20
FORWARD_ROWS = 96 * 170

# What a call costs beside its rows counts once for so many, where the graph itself loops.
LOOP_ROWS = 4 * FORWARD_ROWS

# Matrix products treat the last few rows of a batch by other instructions, whose last bit can
# differ. Whole multiples of this keep a row's output independent of its neighbours and position.
ROW_MULTIPLE = 96

# Rows too long for as many of them to be in memory at once come in fewer.
MULTIPLE_BYTES = 64 * 2**20

# The graph that equal networks share works through a large batch in slices, whose activations stay
# in the processor's cache.
SLICE_ROWS = 34 * ROW_MULTIPLE


def forward(model: keras.Model, X: Any, rows: np.ndarray | None = None) -> Any:
    """Return the network's outputs for every row of X, as ``Model.predict`` does, quietly.

    What stateful layers carry from batch to batch starts from nothing and is put back.

    Parameters
    ----------
    model : keras.Model
        A built network.
    X : array, sparse matrix, memory map, or list or dict of arrays
        Encoded inputs; read, cast and made dense block by block.
    rows : ndarray of int, default=None
        Rows to predict; None takes all.

    Returns
    -------
    ndarray, or list or dict of ndarray
        Outputs of shape (n_samples, ...).
    """
    size = fixed_batch_size(model)
    if size is None:
        max_rows = LOOP_ROWS if _shares_graph(model) else FORWARD_ROWS
        blocks = forward_blocks(X, None if rows is None else len(rows), max_rows)
    else:
        n = n_rows(X) if rows is None else len(rows)
        blocks = [slice(start, min(start + size, n)) for start in range(0, n, size)]
    outputs = []
    with nullcontext() if size is None else from_no_state(model):
        for block in blocks:
            batch = as_network_input(take_rows(X, block if rows is None else rows[block]))
            outputs.append(_predict(model, batch, block.stop - block.start))
    if len(outputs) == 1:
        return outputs[0]
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *outputs)


def _predict(model: keras.Model, batch: Any, n: int) -> Any:
    """Predict one batch of ``n`` rows."""
    size = fixed_batch_size(model)
    padded = padded_tensors(batch, n, size)
    outputs = _forward_function(model, padded, size)(padded)
    return keras.tree.map_structure(lambda part: keras.ops.convert_to_numpy(part)[:n], outputs)


def forward_blocks(X: Any, total: int | None = None, max_rows: int | None = None) -> list[slice]:
    """Cut the rows of X, or ``total`` of them, into what a network is given in one call.

    Parameters
    ----------
    X : array, sparse matrix, or list or dict of arrays
        Encoded inputs.
    total : int, default=None
        Number of rows, of X if None.
    max_rows : int, default=None
        Most rows in a call; None is for networks of any code.
    """
    most = FORWARD_ROWS if max_rows is None else max_rows
    return list(row_blocks(X, FORWARD_BYTES, most, total, min(most, _multiple(X))))


def _multiple(X: Any) -> int:
    """Return of how many rows each call's number of rows is to be a multiple."""
    return max(1, min(ROW_MULTIPLE, MULTIPLE_BYTES // max(1, row_bytes(X))))


def padded_tensors(batch: Any, n: int, multiple: int | None = None) -> Any:
    """Return a batch of ``n`` rows as tensors, padded by copies of its first row."""
    multiple = _multiple(batch) if multiple is None else multiple
    missing = -n % multiple if n else 0

    def pad(part):
        return np.concatenate([part, np.repeat(part[:1], missing, axis=0)]) if missing else part

    return keras.tree.map_structure(lambda part: tf.convert_to_tensor(pad(part)), batch)


def _forward_function(model: keras.Model, batch: Any, size: int | None) -> Callable[[Any], Any]:
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


def _shares_graph(model: keras.Model) -> bool:
    """Whether equal networks can be told, and so have one graph for all of them."""
    kept = kept_with(model)
    if "shares graph" not in kept:
        kept["shares graph"] = not runs_eagerly(model) and foreign_network(model) is None
    return kept["shares graph"]


def _own_function(model: keras.Model, specs: Any) -> Callable[[Any], Any]:
    """Return a graph of the network's own."""

    def step(*inputs):
        return model.predict_step((keras.tree.pack_sequence_as(specs, inputs),))

    # Flat arguments: TensorFlow looks for others in vain at length before it takes them flat.
    flat = keras.tree.flatten(specs)
    traced = tf.function(step, autograph=False).get_concrete_function(*flat)
    return lambda data: traced(*keras.tree.flatten(data))


def _shared_function(model: keras.Model, specs: Any) -> Callable[[Any], Any] | None:
    """Return a graph that all equal networks share, None if equal ones cannot be told."""
    if not _shares_graph(model):
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
            twin = type(model).from_config(model.get_config())
        weights = twin.weights
        n_inputs = len(keras.tree.flatten(specs))

        self.n_traces = 0

        def step(*given):
            self.n_traces += 1
            data = keras.tree.pack_sequence_as(specs, given[:n_inputs])
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
