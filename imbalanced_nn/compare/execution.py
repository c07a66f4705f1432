"""The fits of a comparison in their order: resumed where they are done, dropped where lost."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pandas as pd
from sklearn.utils.parallel import Parallel, delayed

from imbalanced_nn.compare.cache import FitCache
from imbalanced_nn.compare.evaluation import is_plain
from imbalanced_nn.compare.fitting import Data, Task, fit_and_measure
from imbalanced_nn.compare.halving import losers

__all__ = ["Halving", "Outcome", "run_tasks"]


class Halving(NamedTuple):
    """What decides which strategies are dropped; `losers` has the rule."""

    scoring: str
    baseline: str


class Outcome(NamedTuple):
    """Measures in the order of strategies and folds, warnings, and folds done when dropped."""

    rows: list[dict]
    notes: list[Warning]
    dropped: dict[str, int]


def run_tasks(
    tasks: list[Task],
    data: Data,
    *,
    n_jobs: int | None,
    progress: Callable[[int, int], None] | None,
    cache: FitCache | None,
    halving: Halving | None,
) -> Outcome:
    """Run the fits and report each that is done.

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
    halving : Halving or None
        Drop strategies after each fold; None runs all.
    """
    rows: list[dict] = []
    notes: dict[str, Warning] = {}
    dropped: dict[str, int] = {}
    waiting, done, total = tasks, 0, len(tasks)
    while waiting:
        fold = waiting[0].fold
        now = [task for task in waiting if halving is None or task.fold == fold]
        waiting = waiting[len(now) :]
        for measured, told in _finished(now, data, n_jobs, cache):
            rows += measured
            done += 1
            for note in told:
                # What differs between folds in a count only is said once.
                notes.setdefault(re.sub(r"\d+", "#", str(note)), note)
            if progress is not None:
                progress(done, total)
        if halving is not None and waiting:
            dropped |= dict.fromkeys(_losers(rows, tasks, dropped, halving), fold + 1)
            waiting = [task for task in waiting if task.strategy not in dropped]
            total = done + len(waiting)
    order = list(dict.fromkeys(task.strategy for task in tasks))
    rows.sort(key=lambda row: (order.index(row["strategy"]), row["fold"]))
    return Outcome(rows, list(notes.values()), dropped)


def _finished(
    tasks: list[Task], data: Data, n_jobs: int | None, cache: FitCache | None
) -> Iterator[tuple[list[dict], list[Warning]]]:
    """Yield measures and warnings of every task, first of those that a file holds."""
    kept = {} if cache is None else {_name(t): cache.get(t) for t in tasks}
    missing = {_name(task): task for task in tasks if kept.get(_name(task)) is None}
    yield from (found for found in kept.values() if found is not None)
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    for rows, told in parallel(delayed(fit_and_measure)(task, data) for task in missing.values()):
        if cache is not None:
            cache.add(missing[rows[0]["strategy"], rows[0]["fold"]], rows, told)
        yield rows, told


def _name(task: Task) -> tuple[str, int]:
    """Return what tells a task from the others."""
    return task.strategy, task.fold


def _losers(rows: list[dict], tasks: list[Task], dropped: dict, halving: Halving) -> list[str]:
    """Return the strategies to drop, judged at their own cuts."""
    own = pd.DataFrame([row for row in rows if not is_plain(row["threshold"])])
    scores = own.pivot(index="fold", columns="strategy", values=halving.scoring)
    ratio = {task.fold: len(task.test) / len(task.train) for task in tasks}
    ratios = [ratio[fold] for fold in scores.index]
    return losers(scores.drop(columns=list(dropped)), halving.scoring, ratios, halving.baseline)
