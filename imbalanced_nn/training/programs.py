"""Training programs, kept for the next fit of an equal network."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import keras

from imbalanced_nn.training.backends import epochs_module
from imbalanced_nn.training.cache import TRAINING
from imbalanced_nn.training.fingerprint import training_key
from imbalanced_nn.training.kept import kept_with
from imbalanced_nn.training.twins import shared_by

__all__ = ["OwnProgram", "Program", "borrowed_program"]

# Seconds; about two traces, beyond which waiting gains nothing.
LONGEST_WAIT = 2.0

_EPOCHS = epochs_module()
# None on a backend whose networks `Model.fit` trains.
Program: Any = getattr(_EPOCHS, "Program", None)
OwnProgram: Any = getattr(_EPOCHS, "OwnProgram", None)


@contextmanager
def borrowed_program(model: keras.Model, batch_size: int, data: tuple[Any, ...]) -> Iterator[Any]:
    """Hold the program of an equal network, a new one if there is none, for one fit.

    A network with code of somebody's own has a program of its own for this fit. Where only its
    loss and metrics are, and they are plain functions that are the same as in an earlier fit,
    that fit's program serves again.

    A fit inside a fit of its own thread, and whoever waited for long, gets a program of its own,
    the price of one trace. Fits in two threads could wait for one another for ever: each in a
    callback, or in a build that a callback of the other waits for.
    """

    def make():
        return Program(model, batch_size, data)

    program = None
    if (tokens := shared_by(model)) is not None:
        key = " ".join([training_key(model, batch_size, data), *tokens])
        # Somebody's code may not be what a twin can be made with.
        with suppress(Exception) if tokens else nullcontext():
            program = TRAINING.get(key, make)
    if program is None:
        # Kept for another call that goes on with the same network.
        kept = kept_with(model)
        yield kept.setdefault(f"training {batch_size}", OwnProgram(model, batch_size))
        return
    thread = threading.get_ident()
    if not program.lock.acquire(timeout=0 if program.holder == thread else LONGEST_WAIT):
        yield make()
        return
    program.holder = thread
    try:
        yield program
    finally:
        program.holder = None
        program.lock.release()
