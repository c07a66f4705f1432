"""Two-stage training: the last layer refitted on balanced rows, the features left as they are."""

import dataclasses
from typing import Any

import keras
import numpy as np

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.steps.tasks import equal_network
from imbalanced_nn.training import draw_seed, forward, seeded, variables_alike
from imbalanced_nn.validation import take_rows

__all__ = ["HeadSteps"]


class HeadSteps:
    """Step of `BalancedKerasClassifier` after the training of its network."""

    def _check_head(self, seed):
        """Refuse before the first stage what the second could not do."""
        if self.head_sampler is not None:
            self._make_sampler("head_sampler", seed)
            split_head(self.model_)

    def _refit_head(self, natural, judged, given, batch_size):
        """Train the last layer anew, on what the others make of the rows that its sampler picks.

        The features are computed once, so the second stage costs a logistic regression.
        """
        network = self.model_
        dense, tail = split_head(network)
        features = keras.Model(network.inputs, dense.input)
        natural, judged = (
            _as_features(part, features) if part is not None else None for part in (natural, judged)
        )
        rows, draw, size = self._balance(natural, given.seed, batch_size, 0, head=True)
        self._set_priors(natural, self._class_mass(rows, draw), False)
        head = self._make_head(dense, tail)
        callbacks, before = self._fit_callbacks, (self.history_, self.engine_, self.n_iter_)
        self.model_, self._fit_callbacks = head, []

        def settle(estimator):
            estimator._match_to_prior(natural, judged)
            estimator._decide(estimator._judge(judged), False)
            estimator.head_n_iter_, estimator.n_iter_ = estimator.n_iter_, before[2]
            weights = estimator.model_.layers[1].get_weights()
            estimator.model_ = equal_network(network)
            split_head(estimator.model_)[0].set_weights(weights)

        try:
            epochs = getattr(self, "_given_epochs", {}).get("head_n_iter_", self.epochs)
            training = {"warm_start": False, "epochs": epochs, "initial_epoch": 0}
            with given.task.within("train-head", epochs) as task:
                tell = self._epoch_tasks(task, settle)
                self._train(rows, draw, size, judged, given.seed, tell=tell, **training)
            self.head_history_, self.head_n_iter_ = self.history_, self.n_iter_
        finally:
            self.model_, self._fit_callbacks = network, callbacks
            self.history_, self.engine_, self.n_iter_ = before
        dense.set_weights(head.layers[1].get_weights())

    def _make_head(self, dense, tail):
        """Return the last layer, freshly made and compiled, as a network of its own."""
        with seeded(None if self.random_state is None else draw_seed(self.random_state)):
            outputs = inputs = keras.Input(dense.input.shape[1:])
            for layer in (dense, *tail):
                outputs = type(layer).from_config(layer.get_config())(outputs)
            head = keras.Model(inputs, outputs)
        optimizer = self.model_.optimizer
        # The network's own loss: its shares are then those of the stage that ships.
        self._fill_loss(self._loss)
        if self._first_weighted_epoch() is not None:
            # Its sampler balances already.
            self._loss.reweight(False)
        with variables_alike():
            head.compile(type(optimizer).from_config(optimizer.get_config()), self.model_.loss)
        if self.init_bias == "prior":
            self._start_output(head)
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
        if isinstance(layer, keras.layers.Dense) and len(layer._inbound_nodes) == 1:
            return layer, tail[::-1]
        if not isinstance(layer, keras.layers.Activation | keras.layers.Softmax):
            break
        tail.append(layer)
    raise InvalidParameterError(
        f"head_sampler refits the last dense layer, but {type(model).__name__} "
        f"{model.name!r} does not end in one that can be told from the others. Build a functional "
        f"or sequential network that ends in keras.layers.Dense, or set head_sampler=None."
    )


def _as_features(rows: Any, features: keras.Model) -> Any:
    """Rows of what a network makes of the selected rows, and no others."""
    index = rows.index
    return dataclasses.replace(
        rows,
        X=forward(features, rows.X, index),
        y=take_rows(rows.y, index),
        codes=rows.codes[index],
        sample_weight=rows.sample_weight[index],
        index=np.arange(len(index)),
    )
