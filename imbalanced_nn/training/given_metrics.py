"""Metrics that the user gives: a copy for each fit, under a name that does not count the fits."""

import copy
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import keras

from imbalanced_nn._compat.keras import name_counts, own_metrics, to_snake_case

__all__ = ["copy_of", "metrics_of_a_fit", "numbered_afresh", "unnumbered"]

# Operations of Keras are named like these; they take no targets, and no network is compiled with.
NO_TARGETS = (keras.metrics.Mean, keras.metrics.Sum)


def _counts() -> dict[str, int]:
    """Return how often Keras has given each name in this thread."""
    return name_counts(lambda: defaultdict(int))


# Told of the same few dozen classes, twice in a fit.
_usual_name = lru_cache(maxsize=1024)(to_snake_case)


def _metric_names() -> set[str]:
    """Return the names that Keras gives to metrics without one."""
    names, classes = set(), [keras.metrics.Metric]
    while classes:
        cls = classes.pop()
        classes += cls.__subclasses__()
        if cls not in NO_TARGETS:
            names.add(_usual_name(cls.__name__))
    return names


@contextmanager
def numbered_afresh() -> Iterator[None]:
    """Let Keras number metrics without a name as in a new process, and go on as before after it.

    Keras counts them on: nothing could monitor the area under a curve that is ``auc`` in the
    first fit and ``auc_1`` in the second.
    """
    counts = _counts()
    names = _metric_names()
    kept = {name: counts.pop(name) for name in names if name in counts}
    try:
        yield
    finally:
        for name in names:
            counts.pop(name, None)
        counts.update(kept)


def unnumbered(obj: keras.metrics.Metric | keras.optimizers.Optimizer) -> str:
    """Return the name of a metric or optimizer, without its number if it has both from Keras."""
    base = to_snake_case(type(obj).__name__)
    numbered = re.fullmatch(rf"{re.escape(base)}_(\d+)", obj.name)
    # A number that Keras has not come to yet is the user's.
    return base if numbered and int(numbered[1]) < _counts().get(base, 0) else obj.name


def copy_of(obj: Any, memo: dict[int, Any] | None = None) -> Any:
    """Return a copy of a metric or loss that shares no state with it.

    By its attributes: a class need not be registered, nor its configuration tell everything.
    """
    memo = {} if memo is None else memo
    if id(obj) not in memo:
        memo[id(obj)] = twin = object.__new__(type(obj))
        losses = [v for v in keras.tree.flatten(vars(obj)) if isinstance(v, keras.losses.Loss)]
        for part in (*own_metrics(obj), *losses):
            copy_of(part, memo)
        vars(twin).update(copy.deepcopy(vars(obj), memo))
    return memo[id(obj)]


def metrics_of_a_fit(given: Any, made: Any) -> Any:
    """Return metrics for a network to be compiled with.

    Parameters
    ----------
    given : str, class, function, Metric, or list or dict of these
        What the user gave.
    made : structure of Metric, function or str
        What scikeras has made of it.

    Returns
    -------
    structure of Metric, function or str
        Objects of the user's as fresh copies. A metric given by name has that name, or as the
        class of this name Keras' own; an object its own; what is left is numbered.
    """
    names: Counter[str] = Counter()

    def fresh(told, metric):
        if not isinstance(metric, keras.metrics.Metric):
            return metric
        name = metric.name
        if metric is told:
            metric, name = copy_of(metric), unnumbered(metric)
            metric.reset_state()
        elif isinstance(told, str) and told != type(metric).__name__:
            name = told
        names[name] += 1
        metric.name = name if names[name] == 1 else f"{name}_{names[name] - 1}"
        return metric

    return keras.tree.map_structure(fresh, given, made)
