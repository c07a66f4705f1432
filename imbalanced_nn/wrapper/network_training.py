"""How the network of an estimator is trained: by the parent's hook, on the engine that can."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.scikeras import route_params
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.training import (
    GraphTrainer,
    RowBatches,
    SideBySide,
    StreamBatches,
    check_finite,
    drawing,
    ready_for_keras,
    refuse_after_fork,
    seed_of,
    slower,
    unsuitable,
    untold,
)
from imbalanced_nn.wrapper.factory import NetworkFactory

__all__ = ["train_network", "train_opaque", "trains_instead"]


def train_network(
    factory: NetworkFactory,
    batches: RowBatches | StreamBatches,
    callbacks: list,
    training: dict[str, Any],
    arguments: dict[str, Any],
    together: SideBySide | None = None,
) -> dict[str, list]:
    """Train the network on batches as the parent does; return what Keras logged.

    Parameters
    ----------
    factory : NetworkFactory
        Whose network it is; its ``engine`` tells afterwards what trained it.
    batches : RowBatches or StreamBatches
        What to train on.
    callbacks : list of keras.callbacks.Callback
        All that watch.
    training : dict
        ``warm_start``, ``epochs`` and ``initial_epoch``.
    arguments : dict
        Further arguments of ``Model.fit``.
    together : SideBySide or None, default=None
        Trains the epochs of several networks, of which this is one.

    Raises
    ------
    InvalidParameterError
        If ``engine="graph"`` cannot train the network.
    ValueError
        If training diverges.
    """
    refuse_after_fork()
    estimator, network = factory.estimator, factory.network
    own_callbacks = estimator._fit_callbacks
    estimator._fit_callbacks = callbacks
    estimator.model_ = _trainer(factory, batches, arguments, together)
    try:
        with drawing(_seed_from(estimator.random_state, training["initial_epoch"])):
            estimator._fit_keras_model(batches, None, None, **training, **arguments)
        check_finite(network)
    finally:
        estimator.model_, estimator._fit_callbacks = network, own_callbacks
    return estimator.history_


def train_opaque(
    factory: NetworkFactory,
    X: Any,
    y: Any,
    weight: np.ndarray | None,
    callbacks: list,
    arguments: dict[str, Any],
) -> None:
    """Train on rows as the parent does, which encodes them and holds out by itself.

    Parameters
    ----------
    factory : NetworkFactory
        Of the estimator.
    X, y, weight : array-like
        Checked rows, and weights or None.
    callbacks : list of keras.callbacks.Callback
        Further ones.
    arguments : dict
        Of scikeras' ``_fit_keras_model``.
    """
    refuse_after_fork()
    estimator = factory.estimator
    if weight is not None:
        X, y, weight = estimator._validate_sample_weight(X, y, weight)
    estimator._ensure_compiled_model()
    X, y = factory.encode(X), factory.encode_target(y)
    estimator._check_model_compatibility(y)
    own = estimator._fit_callbacks
    estimator._fit_callbacks = [*own, *callbacks]
    try:
        estimator._fit_keras_model(X, y, weight, **arguments)
        check_finite(factory.network)
    finally:
        estimator._fit_callbacks = own
    # A hook of a subclass may train without `Model.fit`.
    history = getattr(factory.network, "history", None)
    estimator.n_iter_ = max(getattr(history, "epoch", []), default=-1) + 1


@contextmanager
def trains_instead(factory: NetworkFactory, network: keras.Model) -> Iterator[None]:
    """Let a network stand in the place of the estimator's, without callbacks and history.

    Parameters
    ----------
    factory : NetworkFactory
        Of the estimator.
    network : keras.Model
        What is trained while the block runs.
    """
    estimator = factory.estimator
    names = ("model_", "_fit_callbacks", "history_")
    before = {name: getattr(estimator, name) for name in names}
    estimator.model_, estimator._fit_callbacks = network, []
    try:
        yield
    finally:
        vars(estimator).update(before)


def _trainer(
    factory: NetworkFactory,
    batches: RowBatches | StreamBatches,
    arguments: dict[str, Any],
    together: SideBySide | None,
) -> Any:
    """Return what is to be fitted: the network itself, or its stand-in of the graph engine.

    That may be decided anew when callbacks have begun.
    """
    estimator, network = factory.estimator, factory.network
    routed = route_params(estimator.get_params(), "fit", estimator._fit_kwargs)
    arguments = routed | arguments | {"callbacks": estimator._fit_callbacks}
    if arguments.get("class_weight") is not None:
        raise InvalidParameterError(
            f"class_weight={arguments['class_weight']!r} is given to Model.fit, where the "
            f"probabilities it changes cannot be put back. Write "
            f"{factory.name}(class_weight=...), by original label."
        )

    def decide(reason=None):
        reason = reason or unsuitable(network, batches, arguments)
        if estimator.engine == "graph" and reason is not None:
            raise InvalidParameterError(
                f"engine='graph' cannot train this network as Model.fit would: {reason}. Set "
                f"engine='auto' or 'keras'."
            )
        if estimator.engine == "auto":
            reason = reason or slower(network)
        if estimator.engine == "keras" or reason is not None:
            factory.engine = f"keras: {reason or 'as asked'}"
            return False
        own = untold(network)
        factory.engine = "graph" if own is None else f"graph of its own: {own}"
        return True

    if decide():
        return GraphTrainer(network, decide, together)
    ready_for_keras(network, batches, estimator._fit_callbacks)
    return network


def _seed_from(random_state: Any, epoch: int) -> int | None:
    """Return the seed of what is drawn from an epoch on, None where nobody asked for one."""
    return None if random_state is None else seed_of(random_state) + epoch
