"""What balances the classes: sampler, class weights, and the shares that the loss then sees."""

import dataclasses

import numpy as np

from imbalanced_nn.calibration import PriorCorrection
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.networks import looks_up
from imbalanced_nn.sampling import (
    BalancedBatches,
    balancing_progress,
    make_sampler,
    redraws,
    resample,
)
from imbalanced_nn.steps.notes import (
    note_balanced_twice,
    note_heavy_weights,
    note_weights_of_labels,
)
from imbalanced_nn.weighting import (
    BALANCED_BATCH,
    batch_shares,
    class_totals,
    class_weights,
    label_weights,
)

__all__ = ["BalancingSteps"]


class BalancingSteps:
    """Steps of `BalancedKerasClassifier` between the training rows and their batches."""

    def _balance(self, natural, seed, batch_size, first_epoch, head=False):
        """Resample and weigh the training rows, or with ``head`` those of the second stage.

        Returns the rows, how epochs draw them (None where they stay), and the rows in a batch.
        """
        size = self._resolve_batch_size(len(natural.index), batch_size)
        if head:
            sampler = self._make_sampler("head_sampler", seed)
            rows, draw = self._resample(natural, sampler, size, 0, None, self._encoded)
        else:
            self.sampler_ = self._make_sampler("sampler", seed)
            rows, draw = self._resample(
                natural,
                self.sampler_,
                size,
                first_epoch,
                self.balancing_schedule,
                self._finished,
            )
            self.sample_indices_ = np.where(rows.index < len(natural.codes), rows.index, -1)
            rows = self._weigh(rows, natural)
        if draw is None:
            size = self._resolve_batch_size(len(rows.index), batch_size)
        else:
            draw.start(rows)
            if not draw.ordered:
                size = self._resolve_batch_size(draw.counts(first_epoch).sum(), batch_size)
        return rows, draw, size

    def _make_sampler(self, parameter, seed):
        """Return a fresh sampler for a parameter, with what is routed to it; None if off."""
        given, prefix = getattr(self, parameter), f"{parameter}__"
        params = {k[len(prefix) :]: v for k, v in vars(self).items() if k.startswith(prefix)}
        sampler = make_sampler(given, params, seed, parameter)
        self._check_sampler(parameter, given, sampler)
        return sampler

    def _resample(self, rows, sampler, batch_size, first_epoch, schedule, finish):
        """Run the sampler over the training rows; return also how epochs redraw."""
        if sampler is None:
            return rows, None
        progress = balancing_progress(schedule, self._ramp())
        if isinstance(sampler, BalancedBatches):
            draw = sampler.draw(
                rows.selected_codes, self.classes_, rows.index, batch_size, progress
            )
            return dataclasses.replace(rows, index=draw.rows(first_epoch)), draw
        resampled, _ = resample(sampler, rows, self.classes_, looks_up(self.model_))
        draw = redraws(sampler, rows, self.classes_, self.resample_every, progress, finish)
        return self._encoded(resampled), draw

    def _check_sampler(self, parameter, given, sampler):
        """Refuse parameters that the sampler makes void."""
        balanced = isinstance(sampler, BalancedBatches)
        if self._kind == "multilabel" and sampler is not None and not balanced:
            raise InvalidParameterError(
                f"{parameter}={given!r} takes one label per row, but y is multilabel. Use "
                f"'balanced_batches', which has quotas for sets of labels, or "
                f"class_weight='balanced', which weighs each label."
            )
        if self._steps and sampler is not None:
            raise InvalidParameterError(
                f"{parameter}={given!r} takes one label per row, but y holds one for each time "
                f"step. Use class_weight='balanced', which weighs each step, and a threshold."
            )
        if parameter == "sampler" and sampler is None and self.balancing_schedule is not None:
            raise InvalidParameterError(
                f"balancing_schedule={self.balancing_schedule!r} needs a sampler to arrive at. "
                f"Set sampler='balanced_batches', 'random_over' or 'random_under'."
            )
        if balanced and self.resample_every == "fit":
            raise InvalidParameterError(
                "resample_every='fit' is for samplers; 'balanced_batches' deals fresh rows in "
                "every epoch. Set resample_every='auto', or use sampler='random_under'."
            )

    def _encoded(self, rows):
        """Give rows from a sampler that blends their targets."""
        if rows.y is not None:
            return rows
        return dataclasses.replace(rows, y=self._encode_codes(rows.codes))

    def _finished(self, rows):
        """Give rows of a later draw their targets and class weights."""
        rows = self._encoded(rows)
        if self.class_weight_ is None or self._weighs_batches():
            return rows
        weights = np.array([self.class_weight_[label] for label in self.classes_.tolist()])
        return rows.weighted(rows.sample_weight * weights[rows.codes])

    def _weigh(self, rows, natural):
        """Multiply class weights into the weights of the training rows."""
        self.class_weight_ = None
        if self.class_weight is None:
            return rows
        if self._weighs_batches():
            return rows
        codes = rows.selected_codes
        if self._kind == "multilabel":
            weights = label_weights(self.class_weight, codes, self.classes_)
            positives = codes.sum(axis=0)
            counts = np.stack([len(codes) - positives, positives])
            note_heavy_weights(self.class_weight, weights, counts)
            note_weights_of_labels(self.class_weight, self.classes_)
            self.class_weight_ = dict(zip(self.classes_.tolist(), weights.T.tolist(), strict=True))
            return rows
        weights = class_weights(self.class_weight, codes, self.classes_)
        before, after = (
            np.bincount(part, minlength=self.n_classes_) for part in (natural.selected_codes, codes)
        )
        note_heavy_weights(self.class_weight, weights, after)
        if self.sampler_ is not None:
            note_balanced_twice(
                self.sampler_, self.class_weight, self.classes_, before, after, weights
            )
        self.class_weight_ = dict(zip(self.classes_.tolist(), weights.tolist(), strict=True))
        rows = rows.weighted(rows.sample_weight * weights[rows.codes])
        if not len(rows.index):
            raise InvalidParameterError(
                f"class_weight={self.class_weight!r} and sample_weight leave no row with a "
                f"positive weight. Give at least one class of y a positive weight."
            )
        return rows

    def _encode_codes(self, codes):
        """Return class codes in the form that the loss takes."""
        if self.y_ndim_ == 2:
            return np.eye(self.n_classes_, dtype=np.float32)[codes]
        return self.target_encoder_.transform(self.classes_[codes])

    def _weighs_batches(self):
        """Whether each batch weighs its own classes equally."""
        named = isinstance(self.class_weight, str) and self.class_weight == BALANCED_BATCH
        return named and self._kind != "multilabel" and not self._steps

    def _set_priors(self, natural, in_loss, online):
        """Set the class shares, natural and as the loss sees them, and the correction."""
        self._seen = self._seen if online and hasattr(self, "_seen") else np.zeros((4, 1))
        self._seen = self._seen + np.stack([*self._class_mass(natural), *in_loss])
        self._correct_priors()

    def _correct_priors(self):
        """Set the class shares and the correction from what was seen of the classes."""
        self.class_prior_ = self._seen[0] / self._seen[1]
        self._trained_prior = self._seen[2] / self._seen[3]
        self._prior_correction = None
        if self._calibration is not None and not np.array_equal(
            self.class_prior_, self._trained_prior
        ):
            self._prior_correction = PriorCorrection(
                tuple(self._trained_prior),
                tuple(self.class_prior_),
                multilabel=self._kind == "multilabel",
            )

    def _mass_in_loss(self, rows, draw, epoch, batch_size):
        """Weight of each class, and of all rows, as the loss sees them in an epoch."""
        totals, mass = self._class_mass(rows, draw, epoch)
        if self._kind == "multilabel" and self.class_weight_ is not None:
            negative, positive = np.array(list(self.class_weight_.values())).T
            return positive * totals, positive * totals + negative * (mass - totals)
        if self._weighs_batches():
            return mass * self._batch_shares(rows, draw, epoch, batch_size), mass
        return totals, mass

    def _class_mass(self, rows, draw=None, epoch=0):
        """Weight of each class, and of all rows, as an epoch shows them on average."""
        often = None if draw is None else draw.expected(epoch, len(rows.codes))
        codes, weight = rows.selected_codes, rows.selected_weight
        if often is not None:
            codes, weight = rows.codes, rows.sample_weight * often
        totals = class_totals(codes, weight, self.n_classes_)
        return totals, np.full(totals.shape, weight.sum())

    def _batch_shares(self, rows, draw, epoch, batch_size):
        """Share of the loss of each class where batches weigh their classes equally."""
        codes = rows.selected_codes
        counts = np.bincount(codes, minlength=self.n_classes_)
        if draw is not None:
            counts = draw.counts(epoch)
        if draw is not None and draw.ordered:
            shares = (counts > 0) / (counts > 0).sum()
        else:
            shares = batch_shares(counts, batch_size)
        weights = np.divide(
            shares * counts.sum(), counts, out=np.ones(len(counts)), where=counts > 0
        )
        self.class_weight_ = dict(zip(self.classes_.tolist(), weights.tolist(), strict=True))
        return shares
