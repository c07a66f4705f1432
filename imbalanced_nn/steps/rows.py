"""What happens to rows before balancing: held out, encoded, described."""

import dataclasses
import numbers
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
from scikeras.wrappers import KerasClassifier
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.class_weight import compute_sample_weight

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.parameters import check_parameters
from imbalanced_nn.rows import Rows, TimestepRows, counted_rows
from imbalanced_nn.splits import hold_out_rows, split_rows
from imbalanced_nn.steps.network import as_callbacks
from imbalanced_nn.targets import class_codes, fill_padding, positive_code, sequence_strata
from imbalanced_nn.training import carried_states, check_finite, reset_new_slots
from imbalanced_nn.validation import (
    check_groups,
    check_weights,
    n_rows,
    row_hashes,
    take_rows,
)
from imbalanced_nn.weighting import class_totals, class_weights

__all__ = ["RowSteps"]

FITTED = (
    "best_score_",
    "best_threshold_",
    "calibrator_",
    "class_count_",
    "class_prior_",
    "class_weight_",
    "decision_rule_",
    "engine_",
    "feature_names_in_",
    "head_history_",
    "head_n_iter_",
    "history_",
    "model_",
    "n_iter_",
    "n_steps_",
    "pos_label_",
    "sample_indices_",
    "sampler_",
    "threshold_curve_",
    "validation_indices_",
    "_chosen_threshold",
    "_deployed_prior",
    "_fills_loss",
    "_fitted_calibration",
    "_given_epochs",
    "_held_out",
    "_only_built",
    "_judged",
    "_prior_correction",
    "_score_offset",
    "_seen",
    "_seen_rows",
    "_split_seed",
    "_trained_prior",
    "_tuned_objective",
)
"""What a fresh fit starts without, so that nothing of an earlier one is left."""


SEEN_ROWS = 10_000
"""Most training rows that are remembered, four bytes each."""

NOTHING_SEEN = (1, np.zeros(0, dtype=np.uint32))


class RowSteps:
    """Steps of `BalancedKerasClassifier` between the caller's rows and the network."""

    @contextmanager
    def _unchanged_on_failure(self) -> Iterator[None]:
        """Put the estimator, and a network that it trains on, back if the block fails."""
        before = dict(vars(self))
        given = {id(model): model for model in (before.get("model_"), self.model)}
        networks = [model for model in given.values() if isinstance(model, keras.Model)]
        variables = [v for m in networks for v in [*m.variables, *carried_states(m)]]
        uncompiled = [model for model in networks if not model.compiled]
        optimized = [m for m in networks if getattr(m, "optimizer", None) is not None]
        optimizers = [model.optimizer for model in optimized]
        n_slots = [len(optimizer.variables) for optimizer in optimizers]
        variables += [v for optimizer in optimizers for v in optimizer.variables]
        state = [(v, np.copy(v.numpy())) for v in variables]
        history = {key: list(values) for key, values in before.get("history_", {}).items()}
        try:
            yield
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            for variable, value in state:
                variable.assign(value)
            for model, optimizer, n_known in zip(optimized, optimizers, n_slots, strict=True):
                if model.optimizer is not optimizer:
                    model.optimizer, model.train_function = optimizer, None
                reset_new_slots(optimizer, n_known)
            for model in uncompiled:
                # Keras takes back nothing, but this has it compiled anew.
                model.compiled = False
            if "history_" in before:
                before["history_"].clear()
                before["history_"].update(history)
            raise

    def _initialize(self, X, y=None):
        """Forget the last fit, then check the data and build the network as the parent does."""
        for name in FITTED:
            vars(self).pop(name, None)
        return super()._initialize(X, y)

    def _routed(self, name):
        """Return a parameter of ``fit`` as scikeras routes it: ``fit__NAME`` before ``NAME``."""
        return getattr(self, f"fit__{name}", getattr(self, name))

    def _announced_classes(self, y, classes):
        """Return the labels of all calls of ``partial_fit``, None if they are those of y."""
        known = getattr(self, "classes_", None) if self.initialized_ else None
        if known is None or self._kind is None:
            return None if classes is None else np.unique(classes)
        if classes is not None and not np.array_equal(np.unique(classes), known):
            raise InvalidParameterError(
                f"classes={np.unique(classes).tolist()} differs from the labels of the earlier "
                f"calls, {known.tolist()}. Pass the same labels, or none."
            )
        unseen = known[:0] if np.ndim(y) == 2 else np.setdiff1d(y, known)
        if len(unseen):
            raise InvalidParameterError(
                f"y holds the label {unseen.tolist()[0]!r}, which the earlier calls did not "
                f"announce; the labels are {known.tolist()}. Give all labels as classes in the "
                f"first call of partial_fit, or fit anew."
            )
        return known

    def _rows(self, X, y, codes, weight, index):
        """Return rows of encoded data: one decision each, or one for each time step."""
        return (TimestepRows if self._steps else Rows)(X, y, codes, weight, index)

    def _split(self, X, codes, weight, groups, seed, split):
        """Return the rows to train on and to hold out, a pair of row numbers for each fold."""
        # It may come as an argument of fit, which nothing has checked.
        check_parameters({"validation_split": split}, type(self).__name__)
        present = counted_rows(weight)
        self.validation_indices_ = np.array([], dtype=int)
        if isinstance(split, numbers.Real) and split == 0:
            return [(present, present[:0])]
        # A network that goes on training must not be judged on rows it was trained on before.
        self._split_seed = getattr(self, "_split_seed", seed)
        labels = np.arange(codes.shape[1]) if self._kind == "multilabel" else self.classes_
        if groups is not None:
            groups = check_groups(groups, len(codes))
        if self._steps:
            strata = np.zeros(len(codes), dtype=int)
            strata[present] = sequence_strata(codes[present], weight[present] > 0, self.n_classes_)
            codes = strata
        if isinstance(split, numbers.Real) and split < 1:
            groups = None if groups is None else groups[present]
            sides = hold_out_rows(codes[present], split, labels, self._split_seed, groups)
            folds = [tuple(present[side] for side in sides)]
        else:
            folds = split_rows(split, X, codes, labels, self._split_seed, groups, present)
        self.validation_indices_ = np.unique(np.concatenate([held for _, held in folds]))
        return folds

    def _remember_rows(self, hashes, fresh):
        """Keep what tells training rows from others: of many those of every k-th number."""
        every, seen = NOTHING_SEEN if fresh else getattr(self, "_seen_rows", NOTHING_SEEN)
        numbers = np.unique(np.concatenate([seen, _numbers(hashes, every)]))
        while len(numbers) > SEEN_ROWS:
            every *= 2
            numbers = numbers[numbers % every == 0]
        self._seen_rows = every, numbers

    def _seen_share(self, X):
        """Return about what share of rows the network was trained on, 0 if that cannot be told."""
        every, seen = getattr(self, "_seen_rows", NOTHING_SEEN)
        numbers = _numbers(row_hashes(X), every)
        return float(np.isin(numbers, seen).mean()) if len(numbers) else 0.0

    def _encode(self, X, train, fresh):
        """Return X as the network takes it, through an encoder that saw no held-out row."""
        stateless = isinstance(self.feature_encoder_, FunctionTransformer)
        if fresh and not stateless and len(train) < n_rows(X):
            self.feature_encoder_ = self.feature_encoder.fit(take_rows(X, train))
        return self.feature_encoder_.transform(X)

    def _describe_classes(self, codes, fresh, online):
        """Set what is known of the classes before any step."""
        counts = class_totals(codes, np.ones(len(codes)), self.n_classes_).astype(int)
        self.class_count_ = self.class_count_ + counts if online and not fresh else counts
        # The positive class stays: the learned cut is a cut of its probability.
        if self._kind != "binary" or (online and hasattr(self, "pos_label_")):
            return
        code = positive_code(self.pos_label, self.classes_, self.class_count_)
        if code is None:
            raise InvalidParameterError(
                f"pos_label={self.pos_label!r} is not a label of y, which holds "
                f"{self.classes_.tolist()}. Pass one of them, or None for 1 of 0 and 1, and the "
                f"rarest of other labels."
            )
        self.pos_label_ = self.classes_[code]

    def _held_out_rows(self, rows, held_out, validation):
        """Return the rows that judge the network, or None."""
        if len(held_out):
            return dataclasses.replace(rows, index=held_out)
        if validation is None:
            return None
        X, y, sample_weight = validation
        X, y = self._validate_data(X, fill_padding(y, sample_weight))
        self._check_known(y, "y_val")
        weight = check_weights(sample_weight, X, "sample_weight_val", self._steps)
        X, y = self.feature_encoder_.transform(X), self.target_encoder_.transform(y)
        codes = class_codes(y, self._kind)
        if self._kind != "multilabel" and len(np.unique(codes[weight > 0])) < 2:
            raise ValueError(
                "y_val holds only one class; a threshold is learned on rows of at least two. "
                "Pass held-out rows of each class."
            )
        return self._rows(X, y, codes, weight, counted_rows(weight))

    def _check_known(self, y, name):
        """Refuse labels that the training rows did not have."""
        unseen = [] if y.ndim == 2 else np.setdiff1d(y, self.classes_)
        if len(unseen):
            raise ValueError(
                f"{name} holds the label {unseen.tolist()[0]!r}, which is not in the y of fit; the "
                f"labels are {self.classes_.tolist()}. Leave such rows out, or fit with them."
            )

    def _fit_opaque_target(self, X, y, weight, given, groups, validation, training, task):
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
        if groups is not None:
            raise InvalidParameterError(
                f"groups needs to know the classes, which the target encoder "
                f"{type(self.target_encoder_).__name__} does not tell. Give X_val and y_val, or "
                f"leave groups out."
            )
        share = isinstance(self.validation_split, numbers.Real) and self.validation_split < 1
        if not share:
            raise InvalidParameterError(
                f"validation_split={self.validation_split!r} needs to know the classes, which the "
                f"target encoder {type(self.target_encoder_).__name__} does not tell. Give a "
                f"share, which Keras takes from the last rows, or X_val and y_val."
            )
        weighted = given is not None or self.class_weight is not None
        if self.class_weight is not None and y.ndim == 1:
            classes, codes = np.unique(y, return_inverse=True)
            weight = weight * class_weights(self.class_weight, codes, classes)[codes]
        elif self.class_weight is not None:
            weight = weight * compute_sample_weight(self.class_weight, y)
        if weighted:
            X, y, weight = self._validate_sample_weight(X, y, weight)
        if validation is not None:
            training = training | {"validation_data": validation}
        self._ensure_compiled_model()
        X, y = self.feature_encoder_.transform(X), self.target_encoder_.transform(y)
        self._check_model_compatibility(y)
        callbacks = self._fit_callbacks
        given = as_callbacks(training.pop("callbacks", None))
        self._fit_callbacks = [*callbacks, *given, *self._epoch_tasks(task)]
        try:
            KerasClassifier._fit_keras_model(self, X, y, weight if weighted else None, **training)
            check_finite(self.model_)
        finally:
            self._fit_callbacks = callbacks


def _numbers(hashes: np.ndarray, every: int) -> np.ndarray:
    """Return the numbers of rows that are multiples of one, a number for each content."""
    numbers = (hashes >> np.uint64(32)).astype(np.uint32)
    return numbers[numbers % every == 0]
