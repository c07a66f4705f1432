"""State of the whole process that training needs: seeds of builds, threads, and forks."""

import copy
import multiprocessing
import os
import random
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.utils import check_random_state

from imbalanced_nn._compat.keras import default_seeds
from imbalanced_nn.training import cache
from imbalanced_nn.training.backends import TITLE, tensors
from imbalanced_nn.training.global_draws import NUMPY, PYTHON, drawn_from
from imbalanced_nn.training.shelf import SHELF

__all__ = ["refuse_after_fork", "seed_of", "seeded", "share_threads", "thread_share"]

# One build at a time, seeded or not: the user's code may draw from Python's and NumPy's own
# generators, and without a seed Keras does, too.
_BUILDING = threading.RLock()


def _renew_build_lock() -> None:
    """Forget who is building: in a forked process the threads of its parent are gone."""
    global _BUILDING
    _BUILDING = threading.RLock()


def seed_of(random_state: Any) -> int:
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
def seeded(seed: int | None, *code: Any) -> Iterator[None]:
    """Seed what is drawn inside the block while networks are made in it.

    Keras draws from a generator of the block's own. Python's and NumPy's global generators are
    seeded, and put back, only where the user's code may draw from them: then what other threads
    draw meanwhile is of that sequence, and takes numbers out of it.

    Parameters
    ----------
    seed : int or None
        With None the block only waits its turn.
    code : functions, classes and values
        The user's code that runs in the block.
    """
    with _BUILDING:
        if seed is None:
            yield
            return
        streams = drawn_from(*code)
        # In a sequence that the user's code shares, as it would be without this package.
        own = None if PYTHON in streams else random.Random(seed)
        with _global_seed(seed, streams), default_seeds(own):
            yield


@contextmanager
def _global_seed(seed: int, streams: frozenset[str]) -> Iterator[None]:
    """Seed global generators inside the block, then put them back."""
    python_state = random.getstate() if PYTHON in streams else None
    numpy_state = np.random.get_state() if NUMPY in streams else None
    try:
        if python_state is not None:
            random.seed(seed)
        if numpy_state is not None:
            np.random.seed(seed % 2**32)
        yield
    finally:
        if python_state is not None:
            random.setstate(python_state)
        if numpy_state is not None:
            np.random.set_state(numpy_state)


def thread_share(environ: Mapping[str, str], n_cores: int, n_workers: int) -> int | None:
    """Return how many threads a worker process is meant to use, None where its user has said so.

    joblib, dask and ray tell numerical libraries, through their environment variable, but not
    TensorFlow. Where nothing is told, workers share the cores alike.

    Parameters
    ----------
    environ : mapping
        Environment of the process.
    n_cores : int
        Cores that it may use.
    n_workers : int
        Workers of the same parent, itself included.
    """
    if "TF_NUM_INTRAOP_THREADS" in environ:
        return None
    given = environ.get("OMP_NUM_THREADS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return max(1, n_cores // n_workers)


def is_worker(environ: Mapping[str, str]) -> bool:
    """Whether this process was started by another to work for it, as pools and clusters do."""
    if multiprocessing.parent_process() is not None or "RAY_RAYLET_PID" in environ:
        return True
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        # Also one that no other process minds.
        return distributed.get_worker() is not None
    except ValueError:
        return False


def _n_siblings() -> int:
    """Return how many processes work for the parent of this one, itself included; 1 if unknown."""
    parent = multiprocessing.parent_process()
    pid = os.getppid() if parent is None else parent.pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    except OSError:
        return 1
    helpers = (b"resource_tracker", b"forkserver")
    return max(1, sum(not any(name in each for name in helpers) for each in commands))


def share_threads() -> None:
    """In a worker process, keep the backend to the worker's share of the cores.

    Elsewhere, and where the user has set its threads, nothing is changed.
    """
    if is_worker(os.environ):
        tensors.limit_threads(lambda: thread_share(os.environ, joblib.cpu_count(), _n_siblings()))


_threads_are_lost = False


def refuse_after_fork() -> None:
    """Refuse to compute where the backend would wait for ever.

    A fork copies its memory but not the threads that run its programs.

    Raises
    ------
    RuntimeError
        If it had computed in the process that this one was forked from.
    """
    if _threads_are_lost:
        raise RuntimeError(
            f"This process was forked from one in which {TITLE} had computed, and {TITLE}'s "
            "threads did not come along: to fit, predict, load, copy or unpickle here would wait "
            "for them for ever. Start processes with joblib's loky or "
            "multiprocessing.get_context('spawn'), or fork before the first network is built."
        )


def _start_anew() -> None:
    """Make a forked process wait for no lock that a thread of its parent held."""
    global _threads_are_lost
    _threads_are_lost = tensors.has_computed()
    _renew_build_lock()
    for programs in (cache.TRAINING, cache.FORWARD, SHELF):
        programs.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
