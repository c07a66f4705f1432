"""Two-stage training: the last layer refitted on balanced rows, the features left as they are."""

import dataclasses
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.keras import nodes_into
from imbalanced_nn.data import Rows, take_rows
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.balancing import Resampling, balance, checked_sampler
from imbalanced_nn.fitting.course import Course, TrainingRows, first_weighted_epoch
from imbalanced_nn.fitting.network_posterior import judge, matched
from imbalanced_nn.fitting.plan import FitPlan
from imbalanced_nn.fitting.progress import equal_network
from imbalanced_nn.fitting.records import Trained
from imbalanced_nn.fitting.result import in_training
from imbalanced_nn.training import forward, seeded, variables_alike
from imbalanced_nn.wrapper import NetworkFactory, trains_instead

__all__ = ["check_head", "refit_head", "split_head"]


def check_head(plan: FitPlan) -> None:
    """Refuse before the first stage what the second could not do, or would never come."""
    asked = plan.parameters.head_sampler
    if asked is not None and plan.is_partial and plan.previous is None:
        raise InvalidParameterError(
            f"head_sampler={asked!r} trains the last layer anew when the others are trained, which "
            f"partial_fit never tells. Call fit, or set head_sampler=None."
        )
    if plan.has_stages:
        _head_sampler(plan)
        split_head(plan.factory.network)


def refit_head(
    plan: FitPlan, rows: TrainingRows, trained: Trained, epochs: int | None = None
) -> Trained:
    """Train the last layer anew, on what the others make of the rows that its sampler picks.

    The features are computed once, so the second stage costs a logistic regression.

    Parameters
    ----------
    plan : FitPlan
        Of the fit.
    rows : TrainingRows
        Rows of its split.
    trained : Trained
        What the first stage gave.
    epochs : int or None, default=None
        Largest number of epochs; None is the parameter.
    """
    factory, network = plan.factory, plan.factory.network
    dense, tail = split_head(network)
    features = keras.Model(network.inputs, dense.input)
    of_features = TrainingRows(
        _as_features(rows.train, features),
        None if rows.held_out is None else _as_features(rows.held_out, features),
    )
    given = plan.arguments.get("batch_size")
    balanced = balance(
        of_features.train,
        plan.target,
        Resampling(_head_sampler(plan), plan.parameters.resample_every),
        first_epoch=0,
        batch_size=lambda n_train: factory.batch_size(n_train, given),
        encode_codes=factory.encode_codes,
    )
    epochs = factory.epochs() if epochs is None else epochs
    training = {"warm_start": False, "epochs": epochs, "initial_epoch": 0}
    course = Course(plan, of_features, balanced, training, {})
    shares = course.shares(0)
    fills = factory.fill_loss(shares.in_loss, trained.fills_loss)
    head = _make_head(factory, dense, tail, shares.in_loss)

    def shipped(whole, stage, judged, best, history):
        posterior = matched(course.posterior(best), stage, judged.at_prevalence)
        return dataclasses.replace(
            trained,
            shares=shares,
            posterior=posterior,
            held_out=judge(factory, stage, posterior, judged.held_out),
            fills_loss=fills,
            head_n_iter=best + 1,
            head_history=history,
        )

    def publish(stage, epoch):
        posterior = matched(course.posterior(epoch), stage, of_features.at_prevalence)
        now = dataclasses.replace(trained, shares=shares, posterior=posterior)
        factory.publish(in_training(plan, now), now)

    def settle(twin, best):
        whole = equal_network(network)
        split_head(whole)[0].set_weights(twin.layers[1].get_weights())
        return whole, shipped(whole, twin, of_features, best, None)

    with trains_instead(factory, head), plan.task.within("train-head", epochs) as task:
        best, history = course.run(task, settle, publish)
    dense.set_weights(head.layers[1].get_weights())
    return shipped(network, network, rows, best, history)


def _head_sampler(plan: FitPlan) -> Any:
    """Return a fresh sampler of the second stage."""
    routed = plan.factory.routed("head_sampler")
    return checked_sampler("head_sampler", plan.parameters, routed, plan.target, plan.seed)


def _make_head(factory: NetworkFactory, dense, tail, in_loss: np.ndarray) -> keras.Model:
    """Return the last layer, freshly made and compiled, as a network of its own."""
    with seeded(factory.seed, type(dense), *map(type, tail)):
        outputs = inputs = keras.Input(dense.input.shape[1:])
        for layer in (dense, *tail):
            outputs = type(layer).from_config(layer.get_config())(outputs)
        head = keras.Model(inputs, outputs)
    optimizer = factory.network.optimizer
    if first_weighted_epoch(factory) is not None:
        # Its sampler balances already.
        factory.loss.reweight(False)
    # The network's own loss: its shares are then those of the stage that ships.
    with variables_alike():
        loss = factory.network.loss
        head.compile(type(optimizer).from_config(optimizer.get_config()), loss)
    factory.start_output(head, in_loss)
    return head


def split_head(model: Any) -> tuple[keras.layers.Layer, list[keras.layers.Layer]]:
    """Return the last dense layer of a network and the activations behind it.

    Raises
    ------
    InvalidParameterError
        If the network does not end in one.
    """
    tail: list[keras.layers.Layer] = []
    functional = isinstance(model, keras.Sequential | keras.models.Model) and hasattr(
        model, "inputs"
    )
    for layer in reversed(model.layers if functional else []):
        if isinstance(layer, keras.layers.Dense) and len(nodes_into(layer)) == 1:
            return layer, tail[::-1]
        if not isinstance(layer, keras.layers.Activation | keras.layers.Softmax):
            break
        tail.append(layer)
    raise InvalidParameterError(
        f"head_sampler refits the last dense layer, but {type(model).__name__} "
        f"{model.name!r} does not end in one that can be told from the others. Build a functional "
        f"or sequential network that ends in keras.layers.Dense, or set head_sampler=None."
    )


def _as_features(rows: Rows, features: keras.Model) -> Rows:
    """Return rows of what a network makes of the selected rows, and no others."""
    index = rows.index
    return dataclasses.replace(
        rows,
        X=forward(features, rows.X, index),
        y=take_rows(rows.y, index),
        codes=rows.codes[index],
        sample_weight=rows.sample_weight[index],
        index=np.arange(len(index)),
    )
