"""Traced training programs, kept for the next fit of an equal network."""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn.training.seeds import seeded
from imbalanced_nn.training.variables import copy_variables, variables_alike

__all__ = ["Program", "clear_programs", "program_for", "program_key"]

MAX_PROGRAMS = 16

_PROGRAMS: OrderedDict[str, "Program"] = OrderedDict()
_LOOKUP = threading.Lock()


def program_key(model: keras.Model, batch_size: int, data: tuple[np.ndarray, ...]) -> str:
    """Return what the traced computation depends on, as text.

    Layer names are numbered in order of appearance: Keras counts them on through the process,
    and they shape nothing. The configurations of network, optimizer and loss hold the rest,
    because `unsuitable` has refused whatever a configuration does not tell.
    """
    loss = model.loss if isinstance(model.loss, str) else _loss_structure(model.loss)
    optimizer = _config(model.optimizer)
    optimizer["config"] = {k: v for k, v in optimizer["config"].items() if k != "name"}
    shapes = [(part.dtype.name, part.shape[1:]) for part in data]
    network = _number_names(_config(model), {})
    parts = [network, optimizer, loss, shapes, batch_size, keras.config.floatx()]
    return json.dumps(parts, sort_keys=True)


def _loss_structure(loss: keras.losses.Loss) -> Any:
    """Serialise a loss; what it learns from each fold's rows is copied and shapes nothing."""
    if not hasattr(loss, "structure"):
        return _config(loss)
    return [type(loss).__name__, loss.structure()]


def _config(obj: Any) -> Any:
    """Serialise a Keras object."""
    return keras.saving.serialize_keras_object(obj)


def _number_names(config: Any, numbers: dict[str, str]) -> Any:
    """Replace the names of layers in a network's configuration by their order of appearance."""

    def number(name: str) -> str:
        return numbers.setdefault(name, f"#{len(numbers)}")

    if isinstance(config, dict):
        # Keras' own compile and build records repeat what the key holds already.
        kept = {k: v for k, v in config.items() if k not in ("compile_config", "build_config")}
        return {
            key: number(value)
            if key == "name" and isinstance(value, str)
            else _number_history(value, number)
            if key in ("keras_history", "input_layers", "output_layers")
            else _number_names(value, numbers)
            for key, value in kept.items()
        }
    if isinstance(config, list | tuple):
        return [_number_names(member, numbers) for member in config]
    return config


def _number_history(value: Any, number: Any) -> Any:
    """Number the layer names in references such as ``["dense_3", 0, 0]``."""
    if isinstance(value, str):
        return number(value)
    if isinstance(value, list | tuple):
        return [_number_history(member, number) for member in value]
    return value


def _twin(model: keras.Model) -> keras.Model:
    """Return an equal network, compiled alike, that shares nothing with the given one."""
    twin = type(model).from_config(model.get_config())
    optimizer, loss = model.optimizer, model.loss
    if isinstance(loss, keras.losses.Loss):
        loss = type(loss).from_config(loss.get_config())
    twin.compile(optimizer=type(optimizer).from_config(optimizer.get_config()), loss=loss)
    twin.optimizer.build(twin.trainable_variables)
    return twin


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
            self.twin = _twin(model)
        self._lock = threading.Lock()
        self._owner: int | None = None
        signature = [tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in data]
        signature.append(tf.TensorSpec((None,), tf.int32))
        self._batch_size = batch_size
        self.n_traces = 0
        # Traced here and once; a call that traces makes TensorFlow warn of too many.
        self.run_epoch = tf.function(self._epoch, autograph=False).get_concrete_function(*signature)

    def _epoch(self, X, y, sample_weight, rows):
        """Train on the given rows, batch after batch; return the metrics of the epoch."""
        self.n_traces += 1
        n, size = tf.shape(rows)[0], self._batch_size
        self.twin.reset_metrics()

        def step(start):
            stop = tf.minimum(start + size, n)
            batch = rows[start:stop]
            self.twin.train_step(
                (tf.gather(X, batch), tf.gather(y, batch), sample_weight[start:stop])
            )
            return [start + size]

        tf.while_loop(lambda start: start < n, step, [0], parallel_iterations=1)
        return self.twin.get_metrics_result()

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

    def copy_from(self, model: keras.Model) -> None:
        """Take over weights, states of random layers and the optimizer's state."""
        copy_variables(model, self.twin)

    def copy_to(self, model: keras.Model) -> None:
        """Hand them back."""
        copy_variables(self.twin, model)


def program_for(model: keras.Model, batch_size: int, data: tuple[np.ndarray, ...]) -> Program:
    """Return the program of an equal network if there is one, else a new one."""
    key = program_key(model, batch_size, data)
    with _LOOKUP:
        program = _PROGRAMS.get(key)
    if program is None:
        # Made outside the lock: making it waits for builds, and a build may wait for the lock.
        made = Program(model, batch_size, data)
    with _LOOKUP:
        program = program or _PROGRAMS.setdefault(key, made)
        _PROGRAMS[key] = program
        _PROGRAMS.move_to_end(key)
        while len(_PROGRAMS) > MAX_PROGRAMS:
            _PROGRAMS.popitem(last=False)
    return program


def clear_programs() -> None:
    """Forget every traced program and free its memory.

    Examples
    --------
    >>> from imbalanced_nn.training import clear_programs
    >>> clear_programs()
    """
    with _LOOKUP:
        _PROGRAMS.clear()
