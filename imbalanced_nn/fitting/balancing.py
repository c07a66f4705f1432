"""What balances the classes: sampler, class weights, and the weight that the loss then sees."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from imbalanced_nn.data import Rows
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.notes import (
    note_balanced_twice,
    note_heavy_weights,
    note_weights_of_labels,
)
from imbalanced_nn.fitting.records import Mass, Target, class_mass
from imbalanced_nn.sampling import (
    BalancedBatches,
    balancing_progress,
    make_sampler,
    redraws,
    resample,
)
from imbalanced_nn.weighting import BALANCED_BATCH, batch_shares, class_weights, label_weights

__all__ = ["Balanced", "Resampling", "balance", "checked_sampler", "ramp_epochs", "weighs_batches"]


@dataclass(frozen=True)
class Resampling:
    """How rows are resampled and weighed.

    Parameters
    ----------
    sampler : object or None
        Fresh, as `checked_sampler` returns it.
    every : {"auto", "epoch", "fit"}, default="auto"
        When it draws.
    schedule : str, callable or None, default=None
        The way from the shares of the data to the sampler's.
    ramp : int, default=1
        Epochs within which a named schedule arrives.
    class_weight : str, dict, callable or None, default=None
        Weights of the classes of the rows that the sampler leaves.
    looked_up : bool, default=False
        Whether the network looks whole numbers up.
    """

    sampler: Any
    every: str = "auto"
    schedule: Any = None
    ramp: int = 1
    class_weight: Any = None
    looked_up: bool = False


@dataclass(frozen=True)
class Balanced:
    """Rows to train on, resampled and weighed.

    Parameters
    ----------
    rows : Rows
        Of the first epoch.
    draw : Draw or None
        How other epochs draw theirs, None where they stay.
    batch_size : int
        Rows in a batch.
    target : Target
        What y asks for.
    sample_indices : ndarray of int of shape (n_resampled,)
        Row of the data behind each row that the sampler left, -1 where it is synthetic.
    class_weight : dict or None
        Weight of each label, or of the absence and presence of each; None without any, and where
        batches weigh their own classes.
    by_batch : bool
        Whether each batch weighs its classes equally.
    """

    rows: Rows
    draw: Any
    batch_size: int
    target: Target
    sample_indices: np.ndarray
    class_weight: dict | None = None
    by_batch: bool = False

    @property
    def weighs_labels(self) -> bool:
        """Whether the loss weighs labels."""
        return self.target.kind == "multilabel" and self.class_weight is not None

    def mass(self, epoch: int) -> Mass:
        """Return the weight of each class as the loss sees it in an epoch."""
        often = None if self.draw is None else self.draw.expected(epoch, len(self.rows.codes))
        totals, whole = class_mass(self.rows, self.target.n_classes, often)
        if self.weighs_labels:
            negative, positive = np.array(list((self.class_weight or {}).values())).T
            return Mass(positive * totals, positive * totals + negative * (whole - totals))
        if self.by_batch:
            return Mass(whole * self._batch_shares(epoch)[0], whole)
        return Mass(totals, whole)

    def weights(self, epoch: int) -> dict | None:
        """Return the weight of each class that is used in an epoch."""
        if not self.by_batch:
            return self.class_weight
        shares, counts = self._batch_shares(epoch)
        weights = np.divide(
            shares * counts.sum(), counts, out=np.ones(len(counts)), where=counts > 0
        )
        return dict(zip(self.target.classes.tolist(), weights.tolist(), strict=True))

    def _batch_shares(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return each class's share of the loss in batches that weigh theirs, and its rows."""
        counts = np.bincount(self.rows.selected_codes, minlength=self.target.n_classes)
        if self.draw is not None:
            counts = self.draw.counts(epoch)
        if self.draw is not None and self.draw.ordered:
            return (counts > 0) / (counts > 0).sum(), counts
        return batch_shares(counts, self.batch_size), counts


def ramp_epochs(epochs: int, patience: int, early_stopping: bool) -> int:
    """Return the epochs within which what changes from epoch to epoch has arrived.

    Early stopping ends most fits long before the last epoch.
    """
    return min(epochs, 2 * patience) if early_stopping else epochs


def weighs_batches(class_weight: Any, target: Target) -> bool:
    """Whether each batch weighs its own classes equally."""
    named = isinstance(class_weight, str) and class_weight == BALANCED_BATCH
    return named and target.kind != "multilabel" and not target.steps


def checked_sampler(
    parameter: str, estimator: Any, params: dict[str, Any], target: Target, seed: int
) -> Any:
    """Return a fresh sampler for a parameter, None if it is off; refuse what makes it void.

    Parameters
    ----------
    parameter : {"sampler", "head_sampler"}
        Name of the parameter.
    estimator : BalancedKerasClassifier
        Whose parameters these are.
    params : dict
        What is routed to the sampler.
    target : Target
        What y asks for.
    seed : int
        Seed of a sampler that has none.

    Raises
    ------
    InvalidParameterError
        If there is no such sampler, or none for such a target.
    """
    given = getattr(estimator, parameter)
    sampler = make_sampler(given, params, seed, parameter)
    _number_columns(sampler, parameter, getattr(estimator, "feature_names_in_", []))
    balanced = isinstance(sampler, BalancedBatches)
    if target.kind == "multilabel" and sampler is not None and not balanced:
        raise InvalidParameterError(
            f"{parameter}={given!r} takes one label per row, but y is multilabel. Use "
            f"'balanced_batches', which has quotas for sets of labels, or "
            f"class_weight='balanced', which weighs each label."
        )
    if target.steps and sampler is not None:
        raise InvalidParameterError(
            f"{parameter}={given!r} takes one label per row, but y holds one for each time "
            f"step. Use class_weight='balanced', which weighs each step, and a threshold."
        )
    if parameter == "sampler" and sampler is None and estimator.balancing_schedule is not None:
        raise InvalidParameterError(
            f"balancing_schedule={estimator.balancing_schedule!r} needs a sampler to arrive at. "
            f"Set sampler='balanced_batches', 'random_over' or 'random_under'."
        )
    if balanced and estimator.resample_every == "fit":
        raise InvalidParameterError(
            "resample_every='fit' is for samplers; 'balanced_batches' deals fresh rows in "
            "every epoch. Set resample_every='auto', or use sampler='random_under'."
        )
    return sampler


def _number_columns(sampler: Any, parameter: str, names: Any) -> None:
    """Give a sampler that names categorical columns their numbers: its rows are an array."""
    for name, named in [] if sampler is None else sampler.get_params().items():
        if name.rpartition("__")[2] == "categorical_features":
            numbers = _numbered(named, parameter, names)
            if numbers is not None:
                sampler.set_params(**{name: numbers})


def _numbered(named: Any, parameter: str, names: Any) -> list[int] | None:
    """Return the numbers of columns that are named, None where none is."""
    columns = [named] if isinstance(named, str) else getattr(named, "tolist", lambda: named)()
    columns = columns if isinstance(columns, list | tuple) else []
    if not any(isinstance(column, str) for column in columns):
        return None
    places = {name: place for place, name in enumerate(names)}
    if not places.keys() >= set(columns):
        of_table = f"the names are {list(places)[:10]}" if places else "X has no names"
        raise InvalidParameterError(
            f"{parameter} has categorical_features={named!r}, but {of_table}, and rows come to it "
            f"as an array, without types. Give names of columns of X, or their numbers."
        )
    return [places[column] for column in columns]


def balance(
    rows: Rows,
    target: Target,
    how: Resampling,
    *,
    first_epoch: int,
    batch_size: Callable[[int], int],
    encode_codes: Callable[[np.ndarray], np.ndarray],
) -> Balanced:
    """Resample and weigh training rows.

    Parameters
    ----------
    rows : Rows
        Training rows.
    target : Target
        What y asks for.
    how : Resampling
        Sampler and weights.
    first_epoch : int
        Number of the first epoch.
    batch_size : callable
        Rows in a batch, of a number of training rows.
    encode_codes : callable
        Class codes in the form that the loss takes, for rows from a sampler that blends.

    Returns
    -------
    Balanced
    """

    def encoded(drawn: Rows) -> Rows:
        """Give rows from a sampler that blends their targets."""
        if drawn.y is not None:
            return drawn
        return dataclasses.replace(drawn, y=encode_codes(drawn.codes))

    weights: dict = {}

    def finished(drawn: Rows) -> Rows:
        """Give rows of a later draw their targets and class weights."""
        drawn = encoded(drawn)
        if not weights:
            return drawn
        of_code = np.array([weights[label] for label in target.classes.tolist()])
        return drawn.weighted(drawn.sample_weight * of_code[drawn.codes])

    resampled, draw = _resampled(rows, target, how, first_epoch, batch_size, encoded, finished)
    by_batch = weighs_batches(how.class_weight, target)
    weighed, class_weight = resampled, None
    if how.class_weight is not None and not by_batch:
        weighed, class_weight = _weighed(resampled, rows, target, how)
        if target.kind != "multilabel":
            weights.update(class_weight)
    if draw is None:
        size = batch_size(len(weighed.index))
    else:
        draw.start(weighed)
        size = batch_size(len(rows.index))
        if not draw.ordered:
            size = batch_size(draw.counts(first_epoch).sum())
    indices = np.where(resampled.index < len(rows.codes), resampled.index, -1)
    return Balanced(weighed, draw, size, target, indices, class_weight, by_batch)


def _resampled(rows, target, how, first_epoch, batch_size, encoded, finished):
    """Run the sampler over the training rows; return also how epochs redraw."""
    sampler = how.sampler
    if sampler is None:
        return rows, None
    progress = balancing_progress(how.schedule, how.ramp)
    if isinstance(sampler, BalancedBatches):
        size = batch_size(len(rows.index))
        draw = sampler.draw(rows.selected_codes, target.classes, rows.index, size, progress)
        return dataclasses.replace(rows, index=draw.rows(first_epoch)), draw
    drawn, _ = resample(sampler, rows, target.classes, how.looked_up)
    redraw = redraws(sampler, rows, target.classes, how.every, progress, finished)
    return encoded(drawn), redraw


def _weighed(rows, natural, target, how):
    """Multiply class weights into the weights of rows; return them and the weights by label."""
    codes, given = rows.selected_codes, how.class_weight
    labels = target.classes.tolist()
    if target.kind == "multilabel":
        weights = label_weights(given, codes, target.classes)
        positives = codes.sum(axis=0)
        note_heavy_weights(given, weights, np.stack([len(codes) - positives, positives]))
        note_weights_of_labels(given, target.classes)
        return rows, dict(zip(labels, weights.T.tolist(), strict=True))
    weights = class_weights(given, codes, target.classes)
    before, after = (
        np.bincount(part, minlength=target.n_classes) for part in (natural.selected_codes, codes)
    )
    note_heavy_weights(given, weights, after)
    if how.sampler is not None:
        note_balanced_twice(how.sampler, given, target.classes, before, after, weights)
    rows = rows.weighted(rows.sample_weight * weights[rows.codes])
    if not len(rows.index):
        raise InvalidParameterError(
            f"class_weight={given!r} and sample_weight leave no row with a "
            f"positive weight. Give at least one class of y a positive weight."
        )
    return rows, dict(zip(labels, weights.tolist(), strict=True))
