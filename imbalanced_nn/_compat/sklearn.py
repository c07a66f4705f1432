"""Private names of scikit-learn."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sklearn.utils import _safe_indexing as take
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils.validation import _check_feature_names as check_feature_names
from sklearn.utils.validation import _check_n_features as check_n_features

__all__ = [
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "Options",
    "Scorer",
    "StrOptions",
    "begin_fit_task",
    "check_feature_names",
    "check_n_features",
    "has_callbacks",
    "parameter_names",
    "parts_of_scorer",
    "single_box",
    "take",
    "validate_parameter_constraints",
    "validate_parameters",
    "validate_params",
]


class Scorer(NamedTuple):
    """What a scorer of ``make_scorer`` is made of.

    Parameters
    ----------
    function : callable
        ``f(y_true, y_pred, **arguments)``.
    arguments : dict
        Keyword arguments of the function.
    sign : int
        -1 where smaller is better.
    response : str or list of str
        Methods of the estimator, the first of which gives ``y_pred``.
    """

    function: Callable
    arguments: dict[str, Any]
    sign: int
    response: str | list[str]


def parts_of_scorer(candidate: Any) -> Scorer | None:
    """Return what a scorer is made of, None of anything else."""
    if not (hasattr(candidate, "_score_func") and hasattr(candidate, "_response_method")):
        return None
    function, arguments = candidate._score_func, dict(candidate._kwargs)
    return Scorer(function, arguments, candidate._sign, candidate._response_method)


def has_callbacks(estimator: Any) -> bool:
    """Whether callbacks were set on an estimator."""
    return hasattr(estimator, "_skl_callbacks")


def begin_fit_task(estimator: Any, max_subtasks: int) -> Any:
    """Return the context of the outermost task of a fit, to be told to the callbacks."""
    return estimator._init_callback_context(max_subtasks=max_subtasks)


def validate_parameters(estimator: Any) -> None:
    """Check the parameters of an estimator against its ``_parameter_constraints``."""
    estimator._validate_params()


def parameter_names(owner: Any) -> list[str]:
    """Return the names of the parameters of an estimator or of its class, without its parts'."""
    return owner._get_param_names()


def single_box(estimator: Any) -> Any:
    """Return scikit-learn's box of an estimator without others inside."""
    # Where this class is not found, scikit-learn falls back on such a box.
    from sklearn.utils._repr_html.estimator import _VisualBlock

    return _VisualBlock(
        "single", estimator, names=type(estimator).__name__, name_details=str(estimator)
    )
