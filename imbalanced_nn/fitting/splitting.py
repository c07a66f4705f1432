"""Which rows judge: none, a share of them, or all of them, fold by fold."""

import numbers
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from imbalanced_nn._compat.sklearn import has_callbacks
from imbalanced_nn.data import (
    USUAL_SHARE,
    check_groups,
    counted_rows,
    hold_out_rows,
    sequence_strata,
    split_rows,
)
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError
from imbalanced_nn.fitting.records import Target
from imbalanced_nn.losses import posterior_of
from imbalanced_nn.networks import is_averageable
from imbalanced_nn.wrapper import NetworkFactory, check_parameters

__all__ = [
    "Fold",
    "holds_nothing_out",
    "is_watched",
    "split_as_asked",
    "usual_split",
    "why_not_averaged",
]

Fold = tuple[np.ndarray, np.ndarray]
Data = tuple[Any, np.ndarray, np.ndarray, Any]


def holds_nothing_out(split: Any) -> bool:
    """Whether a split is none."""
    return isinstance(split, numbers.Real) and split == 0


def split_as_asked(
    factory: NetworkFactory,
    target: Target,
    data: Data,
    split: Any,
    seed: Any,
) -> list[Fold]:
    """Return the rows to train on and to hold out, a pair of row numbers for each fold.

    Parameters
    ----------
    factory : NetworkFactory
        Of an estimator that has seen X and y.
    target : Target
        What y asks for.
    data : tuple
        Rows, class codes, weights and groups, as in `FitPlan`.
    split : float, int, splitter or list
        As the parameter ``validation_split``.
    seed : int or None
        Seed of the split; None only where it holds nothing out.

    Raises
    ------
    InvalidParameterError
        If it is no split, or cannot split these rows.
    TooFewRowsError
        If a class has too few rows to be on both sides.
    """
    X, codes, weight, groups = data
    # It may come as an argument of fit, which nothing has checked.
    check_parameters({"validation_split": split}, factory.name)
    present = counted_rows(weight)
    if holds_nothing_out(split):
        return [(present, present[:0])]
    labels = np.arange(codes.shape[1]) if target.kind == "multilabel" else target.classes
    if groups is not None:
        groups = check_groups(groups, len(codes))
    if target.steps:
        strata = np.zeros(len(codes), dtype=int)
        strata[present] = sequence_strata(codes[present], weight[present] > 0, target.n_classes)
        codes = strata
    if isinstance(split, numbers.Real) and split < 1:
        groups = None if groups is None else groups[present]
        sides = hold_out_rows(codes[present], float(split), labels, seed, groups)
        train, held_out = (present[side] for side in sides)
        return [(train, held_out)]
    return split_rows(split, X, codes, labels, seed, groups, present)


def usual_split(
    factory: NetworkFactory, target: Target, data: Data, seed: Any, needs_one: bool
) -> list[Fold]:
    """Return what `split_as_asked` does where nothing is said of the split.

    Parameters
    ----------
    factory, target, data, seed
        As there.
    needs_one : bool
        Whether something is asked for that several networks have not.

    Raises
    ------
    TooFewRowsError
        If a class has too few rows to be on both sides.
    """
    _, codes, weight, _ = data
    n_folds = 1
    if not needs_one and not (factory.estimator.ensemble and why_not_averaged(factory)):
        rarest = target.class_count.min()
        if target.kind == "multilabel":
            rarest = np.minimum(target.class_count, len(codes) - target.class_count).min()
        n_folds = factory.usual_folds(len(counted_rows(weight)), int(rarest))
    if n_folds > 1:
        # A class may have fewer rows, or groups, than there are folds.
        with suppress(InvalidParameterError, TooFewRowsError):
            return split_as_asked(factory, target, data, n_folds, seed)
    return split_as_asked(factory, target, data, USUAL_SHARE, seed)


def is_watched(factory: NetworkFactory, given: Any) -> bool:
    """Whether somebody's callbacks look at one training, of Keras or of scikit-learn.

    Parameters
    ----------
    factory : NetworkFactory
        Of the estimator.
    given : callback, list of callbacks or None
        Of a call of ``fit``. One with an attribute ``shows_progress`` that is true is told of
        any number of trainings.
    """
    callbacks = [factory.callbacks, factory.routed("fit").get("callbacks"), given]
    looks = any(
        callback is not None and not getattr(callback, "shows_progress", False)
        for callback in keras.tree.flatten(callbacks)
    )
    return looks or has_callbacks(factory.estimator)


def why_not_averaged(factory: NetworkFactory) -> str | None:
    """Return what keeps the networks of folds from being put into one, or None.

    Parameters
    ----------
    factory : NetworkFactory
        Of an estimator that has built a network.
    """
    network, estimator = factory.network, factory.estimator
    if not is_averageable(network):
        return f"{type(network).__name__} {network.name!r} does not tell its inputs"
    if not factory.encodes_alike:
        return "each of them has a feature encoder of its own"
    loss = factory.loss
    bent = posterior_of(loss, estimator.n_classes_, factory.kind) is not None
    if getattr(loss, "offset_is_free", False) or (bent and estimator.calibration is not None):
        given = factory.given_loss or network.loss
        return f"the outputs under loss={given!r} are none by themselves"
    return None
