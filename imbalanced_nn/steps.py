"""The steps of `BalancedKerasClassifier.fit`, in the order in which they run."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from scikeras._utils import route_params
from scikeras.wrappers import KerasClassifier
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.class_weight import compute_sample_weight

from imbalanced_nn.base import MendedKerasClassifier
from imbalanced_nn.calibration import PriorCorrection
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import LabelWeightedCrossentropy, is_binary_crossentropy
from imbalanced_nn.networks import adapt, set_output_bias
from imbalanced_nn.rows import Rows
from imbalanced_nn.sampling import make_sampler, redraws, resample
from imbalanced_nn.targets import class_codes, class_probabilities, positive_code
from imbalanced_nn.threshold import ThresholdTuner, fixed_rule, get_objective, prior_rule
from imbalanced_nn.threshold.closed_form import prefer_closed_form
from imbalanced_nn.training import (
    AVERAGE_PRECISION,
    GraphTrainer,
    HeldOutMonitor,
    RowBatches,
    forward,
    held_out_scores,
    loss_value,
    needs_evaluation,
    unsuitable,
)
from imbalanced_nn.validation import check_weights, hold_out_rows, n_rows, take_rows
from imbalanced_nn.weighting import class_totals, class_weights, label_weights

__all__ = ["FITTED", "TrainingSteps"]

FITTED = (
    "best_score_",
    "best_threshold_",
    "class_count_",
    "class_prior_",
    "class_weight_",
    "decision_rule_",
    "engine_",
    "feature_names_in_",
    "history_",
    "model_",
    "pos_label_",
    "sample_indices_",
    "sampler_",
    "threshold_curve_",
    "validation_indices_",
    "_prior_correction",
    "_split_seed",
    "_totals",
)
"""What a fresh fit starts without, so that nothing of an earlier one is left."""


class TrainingSteps(MendedKerasClassifier):
    """What happens to rows, probabilities and the cut around the training of the network."""

    @contextmanager
    def _unchanged_on_failure(self) -> Iterator[None]:
        """Put the estimator, and a network that it trains on, back if the block fails."""
        before = dict(vars(self))
        network = before.get("model_") or self.model
        network = network if isinstance(network, keras.Model) and network.built else None
        weights = network and network.get_weights()
        history = {key: list(values) for key, values in before.get("history_", {}).items()}
        try:
            yield
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            if network is not None:
                network.set_weights(weights)
            if "history_" in before:
                before["history_"].clear()
                before["history_"].update(history)
            raise

    def _hold_out(self, codes, weight, groups, seed, holding_out):
        """Return the numbers of the rows to train on and of the rows to hold out, if any."""
        present = np.flatnonzero(weight)
        self.validation_indices_ = np.array([], dtype=int)
        if not holding_out:
            return present, None
        # A network that goes on training must not be judged on rows it was trained on before.
        self._split_seed = getattr(self, "_split_seed", seed)
        labels = np.arange(codes.shape[1]) if codes.ndim == 2 else self.classes_
        if groups is not None:
            groups = np.asarray(groups)[present]
        train, held_out = hold_out_rows(
            codes[present], self.validation_split, labels, self._split_seed, groups
        )
        self.validation_indices_ = present[held_out]
        return present[train], present[held_out]

    def _encode(self, X, y, train, fresh):
        """Return X and y as the network takes them, through encoders that saw no held-out row."""
        stateless = isinstance(self.feature_encoder_, FunctionTransformer)
        if fresh and not stateless and len(train) < n_rows(X):
            self.feature_encoder_ = self.feature_encoder.fit(take_rows(X, train))
        return self.feature_encoder_.transform(X), self.target_encoder_.transform(y)

    def _describe_classes(self, codes, fresh):
        """Set what is known of the classes before any step."""
        counts = class_totals(codes, np.ones(len(codes)), self.n_classes_).astype(int)
        self.class_count_ = counts if fresh else self.class_count_ + counts
        if self._kind != "binary":
            return
        code = positive_code(self.pos_label, self.classes_, self.class_count_)
        if code is None:
            raise InvalidParameterError(
                f"pos_label={self.pos_label!r} is not a label of y, which holds "
                f"{self.classes_.tolist()}. Pass one of them, or None for the rarest."
            )
        self.pos_label_ = self.classes_[code]

    def _held_out_rows(self, rows, held_out, validation):
        """Return the rows that judge the network, or None."""
        if held_out is not None:
            return dataclasses.replace(rows, index=held_out)
        if validation is None:
            return None
        X, y, sample_weight = validation
        X, y = self._validate_data(X, y)
        unseen = [] if y.ndim > 1 else np.setdiff1d(y, self.classes_)
        if len(unseen):
            raise ValueError(
                f"y_val holds the label {unseen[0]!r}, which is not in y: {self.classes_.tolist()}."
            )
        weight = check_weights(sample_weight, X, "sample_weight_val")
        X, y = self.feature_encoder_.transform(X), self.target_encoder_.transform(y)
        codes = class_codes(y, self._kind)
        if codes.ndim == 1 and len(np.unique(codes[weight > 0])) < 2:
            raise ValueError(
                "y_val holds only one class; a threshold is learned on rows of at least two. "
                "Pass held-out rows of each class."
            )
        return Rows(X, y, codes, weight, np.flatnonzero(weight))

    def _resample(self, rows, seed):
        """Run the sampler over the training rows; return also how later epochs redraw."""
        params = {k[9:]: v for k, v in vars(self).items() if k.startswith("sampler__")}
        self.sampler_ = make_sampler(self.sampler, params, seed)
        self.sample_indices_ = rows.index
        if self.sampler_ is None:
            return rows, None
        if self._kind == "multilabel":
            raise InvalidParameterError(
                f"sampler={self.sampler!r} takes one label per row, but y is multilabel. Use "
                f"class_weight='balanced', which weighs each label, and a threshold per label."
            )
        draw = redraws(self.sampler_, rows, self.classes_)
        rows, self.sample_indices_ = resample(self.sampler_, rows, self.classes_)
        if rows.y is None:
            rows = dataclasses.replace(rows, y=self._encode_codes(rows.codes))
        return rows, draw

    def _weigh(self, rows):
        """Multiply class weights into the weights of the training rows."""
        self.class_weight_ = None
        if self.class_weight is None:
            return rows
        if self._kind == "multilabel":
            weights = label_weights(self.class_weight, rows.selected_codes, self.classes_)
            self.class_weight_ = dict(zip(self.classes_.tolist(), weights.T.tolist(), strict=True))
            return rows
        weights = class_weights(self.class_weight, rows.selected_codes, self.classes_)
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

    def _set_priors(self, natural, rows, online):
        """Set the class shares, natural and as the loss sees them, and the correction."""
        self._seen = self._seen if online and hasattr(self, "_seen") else np.zeros((4, 1))
        multilabel = self._kind == "multilabel"
        before, after = (
            class_totals(part.selected_codes, part.selected_weight, self.n_classes_)
            for part in (natural, rows)
        )
        mass = [np.full(before.shape, part.selected_weight.sum()) for part in (natural, rows)]
        if multilabel and self.class_weight_ is not None:
            negative, positive = np.array(list(self.class_weight_.values())).T
            mass[1] = positive * after + negative * (mass[1] - after)
            after = positive * after
        self._seen = self._seen + np.stack([before, mass[0], after, mass[1]])
        self.class_prior_ = self._seen[0] / self._seen[1]
        self._trained_prior = self._seen[2] / self._seen[3]
        self._prior_correction = None
        if self.calibration == "prior" and not np.array_equal(
            self.class_prior_, self._trained_prior
        ):
            self._prior_correction = PriorCorrection(
                tuple(self._trained_prior), tuple(self.class_prior_), multilabel
            )

    def _ensure_compiled_model(self):
        """Compile the network if its builder has not; weigh the labels of a multilabel loss."""
        weighs_labels = self._kind == "multilabel" and self.class_weight is not None
        if not weighs_labels:
            return super()._ensure_compiled_model()
        if isinstance(
            self.model_.loss if self.model_.compiled else None, LabelWeightedCrossentropy
        ):
            return None
        if self.model_.compiled or not is_binary_crossentropy(self.loss):
            raise InvalidParameterError(
                f"class_weight={self.class_weight!r} with a multilabel y weighs each label in the "
                f"loss, so the estimator must compile the network with binary crossentropy. "
                f"Return the network uncompiled and leave loss=None, or weigh labels in your own "
                f"loss and set class_weight=None."
            )
        weights = np.array(list(self.class_weight_.values())).T
        kwargs = self._get_compile_kwargs()
        kwargs["loss"] = LabelWeightedCrossentropy(weights.tolist())
        self.model_.compile(**kwargs)
        return None

    def _start_network(self, natural):
        """Learn the input normalisation and set the output bias of a fresh network."""
        if isinstance(self.model, keras.Model):
            return
        adapt(self.model_, natural.X, natural.index)
        if self.init_bias == "prior":
            set_output_bias(
                self.model_, self._trained_prior, self._kind == "multilabel", self._logits()
            )

    def _fit_keras_model(
        self,
        X,
        y,
        sample_weight,
        warm_start,
        epochs,
        initial_epoch,
        *,
        rows=None,
        draw=None,
        judged=None,
        seed=None,
        **kwargs,
    ):
        """Train on batches of rows; ``rows`` and what follows is absent for opaque targets."""
        if rows is None:
            return super()._fit_keras_model(
                X, y, sample_weight, warm_start, epochs, initial_epoch, **kwargs
            )
        size = self._resolve_batch_size(len(rows), kwargs.pop("batch_size", None))
        shuffled = kwargs.pop("shuffle", getattr(self, "fit__shuffle", self.shuffle))
        batches = RowBatches(X, y, sample_weight, rows, size, seed if shuffled else None, draw)
        callbacks = self._fit_callbacks
        # Keras' own evaluation costs a trace and 25 ms an epoch; the monitor has the outputs.
        plain = not needs_evaluation(self.model_, callbacks)
        held_out = None
        if judged is not None and not plain:
            held_out = RowBatches(
                judged.X, judged.y, judged.network_weight(), judged.index, max(size, 1024)
            )
        self._fit_callbacks = [*self._held_out_callbacks(judged, plain), *callbacks]
        own = {"batch_size": None, "validation_batch_size": None, "validation_split": 0.0}
        own |= {"shuffle": False, "validation_data": held_out}
        network = self.model_
        self.model_ = self._trainer(batches, own | kwargs)
        try:
            return super()._fit_keras_model(
                batches, None, None, warm_start, epochs, initial_epoch, **own, **kwargs
            )
        finally:
            self.model_ = network
            self._fit_callbacks = callbacks

    def _trainer(self, batches, arguments):
        """Return what is to be fitted: the network itself, or its stand-in of the graph engine."""
        routed = route_params(self.get_params(), "fit", self._fit_kwargs)
        arguments = routed | arguments | {"callbacks": self._fit_callbacks}
        reason = unsuitable(self.model_, batches, arguments)
        if self.engine == "graph" and reason is not None:
            raise InvalidParameterError(
                f"engine='graph' cannot train this network as Model.fit would: {reason}. Set "
                f"engine='auto' or 'keras'."
            )
        if self.engine == "keras" or reason is not None:
            self.engine_ = f"keras: {reason or 'as asked'}"
            return self.model_
        self.engine_ = "graph"
        return GraphTrainer(self.model_)

    def _resolve_batch_size(self, n_train, given):
        """Return the number of rows in a batch; see the parameter ``batch_size``."""
        size = given or getattr(self, "fit__batch_size", self.batch_size)
        if size == -1:
            return n_train
        if size is None and (self.model is None or isinstance(self.model, str)):
            return int(np.clip(2 ** round(np.log2(n_train / 64)), 32, 512))
        return size or 32

    def _held_out_callbacks(self, judged, with_loss):
        """Return the callbacks that watch the held-out rows."""
        if judged is None:
            return []
        codes, weight = judged.selected_codes, judged.selected_weight
        loss_weight = judged.network_weight()
        loss_weight = None if loss_weight is None else loss_weight[judged.index]

        def evaluate(model):
            outputs = forward(model, judged.X, judged.index)
            proba = self._probabilities(outputs)
            scores = held_out_scores(codes, proba, self._kind, self._positive, weight)
            if with_loss:
                target = take_rows(judged.y, judged.index)
                scores["val_loss"] = loss_value(model, target, outputs, loss_weight)
            return scores

        rarest = class_totals(codes, np.ones(len(codes)), self.n_classes_)
        own_monitor = self.monitor == AVERAGE_PRECISION
        patience = self.patience if self.early_stopping and own_monitor else None
        callbacks = [HeldOutMonitor(evaluate, patience, rarest[rarest > 0].min(initial=len(codes)))]
        if self.early_stopping and not own_monitor:
            callbacks.append(
                keras.callbacks.EarlyStopping(
                    self.monitor, patience=self.patience, restore_best_weights=True
                )
            )
        return callbacks

    def _learns_threshold(self) -> bool:
        """Whether ``threshold`` names a score to maximise."""
        return isinstance(self.threshold, str) or callable(self.threshold)

    def _objective(self):
        """Return the score that ``threshold`` names."""
        return get_objective(self.threshold, self._kind, classes=self.classes_)

    @property
    def _positive(self) -> int:
        """Code of the positive class."""
        if self._kind != "binary" or not hasattr(self, "pos_label_"):
            return 1
        return int(np.flatnonzero(self.classes_ == self.pos_label_)[0])

    def _check_threshold(self, judged, online):
        """Refuse before training what could not be learned after it."""
        if not self._learns_threshold():
            fixed_rule(self.threshold, self._kind, self.n_classes_, self._positive)
            return
        self._objective()
        if judged is None and not online and self.threshold != "balanced_accuracy":
            raise InvalidParameterError(
                f"threshold={self.threshold!r} is learned on held-out rows, but "
                f"validation_split=0 holds none out. Set validation_split, pass X_val and y_val, "
                f"or set threshold to None, a number, or 'balanced_accuracy', whose cut follows "
                f"from the class shares."
            )

    def _learn_rule(self, judged, online):
        """Set the decision rule: fixed, learned on held-out rows, or the prior's."""
        if online and hasattr(self, "best_score_"):
            return
        untrained = self._kind != "multilabel" and not self._trained_prior.all()
        if untrained and not online:
            # A class of weight 0 has probability 0; no cut of a held-out row changes that.
            rule = fixed_rule(None, self._kind, self.n_classes_, self._positive)
        elif not self._learns_threshold():
            rule = fixed_rule(self.threshold, self._kind, self.n_classes_, self._positive)
        elif judged is not None:
            rule = self._tune(judged)
        elif self.threshold == "balanced_accuracy":
            rule = prior_rule(self._proba_prior(), self._kind, self._positive)
        else:
            rule = fixed_rule(None, self._kind, self.n_classes_, self._positive)
        self.decision_rule_ = rule
        self.best_threshold_ = rule.thresholds_

    def _tune(self, judged):
        """Learn the rule that is best for the held-out rows."""
        proba = self._probabilities(forward(self.model_, judged.X, judged.index))
        codes = np.arange(self.n_classes_)
        tuner = ThresholdTuner(objective=self.threshold).fit(
            judged.selected_codes,
            proba,
            sample_weight=judged.selected_weight,
            classes=codes,
            pos_label=self._positive if self._kind == "binary" else None,
        )
        self.best_score_ = tuner.best_score_
        self.threshold_curve_ = tuner.threshold_curve_
        if self.threshold != "balanced_accuracy" or self._kind == "multilabel":
            return tuner.decision_rule_
        rule, self.best_score_ = prefer_closed_form(
            tuner.decision_rule_,
            judged.selected_codes,
            proba,
            self._proba_prior(),
            self._kind,
            self._positive,
            self._objective(),
            judged.selected_weight,
        )
        return rule

    def _proba_prior(self):
        """Return the class shares that the probabilities refer to."""
        return self._trained_prior if self.calibration is None else self.class_prior_

    def _rule(self):
        """Return the decision rule; an estimator that was only initialised has none yet."""
        if hasattr(self, "decision_rule_"):
            return self.decision_rule_
        threshold = None if self._learns_threshold() else self.threshold
        return fixed_rule(threshold, self._kind, self.n_classes_, self._positive)

    def _logits(self) -> bool:
        """Whether the network's outputs are log-odds."""
        return bool(getattr(self.model_.loss, "from_logits", False))

    def _probabilities(self, outputs: Any) -> np.ndarray:
        """Return outputs as probabilities at the training prevalence."""
        proba = class_probabilities(outputs, self._kind, self._logits())
        correction = getattr(self, "_prior_correction", None)
        return proba if correction is None else correction.apply(proba)

    def _fit_opaque_target(self, X, y, weight, given, validation, training):
        """Fit as the parent does: a target encoder of the user's own hides the classes."""
        if self.sampler not in (None, "passthrough"):
            raise InvalidParameterError(
                f"sampler={self.sampler!r} needs to know the classes, which the target encoder "
                f"{type(self.target_encoder_).__name__} does not tell. Set sampler=None."
            )
        if self.threshold not in (None, "balanced_accuracy"):
            raise InvalidParameterError(
                f"threshold={self.threshold!r} needs to know the classes, which the target "
                f"encoder {type(self.target_encoder_).__name__} does not tell. Set "
                f"threshold=None."
            )
        weighted = given is not None or self.class_weight is not None
        if self.class_weight is not None:
            weight = weight * compute_sample_weight(self.class_weight, y)
        if weighted:
            X, y, weight = self._validate_sample_weight(X, y, weight)
        if validation is not None:
            training = training | {"validation_data": validation}
        self._ensure_compiled_model()
        X, y = self.feature_encoder_.transform(X), self.target_encoder_.transform(y)
        self._check_model_compatibility(y)
        KerasClassifier._fit_keras_model(self, X, y, weight if weighted else None, **training)
