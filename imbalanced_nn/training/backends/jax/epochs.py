"""Whole epochs as one program that JAX compiles, from values to values."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from imbalanced_nn._compat.keras import (
    build_compiled_metrics,
    holding,
    moving_averages,
    set_value,
    stateless,
    trainable_variables,
)
from imbalanced_nn.training.backends.epoch_program import FIXED_ROWS, EpochProgram, OwnNetwork
from imbalanced_nn.training.backends.jax.padding import (
    fills_batches,
    fills_held_out,
    padded,
    reduction_of,
    weigh_up,
)
from imbalanced_nn.training.backends.jax.several import SeveralEpochs
from imbalanced_nn.training.backends.jax.tensors import padded_length

__all__ = ["OwnProgram", "Program", "SeveralEpochs"]


class Program(EpochProgram):
    """A private twin of a network with its training epoch as one program.

    Numbers of rows are filled up, so that one program serves folds of about one size.
    """

    # What is handed over may be written over: nobody else holds it.
    _donated: tuple[int, ...] = (0,)

    def _set_up(self, batch_size: int) -> None:
        """Begin without any program."""
        self.batch_size = batch_size
        self.fills = fills_batches(self.twin)
        self.n_traces = 0
        self._runs: dict[bool, Callable] = {}
        self._tests: dict[int, Callable] = {}
        self._passed: Any = None

    def _make_metrics(self, data: tuple[Any, ...]) -> None:
        """Make the twin's metrics, with a row of zeros."""
        build_compiled_metrics(self.twin, _empty_row(data))

    def network(self, is_fixed: bool) -> keras.Model:
        """Return what is trained, the twin or what of it comes after fixed layers."""
        return self._rest if is_fixed else self.twin

    def values(self, is_fixed: bool) -> tuple[Any, list[Any]]:
        """Return copies of what the twin, its optimizer and its loss hold."""
        network = self.network(is_fixed)
        held = _state_of(network), [variable.value for variable in _statistics(network)]
        return keras.tree.map_structure(jnp.copy, held)

    def hold(self, values: tuple[Any, list[Any]], is_fixed: bool) -> None:
        """Let the twin and its optimizer hold values, which are theirs alone."""
        network = self.network(is_fixed)
        _hold(network, values[0], [variable.value for variable in network.metrics_variables])

    def _trains_alike(self, rest: keras.Model) -> bool:
        """Whether the optimizer's variables are those of the rest, in its order."""
        known = map(id, trainable_variables(self.twin.optimizer))
        return list(known) == list(map(id, rest.trainable_variables))

    def trace(self, data: list[Any], weight: np.ndarray, held_out: Any, evaluated: Any) -> None:
        """Do nothing ahead: the code is given as many rows in a batch as Keras gives it."""
        self._build([*data, weight])

    def fixed(self, X: Any) -> Any:
        """Return what fixed layers make of inputs, block by block."""
        network = self._fixed
        if self._passed is None:

            def call(values, X):
                return network.stateless_call([], values, X, training=False)[0]

            self._passed = jax.jit(call)
        values = [variable.value for variable in network.non_trainable_variables]
        starts = range(0, max(len(X), 1), FIXED_ROWS)
        parts = [self._passed(values, X[start : start + FIXED_ROWS]) for start in starts]
        return parts[0] if len(parts) == 1 else jnp.concatenate(parts)

    def judged(self, held_out: list[Any]) -> list[Any]:
        """Return rows to judge by as `train` takes them."""
        if not held_out:
            return []
        X, y, *weight = held_out
        n = len(y)
        if not fills_held_out(self.twin):
            return [X, y, *weight, np.int32(n)]
        # Of time steps, each has a loss of its own.
        weighed = y.shape[: len(self.twin.outputs[0].shape) - 1]
        given = weight[0] if weight else np.ones(weighed, keras.config.floatx())
        scale = len(X) / n if reduction_of(self.twin) != "sum" else 1.0
        return [X, padded(y, len(X)), padded(np.asarray(given) * scale, len(X)), np.int32(n)]

    def train(
        self,
        data: list[Any],
        weights: list[np.ndarray],
        rows: list[np.ndarray],
        held_out: list[Any],
        is_fixed: bool,
        goes_on: bool = False,
        at_once: int = 1,
    ) -> Iterator[tuple[dict[str, Any], tuple[np.ndarray, ...]]]:
        """Train as `EpochProgram.train` says.

        Epochs that a call lacks of ``at_once`` are trained on no rows.
        """
        network = self.network(is_fixed)
        if is_fixed not in self._runs:
            run = partial(self.run, network)
            names = ("odd_rows",)
            self._runs[is_fixed] = jax.jit(run, donate_argnums=self._donated, static_argnames=names)
        n_rows = len(rows[0])
        length = padded_length(n_rows, self.batch_size)
        at_once = 1 << (at_once - 1).bit_length()
        epochs = [
            padded(np.stack([padded(part, length) for part in parts]), at_once)
            for parts in (weights, rows)
        ]
        odd_rows = 0 if self.fills else n_rows % self.batch_size
        if self.fills:
            weigh_up(epochs[0], n_rows, self.batch_size, reduction_of(network))
        *judged, n_judged = held_out or [0]
        state = _state_of(network)
        metrics = [variable.value for variable in network.metrics_variables]
        statistics = [variable.value for variable in _statistics(network)]
        state, metrics, results = self._runs[is_fixed](
            *(state, metrics, statistics, goes_on, data, judged),
            padded(np.full(len(rows), n_rows, np.int32), at_once),
            *(epochs[0], epochs[1].astype(np.int32)),
            odd_rows=odd_rows,
        )
        _hold(network, state, metrics)
        named, outputs = jax.device_get(results)
        for number in range(len(rows)):
            part = keras.tree.map_structure(lambda each: each[number], named)  # noqa: B023 - called at once
            yield part, (outputs[0][number][:n_judged], outputs[1][number]) if judged else ()

    def run(
        self, network, state, metrics, statistics, goes_on, data, judged, n_rows, weights, rows, *,
        odd_rows,
    ):  # fmt: skip
        """Train for the epochs that ``rows`` has lines; stack what each of them returns."""
        self.n_traces += 1
        size, (X, y) = self.batch_size, data

        def batch(start, n, rows, weight):
            taken = lax.dynamic_slice_in_dim(rows, start, n)
            given = lax.dynamic_slice_in_dim(weight, start, n)
            return *(_taken(part, taken) for part in (X, y)), given

        def step(number, carry, n_rows, weight, rows):
            state, before = carry
            data = batch(number * size, size, rows, weight)
            _, (*state, after) = network.train_step((*state, before), data)
            if self.fills:
                after = _counted(before, after, n_rows - number * size, size)
            return tuple(state), after

        def odd_step(carry, n_steps, weight, rows):
            state, metrics = carry
            data = batch(n_steps * size, odd_rows, rows, weight)
            _, (*state, metrics) = network.train_step((*state, metrics), data)
            return tuple(state), metrics

        def epoch(carry, given):
            state, metrics = carry
            n_rows, weight, rows = given
            fresh = stateless(network.metrics_variables, metrics, network.reset_metrics)[1]
            metrics = [jnp.where(goes_on, *pair) for pair in zip(metrics, fresh, strict=True)]
            n_steps = -(-n_rows // size) if self.fills else n_rows // size
            turn = partial(step, n_rows=n_rows, weight=weight, rows=rows)
            state, metrics = lax.fori_loop(0, n_steps, turn, (state, metrics))
            if odd_rows:
                last = partial(odd_step, n_steps=n_steps, weight=weight, rows=rows)
                state, metrics = lax.cond(n_rows > 0, last, lambda carry: carry, (state, metrics))
            named = stateless(network.metrics_variables, metrics, network.get_metrics_result)[0]
            return (state, metrics), (named, self._judge(network, state, judged))

        with holding(_statistics(network), statistics):
            (state, metrics), results = lax.scan(epoch, (state, metrics), (n_rows, weights, rows))
        return state, metrics, results

    def _judge(self, network, state, judged):
        """Return outputs and loss of held-out rows, by the moving averages where there are any."""
        if not judged:
            return ()
        trained, fixed, slots = state
        X, y, *weight = judged
        trained = _averaged(network.optimizer, trained, slots)
        outputs, _ = network.predict_step((trained, fixed), (X,))
        loss, _ = network.stateless_compute_loss(
            *(trained, fixed, [variable.value for variable in network.metrics_variables]),
            y=y,
            y_pred=outputs[: len(y)],
            sample_weight=weight[0] if weight else None,
            training=False,
        )
        # Layers of half precision give as much.
        return tuple(part.astype(keras.config.floatx()) for part in (outputs, loss))

    def evaluate(self, data: list[Any], batch_size: int, goes_on: bool = False) -> dict[str, Any]:
        """Return the metrics of held-out rows as `EpochProgram.evaluate` says."""
        network = self.twin
        if batch_size not in self._tests:
            self._tests[batch_size] = jax.jit(partial(_tested, network, batch_size))
        if not goes_on:
            network.reset_metrics()
        (trained, fixed, _), metrics = _state_of(network), network.metrics_variables
        statistics = [variable.value for variable in _statistics(network)]
        given = [variable.value for variable in metrics]
        values, results = self._tests[batch_size](trained, fixed, given, statistics, data)
        for variable, value in zip(metrics, values, strict=True):
            variable.assign(value)
        return jax.device_get(results)


class OwnProgram(OwnNetwork, Program):
    """A network itself, which no configuration tells, with its training epoch as one program."""

    _donated = ()


def _empty_row(data: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row of zeros like those of arrays, of the types that JAX makes of theirs."""

    def row(part: Any) -> Any:
        return jnp.zeros((1, *part.shape[1:]), jax.dtypes.canonicalize_dtype(part.dtype))

    return keras.tree.map_structure(row, tuple(data))


def _taken(data: Any, rows: Any) -> Any:
    """Return rows of tensors in any structure."""
    return keras.tree.map_structure(lambda part: jnp.take(part, rows, axis=0, mode="clip"), data)


def _statistics(network: keras.Model) -> list[keras.Variable]:
    """Return the variables of a network's loss, which Keras does not count to the network."""
    return getattr(network.loss, "statistics", [])


def _state_of(network: keras.Model) -> tuple[list[Any], list[Any], list[Any]]:
    """Return what a network's variables and those of its optimizer hold."""
    parts = (
        *(network.trainable_variables, network.non_trainable_variables),
        network.optimizer.variables,
    )
    trained, fixed, slots = ([variable.value for variable in part] for part in parts)
    return trained, fixed, slots


def _hold(network: keras.Model, state: tuple[Any, ...], metrics: list[Any]) -> None:
    """Let the variables hold what a program has made of them."""
    parts = (
        *(network.trainable_variables, network.non_trainable_variables),
        *(network.optimizer.variables, network.metrics_variables),
    )
    for variables, values in zip(parts, (*state, metrics), strict=True):
        for variable, value in zip(variables, values, strict=True):
            set_value(variable, value)


def _averaged(optimizer: Any, trained: list[Any], slots: list[Any]) -> list[Any]:
    """Return what is judged: the averages of the trained values, where there are any."""
    if not optimizer.use_ema:
        return trained
    place = {id(variable): number for number, variable in enumerate(optimizer.variables)}
    averages = moving_averages(optimizer)
    return [
        value if average is None else slots[place[id(average)]]
        for value, average in zip(trained, averages, strict=True)
    ]


def _counted(before: list[Any], after: list[Any], n: Any, size: int) -> list[Any]:
    """Return the sums of a mean after a batch of which ``n`` rows, or all, are no filling."""
    share = n.astype(jnp.float32) / size
    return [
        jnp.where(n >= size, new, old + (new - old) * share)
        for old, new in zip(before, after, strict=True)
    ]


def _tested(network, size, trained, fixed, metrics, statistics, data):
    """Return the values and results of metrics after rows, batch by batch."""
    n_full, odd = divmod(len(data[1]), size)

    def test(metrics, start, n):
        part = keras.tree.map_structure(lambda each: lax.dynamic_slice_in_dim(each, start, n), data)
        return network.test_step((trained, fixed, metrics), tuple(part))[1][2]

    with holding(_statistics(network), statistics):
        if n_full:
            metrics = lax.fori_loop(0, n_full, lambda i, m: test(m, i * size, size), metrics)
        if odd:
            metrics = test(metrics, n_full * size, odd)
    return metrics, stateless(network.metrics_variables, metrics, network.get_metrics_result)[0]
