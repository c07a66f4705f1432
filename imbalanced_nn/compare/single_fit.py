"""One fit: a strategy on the training rows of a fold, measured on its test rows."""

import time
from typing import Any, NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import has_fit_parameter

from imbalanced_nn._compat.sklearn import take
from imbalanced_nn.compare.evaluation import fold_measures, own_label, plain_codes, plain_label
from imbalanced_nn.compare.held_out_rankings import ranking
from imbalanced_nn.compare.strategies import final_step
from imbalanced_nn.exceptions import InvalidParameterError, came_of_interrupt, recorded_notes

__all__ = [
    "Data",
    "Fit",
    "Task",
    "check_sample_weight",
    "fit_and_measure",
    "fit_whole",
    "fitted_on_fold",
]


class Task(NamedTuple):
    """A strategy on a fold.

    Parameters
    ----------
    strategy : str
        Its name.
    estimator : estimator
        Not fitted, with the parameters of the strategy.
    fold, n_folds : int
        Number of the fold, from 0, and of all folds.
    train, test : ndarray of int of shape (n_train,) and (n_test,)
        Positions of the rows to fit and to measure on.
    seed : int
        That all strategies share on this fold.
    """

    strategy: str
    estimator: BaseEstimator
    fold: int
    n_folds: int
    train: np.ndarray
    test: np.ndarray
    seed: int


class Fit(NamedTuple):
    """What came of a task.

    Parameters
    ----------
    strategy : str
        Name of the strategy.
    fold : int
        Number of the fold.
    rows : list of dict
        Measures, at each cut; empty where the fit failed.
    told : list of Warning
        What the fit warned of.
    failure : RuntimeError or None, default=None
        How it failed.
    ranking : dict or None, default=None
        How it ranked and decided the test rows; fits that were kept by versions before it have
        none.
    """

    strategy: str
    fold: int
    rows: list[dict]
    told: list[Warning]
    ranking: dict | None = None
    failure: RuntimeError | None = None


class Data(NamedTuple):
    """What every fit draws its rows from.

    Parameters
    ----------
    X, y : array-like of shape (n_samples, ...) and (n_samples,)
        Rows and labels as they were given.
    classes : ndarray of shape (n_classes,)
        Labels, sorted.
    codes : ndarray of int of shape (n_samples,)
        Class code of each row.
    positive : int or None
        Code of the positive class, None for more than two classes.
    sample_weight, groups : ndarray of shape (n_samples,) or None
        Weight and group of each row.
    costs : ndarray of shape (n_classes, n_classes) or None
        What decisions cost, rows true and columns decided.
    """

    X: object
    y: object
    classes: np.ndarray
    codes: np.ndarray
    positive: int | None
    sample_weight: np.ndarray | None
    groups: np.ndarray | None
    costs: np.ndarray | None


def check_sample_weight(candidates: dict[str, BaseEstimator]) -> None:
    """Refuse the strategies whose ``fit`` takes no weights."""
    for name, candidate in candidates.items():
        step = final_step(candidate)[1]
        if not has_fit_parameter(step, "sample_weight"):
            raise InvalidParameterError(
                f"sample_weight: strategy {name!r} is a {type(step).__name__}, whose fit takes "
                "none. Leave out sample_weight or the strategy."
            )


def fit_and_measure(task: Task, data: Data) -> Fit:
    """Run a task; a strategy that fails does not stop the others."""
    rows: list[dict] = []
    ranks, failure = None, None
    with recorded_notes() as caught:
        try:
            rows, ranks = _measured(task, data)
        except Exception as error:
            if came_of_interrupt(error):
                raise KeyboardInterrupt from error
            failure = RuntimeError(
                f"failed on fold {task.fold + 1} of {task.n_folds}: {type(error).__name__}: {error}"
            )
            # Lost on the way from another process, where no one looks for it.
            failure.__cause__ = error
    told: list[Any] = [warning.message for warning in caught]
    return Fit(task.strategy, task.fold, rows, told, ranks, failure)


def fit_whole(estimator: BaseEstimator, data: Data, seed: int) -> BaseEstimator:
    """Fit an estimator on all rows and return it."""
    parameters = _row_parameters(estimator, data, slice(None))
    return _seeded(estimator, seed).fit(data.X, data.y, **parameters)


def fitted_on_fold(task: Task, data: Data) -> BaseEstimator:
    """Fit the strategy of a task on its training rows and return it."""
    estimator = _seeded(clone(task.estimator), task.seed)
    X_train, y_train = take(data.X, task.train), take(data.y, task.train)
    return estimator.fit(X_train, y_train, **_row_parameters(estimator, data, task.train))


def _measured(task: Task, data: Data) -> tuple[list[dict], dict]:
    """Fit, predict once, and measure the learned and the plain cut from that prediction."""
    X_test = take(data.X, task.test)
    start = time.perf_counter()
    estimator = fitted_on_fold(task, data)
    proba = np.asarray(estimator.predict_proba(X_test))
    seconds = time.perf_counter() - start
    if proba.shape != (len(task.test), len(data.classes)):
        raise ValueError(
            f"predict_proba returned shape {proba.shape} for {len(task.test)} rows and "
            f"{len(data.classes)} classes"
        )
    step = final_step(estimator)[1]
    cuts = {
        own_label(step): _own_codes(estimator, step, X_test, proba, data.classes),
        plain_label(len(data.classes)): plain_codes(proba, data.positive),
    }
    weight = None if data.sample_weight is None else data.sample_weight[task.test]
    given: dict[str, Any] = {"positive": data.positive, "sample_weight": weight}
    measures = fold_measures(data.codes[task.test], proba, cuts, costs=data.costs, **given)
    rows = [
        {"strategy": task.strategy, "fold": task.fold, **row, "seconds": seconds}
        for row in measures
    ]
    own = cuts[own_label(step)]
    counts = np.bincount(data.codes)
    return rows, ranking(data.codes[task.test], proba, own, class_count=counts, **given)


def _own_codes(estimator, step, X_test, proba, classes) -> np.ndarray:
    """Return class positions by the learned rule, or by ``predict`` where there is none."""
    rule = getattr(step, "decision_rule_", None)
    if rule is not None:
        return np.asarray(rule.decide(proba))
    return np.searchsorted(classes, np.asarray(estimator.predict(X_test)))


def _seeded(estimator, seed: int):
    """Give ``seed`` to every random state that is left open, those of nested steps too."""
    names = [
        name
        for name, value in estimator.get_params(deep=True).items()
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    ]
    return estimator.set_params(**dict.fromkeys(names, seed))


def _row_parameters(estimator, data: Data, rows) -> dict:
    """Return the weights and groups of ``rows`` under the names that ``fit`` takes them by."""
    prefix, step = final_step(estimator)
    if get_config()["enable_metadata_routing"]:
        prefix = ""
    given = {"sample_weight": data.sample_weight, "groups": data.groups}
    return {
        prefix + name: values[rows]
        for name, values in given.items()
        if values is not None and has_fit_parameter(step, name)
    }
