"""Equal networks that share nothing."""

from typing import Any

import keras

from imbalanced_nn._compat.keras import given_metrics
from imbalanced_nn.training.told import own_functions, untold

__all__ = ["shared_by", "twin_of"]


def twin_of(
    model: keras.Model,
    config: dict[str, Any] | None = None,
    optimizers: dict[type, Any] | None = None,
) -> keras.Model:
    """Return an equal network, compiled alike, that shares nothing with the given one.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    config : dict, default=None
        The configuration of an equal network, None for its own.
    optimizers : dict of class to class, default=None
        Optimizers, and such with equal variables that are taken for them.
    """
    twin = type(model).from_config(model.get_config() if config is None else config)
    optimizer, loss = model.optimizer, model.loss
    if isinstance(loss, keras.losses.Loss):
        loss = type(loss).from_config(loss.get_config())
    kind = type(optimizer)
    optimizer = (optimizers or {}).get(kind, kind).from_config(optimizer.get_config())
    metrics = [keras.tree.map_structure(_alike, given) for given in given_metrics(model)]
    named = dict(zip(("metrics", "weighted_metrics"), metrics, strict=False))
    twin.compile(optimizer=optimizer, loss=loss, **named)
    twin.optimizer.build(twin.trainable_variables)
    return twin


def _alike(metric: Any) -> Any:
    """Return an equal metric that shares no state; names and functions have none."""
    if not isinstance(metric, keras.metrics.Metric):
        return metric
    return type(metric).from_config(metric.get_config())


def shared_by(model: keras.Model) -> list[str] | None:
    """Return what beside their configurations tells networks of one program, None if nothing."""
    return [] if untold(model) is None else own_functions(model)
