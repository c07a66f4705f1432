"""The order of the steps of a fit: what leaks nothing is what comes in this order."""

import dataclasses

import numpy as np
from sklearn.callback import with_callbacks

from imbalanced_nn.exceptions import counted_fit
from imbalanced_nn.parameters import check_parameters, plain
from imbalanced_nn.sampling import BalancedBatches
from imbalanced_nn.steps.balancing import BalancingSteps
from imbalanced_nn.steps.crossfit import CrossFitSteps
from imbalanced_nn.steps.given import Given
from imbalanced_nn.steps.head import HeadSteps
from imbalanced_nn.steps.network import NetworkSteps
from imbalanced_nn.steps.notes import (
    note_copies,
    note_dropped_cut,
    note_few_held_out,
    note_resampled,
)
from imbalanced_nn.steps.outputs import OutputSteps
from imbalanced_nn.steps.rows import RowSteps
from imbalanced_nn.steps.tasks import TaskSteps
from imbalanced_nn.targets import class_codes, fill_padding
from imbalanced_nn.training import draw_seed, forward, variables_alike
from imbalanced_nn.validation import check_weights, row_hashes

__all__ = ["FitSteps"]


class FitSteps(
    TaskSteps, RowSteps, BalancingSteps, NetworkSteps, OutputSteps, HeadSteps, CrossFitSteps
):
    """What `BalancedKerasClassifier.fit` does, from the caller's rows to the decision rule."""

    def _fit_with(self, arguments, X, y, sample_weight, *, groups=None, validation=None, task=None):
        """Fit with further arguments of ``Model.fit``, as a task of its own or within another."""
        arguments, prefix = plain(arguments), "fit__"
        with self._plain_parameters(), self._unchanged_on_failure():
            own = self.get_params(deep=False)
            routed = {k.removeprefix(prefix): v for k, v in own.items() if k.startswith(prefix)}
            for params in (own, routed, arguments):
                check_parameters(params, type(self).__name__)
            y = fill_padding(y, sample_weight)
            training = {"epochs": self.epochs, "initial_epoch": 0} | routed | arguments
            first = training["epochs"], training["initial_epoch"]
            if not (self.warm_start and self.initialized_):
                self.classes_ = None
            self._fit(
                X,
                y,
                sample_weight,
                self.warm_start,
                *first,
                arguments=arguments,
                groups=groups,
                validation=validation,
                task=task,
            )
        return self

    @counted_fit()
    @with_callbacks
    def _fit(
        self,
        X,
        y,
        sample_weight,
        warm_start,
        epochs,
        initial_epoch,
        *,
        arguments,
        groups=None,
        validation=None,
        online=False,
        task=None,
    ):
        """Hold rows out, train on the others, calibrate, learn the threshold."""
        told = X, y, sample_weight
        fresh = not ((self.warm_start or warm_start) and self.initialized_)
        # Rows that a network was only built for were not trained on, and count for nothing.
        begins = vars(self).pop("_only_built", False)
        if begins:
            vars(self).pop("_seen", None)
        X, y = self._initialize(X, y) if fresh else self._validate_data(X, y)
        self._check_arguments(arguments, online)
        arguments = {k: v for k, v in arguments.items() if k not in ("epochs", "initial_epoch")}
        weight = check_weights(sample_weight, X, steps=self._steps)
        training = {"warm_start": warm_start, "epochs": epochs, "initial_epoch": initial_epoch}
        if self._kind is None:
            with self._as_task(task, epochs, *told) as task:
                training |= arguments
                data = X, y, weight, sample_weight, groups, validation
                self._fit_opaque_target(*data, training, task)
            return

        seed = draw_seed(self.random_state)
        targets = self.target_encoder_.transform(y)
        codes = class_codes(targets, self._kind)
        told_codes = codes[weight > 0] if self._steps else codes
        self._describe_classes(told_codes, fresh or begins, online)
        split = arguments.pop("validation_split", self._routed("validation_split"))
        split = 0 if online or validation is not None else split
        folds = self._split(X, codes, weight, groups, seed, split)
        held_out = validation is not None or len(self.validation_indices_) > 0
        self._check_priors()
        self._check_calibration(held_out, online)
        self._forget_judgement(online)
        self._check_threshold(held_out, online, len(folds) > 1, weight)
        note_dropped_cut(self.threshold)
        if fresh:
            self._note_positive(self.threshold)
        if not online and self.priors is None:
            note_resampled(codes, sample_weight, weight, self.classes_)
        n_subtasks = self._n_subtasks(epochs, online)
        if len(folds) > 1:
            n_subtasks = self._n_networks(folds)
        with self._as_task(task, n_subtasks, *told) as task:
            rows = (X, y, targets, codes, weight, groups, validation)
            given = Given(*rows, seed, fresh or begins, online, training, arguments, task)
            if len(folds) > 1:
                judged = self._cross_fit(given, folds)
            else:
                judged = self._judge(self._fit_once(given, *folds[0]))
            self._decide(judged, online)

    def _fit_nothing(self, X, y):
        """Become what a fit of no epochs on all rows would be, the network as it was built."""
        X, y = self._initialize(X, y)
        self._check_arguments({})
        if self._kind is None:
            return
        weight = np.ones((len(y), *self._steps))
        targets = self.target_encoder_.transform(y)
        codes = class_codes(targets, self._kind)
        rows = self._rows(X, targets, codes, weight, np.arange(len(y)))
        self.validation_indices_ = np.array([], dtype=int)
        self._describe_classes(rows.selected_codes, True, False)
        self._check_priors()
        self._check_calibration(False, True)
        self._check_threshold(False, True, False, weight)
        self._note_positive(self.threshold)
        encoded = self.feature_encoder_.transform(X)
        self._build_network(encoded)
        self.sampler_ = self.class_weight_ = None
        if self._kind == "multilabel":
            self._weigh(rows, rows)
        self._set_priors(rows, self._class_mass(rows), False)
        self._ensure_compiled_model()
        self._check_model_compatibility(targets)
        self._check_outputs(encoded, rows.index)
        if not self.model_.optimizer.built:
            # Keras loads no network whose optimizer was not built.
            with variables_alike():
                self.model_.optimizer.build(self.model_.trainable_variables)
        self._match_to_prior(dataclasses.replace(rows, X=encoded), None)
        self._learn_rule(None, True)
        self._only_built = True

    def _fit_once(self, given, train, held_out):
        """Resample and weigh rows, train on them; return those that judge the network, if any."""
        X, y = self._encode(given.X, train, given.fresh), given.targets
        self._build_network(X)
        self._check_head(given.seed)
        natural = self._rows(X, y, given.codes, given.weight, train)
        hashes = row_hashes(natural.X, natural.index)
        self._remember_rows(hashes, given.fresh)
        judged = self._held_out_rows(natural, held_out, given.validation)
        note_copies(natural, hashes, judged)
        note_few_held_out(judged, self.classes_)

        arguments, first_epoch = dict(given.arguments), given.training["initial_epoch"]
        batch_size = arguments.pop("batch_size", None)
        rows, draw, size = self._balance(natural, given.seed, batch_size, first_epoch)

        def at_epoch(epoch, estimator=self):
            in_loss = self._mass_in_loss(rows, draw, epoch, size)
            estimator._set_priors(natural, in_loss, given.online)
            if (start := self._first_weighted_epoch()) is not None:
                estimator._loss.reweight(epoch >= start)

        def settle(estimator):
            estimator._match_to_prior(natural, judged)
            estimator._decide(estimator._judge(judged), given.online)

        in_loss = self._mass_in_loss(rows, draw, first_epoch, size)
        self._set_priors(natural, in_loss, given.online)
        self._ensure_compiled_model()
        self._check_model_compatibility(y)
        if given.fresh:
            self._start_network(natural)
            self._check_outputs(natural.X, natural.index)
        changes = self.balancing_schedule is not None or self._first_weighted_epoch() is not None
        follow = at_epoch if changes and not given.online else None
        within = rows.codes if self._weighs_batches() else None
        epochs = given.training["epochs"]
        with self._stage(given.task, "train-network", epochs, given.online) as stage:
            self._train(
                rows,
                draw,
                size,
                judged,
                given.seed,
                within,
                follow,
                not given.online,
                tell=self._epoch_tasks(stage, settle, follow),
                **given.training,
                **arguments,
            )
        if isinstance(self.sampler_, BalancedBatches):
            self.sampler_.cover(draw)
        if self._has_stages(given.online):
            self._refit_head(natural, judged, given, batch_size)
        self._match_to_prior(natural, judged)
        if given.fresh:
            self._note_loss(natural)
        return judged

    def _match_to_prior(self, natural, judged):
        """Find the constant of log-odds that are known only up to one, on held-out rows if any."""
        told = natural if judged is None else judged
        if self._offset_is_free():
            self._match_scores(forward(self.model_, told.X, told.index), told.selected_weight)

    def _decide(self, judged, online):
        """Learn from what was judged how probabilities are calibrated and cut."""
        if judged is not None:
            self._judged, self._held_out = judged, judged.counts(self.n_classes_)
            self._calibrate(judged)
        self._learn_rule(judged, online)
