"""Versions of the interpreter and of the packages that matter, for an issue report."""

import os
import platform
import sys
from importlib import metadata

__all__ = ["installed_version", "show_versions"]

_DEPENDENCIES = [
    "scikit-learn",
    "imbalanced-learn",
    "scikeras",
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "click",
    "rich",
    "matplotlib",
    "pyarrow",
    "polars",
    "pip",
]


def show_versions():
    """Print the versions of Python, of imbalanced_nn and of its dependencies.

    Made to be pasted into an issue report, as `sklearn.show_versions` is. The versions are read
    from the packages' metadata, so neither Keras nor TensorFlow is imported.

    Examples
    --------
    >>> from imbalanced_nn import show_versions
    >>> show_versions()  # doctest: +ELLIPSIS
    <BLANKLINE>
    System:
    ...
    Python dependencies:
    ...
    """
    from imbalanced_nn import __version__

    system = {
        "python": sys.version.replace("\n", " "),
        "executable": sys.executable,
        "machine": platform.platform(),
        "keras backend": os.environ.get("KERAS_BACKEND", "not set"),
    }
    packages = {"imbalanced_nn": __version__}
    packages |= {name: installed_version(name) for name in _DEPENDENCIES}
    for title, entries in (("System", system), ("Python dependencies", packages)):
        print(f"\n{title}:")
        width = max(map(len, entries))
        for name, value in entries.items():
            print(f"{name:>{width}}: {value}")


def installed_version(name):
    """Return a distribution's version, or None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
