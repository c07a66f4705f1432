"""Processes forked from one in which TensorFlow has computed: it cannot compute in them."""

import os

import tensorflow as tf

from imbalanced_nn.training import cache, seeds

__all__ = ["refuse_after_fork"]

_threads_are_lost = False


def refuse_after_fork() -> None:
    """Refuse to compute where TensorFlow would wait for ever.

    A fork copies TensorFlow's memory but not the threads that run its graphs.

    Raises
    ------
    RuntimeError
        If TensorFlow had computed in the process that this one was forked from.
    """
    if _threads_are_lost:
        raise RuntimeError(
            "This process was forked from one in which TensorFlow had computed, and TensorFlow's "
            "threads did not come along: a fit or a prediction here would wait for them for ever. "
            "Start processes with joblib's loky or multiprocessing.get_context('spawn'), or fork "
            "before the first network is built."
        )


def _has_computed() -> bool:
    """Whether TensorFlow has started its threads, after which it lets nobody set their number."""
    threading = tf.config.threading
    n_threads = threading.get_inter_op_parallelism_threads()
    try:
        threading.set_inter_op_parallelism_threads(n_threads + 1)
    except RuntimeError:
        return True
    threading.set_inter_op_parallelism_threads(n_threads)
    return False


def _start_anew() -> None:
    """Make a forked process wait for no lock that a thread of its parent held."""
    global _threads_are_lost
    _threads_are_lost = _has_computed()
    seeds.renew_lock()
    for programs in (cache.TRAINING, cache.FORWARD):
        programs.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
