"""Every held-out row judges one network, which never saw it; what folds lack is said."""

import inspect
import warnings

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.metrics import f1_score
from sklearn.model_selection import (
    GroupKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError
from imbalanced_nn.networks import columns_of, slots, slots_of
from tests.problems import TINY

from .conftest import N, fitted


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


def test_a_network_has_place_for_what_its_own_rows_hold(data, members):
    X, y = data[0].copy(), data[1]
    rows = np.arange(N)
    splits = [(np.setdiff1d(rows, part), part) for part in np.array_split(rows, 3)]
    # Five columns are numbers to whoever trains on the second part, to the others four.
    X[:, 4:] = X[:, 4:] > 0
    X[splits[1][1], 4] = np.linspace(-1, 1, len(splits[1][1]))
    params = {"validation_split": splits, "model": None, "epochs": 1}
    fitted((X, y), **params, model__hidden_layer_sizes=(4,))
    places = [slots_of(member.model_) for member, _ in members]
    assert places == [slots(columns_of(X, train)) for _, (train, _) in members]
    assert len(set(places)) == 2


REPEATS = [
    RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0),
    ShuffleSplit(4, test_size=0.4, random_state=0),
    [(np.arange(200, N), np.arange(150)), (np.arange(100), np.arange(140, N))],
]


@pytest.mark.parametrize("splitter", REPEATS, ids=["repeated", "shuffled", "list"])
def test_a_row_that_would_judge_twice_is_refused(data, splitter):
    with pytest.raises(InvalidParameterError, match="out [2-4] times, but it may judge once"):
        fitted(data, validation_split=splitter)


def test_a_routed_split_counts_as_the_parameter(data, members):
    clf = fitted(data, validation_split=0.2, fit__validation_split=3)
    assert len(members) == 3
    np.testing.assert_array_equal(clf.validation_indices_, np.arange(N))


@pytest.mark.parametrize("ensemble", [True, False])
def test_weights_count_in_every_fold(data, members, ensemble):
    X, y = data
    weight = np.where(np.arange(N) % 3 == 0, 0.0, 1.0 + (np.arange(N) % 2))
    clf = BalancedKerasClassifier(**TINY, validation_split=3, ensemble=ensemble)
    clf.fit(X, y, sample_weight=weight)
    present = np.flatnonzero(weight)
    np.testing.assert_array_equal(clf.validation_indices_, present)
    np.testing.assert_allclose(clf.class_prior_[1], np.average(y, weights=weight))
    for member, (train, held_out) in members:
        assert not set(held_out) - set(present)
        share = np.average(y[train], weights=weight[train])
        np.testing.assert_allclose(member.class_prior_[1], share)
    np.testing.assert_allclose(clf.fit_result_.held_out.weight.sum(), weight.sum())


def test_what_only_a_later_fold_has_to_say_is_said(data):
    positives, negatives = (np.flatnonzero(data[1] == code) for code in (1, 0))
    first, others = positives[:6], positives[6:]
    # The second network sees six positives, too few for eight neighbours.
    splits = [
        (
            np.concatenate([negatives[40:], first[3:], others]),
            np.concatenate([negatives[:40], first[:3]]),
        ),
        (np.append(negatives[60:], first), np.append(negatives[40:60], others)),
    ]
    with pytest.warns(UserWarning, match="INN008") as caught:
        fitted(data, sampler=SMOTE(k_neighbors=8), validation_split=splits, threshold=None)
    assert [w.message.code for w in caught] == ["INN008"]
    assert caught[0].filename == inspect.getfile(fitted)


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
