"""What a fitted rule still goes through without training: learned anew, fixed, drawn again."""

import copy
import warnings

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from imbalanced_nn.duplicates import MANY
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, warn
from imbalanced_nn.steps.probabilities import Judged
from imbalanced_nn.steps.thresholds import ThresholdSteps, learns
from imbalanced_nn.targets import class_codes, fill_padding
from imbalanced_nn.threshold.costs import check_sample_cost
from imbalanced_nn.training import forward
from imbalanced_nn.validation import check_weights, n_rows

__all__ = ["RetuningSteps"]


class RetuningSteps(ThresholdSteps):
    """Methods of `BalancedKerasClassifier` that change its decision rule after the fit."""

    def tune_threshold(
        self, X=None, y=None, *, objective=None, sample_weight=None, sample_cost=None
    ):
        """Learn the decision rule anew, without training.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...), default=None
            Rows that the network was not trained on. None takes the held-out rows of the fit,
            whose scores were kept.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            Their labels.
        objective : str, callable, ThresholdTuner or None, default=None
            What to maximise, as in ``threshold``; None is ``threshold`` itself. One with a
            ``confidence`` is proved best on rows of your own: early stopping has looked at those
            of the fit.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        sample_cost : array-like of shape (n_samples, n_classes), default=None
            Cost of deciding for each class, row by row, as in `ThresholdTuner.fit`: what is
            minimised instead. Needs X and y.

        Returns
        -------
        BalancedKerasClassifier
            The estimator itself. `score` follows the new objective; it is accuracy after costs
            of single rows, which other rows do not have.

        Raises
        ------
        InvalidParameterError
            If the objective cannot be learned from rows, there are no rows, or a ``confidence``
            cannot be proved on the kept ones, which networks of folds or a calibrator have seen.
        ValueError
            If the rows lack a class or cannot meet a constraint. The rule is then as before.

        Warns
        -----
        ImbalanceWarning
            INN004 if the network was trained on these rows, INN010 where few positives moved the
            cut, INN014 where the positive class is not the only one it could be.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
        >>> X, y = make_classification(4000, weights=[0.9], class_sep=2.0, random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=5, random_state=0).fit(X[:3000], y[:3000])
        >>> clf = clf.tune_threshold(objective="f1")
        >>> tuner = ThresholdTuner("recall", constraint=("precision", 0.8))
        >>> clf = clf.tune_threshold(X[3000:], y[3000:], objective=tuner)
        >>> bool(clf.score(X[3000:], y[3000:]) == clf.best_score_)
        True
        """
        check_is_fitted(self)
        threshold = self._threshold if objective is None else objective
        if sample_cost is not None and objective is None:
            threshold = "balanced_accuracy"
        if self._kind is None or not learns(threshold):
            raise InvalidParameterError(
                f"tune_threshold needs an objective to maximise; got objective={objective!r} with "
                f"threshold={self.threshold!r}. Pass one such as objective='f1', or use "
                f"set_threshold for a cut of your own."
            )
        if (X is None) != (y is None):
            raise InvalidParameterError("X and y go together: pass both, or neither.")
        if sample_cost is not None:
            sample_cost = self._costs_of_rows(sample_cost, y, sample_weight)
        judged = (
            getattr(self, "_judged", None) if X is None else self._new_rows(X, y, sample_weight)
        )
        if judged is None:
            raise InvalidParameterError(
                "X is None, but the fit held no rows out whose scores could be used. Pass X and y."
            )
        if objective is not None:
            self._note_positive(objective)
        learned = self._tuned(judged, threshold, sample_cost)
        if sample_cost is None:
            self._judged, self._chosen_threshold = judged, threshold
        else:
            self._chosen_threshold = learned["rule"].thresholds_
        self._take_rule(**learned)
        return self

    def bootstrap_threshold(self, *, n_resamples=1000, random_state=None):
        """Tell how far the learned cut and its score would move with other held-out rows.

        The network stays; the rows that the cut was learned on are drawn again.

        Parameters
        ----------
        n_resamples : int, default=1000
            Number of resamples.
        random_state : int, RandomState or None, default=None
            Seeds the draws.

        Returns
        -------
        ThresholdBootstrap
            With ``threshold_interval``, ``score_interval`` and ``optimism``.

        Raises
        ------
        InvalidParameterError
            If no threshold was learned on rows, or the objective is a metric callable.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(3000, weights=[0.9], class_sep=2.0, random_state=0)
        >>> clf = BalancedKerasClassifier(threshold="f1", epochs=5, random_state=0).fit(X, y)
        >>> low, high = clf.bootstrap_threshold(random_state=0).threshold_interval(0.9)
        >>> bool(low < high)
        True
        """
        check_is_fitted(self)
        if not hasattr(self, "_tuned_objective") or getattr(self, "_judged", None) is None:
            raise InvalidParameterError(
                f"bootstrap_threshold needs a threshold that was learned on held-out rows; "
                f"threshold={self._threshold!r} was not. Use tune_threshold first."
            )
        target, proba, weight, labels = self._tuning_rows(self._judged)
        tuner = self._tuner(self._threshold, proba)
        with warnings.catch_warnings():
            # What is to be said of these rows was said when the rule was learned.
            warnings.simplefilter("ignore", ImbalanceWarning)
            tuner.fit(target, proba, sample_weight=weight, **labels)
        return tuner.bootstrap(
            target,
            proba,
            sample_weight=weight,
            n_resamples=n_resamples,
            random_state=random_state,
        )

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
        >>> X, y = make_classification(3000, weights=[0.9], random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=2, random_state=0).fit(X, y)
        >>> clf.set_threshold(0.25).best_threshold_
        0.25
        """
        check_is_fitted(self)
        if self._kind is None or learns(threshold):
            raise InvalidParameterError(
                f"set_threshold takes a number, one per class, or None; got {threshold!r}. "
                f"tune_threshold learns one that maximises a score."
            )
        threshold = copy.deepcopy(threshold)
        rule = self._fixed_rule(threshold)
        self._note_positive(threshold)
        self._chosen_threshold = threshold
        self._take_rule(rule)
        return self

    def _costs_of_rows(self, sample_cost, y, sample_weight):
        """Return the costs of the rows that have a weight."""
        if y is None:
            raise InvalidParameterError("sample_cost needs the X and y whose costs it holds.")
        if self._kind == "multilabel" or self._steps:
            raise InvalidParameterError(
                "sample_cost is for one label per row; y had several. Cut each label on its own, "
                "with ThresholdTuner().fit(y[:, k], proba[:, k], sample_cost=...)."
            )
        costs = check_sample_cost(sample_cost, len(y), self.n_classes_)
        return costs[check_weights(sample_weight, costs) > 0]

    def _new_rows(self, X, y, sample_weight):
        """Return the network's probabilities of rows that come after the fit."""
        X, y = self._validate_data(X, fill_padding(y, sample_weight))
        check_consistent_length(y, np.empty(n_rows(X)))
        weight = check_weights(sample_weight, X, steps=self._steps)
        X = self.feature_encoder_.transform(X)
        self._check_known(y, "y")
        codes = class_codes(self.target_encoder_.transform(y), self._kind)
        rows = self._rows(X, None, codes, weight, np.arange(n_rows(X))).weighted(weight)
        seen = self._seen_share(X)
        if seen >= MANY:
            warn(
                "INN004",
                f"the network was trained on about {seen:.0%} of the {n_rows(X):,} rows of X, or "
                f"on rows that equal them. It knows their labels: the cut will be wrong for new "
                f"rows, and best_score_ too high. Pass other rows, or none for the rows "
                f"that fit held out.",
            )
        proba = rows.decisions(self._natural(forward(self.model_, X, rows.index)))
        return Judged(rows.selected_codes, proba, rows.selected_weight, later=True)
