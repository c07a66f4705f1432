"""Saving to one file that later versions read, and that runs no code when it is loaded.

A file is a zip archive of members that are stored as they are:

- ``manifest.json``: the number of the format, the versions of what wrote it, and the estimator
  as JSON. An object ``{"~": FORM, "value": ...}`` stands for a value that JSON has no type for;
  the forms are those of `values`, `objects`, `calibrator_forms`, `keras_objects` and
  `estimator_forms`.
- ``N-NAME.keras``: the network, in Keras' own format.
- ``N-NAME.npy``: arrays of more than 64 elements, without pickles.
- ``copy.onnx``: where it could be written, a copy of what answers, for `imbalanced-nn predict`;
  ``onnx`` in the manifest says what it takes and gives, and of which estimator it is.
- ``SHA256SUMS``: the checksum of every other member, as ``sha256sum`` writes it.

A form that was ever released keeps its meaning. What changes gets a new name, or the format a
new number; `tests/persistence/formats` holds a file of each.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbalanced_nn.persistence.onnx_copy import OnnxCopy, read_onnx_copy
    from imbalanced_nn.persistence.saving import load, save

# Imported on first use: a copy in ONNX is read without Keras.
_MODULE_OF = {
    "OnnxCopy": "onnx_copy",
    "load": "saving",
    "read_onnx_copy": "onnx_copy",
    "save": "saving",
}

__all__ = ["OnnxCopy", "load", "read_onnx_copy", "save"]


def __getattr__(name):
    """Import a name on first use."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
