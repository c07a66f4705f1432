"""The fits of a comparison in their order: resumed where they are done, dropped where lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from typing import NamedTuple

import pandas as pd
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from imbalanced_nn.compare.evaluation import is_default_threshold
from imbalanced_nn.compare.fit_cache import FitCache
from imbalanced_nn.compare.fit_notes import counted_notes
from imbalanced_nn.compare.halving import losers
from imbalanced_nn.compare.single_fit import Data, Fit, Task, fit_and_measure
from imbalanced_nn.compare.strategies import baseline_of
from imbalanced_nn.exceptions import warn

__all__ = ["Outcome", "nothing_left", "run_tasks"]


class Outcome(NamedTuple):
    """What came of all fits.

    Parameters
    ----------
    rows : list of dict
        Measures in the order of strategies and folds, of strategies that did not fail.
    notes : list of Warning
        Each once, those with a code with the number of fits.
    dropped : dict of str to int
        Strategies that halving dropped, and the folds that were done.
    failed : dict of str to RuntimeError
        Strategies of which a fit failed, and how the first of them did.
    told : list of (strategy, fold, warning)
        What each fit warned of, in the order of strategies and folds.
    rankings : list of dict
        How each fit ranked its test rows, where that is known, in the order of the rows.
    """

    rows: list[dict]
    notes: list[Warning]
    dropped: dict[str, int]
    failed: dict[str, RuntimeError]
    told: list[tuple[str, int, Warning]]
    rankings: list[dict]


def run_tasks(
    tasks: list[Task],
    data: Data,
    *,
    n_jobs: int | None,
    progress: Callable[[int, int], None] | None,
    cache: FitCache | None,
    halving: str | None,
) -> Outcome:
    """Run the fits and report each that is done; of a strategy that fails no more are run.

    Parameters
    ----------
    tasks : list of Task
        Every strategy on every fold, fold by fold.
    data : Data
        What the fits draw their rows from.
    n_jobs, progress
        As in `compare_strategies`.
    cache : FitCache or None
        Where finished fits are kept.
    halving : str or None
        Measure by which strategies are dropped after each fold; None runs all.
    """
    rows: list[dict] = []
    rankings: list[dict] = []
    dropped: dict[str, int] = {}
    failures: dict[str, dict[int, RuntimeError]] = {}
    every: list[tuple[str, int, Warning]] = []
    order = list(dict.fromkeys(task.strategy for task in tasks))
    waiting, done = tasks, 0
    while waiting:
        fold = waiting[0].fold
        now = [task for task in waiting if halving is None or task.fold == fold]
        waiting = waiting[len(now) :]
        open_tasks = {_name(task) for task in now}
        for fit in _finished(now, data, n_jobs, cache, failures):
            rows += fit.rows
            if fit.ranking is not None:
                rankings.append({"strategy": fit.strategy, "fold": fit.fold, **fit.ranking})
            done += 1
            open_tasks.discard((fit.strategy, fit.fold))
            if fit.failure is not None:
                failures.setdefault(fit.strategy, {})[fit.fold] = fit.failure
                rows = [row for row in rows if row["strategy"] != fit.strategy]
                waiting = [task for task in waiting if task.strategy != fit.strategy]
                open_tasks = {task for task in open_tasks if task[0] != fit.strategy}
            every += [(fit.strategy, fit.fold, warning) for warning in fit.told]
            if progress is not None:
                progress(done, done + len(open_tasks) + len(waiting))
        if halving is not None and waiting:
            dropped |= dict.fromkeys(_losers(rows, tasks, dropped, halving), fold + 1)
            waiting = [task for task in waiting if task.strategy not in dropped]
    failed = {name: failures[name][min(failures[name])] for name in order if name in failures}
    rows, rankings = (
        sorted(
            (row for row in kept if row["strategy"] not in failed),
            key=lambda row: (order.index(row["strategy"]), row["fold"]),
        )
        for kept in (rows, rankings)
    )
    every.sort(key=lambda told: (order.index(told[0]), told[1]))
    return Outcome(rows, counted_notes(every, done), dropped, failed, every, rankings)


def nothing_left(failed: dict[str, RuntimeError]) -> RuntimeError:
    """Return the error that all strategies ended in.

    Parameters
    ----------
    failed : dict of str to RuntimeError
        All that were run, and how each failed.
    """
    name, first = next(iter(failed.items()))
    others = f", and so did all {len(failed) - 1} others" if len(failed) > 1 else ""
    error = RuntimeError(f"strategy {name!r} {first}{others}")
    error.__cause__ = first.__cause__
    return error


def _finished(
    tasks: list[Task],
    data: Data,
    n_jobs: int | None,
    cache: FitCache | None,
    failures: dict[str, dict[int, RuntimeError]],
) -> Iterator[Fit]:
    """Yield what came of the tasks, first of those that a file holds, until their strategy fails.

    A failure is not kept: whoever goes on from the file tries again.
    """
    kept = {} if cache is None else {_name(t): cache.get(t) for t in tasks}
    missing = {_name(task): task for task in tasks if kept.get(_name(task)) is None}
    yield from (found for found in kept.values() if found is not None)
    n_before = None
    while missing:
        # What ray and joblib's pool of multiprocessing have done is known when all is.
        streams = get_active_backend()[0].supports_return_generator
        parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered" if streams else "list")
        calls = (
            delayed(fit_and_measure)(task, data)
            for task in list(missing.values())
            # Asked when the next fit is due.
            if task.strategy not in failures
        )
        try:
            for fit in parallel(calls):
                task = missing.pop((fit.strategy, fit.fold))
                if cache is not None and fit.failure is None:
                    cache.add(task, fit)
                yield fit
            return
        except BrokenExecutor:
            # What is left may be the one that no memory suffices for.
            if n_before == len(missing):
                raise
            n_before = len(missing)
            warn(
                "INN022", f"A process that fitted was stopped; {n_before} fits are left to be done."
            )


def _name(task: Task) -> tuple[str, int]:
    """Return what tells a task from the others."""
    return task.strategy, task.fold


def _losers(rows: list[dict], tasks: list[Task], dropped: dict, scoring: str) -> list[str]:
    """Return the strategies to drop, judged at their own cuts."""
    own = pd.DataFrame([row for row in rows if not is_default_threshold(row["threshold"])])
    scores = own.pivot(index="fold", columns="strategy", values=scoring)
    ratio = {task.fold: len(task.test) / len(task.train) for task in tasks}
    ratios = [ratio[fold] for fold in scores.index]
    baseline = baseline_of(task.strategy for task in tasks if task.strategy in scores)
    return losers(scores.drop(columns=list(dropped)), scoring, ratios, baseline)
