"""Networks that wait for the next fit, and which build functions they are of."""

import threading
from collections import OrderedDict
from typing import Any

__all__ = ["SHELF", "NetworkShelf"]

MAX_NETWORKS, MAX_BUILDS = 8, 64


class NetworkShelf:
    """Networks that nobody holds now, those used last.

    What a build depends on beside its ``meta`` is a text here. What it has read of ``meta`` is
    known when it was looked at, in the second fit; most builds are never asked for twice.
    """

    def __init__(self) -> None:
        self._networks: OrderedDict[str, Any] = OrderedDict()
        self._reads: OrderedDict[str, tuple[str, ...] | None] = OrderedDict()
        self._given_up: OrderedDict[str, None] = OrderedDict()
        self._session: object = None
        self._lock = threading.Lock()

    def follow(self, session: object) -> None:
        """Forget all networks if Keras has begun anew since, with its names among other things."""
        if self._session is not session:
            self.clear()
            self._session = session

    def is_worthwhile(self, build: str) -> bool:
        """Return whether a build is asked for again, and not one that was given up."""
        with self._lock:
            if build in self._given_up:
                return False
            known = build in self._reads
            self._keep(self._reads, build, self._reads.get(build), MAX_BUILDS)
            return known

    def reads(self, build: str) -> tuple[str, ...] | None:
        """Return the names that a build reads of ``meta``, None where that is not known."""
        with self._lock:
            return self._reads.get(build)

    def note_reads(self, build: str, names: tuple[str, ...]) -> None:
        """Remember the names that a build has read of ``meta``."""
        with self._lock:
            self._keep(self._reads, build, names, MAX_BUILDS)

    def give_up(self, build: str) -> None:
        """Remember that networks of a build cannot start afresh."""
        with self._lock:
            self._keep(self._given_up, build, None, MAX_BUILDS)

    def take(self, key: str, only: Any = None) -> Any:
        """Take a network, to be given back or not, None if there is none of that key.

        Parameters
        ----------
        key : str
            Of the network.
        only : ShelvedNetwork or None, default=None
            Which one alone will do.
        """
        with self._lock:
            found = self._networks.get(key)
            if found is None or (only is not None and found is not only):
                return None
            return self._networks.pop(key)

    def give(self, shelved: Any) -> None:
        """Give a network back, or a new one."""
        with self._lock:
            self._keep(self._networks, shelved.key, shelved, MAX_NETWORKS)

    def _keep(self, kept: OrderedDict[str, Any], key: str, value: Any, most: int) -> None:
        """Keep a value as the one used last."""
        kept[key] = value
        kept.move_to_end(key)
        while len(kept) > most:
            kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._networks)

    def renew_lock(self) -> None:
        """Forget who holds the lock: in a forked process the threads of its parent are gone."""
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forget all networks; whoever needs one builds it."""
        with self._lock:
            self._networks.clear()
            self._reads.clear()
            self._given_up.clear()


SHELF = NetworkShelf()
