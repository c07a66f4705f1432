"""A target encoder of the user's own hides the classes: what is left is the parent's fit."""

import numbers
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight

from imbalanced_nn.data import USUAL_SHARE, StreamedRows, check_weights
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.course import as_callbacks, state_after
from imbalanced_nn.fitting.progress import epoch_tasks, fit_task
from imbalanced_nn.weighting import class_weights
from imbalanced_nn.wrapper import NetworkFactory, is_auto, train_opaque

__all__ = ["fit_opaque"]


def fit_opaque(
    factory: NetworkFactory,
    X: Any,
    y: Any,
    sample_weight: Any,
    groups: Any,
    validation: tuple | None,
    *,
    training: dict[str, Any],
    arguments: dict[str, Any],
    told: tuple,
) -> None:
    """Fit as the parent does, with class weights and scikit-learn's callbacks.

    Parameters
    ----------
    factory : NetworkFactory
        Of the estimator.
    X, y, sample_weight, groups, validation : array-like
        Checked rows, weights and groups as they were given, and held-out rows of the caller's.
    training, arguments : dict
        Epochs, and further arguments of ``Model.fit``.
    told : tuple
        X, y and weights as scikit-learn's callbacks are told of them.

    Raises
    ------
    InvalidParameterError
        If a step was asked for that needs to know the classes.
    """
    if isinstance(X, StreamedRows):
        raise InvalidParameterError(
            f"X is a dataset, whose classes are counted, but the target encoder "
            f"{type(factory.estimator.target_encoder_).__name__} does not tell them. Use the "
            f"labels as they are, or call fit of the network itself."
        )
    _check(factory, groups)
    weighted = sample_weight is not None or factory.estimator.class_weight is not None
    weight = None
    if weighted:
        weight = check_weights(sample_weight, X, steps=factory.steps)
        weight = _weight_with_classes(factory, y, weight)
    arguments = {k: v for k, v in arguments.items() if k not in ("epochs", "initial_epoch")}
    if is_auto(arguments.get("validation_split", factory.of_fit("validation_split"))):
        arguments["validation_split"] = USUAL_SHARE
    if validation is not None:
        arguments["validation_data"] = validation

    def state(network, epoch):
        after = state_after(factory, network, lambda twin, best: (twin, None))
        return None if after is None else after | {"n_iter_": epoch + 1}

    training = training | {"epochs": factory.epochs(given=training["epochs"])}
    given = as_callbacks(arguments.pop("callbacks", None))
    with fit_task(factory.estimator, training["epochs"], *told) as task:
        callbacks = [*given, *epoch_tasks(task, state)]
        train_opaque(factory, X, y, weight, callbacks, training | arguments)


def _check(factory: NetworkFactory, groups: Any) -> None:
    """Refuse the steps that need to know the classes."""
    given, split = factory.estimator, factory.estimator.validation_split
    if given.sampler not in (None, "passthrough"):
        asked, cure = f"sampler={given.sampler!r}", "Set sampler=None."
    elif given.threshold not in (None, "balanced_accuracy"):
        asked, cure = f"threshold={given.threshold!r}", "Set threshold=None."
    elif groups is not None:
        asked, cure = "groups", "Give X_val and y_val, or leave groups out."
    elif not (is_auto(split) or (isinstance(split, numbers.Real) and split < 1)):
        asked = f"validation_split={split!r}"
        cure = "Give a share, which Keras takes from the last rows, or X_val and y_val."
    else:
        return
    raise InvalidParameterError(
        f"{asked} needs to know the classes, which the target encoder "
        f"{type(given.target_encoder_).__name__} does not tell. {cure}"
    )


def _weight_with_classes(factory: NetworkFactory, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return weights of rows times those of the classes of their labels.

    Parameters
    ----------
    factory : NetworkFactory
        Of the estimator.
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels.
    weight : ndarray of shape (n_samples,)
        Weights as they were given.
    """
    given = factory.estimator.class_weight
    if given is None:
        return weight
    if y.ndim == 1:
        classes, codes = np.unique(y, return_inverse=True)
        return weight * class_weights(given, codes, classes)[codes]
    return weight * compute_sample_weight(given, y)
