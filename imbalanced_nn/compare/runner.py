"""Compare strategies: every one is fitted once on every fold."""

import re
import warnings
from collections.abc import Callable
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state, indexable
from sklearn.utils._param_validation import HasMethods, validate_params
from sklearn.utils.parallel import Parallel, delayed

from imbalanced_nn.compare.fitting import Data, Task, check_sample_weight, fit_and_measure
from imbalanced_nn.compare.folds import as_codes, make_folds
from imbalanced_nn.compare.result import StrategyComparison
from imbalanced_nn.compare.strategies import resolve_strategies

__all__ = ["compare_strategies"]


@validate_params(
    {
        "estimator": [HasMethods(["fit", "get_params", "set_params"])],
        "X": "no_validation",
        "y": "no_validation",
        "strategies": "no_validation",
        "cv": ["cv_object"],
        "groups": ["array-like", None],
        "sample_weight": ["array-like", None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
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
    cv=5,
    groups=None,
    sample_weight=None,
    n_jobs: int | None = None,
    random_state=None,
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
    cv : int, cross-validation splitter or iterable, default=5
        An int is the number of shuffled stratified folds, which keep groups together when
        ``groups`` is given.
    groups : array-like of shape (n_samples,), optional
        Group of every row, for the splitter and for the ``fit`` of estimators that take
        ``groups``.
    sample_weight : array-like of shape (n_samples,), optional
        Weights of the rows, in the fits and in the measures.
    n_jobs : int, optional
        Fits that run at the same time, as in joblib. A worker process imports Keras anew, which
        takes seconds: worth it for long fits only.
    random_state : int, RandomState instance or None, default=None
        Draws the folds and one seed per fold. The seed is given to every ``random_state``
        parameter of the estimator that is None; one that is set stays as it is.
    progress : callable, optional
        Called as ``progress(done, total)`` after every fit. Nothing is printed.

    Returns
    -------
    StrategyComparison
        Means, spreads and the measures of every fold.

    Raises
    ------
    InvalidParameterError
        If a strategy is unknown, sets a parameter the estimator lacks or has no
        ``predict_proba``.
    TooFewRowsError
        If a class cannot be in the training and test rows of every fold. Nothing is fitted then.
    RuntimeError
        If a fit fails; the message names strategy and fold.

    Warns
    -----
    Warning
        What the fits warn of is passed on once, however many fits said it. Texts that differ
        in numbers only count as one.

    Notes
    -----
    The measures are scikit-learn's: average precision, balanced accuracy, F1, Matthews
    correlation coefficient, log loss, and the wall-clock seconds of fit and prediction. With two
    classes the rarest is the positive one for average precision and F1; with more, both are
    unweighted means over the classes. A classifier without ``decision_rule_`` is measured at its
    ``predict`` in place of the learned threshold.

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
    """
    candidates = resolve_strategies(estimator, strategies)
    X, y, groups, sample_weight = indexable(X, y, groups, sample_weight)
    if sample_weight is not None:
        check_sample_weight(candidates)
        sample_weight = np.asarray(sample_weight)
    classes, codes = as_codes(y)
    counts = np.bincount(codes)
    # The rarest class is the positive one; of two equal ones the last, as in scikit-learn.
    positive = int(counts[1] <= counts[0]) if len(classes) == 2 else None
    random = check_random_state(random_state)
    folds = make_folds(cv, X, y, codes, classes, groups, _seed(random))
    seeds = [_seed(random) for _ in folds]
    tasks = [
        Task(name, candidate, fold, len(folds), train, test, seeds[fold])
        for fold, (train, test) in enumerate(folds)
        for name, candidate in candidates.items()
    ]
    groups = None if groups is None else np.asarray(groups)
    data = Data(X, y, classes, codes, positive, sample_weight, groups)
    return StrategyComparison(
        folds=_run(tasks, data, n_jobs, progress),
        classes=classes.tolist(),
        class_count=counts.tolist(),
        pos_label=None if positive is None else classes.tolist()[positive],
        train_sizes=[len(train) for train, _ in folds],
        test_sizes=[len(test) for _, test in folds],
    )


def _seed(random: np.random.RandomState) -> int:
    """Draw one seed."""
    return int(random.randint(np.iinfo(np.int32).max))


def _run(tasks: list[Task], data: Data, n_jobs, progress) -> list[dict]:
    """Run the fits, report each that is done, and pass on what they warn of, each text once."""
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    rows, notes = [], {}
    outcomes = parallel(delayed(fit_and_measure)(task, data) for task in tasks)
    for done, (measured, caught) in enumerate(outcomes, start=1):
        rows += measured
        for note in caught:
            # What differs between folds in a count only is said once.
            notes.setdefault(re.sub(r"\d+", "#", str(note)), note)
        if progress is not None:
            progress(done, len(tasks))
    for note in notes.values():
        warnings.warn(note, stacklevel=4)
    order = list(dict.fromkeys(task.strategy for task in tasks))
    return sorted(rows, key=lambda row: (order.index(row["strategy"]), row["fold"]))
