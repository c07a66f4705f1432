"""Private names of Keras."""

import copy
import math
import random
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras.src import api_export
from keras.src.backend.common import global_state
from keras.src.backend.common.stateless_scope import StatelessScope
from keras.src.models.functional import Functional
from keras.src.random import seed_generator
from keras.src.saving import saving_lib, serialization_lib
from keras.src.saving.saving_lib import load_model
from keras.src.saving.serialization_lib import SafeModeScope
from keras.src.utils.naming import auto_name, to_snake_case

__all__ = [
    "Functional",
    "SafeModeScope",
    "auto_name",
    "backend_name",
    "build_compiled_metrics",
    "compilation",
    "copied_optimizer",
    "declared_size",
    "default_seed",
    "default_seeds",
    "exclude_from_decay_as",
    "excluded_from_decay",
    "flattened_layers",
    "given_learning_rate",
    "given_loss",
    "given_loss_weights",
    "given_metrics",
    "holding",
    "initial_epoch",
    "is_drawn",
    "keyword_arguments",
    "load_model",
    "logits_of",
    "maker_of",
    "mask_of",
    "metric_function",
    "metric_of_compile",
    "moving_averages",
    "name_counts",
    "name_optimizers",
    "nodes_into",
    "own_metrics",
    "recorded_build",
    "save_model",
    "seeds_of",
    "session",
    "set_value",
    "stateless",
    "to_snake_case",
    "trainable_variables",
    "without_model",
]


class _Drawing(threading.local):
    """Stands where Keras looks for the module `random` when it draws a default seed."""

    generator: random.Random | None = None
    record: list[int] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.generator or random, name)

    def randint(self, low: int, high: int) -> int:
        """Return a drawn number; it is written down while somebody records."""
        drawn = (self.generator or random).randint(low, high)
        if self.record is not None:
            self.record.append(drawn)
        return drawn


_DRAWING = _Drawing()
seed_generator.python_random = _DRAWING


class _IfLoaded(type(serialization_lib.tf)):  # type: ignore[misc]  # Keras exports no such class
    """A package that is there once somebody has loaded it."""

    @property
    def available(self) -> bool:
        return self.name in sys.modules


if keras.backend.backend() != "tensorflow":
    # Whatever is serialised, Keras would load TensorFlow to know that it is none of its types.
    serialization_lib.tf = _IfLoaded("tensorflow")


@contextmanager
def default_seeds(generator: random.Random | None) -> Iterator[None]:
    """Let Keras draw the seeds that nobody gives from a generator, in this thread alone.

    With None from Python's own, as ever. The seeds are those of initialisers, of layers that
    draw, and of `keras.random` without a seed.
    """
    before, _DRAWING.generator = _DRAWING.generator, generator
    name = seed_generator.GLOBAL_SEED_GENERATOR
    shared = global_state.get_global_attribute(name)
    global_state.set_global_attribute(name, None)
    try:
        yield
    finally:
        _DRAWING.generator = before
        global_state.set_global_attribute(name, shared)


@contextmanager
def recorded_build() -> Iterator[tuple[list[int], set[str]]]:
    """Yield the default seeds and the names that Keras gives inside the block, in this thread.

    The names are there when the block has ended.
    """
    before, _DRAWING.record = _DRAWING.record, []
    names: set[str] = set()
    counts = dict(name_counts(lambda: defaultdict(int)))
    try:
        yield _DRAWING.record, names
    finally:
        _DRAWING.record = before
        for base, count in name_counts(lambda: defaultdict(int)).items():
            first = counts.get(base, 0)
            names |= {base if number == 0 else f"{base}_{number}" for number in range(first, count)}


def session() -> object:
    """Return what stands for everything since ``keras.utils.clear_session`` was last called."""
    return global_state.GLOBAL_STATE_TRACKER


def default_seed() -> int:
    """Draw a seed as Keras does for an initialiser or a random layer that is given none."""
    return seed_generator.make_default_seed()


def is_drawn(generator: keras.random.SeedGenerator) -> bool:
    """Whether the seed of a generator was drawn and not given."""
    return generator._initial_seed is None


_EXCLUDED = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")


def backend_name() -> str:
    """Return the name of the backend that Keras runs on."""
    return keras.backend.backend()


def name_optimizers() -> None:
    """Let Keras write optimizers under their public names where a backend has classes of its own.

    Under the names of these only this backend could read them.
    """
    names = api_export.REGISTERED_OBJS_TO_NAMES
    for public, name in list(names.items()):
        if isinstance(public, type) and issubclass(public, keras.optimizers.Optimizer):
            kind: Any = public
            names.setdefault(type(kind.__new__(kind)), name)


def flattened_layers(model: keras.layers.Layer, include_self: bool = True) -> list[Any]:
    """Return all layers of a network, those inside of others too, and itself."""
    return model._flatten_layers(include_self=include_self)


def maker_of(tensor: Any) -> tuple[Any, int]:
    """Return the operation that makes a symbolic tensor, and which of its calls does."""
    operation, node, _ = tensor._keras_history
    return operation, node


def nodes_into(operation: Any) -> list[Any]:
    """Return the calls of an operation in functional networks, each with its arguments."""
    return operation._inbound_nodes


def logits_of(output: Any) -> Any:
    """Return what Keras' sigmoid and softmax made an output of, None of another one."""
    return getattr(output, "_keras_logits", None)


def mask_of(tensor: Any) -> Any:
    """Return the mask that a symbolic tensor carries, or None."""
    return getattr(tensor, "_keras_mask", None)


def compilation(model: keras.Model) -> Any:
    """Return what is made anew whenever a network is compiled; None if it never was."""
    return vars(model).get("_compile_config")


def save_model(model: keras.Model, file: Any) -> None:
    """Write a network to a file of the Keras format.

    Whether its steps are compiled is written only where it is not what this backend chooses by
    itself: whoever loads the network may be on another.
    """
    given = getattr(compilation(model), "config", {})
    compiles = given.get("jit_compile")
    if compiles is None or compiles != model._resolve_auto_jit_compile():
        saving_lib.save_model(model, file)
        return
    given["jit_compile"] = "auto"
    try:
        saving_lib.save_model(model, file)
    finally:
        given["jit_compile"] = compiles


def declared_size(config: dict[str, Any], custom_objects: dict[str, Any]) -> int:
    """Return how many values the weights of a configuration have, without making any."""
    # What waits for its values elsewhere in this thread is put back.
    waiting = global_state.get_global_attribute("uninitialized_variables")
    counts = global_state.get_global_attribute("object_name_uids")
    counts = None if counts is None else counts.copy()
    global_state.set_global_attribute("uninitialized_variables", [])
    try:
        bare = {key: value for key, value in config.items() if key != "compile_config"}
        with StatelessScope(initialize_variables=False):
            keras.saving.deserialize_keras_object(bare, custom_objects, safe_mode=True)
        made = global_state.get_global_attribute("uninitialized_variables")
        return sum(math.prod(size or 0 for size in variable.shape) for variable in made)
    finally:
        global_state.set_global_attribute("uninitialized_variables", waiting)
        global_state.set_global_attribute("object_name_uids", counts)


def initial_epoch(model: keras.Model) -> int | None:
    """Return the epoch that a callback has restored the network's training to, 0 or None."""
    return model._initial_epoch


def given_loss(model: keras.Model) -> Any:
    """Return the loss that a network was compiled with, whatever it was set to since."""
    return getattr(model._compile_loss, "_user_loss", model.loss)


def given_loss_weights(model: keras.Model) -> Any:
    """Return the weights of the losses that a network was compiled with, or None."""
    return getattr(model._compile_loss, "_user_loss_weights", None)


def metric_of_compile(model: keras.Model) -> Any:
    """Return the metric that holds those of ``compile``, or None."""
    return getattr(model, "_compile_metrics", None)


def given_metrics(model: keras.Model) -> list[Any]:
    """Return the ``metrics`` and ``weighted_metrics`` of ``compile``, empty without any."""
    compiled = metric_of_compile(model)
    if compiled is None:
        return []
    return [compiled._user_metrics, compiled._user_weighted_metrics]


def build_compiled_metrics(model: keras.Model, row: tuple[Any, ...]) -> None:
    """Make the metrics of ``compile`` as Keras does when it traces its first batch."""
    model._symbolic_build(data_batch=row)


def own_metrics(obj: Any) -> Any:
    """Return the metrics that a layer, a network or a metric keeps as attributes."""
    return getattr(obj, "_metrics", ())


def metric_function(metric: Any) -> Any:
    """Return the function that a metric averages, or else the metric."""
    return getattr(metric, "_fn", metric)


def keyword_arguments(loss: keras.losses.Loss) -> dict[str, Any]:
    """Return what Keras' loss around a function calls it with."""
    return loss._fn_kwargs


def given_learning_rate(optimizer: Any) -> Any:
    """Return the rate of an optimizer as a variable, schedule or function; None if not known."""
    return getattr(optimizer, "_learning_rate", None)


def seeds_of(model: keras.layers.Layer) -> list[Any]:
    """Return the generators that the layers of a network draw from."""
    return [seed for layer in flattened_layers(model) for seed in layer._seed_generators]


@contextmanager
def holding(variables: list[keras.Variable], values: list[Any]) -> Iterator[None]:
    """Let variables hold values, symbolic ones too, while the block runs, whoever reads them.

    Those that Keras counts to no network are in none of its own mappings.
    """
    before = [variable._value for variable in variables]
    for variable, value in zip(variables, values, strict=True):
        variable._value = value
    try:
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable._value = value


def stateless(
    variables: list[keras.Variable], values: list[Any], function: Callable[[], Any]
) -> tuple[Any, list[Any]]:
    """Return what a function returns that reads and assigns variables, and what they are then.

    The variables themselves stay as they are.
    """
    mapping = list(zip(variables, values, strict=True))
    with StatelessScope(state_mapping=mapping) as scope:
        returned = function()
        after = [scope.get_current_value(variable) for variable in variables]
    return returned, after


def set_value(variable: keras.Variable, value: Any) -> None:
    """Let a variable hold a value of its own shape and type, without looking at it."""
    variable._direct_assign(value)


def trainable_variables(owner: Any) -> list[keras.Variable]:
    """Return the own variables of a layer that are to be trained, or an optimizer's.

    Keras' public property counts a frozen layer's, and a layer's parts', otherwise.
    """
    return owner._trainable_variables


def moving_averages(optimizer: Any) -> list[keras.Variable | None]:
    """Return the averages that an optimizer with ``use_ema`` keeps of what it trains."""
    return optimizer._model_variables_moving_average


def excluded_from_decay(optimizer: Any) -> bool:
    """Whether an optimizer spares variables from weight decay."""
    return any(getattr(optimizer, name, None) for name in _EXCLUDED)


def exclude_from_decay_as(optimizer: Any, other: Any) -> None:
    """Let an optimizer spare what another one spares."""
    for name in _EXCLUDED:
        if name in vars(other):
            setattr(optimizer, name, getattr(other, name))


def copied_optimizer(optimizer: Any) -> Any:
    """Return a copy of an optimizer that is not built, whatever its configuration tells.

    What it refers to is copied with it, but for TensorFlow's strategy, of which there is one.
    """
    twin = object.__new__(type(optimizer))
    strategy = getattr(optimizer, "_distribution_strategy", None)
    known = {id(optimizer): twin, id(strategy): strategy}
    vars(twin).update(copy.deepcopy(vars(optimizer), known))
    return twin


def without_model(callback: keras.callbacks.Callback) -> None:
    """Let a callback forget the network that it watched."""
    callback._model = None


def name_counts(fresh: Callable[[], dict[str, int]]) -> dict[str, int]:
    """Return how often Keras has given each name in this thread; what is new counts so."""
    return global_state.get_global_attribute("object_name_uids", fresh(), set_to_default=True)
