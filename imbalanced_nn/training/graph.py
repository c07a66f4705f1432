"""Training with whole epochs in one graph, where that is the same as ``Model.fit``."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras.callbacks import LambdaCallback

from imbalanced_nn._compat.keras import build_compiled_metrics, given_metrics, metric_of_compile
from imbalanced_nn.training.announcements import OWN, Announcements
from imbalanced_nn.training.backends import tensors
from imbalanced_nn.training.batches import RowBatches
from imbalanced_nn.training.callbacks import DeferredReweighting, HeldOutMonitor
from imbalanced_nn.training.extended_optimizer import put_off_slots
from imbalanced_nn.training.feed import Feed
from imbalanced_nn.training.global_draws import layer_classes
from imbalanced_nn.training.own_code import is_known
from imbalanced_nn.training.process import seeded
from imbalanced_nn.training.programs import borrowed_program
from imbalanced_nn.training.side_by_side import SideBySide
from imbalanced_nn.training.sparse_rows import stays_sparse
from imbalanced_nn.training.twins import shared_by, twin_of
from imbalanced_nn.training.variables import EqualVariables, SameVariables

__all__ = ["GraphTrainer", "ready_for_keras"]

STEPS_AT_ONCE, ROWS_AT_ONCE = 64, 2**17


def ready_for_keras(
    model: keras.Model, batches: RowBatches, callbacks: Iterable[keras.callbacks.Callback] = ()
) -> None:
    """Let ``Model.fit`` train on the batches from the first one on, by the loss as it is.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    batches : RowBatches
        What it is to be trained on.
    callbacks : iterable of keras.callbacks.Callback, default=()
        Those that have not yet been told that the training begins.
    """
    if _is_settled(model, callbacks):
        # TensorFlow would trace a step once to make these variables, and once to use them.
        with tensors.variables_alike():
            model.optimizer.build(model.trainable_variables)
    if tensors.PEEKS:
        # Else a batch would be taken, and with it the order of an epoch.
        build_compiled_metrics(model, batches[0])
    if getattr(model.loss, "statistics", None):
        # An earlier fit may have compiled them into its steps.
        tensors.forget_traces(model)


def _is_settled(model: keras.Model, callbacks: Iterable[keras.callbacks.Callback]) -> bool:
    """Whether it is known which variables an optimizer that is not built is going to train."""
    optimizer = model.optimizer
    if not model.built or optimizer.built or tensors.is_distributed(model):
        return False
    # A LambdaCallback is Keras' class with anybody's code.
    own = [c for c in callbacks if not is_known(type(c)) or isinstance(c, LambdaCallback)]
    return is_known(type(optimizer)) and not own


class GraphTrainer:
    """Stands in for a network in a call of ``fit``.

    Parameters
    ----------
    model : keras.Model
        Compiled network, for which `unsuitable` returned None.
    decide : callable
        Called with a reason against a graph, or None, when the callbacks have been told that the
        training begins. It returns whether the network is trained in one all the same; where it
        is not, ``Model.fit`` goes on.
    together : SideBySide or None, default=None
        Trains the epochs of several networks, of which this is one.
    """

    def __init__(
        self,
        model: keras.Model,
        decide: Callable[[str | None], bool],
        together: SideBySide | None = None,
    ):
        vars(self).update(_model=model, _decide=decide, _together=together)

    def __getattr__(self, name: str) -> Any:
        # A callback may use the estimator, and so this in place of the network.
        return getattr(self._model, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._model, name, value)

    @property
    def network(self) -> keras.Model:
        """The network that this stands for."""
        return vars(self)["_model"]

    def equal_network(self, current: keras.Model) -> keras.Model | None:
        """Return a copy of the network, with the values of an equal one, that shares nothing.

        None where no configuration tells all of the network.
        """
        if shared_by(self._model) is None:
            return None
        with seeded(0, *layer_classes(self._model)), tensors.variables_alike():
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
        **further,
    ) -> keras.callbacks.History:
        """Train as ``Model.fit`` does with the same batches; return its ``History``."""
        model = self._model
        told = Announcements(callbacks, model, epochs, len(x), further.get("verbose", 0))
        model.stop_training = False
        start, reason = initial_epoch, None
        if told.to_users:
            start, reason = told.begin(initial_epoch, epochs)
        if not told.to_users or self._decide(reason):
            x.stays_sparse = stays_sparse(model, x.X)
            # Of blocks, the first tells how the others are.
            data = x.whole() if x.is_whole else next(x.blocks(rows=x.rows))
            weight = x.epoch_weight()[: len(data[1])]
            with borrowed_program(model, x.batch_size, (*data[:2], weight)) as program:
                together = vars(self)["_together"]
                if together is not None and not together.load(program):
                    together = None
                fit = _Fit(model, program, x, data[:2], validation_data, together)
                start, reason = fit.run(start, epochs, told)
            if reason is None:
                return model.history
            self._decide(reason)
        for callback in callbacks:
            if isinstance(callback, HeldOutMonitor):
                callback.twin = None
            if isinstance(callback, DeferredReweighting):
                callback.by_keras = True
            if isinstance(callback, OWN):
                callback.set_model(model)
        told.stops = model.stop_training
        ready_for_keras(model, x)
        return model.fit(
            x,
            epochs=epochs,
            initial_epoch=start,
            callbacks=told,
            validation_data=validation_data,
            **further,
        )


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
    data : tuple
        Inputs and targets of ``batches``, all of them or the first block.
    held_out : RowBatches or None
        Rows whose metrics are logged after each epoch.
    together : SideBySide or None, default=None
        Trains the network's epochs along with those of others.
    """

    def __init__(self, model, program, batches, data, held_out, together=None):
        self.model, self.program, self.batches = model, program, batches
        self._together = together
        self._feed = Feed(program, batches, data) if together is None else together.feed(model)
        self._names = _log_names(program.twin, model)
        self._watched: Any = None
        self._held_out = held_out

    def run(self, start, epochs, told):
        """Run the epochs on the program's twin, with the callbacks around them.

        Returns
        -------
        int
            The epoch from which on ``Model.fit`` has to train.
        str or None
            Why it has to; None where all epochs are trained.
        """
        model, twin, users = self.model, self.program.twin, told.to_users
        try:
            variables = self.program.pair_with(model)
        except ValueError:
            return start, "the network is not as its configuration tells"
        for callback in told.callbacks:
            if isinstance(callback, HeldOutMonitor):
                callback.twin, self._watched = twin, callback.held_out
            if isinstance(callback, DeferredReweighting):
                callback.by_keras = False
            if not users and isinstance(callback, OWN):
                # Nobody looks at the user's network before the end.
                callback.set_model(twin)
        twin.stop_training = False
        feed = self._feed
        if self._together is None:
            feed.judge(self._watched)
        if self.program.has_own_code:
            evaluated = None
            if (held_out := self._held_out) is not None:
                evaluated = (
                    list(map(tensors.as_tensors, next(held_out.blocks()))),
                    held_out.batch_size,
                )
            weight = self.batches.epoch_weight()
            if reason := self.program.trace(feed.tensors, weight, feed.judged, evaluated):
                return start, reason
        variables.to_second()
        if self._can_fix and not users and not feed.is_fixed:
            # Nobody changes what comes before the first trained layer.
            feed.fix()
        if users:
            # They may look at the optimizer and at the metrics.
            variables.build_first_optimizer()
            self._build_metrics()
            variables.pair_metrics()
        told.on_train_begin()
        logs: dict[str, Any] = {}
        results = self._epochs(epochs - start, self._epochs_at_once(told))
        for epoch in range(start, epochs):
            if users:
                model.reset_metrics()
            told.on_epoch_begin(epoch)
            if users:
                if reason := told.compiled_anew():
                    return epoch, reason
                variables.to_second()
            n_batches = 1 if model.stop_training else len(self.batches)
            logs = next(results)
            if users:
                variables.to_first()
                told.tell_of_batches(n_batches, "train")
            if self._held_out is not None:
                logs |= self._evaluated(told, variables)
            told.check_loss(logs)
            told.on_epoch_end(epoch, logs)
            if model.stop_training or twin.stop_training:
                break
        holder = model if users else twin
        if epochs > start:
            holder.optimizer.finalize_variable_values(holder.trainable_weights)
        told.on_train_end(logs)
        if not users:
            variables.to_first()
            if not model.optimizer.built:
                put_off_slots(model, variables.slots())
        return epochs, None

    @property
    def _can_fix(self) -> bool:
        """Whether what comes before the first trained layer can be computed once for all."""
        program = self.program
        plain = self.batches.is_whole and tensors.is_tensor(self._feed.tensors[0])
        alone = self._held_out is None and not program.has_own_code
        return plain and alone and program.has_fixed

    def _build_metrics(self):
        """Make the network's own metrics as Keras does when it traces its first batch."""
        metrics = metric_of_compile(self.model)
        if metrics is not None and not metrics.built:
            given = tensors.as_tensors(self.batches.first_row())
            data = (given, *self._feed.tensors[1:], self.batches.epoch_weight())
            row = keras.tree.map_structure(lambda part: part[:1], data)
            with tensors.variables_alike():
                build_compiled_metrics(self.model, row)

    def _epochs_at_once(self, told: Announcements) -> int:
        """Return how many epochs one call may train: as many as nobody looks between.

        A call costs half a millisecond before its first step. More than a few steps gain nothing
        by it, and would only keep an interrupt waiting.
        """
        own = [c for c in told.callbacks if isinstance(c, OWN)]
        alone = all(isinstance(c, HeldOutMonitor) and c.only_logs for c in own)
        alone = alone and not told.to_users and (self._watched is None or self._watched.tensors)
        one_set = self.batches.is_whole and self.batches.keeps_data
        if not alone or self._held_out is not None or not one_set:
            return 1
        n_rows = max(len(self.batches.rows), 1)
        return max(1, min(STEPS_AT_ONCE // len(self.batches), ROWS_AT_ONCE // n_rows))

    def _epochs(self, n_epochs: int, at_once: int) -> Iterator[dict[str, Any]]:
        """Train for so many epochs; yield for each what Keras would log."""
        if not self.batches.is_whole:
            for _ in range(n_epochs):
                yield self._named(self._epoch_by_blocks())
            return
        judge, feed = self._watched, self._feed
        if self._together is not None and self._together.is_shared:
            results = self._together.epochs(self.model, self.program, n_epochs, at_once)
        else:
            results = self._alone(n_epochs, at_once)
        for result, outputs in results:
            if feed.judged:
                judge.ready = outputs
            yield self._named(result)

    def _alone(self, n_epochs: int, at_once: int) -> Iterator[tuple[Any, Any]]:
        """Train for so many epochs in calls of some of them; yield what each returns."""
        feed = self._feed
        for start in range(0, n_epochs, at_once):
            n = min(at_once, n_epochs - start)
            # Keras looks after each batch whether to stop.
            drawn = [feed.draw(one_batch=self.model.stop_training) for _ in range(n)]
            weights, rows = zip(*drawn, strict=True)
            yield from self.program.train(
                feed.tensors, weights, rows, feed.judged, feed.is_fixed, at_once=at_once
            )

    def _epoch_by_blocks(self) -> dict[str, Any]:
        """Train for one epoch on rows that are gathered block by block; return its metrics."""
        batches, result = self.batches, {}
        batches.on_epoch_begin()
        rows = batches.rows[: batches.batch_size] if self.model.stop_training else batches.rows
        for number, (X, y, weight) in enumerate(batches.blocks(rows=rows)):
            data, rows = list(map(tensors.as_data, (X, y))), np.arange(len(y))
            calls = self.program.train(data, [weight], [rows], [], False, goes_on=number > 0)
            ((result, _),) = calls
        return result

    def _evaluated(
        self, told: Announcements, variables: EqualVariables | SameVariables
    ) -> dict[str, Any]:
        """Return the metrics of the held-out rows, with what callbacks do around them."""
        held_out, result = self._held_out, {}
        told.on_test_begin()
        if told.to_users:
            variables.to_second()
        for number, block in enumerate(held_out.blocks()):
            data = list(map(tensors.as_tensors, block))
            result = self.program.evaluate(data, held_out.batch_size, goes_on=number > 0)
        if told.to_users:
            variables.to_first()
        logs = self._named(result)
        told.tell_of_batches(len(held_out), "test")
        told.on_test_end(logs)
        if told.to_users:
            # Ours judge the other network.
            variables.to_second()
        return {f"val_{name}": value for name, value in logs.items()}

    def _named(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return metrics, numbers or arrays, under the names of the user's network."""
        named: dict[str, Any] = {}
        for name, value in result.items():
            if isinstance(value, dict):
                # A metric may have several results.
                named |= self._named(value)
            else:
                number = np.asarray(value) if np.ndim(value) else float(value)
                named[self._names.get(name, name)] = number
        return named


def _log_names(twin: keras.Model, model: keras.Model) -> dict[str, str]:
    """Map the names of the twin's metrics to the network's: Keras numbers unnamed ones on."""
    if metric_of_compile(twin) is None:
        return {}
    parts = given_metrics(twin), given_metrics(model)
    pairs = zip(*map(keras.tree.flatten, parts), strict=True)
    return {a.name: b.name for a, b in pairs if isinstance(a, keras.metrics.Metric)}
