"""The attribute ``model_`` of an estimator whose network may have gone on to the next fit."""

import os
import threading
from typing import Any

__all__ = ["NetworkWhenAsked"]

# Held for a moment: nobody may put a network into an estimator that is being fitted anew.
_LOCK = threading.Lock()


def _renew_lock() -> None:
    """Forget who holds the lock: in a forked process the threads of its parent are gone."""
    global _LOCK
    _LOCK = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class NetworkWhenAsked:
    """The attribute ``model_``: the network, made of what was lent when somebody first asks."""

    def __get__(self, estimator: Any, owner: Any = None) -> Any:
        if estimator is None:
            return self
        state, lent = vars(estimator), estimator._lent
        if "model_" in state:
            return state["model_"]
        if lent is None:
            said = f"{type(estimator).__name__!r} object has no attribute 'model_'"
            raise AttributeError(said, name="model_", obj=estimator)
        network = lent.own_network()
        with _LOCK:
            if state.get("_lent") is lent:
                # Another thread finds the one or the other.
                state["model_"] = network
                del state["_lent"]
        return network

    def __set__(self, estimator: Any, network: Any) -> None:
        with _LOCK:
            vars(estimator)["model_"] = network
            vars(estimator).pop("_lent", None)

    def __delete__(self, estimator: Any) -> None:
        # There is one to take away, or it is said that there is none.
        self.__get__(estimator)
        self.forget(estimator, ("model_",))

    @staticmethod
    def forget(estimator: Any, names: tuple[str, ...]) -> None:
        """Take attributes away from an estimator, and what was lent with them."""
        with _LOCK:
            for name in (*names, "_lent"):
                vars(estimator).pop(name, None)

    @staticmethod
    def lend(estimator: Any, lent: Any) -> None:
        """Let an estimator keep what it has made of a network, and not the network."""
        with _LOCK:
            vars(estimator)["_lent"] = lent
            del vars(estimator)["model_"]
