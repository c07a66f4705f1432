"""Traced programs of this process, bounded in number and bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from imbalanced_nn.training.shelf import SHELF

__all__ = ["FORWARD", "TRAINING", "ProgramCache", "clear_programs", "n_bytes"]

MAX_PROGRAMS = 16
MAX_BYTES = 2**29

# Python's and TensorFlow's own records of a small graph, roughly.
GRAPH_BYTES = 4 * 2**20


class ProgramCache:
    """The programs used last.

    Parameters
    ----------
    max_programs : int
        Largest number kept.
    max_bytes : int
        Bytes kept at most, by the programs' own ``n_bytes``. One that is larger alone serves
        the fit that made it and is not kept.
    """

    def __init__(self, max_programs: int = MAX_PROGRAMS, max_bytes: int = MAX_BYTES):
        self.max_programs, self.max_bytes = max_programs, max_bytes
        self._programs: OrderedDict[str, Any] = OrderedDict()
        self._lookup = threading.Lock()

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return the program of that key, made if there is none."""
        with self._lookup:
            program = self._programs.get(key)
        if program is None:
            # Made outside the lock: making it waits for builds, and a build may wait for the lock.
            made = make()
        with self._lookup:
            program = program or self._programs.setdefault(key, made)
            self._programs[key] = program
            self._programs.move_to_end(key)
            while len(self) > self.max_programs or self.n_bytes > self.max_bytes:
                self._programs.popitem(last=False)
        return program

    @property
    def n_bytes(self) -> int:
        """Bytes of all programs."""
        return sum(program.n_bytes for program in self._programs.values())

    def __len__(self) -> int:
        return len(self._programs)

    def __iter__(self):
        return iter(list(self._programs.values()))

    def renew_lock(self) -> None:
        """Forget who holds the lock: in a forked process the threads of its parent are gone."""
        self._lookup = threading.Lock()

    def clear(self) -> None:
        """Forget all programs; a fit that holds one keeps it to its end."""
        with self._lookup:
            self._programs.clear()


TRAINING, FORWARD = ProgramCache(), ProgramCache()


def n_bytes(variables: Iterable[Any]) -> int:
    """Return the bytes of a program with these variables."""
    sizes = (np.prod(v.shape, dtype=int) * np.dtype(v.dtype).itemsize for v in variables)
    return GRAPH_BYTES + int(sum(sizes))


def clear_programs() -> None:
    """Forget every traced program, and every network that waits for the next fit.

    What TensorFlow itself keeps of every different network that was trained, some 7 MB, stays
    until the process ends, as the worker processes of a search do.

    Examples
    --------
    >>> from imbalanced_nn.training import clear_programs
    >>> clear_programs()
    """
    TRAINING.clear()
    FORWARD.clear()
    SHELF.clear()
