"""Models that are no network, to tell whether one is worth it: each with a learned threshold."""

import re
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy import sparse
from sklearn import config_context, get_config
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from imbalanced_nn._compat.sklearn import take
from imbalanced_nn.compare.strategies import final_step
from imbalanced_nn.data import positive_code
from imbalanced_nn.exceptions import InvalidParameterError, nearest_name, recorded_notes
from imbalanced_nn.threshold import ThresholdTuner

__all__ = [
    "REFERENCE_MODELS",
    "ThresholdedModel",
    "notes_of_failed",
    "reference_models",
    "reference_settings",
]

REFERENCE_MODELS = ("logistic_regression", "gradient_boosting")
"""Names of those that need nothing but scikit-learn, and are compared if none are named."""

# By package: class, and parameters that keep it quiet and to the threads allowed.
_FOREIGN: dict[str, tuple[str, dict[str, Any]]] = {
    "lightgbm": ("LGBMClassifier", {"verbosity": -1, "n_jobs": 0}),
    "xgboost": ("XGBClassifier", {"verbosity": 0}),
    "catboost": ("CatBoostClassifier", {"verbose": False, "allow_writing_files": False}),
}
_N_SPLITS = 3
_FEW_POSITIVES = 50  # as the networks' default threshold
_WIDE = 4096
_ROWS_OF_A_THREAD = 20_000


class ThresholdedModel(ClassifierMixin, BaseEstimator):
    """A classifier of tables with a threshold learned from cross-fitted probabilities.

    Parameters
    ----------
    model : estimator
        The classifier; it is cloned, and given classes as 0..K-1.
    tuner : ThresholdTuner
        What the threshold is to achieve; it is cloned.
    pos_label : label, default=None
        The positive class of two, as in `BalancedKerasClassifier`.
    random_state : int, RandomState instance or None, default=None
        Draws the folds of the cross-fitting.
    cv : splitter, default=None
        Which rows are judged by a model that was not fitted on them, such as the newest by one
        of older ones; None judges all rows once, in stratified folds.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    model_ : estimator
        Fitted on all rows.
    decision_rule_ : BinaryRule, MulticlassRule or CostRule
        Learned from probabilities of rows that their model was not fitted on.
    best_threshold_ : float, ndarray of shape (n_classes,) or None
        The cut, or one per class.
    """

    def __init__(self, model, tuner, pos_label=None, random_state=None, cv=None):
        self.model = model
        self.tuner = tuner
        self.pos_label = pos_label
        self.random_state = random_state
        self.cv = cv

    def fit(self, X, y, sample_weight=None, groups=None):
        """Fit the model on all rows, and learn the threshold from models of a part each.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.
        groups : array-like of shape (n_samples,), optional
            Groups that are kept together in the cross-fitting.
        """
        X = self._table(X)
        self.classes_, codes = np.unique(np.asarray(y).ravel(), return_inverse=True)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)
        counts = np.bincount(codes)
        crossed = np.full((len(codes), len(counts)), np.nan)
        for train, test in self._folds(codes, groups):
            fitted = self._fitted(X, codes, sample_weight, train)
            crossed[test] = self._probabilities(fitted, take(X, test))
        judged = ~np.isnan(crossed[:, 0])
        positive = positive_code(self.pos_label, self.classes_, counts)
        # Its notes tell what to do about a network.
        with recorded_notes():
            tuner = clone(self.tuner).fit(
                codes[judged],
                crossed[judged],
                sample_weight=None if sample_weight is None else sample_weight[judged],
                pos_label=positive if len(counts) == 2 else None,
                classes=np.arange(len(counts)),
            )
        self.decision_rule_, self.best_threshold_ = tuner.decision_rule_, tuner.best_threshold_
        self.model_ = self._fitted(X, codes, sample_weight, np.arange(len(codes)))
        return self

    def predict_proba(self, X):
        """Return the probabilities of the classes, in the order of ``classes_``."""
        return self._probabilities(self.model_, self._table(X))

    def predict(self, X):
        """Return the classes by the learned threshold."""
        return self.classes_[self.decision_rule_.decide(self.predict_proba(X))]

    def _folds(self, codes, groups):
        """Return the rows that each model is fitted on, and those that it judges."""
        if self.cv is not None:
            return self.cv.split(codes, codes, groups)
        n_groups = _N_SPLITS if groups is None else len(np.unique(groups))
        n_splits = int(min(_N_SPLITS, np.bincount(codes).min(), n_groups))
        if n_splits < 2:
            raise InvalidParameterError("one row, or one group, is too few to learn a cut from.")
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        folds = kind(n_splits, shuffle=True, random_state=self.random_state)
        return folds.split(codes, codes, groups)

    def _table(self, X):
        """Return the rows in a form that the model takes, or refuse them."""
        shape = np.shape(X)
        if len(shape) != 2:
            raise InvalidParameterError(f"rows of shape {tuple(shape[1:])} are no table.")
        if isinstance(self.model, HistGradientBoostingClassifier):
            if shape[1] >= _WIDE:
                raise InvalidParameterError(f"{shape[1]:,} columns are too many for its trees.")
            if sparse.issparse(X):
                return X.toarray()
        # Rows of other formats cannot be taken out.
        return X.tocsr() if sparse.issparse(X) else X

    def _fitted(self, X, codes, sample_weight, rows):
        """Return a model fitted on some of the rows."""
        model = clone(self.model)
        if sparse.issparse(X) and "scale__with_mean" in model.get_params():
            model.set_params(scale__with_mean=False, impute="passthrough")
        name = f"{model.steps[-1][0]}__" if isinstance(model, Pipeline) else ""
        weight = {} if sample_weight is None else {f"{name}sample_weight": sample_weight[rows]}
        # Threads of small tables wait for each other longer than they work.
        n_threads = 1 + len(rows) // _ROWS_OF_A_THREAD
        limit = threadpool_limits(n_threads, "openmp")
        with config_context(enable_metadata_routing=False), limit:
            return model.fit(take(X, rows), codes[rows], **weight)

    def _probabilities(self, model, X):
        """Return probabilities of all classes; one that the model has not seen has 0."""
        proba = np.zeros((np.shape(X)[0], len(self.classes_)))
        proba[:, model.classes_] = model.predict_proba(X)
        # Those of single precision sum to 1 but for its rounding.
        return proba / proba.sum(axis=1, keepdims=True)


def reference_models(baselines, estimator, taken) -> dict[str, BaseEstimator]:
    """Return an unfitted estimator for every reference model that was asked for.

    Parameters
    ----------
    baselines : bool or list of str
        As in `compare_strategies`.
    estimator : estimator
        Whose threshold and steps before the last are taken over, but for samplers.
    taken : collection of str
        Names of strategies, which no reference model takes.

    Raises
    ------
    InvalidParameterError
        If a name is unknown, is that of a strategy, or its package is not installed.
    """
    if baselines is True:
        names = [name for name in REFERENCE_MODELS if name not in taken]
    elif baselines is False:
        names = []
    else:
        names = _checked_names(baselines, taken)
    return {name: _in_place(estimator, _model(name)) for name in names}


def _checked_names(baselines, taken) -> list[str]:
    """Return the names that were given, or refuse them."""
    known = (*REFERENCE_MODELS, *_FOREIGN)
    listed = ", ".join(map(repr, known))
    if isinstance(baselines, str) or not isinstance(baselines, Sequence):
        raise InvalidParameterError(
            f"baselines: got {baselines!r}; it must be True, False or a list of names among "
            f"{listed}."
        )
    for name in baselines:
        if name not in known:
            raise InvalidParameterError(
                f"baselines: {name!r} is not known; known are {listed}. Another estimator goes "
                "into strategies, as {name: estimator}." + nearest_name(str(name), known)
            )
        if name in taken:
            raise InvalidParameterError(
                f"baselines: {name!r} is the name of a strategy, too. Give that another name."
            )
        if name in _FOREIGN and find_spec(name) is None:
            raise InvalidParameterError(
                f"baselines: {name!r} is not installed: pip install {name}."
            )
    return list(dict.fromkeys(baselines))


def _model(name: str) -> BaseEstimator:
    """Return the classifier that a name stands for."""
    if name == "logistic_regression":
        return Pipeline(
            [
                ("impute", SimpleImputer(strategy="median", keep_empty_features=True)),
                ("scale", StandardScaler()),
                ("classifier", LogisticRegression(max_iter=1000)),
            ]
        )
    if name == "gradient_boosting":
        return HistGradientBoostingClassifier()
    class_name, parameters = _FOREIGN[name]
    return getattr(import_module(name), class_name)(**parameters)


def _in_place(estimator, model) -> BaseEstimator:
    """Return an estimator with a model, thresholded, in the place of its last step."""
    prefix, step = final_step(estimator)
    # Rows that are held out in an order of their own, as the newest, are so here, too.
    split = getattr(step, "validation_split", None)
    thresholded = ThresholdedModel(
        model,
        _tuner(step),
        getattr(step, "pos_label", None),
        cv=split if hasattr(split, "split") else None,
    )
    if get_config()["enable_metadata_routing"]:
        thresholded.set_fit_request(sample_weight=True, groups=True)
    if not prefix:
        return thresholded
    whole = clone(estimator).set_params(**{prefix.removesuffix("__"): thresholded})
    samplers = [name for name, step in whole.get_params(deep=False)["steps"] if _resamples(step)]
    return whole.set_params(**dict.fromkeys(samplers, "passthrough"))


def _resamples(step) -> bool:
    """Whether a step of a pipeline is a sampler."""
    return hasattr(step, "fit_resample")


def _tuner(step) -> ThresholdTuner:
    """Return what a network's threshold is to achieve, or a default one's."""
    threshold = getattr(step, "threshold", None)
    if isinstance(threshold, ThresholdTuner):
        return clone(threshold)
    is_named = isinstance(threshold, str) or callable(threshold)
    objective = threshold if is_named else "balanced_accuracy"
    return ThresholdTuner(objective, min_positives=_FEW_POSITIVES)


def reference_settings(models: dict[str, BaseEstimator]) -> dict:
    """Return the settings of a comparison that tell of its reference models.

    Parameters
    ----------
    models : dict of str to estimator
        As of `reference_models`.
    """
    steps = {name: final_step(model)[1] for name, model in models.items()}
    told: dict[str, Any] = {"references": {name: repr(s.model) for name, s in steps.items()}}
    for step in steps.values():
        # All have the same.
        if not callable(step.tuner.objective):
            told["reference_tuner"] = _code_of(step.tuner)
    return told


def _code_of(tuner: ThresholdTuner) -> str:
    """Return Python code that makes a tuner."""
    given = {"objective": None, **tuner.get_params(deep=False)}
    if given["cost_matrix"] is not None:
        given["cost_matrix"] = np.asarray(given["cost_matrix"]).tolist()
    usual = {**ThresholdTuner().get_params(deep=False), "objective": None}
    if given["cost_matrix"] is not None:
        usual["objective"] = given["objective"]
    changed = (f"{name}={value!r}" for name, value in given.items() if value != usual[name])
    return f"ThresholdTuner({', '.join(changed)})"


def notes_of_failed(failed: dict) -> list[dict]:
    """Return, as notes of a comparison, which reference models are left out, and why.

    Parameters
    ----------
    failed : dict of str to RuntimeError or str
        How each failed, with the fold.
    """
    names: dict[str, list[str]] = {}
    for name, error in failed.items():
        # What the rows are says enough.
        reason = re.sub(r"^failed on fold \d+ of \d+: InvalidParameterError: ", "", str(error))
        names.setdefault(reason.rstrip("."), []).append(name)
    return [
        {
            "text": f"Left out {' and '.join(these)}: {reason}.",
            "where": "reference models",
            "folds": {},
        }
        for reason, these in names.items()
    ]
