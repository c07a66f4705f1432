"""Training with whole epochs in one graph, where that is the same as ``Model.fit``."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn.rows import StackedRows
from imbalanced_nn.training.batches import RowBatches, as_network_input
from imbalanced_nn.training.callbacks import DeferredReweighting, EpochTasks, HeldOutMonitor
from imbalanced_nn.training.late_optimizer import LateVariables
from imbalanced_nn.training.programs import borrowed_program, twin_of
from imbalanced_nn.training.seeds import seeded
from imbalanced_nn.training.variables import EqualVariables, variables_alike

__all__ = ["GraphTrainer"]


# Callbacks of ours; they can do with an equal network in place of the user's.
OWN = (HeldOutMonitor, DeferredReweighting, EpochTasks)

STEPS_AT_ONCE, ROWS_AT_ONCE = 64, 2**17


def _as_arrays(batches: RowBatches) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets as one array each."""
    X = batches.X
    X = np.asarray(X) if isinstance(X, StackedRows) else X
    return as_network_input(X), np.asarray(batches.y)


class GraphTrainer:
    """Stands in for a network in a call of ``fit``.

    Parameters
    ----------
    model : keras.Model
        Compiled network, for which `unsuitable` returned None.
    """

    def __init__(self, model: keras.Model):
        self._model = model

    def __getattr__(self, name: str) -> Any:
        # A callback may use the estimator, and so this in place of the network.
        return getattr(self._model, name)

    def equal_network(self, current: keras.Model) -> keras.Model:
        """Return a copy of the network, with the values of an equal one, that shares nothing."""
        # Making a network takes numbers from Python's global generator.
        with seeded(0), variables_alike():
            twin = twin_of(self._model)
        EqualVariables(current, twin, []).to_second()
        return twin

    def fit(
        self,
        x: RowBatches,
        y=None,
        *,
        epochs: int,
        initial_epoch: int,
        callbacks: list[keras.callbacks.Callback],
        validation_data: RowBatches | None = None,
        **_,
    ) -> keras.callbacks.History:
        """Train as ``Model.fit`` does with the same batches; return its ``History``."""
        model, batches = self._model, x
        data = (*_as_arrays(batches), batches.epoch_weight())
        with borrowed_program(model, batches.batch_size, data) as program:
            fit = _Fit(model, program, batches, data[:2], validation_data)
            return fit.run(epochs, initial_epoch, callbacks)


class _Fit:
    """One fit of a network by a program that it holds.

    Parameters
    ----------
    model : keras.Model
        The user's network.
    program : Program
        Borrowed.
    batches : RowBatches
        What to train on.
    data : tuple of ndarray
        Inputs and targets of ``batches`` as one array each.
    held_out : RowBatches or None
        Rows whose metrics are logged after each epoch.
    """

    def __init__(self, model, program, batches, data, held_out):
        self.model, self.program, self.batches = model, program, batches
        self._variables = EqualVariables(model, program.twin, program.fresh_slots)
        self._source = batches.X
        self._tensors = [tf.convert_to_tensor(part) for part in data]
        self._names = _log_names(program.twin, model)
        self._watched, self._held_out = None, None
        if held_out is not None:
            parts = (*_as_arrays(held_out), held_out.epoch_weight())
            chosen = [part[held_out.rows] for part in parts[:2]]
            self._held_out = [tf.convert_to_tensor(part) for part in (*chosen, parts[2])]
            self._held_out_size = held_out.batch_size

    def run(self, epochs, initial_epoch, callbacks):
        """Run the epochs on the program's twin, with the callbacks around them."""
        model, twin, variables = self.model, self.program.twin, self._variables
        users = [c for c in keras.tree.flatten(callbacks) if not isinstance(c, OWN)]
        watched = keras.callbacks.CallbackList(
            callbacks,
            add_history=True,
            model=model,
            epochs=epochs,
            steps=len(self.batches),
            verbose=0,
        )
        for callback in callbacks:
            if isinstance(callback, HeldOutMonitor):
                callback.twin, self._watched = twin, callback.held_out
            if not users:
                # Nobody looks at the user's network before the end.
                callback.set_model(twin)
        model.stop_training = twin.stop_training = False
        variables.to_second()
        if users:
            # They may look at the optimizer.
            variables.build_first_optimizer()
        watched.on_train_begin()
        logs: dict[str, float] = {}
        results = self._epochs(epochs - initial_epoch, self._epochs_at_once(callbacks))
        for epoch in range(initial_epoch, epochs):
            watched.on_epoch_begin(epoch)
            if users:
                variables.to_second()
            logs = next(results)
            if users:
                variables.to_first()
            watched.on_epoch_end(epoch, logs)
            if model.stop_training or twin.stop_training:
                break
        holder = model if users else twin
        if epochs > initial_epoch:
            holder.optimizer.finalize_variable_values(holder.trainable_weights)
        watched.on_train_end(logs)
        if not users:
            variables.to_first()
        if not model.optimizer.built:
            LateVariables(model.optimizer, model.trainable_variables, variables.slots())
        return model.history

    def _epochs_at_once(self, callbacks: list[keras.callbacks.Callback]) -> int:
        """Return how many epochs one call may train: as many as nobody looks between.

        A call costs half a millisecond before its first step. More than a few steps gain nothing
        by it, and would only keep an interrupt waiting.
        """
        alone = all(isinstance(c, HeldOutMonitor) and c.only_logs for c in callbacks)
        alone = alone and (self._watched is None or self._watched.tensors)
        if not alone or self._held_out is not None or not self.batches.keeps_data:
            return 1
        n_rows = max(len(self.batches.rows), 1)
        return max(1, min(STEPS_AT_ONCE // len(self.batches), ROWS_AT_ONCE // n_rows))

    def _epochs(self, n_epochs: int, at_once: int) -> Iterator[dict[str, float]]:
        """Train for so many epochs; yield for each what Keras would log."""
        judge = self._watched
        judged = [] if judge is None else judge.tensors
        for start in range(0, n_epochs, at_once):
            drawn = [self._draw() for _ in range(start, min(start + at_once, n_epochs))]
            weights, rows = zip(*drawn, strict=True)
            for result, outputs in self.program.train(self._tensors, weights, rows, judged):
                if judged:
                    judge.ready = outputs
                yield self._named(result) | self._held_out_logs()

    def _draw(self) -> tuple[np.ndarray, np.ndarray]:
        """Begin an epoch; return the weights and numbers of its rows."""
        batches = self.batches
        batches.on_epoch_begin()
        if batches.X is not self._source:
            # Other synthetic rows stand behind the data.
            self._source = batches.X
            self._tensors = [tf.convert_to_tensor(part) for part in _as_arrays(batches)]
        return batches.epoch_weight(), batches.rows

    def _held_out_logs(self) -> dict[str, float]:
        """Return the metrics of held-out rows where Keras is to compute them."""
        if self._held_out is None:
            return {}
        result = self.program.evaluate(self._held_out, self._held_out_size)
        return {f"val_{name}": value for name, value in self._named(result).items()}

    def _named(self, result: dict[str, Any]) -> dict[str, float]:
        """Return metrics as numbers under the names of the user's network."""
        return {self._names.get(name, name): float(value) for name, value in result.items()}


def _log_names(twin: keras.Model, model: keras.Model) -> dict[str, str]:
    """Map the names of the twin's metrics to the network's: Keras numbers unnamed ones on."""
    if twin._compile_metrics is None:
        return {}
    parts = (
        [m._compile_metrics._user_metrics, m._compile_metrics._user_weighted_metrics]
        for m in (twin, model)
    )
    pairs = zip(*map(keras.tree.flatten, parts), strict=True)
    return {a.name: b.name for a, b in pairs if isinstance(a, keras.metrics.Metric)}
