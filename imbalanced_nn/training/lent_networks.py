"""Networks of Keras that one fit after another trains, and what each fit has made of them.

Building and compiling a small network takes a third of its fit. Where a build function can do
nothing but make an equal network again, the network of an earlier fit starts afresh instead, and
each estimator holds the values that it has learned. Somebody who asks an estimator for its network
gets one of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from imbalanced_nn._compat.keras import flattened_layers
from imbalanced_nn._compat.late_variables import LateVariables
from imbalanced_nn.training.backends import tensors
from imbalanced_nn.training.cache import n_bytes
from imbalanced_nn.training.extended_optimizer import put_off_slots
from imbalanced_nn.training.fingerprint import named_afresh
from imbalanced_nn.training.fresh_start import FreshStart, NotRepeatable
from imbalanced_nn.training.global_draws import layer_classes
from imbalanced_nn.training.process import refuse_after_fork, seeded
from imbalanced_nn.training.programs import Program
from imbalanced_nn.training.shelf import SHELF
from imbalanced_nn.training.variables import own_variables

__all__ = ["LentNetwork", "ShelvedNetwork", "place_of_variables"]

# Building a network is nothing beside a fit of more weights.
MAX_BYTES = 2**24


def place_of_variables() -> str | None:
    """Return where a network is built now, None where it must not be lent.

    That is so on several devices, and where `Model.fit` trains every network.
    """
    return None if Program is None else tensors.placement()


class ShelvedNetwork:
    """A network that estimators train one after the other.

    Parameters
    ----------
    key : str
        What its building and compiling depend on.
    network : keras.Model
        Built and not changed since; nobody else holds it.
    seeds : list of int
        The default seeds that Keras drew while it was built.
    names : set of str
        The names that Keras gave while it was built.

    Raises
    ------
    NotRepeatable
        If it cannot start afresh.
    """

    def __init__(self, key: str, network: keras.Model, seeds: list[int], names: set[str]):
        self.key, self.network = key, network
        self.came_compiled = network.compiled and network.loss is not None
        self.start, self._names = FreshStart(network, seeds), names
        self._configs: tuple[dict[str, Any], ...] = ()
        self._optimizer_start: list[tuple[keras.Variable, Any]] = []
        self.holds: LentNetwork | None = None

    @property
    def is_small(self) -> bool:
        """Whether the network is worth keeping, and not too large to be kept."""
        return n_bytes(self.network.variables) <= MAX_BYTES

    def note_compiled(self) -> None:
        """Remember how the network is when it has just been compiled."""
        if not self._optimizer_start:
            made = self.network.optimizer.variables
            self._optimizer_start = list(zip(made, tensors.values_of(made), strict=True))

    def renew(self) -> None:
        """Let network and optimizer start afresh, by seeds that are drawn as for a new one.

        Raises
        ------
        NotRepeatable
            If they cannot.
        """
        # From now on others than this network have to hold what it has learned.
        self._note_configs()
        optimizer = self.network.optimizer
        if (late := LateVariables.of(optimizer)) is None:
            raise NotRepeatable("the optimizer has made its variables")
        self.start.renew()
        late.withdraw()
        tensors.assign_all(self._optimizer_start)

    def _note_configs(self) -> None:
        """Remember how to make an equal network."""
        if not self._configs:
            self._configs = self.network.get_config(), self.network.get_compile_config()

    def copy(self) -> keras.Model:
        """Return an equal network, compiled alike, whose optimizer is built."""
        refuse_after_fork()
        kind = type(self.network)
        with seeded(0, *layer_classes(self.network)), tensors.variables_alike():
            self._note_configs()
            config, compile_config = self._configs
            twin = kind.from_config(named_afresh(kind, config, self._names))
            twin.compile_from_config(compile_config)
        return twin


class LentNetwork:
    """What a fit has made of a network that goes on to the next fit.

    Parameters
    ----------
    shelved : ShelvedNetwork
        The network as it was trained.
    late : LateVariables
        What its optimizer remembers, which is not made yet.
    """

    def __init__(self, shelved: ShelvedNetwork, late: LateVariables):
        self._shelved, network = shelved, shelved.network
        self._values = tensors.values_of(own_variables(network))
        self._known, self._slots = tensors.values_of(late.made), late.values
        self._history, self._seeds = network.history, shelved.start.seeds
        shelved.holds = self

    @contextmanager
    def network(self) -> Iterator[keras.Model]:
        """Hold the network with these values, to ask it and not to change it."""
        # Only the one that it was trained in: it has told how to be copied before others have it.
        known = self._shelved
        shelved = SHELF.take(known.key, known) if self._own is None else None
        if shelved is None:
            yield self.own_network()
            return
        try:
            self._fill(shelved)
            yield shelved.network
        finally:
            SHELF.give(shelved)

    def own_network(self) -> keras.Model:
        """Return a network with these values that nobody else has, always the same one."""
        if (own := self._own) is None:
            made = self._made()
            # In one step, for any number of threads, none of which waits for another.
            own = vars(self).setdefault("_given", made)
            if own is made:
                self._history.set_model(made)
                made.history = self._history
        return own

    @property
    def _own(self) -> keras.Model | None:
        """The network that was given away, None before anybody asked for one."""
        return vars(self).get("_given")

    def _made(self) -> keras.Model:
        """Return the network itself if nobody holds it, else a copy."""
        shelved = SHELF.take(self._shelved.key, self._shelved)
        if shelved is not None:
            network = shelved.network
            self._fill(shelved)
            shelved.start.give_seeds(flattened_layers(network), self._seeds)
            optimizer = network.optimizer
            if (late := LateVariables.of(optimizer)) is not None:
                late.withdraw()
            tensors.assign_all(zip(optimizer.variables, self._known, strict=True))
            put_off_slots(network, self._slots)
        else:
            network = self._shelved.copy()
            self._shelved.start.give_seeds(flattened_layers(network), self._seeds)
            tensors.assign_all(zip(own_variables(network), self._values, strict=True))
            remembered = [*self._known, *self._slots]
            tensors.assign_all(zip(network.optimizer.variables, remembered, strict=True))
        return network

    def _fill(self, shelved: ShelvedNetwork) -> None:
        """Let a network hold these values, if it does not yet."""
        if shelved.holds is not self:
            shelved.holds = None
            variables = own_variables(shelved.network)
            tensors.assign_all(zip(variables, self._values, strict=True))
            shelved.holds = self
