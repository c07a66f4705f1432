"""The posterior that a training leaves its network with, and its scores of held-out rows."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np

from imbalanced_nn.calibration import PriorCorrection
from imbalanced_nn.data import Rows
from imbalanced_nn.fitting.outputs import check_values
from imbalanced_nn.fitting.posterior import Posterior
from imbalanced_nn.fitting.records import HeldOutScores, Shares, Target
from imbalanced_nn.losses import posterior_of
from imbalanced_nn.training import forward
from imbalanced_nn.wrapper import NetworkFactory

__all__ = ["judge", "matched", "network_posterior", "undone"]


def network_posterior(factory: NetworkFactory, target: Target, shares: Shares) -> Posterior:
    """Return the way from a network's outputs to probabilities at the training prevalence.

    Parameters
    ----------
    factory : NetworkFactory
        Whose network is compiled.
    target : Target
        What y asks for.
    shares : Shares
        Of the classes, natural and in the loss.
    """
    calibration = factory.estimator.calibration
    natural, seen = shares.natural, shares.loss.shares
    correction = None
    if calibration is not None and not np.array_equal(natural, seen):
        multilabel = target.kind == "multilabel"
        correction = PriorCorrection(tuple(seen), tuple(natural), multilabel=multilabel)
    posterior = Posterior(
        kind=target.kind,
        steps=target.steps,
        logits=factory.logits,
        calibration=calibration,
        natural=natural,
        in_loss=shares.in_loss,
        correction=correction,
        offset_is_free=calibration is not None and getattr(factory.loss, "offset_is_free", False),
    )
    return undone(posterior, factory.loss)


def undone(posterior: Posterior, loss: Any) -> Posterior:
    """Let probabilities undo what a loss makes of them, as far as that is known.

    Parameters
    ----------
    posterior : Posterior
        Of a network.
    loss : object
        The loss of the same network.
    """
    if posterior.calibration is None:
        return posterior
    n_classes, kind = len(posterior.natural), posterior.kind
    return replace(posterior, undo=posterior_of(loss, n_classes, kind, posterior.in_loss))


def matched(posterior: Posterior, network: keras.Model, rows: Rows) -> Posterior:
    """Find the constant of log-odds that are known only up to one, on rows at the prevalence."""
    if not posterior.offset_is_free:
        return posterior
    return posterior.matched(forward(network, rows.X, rows.index), rows.selected_weight)


def judge(
    factory: NetworkFactory, network: keras.Model, posterior: Posterior, rows: Rows | None
) -> HeldOutScores | None:
    """Return a network's probabilities of the rows that judge it, None without any."""
    if rows is None:
        return None
    outputs = check_values(factory, forward(network, rows.X, rows.index))
    proba = rows.decisions(posterior.at_prevalence(outputs))
    return HeldOutScores(rows.selected_codes, proba, rows.selected_weight)
