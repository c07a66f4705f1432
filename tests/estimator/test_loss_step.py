"""Losses inside the estimator: filled with shares, undone, reused, switched, told apart."""

import pickle

import keras
import numpy as np
import pytest
from scipy.special import logit
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.calibration import PriorCorrection
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import (
    LOSSES,
    FocalCrossentropy,
    LDAMCrossentropy,
    LogitAdjustedCrossentropy,
)
from imbalanced_nn.training import clear_programs
from imbalanced_nn.training.cache import TRAINING
from tests.problems import (
    ENGINES,
    TINY,
    plainly_trained,
    rare_class,
    rare_rows,
    slow_but_first,
    three_classes,
    three_labels,
    weights_of,
)

SLOW = pytest.mark.slow
COSTS = [[0, 1], [8, 0]]
BINARY = {
    "asymmetric": {},
    "balanced_softmax": {},
    "cost_sensitive": {"loss__cost_matrix": COSTS},
    "focal": {"loss__alpha": "prior"},
    "ldam": {"loss__max_margin": 2.0, "loss__reweight_from": 0.5},
    "logit_adjusted": {"loss__tau": 0.5},
    "pairwise_auc": {},
}


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in twelve positive."""
    return rare_class()


def test_every_loss_has_its_case_here():
    assert set(BINARY) == set(LOSSES)


@pytest.mark.parametrize(
    "name", ["focal", *(pytest.param(name, marks=SLOW) for name in BINARY if name != "focal")]
)
def test_both_engines_train_the_same_network(name, data):
    graph, plain = (
        BalancedKerasClassifier(loss=name, engine=engine, **TINY, **BINARY[name]).fit(*data)
        for engine in ("graph", "keras")
    )
    assert graph.engine_ == "graph"
    np.testing.assert_allclose(weights_of(graph), weights_of(plain), rtol=1e-4, atol=1e-6)
    assert graph.history_["loss"] == pytest.approx(plain.history_["loss"], rel=1e-4)
    assert isinstance(graph.model_.loss, LOSSES[name])


@pytest.mark.parametrize("name", slow_but_first(BINARY))
def test_a_fitted_estimator_survives_pickling_and_cloning(name, data):
    X, y = data
    clf = BalancedKerasClassifier(loss=name, **TINY, **BINARY[name]).fit(X, y)
    copy = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(copy.predict_proba(X), clf.predict_proba(X))
    again = clone(clf).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize("name", BINARY)
def test_probabilities_are_what_the_loss_was_minimised_for(name, data):
    X, y = data
    clf = BalancedKerasClassifier(loss=name, class_weight={1: 3}, **TINY, **BINARY[name])
    clf.fit(X, y)
    raw = clf.model_.predict(X.astype("float32"), verbose=0).astype(np.float64)
    proba = clf.predict_proba(X)
    if name == "pairwise_auc":
        # Known up to a constant: held-out rows have the prior on average.
        offset = logit(proba[:, 1].astype(np.float64)) - logit(raw[:, 0])
        np.testing.assert_allclose(offset, offset[0], atol=1e-3)
        held = clf.validation_indices_
        assert proba[held, 1].mean() == pytest.approx(clf.class_prior_[1], rel=1e-4)
        return
    if name == "asymmetric":
        positive = clf.model_.loss.posterior(raw)
        bent = np.concatenate([1 - positive, positive], axis=1)
    else:
        bent = clf.model_.loss.posterior(np.concatenate([1 - raw, raw], axis=1))
    put_back = PriorCorrection(
        tuple(clf.fit_result_.shares.in_loss), tuple(clf.class_prior_)
    ).apply(bent)
    np.testing.assert_allclose(proba, put_back, rtol=1e-4, atol=1e-6)
    assert not np.allclose(proba[:, 1], raw[:, 0], atol=1e-3)


@pytest.mark.parametrize("name", ["focal", "pairwise_auc", "logit_adjusted"])
def test_without_calibration_the_outputs_are_left_alone(name, data):
    X, y = data
    clf = BalancedKerasClassifier(loss=name, calibration=None, **TINY).fit(X, y)
    raw = clf.model_.predict(X.astype("float32"), verbose=0)[:, 0]
    np.testing.assert_allclose(clf.predict_proba(X)[:, 1], raw, rtol=1e-6)


@pytest.mark.parametrize("given", ["logit_adjusted", LogitAdjustedCrossentropy, "instance"])
def test_the_shares_are_those_that_the_loss_sees(given, data):
    X, y = data
    loss = LogitAdjustedCrossentropy(tau=0.5) if given == "instance" else given
    clf = BalancedKerasClassifier(loss=loss, class_weight={1: 3}, **TINY).fit(X, y)
    np.testing.assert_allclose(clf.model_.loss.prior, clf.fit_result_.shares.in_loss)
    assert clf.fit_result_.shares.in_loss[1] > 2 * clf.class_prior_[1]
    if given == "instance":
        assert loss.prior is None
        assert clf.model_.loss.tau == 0.5


def test_shares_of_the_callers_own_are_kept(data):
    clf = BalancedKerasClassifier(loss=LogitAdjustedCrossentropy(prior=[0.7, 0.3]), **TINY)
    assert clf.fit(*data).model_.loss.prior == [0.7, 0.3]


def test_a_loss_that_the_build_function_compiled_is_filled_too(data):
    def build(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(inputs))
        model.compile("adam", FocalCrossentropy(alpha="prior"))
        return model

    clf = BalancedKerasClassifier(build, epochs=2, random_state=0).fit(*data)
    np.testing.assert_allclose(clf.model_.loss.prior, clf.class_prior_)


@pytest.mark.slow
def test_folds_with_other_shares_share_one_program(data):
    X, y = data
    clear_programs()
    network = {"loss": "focal", "loss__alpha": "prior", **TINY}
    few = np.r_[np.flatnonzero(y == 1), np.flatnonzero(y == 0)[:80]]
    for part in (slice(0, 300), slice(60, 360), few):
        clf = BalancedKerasClassifier(**network).fit(X[part], y[part])
    # The last is trained by the shares of its own rows, not by those that were traced.
    alone = BalancedKerasClassifier(engine="keras", **network).fit(X[part], y[part])
    np.testing.assert_allclose(weights_of(clf), weights_of(alone), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(clf.model_.loss.prior, alone.model_.loss.prior)
    (program,) = TRAINING
    assert program.n_traces == 1


@pytest.mark.slow
def test_label_weights_of_other_folds_share_one_program():
    X, Y = three_labels(300)
    clear_programs()
    params = {"class_weight": "balanced", **TINY}
    few = np.flatnonzero((Y[:, 0] == 0) | (np.arange(300) % 5 == 0))
    for part in (slice(0, 200), few):
        clf = BalancedKerasClassifier(engine="graph", **params).fit(X[part], Y[part])
    alone = BalancedKerasClassifier(engine="keras", **params).fit(X[part], Y[part])
    np.testing.assert_allclose(weights_of(clf), weights_of(alone), rtol=1e-4, atol=1e-6)
    assert len(TRAINING) == 1


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.slow
def test_class_weights_are_put_off_to_the_late_epochs(engine, data):
    params = TINY | {"epochs": 10, "early_stopping": False, "engine": engine}

    def history(share):
        loss = LDAMCrossentropy(reweight_from=share)
        return BalancedKerasClassifier(loss=loss, **params).fit(*data)

    never, late, always = (history(share) for share in (None, 0.6, 0.0))
    first, switched = slice(0, 6), slice(6, None)
    assert late.history_["loss"][first] == never.history_["loss"][first]
    assert late.history_["loss"][switched] != never.history_["loss"][switched]
    assert always.history_["loss"][0] != never.history_["loss"][0]
    assert (never.model_.loss.reweighted, late.model_.loss.reweighted) == (False, True)


def test_weights_that_came_after_the_epoch_that_ships_are_not_undone(data):
    X, y = data
    params = TINY | {"epochs": 30, "patience": 5, "optimizer__learning_rate": 0.05}
    clf = BalancedKerasClassifier(loss="ldam", loss__reweight_from=0.5, **params).fit(X, y)
    held = clf.validation_indices_
    shipped = log_loss(y[held], clf.predict_proba(X[held]))
    best = int(np.argmin(np.abs(np.array(clf.history_["val_log_loss"]) - shipped)))
    assert clf.history_["val_log_loss"][best] == pytest.approx(shipped, rel=1e-5)
    assert clf.model_.loss.reweighted == (best >= 5)


@pytest.mark.parametrize(
    ("name", "one_hot"),
    [
        ("focal", True),
        *(
            pytest.param(*case, marks=SLOW)
            for case in (("logit_adjusted", False), ("ldam", True), ("cost_sensitive", False))
        ),
    ],
)
def test_several_classes(name, one_hot):
    X, y = three_classes(300)
    target = np.eye(3, dtype=int)[y] if one_hot else y
    params = {"loss__cost_matrix": 1 - np.eye(3)} if name == "cost_sensitive" else {}
    clf = BalancedKerasClassifier(loss=name, **TINY, **params).fit(X, target)
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1, rtol=1e-5)


def test_several_labels_take_the_asymmetric_loss():
    X, Y = three_labels(300)
    clf = BalancedKerasClassifier(loss="asymmetric", **TINY).fit(X, Y)
    raw = clf.model_.predict(X.astype("float32"), verbose=0)
    np.testing.assert_allclose(clf.predict_proba(X), clf.model_.loss.posterior(raw), rtol=1e-4)


@pytest.mark.parametrize("loss", slow_but_first(["focal", "ldam", "logit_adjusted"]))
def test_labels_of_time_steps(loss):
    X = np.random.default_rng(0).normal(size=(60, 5, 2))
    y = (X[:, :, :1] > 1).astype(int)
    clf = BalancedKerasClassifier(loss=loss, **TINY).fit(X, y)
    assert clf.predict_proba(X).shape == (60, 5, 2)


@pytest.mark.parametrize(
    "name", slow_but_first(["binary_focal_crossentropy", "BinaryFocalCrossentropy"])
)
def test_keras_own_focal_loss_is_undone_too(name, data):
    X, y = data
    clf = BalancedKerasClassifier(loss=name, **TINY).fit(X, y)
    raw = clf.model_.predict(X.astype("float32"), verbose=0).astype(np.float64)
    expected = FocalCrossentropy(gamma=2.0).posterior(np.concatenate([1 - raw, raw], axis=1))
    np.testing.assert_allclose(clf.predict_proba(X), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_losses_are_searched_by_name(data):
    grid = {"loss": [None, "focal", "logit_adjusted"]}
    search = GridSearchCV(
        BalancedKerasClassifier(**TINY), grid, scoring="neg_log_loss", cv=StratifiedKFold(2)
    ).fit(*data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_the_output_starts_where_the_loss_is_least(data):
    X, y = data
    for name in ("focal", "logit_adjusted", "ldam", "cost_sensitive"):
        params = BINARY[name] | ({"loss__tau": 1.0} if name == "logit_adjusted" else {})
        clf = BalancedKerasClassifier(
            loss=name, **TINY | {"epochs": 0}, model__dropout=0.0, **params
        ).fit(X, y)
        kernel, bias = clf.model_.layers[-1].get_weights()
        start = 1 / (1 + np.exp(-bias[0]))
        reached = clf.model_.loss.posterior(np.array([[1 - start, start]]))[0]
        np.testing.assert_allclose(reached, clf.fit_result_.shares.in_loss, rtol=1e-3)
        if name == "logit_adjusted":
            assert bias[0] == pytest.approx(0, abs=1e-5)
        assert kernel.any()


@pytest.mark.parametrize(
    ("params", "target", "message"),
    [
        ({"loss": "asymmetric"}, "multiclass", "AsymmetricCrossentropy is not for this y.*focal"),
        ({"loss": "pairwise_auc"}, "multiclass", "PairwiseAUCLoss is not for this y, which is mul"),
        ({"loss": "focal"}, "multilabel", "FocalCrossentropy is not for this y.*'asymmetric'"),
        ({"loss": "cost_sensitive"}, "binary", "cost_matrix must be a square table"),
        (
            {"loss": "cost_sensitive", "loss__cost_matrix": 1 - np.eye(3)},
            "binary",
            "cost_matrix is for 3 classes, but there are 2",
        ),
        ({"loss": "focal", "loss__gamma": -1}, "binary", "gamma must be a number of at least 0"),
    ],
)
def test_a_loss_that_does_not_fit_is_refused(params, target, message, data):
    if target == "multiclass":
        data = three_classes(200)
    if target == "multilabel":
        data = three_labels(200)
    clf = BalancedKerasClassifier(**TINY | params)
    with pytest.raises(InvalidParameterError, match=message):
        clf.fit(*data)
    assert not hasattr(clf, "model_")


@SLOW
@pytest.mark.parametrize("name", [*BINARY, "pairwise_auc with balanced batches"])
def test_probabilities_stay_near_those_of_plain_crossentropy(name):
    name, _, sampler = name.partition(" with ")
    ratios = []
    for seed in range(4):
        X, X_new, y, y_new = rare_rows(seed)
        params = BINARY[name] | ({"sampler": "balanced_batches"} if sampler else {})
        clf = BalancedKerasClassifier("mlp", random_state=seed, loss=name, **params).fit(X, y)
        plain, other = plainly_trained(seed), clf.predict_proba(X_new)
        ratios.append(log_loss(y_new, other) / log_loss(y_new, plain))
    assert np.mean(ratios) < 1.2
