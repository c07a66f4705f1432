"""Callbacks that keep what they are told, small fits, and trees of tasks."""

import pytest

from tests.problems import two_classes

# Steps far too large: the network is at its best before the last epoch.
UNSTEADY = {"epochs": 8, "optimizer__learning_rate": 0.05, "patience": 2}


class Recorder:
    """Keeps what it is told; stops, or raises, where it is asked to."""

    def __init__(self, stop_after=None, fail_at=None):
        self.events, self.told, self.states, self.depth = [], [], [], []
        self.stop_after, self.fail_at = stop_after, fail_at

    def setup(self, estimator, context):
        self._note("setup", estimator, context)

    def on_fit_task_begin(self, estimator, context):
        self._note("begin", estimator, context)

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        self.told.append((X, y, metadata))
        self.states.append((context.task_name, fitted_estimator))
        self._note("end", estimator, context)
        return (context.task_name, context.task_id) == self.stop_after

    def teardown(self, estimator, context):
        self._note("teardown", estimator, context)

    def _note(self, hook, estimator, context):
        names = []
        place = context
        while place is not None:
            names.insert(0, f"{place.task_name} {place.task_id}")
            place = place.parent
        self.events.append((hook, tuple(names), context.max_subtasks, estimator))
        if self.fail_at == (hook, context.task_name):
            raise ZeroDivisionError(f"failed at {hook}")

    def of_epochs(self):
        """Return the estimators given at the end of the epochs."""
        return [state for name, state in self.states if name == "epoch"]


class Watching(Recorder):
    """Asks for no more than a progress bar does."""

    def on_fit_task_end(self, estimator, context):
        return Recorder.on_fit_task_end(self, estimator, context)


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in six positive."""
    return two_classes(240)


def epochs(n):
    """The tasks of so many epochs."""
    return {f"epoch {number}": {} for number in range(n)}


def tree(inside, path=("fit 0",)):
    """Paths from the root to each task, in their order; a dict holds what is inside of each."""
    below = [tree(tasks, (*path, name)) for name, tasks in inside.items()]
    return [path, *(each for paths in below for each in paths)]
