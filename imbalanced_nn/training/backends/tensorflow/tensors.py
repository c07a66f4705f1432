"""TensorFlow's tensors and variables, and the threads that compute with them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import keras
import tensorflow as tf

from imbalanced_nn._compat.tensorflow import give_name
from imbalanced_nn.training.backends.usual import (
    drawing,
    forget_traces,
    is_slowed_by_loops,
    padded_length,
    start,
)

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


COMPILES = False
"""Whether Keras compiles its steps unless it is told not to."""

PEEKS = False
"""Whether Keras takes a batch out of an epoch of its own to make metrics by."""


def is_tensor(data: Any) -> bool:
    """Whether data is one tensor, and no list or dict of them."""
    return isinstance(data, tf.Tensor)


def as_tensors(data: Any) -> Any:
    """Return arrays, or lists and dicts of them, as tensors."""
    return keras.tree.map_structure(tf.convert_to_tensor, data)


as_data = as_tensors
"""The same for rows that programs gather batches from."""


def is_distributed(model: keras.Model) -> bool:
    """Whether the values of a network's weights lie on several devices."""
    return any(isinstance(v.value, tf.distribute.DistributedValues) for v in model.weights[:1])


def placement() -> str | None:
    """Return where variables are made now, None where on several devices or in a graph."""
    if tf.distribute.has_strategy() or not tf.executing_eagerly():
        return None
    return tf.zeros(()).device


def is_eager() -> bool:
    """Whether everything is to be run step by step and nothing as a graph."""
    return tf.config.functions_run_eagerly()


@contextmanager
def variables_alike(values: Iterable[tf.Tensor] = ()) -> Iterator[None]:
    """Make TensorFlow's variables inside the block under one name, and name them afterwards.

    TensorFlow prepares a kernel for each new name and keeps it until the process ends. Keras
    numbers its layers and optimizers on through the process, so every fit would pay for new
    names, half a millisecond a variable, and leave their kernels behind. What a variable says
    its name is, by which optimizers choose, is what it would have been.

    Parameters
    ----------
    values : iterable of tf.Tensor, default=()
        Values for the first variables made, in their order, in place of their initialisers'.
    """
    values = iter(values)

    def make_alike(make: Callable[..., tf.Variable], **arguments: Any) -> tf.Variable:
        value = next(values, None)
        if value is not None:
            arguments["initial_value"] = value
        return _under_one_name(make, arguments)

    with tf.variable_creator_scope(make_alike):
        yield


def slots_made(
    optimizer: keras.optimizers.Optimizer, values: Iterable[tf.Tensor]
) -> AbstractContextManager:
    """Let the variables that an optimizer makes inside the block start from values."""
    return variables_alike(values)


def _under_one_name(make: Callable[..., tf.Variable], arguments: dict[str, Any]) -> tf.Variable:
    """Make a variable; in a graph and among replicas it cannot be named afterwards."""
    if not tf.executing_eagerly() or tf.distribute.has_strategy():
        return make(**arguments)
    with tf.name_scope(arguments.get("name") or "Variable") as scope:
        name = scope.removesuffix("/")
    # A scope that ends in a slash replaces those around it.
    with tf.name_scope("network/"):
        variable = make(**arguments | {"name": "variable"})
    give_name(variable, name)
    return variable


def read(variable: keras.Variable) -> tf.Tensor:
    """Return the value of a variable; Keras' own way converts and checks for far longer."""
    # A type by name would send TensorFlow past its fast path.
    dtype = _TYPES.get(variable.dtype) or tf.as_dtype(variable.dtype)
    return tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=dtype)


_TYPES = {dtype.name: dtype for dtype in (tf.float32, tf.int32, tf.int64, tf.uint32)}


def assign_all(pairs: Iterable[tuple[keras.Variable, Any]]) -> None:
    """Assign to the first of each two what the second is, or holds if it is a variable, too."""
    for variable, other in pairs:
        value = read(other) if isinstance(other, keras.Variable) else other
        tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)


def values_of(variables: Iterable[keras.Variable]) -> list[Any]:
    """Return what variables hold, which nothing that they are assigned later changes."""
    return [read(variable) for variable in variables]


def limit_threads(share: Callable[[], int | None]) -> None:
    """Keep to a share of the cores, which is asked for where nobody has set the threads."""
    threads = tf.config.threading
    if threads.get_intra_op_parallelism_threads() or (number := share()) is None:
        return
    # Too late once TensorFlow has computed something.
    with suppress(RuntimeError):
        threads.set_intra_op_parallelism_threads(number)
        threads.set_inter_op_parallelism_threads(number)


def has_computed() -> bool:
    """Whether TensorFlow has started its threads, after which it lets nobody set their number."""
    threading = tf.config.threading
    n_threads = threading.get_inter_op_parallelism_threads()
    try:
        threading.set_inter_op_parallelism_threads(n_threads + 1)
    except RuntimeError:
        return True
    threading.set_inter_op_parallelism_threads(n_threads)
    return False
