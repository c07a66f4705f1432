"""An estimator, and a network that it trains on, as they were before a call that failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from imbalanced_nn.training import carried_states, reset_new_slots

__all__ = ["restored_on_failure"]


@contextmanager
def restored_on_failure(estimator: Any, goes_on: bool = False) -> Iterator[None]:
    """Put the estimator, and a network that it trains on, back if the block fails.

    Parameters
    ----------
    estimator : BalancedKerasClassifier
        Its attributes, the weights and states of its networks, their optimizers and its history
        are what is put back.
    goes_on : bool, default=False
        Whether the block trains the network that the estimator has.
    """
    if goes_on:
        # Among the attributes from now on, if it was lent to other fits.
        _ = estimator.model_
    before = dict(vars(estimator))
    given = {id(model): model for model in (before.get("model_"), estimator.model)}
    networks = [_State(model) for model in given.values() if isinstance(model, keras.Model)]
    history = {key: list(values) for key, values in before.get("history_", {}).items()}
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        for network in networks:
            network.put_back()
        if "history_" in before:
            before["history_"].clear()
            before["history_"].update(history)
        raise


class _State:
    """What of a network and its optimizer training changes."""

    def __init__(self, model: keras.Model):
        self.model, self.compiled = model, model.compiled
        self.optimizer = getattr(model, "optimizer", None)
        variables = [*model.variables, *carried_states(model)]
        if self.optimizer is not None:
            variables += self.optimizer.variables
            self.n_slots = len(self.optimizer.variables)
        self.values = [(variable, np.copy(variable.numpy())) for variable in variables]

    def put_back(self) -> None:
        for variable, value in self.values:
            variable.assign(value)
        if self.optimizer is not None:
            if self.model.optimizer is not self.optimizer:
                self.model.optimizer, self.model.train_function = self.optimizer, None
            reset_new_slots(self.optimizer, self.n_slots)
        if not self.compiled:
            # Keras takes back nothing, but this has it compiled anew.
            self.model.compiled = False
