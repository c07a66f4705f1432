"""The tasks of a fit that scikit-learn's callbacks are told of: networks and their epochs."""

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import keras
from sklearn.callback import CallbackContext, CallbackSupportMixin

from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.pickling import pack, unpack
from imbalanced_nn.training import EpochTasks, GraphTrainer, weights_to_restore

__all__ = ["FitTask", "TaskSteps", "equal_network"]


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
        return hasattr(self.estimator, "_skl_callbacks")

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


class TaskSteps(CallbackSupportMixin):
    """Steps of `BalancedKerasClassifier` that tell scikit-learn's callbacks of the others."""

    def set_callbacks(self, *callbacks):
        """Set callbacks of scikit-learn, which are told of every epoch.

        Keras' callbacks are another thing, and go to the parameter ``callbacks``. The protocol
        is experimental in scikit-learn. A fit has a task for each epoch; two-stage training one
        for each stage around them, cross-fitting one for each network around these. A callback
        that returns True at the end of an epoch stops the training of that network, as early
        stopping does; whole networks and stages are not left out. X, y and the weights are told
        as `fit` was given them, held-out rows included.

        At the end of an epoch, callbacks such as ``ScoringMonitor`` get the estimator as it
        would be had ``epochs`` ended there: the best weights so far are restored, and the
        threshold is learned anew on the held-out rows. There is none in the epochs of
        cross-fitting, where all networks together learn the threshold, nor where a constraint
        cannot be met yet. The end of the fit has one always.

        Parameters
        ----------
        *callbacks : callback instances
            Such as ``sklearn.callback.ProgressBar()``. None at all removes those that are set.

        Returns
        -------
        BalancedKerasClassifier
            The estimator.

        Raises
        ------
        InvalidParameterError
            If an object does not follow ``sklearn.callback.FitCallback``.

        Examples
        --------
        >>> from sklearn.callback import ScoringMonitor
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(3000, weights=[0.9], class_sep=2.0, random_state=0)
        >>> monitor = ScoringMonitor(scoring="average_precision")
        >>> clf = BalancedKerasClassifier(epochs=3, random_state=0).set_callbacks(monitor)
        >>> clf = clf.fit(X, y)
        >>> [row["task_name"] for row in monitor.get_logs().data]
        ['fit', 'epoch', 'epoch', 'epoch']
        """
        try:
            return super().set_callbacks(*callbacks)
        except TypeError as error:
            raise InvalidParameterError(
                f"set_callbacks got {callbacks!r}, but takes instances that follow scikit-learn's "
                f"FitCallback protocol, such as sklearn.callback.ProgressBar(). Keras' callbacks "
                f"go to the parameter: set_params(callbacks=[...])."
            ) from error

    @contextmanager
    def _as_task(self, task, max_subtasks, X, y, sample_weight):
        """Run the block as the task of a whole fit, or as one that is told of elsewhere."""
        if task is not None:
            yield task
            return
        context = self._init_callback_context(max_subtasks=max_subtasks)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        task = FitTask(self, context, {"X": X, "y": y, "metadata": metadata}).begin()
        yield task
        task.end({})

    def _n_subtasks(self, epochs, online=False):
        """Return the number of tasks inside that of one network: its stages, or its epochs."""
        return 2 if self._has_stages(online) else epochs

    def _has_stages(self, online):
        """Whether the last layer is trained anew after the others."""
        return self.head_sampler is not None and not online

    def _stage(self, task, name, epochs, online) -> AbstractContextManager[FitTask]:
        """Return the task of a stage of the training, the given one where there is but one."""
        return task.within(name, epochs) if self._has_stages(online) else nullcontext(task)

    def _epoch_tasks(
        self, task: FitTask, settle: Callable[[Any], None] | None = None, at_epoch=None
    ) -> list[EpochTasks]:
        """Return the Keras callback that tells of epochs, nothing where there is nobody to tell.

        ``settle`` is what is done to an estimator after its training, ``at_epoch`` sets it to
        the class shares of an epoch.
        """
        if not task.is_watched:
            return []

        def begin():
            epoch_task = task.next("epoch")

            def end(network, epoch):
                def state():
                    return self._as_if_stopped(network, epoch, settle, at_epoch)

                return epoch_task.end(state if task.alone else None)

            return end

        return [EpochTasks(begin)]

    def _as_if_stopped(self, network, epoch, settle, at_epoch):
        """Return the attributes of the estimator that a fit of so many epochs would give.

        None where it would give none, but an error.
        """
        twin = copy.copy(self)
        twin.model_ = equal_network(self.model_, network)
        # As Keras does when training ends: an optimizer may keep averages of the weights.
        twin.model_.optimizer.finalize_variable_values(twin.model_.trainable_weights)
        best, weights = weights_to_restore(self._fit_callbacks)
        if weights is not None:
            twin.model_.set_weights(weights)
        twin._initialize_callbacks()
        best = epoch if best is None else best
        twin.n_iter_ = best + 1
        if at_epoch is not None:
            at_epoch(best, twin)
        with warnings.catch_warnings():
            # The fit itself tells of what ships.
            warnings.simplefilter("ignore", ImbalanceWarning)
            try:
                if settle is not None:
                    settle(twin)
            except ValueError:
                return None
        return vars(twin)


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
        return network.equal_network(current)
    try:
        return unpack(pack(network, {}), {})
    except Exception as error:
        raise InvalidParameterError(
            f"A callback asks for the estimator as it is after an epoch, but Keras cannot copy "
            f"the network {type(network).__name__} {network.name!r}: {error} Give its classes a "
            f"get_config, or leave out callbacks that take fitted_estimator."
        ) from error
