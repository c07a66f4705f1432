"""What happens to probabilities: the rule that cuts them, learned, fixed or the prior's."""

import numpy as np
from sklearn.base import clone

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold import ThresholdTuner, fixed_rule, get_objective, prior_rule
from imbalanced_nn.threshold.closed_form import prefer_closed_form

__all__ = ["ThresholdSteps", "learns"]

FEW_POSITIVES = 50
"""Rows of the rarer class from which on held-out labels alone decide where to cut."""


class ThresholdSteps:
    """Steps of `BalancedKerasClassifier` between probabilities and its decision rule."""

    @property
    def _threshold(self):
        """The parameter ``threshold``, or what took its place after the fit."""
        return getattr(self, "_chosen_threshold", self.threshold)

    def _learns_threshold(self) -> bool:
        """Whether the threshold is a score to maximise."""
        return learns(self._threshold)

    def _objective(self):
        """Return the score that the threshold maximises."""
        known = getattr(self, "_tuned_objective", None)
        return known or get_objective(self._threshold, self._kind, classes=self.classes_)

    @property
    def _positive(self) -> int:
        """Code of the positive class; 1, which nothing looks at, unless y is binary."""
        if self._kind != "binary" or not hasattr(self, "pos_label_"):
            return 1
        return int(np.flatnonzero(self.classes_ == self.pos_label_)[0])

    def _check_threshold(self, held_out, online):
        """Refuse before training what could not be learned after it."""
        if not learns(self.threshold):
            self._fixed_rule(self.threshold)
            return
        threshold = self.threshold
        self._tuner(threshold).check(self._kind, self.classes_)
        if not held_out and not online and threshold != "balanced_accuracy":
            raise InvalidParameterError(
                f"threshold={threshold!r} is learned on held-out rows, but "
                f"validation_split=0 holds none out. Set validation_split, pass X_val and y_val, "
                f"or set threshold to None, a number, or 'balanced_accuracy', whose cut follows "
                f"from the class shares."
            )

    def _learn_rule(self, judged, online=False):
        """Set the decision rule: fixed, learned on held-out rows, or the prior's."""
        if online and hasattr(self, "best_score_"):
            return
        untrained = self._kind != "multilabel" and not self._trained_prior.all()
        if not self._learns_threshold():
            self._take_rule(self._fixed_rule(self._threshold))
        elif untrained or (judged is None and self._threshold != "balanced_accuracy"):
            # A class that was not trained on has probability 0, which no cut changes.
            self._take_rule(self._fixed_rule(None))
        elif judged is None:
            self._take_rule(prior_rule(self._proba_prior(), self._kind, self._positive))
        else:
            self._take_rule(**self._tuned(judged, self._threshold))

    def _take_rule(self, rule, score=None, curve=None, objective=None):
        """Set the decision rule and what is known of it."""
        for name in ("best_score_", "threshold_curve_", "_tuned_objective"):
            vars(self).pop(name, None)
        self.decision_rule_ = rule
        self.best_threshold_ = rule.thresholds_
        if score is not None:
            self.best_score_, self.threshold_curve_ = score, curve
        if objective is not None:
            self._tuned_objective = objective

    def _tuning_rows(self, judged):
        """Return labels, deployed probabilities and weights of rows, and what names the classes."""
        proba, weight = self._deployed(self._calibrated(judged)), judged.weight
        if self.priors is not None:
            weight = weight * (self._proba_prior() / self.class_prior_)[judged.codes]
        if self._kind == "multilabel":
            return judged.codes, proba, weight, {}
        labels = {"classes": self.classes_, "pos_label": getattr(self, "pos_label_", None)}
        return self.classes_[judged.codes], proba, weight, labels

    def _tuner(self, threshold):
        """Return the tuner of a threshold, with what is routed to it."""
        if isinstance(threshold, ThresholdTuner):
            tuner = clone(threshold)
        else:
            # Uncorrected probabilities are not those of any rows to lean on.
            few = 0 if self.calibration is None else FEW_POSITIVES
            tuner = ThresholdTuner(threshold, min_positives=few)
        if threshold is not self.threshold:
            return tuner
        prefix = "threshold__"
        return tuner.set_params(
            **{k[len(prefix) :]: v for k, v in vars(self).items() if k.startswith(prefix)}
        )

    def _tuned(self, judged, threshold, sample_cost=None):
        """Return the rule that is best for rows, with its score, its curve and its objective."""
        target, proba, weight, labels = self._tuning_rows(judged)
        tuner = self._tuner(threshold)
        tuner.fit(target, proba, sample_weight=weight, sample_cost=sample_cost, **labels)
        rule, score = tuner.decision_rule_, tuner.best_score_
        by_name = threshold == "balanced_accuracy" and sample_cost is None
        if by_name and self._kind == "multiclass":
            rule, score = prefer_closed_form(
                rule, judged.codes, proba, self._proba_prior(), tuner.objective_, weight
            )
        return {
            "rule": rule,
            "score": score,
            "curve": tuner.threshold_curve_,
            "objective": None if sample_cost is not None else tuner.objective_,
        }

    def _rule(self):
        """Return the decision rule; an estimator that was only initialised has none yet."""
        if hasattr(self, "decision_rule_"):
            return self.decision_rule_
        return self._fixed_rule(None if self._learns_threshold() else self._threshold)

    def _fixed_rule(self, threshold):
        """Return the rule of a threshold that is not learned."""
        # None is argmax, in which two halves are the first class.
        positive = 0 if threshold is None else self._positive
        return fixed_rule(threshold, self._kind, self.n_classes_, positive)


def learns(threshold) -> bool:
    """Whether a threshold is a score to maximise."""
    return isinstance(threshold, str | ThresholdTuner) or callable(threshold)
