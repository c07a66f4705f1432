"""What a comparison was asked to do, in words that a report can print."""

from collections.abc import Mapping
from numbers import Integral

import numpy as np

from imbalanced_nn import __version__
from imbalanced_nn._show_versions import installed_version
from imbalanced_nn.compare.strategies import chosen_strategies, costs_of, final_step

__all__ = ["described", "package_versions"]

_PACKAGES = ("scikit-learn", "imbalanced-learn", "keras", "tensorflow", "jax", "torch", "numpy")


def described(estimator, strategies, X, cv, n_repeats, random_state, sample_weight, groups) -> dict:
    """Return the settings of a comparison as plain values.

    Parameters
    ----------
    estimator, strategies, X, cv, n_repeats, random_state, sample_weight, groups
        As in `compare_strategies`.

    Returns
    -------
    dict
        ``strategies`` has, for each name, either the parameters that were set, under the names
        that the whole estimator knows them by, or the representation of an estimator.
    """
    prefix, _ = final_step(estimator)
    costs = costs_of(estimator)
    columns = getattr(X, "columns", None)
    shape = getattr(X, "shape", ())
    return {
        "estimator": repr(estimator),
        "strategies": {
            name: {prefix + parameter: repr(setting) for parameter, setting in value.items()}
            if isinstance(value, Mapping)
            else repr(value)
            for name, value in chosen_strategies(strategies).items()
        },
        "shape_of_a_row": [int(length) for length in shape[1:]],
        "feature_names": None if columns is None else [str(name) for name in columns],
        "cv": _folds(cv, n_repeats, groups is not None),
        "random_state": repr(random_state),
        "sample_weight": sample_weight is not None,
        "groups": groups is not None,
        "cost_matrix": None if costs is None else np.asarray(costs, float).tolist(),
        "versions": package_versions(),
    }


def _folds(cv, n_repeats: int, grouped: bool) -> str:
    """Return in words how the folds were drawn."""
    if cv is not None and not isinstance(cv, Integral):
        return repr(cv) if hasattr(cv, "split") else "folds that were given"
    times = "" if n_repeats == 1 else f", drawn anew {n_repeats} times"
    groups = ", groups kept together" if grouped else ""
    return f"{5 if cv is None else cv} shuffled stratified folds{groups}{times}"


def package_versions() -> dict[str, str | None]:
    """Return the versions of what fits and measures; None for what is not installed."""
    return {"imbalanced-nn": __version__} | {name: installed_version(name) for name in _PACKAGES}
