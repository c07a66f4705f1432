"""What happens to outputs: probabilities at the right prevalence, and where to cut them."""

from typing import Any

import numpy as np
from scikeras._utils import route_params
from scikeras.wrappers import KerasClassifier
from scipy.special import expit, logit
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from imbalanced_nn.calibration import matching_offset
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import posterior_of
from imbalanced_nn.targets import class_codes, class_probabilities, fill_padding
from imbalanced_nn.threshold import ThresholdTuner, fixed_rule, get_objective, prior_rule
from imbalanced_nn.threshold.closed_form import prefer_closed_form
from imbalanced_nn.training import forward
from imbalanced_nn.validation import check_weights

__all__ = ["DecisionSteps"]

SMALLEST = 1e-12


class DecisionSteps:
    """Steps of `BalancedKerasClassifier` between the network's outputs and a decision."""

    def predict(self, X, **kwargs):
        """Predict classes by the learned decision rule.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.
        **kwargs
            Arguments of ``Model.predict``, as in scikeras.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            Labels in the form of y: of rows, the 0/1 indicator of a multilabel target, or of
            time steps.
        """
        outputs = self._predict_raw(X, **kwargs)
        if self._kind is None:
            return self.target_encoder_.inverse_transform(outputs)
        decided = self._rule().decide(self._probabilities(outputs))
        if self._kind != "multilabel":
            one_hot = self.target_encoder_._target_type == "multiclass-onehot"
            decided = (np.eye(self.n_classes_, dtype=int) if one_hot else self.classes_)[decided]
        return decided.reshape(-1, *self.target_encoder_._y_shape[1:])

    def predict_proba(self, X, **kwargs):
        """Predict the probability of each class at the training prevalence.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.
        **kwargs
            Arguments of ``Model.predict``, as in scikeras.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples, n_steps, n_classes)
            Columns in the order of ``classes_``; for a multilabel target the probability of
            each label.
        """
        outputs = self._predict_raw(X, **kwargs)
        if self._kind is None:
            return self.target_encoder_.inverse_transform(outputs, return_proba=True)
        proba = self._probabilities(outputs)
        return proba.reshape(-1, *self._steps, proba.shape[-1])

    def score(self, X, y, sample_weight=None):
        """Return the score that the threshold maximises, else accuracy.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            True labels.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_steps), default=None
            Weights of the rows, or of their time steps.

        Returns
        -------
        float
            ``threshold``'s score (balanced accuracy by default), as
            ``LogisticRegressionCV.score`` follows its ``scoring``; with a fixed threshold or
            none, and where a subclass brings its own ``scorer``, the parent's score.
        """
        check_is_fitted(self)
        if self._kind is None:
            return super().score(X, y, sample_weight)
        _, y = self._validate_data(y=fill_padding(y, sample_weight))
        predicted = self.predict(X)
        check_consistent_length(predicted, y)
        weight = None
        if sample_weight is not None:
            weight = check_weights(sample_weight, predicted, steps=self._steps)
        own_scorer = type(self).scorer is not KerasClassifier.scorer
        if own_scorer or not self._learns_threshold():
            arguments = route_params(self.get_params(), "score", set())
            y, predicted, weight = (
                self._by_decision(part, weight) for part in (y, predicted, weight)
            )
            return self.scorer(y, predicted, sample_weight=weight, **arguments)
        codes = (
            class_codes(self.target_encoder_.transform(labels), self._kind)
            for labels in (y, predicted)
        )
        *codes, weight = (self._by_decision(part, weight) for part in (*codes, weight))
        return self._objective().score(*codes, weight, self._positive)

    def _by_decision(self, values, weight):
        """Return labels, codes or weights of steps as if each step that counts were a row."""
        if not self._steps or values is None:
            return values
        values = values[np.ones(values.shape[:2], bool) if weight is None else weight > 0]
        return values.ravel() if values.shape[1:] == (1,) else values

    def _learns_threshold(self) -> bool:
        """Whether ``threshold`` names a score to maximise."""
        return isinstance(self.threshold, str) or callable(self.threshold)

    def _objective(self):
        """Return the score that ``threshold`` names."""
        return get_objective(self.threshold, self._kind, classes=self.classes_)

    @property
    def _positive(self) -> int:
        """Code of the positive class; 1, which nothing looks at, unless y is binary."""
        if self._kind != "binary" or not hasattr(self, "pos_label_"):
            return 1
        return int(np.flatnonzero(self.classes_ == self.pos_label_)[0])

    def _check_threshold(self, judged, online):
        """Refuse before training what could not be learned after it."""
        if not self._learns_threshold():
            self._fixed_rule(self.threshold)
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
        if untrained and self._learns_threshold():
            # A class that was not trained on has probability 0, which no cut changes.
            rule = self._fixed_rule(None)
        elif not self._learns_threshold():
            rule = self._fixed_rule(self.threshold)
        elif judged is not None:
            rule = self._tune(judged)
        elif self.threshold == "balanced_accuracy":
            rule = prior_rule(self._proba_prior(), self._kind, self._positive)
        else:
            rule = self._fixed_rule(None)
        self.decision_rule_ = rule
        self.best_threshold_ = rule.thresholds_

    def _tune(self, judged):
        """Learn the rule that is best for the held-out rows."""
        proba = self._probabilities(forward(self.model_, judged.X, judged.index))
        proba = judged.decisions(proba)
        target, labels = judged.selected_codes, {}
        if self._kind != "multilabel":
            target = self.classes_[target]
            labels = {"classes": self.classes_, "pos_label": getattr(self, "pos_label_", None)}
        tuner = ThresholdTuner(objective=self.threshold).fit(
            target, proba, sample_weight=judged.selected_weight, **labels
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
        return self._fixed_rule(None if self._learns_threshold() else self.threshold)

    def _fixed_rule(self, threshold):
        """Return the rule of a threshold that is not learned."""
        # None is argmax, in which two halves are the first class.
        positive = 0 if threshold is None else self._positive
        return fixed_rule(threshold, self._kind, self.n_classes_, positive)

    def _logits(self) -> bool:
        """Whether the network's outputs are log-odds."""
        return bool(getattr(self.model_.loss, "from_logits", False))

    def _offset_is_free(self) -> bool:
        """Whether the network's log-odds are only known up to a constant."""
        return getattr(self.model_.loss, "offset_is_free", False) and self.calibration is not None

    def _match_scores(self, outputs, weight):
        """Find the constant at which rows at natural prevalence have the prior on average."""
        if self._offset_is_free():
            prior = float(self.class_prior_[1])
            self._score_offset = matching_offset(self._log_odds(outputs), prior, weight)

    def _log_odds(self, outputs):
        """Return the log-odds of the second of two classes."""
        proba = class_probabilities(outputs, self._kind, self._logits()).astype(np.float64)
        # Float32 knows no number between 1 - 6e-8 and 1.
        return logit(np.clip(proba[:, 1], SMALLEST, 1 - SMALLEST))

    def _probabilities(self, outputs: Any) -> np.ndarray:
        """Return outputs as probabilities at the training prevalence, a row for each decision."""
        if self._steps:
            outputs = outputs.reshape(-1, outputs.shape[-1])
        if hasattr(self, "_score_offset"):
            positive = expit(self._log_odds(outputs) + self._score_offset)
            return np.column_stack([1 - positive, positive]).astype(outputs.dtype)
        proba = class_probabilities(outputs, self._kind, self._logits())
        if self.calibration is None or not hasattr(self, "_trained_prior"):
            return proba
        bent = posterior_of(self.model_.loss, self.n_classes_, self._kind == "binary")
        if bent is not None:
            proba = bent(proba).astype(proba.dtype)
        correction = getattr(self, "_prior_correction", None)
        return proba if correction is None else correction.apply(proba)
