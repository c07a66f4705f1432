"""Traced training programs, kept for the next fit of an equal network."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn.training.cache import TRAINING, n_bytes
from imbalanced_nn.training.fingerprint import compiled_metrics, training_key
from imbalanced_nn.training.held_out import outputs_and_loss
from imbalanced_nn.training.process import seeded
from imbalanced_nn.training.variables import read, variables_alike

__all__ = ["Program", "borrowed_program", "twin_of"]

# Seconds; about two traces, beyond which waiting gains nothing.
LONGEST_WAIT = 2.0


def twin_of(model: keras.Model) -> keras.Model:
    """Return an equal network, compiled alike, that shares nothing with the given one."""
    twin = type(model).from_config(model.get_config())
    optimizer, loss = model.optimizer, model.loss
    if isinstance(loss, keras.losses.Loss):
        loss = type(loss).from_config(loss.get_config())
    optimizer = type(optimizer).from_config(optimizer.get_config())
    metrics = {
        kind: keras.saving.deserialize_keras_object(given)
        for kind, given in compiled_metrics(model).items()
    }
    twin.compile(optimizer=optimizer, loss=loss, **metrics)
    twin.optimizer.build(twin.trainable_variables)
    return twin


def _each_batch(step: Callable, n_rows: tf.Tensor, batch_size: int) -> None:
    """Run a step for the bounds of each batch, one after the other, in the graph being traced."""

    def body(start):
        step(start, tf.minimum(start + batch_size, n_rows))
        return [start + batch_size]

    tf.while_loop(lambda start: start < n_rows, body, [0], parallel_iterations=1)


def _spec(tensor: Any, n_free: int = 1) -> tf.TensorSpec:
    """The type of an array or tensor and its shape, but for the lengths of its first axes."""
    return tf.TensorSpec((*[None] * n_free, *tensor.shape[n_free:]), tensor.dtype)


class Program:
    """A private twin of a network with its training epoch traced as one graph.

    Parameters
    ----------
    model : keras.Model
        Compiled; the twin is made from its configuration and shares nothing with it.
    batch_size : int
        Rows in a batch; the last one of an epoch may be smaller.
    data : tuple of ndarray
        X, y and the weights of an epoch's rows, for their types and shapes.
    """

    def __init__(self, model: keras.Model, batch_size: int, data: tuple[np.ndarray, ...]):
        # Making a network takes numbers from Python's global generator.
        with seeded(0), variables_alike():
            self.twin = twin_of(model)
            if len(self.twin.metrics) > 1:
                # Metrics are made when first used; the graph must reset them before that.
                row = [tf.zeros((1, *part.shape[1:]), part.dtype) for part in data]
                self.twin.test_step(tuple(row))
        slots = self.twin.optimizer.variables
        self.fresh_slots = [read(slot) for slot in slots]
        self.n_bytes = n_bytes(self.twin.variables + 2 * slots)
        self.lock = threading.Lock()
        self._batch_size = batch_size
        self.n_traces = 0
        self._functions: dict[str, Callable] = {}

    def train(
        self,
        data: list[tf.Tensor],
        weights: list[np.ndarray],
        rows: list[np.ndarray],
        held_out: list[tf.Tensor],
    ) -> Iterator[tuple[dict[str, Any], tuple[np.ndarray, ...]]]:
        """Train in one call for one or several epochs on the same data.

        Parameters
        ----------
        data : list of tf.Tensor
            X and y.
        weights, rows : list of ndarray
            For each epoch the numbers of its rows in their order, and their weights.
        held_out : list of tf.Tensor
            Inputs, targets and weights of rows to judge by after each epoch, or nothing.

        Yields
        ------
        dict
            Metrics of an epoch.
        tuple of ndarray
            Outputs and loss of the held-out rows after it, empty without any.
        """
        epochs = [np.stack(weights), np.stack(rows).astype(np.int32, copy=False)]
        specs = [*map(_spec, data), *(_spec(part, 2) for part in epochs), *map(_spec, held_out)]
        epochs = map(tf.convert_to_tensor, epochs)
        results = self._function(self._epochs, specs)(*data, *epochs, *held_out)
        results = keras.tree.map_structure(lambda part: part.numpy(), results)
        for number in range(len(rows)):
            yield keras.tree.map_structure(lambda part: part[number], results)  # noqa: B023

    def _epochs(self, X, y, sample_weight, rows, *held_out):
        """Train for the epochs that ``rows`` has lines; stack what each of them returns."""
        self.n_traces += 1
        n_epochs = tf.shape(rows)[0]
        # Values are of no use here, but a loop must know before its first turn what it returns.
        metrics = self.twin.get_metrics_result()
        results = keras.tree.flatten(metrics)
        dtypes = [part.dtype for part in results] + 2 * [keras.config.floatx()] * bool(held_out)

        def epoch(number, *arrays):
            results = self._epoch(X, y, sample_weight[number], rows[number], *held_out)
            written = zip(arrays, keras.tree.flatten(results), strict=True)
            return number + 1, *(array.write(number, part) for array, part in written)

        arrays = [tf.TensorArray(dtype, n_epochs) for dtype in dtypes]
        _, *arrays = tf.while_loop(
            lambda number, *_: number < n_epochs, epoch, [0, *arrays], parallel_iterations=1
        )
        stacked = [array.stack() for array in arrays]
        n_metrics = len(results)
        named = keras.tree.pack_sequence_as(metrics, stacked[:n_metrics])
        return named, tuple(stacked[n_metrics:])

    def _epoch(self, X, y, sample_weight, rows, *held_out):
        """Train on the given rows, batch after batch; return metrics and held-out outputs."""
        self.twin.reset_metrics()

        def step(start, stop):
            batch = rows[start:stop]
            weight = sample_weight[start:stop]
            self.twin.train_step((tf.gather(X, batch), tf.gather(y, batch), weight))

        _each_batch(step, tf.shape(rows)[0], self._batch_size)
        metrics = self.twin.get_metrics_result()
        return metrics, outputs_and_loss(self.twin, *held_out) if held_out else ()

    def evaluate(self, tensors: list[tf.Tensor], batch_size: int) -> dict[str, tf.Tensor]:
        """Return the metrics of held-out inputs, targets and weights, as ``Model.evaluate``."""

        def evaluate(*tensors):
            self.twin.reset_metrics()
            _each_batch(
                lambda start, stop: self.twin.test_step(
                    tuple(part[start:stop] for part in tensors)
                ),
                tf.shape(tensors[0])[0],
                batch_size,
            )
            return self.twin.get_metrics_result()

        return self._function(evaluate, list(map(_spec, tensors)), batch_size)(*tensors)

    def _function(self, function: Callable, specs: list[tf.TensorSpec], *further: Any) -> Callable:
        """Return a function traced for tensors of such specifications, and whatever it uses."""
        key = repr((function.__name__, specs, further))
        # Traced once and apart; a call that traces makes TensorFlow warn of too many.
        if key not in self._functions:
            traced = tf.function(function, autograph=False)
            self._functions[key] = traced.get_concrete_function(*specs)
        return self._functions[key]


@contextmanager
def borrowed_program(
    model: keras.Model, batch_size: int, data: tuple[np.ndarray, ...]
) -> Iterator[Program]:
    """Hold the program of an equal network, a new one if there is none, for one fit.

    Whoever waited for long gets a program of its own, the price of one trace. Fits in two threads
    could wait for one another for ever: each in a callback, or in a build that a callback of the
    other waits for.
    """

    def make():
        return Program(model, batch_size, data)

    program = TRAINING.get(training_key(model, batch_size, data), make)
    if not program.lock.acquire(timeout=LONGEST_WAIT):
        yield make()
        return
    try:
        yield program
    finally:
        program.lock.release()
