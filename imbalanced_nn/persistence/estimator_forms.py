"""A fitted `BalancedKerasClassifier` as its parameters and what it learned."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn.classifier import BalancedKerasClassifier
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.fitting import FitResult, undone
from imbalanced_nn.persistence.calibrator_forms import CALIBRATORS
from imbalanced_nn.persistence.field_checks import FITTED_TYPES, check_estimator
from imbalanced_nn.persistence.keras_objects import network_forms
from imbalanced_nn.persistence.objects import OBJECTS
from imbalanced_nn.persistence.values import (
    PLAIN,
    Encoder,
    Form,
    UnsavableError,
    one_line_repr,
)
from imbalanced_nn.wrapper import NetworkFactory, NotKept

__all__ = ["all_forms"]

# A sampler is kept by its parameters; one of the user's own is left out.
_MAY_LACK = ("sampler_",)

_RESULT = "fit_result_"

# What scikeras, scikit-learn and this package note on the estimator for a while, or make anew.
_BOOKKEEPING = (
    "_callback_fit_ctx",
    "_fit_callbacks",
    "_further_meta",
    "_is_sparse",
    "_kind",
    "_predict_callbacks",
    "_random_state",
    "_skl_callbacks",
    "_skl_callbacks_to_teardown",
    "_user_params",
)

# What is set again from the result.
_SHOWN = (
    "best_score_",
    "best_threshold_",
    "calibrator_",
    "class_count_",
    "class_prior_",
    "decision_rule_",
    "pos_label_",
    "threshold_curve_",
)


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
    fitted: dict[str, Any] = {}
    derived = []
    if estimator.initialized_:
        # Among the attributes from now on, if it was lent to other fits.
        _ = estimator.model_
    for name, value in vars(estimator).items():
        # Live callbacks are made anew, or to be set again.
        if name in given or name in _SHOWN or name in _BOOKKEEPING:
            continue
        if name in _MAY_LACK and not _has_form(value, forms):
            continue
        if name == _RESULT:
            fitted[name] = _savable(value, forms)
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


def _savable(result: FitResult, forms: list[Form]) -> FitResult:
    """Return a result of which the threshold, which may be code, has a form."""
    decision = result.decision
    instead = tuple(_kept("threshold", value, forms) for value in decision.instead)
    known = None if decision.objective is None else True
    return replace(result, decision=replace(decision, instead=instead, objective=known))


def _kept(name: str, value: Any, forms: list[Form]) -> Any:
    """Return a parameter, or what stands for one that has no form."""
    return value if _has_form(value, forms) else NotKept(name, one_line_repr(value))


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
    _check_names(cls, content)
    estimator = cls(**content["parameters"])
    fitted = content["fitted"]
    if "class_count_" in fitted and _RESULT not in fitted:
        raise ModelFileError("it was saved before its format was settled; fit and save again")
    for key in ("history_", "head_history_"):
        if key in fitted:
            fitted[key] = defaultdict(list, fitted[key])
    if "feature_encoder_" in content["derived"]:
        # It learns nothing; the function of a subclass is the subclass's.
        fitted["feature_encoder_"] = estimator.feature_encoder
    estimator.__setstate__(vars(estimator) | fitted)
    result = fitted.get(_RESULT)
    if result is not None:
        estimator.__setstate__({_RESULT: _whole(result, estimator)})
    check_estimator(estimator)
    return estimator


def _check_names(cls: type, content: dict[str, Any]) -> None:
    """Refuse attributes that would take the place of code, and parameters of no type of theirs."""
    parameters, fitted, derived = (content[key] for key in ("parameters", "fitted", "derived"))
    known = {*FITTED_TYPES, *_MAY_LACK}
    for name in fitted:
        of_code = hasattr(cls, name) or name in _BOOKKEEPING or not name.isidentifier()
        own = cls is not BalancedKerasClassifier and not name.startswith("__")
        if name not in known and (of_code or not own):
            raise ModelFileError(f"it sets {name!r:.80}, which is no field of a fit")
    if not set(derived) <= {"feature_encoder_"}:
        raise ModelFileError("it derives what is not derived")
    for name in parameters:
        if not name.replace("__", "_").isidentifier() or name.startswith("_"):
            raise ModelFileError(f"it sets {name!r:.80}, which is no parameter")


def _whole(result: FitResult, estimator: BalancedKerasClassifier) -> FitResult:
    """Return a result with the code that a file does not keep: of its loss and its objective."""
    posterior, decision = undone(result.posterior, NetworkFactory(estimator).loss), result.decision
    if decision.objective is not None:
        criterion = estimator.criterion_
        kept = not isinstance(criterion.threshold, NotKept)
        decision = replace(decision, objective=criterion.objective(result.target) if kept else None)
    return replace(result, posterior=posterior, decision=decision)
