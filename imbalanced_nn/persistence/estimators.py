"""A fitted `BalancedKerasClassifier` as its parameters and what it learned."""

from collections import defaultdict
from typing import Any

import keras
import numpy as np
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn.classifier import BalancedKerasClassifier
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.parameters import NotKept
from imbalanced_nn.persistence.calibrators import CALIBRATORS
from imbalanced_nn.persistence.networks import network_forms
from imbalanced_nn.persistence.objects import OBJECTS
from imbalanced_nn.persistence.values import (
    PLAIN,
    Encoder,
    Form,
    UnsavableError,
    shortened,
)
from imbalanced_nn.threshold import Objective

__all__ = ["all_forms"]

# Live callbacks: Keras' are made anew, scikit-learn's are to be set again.
_CALLBACKS = ("_fit_callbacks", "_predict_callbacks", "_skl_callbacks")

# A sampler is kept by its parameters; one of the user's own is left out.
_MAY_LACK = ("sampler_",)

# What follows from the threshold and the classes.
_DERIVED = ("_tuned_objective",)


def all_forms(custom_objects: dict[str, Any]) -> list[Form]:
    """Return every form that a file may hold; the first that accepts a value writes it.

    Parameters
    ----------
    custom_objects : dict of str to class or function
        Code of the caller's: layers, losses, functions, subclasses of the estimator.
    """
    forms = [*PLAIN, *CALIBRATORS, *OBJECTS, *network_forms(custom_objects)]
    estimator = Form(
        "estimator",
        lambda value: isinstance(value, BalancedKerasClassifier),
        lambda value: _reduce(value, forms),
        lambda content: _restore(content, custom_objects),
    )
    forms.append(estimator)
    return forms


def _reduce(estimator: BalancedKerasClassifier, forms: list[Form]) -> dict[str, Any]:
    """Return parameters and fitted attributes; what has no form becomes a `NotKept` or an error."""
    given = estimator.get_params(deep=False)
    parameters = {name: _kept(name, value, forms) for name, value in given.items()}
    fitted, derived = {}, []
    for name, value in vars(estimator).items():
        if name in given or name in _CALLBACKS:
            continue
        if name in _MAY_LACK and not _has_form(value, forms):
            continue
        if name in _DERIVED:
            derived.append(name)
        elif name == "_chosen_threshold":
            fitted[name] = _kept("threshold", value, forms)
        elif name in ("history_", "head_history_"):
            fitted[name] = {
                key: [_logged(each) for each in values] for key, values in value.items()
            }
        elif name == "feature_encoder_" and isinstance(value, FunctionTransformer):
            derived.append(name)
        else:
            fitted[name] = value
    return {
        "class": type(estimator).__name__,
        "parameters": parameters,
        "fitted": fitted,
        "derived": derived,
    }


def _kept(name: str, value: Any, forms: list[Form]) -> Any:
    """Return a parameter, or what stands for one that has no form."""
    return value if _has_form(value, forms) else NotKept(name, shortened(value))


def _logged(value: Any) -> Any:
    """Return what Keras logged of an epoch: a number, or an array of a metric of the user's."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)


def _has_form(value: Any, forms: list[Form]) -> bool:
    if isinstance(value, keras.Model):
        return True
    try:
        Encoder([form for form in forms if form.tag != "network"]).encode(value)
    except UnsavableError:
        return False
    return True


def _restore(content: dict[str, Any], custom_objects: dict[str, Any]) -> BalancedKerasClassifier:
    """Make an estimator from its parameters, and give it what it had learned."""
    name = content["class"]
    cls = custom_objects.get(name, BalancedKerasClassifier)
    if cls.__name__ != name:
        raise ModelFileError(
            f"its estimator is of the class {name!r}. Import it and give load(..., "
            f"custom_objects={{{name!r}: {name}}})"
        )
    estimator = cls(**content["parameters"])
    fitted = content["fitted"]
    for key in ("history_", "head_history_"):
        if key in fitted:
            fitted[key] = defaultdict(list, fitted[key])
    vars(estimator).update(fitted)
    if "feature_encoder_" in content["derived"]:
        # It learns nothing; the function of a subclass is the subclass's.
        estimator.feature_encoder_ = estimator.feature_encoder
    if estimator.initialized_:
        estimator._initialize_callbacks()
    if "_tuned_objective" in content["derived"]:
        objective = _tuned_objective(estimator)
        if objective is not None:
            estimator._tuned_objective = objective
    return estimator


def _tuned_objective(estimator: BalancedKerasClassifier) -> Objective | None:
    """Return the objective of the threshold again, None if that was not kept."""
    threshold = estimator._threshold
    if isinstance(threshold, NotKept):
        return None
    tuner = estimator._tuner(threshold)
    return tuner.check(estimator._kind, estimator.classes_, estimator._positive)
