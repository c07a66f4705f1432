"""Inside scikit-learn's and imbalanced-learn's own tools, on real rows."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.datasets import load_ai4i2020, load_thyroid

FOLDS = StratifiedKFold(2, shuffle=True, random_state=0)


@pytest.fixture(scope="module")
def machines():
    """Every failure of the shipped machines and twice as many other rows, as a frame."""
    X, y = load_ai4i2020(return_X_y=True, as_frame=True)
    kept = np.sort(np.r_[np.flatnonzero(y), np.flatnonzero(y == 0)[:678]])
    return X.iloc[kept].reset_index(drop=True), y.iloc[kept].to_numpy()


@pytest.fixture(scope="module")
def thyroid():
    """Every eighth row of the thyroid data, with the names of its three classes."""
    bunch = load_thyroid()
    return bunch.data[::8], bunch.target_names[bunch.target][::8]


def network(**params):
    """A small network that learns something in a second."""
    small = {
        "model": "mlp",
        "model__hidden_layer_sizes": (8,),
        "optimizer__learning_rate": 0.02,
        "epochs": 8,
        "validation_split": 0.2,
        "random_state": 0,
    }
    return BalancedKerasClassifier(**(small | params))


def auc(clf, X, y):
    return roc_auc_score(y, clf.predict_proba(X)[:, 1])


def test_pipeline_of_scikit_learn(machines):
    X, y = machines
    pipeline = make_pipeline(StandardScaler(), network(sampler="smote")).fit(X, y)
    direct = network(sampler="smote").fit(StandardScaler().fit_transform(X), y)
    np.testing.assert_array_equal(
        pipeline.predict_proba(X), direct.predict_proba(pipeline[0].transform(X))
    )
    assert pipeline.score(X, y) == balanced_accuracy_score(y, pipeline.predict(X)) > 0.7


def test_pipeline_of_imbalanced_learn(machines):
    X, y = machines
    steps = [("over", RandomOverSampler(random_state=0)), ("network", network())]
    pipeline = SamplingPipeline(steps).fit(X, y)
    assert pipeline[-1].class_prior_.tolist() == [0.5, 0.5]
    assert auc(pipeline, X, y) > 0.8
    inside = cross_val_score(pipeline, X, y, cv=FOLDS, scoring="average_precision")
    assert (inside > y.mean()).all()


def test_columns_of_strings_behind_a_column_transformer(machines):
    X, y = machines
    kinds = [column for column in X if set(X[column]) <= {0.0, 1.0}]
    assert len(kinds) == 3
    X = X.drop(columns=kinds).assign(kind=np.array(kinds)[X[kinds].to_numpy().argmax(axis=1)])
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=True), ["kind"]), remainder=StandardScaler()
    )
    pipeline = make_pipeline(columns, network(class_weight="balanced")).fit(X, y)
    assert auc(pipeline, X, y) > 0.8
    shuffled = X[X.columns[::-1]]
    np.testing.assert_array_equal(pipeline.predict_proba(shuffled), pipeline.predict_proba(X))


GRID = [
    {"sampler": ["smote"], "sampler__k_neighbors": [1, 3]},
    {"sampler": [SMOTE(), "random_under"], "class_weight": ["balanced", {1: 5.0}]},
    {
        "threshold": [None, 0.2, "f1"],
        "model__hidden_layer_sizes": [(4,)],
        "optimizer__learning_rate": [0.001, 0.02],
    },
    {"optimizer": ["sgd", "adam"], "validation_split": [0.0, 0.3]},
]


# The grid crosses samplers with weights of the caller's own, which balance twice.
@pytest.mark.filterwarnings(r"ignore:\[INN003\]")
@pytest.mark.slow
def test_grid_search_over_every_step(machines):
    X, y = machines
    search = GridSearchCV(
        network(), GRID, cv=FOLDS, scoring="balanced_accuracy", error_score="raise"
    ).fit(X, y)
    results = search.cv_results_
    assert len(results["params"]) == 16
    # Each axis moves the result, so each parameter reached its step.
    for name in ("sampler__k_neighbors", "class_weight", "threshold", "optimizer"):
        values = pd.DataFrame(results["params"])[name].dropna().map(str)
        scores = pd.Series(results["mean_test_score"]).groupby(values).mean()
        assert scores.nunique() == values.nunique() > 1
    best = search.best_estimator_.get_params()
    assert all(best[name] == value for name, value in search.best_params_.items())
    assert search.score(X, y) > 0.7


@pytest.mark.slow
def test_grid_search_in_processes_gives_the_same(machines):
    X, y = machines
    grid = [{"sampler": ["smote"], "sampler__k_neighbors": [1, 3]}, {"threshold": [0.2, "f1"]}]
    search = GridSearchCV(network(), grid, cv=FOLDS, scoring="average_precision")
    alone, together = (clone(search).set_params(n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2))
    np.testing.assert_array_equal(
        alone.cv_results_["mean_test_score"], together.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(alone.predict_proba(X), together.predict_proba(X))


def test_grid_search_in_a_pipeline(machines):
    search = GridSearchCV(
        make_pipeline(StandardScaler(), network()),
        {
            "balancedkerasclassifier__sampler": [SMOTE()],
            "balancedkerasclassifier__sampler__k_neighbors": [1, 4],
        },
        cv=FOLDS,
        scoring="average_precision",
        error_score="raise",
    ).fit(*machines)
    best = search.best_estimator_[-1]
    key = "balancedkerasclassifier__sampler__k_neighbors"
    assert best.sampler_.k_neighbors == search.best_params_[key]
    assert len(set(search.cv_results_["mean_test_score"])) == 2


@pytest.mark.slow
def test_halving_search_over_epochs(machines):
    search = HalvingGridSearchCV(
        network(),
        {"optimizer__learning_rate": [1e-4, 1e-3, 0.02]},
        resource="epochs",
        min_resources=2,
        max_resources=6,
        cv=FOLDS,
        scoring="average_precision",
        random_state=0,
    ).fit(*machines)
    assert search.n_iterations_ == 2 and search.best_estimator_.epochs == 6
    assert search.best_params_["optimizer__learning_rate"] == 0.02


def test_cross_validation_with_several_scores(machines):
    X, y = machines
    scoring = ["average_precision", "roc_auc", "balanced_accuracy", "f1", "neg_log_loss"]
    results = cross_validate(network(sampler="random_over"), X, y, cv=FOLDS, scoring=scoring)
    for name in scoring:
        assert np.isfinite(results[f"test_{name}"]).all()
    assert (results["test_average_precision"] > y.mean()).all()
    assert (results["test_neg_log_loss"] < 0).all()


def test_cross_validated_predictions(thyroid):
    X, y = thyroid
    clf = network(class_weight="balanced")
    proba = cross_val_predict(clf, X, y, cv=FOLDS, method="predict_proba")
    assert proba.shape == (len(X), 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    predicted = cross_val_predict(clf, X, y, cv=FOLDS)
    assert set(predicted) <= set(y)
    assert balanced_accuracy_score(y, predicted) > 0.4
    train, test = next(FOLDS.split(X, y))
    expected = network(class_weight="balanced").fit(X[train], y[train])
    np.testing.assert_array_equal(proba[test], expected.predict_proba(X[test]))


@pytest.mark.filterwarnings(r"ignore:\[INN017\]")
def test_bagging(machines):
    X, y = machines
    bag = BaggingClassifier(network(sampler="random_under"), n_estimators=2, random_state=0)
    bag.fit(X, y)
    first, second = (member.predict_proba(X.to_numpy()) for member in bag.estimators_)
    assert not np.array_equal(first, second)
    np.testing.assert_allclose(bag.predict_proba(X), (first + second) / 2, rtol=1e-6)
    assert auc(bag, X, y) > 0.8


@pytest.mark.filterwarnings(r"ignore:\[INN017\]")
def test_stacking(machines):
    X, y = machines
    stack = StackingClassifier(
        [("network", network()), ("linear", LogisticRegression(max_iter=2000))], cv=2
    ).fit(X, y)
    assert stack.transform(X).shape == (len(X), 2)
    assert auc(stack, X, y) > 0.8


@pytest.mark.filterwarnings(r"ignore:\[INN017\]")
def test_voting(machines):
    X, y = machines
    members = [("first", network()), ("second", network(random_state=1, class_weight="balanced"))]
    vote = VotingClassifier(members, voting="soft").fit(X, y)
    mean = np.mean([member.predict_proba(X) for member in vote.estimators_], axis=0)
    np.testing.assert_allclose(vote.predict_proba(X), mean, rtol=1e-6)
    assert auc(vote, X, y) > 0.8


@pytest.mark.filterwarnings(r"ignore:\[INN017\]")
def test_one_against_the_rest(thyroid):
    X, y = thyroid
    rest = OneVsRestClassifier(network(class_weight="balanced")).fit(X, y)
    assert rest.classes_.tolist() == ["hyper", "normal", "subnormal"]
    assert len(rest.estimators_) == 3 and rest.predict_proba(X).shape == (len(X), 3)
    assert set(rest.predict(X)) <= set(rest.classes_)
    assert roc_auc_score(y, rest.predict_proba(X), multi_class="ovr") > 0.8


def test_boosting(machines):
    X, y = machines
    boosted = AdaBoostClassifier(network(), n_estimators=2).fit(X, y)
    first, second = (member.predict_proba(X.to_numpy()) for member in boosted.estimators_)
    assert not np.array_equal(first, second)
    assert auc(boosted, X, y) > 0.7


def test_permutation_importance(machines):
    X, y = machines
    clf = network(epochs=15).fit(X.assign(constant=1.0), y)
    importance = permutation_importance(
        clf, X.assign(constant=1.0), y, scoring="average_precision", n_repeats=2, random_state=0
    ).importances_mean
    assert importance[-1] == 0 and importance.max() > 0.05
