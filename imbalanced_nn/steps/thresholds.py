"""What happens to probabilities: the rule that cuts them, learned, fixed or the prior's."""

import numpy as np
from scikeras.wrappers import KerasClassifier
from sklearn.base import clone

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold import ThresholdTuner, fixed_rule, prior_rule
from imbalanced_nn.threshold.orientation import note_positive

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
        if known is not None:
            return known
        return self._tuner(self._threshold).check(self._kind, self.classes_, self._positive)

    @property
    def _positive(self) -> int:
        """Code of the positive class; 1, which nothing looks at, unless y is binary."""
        if self._kind != "binary" or not hasattr(self, "pos_label_"):
            return 1
        return int(np.flatnonzero(self.classes_ == self.pos_label_)[0])

    def _forget_judgement(self, online):
        """Drop what was judged of a network that is about to be trained on.

        A threshold and a calibrator that were learned stay through ``partial_fit``, which holds
        nothing out; another fit learns its own.
        """
        later = () if online else ("_chosen_threshold", "calibrator_")
        for name in ("_judged", "_held_out", *later):
            vars(self).pop(name, None)

    def _check_threshold(self, held_out, online, crossed, weight):
        """Refuse before training what could not be learned after it."""
        scored = type(self).scorer is not KerasClassifier.scorer or not learns(self.threshold)
        if not scored and (routed := [name for name in vars(self) if name.startswith("score__")]):
            raise InvalidParameterError(
                f"{sorted(routed)[0]!r} is an argument of the accuracy, but score follows "
                f"threshold={self.threshold!r}. Leave it out, or set threshold=None."
            )
        if not learns(self.threshold):
            self._fixed_rule(self.threshold)
            return
        threshold = self.threshold
        tuner = self._tuner(threshold)
        tuner.check(self._kind, self.classes_)
        if self._deployed_prior is not None:
            self._check_proof(f"priors={self.priors!r}")
        if np.ptp(weight[weight > 0]) > 0:
            self._check_proof("sample_weight of unequal weights")
        self._check_proof_rows(tuner, crossed)
        if not held_out and not online and threshold != "balanced_accuracy":
            raise InvalidParameterError(
                f"threshold={threshold!r} is learned on held-out rows, but "
                f"validation_split=0 holds none out. Set validation_split, pass X_val and y_val, "
                f"or set threshold to None, a number, or 'balanced_accuracy', whose cut follows "
                f"from the class shares."
            )

    def _note_positive(self, threshold):
        """Tell which class is the positive one where a threshold depends on an open choice."""
        if self._kind != "binary" or self.pos_label is not None:
            return
        if learns(threshold):
            tuner = self._tuner(threshold)
            objective = tuner.check(self._kind, self.classes_, self._positive)
            symmetric = objective.is_symmetric and tuner.constraint is None
        else:
            symmetric = threshold in (None, 0.5)
        if not symmetric:
            what = f"threshold={threshold!r}"
            note_positive(self.classes_, self.class_count_, self._positive, what)

    def _check_proof(self, what):
        """Refuse what gives rows unequal weights to a threshold that counts them."""
        if learns(self._threshold) and self._tuner(self._threshold).confidence is not None:
            raise InvalidParameterError(
                f"{what} weighs rows, but a threshold with a confidence counts them: its binomial "
                f"bound is for rows of equal weight. Leave out one of the two."
            )

    def _check_proof_rows(self, tuner, crossed):
        """Refuse a proof on held-out rows whose scores are not those that new rows will get."""
        if tuner.confidence is None:
            return
        apart = (
            "or fit with another threshold and prove this one on rows apart: "
            "tune_threshold(X, y, objective=ThresholdTuner(...))."
        )
        if crossed:
            ships = "their average" if self.ensemble else "one network trained on all rows"
            raise InvalidParameterError(
                f"A threshold with a confidence is proved on scores of the network that ships, but "
                f"cross-fitting scores each row by a network of its fold and ships {ships}, whose "
                f"scores lie elsewhere. Hold out a share (validation_split=0.2), {apart}"
            )
        by_proba = tuner.calibrated or self._calibration == "isotonic"
        if self._calibrates() and tuner.constraint[0] == "precision" and by_proba:
            raise InvalidParameterError(
                f"A bound on precision is proved in an order of the cuts that knows no label of "
                f"the rows, but calibration={self._calibration!r} is learned on the same held-out "
                f"rows. Set calibration='prior', or 'sigmoid' and calibrated=False, {apart}"
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
        if self._deployed_prior is not None:
            # Rows that hold the classes in these shares already keep their weights.
            held = np.bincount(judged.codes, weight, minlength=self.n_classes_) / weight.sum()
            factor = np.divide(self._deployed_prior, held, out=np.ones_like(held), where=held > 0)
            weight = weight * factor[judged.codes]
        if self._kind == "multilabel":
            return judged.codes, proba, weight, {}
        labels = {"classes": self.classes_, "pos_label": getattr(self, "pos_label_", None)}
        return self.classes_[judged.codes], proba, weight, labels

    def _tuner(self, threshold, proba=None):
        """Return the tuner of a threshold, for some scores, with what is routed to it."""
        if isinstance(threshold, ThresholdTuner):
            tuner = clone(threshold)
        else:
            # Uncorrected probabilities, and outputs that are none, are nothing to lean on.
            none = proba is not None and (proba.min() < 0 or proba.max() > 1)
            few = 0 if none or self._calibration is None else FEW_POSITIVES
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
        tuner = self._tuner(threshold, proba)
        if tuner.confidence is not None and not judged.later:
            tuner.check(self._kind, self.classes_, self._positive)
            self._check_proof_rows(tuner, judged.fold is not None)
        tuner.fit(target, proba, sample_weight=weight, sample_cost=sample_cost, **labels)
        return {
            "rule": tuner.decision_rule_,
            "score": tuner.best_score_,
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
