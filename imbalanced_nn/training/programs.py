"""Traced training programs, kept for the next fit of an equal network."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn.training.cache import TRAINING, n_bytes
from imbalanced_nn.training.keys import compiled_metrics, training_key
from imbalanced_nn.training.seeds import seeded
from imbalanced_nn.training.variables import variables_alike

__all__ = ["Program", "program_for", "twin_of"]


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
        self.n_bytes = n_bytes(self.twin.variables + self.twin.optimizer.variables)
        self._lock = threading.Lock()
        self._owner: int | None = None
        signature = [tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in data]
        signature.append(tf.TensorSpec((None,), tf.int32))
        self._batch_size = batch_size
        self.n_traces = 0
        self._evaluations: dict[str, Callable] = {}
        # Traced here and once; a call that traces makes TensorFlow warn of too many.
        self.run_epoch = tf.function(self._epoch, autograph=False).get_concrete_function(*signature)

    def _epoch(self, X, y, sample_weight, rows):
        """Train on the given rows, batch after batch; return the metrics of the epoch."""
        self.n_traces += 1
        self.twin.reset_metrics()

        def step(start, stop):
            batch = rows[start:stop]
            weight = sample_weight[start:stop]
            self.twin.train_step((tf.gather(X, batch), tf.gather(y, batch), weight))

        _each_batch(step, tf.shape(rows)[0], self._batch_size)
        return self.twin.get_metrics_result()

    def evaluate(self, tensors: list[tf.Tensor], batch_size: int) -> dict[str, tf.Tensor]:
        """Return the metrics of held-out inputs, targets and weights, as ``Model.evaluate``."""
        specs = [tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in tensors]
        key = repr((specs, batch_size))
        if key not in self._evaluations:

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

            traced = tf.function(evaluate, autograph=False).get_concrete_function(*specs)
            self._evaluations[key] = traced
        return self._evaluations[key](*tensors)

    @contextmanager
    def borrowed(self) -> Iterator[bool]:
        """Hold the program for one fit; yields False to a fit inside a fit of the same thread."""
        if self._owner == threading.get_ident():
            yield False
            return
        with self._lock:
            self._owner = threading.get_ident()
            try:
                yield True
            finally:
                self._owner = None


def program_for(model: keras.Model, batch_size: int, data: tuple[np.ndarray, ...]) -> Program:
    """Return the program of an equal network if there is one, else a new one."""
    key = training_key(model, batch_size, data)
    return TRAINING.get(key, lambda: Program(model, batch_size, data))
