"""The attribute ``model_`` of an estimator whose network may have gone on to the next fit."""

import threading
from typing import Any

__all__ = ["NetworkWhenAsked"]

# Held for a moment: nobody may put a network into an estimator that is being fitted anew.
_LOCK = threading.Lock()


class NetworkWhenAsked:
    """Stands for ``model_`` where an estimator has no attribute of that name in its own dict.

    It then makes the network of what was lent, if there is such, which is kept as the attribute.
    """

    def __get__(self, estimator: Any, owner: Any = None) -> Any:
        if estimator is None:
            return self
        lent = estimator._lent
        if lent is None:
            said = f"{type(estimator).__name__!r} object has no attribute 'model_'"
            raise AttributeError(said, name="model_", obj=estimator)
        network, state = lent.own_network(), vars(estimator)
        with _LOCK:
            if state.get("_lent") is lent:
                # Another thread finds the one or the other.
                state["model_"] = network
                del state["_lent"]
        return network

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
