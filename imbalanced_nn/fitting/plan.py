"""What a fit is going to do: every refusal that needs no training is made here."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from imbalanced_nn.calibration import check_priors
from imbalanced_nn.data import (
    Rows,
    StreamedRows,
    TimestepRows,
    check_weighed_classes,
    check_weights,
    class_codes,
    counted_rows,
    fill_padding,
    positive_code,
)
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.balancing import checked_sampler
from imbalanced_nn.fitting.decision import Criterion, note_choice_of_positive
from imbalanced_nn.fitting.notes import note_dropped_cut, note_resampled
from imbalanced_nn.fitting.posterior import check_calibration
from imbalanced_nn.fitting.preconditions import check_known, check_priors_allowed, check_threshold
from imbalanced_nn.fitting.records import FitResult, Target
from imbalanced_nn.fitting.splitting import (
    Fold,
    holds_nothing_out,
    is_watched,
    split_as_asked,
    usual_split,
)
from imbalanced_nn.fitting.streaming import check_streamed
from imbalanced_nn.weighting import class_totals
from imbalanced_nn.wrapper import NetworkFactory, is_auto

__all__ = ["FitPlan", "describe_target", "make_plan", "own_rows", "plan_nothing", "plan_rows"]


@dataclass(frozen=True)
class FitPlan:
    """Data and settings of one fit, checked, before any row is encoded or resampled.

    Parameters
    ----------
    factory : NetworkFactory
        The hooks of the estimator, and its parameters.
    target : Target
        What y asks for.
    X, y : array or sparse matrix of shape (n_samples, ...), or list or dict of arrays
        As the caller gave them, checked.
    targets : array of shape (n_samples, ...)
        y as the network takes it.
    codes : ndarray of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps)
        Class codes, or the 0/1 indicator of a multilabel target.
    weight : ndarray of shape (n_samples,) or (n_samples, n_steps)
        Weights.
    groups : array-like of shape (n_samples,) or None
        Rows of one group stay together.
    validation : tuple or None
        The caller's own held-out rows, labels and weights.
    folds : list of (ndarray of int, ndarray of int)
        Rows to train on and rows held out, of each split.
    seed, split_seed : int, int or None
        Seeds of everything that is drawn, and of the split.
    criterion : Criterion
        What decides where to cut.
    priors : ndarray of shape (n_classes,) or None
        Shares where the network will be used.
    is_fresh, is_partial : bool
        Whether the network starts anew, and whether this is one part of many.
    training : dict
        ``warm_start``, ``epochs`` and ``initial_epoch`` as scikeras hands them on.
    arguments : dict
        Further arguments of ``Model.fit``, by the names that it takes.
    previous : FitResult or None
        What an earlier training of the network has left.
    task : FitTask or None
        What scikit-learn's callbacks are told of it.
    """

    factory: NetworkFactory
    target: Target
    X: Any
    y: Any
    targets: Any
    codes: np.ndarray
    weight: np.ndarray
    groups: Any
    validation: tuple | None
    folds: list[Fold]
    seed: int
    split_seed: int | None
    criterion: Criterion
    priors: np.ndarray | None
    is_fresh: bool
    is_partial: bool
    training: dict[str, Any]
    arguments: dict[str, Any]
    previous: FitResult | None
    task: Any = None

    @property
    def goes_on_with(self) -> FitResult | None:
        """What an earlier training learned of the network, None where it was only built."""
        return self.previous if self.previous is not None and self.previous.is_trained else None

    @property
    def parameters(self) -> Any:
        """The estimator whose parameters these are."""
        return self.factory.estimator

    @property
    def validation_indices(self) -> np.ndarray:
        """Numbers of the rows that are held out in any split."""
        return np.unique(np.concatenate([held_out for _, held_out in self.folds]))

    @property
    def is_crossed(self) -> bool:
        """Whether several networks judge each other's rows."""
        return len(self.folds) > 1

    @property
    def has_stages(self) -> bool:
        """Whether the last layer is trained anew after the others."""
        return self.parameters.head_sampler is not None and not self.is_partial

    @property
    def n_subtasks(self) -> int:
        """Number of tasks inside that of one network: its stages, or its epochs."""
        return 2 if self.has_stages else self.training["epochs"]

    @property
    def n_tasks(self) -> int:
        """Number of tasks inside that of the fit: its networks, or what the one consists of."""
        if self.is_crossed:
            return len(self.folds) + (not self.parameters.ensemble)
        return self.n_subtasks

    def rows(self, X: Any, index: np.ndarray, y: Any = None) -> Rows:
        """Return some of the rows, of X as it is or encoded."""
        return plan_rows(self.target, X, y, self.codes, self.weight, index)


def plan_rows(target: Target, X, y, codes, weight, index) -> Rows:
    """Return rows of data: one decision each, or one for each time step."""
    return (TimestepRows if target.steps else Rows)(X, y, codes, weight, index)


def make_plan(
    factory: NetworkFactory,
    X: Any,
    y: Any,
    sample_weight: Any,
    *,
    seed: int,
    training: dict[str, Any],
    arguments: dict[str, Any],
    groups: Any = None,
    validation: tuple | None = None,
    is_partial: bool = False,
    is_fresh: bool = True,
    previous: FitResult | None = None,
) -> FitPlan:
    """Return what a fit is going to do, or refuse it.

    Parameters
    ----------
    factory : NetworkFactory
        Of an estimator that has seen X and y.
    X, y : array, sparse matrix, or list or dict of arrays
        Checked rows.
    sample_weight : array-like or None
        Weights as they were given.
    seed : int
        Seed of everything that is drawn.
    training, arguments : dict
        As in `FitPlan`.
    groups, validation : array-like, tuple, default=None
        As in `FitPlan`.
    is_partial, is_fresh : bool
        As in `FitPlan`.
    previous : FitResult or None, default=None
        Of an earlier training that this one goes on with.

    Raises
    ------
    InvalidParameterError
        If a parameter is not accepted.
    TooFewRowsError
        If a class has too few rows to be held out.
    """
    estimator = factory.estimator
    if isinstance(X, StreamedRows):
        check_streamed(factory, X, groups, validation, arguments)
    weight = check_weights(sample_weight, X, steps=factory.steps)
    targets = factory.encode_target(y)
    codes = class_codes(targets, factory.kind)
    earlier = previous if is_partial else None
    target = describe_target(factory, codes[weight > 0] if factory.steps else codes, earlier)
    if codes.ndim == weight.ndim == 1 and not is_partial:
        check_weighed_classes(codes, weight, target.classes)
    arguments = {k: v for k, v in arguments.items() if k not in ("epochs", "initial_epoch")}
    criterion = Criterion(estimator.threshold, factory.routed("threshold"))
    if earlier is not None and earlier.decision.instead:
        # Parts go on with the threshold that took the place of the parameter.
        criterion = Criterion(earlier.decision.instead[0], {})
    split = arguments.pop("validation_split", factory.of_fit("validation_split"))
    split = 0 if is_partial or validation is not None else split
    # A network that goes on training must not be judged on rows it was trained on before.
    split_seed = None if previous is None else previous.split_seed
    if not holds_nothing_out(split):
        split_seed = seed if split_seed is None else split_seed
    data = (X, codes, weight, groups)
    if is_auto(split):
        # One network can go on, be watched and be proved.
        needs_one = (
            estimator.warm_start
            or is_watched(factory, arguments.get("callbacks"))
            or criterion.is_proved(estimator.calibration)
        )
        folds = usual_split(factory, target, data, split_seed, needs_one)
    else:
        folds = split_as_asked(factory, target, data, split, split_seed)
    n_epochs = factory.epochs(len(folds[0][0]), training["epochs"])
    training = training | {"epochs": n_epochs}
    held_out = validation is not None or any(len(held) for _, held in folds)
    priors = None
    if estimator.priors is not None:
        check_priors_allowed(target.kind, estimator.calibration, f"priors={estimator.priors!r}")
        priors = check_priors(estimator.priors, target.classes)
    has_calibrator = previous is not None and previous.posterior.calibrator is not None
    check_calibration(estimator.calibration, held_out, is_partial, has_calibrator)
    check_threshold(
        factory,
        criterion,
        target,
        weight,
        has_priors=priors is not None,
        held_out=held_out,
        is_partial=is_partial,
        n_folds=len(folds),
    )
    checked_sampler("sampler", estimator, factory.routed("sampler"), target, seed)
    note_dropped_cut(estimator.threshold)
    if previous is None and estimator.pos_label is None:
        note_choice_of_positive(criterion, target, estimator.calibration)
    if not is_partial and priors is None:
        note_resampled(codes, sample_weight, weight, target.classes)
    return FitPlan(
        factory=factory,
        target=target,
        X=X,
        y=y,
        targets=targets,
        codes=codes,
        weight=weight,
        groups=groups,
        validation=validation,
        folds=folds,
        seed=seed,
        split_seed=split_seed,
        criterion=criterion,
        priors=priors,
        is_fresh=is_fresh,
        is_partial=is_partial,
        training=training,
        arguments=arguments,
        previous=previous,
    )


def plan_nothing(factory: NetworkFactory, X: Any, y: Any) -> FitPlan:
    """Return the plan of a fit of no epochs on all rows.

    Parameters
    ----------
    factory : NetworkFactory
        Of an estimator that has seen X and y.
    X, y : array, sparse matrix, or list or dict of arrays
        Checked rows.

    Raises
    ------
    InvalidParameterError
        If a parameter is not accepted.
    """
    return make_plan(
        factory,
        X,
        y,
        np.ones((len(y), *factory.steps)),
        seed=0,
        training={"warm_start": False, "epochs": 0, "initial_epoch": 0},
        arguments={},
        is_partial=True,
    )


def describe_target(
    factory: NetworkFactory, codes: np.ndarray, earlier: FitResult | None = None
) -> Target:
    """Return what y asks for.

    Parameters
    ----------
    factory : NetworkFactory
        Of an estimator that has seen y.
    codes : ndarray of shape (n_decisions,) or (n_decisions, n_labels)
        Codes of the decisions that count.
    earlier : FitResult or None, default=None
        Of which this is a further part. Decisions that it was trained on are counted, too, and its
        positive class stays: the learned cut is a cut of its probability.

    Raises
    ------
    InvalidParameterError
        If the positive class is not a label of y.
    """
    estimator, classes, kind = factory.estimator, factory.estimator.classes_, factory.kind
    counts = class_totals(codes, np.ones(len(codes)), len(classes)).astype(int)
    if earlier is not None and earlier.is_trained:
        counts = earlier.target.class_count + counts
    if kind != "binary":
        return Target(kind, classes, counts, steps=factory.steps)
    if earlier is not None:
        return Target(kind, classes, counts, earlier.target.positive, factory.steps)
    code = positive_code(estimator.pos_label, classes, counts)
    if code is None:
        raise InvalidParameterError(
            f"pos_label={estimator.pos_label!r} is not a label of y, which holds "
            f"{classes.tolist()}. Pass one of them, or None for 1 of 0 and 1, and the "
            f"rarest of other labels."
        )
    return Target(kind, classes, counts, code, factory.steps)


def own_rows(plan: FitPlan, validation: tuple) -> Rows:
    """Return the caller's own held-out rows, encoded.

    Parameters
    ----------
    plan : FitPlan
        Of the fit.
    validation : tuple
        Rows, labels and weights as they were given.

    Raises
    ------
    ValueError
        If they are not of the form, the labels and the classes of the training rows.
    """
    factory, target = plan.factory, plan.target
    X, y, sample_weight = validation
    X, y = factory.validate(X, fill_padding(y, sample_weight))
    check_known(y, target.classes, "y_val")
    weight = check_weights(sample_weight, X, "sample_weight_val", target.steps)
    targets = factory.encode_target(y)
    codes = class_codes(targets, factory.kind)
    if target.kind != "multilabel" and len(np.unique(codes[weight > 0])) < 2:
        raise ValueError(
            "y_val holds only one class; a threshold is learned on rows of at least two. "
            "Pass held-out rows of each class."
        )
    return plan_rows(target, factory.encode(X), targets, codes, weight, counted_rows(weight))
