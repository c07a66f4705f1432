"""An interrupt stays one, whatever the libraries that it passes make of it."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["interrupt_watch"]


@contextmanager
def interrupt_watch() -> Iterator[Callable[[BaseException], bool]]:
    """Give a function that tells whether what ended the block was the user's Ctrl-C.

    Native code that calls Python, as TensorFlow does while it traces, may turn a
    ``KeyboardInterrupt`` into an error of its own, so that the signal itself is watched.
    """
    from_here = threading.current_thread() is threading.main_thread()
    before: Any = signal.getsignal(signal.SIGINT) if from_here else None
    seen: list[int] = []

    def note(number, frame):
        seen.append(number)
        return before(number, frame)

    def was_interrupted(error: BaseException) -> bool:
        if isinstance(error, click.exceptions.Exit):
            return False
        if isinstance(error, KeyboardInterrupt) or seen:
            return True
        # A plain refusal is told without loading what the next lines load.
        if error.__cause__ is None and error.__context__ is None:
            return False
        from imbalanced_nn.exceptions import came_of_interrupt

        return came_of_interrupt(error)

    if callable(before):
        signal.signal(signal.SIGINT, note)
    try:
        yield was_interrupted
    finally:
        if callable(before):
            signal.signal(signal.SIGINT, before)
