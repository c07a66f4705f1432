"""Keras networks as trustworthy scikit-learn classifiers on imbalanced data."""

import os
from importlib import import_module

from imbalanced_nn._compat.backend import choose_backend

__version__ = "0.1.0.dev0"

# Public names are imported on first use, so that `import imbalanced_nn` loads no Keras.
_MODULE_OF = {
    "BalancedBatches": "sampling",
    "BalancedKerasClassifier": "classifier",
    "ColumnEncoder": "preprocessing",
    "STRATEGIES": "compare",
    "ThresholdTuner": "threshold",
    "compare_strategies": "compare",
    "export_onnx": "export",
    "imbalance_report": "inspection",
    "load": "persistence",
    "save": "persistence",
    "show_versions": "_show_versions",
}

__all__ = list(_MODULE_OF)

choose_backend(os.environ)


def __getattr__(name):
    """Import a public name on first use."""
    if name not in _MODULE_OF:
        from imbalanced_nn.exceptions import nearest_name

        message = f"module {__name__!r} has no attribute {name!r}"
        if hint := nearest_name(name, __all__):
            message += f".{hint}"
        # Without `obj` the interpreter adds no suggestion of its own to a traceback.
        raise AttributeError(message, name=name)
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
