"""Whether an estimator may train the network of an earlier fit, and which one that is."""

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import CO_VARKEYWORDS
from numbers import Real
from types import FunctionType
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.keras import excluded_from_decay, recorded_build, session
from imbalanced_nn._compat.late_variables import LateVariables
from imbalanced_nn._compat.scikeras import encoder_state
from imbalanced_nn._compat.sklearn import has_callbacks
from imbalanced_nn.losses import ClassLoss, single_loss
from imbalanced_nn.training import (
    SHELF,
    LentNetwork,
    NotRepeatable,
    ShelvedNetwork,
    is_known,
    only_builds,
    place_of_variables,
    token_of,
    unnumbered,
)
from imbalanced_nn.wrapper.network_when_asked import NetworkWhenAsked
from imbalanced_nn.wrapper.parameters import is_auto

__all__ = ["Loan", "lending"]

# What an estimator knows of its target before it builds and compiles.
OF_TARGET = ("target_type_", "n_classes_", "n_outputs_", "n_outputs_expected_", "y_ndim_")
# Objects that each fit has copies of.
_OWN: dict[str, tuple[type, ...]] = {
    name: (kind,)
    for part, kind in (
        ("metrics", keras.metrics.Metric),
        ("optimizer", keras.optimizers.Optimizer),
        ("weighted_metrics", keras.metrics.Metric),
    )
    for name in (part, f"compile__{part}")
}
PLAIN = (type(None), bool, int, float, str, bytes)
# Whose classes hold no code of somebody's own but what is in their attributes.
LIBRARIES = {"imblearn", "imbalanced_nn", "keras", "numpy", "scipy", "sklearn"}


class Loan:
    """The network of one fit, which may come from an earlier one and go on to the next.

    Attributes
    ----------
    shelved : ShelvedNetwork or None
        It, if it may.
    """

    def __init__(self) -> None:
        self.shelved: ShelvedNetwork | None = None
        self._build: str | None = None
        self._is_recorded = False
        self._read: _ReadNames | None = None

    def network(self, estimator: Any, build: Callable[[], keras.Model]) -> keras.Model:
        """Return a network that starts as if it had just been built.

        Parameters
        ----------
        estimator : CompiledKerasClassifier
            About to build its network, seeded.
        build : callable
            Builds it.
        """
        SHELF.follow(session())
        self._build = _what_builds(estimator)
        if self._build is None:
            return build()
        reads = SHELF.reads(self._build)
        key = None if reads is None else _with_meta(self._build, estimator._get_metadata(), reads)
        shelved = None if key is None else SHELF.take(key)
        if shelved is not None:
            # Not part of a build alone: what is passed on is checked, and a warning may be due.
            estimator._check_model_param()
            try:
                shelved.renew()
            except NotRepeatable:
                SHELF.give_up(self._build)
            else:
                self.shelved = shelved
                return shelved.network
        if not SHELF.is_worthwhile(self._build):
            return build()
        self._is_recorded = True
        with recorded_build() as recorded:
            network = build()
        self._is_recorded = False
        self._note(network, *recorded)
        return network

    def meta(self, own: dict[str, Any]) -> dict[str, Any]:
        """Return what a build function gets as ``meta``, of which is noted what it reads."""
        if not self._is_recorded:
            return own
        self._read = _ReadNames(own)
        return self._read

    def _note(self, network: Any, seeds: list[int], names: set[str]) -> None:
        """Keep a network that was just built, if it can start afresh."""
        build, read = str(self._build), self._read
        reads = () if read is None else tuple(sorted(read.names, key=repr))
        key = None if read is not None and read.all else _with_meta(build, read or {}, reads)
        known = isinstance(network, keras.Model) and network.built and is_known(type(network))
        try:
            if key is None or not known:
                raise NotRepeatable("the build function reads what cannot be told")
            self.shelved = ShelvedNetwork(key, network, seeds, names)
        except NotRepeatable:
            SHELF.give_up(build)
        else:
            SHELF.note_reads(build, reads)

    def note_compiled(self) -> None:
        """Remember how the network is when it has just been compiled."""
        if self.shelved is not None:
            self.shelved.note_compiled()

    def settle(self, estimator: Any) -> None:
        """Let a fitted estimator hold what it has learned, and the next one have its network.

        Parameters
        ----------
        estimator : CompiledKerasClassifier
            Keeps the network for itself where no configuration tells all of it.
        """
        shelved = self.shelved
        if shelved is None:
            return
        network = shelved.network
        told = estimator.engine_ == "graph" and shelved.is_small
        own_loss = isinstance(single_loss(network.loss), ClassLoss)
        averages, late = network.optimizer.use_ema, LateVariables.of(network.optimizer)
        if not told or own_loss or averages or late is None:
            SHELF.give_up(str(self._build))
            return
        NetworkWhenAsked.lend(estimator, LentNetwork(shelved, late))
        SHELF.give(shelved)


@contextmanager
def lending(estimator: Any, arguments: dict[str, Any], is_partial: bool) -> Iterator[Loan]:
    """Let an estimator train a network of an earlier fit in the block, if nobody will see it.

    Parameters
    ----------
    estimator : BalancedKerasClassifier
        About to be fitted.
    arguments : dict
        Further ones of ``Model.fit``.
    is_partial : bool
        Whether it goes on with the network of its own.
    """
    loan = Loan()
    if not is_partial and _is_unseen(estimator, arguments):
        estimator._loan = loan
    try:
        yield loan
    finally:
        vars(estimator).pop("_loan", None)


def _is_unseen(estimator: Any, arguments: dict[str, Any]) -> bool:
    """Whether nobody but a fit itself can see its network before it has ended."""
    if has_callbacks(estimator) or arguments.get("callbacks") or estimator.callbacks is not None:
        return False
    # Somebody's code may look at the estimator, or go on with the network.
    if not is_known(type(estimator)) or estimator.warm_start:
        return False
    if not all(_is_quiet(value) for value in _of_the_fit(estimator)):
        return False
    if not (estimator.moving_average is None or is_auto(estimator.moving_average)):
        return False
    folds = estimator.validation_split
    one_network = folds is None or is_auto(folds) or (isinstance(folds, Real) and folds < 1)
    return one_network and estimator.head_sampler is None and estimator.engine != "keras"


def _of_the_fit(estimator: Any) -> list[Any]:
    """Return the parameters that have a part in a fit beside building and compiling."""
    elsewhere = {"build_fn", "model", *estimator._passed_on()}
    names = (n for n in vars(estimator) if n[:1] != "_" and n[-1:] != "_")
    return [getattr(estimator, name) for name in names if name not in elsewhere]


def _is_quiet(value: Any, around: tuple[int, ...] = ()) -> bool:
    """Whether a parameter, and all within it, is without code of somebody's own."""
    if isinstance(value, (*PLAIN, np.ndarray, np.generic, range)) or id(value) in around:
        return True
    within = value
    if isinstance(value, dict):
        within = value.values()
    elif not isinstance(value, list | tuple | set):
        kind = value if isinstance(value, type | FunctionType) else type(value)
        if (kind.__module__ or "").partition(".")[0] not in LIBRARIES:
            return False
        within = [] if kind is value else getattr(value, "__dict__", {}).values()
    return all(_is_quiet(part, (*around, id(value))) for part in within)


# What of a dict reads one name, or nothing.
_READ_BY_NAME = {"__class_getitem__", "__contains__", "__doc__", "__getattribute__", "__getitem__"}
_READ_BY_NAME |= {"__hash__", "__init__", "__new__", "fromkeys", "get"}


class _ReadNames(dict):
    """A dict that notes which of its names are read.

    Attributes
    ----------
    names : set of str
        Those.
    all : bool
        Whether it was read as a whole.
    """

    def __init__(self, values: dict[str, Any]):
        super().__init__(values)
        self.names: set[Any] = set()
        self.all = False

    def __getitem__(self, name: Any) -> Any:
        self.names.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: Any) -> bool:
        self.names.add(name)
        return super().__contains__(name)

    def get(self, name: Any, default: Any = None) -> Any:
        """Return a value, and note its name."""
        self.names.add(name)
        return super().get(name, default)

    __hash__ = None  # type: ignore[assignment]  # as of any dict


def _noting_all(name: str) -> Callable[..., Any]:
    """Return a method of a dict that reads it as a whole, and notes that it did."""
    method = getattr(dict, name)

    @functools.wraps(method)
    def noting(self: _ReadNames, *args: Any, **kwargs: Any) -> Any:
        self.all = True
        return method(self, *args, **kwargs)

    return noting


for _name in set(vars(dict)) - _READ_BY_NAME:
    setattr(_ReadNames, _name, _noting_all(_name))


def _what_builds(estimator: Any) -> str | None:
    """Return what the building and compiling of a network depend on, beside ``meta``.

    None where it cannot be told, or where a build does more than to make a network.
    """
    if estimator._kind not in ("binary", "multiclass"):
        return None
    builder = estimator.build_fn if estimator.model is None else estimator.model
    if not isinstance(builder, FunctionType) or builder.__code__.co_flags & CO_VARKEYWORDS:
        return None
    code = builder.__code__
    takes = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if "params" in takes:
        return None
    given = estimator._passed_on()
    # A dict, in which there may be a list of the user's.
    values = [*given.values(), *([{}] if "compile_kwargs" in takes else [])]
    if not only_builds(builder, values):
        return None
    target = {name: vars(estimator).get(name) for name in OF_TARGET}
    config = keras.config
    settings = [config.floatx(), config.image_data_format()]
    settings += [config.dtype_policy().name, encoder_state(estimator.target_encoder_).target_type]
    tokens = [place_of_variables(), token_of(builder, lists=True), repr(settings), _told(target)]
    tokens += [_told([name, value], _OWN.get(name, ())) for name, value in given.items()]
    return None if None in tokens else " ".join(map(str, tokens))


def _with_meta(build: str, meta: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """Return what a network depends on, with what its build reads of ``meta``."""
    missing = object()
    read = {name: dict.get(meta, name, missing) for name in names}
    told = _told({name: ("missing",) if v is missing else [v] for name, v in read.items()})
    return None if told is None else f"{build} {told}"


def _told(value: Any, objects: tuple[type, ...] = ()) -> str | None:
    """Return a value as text, None where that would not tell all of it.

    Objects are told only if they are of such classes: what others are given is in the network
    itself, and whoever has given it may change it.
    """
    if type(value) in PLAIN:
        return repr(value)
    if isinstance(value, np.generic | np.dtype):
        return f"{type(value).__name__}({value!s})"
    if type(value) in (list, tuple):
        parts = [_told(part, objects) for part in value]
        return None if None in parts else f"{type(value).__name__}({', '.join(map(str, parts))})"
    if type(value) is dict:
        return _told([[*pair] for pair in value.items()], objects)
    if isinstance(value, FunctionType | type):
        return token_of(value) if is_known(value) else None
    if not isinstance(value, objects) or not is_known(type(value)):
        return None
    if isinstance(value, keras.optimizers.Optimizer) and excluded_from_decay(value):
        return None
    return _as_json(value)


def _as_json(value: Any) -> str | None:
    """Return the configuration of an object of Keras', None if it has none."""
    try:
        told = keras.saving.serialize_keras_object(value)
        # Those without a name are numbered on through the process.
        told["config"]["name"] = unnumbered(value)
        return json.dumps(told, sort_keys=True)
    except Exception:
        return None
