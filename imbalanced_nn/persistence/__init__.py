"""Saving to one file that later versions read, and that runs no code when it is loaded.

A file is a zip archive of members that are stored as they are:

- ``manifest.json``: the number of the format, the versions of what wrote it, and the estimator
  as JSON. An object ``{"~": FORM, "value": ...}`` stands for a value that JSON has no type for;
  the forms are those of `values`, `objects`, `calibrators`, `networks` and `estimators`.
- ``N-NAME.keras``: the network, in Keras' own format.
- ``N-NAME.npy``: arrays of more than 64 elements, without pickles.
- ``SHA256SUMS``: the checksum of every other member, as ``sha256sum`` writes it.

A form that was ever released keeps its meaning. What changes gets a new name, or the format a
new number; `tests/persistence/formats` holds a file of each.
"""

from imbalanced_nn.persistence.saving import load, save

__all__ = ["load", "save"]
