"""What happens to a decision rule: labels, a score, and rows handed to somebody who knows."""

import numpy as np
from scikeras._utils import route_params
from scikeras.wrappers import KerasClassifier
from sklearn.utils import Bunch
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from imbalanced_nn.calibration import chow_reject
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.steps.probabilities import ProbabilitySteps
from imbalanced_nn.steps.retuning import RetuningSteps
from imbalanced_nn.targets import class_codes, fill_padding
from imbalanced_nn.validation import check_weights

__all__ = ["DecisionSteps"]


class DecisionSteps(ProbabilitySteps, RetuningSteps):
    """What `BalancedKerasClassifier` answers once it is fitted."""

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
            decided = self._labels(decided)
        return decided.reshape(-1, *self.target_encoder_._y_shape[1:])

    def predict_or_reject(self, X, *, reject_cost, cost_matrix=None):
        """Decide for the least expected cost, or hand the row to somebody who knows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.
        reject_cost : float
            Cost of asking about a row, in the unit of the costs of errors.
        cost_matrix : array-like of shape (n_classes, n_classes), default=None
            Costs of decisions, rows true and columns predicted classes in the order of
            ``classes_``. None counts every error as 1.

        Returns
        -------
        sklearn.utils.Bunch
            ``decision``, labels of least expected cost, of shape (n_samples,); ``proba``, the
            probability of the decided class; ``reject``, where that cost is above
            ``reject_cost``. The learned threshold has no part in it.

        Raises
        ------
        InvalidParameterError
            If a cost is not one, or y was multilabel or had labels of time steps.

        References
        ----------
        C. K. Chow, "On optimum recognition error and reject tradeoff", IEEE Transactions on
        Information Theory 16, 1970.

        Examples
        --------
        A missed fraud costs 50, a false alarm 5, a phone call 2:

        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(3000, weights=[0.9], random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=5, random_state=0).fit(X, y)
        >>> result = clf.predict_or_reject(X, reject_cost=2, cost_matrix=[[0, 5], [50, 0]])
        >>> result.decision.shape, bool(result.reject.any())
        ((3000,), True)
        """
        check_is_fitted(self)
        if self._kind not in ("binary", "multiclass") or self._steps:
            raise InvalidParameterError(
                "predict_or_reject needs one label per row, whose classes share a cost matrix; y "
                "had several. Compare predict_proba with your costs label by label."
            )
        proba = self.predict_proba(X)
        codes, _, rejected = chow_reject(proba, reject_cost, cost_matrix)
        chosen = np.take_along_axis(proba, codes[:, None], axis=1)[:, 0]
        return Bunch(decision=self._labels(codes), proba=chosen, reject=rejected)

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

    def _labels(self, codes):
        """Return class codes as labels in the form of y."""
        one_hot = self.target_encoder_._target_type == "multiclass-onehot"
        return (np.eye(self.n_classes_, dtype=int) if one_hot else self.classes_)[codes]

    def _by_decision(self, values, weight):
        """Return labels, codes or weights of steps as if each step that counts were a row."""
        if not self._steps or values is None:
            return values
        values = values[np.ones(values.shape[:2], bool) if weight is None else weight > 0]
        return values.ravel() if values.shape[1:] == (1,) else values
