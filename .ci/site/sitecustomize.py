"""Read by every Python process that the tests of `.ci/run` start, and by their own.

While they are loaded, TensorFlow loads JAX and Keras loads JAX and matplotlib, too, wherever those
are installed, for what nothing here uses. That takes a second or two, in each of some hundred
processes.
"""

import gc
import os
import sys


def _is_loading(package):
    loaded = getattr(sys.modules.get(package), "__spec__", None)
    return getattr(loaded, "_initializing", False)


class LeftOut:
    """Finds nothing that is only loaded for such a purpose, and leaves all else to others."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "jax":
            # Its own backend needs it, and that of NumPy.
            apart = os.environ.get("KERAS_BACKEND", "tensorflow") in ("tensorflow", "torch")
            hidden = _is_loading("tensorflow") or (apart and _is_loading("keras"))
        else:
            hidden = name == "matplotlib" and _is_loading("keras")
        if hidden:
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, LeftOut)
# What TensorFlow and Keras load stays; to look through it for garbage takes a twentieth of a test's
# time.
gc.set_threshold(5_000, 10, 10)
