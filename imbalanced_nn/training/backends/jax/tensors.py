"""JAX's arrays, what variables hold of them, and where compiled programs are kept."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from imbalanced_nn._compat.jax import is_running
from imbalanced_nn._compat.keras import flattened_layers, set_value
from imbalanced_nn.training.backends.usual import drawing, variables_alike

__all__ = [
    "COMPILES",
    "PEEKS",
    "as_data",
    "as_tensors",
    "assign_all",
    "drawing",
    "forget_traces",
    "has_computed",
    "is_distributed",
    "is_eager",
    "is_parallel",
    "is_slowed_by_loops",
    "is_tensor",
    "limit_threads",
    "padded_length",
    "placement",
    "read",
    "slots_made",
    "start",
    "values_of",
    "variables_alike",
]

CONVOLUTIONS = (
    *(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D),
    *(keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose),
    *(keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D),
    *(keras.layers.SeparableConv1D, keras.layers.SeparableConv2D),
)

COMPILES = True
"""Whether Keras compiles its steps unless it is told not to."""

PEEKS = True
"""Whether Keras takes a batch out of an epoch of its own to make metrics by."""


def start() -> None:
    """Let JAX keep compiled programs between processes, unless it was told where or not to.

    Its own settings turn that off, ``JAX_ENABLE_COMPILATION_CACHE=0``, and say where they are,
    ``JAX_COMPILATION_CACHE_DIR``.
    """
    config: Any = jax.config
    named = config.jax_compilation_cache_dir
    # What a program has set of JAX by itself stays.
    of_program = named and "JAX_COMPILATION_CACHE_DIR" not in os.environ
    if of_program or not config.jax_enable_compilation_cache:
        return
    if not named:
        folder = cache_folder(os.environ, sys.platform, Path.home)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return
        if not os.access(folder, os.W_OK):
            return
        config.update("jax_compilation_cache_dir", str(folder))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        # Most programs of a fit are small, and still take four times as long to compile as to load.
        config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def cache_folder(environ: Any, platform: str, home: Callable[[], Path]) -> Path:
    """Return where a platform keeps what can be made anew, with a place of our own in it."""
    if platform == "win32":
        base = environ.get("LOCALAPPDATA") or home() / "AppData" / "Local"
    elif platform == "darwin":
        base = home() / "Library" / "Caches"
    else:
        base = environ.get("XDG_CACHE_HOME") or home() / ".cache"
    return Path(base) / "imbalanced_nn" / "jax"


def padded_length(n: int, multiple: int) -> int:
    """Return to how many rows so many are filled up, so that few programs serve all numbers.

    A program is compiled for one number of rows. Up to a quarter more rows are computed.
    """
    blocks = -(-n // multiple)
    unit = 1 << max(0, blocks.bit_length() - 3)
    return -(-blocks // unit) * unit * multiple


def is_tensor(data: Any) -> bool:
    """Whether data is one tensor, and no list or dict of them."""
    return isinstance(data, jax.Array)


def as_tensors(data: Any) -> Any:
    """Return arrays, or lists and dicts of them, as tensors."""
    return keras.tree.map_structure(jnp.asarray, data)


def as_data(data: Any) -> Any:
    """Return the same for rows that programs gather batches from, with rows that nobody takes."""

    def filled(part):
        missing = padded_length(len(part), 32) - len(part)
        if missing:
            part = np.concatenate([part, np.zeros((missing, *part.shape[1:]), part.dtype)])
        return jnp.asarray(part)

    return keras.tree.map_structure(filled, data)


def is_distributed(model: keras.Model) -> bool:
    """Whether the values of a network's weights lie on several devices."""
    return keras.distribution.distribution() is not None


def is_eager() -> bool:
    """Whether everything is to be run step by step and nothing compiled."""
    config: Any = jax.config
    return bool(config.jax_disable_jit)


def is_parallel() -> bool:
    """Whether the device computes several small things in the time of one."""
    return jax.default_backend() != "cpu"


def is_slowed_by_loops(model: keras.Model) -> bool:
    """Whether steps of a network take longer in a program of many of them.

    For CPUs, XLA prepares the convolutions of a program for its fast routines, but none inside a
    loop: gradients of layers with convolutions take up to 17 times as long there.
    """
    layers = flattened_layers(model, include_self=False)
    return not is_parallel() and any(isinstance(layer, CONVOLUTIONS) for layer in layers)


def placement() -> str | None:
    """Return where variables are made now, None where on several devices."""
    if keras.distribution.distribution() is not None:
        return None
    return str(keras.ops.zeros((), "float32").devices())


def forget_traces(model: keras.Model) -> None:
    """Let Keras compile its steps anew, whose losses have values of their own built in."""
    if model.train_function is not None:
        model.make_train_function(force=True)
    if model.test_function is not None:
        model.make_test_function(force=True)


@contextmanager
def slots_made(optimizer: keras.optimizers.Optimizer, values: Iterable[Any]) -> Iterator[None]:
    """Give the variables that an optimizer makes inside the block such values after it."""
    n_known = len(optimizer.variables)
    yield
    assign_all(zip(optimizer.variables[n_known:], values, strict=True))


def read(variable: keras.Variable) -> Any:
    """Return the value of a variable."""
    return variable.value


def assign_all(pairs: Iterable[tuple[keras.Variable, Any]]) -> None:
    """Assign to the first of each two a copy of what the second is, or holds if a variable, too.

    Programs write over the values that they are given, which nobody else may hold.
    """
    variables, others = zip(*pairs, strict=True) if (pairs := list(pairs)) else ((), ())
    values = [read(each) if isinstance(each, keras.Variable) else each for each in others]
    for variable, value in zip(variables, _copies(values), strict=True):
        set_value(variable, value)


@jax.jit
def _copies(values: list[Any]) -> list[Any]:
    """Return copies in one call."""
    return [jnp.copy(value) for value in values]


def values_of(variables: Iterable[keras.Variable]) -> list[Any]:
    """Return what variables hold, which nothing that they are assigned later changes."""
    return _copies([variable.value for variable in variables])


def limit_threads(share: Callable[[], int | None]) -> None:
    """Keep to a share of the cores, which is asked for where nobody has set the threads."""
    if is_running() or "NPROC" in os.environ:
        return
    if (number := share()) is not None:
        # JAX reads it when it starts, once.
        os.environ["NPROC"] = str(number)


def has_computed() -> bool:
    """Whether JAX has started its threads."""
    return is_running()
