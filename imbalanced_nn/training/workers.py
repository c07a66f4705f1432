"""TensorFlow's threads in the worker processes of joblib."""

import contextlib
import multiprocessing
import os
from collections.abc import Mapping

import tensorflow as tf

__all__ = ["share_threads", "thread_share"]


def thread_share(environ: Mapping[str, str], process_name: str) -> int | None:
    """Return how many threads a worker process is meant to use, None where nothing is said.

    joblib divides the cores among its workers and tells numerical libraries through their
    environment variables, but not TensorFlow.
    """
    given = environ.get("OMP_NUM_THREADS", "")
    if not process_name.startswith("LokyProcess") or "TF_NUM_INTRAOP_THREADS" in environ:
        return None
    return int(given) if given.isdecimal() and int(given) > 0 else None


def share_threads() -> None:
    """In a worker process of joblib, keep TensorFlow to the worker's share of the cores.

    Elsewhere, and where the user has set TensorFlow's threads, nothing is changed.
    """
    share = thread_share(os.environ, multiprocessing.current_process().name)
    if share is not None:
        # Too late once TensorFlow has computed something.
        with contextlib.suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(share)
            tf.config.threading.set_inter_op_parallelism_threads(share)
