"""What a backend's ``tensors`` takes from here where it has nothing of its own to do."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import keras

__all__ = [
    "drawing",
    "forget_traces",
    "is_slowed_by_loops",
    "padded_length",
    "start",
    "variables_alike",
]


def start() -> None:
    """Prepare nothing: the backend is ready when it is imported."""


def padded_length(n: int, multiple: int) -> int:
    """Return to how many rows so many are filled up: a whole multiple."""
    return n + -n % multiple


def is_slowed_by_loops(model: keras.Model) -> bool:
    """Whether steps of a network take longer in a program of many of them: none does."""
    return False


def drawing(seed: int | None) -> AbstractContextManager:
    """Seed nothing: layers draw from generators of their own."""
    return nullcontext()


def forget_traces(model: keras.Model) -> None:
    """Do nothing: programs read what variables hold when they run."""


@contextmanager
def variables_alike(values: Iterable[Any] = ()) -> Iterator[None]:
    """Make variables as Keras does: the backend keeps nothing by their names.

    Values for them are assigned afterwards, where there are any.
    """
    yield
