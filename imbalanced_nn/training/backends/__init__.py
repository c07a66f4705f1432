"""What differs between Keras' backends, under the same names for each of them.

A backend is a package of up to three modules:

``tensors``
    Arrays as tensors, values of variables, threads: what the rooms of a training need of it.
``passes``
    The forward pass, and the loss of held-out rows, as functions that are kept with a network.
``epochs``
    ``Program`` and ``OwnProgram``: whole epochs as one program. Without it, as on PyTorch,
    ``Model.fit`` trains.

What two of them do alike stands beside them: ``usual`` for ``tensors``, ``epoch_program`` for
``epochs``. Everything else, from the loop over the epochs to the cache of programs, is shared.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from imbalanced_nn._compat.backend import BACKENDS, check_backend
from imbalanced_nn._compat.keras import backend_name

__all__ = ["BACKEND", "TITLE", "epochs_module", "passes_module", "tensors"]

BACKEND = backend_name()
"""Name of the backend that Keras runs on in this process."""

check_backend(BACKEND)


def _part(name: str) -> Any:
    """Return a module of this backend, None where it has none of that name."""
    path = f"{__name__}.{BACKEND}.{name}"
    return import_module(path) if find_spec(path) else None


def passes_module() -> Any:
    """Return the module of forward passes."""
    return _part("passes")


def epochs_module() -> Any:
    """Return the module of programs of whole epochs, None where ``Model.fit`` alone trains."""
    return _part("epochs")


TITLE = BACKENDS[BACKEND]
"""The same as its makers write it."""

tensors = _part("tensors")
tensors.start()
