"""What is kept with a network for as long as it is the same."""

from typing import Any

import keras

from imbalanced_nn._compat.keras import compilation

__all__ = ["kept_with"]


def kept_with(model: keras.Model) -> dict[str, Any]:
    """Return what is kept with a network, empty where it has changed since.

    It has when it was compiled anew, as for what Keras keeps, or when its weights are others.

    Parameters
    ----------
    model : keras.Model
        Built.

    Returns
    -------
    dict
        To be filled; gone when the network is.
    """
    marks = [compilation(model), *model.weights]
    # In the network's own dict: past Keras' tracking.
    known, kept = vars(model).get("_kept", ((), {}))
    if len(known) != len(marks) or any(a is not b for a, b in zip(known, marks, strict=True)):
        kept = {}
        vars(model)["_kept"] = (marks, kept)
    return kept
