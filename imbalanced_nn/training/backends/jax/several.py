"""Epochs of several equal networks as one program, over an axis of networks."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from imbalanced_nn.training.backends.jax.padding import padded, reduction_of, weigh_up
from imbalanced_nn.training.backends.jax.tensors import padded_length
from imbalanced_nn.training.kept import kept_with

__all__ = ["SeveralEpochs"]


class SeveralEpochs:
    """Trains equal networks at once, each on rows of its own.

    Parameters
    ----------
    program : Program
        Of one of them, that fills batches up.
    feeds : list of Feed
        Rows of each, all of one shape.
    """

    def __init__(self, program: Any, feeds: list[Any]):
        self._network = program.network(feeds[0].is_fixed)
        self._size = program.batch_size
        self._n_judged = [int(feed.judged[-1]) if feed.judged else 0 for feed in feeds]
        rows = [(feed.tensors, feed.judged[:-1]) for feed in feeds]
        self._data, self._judged = self.stacked(rows)
        self._metrics = [variable.value for variable in self._network.metrics_variables]
        self._run = _program(program, self._network)

    @staticmethod
    def stacked(values: list[Any]) -> Any:
        """Return values of one structure with an axis of networks before the others."""
        return _stacked(values)

    @staticmethod
    def values_of(values: Any, number: int) -> Any:
        """Return what one of the networks holds."""
        return _part(values, number)

    def train(
        self, values: Any, drawn: list[list[tuple[np.ndarray, np.ndarray]]], at_once: int
    ) -> tuple[Any, list[list[Any]]]:
        """Train for some epochs.

        Parameters
        ----------
        values : tuple
            What each network holds, stacked.
        drawn : list of list of (ndarray, ndarray)
            For each network and epoch the weights and numbers of its rows; a network without any
            stays as it is.
        at_once : int
            The most epochs of a call.

        Returns
        -------
        tuple
            What each network holds after them, stacked.
        list of list
            What `EpochProgram.train` yields, for each network and epoch.
        """
        size, at_once = self._size, 1 << (at_once - 1).bit_length()
        n_rows = np.array([len(epochs[0][1]) if epochs else 0 for epochs in drawn])
        n_epochs = max(map(len, drawn))
        length = padded_length(int(n_rows.max()), size)
        example = next(epochs[0][0] for epochs in drawn if epochs)
        weights = np.zeros((len(drawn), at_once, length, *example.shape[1:]), example.dtype)
        rows = np.zeros((len(drawn), at_once, length), np.int32)
        for number, epochs in enumerate(drawn):
            for place, (weight, chosen) in enumerate(epochs):
                weights[number, place], rows[number, place] = (
                    padded(part, length) for part in (weight, chosen)
                )
            weigh_up(weights[number], n_rows[number], size, reduction_of(self._network))
        n_of_epochs = np.zeros((len(drawn), at_once), np.int32)
        n_of_epochs[:, :n_epochs] = n_rows[:, None]
        state, statistics = values
        state, results = self._run(
            state, self._metrics, statistics, self._data, self._judged, n_of_epochs, weights, rows
        )
        named, outputs = jax.device_get(results)
        return (state, statistics), [
            [self._result(named, outputs, number, place) for place in range(len(epochs))]
            for number, epochs in enumerate(drawn)
        ]

    def _result(self, named: Any, outputs: Any, number: int, place: int) -> tuple[Any, Any]:
        """Return metrics, outputs and loss of a network and an epoch."""
        metrics = jax.tree.map(lambda part: part[number, place], named)
        if not outputs:
            return metrics, ()
        held_out, loss = (part[number, place] for part in outputs)
        return metrics, (held_out[: self._n_judged[number]], loss)


@jax.jit
def _stacked(values: list[Any]) -> Any:
    """Return values with an axis before the others."""
    return jax.tree.map(lambda *parts: jnp.stack(parts), *values)


@jax.jit
def _part(values: Any, number: Any) -> Any:
    """Return a part of the first axis of each of them."""
    return jax.tree.map(lambda part: part[number], values)


def _program(program: Any, network: Any) -> Callable:
    """Return the program of several networks, which is kept with that of one."""

    def run(state, metrics, statistics, data, judged, n_rows, weights, rows):
        given = state, metrics, statistics, False, data, judged, n_rows, weights, rows
        state, _, results = program.run(network, *given, odd_rows=0)
        return state, results

    kept = kept_with(network)
    if "several" not in kept:
        kept["several"] = jax.jit(jax.vmap(run, in_axes=(0, None, 0, 0, 0, 0, 0, 0)))
    return kept["several"]
