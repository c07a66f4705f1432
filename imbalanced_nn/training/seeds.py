"""Reproducible builds without touching TensorFlow's global settings."""

import copy
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["draw_seed", "renew_lock", "seeded"]

# Keras draws the seed of every initialiser and random layer from Python's global generator
# while a network is built. One build at a time, seeded or not: a second thread would take
# numbers out of the sequence.
_BUILDING = threading.RLock()


def renew_lock() -> None:
    """Forget who is building: in a forked process the threads of its parent are gone."""
    global _BUILDING
    _BUILDING = threading.RLock()


def draw_seed(random_state: Any) -> int:
    """Return the integer seed that ``random_state`` stands for.

    An integer is itself, a ``RandomState`` gives a number without being advanced (as in
    scikeras, equal states give equal fits), None draws from NumPy's global generator.
    """
    if isinstance(random_state, np.random.RandomState):
        random_state = copy.deepcopy(random_state)
    elif random_state is not None:
        check_random_state(random_state)
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seed Python's and NumPy's global generators inside the block, then put them back.

    With None the block only waits its turn.
    """
    with _BUILDING:
        if seed is None:
            yield
            return
        python_state, numpy_state = random.getstate(), np.random.get_state()
        try:
            random.seed(seed)
            np.random.seed(seed % 2**32)
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)
