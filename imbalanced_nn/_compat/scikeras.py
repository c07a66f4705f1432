"""What is used of scikeras, the hooks aside that `wrapper/` overrides and calls.

scikeras imports TensorFlow wherever it is installed, for seeds that only TensorFlow heeds. On
another backend that would be most of the time of an import: there it finds none.
"""

import sys
from importlib import import_module
from typing import Any, NamedTuple

from imbalanced_nn._compat.keras import backend_name

if backend_name() != "tensorflow" and "tensorflow" not in sys.modules:
    # What `import` takes for a module that is not there.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]  # as the import system allows
    try:
        import_module("scikeras.utils.random_state")
    finally:
        del sys.modules["tensorflow"]

# isort: split

from scikeras._utils import route_params
from scikeras.utils.transformers import ClassifierLabelEncoder
from scikeras.wrappers import BaseWrapper, KerasClassifier

__all__ = [
    "ATTRIBUTES",
    "HOOKS",
    "BaseWrapper",
    "ClassifierLabelEncoder",
    "EncoderState",
    "KerasClassifier",
    "encoder_state",
    "route_params",
    "set_encoder_state",
]

HOOKS = (
    "_build_keras_model",
    "_check_model_compatibility",
    "_check_model_param",
    "_ensure_compiled_model",
    "_fit",
    "_fit_keras_model",
    "_get_compile_kwargs",
    "_get_metadata",
    "_initialize",
    "_initialize_callbacks",
    "_predict_raw",
    "_type_of_target",
    "_validate_data",
    "_validate_sample_weight",
)
"""Methods of scikeras' classifier that `wrapper/` overrides or calls on the estimator."""

ATTRIBUTES = (
    "_compile_kwargs",
    "_fit_kwargs",
    "_predict_kwargs",
    "_routing_prefixes",
)
"""Attributes of the class that `wrapper/` reads or extends."""


class EncoderState(NamedTuple):
    """What a fitted `ClassifierLabelEncoder` remembers of y beside its classes.

    Parameters
    ----------
    target_type : str or None
        As scikeras names it, such as "binary" and "multiclass-onehot"; None of an encoder of
        somebody's own that does not tell.
    y_shape : tuple of int or None
        Of the y that it was fitted to.
    y_dtype : numpy.dtype or None
        Of the same.
    """

    target_type: str | None
    y_shape: tuple[int, ...] | None
    y_dtype: Any

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the y of one row."""
        return (self.y_shape or ())[1:]


def encoder_state(encoder: Any) -> EncoderState:
    """Return what a fitted label encoder remembers of y."""
    names = ("_target_type", "_y_shape", "_y_dtype")
    return EncoderState(*(getattr(encoder, name, None) for name in names))


def set_encoder_state(encoder: Any, state: EncoderState) -> None:
    """Make a fitted label encoder remember another y of the same classes."""
    encoder._target_type, encoder._y_shape, encoder._y_dtype = state
