"""How a network was when it had just been built, and how to let it start so again."""

from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.keras import default_seed, flattened_layers, is_drawn
from imbalanced_nn.training.backends import tensors
from imbalanced_nn.training.variables import own_variables

__all__ = ["FreshStart", "NotRepeatable"]


class NotRepeatable(ValueError):
    """A network did not start from its initialisers alone."""


class FreshStart:
    """The values that a network's initialisers give it, by one set of seeds after another.

    Parameters
    ----------
    network : keras.Model
        Built and not changed since.
    seeds : list of int
        The default seeds that Keras drew while it was built, in their order.

    Raises
    ------
    NotRepeatable
        If a variable has no initialiser, or a seed was not drawn.
    """

    def __init__(self, network: keras.Model, seeds: list[int]):
        self.seeds = seeds
        # For which layer, and which attribute of it, the n-th seed was drawn.
        self._seeded: list[tuple[int, str, int]] = []
        self._layers = flattened_layers(network)
        self._states: list[tuple[keras.Variable, int | None]] = []
        self._initial: list[tuple[keras.Variable, Any]] = []
        for number, layer in enumerate(self._layers):
            for name, part in vars(layer).items():
                self._note(number, name, part)
        if set(map(id, self._variables)) != set(map(id, own_variables(network))):
            raise NotRepeatable("not every variable has an initialiser")
        # What variables start from where no seed is drawn for it.
        self._fixed: dict[int, Any] = {
            id(state): tensors.values_of([state])[0]
            for state, place in self._states
            if place is None
        }
        self._before: list[Any] | None = tensors.values_of(self._variables)

    def _note(self, number: int, name: str, part: Any) -> None:
        """Note where an attribute of a layer gets its values from."""
        layer = self._layers[number]
        if isinstance(part, keras.initializers.Initializer):
            seed = getattr(part, "seed", None)
            if not isinstance(seed, int | None):
                raise NotRepeatable("an initialiser draws by a generator of somebody's")
            # One that is given a seed keeps it.
            if seed is not None and part.get_config().get("seed") is None:
                self._seeded.append((number, name, self._place(seed)))
        elif isinstance(part, keras.random.SeedGenerator):
            seed = int(keras.ops.convert_to_numpy(part.state)[0])
            self._states.append((part.state, self._place(seed) if is_drawn(part) else None))
        elif isinstance(part, keras.Variable):
            name = name.removeprefix("_")
            # Those of kernels beside the layer's own go by what they are beside it.
            names = (f"{stem}_initializer" for stem in (name, name.removesuffix("_kernel")))
            initial = next((vars(layer)[each] for each in names if each in vars(layer)), None)
            if not isinstance(initial, keras.initializers.Initializer):
                raise NotRepeatable(f"{part.path} has no initialiser")
            self._initial.append((part, initial))

    def _place(self, seed: Any) -> int:
        """Return where among those drawn a seed comes."""
        if self.seeds.count(seed) != 1:
            raise NotRepeatable("a seed was not drawn while the network was built")
        return self.seeds.index(seed)

    @property
    def _variables(self) -> list[keras.Variable]:
        """All variables, in the order of `_values`."""
        return [variable for variable, _ in (*self._initial, *self._states)]

    def _values(self) -> list[Any]:
        """Return what the variables start from by the present seeds."""
        values = []
        for variable, initial in self._initial:
            value = self._fixed.get(id(variable))
            values.append(initial(variable.shape, dtype=variable.dtype) if value is None else value)
        for state, place in self._states:
            value = self._fixed.get(id(state))
            if place is not None:
                start = [self.seeds[place], 0]
                value = keras.ops.convert_to_tensor(start, dtype=state.dtype)
            values.append(value)
        return values

    def _prove(self) -> None:
        """Compare what the network started from with what its initialisers give once more."""
        if self._before is None:
            return
        for variable, *values in zip(self._variables, self._before, self._values(), strict=True):
            before, again = map(keras.ops.convert_to_numpy, values)
            if before.dtype != again.dtype or not np.array_equal(before, again):
                raise NotRepeatable(f"{variable.path} was not what its initialiser gives")
        drawn = [getattr(self._layers[number], name) for number, name, _ in self._seeded]
        for (variable, initial), value in zip(self._initial, self._before, strict=False):
            if not any(initial is each for each in drawn):
                self._fixed[id(variable)] = value
        self._before = None

    def give_seeds(self, layers: list[Any], seeds: list[int]) -> None:
        """Let the initialisers of equal layers have seeds as if they had been drawn for them."""
        for number, name, place in self._seeded:
            getattr(layers[number], name).seed = seeds[place]

    def renew(self) -> None:
        """Draw seeds as a build does, and assign what the network starts from by them.

        Raises
        ------
        NotRepeatable
            If a variable did not start from exactly what its initialiser, or the generator that
            it is the state of, gives. Nothing is drawn then.
        """
        self._prove()
        self.seeds = [default_seed() for _ in self.seeds]
        self.give_seeds(self._layers, self.seeds)
        tensors.assign_all(zip(self._variables, self._values(), strict=True))
