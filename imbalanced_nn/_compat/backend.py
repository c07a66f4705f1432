"""Which backend Keras runs on: the one that is asked for, or else one that is installed."""

import sys
from collections.abc import Callable, MutableMapping
from importlib.util import find_spec
from pathlib import Path

__all__ = ["BACKENDS", "check_backend", "choose_backend"]

BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
"""Backends that networks are trained on here, the usual one first."""

_VARIABLE = "KERAS_BACKEND"


def check_backend(name: str) -> None:
    """Refuse a backend of Keras on which nothing here was tried.

    Raises
    ------
    ImportError
        Named are those that will do.
    """
    if name not in BACKENDS:
        *others, last = BACKENDS
        raise ImportError(
            f"Keras runs on the backend {name!r}, on which imbalanced_nn does not train. Set the "
            f"environment variable {_VARIABLE} to {', '.join(others)} or {last} before Keras is "
            f"first imported."
        )


def choose_backend(
    environ: MutableMapping[str, str], installed: Callable[[str], bool] | None = None
) -> None:
    """Let Keras run on a backend that is there, if nobody has said on which.

    Where Keras was told a backend, by the environment or by its own file, and where the usual one
    is installed, nothing is changed. Processes started from this one inherit the choice.

    Parameters
    ----------
    environ : mutable mapping
        Environment of the process.
    installed : callable or None, default=None
        Tells whether there is a package of a name; None looks for it.

    Examples
    --------
    >>> from imbalanced_nn._compat.backend import choose_backend
    >>> environ = {"KERAS_HOME": "/nowhere"}
    >>> choose_backend(environ, {"jax", "torch"}.__contains__)
    >>> environ["KERAS_BACKEND"]
    'jax'
    """
    if installed is None:
        # Too late once Keras has started.
        installed = _is_installed if "keras" not in sys.modules else bool
    if _VARIABLE in environ:
        return
    usual, *others = BACKENDS
    if installed(usual) or _told_by_file(environ) not in (None, usual):
        return
    found = next(filter(installed, others), None)
    if found is not None:
        environ[_VARIABLE] = found


def _is_installed(package: str) -> bool:
    """Whether a package could be imported."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def _told_by_file(environ: MutableMapping[str, str]) -> str | None:
    """Return the backend in Keras' own file of settings, None without one."""
    home = environ.get("KERAS_HOME") or Path.home() / ".keras"
    import json

    try:
        return json.loads(Path(home, "keras.json").read_text("utf-8")).get("backend")
    except (OSError, ValueError, AttributeError, RuntimeError):
        return None
