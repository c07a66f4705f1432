"""Cross-fitting: every row judges a network that never saw it; one network ships."""

import copy
import pickle
import warnings

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss
from sklearn.model_selection import GroupKFold, StratifiedKFold, TimeSeriesSplit

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import TooFewRowsError

TINY = {"model__hidden_layer_sizes": (8,), "epochs": 3, "batch_size": 32, "random_state": 0}
N = 360


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in six positive."""
    return make_classification(N, 6, weights=[0.83], flip_y=0.05, random_state=0)


def fitted(data, fit_params=None, **params):
    """Fit to all rows."""
    return BalancedKerasClassifier(**TINY | {"validation_split": 4} | params).fit(
        *data, **fit_params or {}
    )


@pytest.fixture
def members(monkeypatch):
    """The estimators of the folds, as they are fitted."""
    seen = []
    fit_members = BalancedKerasClassifier._fit_members

    def spy(self, given, folds):
        estimators = fit_members(self, given, folds)
        seen.extend(zip(estimators, folds, strict=True))
        return estimators

    monkeypatch.setattr(BalancedKerasClassifier, "_fit_members", spy)
    return seen


@pytest.mark.parametrize("ensemble", [True, False])
def test_each_row_is_judged_by_a_network_that_did_not_see_it(data, members, ensemble):
    X, y = data
    clf = fitted(data, ensemble=ensemble, sampler="random_over", threshold="f1")
    np.testing.assert_array_equal(clf.validation_indices_, np.arange(N))
    proba = np.full(N, np.nan)
    for member, (train, held_out) in members:
        assert set(member.sample_indices_) <= set(train)
        assert not set(train) & set(held_out)
        assert np.isnan(proba[held_out]).all()
        proba[held_out] = member.predict_proba(X[held_out])[:, 1]
    cut = ThresholdTuner("f1").fit(y, proba, pos_label=1)
    assert clf.best_threshold_ == pytest.approx(cut.best_threshold_, abs=1e-6)
    assert clf.best_score_ == f1_score(y, proba >= clf.best_threshold_)


def test_a_held_out_label_reaches_no_network_of_its_fold(data, members):
    X, y = data
    splits = list(StratifiedKFold(4).split(X, y))
    changed = y.copy()
    negatives = splits[2][1][y[splits[2][1]] == 0][:5]
    changed[negatives] = 1
    options = {"validation_split": splits, "early_stopping": False}
    fitted((X, y), **options)
    fitted((X, changed), **options)
    weights = [member.model_.get_weights() for member, _ in members]
    same = [
        all(map(np.array_equal, one, other))
        for one, other in zip(weights[:4], weights[4:], strict=True)
    ]
    assert same == [False, False, True, False]


def test_the_average_of_the_networks_ships(data, members):
    X, _ = data
    clf = fitted(data, sampler="smote")
    outputs = [member.model_.predict(X, verbose=0) for member, _ in members]
    assert len(outputs) == 4
    np.testing.assert_allclose(
        clf.model_.predict(X, verbose=0), np.mean(outputs, axis=0), rtol=1e-5, atol=1e-6
    )
    odds = np.mean(outputs, axis=0).ravel()
    odds = odds / (1 - odds) * clf.class_prior_[1] / clf.class_prior_[0]
    np.testing.assert_allclose(clf.predict_proba(X)[:, 1], odds / (1 + odds), rtol=1e-4)


def test_a_refit_takes_all_rows_for_the_mean_best_number_of_epochs(data, members):
    clf = fitted(data, ensemble=False, epochs=20, patience=2, sampler="random_over")
    best = [member.n_iter_ for member, _ in members]
    assert len(set(best)) > 1
    assert clf.n_iter_ == len(clf.history_["loss"]) == round(np.mean(best))
    assert set(clf.sample_indices_) == set(range(N))
    assert "val_loss" not in clf.history_


def test_both_stages_of_a_refit_take_the_epochs_of_the_folds(data, members):
    clf = fitted(data, ensemble=False, epochs=12, patience=2, head_sampler="balanced_batches")
    head = [member.head_n_iter_ for member, _ in members]
    assert clf.head_n_iter_ == len(clf.head_history_["loss"]) == round(np.mean(head))


@pytest.mark.parametrize("ensemble", [True, False])
def test_the_seed_decides(data, ensemble):
    one, same, other = (
        fitted(data, ensemble=ensemble, random_state=seed).predict_proba(data[0])
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_groups_stay_together(data, members):
    groups = np.arange(N) // 5
    for split in (3, GroupKFold(3)):
        fitted(data, {"groups": groups}, validation_split=split)
    assert len(members) == 6
    for _, (train, held_out) in members:
        assert not set(groups[train]) & set(groups[held_out])


def test_a_series_is_judged_by_networks_of_its_past(data, members):
    clf = fitted(data, validation_split=TimeSeriesSplit(3, gap=10), ensemble=False)
    np.testing.assert_array_equal(clf.validation_indices_, np.arange(N // 4, N))
    for member, (_, held_out) in members:
        assert member.sample_indices_.max() < held_out.min() - 10
    assert set(clf.sample_indices_) == set(range(N))


@pytest.mark.parametrize("method", ["temperature", "sigmoid", "isotonic"])
def test_no_row_is_calibrated_by_itself_where_the_cut_is_learned(data, members, method):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clf = fitted(data, calibration=method, threshold="f1")
    X, y = data
    proba, fold = np.empty((N, 2), dtype="float32"), np.empty(N, dtype=int)
    for number, (member, (_, held_out)) in enumerate(members):
        proba[held_out], fold[held_out] = member.predict_proba(X[held_out]), number
    from imbalanced_nn.calibration import fit_calibrator

    calibrated = np.empty(N)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(4):
            inside = fold == number
            others = fit_calibrator(
                method, proba[~inside], y[~inside], np.ones((~inside).sum()), "binary"
            )
            calibrated[inside] = others.apply(proba[inside])[:, 1]
    assert clf.best_score_ == pytest.approx(
        ThresholdTuner("f1").fit(y, calibrated, pos_label=1).best_score_, abs=0.01
    )


def test_multilabel_rows_are_dealt_and_judged_label_by_label():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(N, 5))
    y = (X[:, :3] + generator.normal(size=(N, 3)) > [0, 0.5, 1.5]).astype(int)
    training = {"epochs": 20, "optimizer__learning_rate": 0.03}
    clf = fitted((X, y), class_weight="balanced", **training)
    assert clf.best_threshold_.shape == (3,)
    assert len(clf.validation_indices_) == N
    assert clf.score(X, y) > 0.7


def test_time_steps_are_judged_out_of_fold():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(90, 6, 2))
    y = (X[..., :1] > 1).astype(int)
    clf = fitted((X, y), epochs=25, validation_split=3)
    assert clf.predict(X).shape == y.shape
    assert clf.score(X, y) > 0.8


def test_several_inputs_are_averaged():
    def two_inputs(meta):
        inputs = [keras.Input((2,), name="left"), keras.Input((3,), name="right")]
        joined = keras.layers.Concatenate()(inputs)
        return keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(joined))

    class TwoInputs(BalancedKerasClassifier):
        @property
        def feature_encoder(self):
            from sklearn.preprocessing import FunctionTransformer

            return FunctionTransformer(lambda X: [X[:, :2], X[:, 2:]])

    X = np.random.default_rng(0).normal(size=(120, 5))
    y = (X[:, 0] + X[:, 4] > 0.8).astype(int)
    clf = TwoInputs(two_inputs, **{k: v for k, v in TINY.items() if "__" not in k})
    clf.set_params(validation_split=3, epochs=30, optimizer__learning_rate=0.1).fit(X, y)
    assert balanced_accuracy_score(y, clf.predict(X)) > 0.8


@pytest.mark.parametrize("ensemble", [True, False])
def test_it_is_an_estimator_like_any_other(data, ensemble):
    X, y = data
    clf = fitted(data, ensemble=ensemble, calibration="sigmoid")
    for twin in (pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)):
        np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
        np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
        assert twin.tune_threshold(objective="f1").best_threshold_ > 0
    again = clone(clf).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    # The next fit holds out in its own way.
    once = again.set_params(validation_split=0.25).fit(X, y)
    assert len(once.validation_indices_) == N // 4
    assert not hasattr(once, "_given_epochs")


def test_a_class_with_fewer_rows_than_folds_is_named(data):
    X, _ = data
    y = np.repeat(["ok", "fraud"], [N - 3, 3])
    with pytest.raises(TooFewRowsError, match="class 'fraud' to hold out.*fewer splits"):
        fitted((X, y))


def test_rows_held_out_are_counted_together(data):
    X, _ = data
    y = np.repeat([0, 1], [N - 12, 12])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted((X, y), threshold=None)
    with pytest.warns(UserWarning, match="INN001.*only 8 held-out rows") as caught:
        fitted((X[4:], y[:-4]), threshold=None)
    assert len(caught) == 1


@pytest.mark.slow
def test_networks_of_folds_together_are_no_worse_than_one():
    losses = []
    for seed in range(5):
        X, y = make_classification(3000, 10, weights=[0.95], flip_y=0.02, random_state=seed)
        losses.append(
            [
                log_loss(
                    y[1000:],
                    BalancedKerasClassifier(validation_split=split, random_state=seed)
                    .fit(X[:1000], y[:1000])
                    .predict_proba(X[1000:]),
                )
                for split in (0.2, 5)
            ]
        )
    one, five = np.mean(losses, axis=0)
    assert five < one
