"""Compare strategies: every one is fitted once on every fold."""

import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.utils import check_random_state, indexable

from imbalanced_nn._compat.sklearn import HasMethods, Interval, validate_params
from imbalanced_nn.compare.cv_folds import as_codes, make_folds, positive_class
from imbalanced_nn.compare.evaluation import check_metric
from imbalanced_nn.compare.execution import Outcome, nothing_left, run_tasks
from imbalanced_nn.compare.fit_cache import FitCache
from imbalanced_nn.compare.fit_notes import gathered, note_key
from imbalanced_nn.compare.importance_of_winner import importance_of_winner
from imbalanced_nn.compare.reference_models import (
    notes_of_failed,
    reference_models,
    reference_settings,
)
from imbalanced_nn.compare.settings import described
from imbalanced_nn.compare.single_fit import Data, Task, check_sample_weight, fit_whole
from imbalanced_nn.compare.strategies import costs_of, resolve_strategies
from imbalanced_nn.compare.strategy_comparison import StrategyComparison
from imbalanced_nn.data import (
    content_hashes,
    copies_message,
    counts_message,
    leaked_copies,
)
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, came_of_interrupt

__all__ = ["compare_strategies"]


@validate_params(
    {
        "estimator": [HasMethods(["fit", "get_params", "set_params"])],
        "X": "no_validation",
        "y": "no_validation",
        "strategies": "no_validation",
        "baselines": "no_validation",
        "cv": ["cv_object"],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "scoring": "no_validation",
        "groups": ["array-like", None],
        "sample_weight": ["array-like", None],
        "pos_label": "no_validation",
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "halving": ["boolean"],
        "cache": [str, os.PathLike, None],
        "refit": ["boolean"],
        "importance": ["boolean"],
        "progress": [callable, None],
    },
    prefer_skip_nested_validation=False,
)
def compare_strategies(
    estimator,
    X,
    y,
    *,
    strategies=None,
    baselines=True,
    cv=5,
    n_repeats: int = 1,
    scoring: str = "average_precision",
    groups=None,
    sample_weight=None,
    pos_label=None,
    n_jobs: int | None = None,
    random_state=None,
    halving: bool = False,
    cache=None,
    refit: bool = False,
    importance: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> StrategyComparison:
    """Compare ways of meeting class imbalance on the same folds.

    Every strategy sees the same stratified folds and the same seeds. It is fitted once on every
    fold and measured twice from the same probabilities: at the decision threshold it learned and
    at the plain cut, which is 0.5 for two classes and the largest probability for more.

    Parameters
    ----------
    estimator : estimator
        A `BalancedKerasClassifier`, any classifier with the parameters that the strategies set,
        or a `Pipeline` (scikit-learn's or imbalanced-learn's) that ends in one. It is cloned,
        never fitted itself.
    X : array-like, DataFrame or sparse matrix of shape (n_samples, ...)
        Features.
    y : array-like of shape (n_samples,)
        Class labels, at least two.
    strategies : list of str, dict or None, default=None
        Names of `STRATEGIES`; or a dictionary of name -> parameters for
        ``estimator.set_params``, or name -> another classifier with ``predict_proba``, which is
        taken as it is. None compares all of `STRATEGIES`.
    baselines : bool or list of str, default=True
        Models that are no network, measured on the same folds to tell whether one is worth it;
        they have no part in the choice among strategies. True is ``"logistic_regression"``, on
        standardised columns, and ``"gradient_boosting"``, scikit-learn's
        `~sklearn.ensemble.HistGradientBoostingClassifier`; a list names those wanted, of these
        two and of ``"lightgbm"``, ``"xgboost"`` and ``"catboost"``, which must be installed.
        False compares none. See Notes.
    cv : int, cross-validation splitter or iterable, default=5
        An int is the number of shuffled stratified folds, which keep groups together when
        ``groups`` is given.
    n_repeats : int, default=1
        How often the folds of an integer ``cv`` are drawn anew. Repeats narrow the intervals
        that the verdict rests on, though never below what the number of rows allows.
    scoring : {"average_precision", "balanced_accuracy", "f1", "matthews_corrcoef", "log_loss", \
            "cost", "seconds"}, default="average_precision"
        The measure that ranks the strategies and that ``verdict_`` speaks of, each strategy at
        its own cut. ``"cost"``, the mean over the rows, is measured where the estimator has
        ``threshold=ThresholdTuner(cost_matrix=...)``.
    groups : array-like of shape (n_samples,), optional
        Group of every row, for the splitter and for the ``fit`` of estimators that take
        ``groups``.
    sample_weight : array-like of shape (n_samples,), optional
        Weights of the rows, in the fits and in the measures.
    pos_label : label, optional
        The positive class of two, for average precision and F1; None is the rarest. The
        estimator has a parameter of its own for what it decides.
    n_jobs : int, optional
        Fits that run at the same time, as in joblib, on the backend of
        ``joblib.parallel_config``. A worker process imports Keras anew, which takes seconds:
        worth it for long fits only. The fits of a worker process that is killed are taken up
        again (INN022), unless nothing is finished any more.
    random_state : int, RandomState instance or None, default=None
        Draws the folds and one seed per fold. The seed is given to every ``random_state``
        parameter of the estimator that is None; one that is set stays as it is.
    halving : bool, default=False
        Drop strategies that can hardly win any more, to spend little on them; see Notes.
    cache : str or path-like, optional
        A folder, or a file, that finished fits are written to, and read from instead of being
        repeated, so that an interrupted comparison goes on where it was, also after the process
        was killed. A folder, one that is there or a name that ends in a slash, gets a file for
        each fit and takes any number of comparisons at a time; a file is replaced as a whole
        after each fit, and takes one. If neither can be written, the comparison goes on without
        (INN021). Needs a ``random_state``. A fit is found again
        only if data, folds, seed, the strategy's parameters and the versions of the packages
        are the same. Changes in the code of classes, and in what functions read from their
        module, are not seen: give a new name then.
    refit : bool, default=False
        Fit ``best_estimator_`` on all rows, with the weights and groups given.
    importance : bool, default=False
        Fit what is recommended on the last fold once more, and measure by
        `~imbalanced_nn.inspection.column_importance` what each column of its test rows is worth,
        for the report. Takes seconds beside the fit.
    progress : callable, optional
        Called as ``progress(done, total)`` after every fit; with ``halving`` the total shrinks.
        Nothing is printed.

    Returns
    -------
    StrategyComparison
        ``verdict_`` is one sentence on which strategy works; `frame`, `differences`, `plot`,
        `to_html` and `to_dict` show the evidence; ``best_estimator_`` is the best strategy's.

    Raises
    ------
    InvalidParameterError
        If a strategy or baseline is unknown, or a baseline not installed; if a strategy sets a
        parameter the estimator lacks or has no ``predict_proba``; if the measure is unknown; if
        the file of ``cache`` holds something else.
    TooFewRowsError
        If a class cannot be in the training and test rows of every fold. Nothing is fitted then.
    RuntimeError
        If every strategy fails; the message names the first one, the fold and the error.

    Warns
    -----
    FitFailedWarning
        If a strategy fails: it is left out, on all folds, and named in ``failed`` and in the
        verdict; the others are compared. A file of ``cache`` keeps no failures, so that going on
        tries again. Also if the best one fails on all rows: ``best_estimator_`` is not fitted.
    Warning
        What the fits warn of is passed on once, however many fits said it: a note with a code
        with the number of fits that it is true of; other texts that differ in numbers only
        count as one.

    Notes
    -----
    The measures are scikit-learn's: average precision, balanced accuracy, F1, Matthews
    correlation coefficient, log loss, and the wall-clock seconds of fit and prediction. Average
    precision and F1 are of the positive class: 1 of the labels 0 and 1 or -1 and 1, True of
    booleans, of two others the rarest; with more classes, both are unweighted means over them.
    A classifier without ``decision_rule_`` is measured at its ``predict`` in place of the
    learned threshold.

    A baseline takes the place of the estimator's last step, with its settings of ``threshold``
    (or "balanced_accuracy") and ``pos_label``; samplers before it are left out. Its threshold is
    learned by `ThresholdTuner` from probabilities that are cross-fitted in three stratified folds
    of the training rows, with groups kept together, and its model is fitted on all of these.
    Baselines are run after the strategies. One that cannot take the rows, such as sequences and
    images, fails on the first fold, and is left out with a sentence in ``notes``.

    With ``halving``, from the third fold on and after each, a strategy is dropped if its
    variance-corrected 95 % interval says that it is worse than the leader of that moment. The
    baseline, which is ``"none"`` or else the first strategy, always stays. A strategy that was
    dropped keeps the measures of its folds and ranks last. The risk: the rule looks several times
    and corrects for neither that nor the number of strategies. In simulations of nine strategies
    on 10 folds, one that was better than the eight others by half a standard deviation of the
    folds' differences was dropped in 7 % of comparisons, by one standard deviation in 2 %, by two
    in none; strategies that were far behind cost half of all fits less.

    Folds are run one after the other, with all strategies in each, so that a machine that slows
    down slows every strategy alike. The first fit of a process also pays for the start of the
    network library.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from imbalanced_nn import compare_strategies
    >>> X, y = make_classification(n_samples=600, weights=[0.9], random_state=0)
    >>> comparison = compare_strategies(
    ...     LogisticRegression(), X, y, cv=3, random_state=0,
    ...     strategies={"none": {}, "class_weight": {"class_weight": "balanced"}},
    ... )
    >>> frame = comparison.frame()
    >>> frame[["strategy", "threshold"]].drop_duplicates().shape
    (4, 2)
    >>> sorted(comparison.differences()["strategy"])
    ['class_weight']
    >>> sorted(comparison.reference_differences()["strategy"])
    ['gradient_boosting', 'logistic_regression']
    """
    check_metric(scoring, "scoring", costs_known=costs_of(estimator) is not None)
    candidates = resolve_strategies(estimator, strategies)
    references = reference_models(baselines, estimator, candidates)
    X, y, groups, sample_weight = indexable(X, y, groups, sample_weight)
    if sample_weight is not None:
        check_sample_weight(candidates)
        sample_weight = np.asarray(sample_weight)
    if cache is not None and random_state is None:
        raise InvalidParameterError(
            "cache: without a random_state every call draws other folds, and none is found again. "
            "Give random_state a number."
        )
    classes, codes = as_codes(y)
    counts = np.bincount(codes)
    positive = positive_class(pos_label, classes, counts)
    random = check_random_state(random_state)
    folds = make_folds(cv, X, y, codes, classes, groups, [_seed(random) for _ in range(n_repeats)])
    seeds = [_seed(random) for _ in folds]
    tasks, beside = (
        [
            Task(name, model, fold, len(folds), train, test, seeds[fold])
            for fold, (train, test) in enumerate(folds)
            for name, model in models.items()
        ]
        for models in (candidates, references)
    )
    groups = None if groups is None else np.asarray(groups)
    costs = costs_of(estimator, len(classes))
    data = Data(X, y, classes, codes, positive, sample_weight, groups, costs)
    run = partial(
        run_tasks,
        data=data,
        n_jobs=n_jobs,
        cache=None if cache is None else FitCache(cache, data),
    )
    outcome = run(
        tasks, halving=scoring if halving else None, progress=_shifted(progress, 0, len(beside))
    )
    if not outcome.rows:
        raise nothing_left(outcome.failed)
    n_done = len({(row["strategy"], row["fold"]) for row in outcome.rows})
    others = run(beside, halving=None, progress=_shifted(progress, n_done, n_done))
    told = _note_resampled(X, codes, folds[0])
    for note in outcome.notes:
        if not (told and getattr(note, "code", None) == "INN013"):
            warnings.warn(note, stacklevel=3)
    failed = {name: str(error) for name, error in outcome.failed.items()}
    for name, reason in failed.items():
        warnings.warn(
            f"strategy {name!r} {reason.rstrip('.')}. It is left out of the comparison.",
            FitFailedWarning,
            stacklevel=3,
        )
    comparison = StrategyComparison(
        folds=outcome.rows,
        classes=classes.tolist(),
        class_count=counts.tolist(),
        pos_label=None if positive is None else classes.tolist()[positive],
        train_sizes=[len(train) for train, _ in folds],
        test_sizes=[len(test) for _, test in folds],
        scoring=scoring,
        dropped=outcome.dropped,
        failed=failed,
        notes=_notes(gathered(outcome.told, len(folds), len(candidates)), others, len(folds)),
        reference_folds=others.rows,
        rankings=outcome.rankings + others.rankings,
        estimators=candidates,
        settings=described(
            estimator, strategies, X, cv, n_repeats, random_state, sample_weight, groups
        )
        | reference_settings(references),
    )
    if importance:
        measured = importance_of_winner(comparison, [*tasks, *beside], data)
        comparison = replace(comparison, importance=measured)
    if refit:
        _refit(comparison, data, _seed(random))
    return comparison


def _shifted(progress, done: int, total: int):
    """Return a function that reports fits of a part of them all."""
    if progress is None:
        return None
    return lambda now, of: progress(done + now, total + of)


def _notes(notes: list[dict], others: Outcome, n_folds: int) -> list[dict]:
    """Return the notes of the strategies, and after them those of reference models alone."""
    known = {note_key(note["text"]) for note in notes}
    # All of them are named, so that none is taken for every strategy.
    more = gathered(others.told, n_folds, 0)
    return [
        *notes,
        *notes_of_failed(others.failed),
        *(note for note in more if note_key(note["text"]) not in known),
    ]


def _refit(comparison: StrategyComparison, data: Data, seed: int) -> None:
    """Fit the best estimator on all rows; what was measured is not lost with a fit that fails."""
    name = comparison.best_strategy_
    try:
        best = fit_whole(clone(comparison.best_estimator_), data, seed)
    except Exception as error:
        if came_of_interrupt(error):
            raise KeyboardInterrupt from error
        warnings.warn(
            f"strategy {name!r} failed on all rows: {type(error).__name__}: {error}. "
            f"best_estimator_ is not fitted.",
            FitFailedWarning,
            stacklevel=4,
        )
    else:
        comparison.estimators[name] = best


def _note_resampled(X, codes: np.ndarray, fold: tuple) -> bool:
    """Warn, once for all fits, of rows that look resampled; return whether they do."""
    hashes = content_hashes(X)
    train, test = fold
    copies = leaked_copies(X, (codes[train], codes[test]), (hashes[train], hashes[test]))
    found = [copies_message(copies, len(test), "test")] if copies else []
    if message := counts_message(codes):
        found.append(message)
    for message in found:
        warnings.warn(ImbalanceWarning(message, "INN013"), stacklevel=4)
    return bool(found)


def _seed(random: np.random.RandomState) -> int:
    """Draw one seed."""
    return int(random.randint(np.iinfo(np.int32).max))
