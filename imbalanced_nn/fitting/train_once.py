"""One network: rows encoded, balanced, trained on, judged. What leaks nothing is this order."""

from contextlib import nullcontext
from dataclasses import dataclass, replace

import keras
import numpy as np

from imbalanced_nn.data import StreamedRows, note_offsets, row_hashes
from imbalanced_nn.fitting.balancing import Resampling, balance, checked_sampler, ramp_epochs
from imbalanced_nn.fitting.course import Course, TrainingRows, first_weighted_epoch
from imbalanced_nn.fitting.network_posterior import judge, matched, network_posterior
from imbalanced_nn.fitting.notes import (
    note_copies,
    note_few_held_out,
    note_idle_settings,
    note_trained_network,
)
from imbalanced_nn.fitting.outputs import check_network, note_loss
from imbalanced_nn.fitting.plan import FitPlan, Fold, own_rows
from imbalanced_nn.fitting.records import SeenRows, Shares, Trained, class_mass
from imbalanced_nn.fitting.result import in_training
from imbalanced_nn.fitting.two_stage import check_head, refit_head
from imbalanced_nn.networks import looks_up
from imbalanced_nn.sampling import BalancedBatches
from imbalanced_nn.training import SideBySide

__all__ = ["ReadyNetwork", "build_only", "made_ready", "train_once"]


def train_once(plan: FitPlan, fold: Fold, refit: dict[str, int] | None = None) -> Trained:
    """Train the network of a plan on one split of its rows, in one stage or in two.

    Parameters
    ----------
    plan : FitPlan
        Of the fit.
    fold : (ndarray of int, ndarray of int)
        Rows to train on, and rows to hold out.
    refit : dict of str to int, default=None
        Epochs of the stages, ``n_iter`` and ``head_n_iter``, where others have found them.

    Returns
    -------
    Trained
        The network itself is the factory's.
    """
    return made_ready(plan, fold, refit).train()


def made_ready(plan: FitPlan, fold: Fold, refit: dict[str, int] | None = None) -> "ReadyNetwork":
    """Return all that is made before the first step of a training; see `train_once`."""
    refit = refit or {}
    training = dict(plan.training)
    training["epochs"] = refit.get("n_iter", training["epochs"])
    rows, seen = _encoded(plan, fold)
    course, fills = _prepared(plan, rows, training)
    return ReadyNetwork(plan, course, seen, fills, refit)


@dataclass(frozen=True)
class ReadyNetwork:
    """A network that is to be trained on rows that are encoded, balanced and split.

    Parameters
    ----------
    plan : FitPlan
        Of the fit; the network is its factory's.
    course : Course
        Of the training, or of its first stage.
    seen : SeenRows
        Rows that are trained on.
    fills : bool
        Whether the loss was given the shares of the classes here.
    refit : dict of str to int
        Epochs of the stages, where others have found them.
    """

    plan: FitPlan
    course: Course
    seen: SeenRows
    fills: bool
    refit: dict[str, int]

    def train(self, together: SideBySide | None = None) -> Trained:
        """Train the network.

        Parameters
        ----------
        together : SideBySide or None, default=None
            Trains the epochs of several networks, of which this is one.
        """
        plan, course = self.plan, self.course
        factory, rows, epochs = plan.factory, course.rows, course.training["epochs"]

        def publish(network: keras.Model, epoch: int) -> None:
            trained = self._known(network, epoch)
            factory.publish(in_training(plan, trained), trained)

        def settle(twin: keras.Model, best: int) -> tuple[keras.Model, Trained]:
            return twin, self._judged(self._shipped(twin, best), twin)

        stage = plan.task.within("train-network", epochs) if plan.has_stages else None
        with stage or nullcontext(plan.task) as task:
            best, history = course.run(task, settle, publish, together)
        if isinstance(course.sampler, BalancedBatches):
            course.sampler.cover(course.balanced.draw)
        trained = self._shipped(factory.network, best, history)
        if plan.has_stages:
            trained = refit_head(plan, rows, trained, self.refit.get("head_n_iter"))
        else:
            trained = self._judged(trained, factory.network)
        if plan.is_fresh:
            note_loss(factory, rows.train)
        return trained

    def _known(self, network: keras.Model, epoch: int) -> Trained:
        """Return what is known of a network in an epoch."""
        course = self.course
        posterior = matched(course.posterior(epoch), network, course.rows.at_prevalence)
        return Trained(
            shares=course.shares(epoch),
            posterior=posterior,
            held_out=None,
            seen=self.seen,
            sampler=course.sampler,
            sample_indices=course.balanced.sample_indices,
            class_weight=course.balanced.weights(course.told(epoch)),
            fills_loss=self.fills,
        )

    def _shipped(self, network: keras.Model, best: int, history: dict | None = None) -> Trained:
        """Return the same of one that ships with the weights of its best epoch."""
        self.course.put_back(network, best)
        known, engine = self._known(network, best), self.plan.factory.engine
        known = replace(known, n_iter=best + 1, engine=engine)
        return replace(known, history=history, refit_epochs=self.refit or None)

    def _judged(self, trained: Trained, network: keras.Model) -> Trained:
        """Return the same with the scores of held-out rows."""
        held_out = self.course.rows.held_out
        scores = judge(self.plan.factory, network, trained.posterior, held_out)
        return replace(trained, held_out=scores)


def build_only(plan: FitPlan) -> Trained:
    """Return what a fit of no epochs on all rows would give, the network as it was built.

    Parameters
    ----------
    plan : FitPlan
        As `plan_nothing` returns it.
    """
    factory, target = plan.factory, plan.target
    rows = plan.rows(factory.encode(plan.X), np.arange(len(plan.y)), plan.targets)
    factory.build(rows.X)
    balanced = balance(
        rows,
        target,
        Resampling(None, class_weight=_label_weight(plan)),
        first_epoch=0,
        batch_size=factory.batch_size,
        encode_codes=factory.encode_codes,
    )
    mass = class_mass(rows, target.n_classes)
    shares = Shares(mass, mass)
    factory.compile(plan.targets, balanced.class_weight, balanced.weighs_labels)
    fills = factory.fill_loss(shares.in_loss, False)
    check_network(factory, rows.X, rows.index)
    factory.build_optimizer()
    posterior = network_posterior(factory, target, shares)
    return Trained(
        shares=shares,
        posterior=matched(posterior, factory.network, rows),
        held_out=None,
        seen=SeenRows(),
        class_weight=balanced.class_weight,
        fills_loss=fills,
    )


def _label_weight(plan: FitPlan):
    """Return the class weights of a multilabel target, which are in its loss."""
    return plan.parameters.class_weight if plan.target.kind == "multilabel" else None


def _encoded(plan: FitPlan, fold: Fold) -> tuple[TrainingRows, SeenRows]:
    """Return the rows of a split as the network takes them, through what saw no held-out row."""
    factory, (train, held_out) = plan.factory, fold
    X = factory.encode(plan.X, train if plan.is_fresh else None)
    factory.build(X)
    check_head(plan)
    natural = plan.rows(X, train, plan.targets)
    if plan.is_fresh:
        factory.learn_input(natural)
    streamed = isinstance(X, StreamedRows)
    hashes = X.hashes[natural.index] if streamed else row_hashes(natural.X, natural.index)
    goes_on = plan.goes_on_with if not plan.is_fresh else None
    seen = (SeenRows() if goes_on is None else goes_on.seen).plus(hashes)
    judged = None
    if len(held_out):
        judged = replace(natural, index=held_out)
    elif plan.validation is not None:
        judged = own_rows(plan, plan.validation)
    note_copies(natural, hashes, judged)
    if plan.is_fresh:
        note_offsets(plan.X, train)
    note_few_held_out(judged, plan.target.classes)
    return TrainingRows(natural, judged), seen


def _prepared(plan: FitPlan, rows: TrainingRows, training: dict) -> tuple[Course, bool]:
    """Balance the rows and make the network ready; return also whether its loss was filled."""
    factory, parameters = plan.factory, plan.parameters
    arguments = dict(plan.arguments)
    given = arguments.pop("batch_size", None)
    if isinstance(plan.X, StreamedRows):
        given = plan.X.batch_size
    how = Resampling(
        checked_sampler("sampler", parameters, factory.routed("sampler"), plan.target, plan.seed),
        parameters.resample_every,
        parameters.balancing_schedule,
        ramp_epochs(factory.epochs(), factory.left_to_rule("patience"), parameters.early_stopping),
        parameters.class_weight,
        looks_up(factory.network),
    )
    balanced = balance(
        rows.train,
        plan.target,
        how,
        first_epoch=training["initial_epoch"],
        batch_size=lambda n_train: factory.batch_size(n_train, given),
        encode_codes=factory.encode_codes,
    )
    course = Course(plan, rows, balanced, training, arguments, sampler=how.sampler)
    in_loss = course.shares(course.first_epoch).in_loss
    if plan.is_fresh and factory.is_given and not (plan.is_partial or parameters.warm_start):
        note_trained_network(factory.n_updates)
    if plan.is_fresh:
        note_idle_settings(factory.idle_settings)
    factory.compile(plan.targets, balanced.class_weight, balanced.weighs_labels)
    fills = factory.fill_loss(in_loss, plan.previous is not None and plan.previous.fills_loss)
    if plan.is_fresh:
        factory.start(in_loss)
        size = factory.batch_size(len(balanced.rows.index), balanced.batch_size)
        factory.average_weights(-(-len(balanced.rows.index) // size))
        check_network(factory, rows.train.X, rows.train.index)
    changes = parameters.balancing_schedule is not None
    changes = changes or first_weighted_epoch(factory) is not None
    return replace(course, follows=changes and not plan.is_partial), fills
