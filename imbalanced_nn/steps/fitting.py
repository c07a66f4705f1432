"""The order of the steps of a fit: what leaks nothing is what comes in this order."""

from imbalanced_nn.sampling import BalancedBatches
from imbalanced_nn.steps.balancing import BalancingSteps
from imbalanced_nn.steps.crossfit import CrossFitSteps
from imbalanced_nn.steps.given import Given
from imbalanced_nn.steps.head import HeadSteps
from imbalanced_nn.steps.network import NetworkSteps
from imbalanced_nn.steps.notes import note_few_held_out
from imbalanced_nn.steps.rows import RowSteps
from imbalanced_nn.targets import class_codes
from imbalanced_nn.training import draw_seed, forward
from imbalanced_nn.validation import check_weights

__all__ = ["FitSteps"]


class FitSteps(RowSteps, BalancingSteps, NetworkSteps, HeadSteps, CrossFitSteps):
    """What `BalancedKerasClassifier.fit` does, from the caller's rows to the decision rule."""

    def _fit(
        self,
        X,
        y,
        sample_weight,
        warm_start,
        epochs,
        initial_epoch,
        *,
        groups=None,
        validation=None,
        online=False,
        **kwargs,
    ):
        """Hold rows out, train on the others, calibrate, learn the threshold."""
        fresh = not ((self.warm_start or warm_start) and self.initialized_)
        X, y = self._initialize(X, y) if fresh else self._validate_data(X, y)
        weight = check_weights(sample_weight, X, steps=self._steps)
        training = {"warm_start": warm_start, "epochs": epochs, "initial_epoch": initial_epoch}
        if self._kind is None:
            self._fit_opaque_target(X, y, weight, sample_weight, validation, training | kwargs)
            return

        seed = draw_seed(self.random_state)
        codes = class_codes(self.target_encoder_.transform(y), self._kind)
        self._describe_classes(codes[weight > 0] if self._steps else codes, fresh, online)
        split = kwargs.pop("validation_split", self._routed("validation_split"))
        split = 0 if online or validation is not None else split
        folds = self._split(X, codes, weight, groups, seed, split)
        held_out = validation is not None or len(self.validation_indices_) > 0
        self._check_priors()
        self._check_calibration(held_out, online)
        self._forget_judgement(online)
        self._check_threshold(held_out, online, len(folds) > 1, weight)
        given = Given(
            X, y, codes, weight, groups, validation, seed, fresh, online, training, kwargs
        )
        if len(folds) > 1:
            judged = self._cross_fit(given, folds)
        else:
            judged = self._judge(self._fit_once(given, *folds[0]))
        if judged is not None:
            self._judged, self._held_out = judged, judged.counts(self.n_classes_)
            self._calibrate(judged)
        self._learn_rule(judged, online)

    def _fit_once(self, given, train, held_out):
        """Resample and weigh rows, train on them; return those that judge the network, if any."""
        X, y = self._encode(given.X, given.y, train, given.fresh)
        self._build_network(X)
        self._check_head(given.seed)
        natural = self._rows(X, y, given.codes, given.weight, train)
        self._remember_rows(natural, given.fresh)
        judged = self._held_out_rows(natural, held_out, given.validation)
        note_few_held_out(judged, self.classes_)

        kwargs, first_epoch = dict(given.kwargs), given.training["initial_epoch"]
        batch_size = kwargs.pop("batch_size", None)
        rows, draw, size = self._balance(natural, given.seed, batch_size, first_epoch)

        def at_epoch(epoch):
            in_loss = self._mass_in_loss(rows, draw, epoch, size)
            self._set_priors(natural, in_loss, given.online)
            if (start := self._first_weighted_epoch()) is not None:
                self.model_.loss.reweight(epoch >= start)

        in_loss = self._mass_in_loss(rows, draw, first_epoch, size)
        self._set_priors(natural, in_loss, given.online)
        self._ensure_compiled_model()
        self._check_model_compatibility(y)
        if given.fresh:
            self._start_network(natural)
        changes = self.balancing_schedule is not None or self._first_weighted_epoch() is not None
        follow = at_epoch if changes and not given.online else None
        within = rows.codes if self._weighs_batches() else None
        self._train(
            rows,
            draw,
            size,
            judged,
            given.seed,
            within,
            follow,
            not given.online,
            **given.training,
            **kwargs,
        )
        if isinstance(self.sampler_, BalancedBatches):
            self.sampler_.cover(draw)
        if self.head_sampler is not None and not given.online:
            self._refit_head(natural, judged, given, batch_size)
        told = natural if judged is None else judged
        if self._offset_is_free():
            self._match_scores(forward(self.model_, told.X, told.index), told.selected_weight)
        return judged
