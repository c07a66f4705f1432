"""Locks of which threads that hold some already know that they must not wait for another."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["held", "holds_any"]

_HELD = threading.local()


def holds_any() -> bool:
    """Return whether this thread holds a lock for which another may be waiting."""
    return getattr(_HELD, "count", 0) > 0


@contextmanager
def held(lock: Any, wait: bool = True) -> Iterator[bool]:
    """Hold a lock inside the block; yield whether it was free or became so.

    Parameters
    ----------
    lock : threading.Lock or threading.RLock
        To acquire.
    wait : bool, default=True
        Wait until it is free. Without, the block runs whether it is held or not.
    """
    if not lock.acquire(blocking=wait):
        yield False
        return
    count = getattr(_HELD, "count", 0)
    _HELD.count = count + 1
    try:
        yield True
    finally:
        _HELD.count = count
        lock.release()
