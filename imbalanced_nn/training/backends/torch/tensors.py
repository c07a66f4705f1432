"""PyTorch's tensors, what variables hold of them, and its threads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import torch

from imbalanced_nn._compat.keras import name_optimizers
from imbalanced_nn.training.backends.usual import (
    forget_traces,
    padded_length,
    variables_alike,
)

__all__ = [
    "COMPILES",
    "PEEKS",
    "as_data",
    "as_tensors",
    "drawing",
    "forget_traces",
    "has_computed",
    "is_distributed",
    "is_eager",
    "is_tensor",
    "limit_threads",
    "padded_length",
    "start",
    "variables_alike",
]


COMPILES = False
"""Whether Keras compiles its steps unless it is told not to."""

PEEKS = True
"""Whether Keras takes a batch out of an epoch of its own to make metrics by."""


def start() -> None:
    """Let files name optimizers as other backends know them."""
    name_optimizers()


def is_tensor(data: Any) -> bool:
    """Whether data is one tensor, and no list or dict of them."""
    return isinstance(data, torch.Tensor)


def as_tensors(data: Any) -> Any:
    """Return arrays, or lists and dicts of them, as tensors."""
    return keras.tree.map_structure(keras.ops.convert_to_tensor, data)


as_data = as_tensors
"""The same for rows that programs gather batches from."""


@contextmanager
def drawing(seed: int | None) -> Iterator[None]:
    """Seed PyTorch's own generators inside the block, from which dropout draws, unless None."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def is_distributed(model: keras.Model) -> bool:
    """Whether the values of a network's weights lie on several devices."""
    return False


def is_eager() -> bool:
    """Whether everything is run step by step: Keras compiles on PyTorch only where asked to."""
    return False


def limit_threads(share: Callable[[], int | None]) -> None:
    """Keep to a share of the cores, unless PyTorch was already set to one core."""
    if torch.get_num_threads() > 1 and (number := share()) is not None:
        torch.set_num_threads(min(number, torch.get_num_threads()))


def has_computed() -> bool:
    """Whether a forked process would wait for threads that are gone: PyTorch makes new ones."""
    return False
