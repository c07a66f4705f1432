"""Cross-fitting: every row judges a network that was not trained on it."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from imbalanced_nn.data import note_offsets, row_hashes
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, warn
from imbalanced_nn.fitting.network_posterior import network_posterior
from imbalanced_nn.fitting.notes import note_copies, note_few_held_out
from imbalanced_nn.fitting.plan import FitPlan, make_plan
from imbalanced_nn.fitting.posterior import calibrates
from imbalanced_nn.fitting.records import HeldOutScores, SeenRows, Shares, Trained, class_mass
from imbalanced_nn.fitting.splitting import Fold, why_not_averaged
from imbalanced_nn.fitting.train_once import ReadyNetwork, made_ready, train_once
from imbalanced_nn.networks import MeanPosterior, average_network
from imbalanced_nn.training import SideBySide, may_train_together, side_by_side
from imbalanced_nn.wrapper import NetworkFactory

__all__ = ["cross_fit", "out_of_fold"]


@dataclass(frozen=True)
class Member:
    """One network of several.

    Parameters
    ----------
    factory : NetworkFactory
        Holds the network.
    trained : Trained
        What came of its training.
    """

    factory: NetworkFactory
    trained: Trained


def cross_fit(plan: FitPlan) -> Trained:
    """Train a network for each fold, then one of all rows or their average.

    Parameters
    ----------
    plan : FitPlan
        With several folds.

    Returns
    -------
    Trained
        Its held-out scores are those of every fold's rows, by the network that was not trained on
        them.
    """
    _check_folds(plan)
    natural = plan.rows(plan.X, plan.validation_indices)
    note_few_held_out(natural, plan.target.classes)
    train, held_out = (replace(natural, index=rows) for rows in plan.folds[0])
    note_copies(train, row_hashes(train.X, train.index), held_out)
    if plan.is_fresh:
        note_offsets(train.X, train.index)
    members = _train_members(plan)
    judged = out_of_fold([member.trained.held_out for member in members])
    rows = np.unique(np.concatenate([np.concatenate(fold) for fold in plan.folds]))
    if plan.parameters.ensemble:
        return _average(plan, members, judged, rows)
    # All rows make more steps of an epoch, but it takes as many looks at each.
    epochs = {
        name: max(1, round(np.mean([getattr(member.trained, name) for member in members])))
        for name in ("n_iter", "head_n_iter")
        if getattr(members[0].trained, name) is not None
    }
    whole = replace(plan, training=plan.training | {"epochs": epochs["n_iter"]})
    within = plan.task.within("train-on-all-rows", whole.n_subtasks, alone=False)
    with within as task:
        trained = train_once(replace(whole, task=task), (rows, rows[:0]), epochs)
    return replace(trained, held_out=judged)


def out_of_fold(scores: list[Any]) -> HeldOutScores:
    """Return the scores of all folds, each row's by the network that was not trained on it.

    Parameters
    ----------
    scores : list of HeldOutScores
        Of each fold.
    """
    parts = [
        (part.codes, part.proba, part.weight, np.full(len(part.proba), number))
        for number, part in enumerate(scores)
    ]
    codes, proba, weight, fold = (np.concatenate(part) for part in zip(*parts, strict=True))
    return HeldOutScores(codes, proba, weight, fold)


def _check_folds(plan: FitPlan) -> None:
    """Refuse what one network can do and several cannot."""
    factory, parameters = plan.factory, plan.parameters
    split = factory.of_fit("validation_split")
    name = f"validation_split={'[...]' if isinstance(split, list | tuple) else repr(split)}"
    times = np.bincount(np.concatenate([held_out for _, held_out in plan.folds]))
    if times.max() > 1:
        raise InvalidParameterError(
            f"{name} holds row {times.argmax()} out {times.max()} times, but it may judge "
            f"once: it would count as several. Give a splitter that holds each row out at most "
            f"once, such as StratifiedKFold(5), or a list of splits."
        )
    if parameters.warm_start:
        raise InvalidParameterError(
            f"{name} trains a network for each fold, but warm_start goes on with one. Give "
            f"a share such as 0.2, or set warm_start=False."
        )
    if parameters.ensemble and (reason := why_not_averaged(factory)):
        raise InvalidParameterError(
            f"{name} with ensemble=True averages the networks' probabilities, but {reason}. "
            f"Set ensemble=False, which trains one network on all rows."
        )


def _train_members(plan: FitPlan) -> list[Member]:
    """Return a network for each fold, trained on the others and stopped by its rows."""
    ready: list[ReadyNetwork] = []
    trained: list[Trained] = []
    notes: dict[Any, Any] = {}
    at_once = may_train_together() and not plan.task.is_watched
    for number, fold in enumerate(plan.folds):
        within = plan.task.within("train-for-fold", plan.n_subtasks, alone=False)
        with within as task, _noted(notes):
            likely = ready[-1].plan.factory.network if ready else None
            ready.append(_ready_member(replace(plan, task=task), number, fold, likely))
            if not at_once:
                trained.append(ready[-1].train())
    if at_once:
        with _noted(notes):
            together = _together(ready)
            trained = [each.train(together) for each in ready]
    # Rows held out count together; a calibrator, or the network that ships, tells of its loss.
    told = {"INN001", "INN013", "INN023", "INN029", "INN030"}
    if calibrates(plan.parameters.calibration) or not plan.parameters.ensemble:
        told.add("INN012")
    for note in notes.values():
        _pass_on(note, told)
    return [Member(one.plan.factory, what) for one, what in zip(ready, trained, strict=True)]


def _together(ready: list[ReadyNetwork]) -> SideBySide | None:
    """Return what trains the networks at once, None where each is to be trained by itself."""
    sides = [side for each in ready if (side := each.course.side) is not None]
    if len(sides) < len(ready):
        return None
    return side_by_side(sides, max(each.course.training["epochs"] for each in ready))


@contextmanager
def _noted(notes: dict[Any, Any]) -> Iterator[None]:
    """Keep what the block warns of; what is true of every fold is said once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ImbalanceWarning)
        yield
    for note in caught:
        notes.setdefault(re.sub(r"\d+", "#", str(note.message)), note)


def _ready_member(plan: FitPlan, number: int, fold: Fold, likely: Any) -> ReadyNetwork:
    """Return a network of its own that is ready to be trained on one fold."""
    calibration = None if plan.parameters.calibration is None else "prior"
    seed = None if plan.parameters.random_state is None else (plan.seed + number) % 2**31
    factory = plan.factory.another(
        threshold=None, calibration=calibration, priors=None, random_state=seed
    )
    X, y = factory.initialize(plan.X, plan.y, likely)
    own = make_plan(
        factory,
        X,
        y,
        plan.weight,
        seed=factory.drawn_seed(),
        training=plan.training,
        arguments=plan.arguments | {"validation_split": [fold]},
        groups=plan.groups,
    )
    own = replace(own, task=plan.task)
    return made_ready(own, own.folds[0])


def _average(
    plan: FitPlan, members: list[Member], held_out: HeldOutScores, rows: np.ndarray
) -> Trained:
    """Become the average of the networks, all else being that of the last fold."""
    factory, target, last = plan.factory, plan.target, members[-1]
    ones = np.ones(target.n_classes)
    corrections = [member.trained.posterior.correction for member in members]
    ratios = [ones if each is None else each.ratio() for each in corrections]
    mean = MeanPosterior(ratios, target.kind == "multilabel", last.factory.logits)
    # Inside the average the networks are layers, without an optimizer.
    optimizer = last.factory.network.optimizer
    average = average_network([member.factory.network for member in members], mean)
    factory.become(average, optimizer)
    natural = plan.rows(factory.encode(plan.X), rows)
    mass = class_mass(natural, target.n_classes)
    # What the losses saw of the classes, for who wants to know; it is corrected inside.
    shown = np.mean([member.trained.shares.in_loss for member in members], axis=0)
    shares = Shares(mass, mass, shown)
    return replace(
        last.trained,
        shares=shares,
        posterior=network_posterior(factory, target, shares),
        held_out=held_out,
        seen=SeenRows().plus(row_hashes(natural.X, natural.index)),
        n_iter=round(float(np.mean([member.trained.n_iter for member in members]))),
        fills_loss=False,
    )


def _pass_on(note: warnings.WarningMessage, told: set[str]) -> None:
    """Issue a warning of a fold's fit again, unless the whole tells it by itself."""
    if isinstance(note.message, ImbalanceWarning):
        if note.message.code not in told:
            warn(note.message.code, note.message.text)
        return
    warnings.warn_explicit(note.message, note.category, note.filename, note.lineno)
