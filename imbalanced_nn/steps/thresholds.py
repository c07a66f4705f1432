"""What happens to probabilities: the rule that cuts them, learned, fixed or moved later."""

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from imbalanced_nn.exceptions import InvalidParameterError, warn
from imbalanced_nn.steps.probabilities import Judged
from imbalanced_nn.targets import class_codes, fill_padding
from imbalanced_nn.threshold import ThresholdTuner, fixed_rule, get_objective, prior_rule
from imbalanced_nn.threshold.closed_form import prefer_closed_form
from imbalanced_nn.training import forward
from imbalanced_nn.validation import check_weights, n_rows, row_hashes

__all__ = ["ThresholdSteps"]

SEEN_SHARE = 0.2
"""Share of a sample of the training rows from which on rows count as trained on."""


class ThresholdSteps:
    """Steps of `BalancedKerasClassifier` between probabilities and its decision rule."""

    def tune_threshold(self, X=None, y=None, *, objective=None, sample_weight=None):
        """Learn the decision rule anew, without training.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...), default=None
            Rows that the network was not trained on. None takes the held-out rows of the fit,
            whose scores were kept.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            Their labels.
        objective : str, callable, ThresholdTuner or None, default=None
            What to maximise, as in ``threshold``; None is ``threshold`` itself.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        BalancedKerasClassifier
            The estimator itself. `score` follows the new objective.

        Raises
        ------
        InvalidParameterError
            If the objective cannot be learned from rows, or there are no rows.
        ValueError
            If the rows lack a class or cannot meet a constraint. The rule is then as before.

        Warns
        -----
        ImbalanceWarning
            INN004 if the network was trained on these rows.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
        >>> X, y = make_classification(1000, weights=[0.9], class_sep=2.0, random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=5, random_state=0).fit(X[:700], y[:700])
        >>> clf = clf.tune_threshold(objective="f1")
        >>> tuner = ThresholdTuner("recall", constraint=("precision", 0.8))
        >>> clf = clf.tune_threshold(X[700:], y[700:], objective=tuner)
        >>> bool(clf.score(X[700:], y[700:]) == clf.best_score_)
        True
        """
        check_is_fitted(self)
        threshold = self._threshold if objective is None else objective
        if self._kind is None or not _learns(threshold):
            raise InvalidParameterError(
                f"tune_threshold needs an objective to maximise; got objective={objective!r} with "
                f"threshold={self.threshold!r}. Pass one such as objective='f1', or use "
                f"set_threshold for a cut of your own."
            )
        if (X is None) != (y is None):
            raise InvalidParameterError("X and y go together: pass both, or neither.")
        judged = (
            getattr(self, "_judged", None) if X is None else self._new_rows(X, y, sample_weight)
        )
        if judged is None:
            raise InvalidParameterError(
                "X is None, but the fit held no rows out whose scores could be used. Pass X and y."
            )
        learned = self._tuned(judged, threshold)
        self._judged, self._chosen_threshold = judged, threshold
        self._take_rule(**learned)
        return self

    def set_threshold(self, threshold):
        """Fix the decision rule.

        Parameters
        ----------
        threshold : float, array-like of shape (n_classes,) or None
            A cut of the positive class's probability, one cut per class or label, or None for
            0.5 or argmax.

        Returns
        -------
        BalancedKerasClassifier
            The estimator itself. `score` is accuracy from now on.

        Raises
        ------
        InvalidParameterError
            If the threshold is not one. The rule is then as before.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(500, weights=[0.9], random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=2, random_state=0).fit(X, y)
        >>> clf.set_threshold(0.25).best_threshold_
        0.25
        """
        check_is_fitted(self)
        if self._kind is None or _learns(threshold):
            raise InvalidParameterError(
                f"set_threshold takes a number, one per class, or None; got {threshold!r}. "
                f"tune_threshold learns one that maximises a score."
            )
        rule = self._fixed_rule(threshold)
        self._chosen_threshold = threshold
        self._take_rule(rule)
        return self

    def _new_rows(self, X, y, sample_weight):
        """Return the network's probabilities of rows that come after the fit."""
        X, y = self._validate_data(X, fill_padding(y, sample_weight))
        check_consistent_length(y, np.empty(n_rows(X)))
        weight = check_weights(sample_weight, X, steps=self._steps)
        X = self.feature_encoder_.transform(X)
        codes = class_codes(self.target_encoder_.transform(y), self._kind)
        rows = self._rows(X, None, codes, weight, np.arange(n_rows(X))).weighted(weight)
        seen = np.isin(self._seen_rows, row_hashes(X)).mean() if len(self._seen_rows) else 0.0
        if seen >= SEEN_SHARE:
            warn(
                "INN004",
                f"{seen:.0%} of a sample of the rows that the network was trained on are among "
                f"the {n_rows(X)} rows of X. It knows their labels: the cut will be wrong for "
                f"new rows, and best_score_ too high. Pass other rows, or none for the rows that "
                f"fit held out.",
            )
        proba = rows.decisions(self._natural(forward(self.model_, X, rows.index)))
        return Judged(rows.selected_codes, proba, rows.selected_weight)

    @property
    def _threshold(self):
        """The parameter ``threshold``, or what took its place after the fit."""
        return getattr(self, "_chosen_threshold", self.threshold)

    def _learns_threshold(self) -> bool:
        """Whether the threshold is a score to maximise."""
        return _learns(self._threshold)

    def _objective(self):
        """Return the score that the threshold maximises."""
        if isinstance(self._threshold, ThresholdTuner):
            return self._tuned_objective
        return get_objective(self._threshold, self._kind, classes=self.classes_)

    @property
    def _positive(self) -> int:
        """Code of the positive class; 1, which nothing looks at, unless y is binary."""
        if self._kind != "binary" or not hasattr(self, "pos_label_"):
            return 1
        return int(np.flatnonzero(self.classes_ == self.pos_label_)[0])

    def _check_threshold(self, held_out, online):
        """Refuse before training what could not be learned after it."""
        if not _learns(self.threshold):
            self._fixed_rule(self.threshold)
            return
        tuner = self.threshold
        if isinstance(tuner, ThresholdTuner):
            tuner.check(self._kind, self.classes_)
        else:
            get_objective(tuner, self._kind, classes=self.classes_)
        if not held_out and not online and tuner != "balanced_accuracy":
            raise InvalidParameterError(
                f"threshold={tuner!r} is learned on held-out rows, but "
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
        if objective is not None:
            self.best_score_, self.threshold_curve_ = score, curve
            self._tuned_objective = objective

    def _tuned(self, judged, threshold):
        """Return the rule that is best for rows, with its score, its curve and its objective."""
        proba, weight = self._deployed(self._calibrated(judged)), judged.weight
        if self.priors is not None:
            weight = weight * (self._proba_prior() / self.class_prior_)[judged.codes]
        target, labels = judged.codes, {}
        if self._kind != "multilabel":
            target = self.classes_[target]
            labels = {"classes": self.classes_, "pos_label": getattr(self, "pos_label_", None)}
        own = isinstance(threshold, ThresholdTuner)
        tuner = clone(threshold) if own else ThresholdTuner(objective=threshold)
        tuner.fit(target, proba, sample_weight=weight, **labels)
        rule, score = tuner.decision_rule_, tuner.best_score_
        if threshold == "balanced_accuracy" and self._kind != "multilabel":
            rule, score = prefer_closed_form(
                rule,
                judged.codes,
                proba,
                self._proba_prior(),
                self._kind,
                self._positive,
                tuner.objective_,
                weight,
            )
        return {
            "rule": rule,
            "score": score,
            "curve": tuner.threshold_curve_,
            "objective": tuner.objective_,
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


def _learns(threshold) -> bool:
    """Whether a threshold is a score to maximise."""
    return isinstance(threshold, str | ThresholdTuner) or callable(threshold)
