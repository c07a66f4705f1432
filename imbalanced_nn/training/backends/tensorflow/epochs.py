"""Whole epochs as one TensorFlow graph."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn._compat.adam import FusedAdam
from imbalanced_nn._compat.joined import JOINED, JoinedUpdates, NotJoinable, as_one, joins
from imbalanced_nn._compat.keras import flattened_layers
from imbalanced_nn.training.averages import with_averages
from imbalanced_nn.training.backends.epoch_program import FIXED_ROWS, EpochProgram, OwnNetwork
from imbalanced_nn.training.backends.tensorflow.passes import outputs_and_loss
from imbalanced_nn.training.backends.tensorflow.sparse import as_input, sparse_config
from imbalanced_nn.training.backends.tensorflow.tensors import variables_alike
from imbalanced_nn.training.cache import n_bytes
from imbalanced_nn.training.sparse_rows import SparseRows
from imbalanced_nn.training.twins import twin_of

__all__ = ["OwnProgram", "Program"]


def _each_batch(step: Callable, n_rows: tf.Tensor, batch_size: int) -> None:
    """Run a step for the bounds of each batch, one after the other, in the graph being traced."""

    def body(start):
        step(start, tf.minimum(start + batch_size, n_rows))
        return [start + batch_size]

    tf.while_loop(lambda start: start < n_rows, body, [0], parallel_iterations=1)


def _reset_metrics(network: keras.Model, goes_on: tf.Tensor) -> None:
    """Begin with the metrics anew, in the graph being traced, unless rows go on with others."""

    def reset():
        network.reset_metrics()
        return 0

    tf.cond(goes_on, lambda: 0, reset)


def _empty_row(part: np.ndarray) -> tf.Tensor:
    """Return a row of zeros, or of no text, like those of an array."""
    return tf.zeros((1, *part.shape[1:]), tf.as_dtype(part.dtype))


def _specs(data: Any, n_free: int = 1) -> Any:
    """The types and shapes of arrays or tensors in any structure; see `_spec`."""
    return keras.tree.map_structure(lambda part: _spec(part, n_free), data)


def _spec(tensor: Any, n_free: int = 1) -> tf.TensorSpec:
    """The type of an array or tensor and its shape, but for the lengths of its first axes."""
    return tf.TensorSpec((*[None] * n_free, *tensor.shape[n_free:]), tensor.dtype)


def _tables(network: keras.Model) -> list[keras.Variable]:
    """Weights of which a batch changes some lines alone."""
    layers = flattened_layers(network)
    tables = [layer for layer in layers if isinstance(layer, keras.layers.Embedding)]
    return [weight for table in tables for weight in table.trainable_weights]


class Program(EpochProgram):
    """A private twin of a network with its training epoch traced as one graph."""

    def _set_up(self, batch_size: int) -> None:
        """Begin without any graph."""
        self.batch_size = batch_size
        self.n_traces = 0
        self._functions: dict[str, Callable] = {}
        if isinstance(self.twin.optimizer, JoinedUpdates):
            self.n_bytes += n_bytes(self.twin.optimizer.wholes)

    def _twin(self, model: keras.Model, data: tuple[Any, ...]) -> keras.Model:
        """Return an equal network; one for sparse rows equals but for rounding."""
        if isinstance(data[0], SparseRows):
            # A step on few values would mostly read and write the kernel, once an operation.
            return twin_of(model, sparse_config(model), {keras.optimizers.Adam: FusedAdam})
        if not joins(model.optimizer):
            return twin_of(model)
        twin = twin_of(model, optimizers=JOINED)
        # What else cannot be joined shows when it is traced, which is then done once more.
        tables = set(map(id, _tables(twin)))
        twin.optimizer.join([v for v in twin.trainable_variables if id(v) not in tables])
        return twin

    def _make_metrics(self, data: tuple[Any, ...]) -> None:
        """Make the twin's metrics, which the graph must reset before they are first used."""
        if len(self.twin.metrics) > 1:
            if isinstance(data[0], SparseRows):
                data = (np.zeros((1, *self.twin.inputs[0].shape[1:]), np.float32), *data[1:])
            self.twin.test_step(keras.tree.map_structure(_empty_row, tuple(data)))

    def trace(
        self,
        data: list[Any],
        weight: np.ndarray,
        held_out: list[tf.Tensor],
        evaluated: tuple[list[Any], int] | None,
    ) -> str | None:
        """Trace what the fit will run, before it begins; return what cannot be, or None.

        Somebody's code may ask for the number of rows, which is open here and not in Keras.
        """
        try:
            self._build([*data, tf.convert_to_tensor(weight)])
            self._training(data, [weight[None], np.zeros((1, 1), np.int32)], held_out, False)
            if evaluated is not None:
                self._evaluation(*evaluated)
        except Exception as error:
            said = str(error).strip().partition("\n")[0]
            return f"its code cannot be traced for any number of rows ({said})"
        return None

    def fixed(self, X: tf.Tensor) -> tf.Tensor:
        """Return what fixed layers make of inputs, block by block."""

        def call(X):
            return self._fixed(X, training=False)

        function = self._function(call, [_spec(X)])
        starts = range(0, max(len(X), 1), FIXED_ROWS)
        return tf.concat([function(X[start : start + FIXED_ROWS]) for start in starts], axis=0)

    def judged(self, held_out: list[tf.Tensor]) -> list[tf.Tensor]:
        """Return rows to judge by as they are."""
        return held_out

    def train(
        self,
        data: list[Any],
        weights: list[np.ndarray],
        rows: list[np.ndarray],
        held_out: list[tf.Tensor],
        is_fixed: bool,
        goes_on: bool = False,
        at_once: int = 1,
    ) -> Iterator[tuple[dict[str, Any], tuple[np.ndarray, ...]]]:
        """Train as `EpochProgram.train` says; a graph takes any number of epochs at once."""
        epochs = [np.stack(weights), np.stack(rows).astype(np.int32, copy=False)]
        run = self._training(data, epochs, held_out, is_fixed)
        given = [*keras.tree.flatten(data), *map(tf.convert_to_tensor, epochs), *held_out]
        results = run(tf.constant(goes_on), *given)
        results = keras.tree.map_structure(lambda part: part.numpy(), results)
        for number in range(len(rows)):
            yield keras.tree.map_structure(lambda part: part[number], results)  # noqa: B023 - called at once

    def _training(self, data, epochs, held_out, is_fixed: bool) -> Callable:
        """Return the graph of the training, for arrays or tensors like these."""
        of_data = _specs(list(data))
        n_data = len(keras.tree.flatten(of_data))
        specs = [*(_spec(part, 2) for part in epochs), *map(_spec, held_out)]
        network = self._rest if is_fixed else self.twin

        def train(goes_on, *given):
            X, y = keras.tree.pack_sequence_as(of_data, given[:n_data])
            return self._epochs(network, goes_on, X, y, *given[n_data:])

        flat = [tf.TensorSpec((), tf.bool), *keras.tree.flatten(of_data), *specs]
        while True:
            try:
                return self._function(train, flat, of_data, is_fixed)
            except NotJoinable as error:
                with variables_alike():
                    network.optimizer.join(error.others)

    def _epochs(self, network, goes_on, X, y, sample_weight, rows, *held_out):
        """Train for the epochs that ``rows`` has lines; stack what each of them returns."""
        self.n_traces += 1
        n_epochs = tf.shape(rows)[0]
        # Values are of no use here, but a loop must know before its first turn what it returns.
        metrics = network.get_metrics_result()
        results = keras.tree.flatten(metrics)
        dtypes = [part.dtype for part in results] + 2 * [keras.config.floatx()] * bool(held_out)

        def epoch(number, *arrays):
            _reset_metrics(network, goes_on)
            results = self._epoch(network, X, y, sample_weight[number], rows[number], *held_out)
            written = zip(arrays, keras.tree.flatten(results), strict=True)
            return number + 1, *(array.write(number, part) for array, part in written)

        arrays = [tf.TensorArray(dtype, n_epochs) for dtype in dtypes]
        with as_one(network.optimizer):
            _, *arrays = tf.while_loop(
                lambda number, *_: number < n_epochs, epoch, [0, *arrays], parallel_iterations=1
            )
        stacked = [array.stack() for array in arrays]
        n_metrics = len(results)
        named = keras.tree.pack_sequence_as(metrics, stacked[:n_metrics])
        return named, tuple(stacked[n_metrics:])

    def _epoch(self, network, X, y, sample_weight, rows, *held_out):
        """Train on the given rows, batch after batch; return metrics and held-out outputs."""

        def step(start, stop):
            batch = rows[start:stop]
            weight = sample_weight[start:stop]
            if isinstance(X, SparseRows):
                # They are gathered in the order of the epoch.
                inputs = as_input(X, network, start, stop)
            else:
                inputs = keras.tree.map_structure(lambda part: tf.gather(part, batch), X)
            network.train_step((inputs, tf.gather(y, batch), weight))

        _each_batch(step, tf.shape(rows)[0], self.batch_size)
        metrics = network.get_metrics_result()
        if not held_out:
            return metrics, ()
        with with_averages(network):
            judged = outputs_and_loss(network, *held_out)
        # Layers of half precision give as much.
        return metrics, tuple(tf.cast(part, keras.config.floatx()) for part in judged)

    def evaluate(
        self, data: list[Any], batch_size: int, goes_on: bool = False
    ) -> dict[str, tf.Tensor]:
        """Return the metrics of held-out rows as `EpochProgram.evaluate` says."""
        run = self._evaluation(data, batch_size)
        return run(tf.constant(goes_on), *keras.tree.flatten(data))

    def _evaluation(self, data: list[Any], batch_size: int) -> Callable:
        """Return the graph of the evaluation, for tensors like these."""
        specs = _specs(list(data))

        def evaluate(goes_on, *given):
            data = tuple(keras.tree.pack_sequence_as(specs, given))
            _reset_metrics(self.twin, goes_on)
            _each_batch(
                lambda start, stop: self.twin.test_step(
                    keras.tree.map_structure(lambda part: part[start:stop], data)
                ),
                tf.shape(given[0])[0],
                batch_size,
            )
            return self.twin.get_metrics_result()

        flat = [tf.TensorSpec((), tf.bool), *keras.tree.flatten(specs)]
        return self._function(evaluate, flat, specs, batch_size)

    def _function(self, function: Callable, specs: list[tf.TensorSpec], *further: Any) -> Callable:
        """Return a function traced for tensors of such specifications, and whatever it uses."""
        key = repr((function.__name__, specs, further))
        # Traced once and apart; a call that traces makes TensorFlow warn of too many.
        if key not in self._functions:
            traced = tf.function(function, autograph=False)
            self._functions[key] = traced.get_concrete_function(*specs)
        return self._functions[key]


class OwnProgram(OwnNetwork, Program):
    """A network itself, which no configuration tells, with its training epoch as one graph."""
