"""Keeping TensorFlow's own log off the user's terminal, and warnings until the end."""

import io
import logging
import os
import sys
import warnings
from contextlib import contextmanager

from imbalanced_nn.cli.wording import as_typed

__all__ = ["noted", "tensorflow_muted"]

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextmanager
def tensorflow_muted():
    """Mute what native code writes to stderr; Python's ``sys.stderr`` goes on as before.

    TensorFlow writes its start-up log before it has read the environment variable that sets its
    level, so the file descriptor itself is turned away, here and in the worker processes that
    inherit it. With ``TF_CPP_MIN_LOG_LEVEL=0`` in the environment everything is shown.
    """
    if os.environ.setdefault(_LEVEL, "3") == "0":
        yield
        return
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    stderr = sys.stderr
    if stderr is None:
        # It was closed: no file that is opened now may come to stand in its place.
        while os.open(os.devnull, os.O_WRONLY) < 2:
            pass
        yield
        return
    stderr.flush()
    kept = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    if _descriptor(stderr) == 2:
        sys.stderr = open(  # noqa: SIM115 - kept for the block
            kept, "w", buffering=1, encoding=stderr.encoding, errors=stderr.errors, closefd=False
        )
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = stderr
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def noted():
    """Give a list that holds, after the block, what it warned the user of, each text once."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        for category in (UserWarning, RuntimeWarning):
            warnings.simplefilter("always", category)
        yield notes
    # Where scikit-learn was not needed, it told nothing either.
    of_fits = getattr(sys.modules.get("sklearn.exceptions"), "FitFailedWarning", UserWarning)
    kinds = (UserWarning, of_fits)
    # Deprecations inside libraries are nothing that the user of a command can act on.
    told = [each.message for each in caught if issubclass(each.category, kinds)]
    texts = [as_typed(getattr(each, "told", str(each))) for each in told]
    notes.extend(dict.fromkeys(texts))


def _descriptor(stream) -> int | None:
    """Return the file descriptor of a stream, if it has one."""
    try:
        return stream.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return None
