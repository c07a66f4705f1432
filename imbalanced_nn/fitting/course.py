"""The course of a training: its epochs, the rows and the callbacks of each, what judges them."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from imbalanced_nn.data import Rows, StreamedRows
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.fitting.balancing import Balanced, ramp_epochs
from imbalanced_nn.fitting.network_posterior import network_posterior, undone
from imbalanced_nn.fitting.plan import FitPlan
from imbalanced_nn.fitting.posterior import Posterior
from imbalanced_nn.fitting.progress import FitTask, epoch_tasks, equal_network
from imbalanced_nn.fitting.records import Shares, Trained, class_mass
from imbalanced_nn.fitting.result import finish
from imbalanced_nn.fitting.streaming import weighed_batches
from imbalanced_nn.losses import single_loss
from imbalanced_nn.training import (
    AVERAGE_PRECISION,
    PRECISION_BY_LOSS,
    DeferredReweighting,
    EpochFollower,
    HeldOutMonitor,
    HeldOutPass,
    HighestRatio,
    LeastLossWithinError,
    RowBatches,
    Side,
    SideBySide,
    StopOn,
    StreamBatches,
    fixed_batch_size,
    held_out_scores,
    needs_evaluation,
    weights_to_restore,
)
from imbalanced_nn.weighting import class_totals
from imbalanced_nn.wrapper import NetworkFactory, train_network

__all__ = [
    "Course",
    "TrainingRows",
    "as_callbacks",
    "first_weighted_epoch",
    "state_after",
]


@dataclass(frozen=True)
class TrainingRows:
    """Encoded rows of one split.

    Parameters
    ----------
    train : Rows
        To train on, before any sampler.
    held_out : Rows or None
        To judge by.
    """

    train: Rows
    held_out: Rows | None

    @property
    def at_prevalence(self) -> Rows:
        """The best rows there are that hold the classes as the data does: those held out."""
        return self.train if self.held_out is None else self.held_out


@dataclass(frozen=True)
class Course:
    """One stage of a training.

    Parameters
    ----------
    plan : FitPlan
        Of the fit.
    rows : TrainingRows
        Rows of its split.
    balanced : Balanced
        The rows of its epochs.
    training, arguments : dict
        Epochs, and further arguments of ``Model.fit``.
    sampler : object or None
        What has picked or made the rows.
    follows : bool
        Whether the shares of the classes in the loss change from epoch to epoch.
    """

    plan: FitPlan
    rows: TrainingRows
    balanced: Balanced
    training: dict[str, Any]
    arguments: dict[str, Any]
    sampler: Any = None
    follows: bool = False

    @property
    def first_epoch(self) -> int:
        """Number of the first epoch."""
        return self.training["initial_epoch"]

    def told(self, epoch: int) -> int:
        """Return the epoch whose shares hold in an epoch."""
        return epoch if self.follows else self.first_epoch

    def shares(self, epoch: int) -> Shares:
        """Return the shares of the classes, natural and as the loss saw them, up to an epoch."""
        plan = self.plan
        natural = class_mass(self.rows.train, plan.target.n_classes)
        shares = Shares(natural, self.balanced.mass(self.told(epoch)))
        earlier = plan.goes_on_with if plan.is_partial else None
        return shares if earlier is None else earlier.shares.plus(shares)

    def posterior(self, epoch: int) -> Posterior:
        """Return the way from outputs to probabilities in an epoch."""
        factory = self.plan.factory
        posterior = network_posterior(factory, self.plan.target, self.shares(epoch))
        if (start := self._weighs_from) is None:
            return posterior
        return undone(posterior, factory.loss.snapshot(reweighted=epoch >= start))

    @property
    def _weighs_from(self) -> int | None:
        """Epoch from which the loss weighs its classes, None if that does not change."""
        return first_weighted_epoch(self.plan.factory) if self.follows else None

    def put_back(self, network: keras.Model, epoch: int) -> None:
        """Let the loss of a network be that of an epoch, whose weights it has."""
        if (start := self._weighs_from) is not None:
            single_loss(network.loss).reweight(epoch >= start)

    def run(
        self,
        task: FitTask,
        settle: Callable[[keras.Model, int], tuple[keras.Model, Trained]],
        publish: Callable[[keras.Model, int], None],
        together: SideBySide | None = None,
    ) -> tuple[int, dict[str, list]]:
        """Train the network of the factory.

        Parameters
        ----------
        task : FitTask
            That the epochs are in.
        settle : callable
            Returns what would ship, had the training ended with a network and its best epoch.
        publish : callable
            Lets the estimator answer from a network as it is in an epoch.
        together : SideBySide or None, default=None
            Trains the epochs of several networks, of which the factory's is one.

        Returns
        -------
        best : int
            Number of the epoch whose weights ship.
        history : dict of str to list
            What Keras logged.
        """
        factory, batches, callbacks = self.plan.factory, self.batches, self.callbacks
        own = ("callbacks", "shuffle")
        arguments = {name: value for name, value in self.arguments.items() if name not in own}
        watching = self.watching
        deferred = [] if self._weighs_from is None else [DeferredReweighting(self._weighs_from)]

        def state(network, epoch):
            def at_best(twin, best):
                return settle(twin, epoch if best is None else best)

            return state_after(factory, network, at_best, self.plan)

        def ships() -> int:
            best, _ = weights_to_restore(watching)
            return batches.epoch if best is None else best

        def follow(network, epoch):
            publish(network, ships() if epoch is None else epoch)

        tell = epoch_tasks(task, state)
        publish(factory.network, self.first_epoch)
        changes = self.follows or self.posterior(self.first_epoch).offset_is_free
        following = [EpochFollower(follow)] if changes and (callbacks or tell) else []
        evaluated = None if self._judges_alone else self._evaluated(batches)
        arguments |= {"batch_size": None, "validation_batch_size": None, "validation_split": 0.0}
        arguments |= {"shuffle": False, "validation_data": evaluated}
        told = [*deferred, *watching, *following, *callbacks, *tell]
        try:
            history = train_network(factory, batches, told, self.training, arguments, together)
        except Exception:
            if (fault := getattr(batches, "fault", None)) is not None:
                # Keras tells of it in words of TensorFlow.
                raise fault from None
            raise
        return ships(), history

    @property
    def side(self) -> Side | None:
        """What is trained, where others may be trained along with it: nobody else looks on."""
        watching = self.watching
        alone = self._judges_alone and not (self.follows or self.callbacks)
        alone = alone and all(isinstance(each, HeldOutMonitor) for each in watching)
        alone = alone and not self.posterior(self.first_epoch).offset_is_free
        if not alone or self.plan.parameters.engine == "keras":
            return None
        held_out = watching[0].held_out if watching else None
        return Side(self.plan.factory.network, self.batches, held_out)

    @cached_property
    def callbacks(self) -> list[keras.callbacks.Callback]:
        """The user's callbacks."""
        given = as_callbacks(self.arguments.get("callbacks"))
        return [*self.plan.factory.callbacks, *given]

    @cached_property
    def _judges_alone(self) -> bool:
        """Whether the monitor alone judges held-out rows, whose outputs it has.

        Keras' own evaluation costs a trace and 25 ms an epoch.
        """
        plain = not needs_evaluation(self.plan.factory.network, self.callbacks)
        for name, usual in (("validation_freq", 1), ("validation_steps", None)):
            routed = getattr(self.plan.parameters, f"fit__{name}", usual)
            plain = plain and self.arguments.get(name, routed) == usual
        return plain

    @cached_property
    def batches(self) -> RowBatches | StreamBatches:
        """The batches of the epochs."""
        factory, rows, draw = self.plan.factory, self.balanced.rows, self.balanced.draw
        index = rows.index if draw is None else draw.rows(self.first_epoch)
        shuffled = self.arguments.get("shuffle", factory.of_fit("shuffle"))
        if isinstance(rows.X, StreamedRows) and draw is None:
            return weighed_batches(factory, rows.X, self.balanced, self.first_epoch)
        return RowBatches(
            rows.X,
            rows.y,
            rows.network_weight(not self.plan.is_partial),
            index,
            factory.batch_size(len(index), self.balanced.batch_size),
            self.plan.seed if shuffled else None,
            draw,
            self.first_epoch,
            rows.codes if self.balanced.by_batch else None,
            _filled(factory.network),
        )

    def _evaluated(self, batches: RowBatches | StreamBatches) -> RowBatches | None:
        """Return the held-out rows as Keras evaluates them."""
        held_out, network = self.rows.held_out, self.plan.factory.network
        if held_out is None:
            return None
        size = fixed_batch_size(network) or max(batches.batch_size, 1024)
        parts = held_out.X, held_out.y, held_out.network_weight(), held_out.index
        return RowBatches(*parts, size, filled=_filled(network))

    @cached_property
    def watching(self) -> list[keras.callbacks.Callback]:
        """The callbacks that watch the held-out rows."""
        rows, plan, with_loss = self.rows.held_out, self.plan, self._judges_alone
        if rows is None:
            return []
        parameters, target = plan.parameters, plan.target
        codes, weight = rows.selected_codes, rows.selected_weight
        pass_ = HeldOutPass(rows.X, rows.y, rows.index, rows.network_weight(), with_loss)
        fixed = None if self.follows else self.posterior(self.first_epoch)

        def evaluate(model, epoch):
            posterior = self.posterior(epoch) if fixed is None else fixed
            outputs, loss = pass_(model)
            proba = rows.decisions(posterior.matched(outputs, weight).at_prevalence(outputs))
            scores = held_out_scores(codes, proba, target.kind, target.positive, weight)
            return scores | ({"val_loss": loss} if with_loss else {})

        counts = class_totals(codes, np.ones(len(codes)), target.n_classes)
        monitor, patience = map(plan.factory.left_to_rule, ("monitor", "patience"))
        own_monitor = monitor in (AVERAGE_PRECISION, PRECISION_BY_LOSS)
        ranking: HighestRatio | LeastLossWithinError = HighestRatio()
        if monitor != PRECISION_BY_LOSS:
            ranking = LeastLossWithinError(counts[counts > 0].min(initial=len(codes)))
        stops = patience if parameters.early_stopping and own_monitor else None
        callbacks = [HeldOutMonitor(evaluate, stops, ranking, pass_)]
        if parameters.early_stopping and not own_monitor:
            callbacks.append(StopOn(monitor, patience))
        return callbacks


def first_weighted_epoch(factory: NetworkFactory) -> int | None:
    """Return the epoch from which the loss weighs its classes, None if it does not put that off."""
    share = getattr(factory.loss, "reweight_from", None)
    if share is None:
        return None
    patience, stops = factory.left_to_rule("patience"), factory.estimator.early_stopping
    return round(share * ramp_epochs(factory.epochs(), patience, stops))


def state_after(
    factory: NetworkFactory,
    network: keras.Model,
    settle: Callable[[keras.Model, int | None], tuple[keras.Model, Trained | None]],
    plan: Any = None,
) -> dict[str, Any] | None:
    """Return the attributes of the estimator that a fit would give that ended now.

    Parameters
    ----------
    factory : NetworkFactory
        Of the estimator.
    network : keras.Model
        Where the present values are.
    settle : callable
        Returns what would ship, of a network with the best weights and their epoch, None where
        that is the last.
    plan : FitPlan or None, default=None
        Of the fit, None where the classes are not known.

    Returns
    -------
    dict or None
        None where it would give none, but an error.
    """
    twin = equal_network(factory.network, network)
    # As Keras does when training ends: an optimizer may keep averages of the weights.
    twin.optimizer.finalize_variable_values(twin.trainable_weights)
    best, weights = weights_to_restore(factory.callbacks)
    if weights is not None:
        twin.set_weights(weights)
    with warnings.catch_warnings():
        # The fit itself tells of what ships.
        warnings.simplefilter("ignore", ImbalanceWarning)
        try:
            whole, trained = settle(twin, best)
            result = None if trained is None else finish(plan, trained)
            return factory.state(whole, result, trained)
        except ValueError:
            return None


def as_callbacks(given: Any) -> list[keras.callbacks.Callback]:
    """Return callbacks given to a call of ``fit`` as a list.

    Raises
    ------
    InvalidParameterError
        If one is no callback of Keras.
    """
    callbacks = [] if given is None else keras.tree.flatten(given)
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise InvalidParameterError(
                f"callbacks={given!r} must be a callback of Keras or a list of them; got "
                f"{callback!r}. Pass instances, or set the parameter callbacks of the estimator."
            )
    return callbacks


def _filled(network: keras.Model) -> str | None:
    """Return how the loss joins the rows of a batch of fixed size, None of any other."""
    if fixed_batch_size(network) is None:
        return None
    return "sum" if getattr(network.loss, "reduction", None) == "sum" else "mean"
