"""Cross-fitting: every row judges a network that never saw it; one network ships."""

import copy
import pickle
import warnings

import keras
import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss
from sklearn.model_selection import (
    GroupKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.preprocessing import StandardScaler

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError

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


SHIFTS = [
    {"sampler": "smote"},
    {"class_weight": "balanced"},
    {"class_weight": "balanced_batch"},
    {"sampler": "random_under", "calibration": None},
    {},
]


@pytest.mark.parametrize("params", SHIFTS, ids=lambda params: str(list(params.values())))
def test_the_mean_of_the_corrected_networks_ships(data, members, params):
    X, _ = data
    clf = fitted(data, **params)
    assert len(members) == 4
    mean = np.mean([member.predict_proba(X) for member, _ in members], axis=0)
    np.testing.assert_allclose(clf.predict_proba(X), mean, rtol=1e-5, atol=1e-6)
    # The network itself gives them, whoever asks.
    np.testing.assert_allclose(clf.model_.predict(X, verbose=0)[:, 0], mean[:, 1], rtol=1e-4)


def mixed(n_classes=3):
    """Rows of three unequal classes."""
    return make_classification(
        N, 8, n_informative=5, n_classes=n_classes, weights=[0.6, 0.3], random_state=1
    )


def test_several_classes_and_labels_are_averaged_at_their_shares(members):
    X, y = mixed()
    labels = np.column_stack([y == 1, y == 2]).astype(int)
    for target in (y, np.eye(3, dtype=int)[y], labels):
        members.clear()
        clf = fitted((X, target), class_weight="balanced")
        mean = np.mean([member.predict_proba(X) for member, _ in members], axis=0)
        np.testing.assert_allclose(clf.predict_proba(X), mean, rtol=1e-4, atol=1e-6)


def build(meta, kind="functional", logits=False):
    """A network of the user's own."""
    last = keras.layers.Dense(1, None if logits else "sigmoid")
    layers = [keras.layers.Dense(8, "relu"), last]
    if kind == "lazy":
        return keras.Sequential(layers)
    if kind == "sequential":
        return keras.Sequential([keras.Input(meta["X_shape_"][1:]), *layers])
    if kind == "subclass":
        return Subclass(layers)
    inputs = keras.Input(meta["X_shape_"][1:])
    return keras.Model(inputs, layers[1](layers[0](inputs)))


class Subclass(keras.Model):
    """A network that does not tell its inputs."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def call(self, inputs):
        return self.parts[1](self.parts[0](inputs))


@pytest.mark.parametrize("kind", ["functional", "sequential", "lazy", "prebuilt"])
def test_networks_of_ones_own_are_averaged(data, members, kind):
    X, y = data
    params = {"epochs": 2, "random_state": 0, "class_weight": "balanced", "validation_split": 3}
    model = build
    if kind == "prebuilt":
        model = build({"X_shape_": X.shape}, "sequential")
        model.compile("sgd", "binary_crossentropy")
    else:
        params["model__kind"] = kind
    clf = BalancedKerasClassifier(model, **params).fit(X, y)
    mean = np.mean([member.predict_proba(X) for member, _ in members], axis=0)
    np.testing.assert_allclose(clf.predict_proba(X), mean, rtol=1e-4, atol=1e-6)
    twin = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
    if kind == "prebuilt":
        assert isinstance(clf.model_.optimizer, keras.optimizers.SGD)


def test_outputs_that_are_log_odds_are_averaged_as_probabilities(data, members):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    params = {"model__logits": True, "loss": loss, "sampler": "random_over", "epochs": 2}
    clf = BalancedKerasClassifier(build, validation_split=3, random_state=0, **params).fit(*data)
    mean = np.mean([member.predict_proba(data[0]) for member, _ in members], axis=0)
    np.testing.assert_allclose(clf.predict_proba(data[0]), mean, rtol=1e-4, atol=1e-6)


class OwnEncoder(BalancedKerasClassifier):
    """Learns to scale the features."""

    @property
    def feature_encoder(self):
        return StandardScaler()


REFUSED = [
    (OwnEncoder(**TINY), "each of them has a feature encoder of its own"),
    (BalancedKerasClassifier(build, model__kind="subclass"), "does not tell its inputs"),
    (BalancedKerasClassifier(loss="focal", **TINY), "outputs under loss='focal' are none"),
    (BalancedKerasClassifier(loss="pairwise_auc", **TINY), "outputs under loss='pairwise_auc'"),
]


@pytest.mark.parametrize(("clf", "reason"), REFUSED, ids=lambda value: str(value)[-24:])
def test_what_has_no_mean_is_refused_before_training(data, monkeypatch, clf, reason):
    clf = clone(clf).set_params(validation_split=3, epochs=1)
    with monkeypatch.context() as patch:
        patch.setattr(BalancedKerasClassifier, "_train", lambda *a, **k: pytest.fail("trained"))
        with pytest.raises(InvalidParameterError, match=rf"{reason}.*Set ensemble=False"):
            clf.fit(*data)
    assert len(clf.set_params(ensemble=False).fit(*data).validation_indices_) == N


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
    np.testing.assert_allclose(clf._judged.weight.sum(), weight.sum())


def test_shares_of_deployment_are_those_of_the_whole(data, members):
    clf = fitted(data, priors=[0.98, 0.02])
    natural = np.mean([member.predict_proba(data[0]) for member, _ in members], axis=0)
    odds = natural[:, 1] / natural[:, 0] * (0.02 / 0.98) * clf.class_prior_[0] / clf.class_prior_[1]
    np.testing.assert_allclose(clf.predict_proba(data[0])[:, 1], odds / (1 + odds), rtol=1e-4)


def test_a_second_stage_is_told_of(data):
    clf = fitted(data, head_sampler="balanced_batches", epochs=2)
    assert len(clf.head_history_["loss"]) == 2


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
    assert caught[0].filename == __file__


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
