"""Variables of equal networks, copied between them."""

from typing import Any

import keras

from imbalanced_nn.training.backends import tensors

__all__ = ["EqualVariables", "SameVariables", "own_variables"]


class EqualVariables:
    """The variables of two equal networks, their optimizers and losses, side by side.

    Those of metrics start each epoch anew and are made when first used; only somebody who looks at
    the first network between epochs has them paired.

    Parameters
    ----------
    first, second : keras.Model
        Compiled networks; the optimizer of the second is built.
    slots : list of tensor
        What the optimizer of the second held when it was built, by which that of the first
        starts if it is not built yet.

    Raises
    ------
    ValueError
        If the networks are not equal.
    """

    def __init__(self, first: keras.Model, second: keras.Model, slots: list[Any]):
        self._first, self._second = first, second
        self._pairs: list[tuple[keras.Variable, keras.Variable]] = []
        for part in (own_variables, _loss_variables):
            self._pair(part(first), part(second))
        known, others = first.optimizer.variables, second.optimizer.variables
        if first.optimizer.built:
            self._slots, self._fresh = [], []
        else:
            self._slots, self._fresh = others[len(known) :], slots[len(known) :]
            others = others[: len(known)]
        self._pair(known, others)
        self._results: list[tuple[keras.Variable, keras.Variable]] = []

    def pair_metrics(self) -> None:
        """Let `to_first` assign the values of metrics too, which both networks have made."""
        metrics = self._first.metrics_variables, self._second.metrics_variables
        self._results = list(zip(*metrics, strict=True))

    def _pair(self, ones: list[keras.Variable], others: list[keras.Variable]) -> None:
        """Put variables side by side."""
        for one, other in zip(ones, others, strict=True):
            if one.shape != other.shape or one.dtype != other.dtype:
                raise ValueError(f"{one.path} and {other.path} differ in shape or type.")
            self._pairs.append((one, other))

    def to_second(self) -> None:
        """Assign the values of the first network's variables to those of the second."""
        others = [(other, one) for one, other in self._pairs]
        tensors.assign_all([*others, *zip(self._slots, self._fresh, strict=True)])

    def to_first(self) -> None:
        """Assign them the other way."""
        tensors.assign_all(self._pairs + self._results)

    def build_first_optimizer(self) -> None:
        """Build the optimizer of the first network, if it is not yet, as that of the second is."""
        optimizer = self._first.optimizer
        if not optimizer.built:
            n_known = len(optimizer.variables)
            with tensors.slots_made(optimizer, self.slots()):
                optimizer.build(self._first.trainable_variables)
            self._pair(optimizer.variables[n_known:], self._slots)
            self._slots, self._fresh = [], []

    def slots(self) -> list[Any]:
        """Return what the optimizer of the second holds and that of the first has yet to make."""
        return tensors.values_of(self._slots)


class SameVariables:
    """Stands for the two sides where both are one network."""

    def pair_metrics(self) -> None:
        """Pair nothing."""

    def to_second(self) -> None:
        """Assign nothing."""

    def to_first(self) -> None:
        """Assign nothing."""

    def build_first_optimizer(self) -> None:
        """The optimizer is built."""

    def slots(self) -> list[Any]:
        """Return nothing that is yet to be made."""
        return []


def own_variables(model: keras.Model) -> list[keras.Variable]:
    """Weights and the states of random layers."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics]


def _loss_variables(model: keras.Model) -> list[keras.Variable]:
    """What a loss knows of the classes."""
    return getattr(model.loss, "statistics", [])
