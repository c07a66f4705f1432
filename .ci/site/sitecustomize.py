"""Read by every Python process that the tests of `.ci/run` start, and by their own.

While it is loaded, TensorFlow loads JAX, too, wherever that is installed, for a converter that
nothing here uses. That takes most of a second, in each of some seventy processes.
"""

import sys


class NoJaxForTensorFlow:
    """Finds no JAX while TensorFlow is loaded, and leaves all else to others."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        loading = getattr(sys.modules.get("tensorflow"), "__spec__", None)
        if name == "jax" and getattr(loading, "_initializing", False):
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, NoJaxForTensorFlow)
