"""Training with whole epochs in one graph, where that is the same as ``Model.fit``."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn.rows import StackedRows
from imbalanced_nn.training.batches import RowBatches, as_network_input
from imbalanced_nn.training.callbacks import DeferredReweighting, HeldOutMonitor
from imbalanced_nn.training.programs import program_for
from imbalanced_nn.training.variables import variables_alike

__all__ = ["GraphTrainer"]


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

    def fit(self, x: RowBatches, y=None, *, epochs, initial_epoch, callbacks, **_):
        """Train as ``Model.fit`` does with the same batches; return its ``History``."""
        model, batches = self._model, x
        data = (*_as_arrays(batches), batches.epoch_weight())
        if not model.optimizer.built:
            with variables_alike():
                model.optimizer.build(model.trainable_variables)
        program = program_for(model, batches.batch_size, data)
        with program.borrowed() as free:
            if not free:
                return model.fit(
                    x=batches,
                    epochs=epochs,
                    initial_epoch=initial_epoch,
                    callbacks=callbacks,
                    shuffle=False,
                    verbose=0,
                )
            program.copy_from(model)
            return self._run(program, batches, data[:2], epochs, initial_epoch, callbacks)

    def _run(self, program, batches, data, epochs, initial_epoch, callbacks):
        """Run the epochs on the program's twin, with the callbacks around them."""
        model, twin = self._model, program.twin
        own = (HeldOutMonitor, DeferredReweighting)
        users = [c for c in keras.tree.flatten(callbacks) if not isinstance(c, own)]
        for callback in callbacks:
            if isinstance(callback, HeldOutMonitor):
                callback.twin = twin
        watched = keras.callbacks.CallbackList(
            callbacks, add_history=True, model=model, epochs=epochs, steps=len(batches), verbose=0
        )
        if not users:
            # Nobody looks at the user's network before the end; the monitor may use the twin.
            for callback in callbacks:
                callback.set_model(twin)
        source, tensors = batches.X, [tf.convert_to_tensor(part) for part in data]
        del data
        model.stop_training = twin.stop_training = False
        watched.on_train_begin()
        logs: dict[str, float] = {}
        for epoch in range(initial_epoch, epochs):
            watched.on_epoch_begin(epoch)
            if users:
                program.copy_from(model)
            batches.on_epoch_begin()
            if batches.X is not source:
                # Other synthetic rows stand behind the data.
                source = batches.X
                tensors = [tf.convert_to_tensor(part) for part in _as_arrays(batches)]
            result = program.run_epoch(
                *tensors, batches.epoch_weight(), tf.constant(batches.rows, tf.int32)
            )
            logs = {name: float(value) for name, value in result.items()}
            if users:
                program.copy_to(model)
            watched.on_epoch_end(epoch, logs)
            if model.stop_training or twin.stop_training:
                break
        holder = model if users else twin
        if epochs > initial_epoch:
            holder.optimizer.finalize_variable_values(holder.trainable_weights)
        watched.on_train_end(logs)
        if not users:
            program.copy_to(model)
        return model.history
