"""The tasks of a fit that scikit-learn's callbacks are told of: networks and their epochs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import keras
from sklearn.callback import CallbackContext

from imbalanced_nn._compat.sklearn import begin_fit_task, has_callbacks
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.training import EpochTasks, GraphTrainer
from imbalanced_nn.wrapper import pack, unpack

__all__ = ["FitTask", "epoch_tasks", "equal_network", "fit_task"]


@dataclass(frozen=True)
class FitTask:
    """A task of a fit, and whom its callbacks are told about.

    Parameters
    ----------
    estimator : BalancedKerasClassifier
        The estimator that the user fits, and that has the callbacks.
    context : CallbackContext
        Place of the task in the tree of tasks.
    data : dict
        ``X``, ``y`` and ``metadata`` of the fit, as the caller gave them.
    alone : bool, default=True
        Whether the fit trains but one network, so that the estimator could predict from it.
    """

    estimator: Any
    context: CallbackContext
    data: dict[str, Any]
    alone: bool = True

    @property
    def is_watched(self) -> bool:
        """Whether there is a callback to be told."""
        return has_callbacks(self.estimator)

    def begin(self) -> "FitTask":
        """Tell the callbacks that the task begins."""
        self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        return self

    def end(self, state: Any = None) -> bool:
        """Tell the callbacks that the task has ended; return whether one asks to stop.

        ``state`` holds the attributes that make a copy of the estimator one that can predict,
        or is a function that returns them.
        """
        return self.context.call_on_fit_task_end(
            estimator=self.estimator, **self.data, reconstruction_attributes=state
        )

    def next(self, name: str, max_subtasks: int = 0, alone: bool = True) -> "FitTask":
        """Begin the next task inside this one."""
        context = self.context.subcontext(task_name=name, max_subtasks=max_subtasks)
        return replace(self, context=context, alone=self.alone and alone).begin()

    @contextmanager
    def within(self, name: str, max_subtasks: int, alone: bool = True) -> Iterator["FitTask"]:
        """Run the block as the next task; what follows it follows whatever the callbacks ask."""
        task = self.next(name, max_subtasks, alone)
        yield task
        task.end()


@contextmanager
def fit_task(
    estimator: Any, max_subtasks: int, X: Any, y: Any, sample_weight: Any
) -> Iterator[FitTask]:
    """Run the block as the task of a whole fit.

    Parameters
    ----------
    estimator : BalancedKerasClassifier
        Whose callbacks are told.
    max_subtasks : int
        Number of tasks inside.
    X, y, sample_weight : array-like
        As the caller gave them.
    """
    context = begin_fit_task(estimator, max_subtasks)
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    task = FitTask(estimator, context, {"X": X, "y": y, "metadata": metadata}).begin()
    yield task
    task.end({})


def epoch_tasks(
    task: FitTask, state_at: Callable[[keras.Model, int], dict | None] | None = None
) -> list[EpochTasks]:
    """Return the Keras callback that tells of epochs, nothing where there is nobody to tell.

    Parameters
    ----------
    task : FitTask
        That the epochs are in.
    state_at : callable, default=None
        Returns what the estimator would be, had the training of a network ended with an epoch.
    """
    if not task.is_watched:
        return []

    def begin():
        epoch_task = task.next("epoch")

        def end(network, epoch):
            if not task.alone or state_at is None:
                return epoch_task.end(None)
            return epoch_task.end(lambda: state_at(network, epoch))

        return end

    return [EpochTasks(begin)]


def equal_network(network: Any, current: keras.Model | None = None) -> keras.Model:
    """Return a copy of a network in training that shares nothing with it.

    Parameters
    ----------
    network : keras.Model or GraphTrainer
        The network, or what stands in for it.
    current : keras.Model or None
        Where its present values are, if not in the network itself.

    Raises
    ------
    InvalidParameterError
        If Keras cannot copy it.
    """
    if isinstance(network, GraphTrainer):
        twin = network.equal_network(current)
        if twin is not None:
            return twin
        network = network.network
    try:
        return unpack(pack(network, {}), {})
    except Exception as error:
        raise InvalidParameterError(
            f"A callback asks for the estimator as it is after an epoch, but Keras cannot copy "
            f"the network {type(network).__name__} {network.name!r}: {error} Give its classes a "
            f"get_config, or leave out callbacks that take fitted_estimator."
        ) from error
