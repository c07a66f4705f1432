"""What scikeras breaks on current scikit-learn and Keras, and that it is mended here.

Where it is cheap, a test first shows the defect in the parent: a test that no longer does tells
that the mending may go.
"""

import copy
import os
import pickle
import random
import subprocess
import sys
import textwrap

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from scikeras.wrappers import KerasClassifier
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    check_cv,
    cross_val_score,
)
from sklearn.utils import get_tags
from tensorflow.python.framework import config

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.datasets import load_ai4i2020


@pytest.fixture(autouse=True)
def op_determinism_as_found():
    """Undo what a seeded fit of the parent does to the process."""
    yield
    config.disable_op_determinism()


@pytest.fixture(scope="module")
def data():
    """All failures of the shipped machines and three times as many other rows, in float32."""
    X, y = load_ai4i2020(return_X_y=True)
    kept = np.sort(np.r_[np.flatnonzero(y), np.flatnonzero(y == 0)[:1017]])
    X = X[kept]
    return ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32), y[kept]


# Enough to tell the classes apart.
LEARNING = {"epochs": 20, "optimizer": "adam", "optimizer__learning_rate": 0.01}


def network(meta):
    return keras.Sequential(
        [keras.Input((meta["n_features_in_"],)), keras.layers.Dense(1, activation="sigmoid")]
    )


def ours(**params):
    return BalancedKerasClassifier(**({"model": network, "epochs": 2, "random_state": 0} | params))


def parents(**params):
    given = {"model": network, "loss": "binary_crossentropy", "verbose": 0, "predict__verbose": 0}
    return KerasClassifier(**(given | params))


def in_new_process(code, *folders):
    """Run code in a fresh interpreter and return what it prints."""
    paths = os.pathsep.join([*map(str, folders), *sys.path])
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


# --- tags ---------------------------------------------------------------------------------------


def test_folds_are_stratified_by_default(data):
    _, y = data
    assert not is_classifier(parents())
    assert is_classifier(ours())
    assert isinstance(check_cv(3, y, classifier=is_classifier(ours())), StratifiedKFold)


def test_tags_say_what_is_accepted():
    tags = get_tags(ours())
    assert tags.target_tags.required and tags.classifier_tags.multi_label
    assert tags.input_tags.sparse and tags.input_tags.three_d_array
    assert not tags.input_tags.allow_nan
    assert not tags.non_deterministic and get_tags(ours(random_state=None)).non_deterministic
    # A sampler takes one label per row.
    assert not get_tags(ours(sampler="smote")).classifier_tags.multi_label
    assert get_tags(ours(sampler="passthrough")).classifier_tags.multi_label


@pytest.mark.parametrize("scoring", ["average_precision", "roc_auc"])
def test_ranking_scores_work_in_cross_validation(data, scoring):
    with pytest.warns(UserWarning, match="Scoring failed"):
        assert np.isnan(cross_val_score(parents(), *data, scoring=scoring, cv=2)).all()
    scores = cross_val_score(ours(), *data, scoring=scoring, cv=2)
    assert np.isfinite(scores).all() and (scores > 0).all()


def test_tuned_threshold_classifier_wraps_it(data):
    X, y = data
    with pytest.raises(ValueError, match="can't handle a mix"):
        TunedThresholdClassifierCV(parents(), cv=2).fit(X, y)
    tuned = TunedThresholdClassifierCV(ours(**LEARNING), cv=2).fit(X, y)
    assert balanced_accuracy_score(y, tuned.predict(X)) > 0.6


def test_calibrated_classifier_keeps_the_ranking(data):
    X, y = data
    frozen = FrozenEstimator(parents(**LEARNING, random_state=0).fit(X, y))
    before = roc_auc_score(y, frozen.predict_proba(X)[:, 1])
    after = roc_auc_score(y, CalibratedClassifierCV(frozen).fit(X, y).predict_proba(X)[:, 1])
    assert before > 0.7 and after == pytest.approx(1 - before, abs=0.01)

    frozen = FrozenEstimator(ours(**LEARNING).fit(X, y))
    before = roc_auc_score(y, frozen.predict_proba(X)[:, 1])
    after = roc_auc_score(y, CalibratedClassifierCV(frozen).fit(X, y).predict_proba(X)[:, 1])
    assert before > 0.7 and after == pytest.approx(before, abs=0.01)


def test_calibrated_classifier_fits_it(data):
    X, y = data
    calibrated = CalibratedClassifierCV(ours(**LEARNING), cv=2).fit(X, y)
    assert roc_auc_score(y, calibrated.predict_proba(X)[:, 1]) > 0.7


# --- seeds --------------------------------------------------------------------------------------

AFTER_A_SEEDED_FIT = """
    import os
    import keras, numpy as np
    from scikeras.wrappers import KerasClassifier
    from imbalanced_nn import BalancedKerasClassifier

    def network(meta):
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])

    X = np.random.default_rng(0).normal(size=(60, 3))
    y = (X[:, 0] > 0.5).astype(int)
    params = dict(model=network, loss="binary_crossentropy", epochs=1, verbose=0)
    {wrapper}(random_state=0, **params).fit(X, y)
    try:
        {wrapper}(**params).fit(X, y)
        answer = "fitted"
    except RuntimeError as error:
        answer = str(error)[:29]

    from tensorflow.python.eager import context
    from tensorflow.python.framework import config
    settings = config.is_op_determinism_enabled(), context.global_seed()
    print(answer, *settings, "TF_DETERMINISTIC_OPS" in os.environ)
"""


def test_seeded_fit_leaves_tensorflow_as_found():
    code = AFTER_A_SEEDED_FIT.format(wrapper="BalancedKerasClassifier")
    assert in_new_process(code) == "fitted False None False"


@pytest.mark.slow
def test_seeded_fit_of_the_parent_breaks_later_unseeded_ones():
    code = AFTER_A_SEEDED_FIT.format(wrapper="KerasClassifier")
    assert in_new_process(code).startswith("Random ops require a seed to")


@pytest.mark.parametrize("random_state", [0, np.random.RandomState(0)])
def test_seeded_fit_leaves_global_generators_as_found(data, random_state):
    before = random.getstate(), copy.deepcopy(np.random.get_state())
    ours(random_state=random_state, sampler="random_under").fit(*data).predict(data[0])
    assert random.getstate() == before[0]
    for left, right in zip(np.random.get_state(), before[1], strict=True):
        np.testing.assert_array_equal(left, right)


def test_same_seed_same_network(data):
    X, y = data
    params = {"model": None, "model__hidden_layer_sizes": (8,), "sampler": "random_under"}
    alone = ours(**params).fit(X, y)
    again, other = ours(**params).fit(X, y), ours(**params, random_state=1).fit(X, y)
    np.testing.assert_array_equal(alone.predict_proba(X), again.predict_proba(X))
    assert not np.array_equal(alone.predict_proba(X), other.predict_proba(X))
    assert not np.array_equal(alone.validation_indices_, other.validation_indices_)


def test_random_state_object_gives_equal_fits_and_is_not_advanced(data):
    X, y = data
    state = np.random.RandomState(5)
    clf = ours(random_state=state)
    first, second = clf.fit(X, y).predict_proba(X), clf.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(first, second)
    assert state.randint(2**31) == np.random.RandomState(5).randint(2**31)


def test_threads_do_not_change_seeded_results(data):
    X, y = data
    params = {"model": None, "model__hidden_layer_sizes": (8,)}

    def fit(seed):
        return ours(**params, random_state=seed).fit(X, y).predict_proba(X)

    alone = [fit(seed) for seed in range(4)]
    together = joblib.Parallel(n_jobs=2, backend="threading")(
        joblib.delayed(fit)(seed) for seed in range(4)
    )
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


# --- X and y ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64, np.int8, bool])
def test_every_numeric_type_at_predict(data, dtype):
    X, y = data
    X = np.round(X)
    with pytest.raises(ValueError, match="not safe"):
        parents().fit(X, y).predict(X.astype(np.float64))
    clf = ours().fit(X, y)
    values = X.astype(dtype)
    np.testing.assert_array_equal(
        clf.predict_proba(values), clf.predict_proba(values.astype(np.float32))
    )
    np.testing.assert_array_equal(clf.predict(values), clf.predict(values.astype(np.float32)))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_row_has_a_row_of_probabilities(data, n_classes):
    X, y = data
    y = np.where(X[:, 0] > 1, n_classes - 1, y)
    if n_classes == 2:
        assert parents().fit(X, y).predict_proba(X[:1]).shape == (2,)
    clf = ours(model=None, model__hidden_layer_sizes=(4,)).fit(X, y)
    assert clf.predict_proba(X[:1]).shape == (1, n_classes)
    assert clf.predict(X[:1]).shape == (1,)
    np.testing.assert_array_equal(clf.predict_proba(X[:1]), clf.predict_proba(X)[:1])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_column_y_warns_and_comes_back_flat(data):
    X, y = data
    assert parents().fit(X, y[:, None]).predict(X).shape == (len(X), 1)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        clf = ours().fit(X, y[:, None])
    assert clf.predict(X).shape == (len(X),)
    np.testing.assert_array_equal(clf.predict_proba(X), ours().fit(X, y).predict_proba(X))


@pytest.mark.parametrize(
    "container",
    [
        sparse.csr_matrix,
        sparse.csc_matrix,
        sparse.lil_matrix,
        sparse.csr_array,
        sparse.csc_array,
        sparse.coo_array,
    ],
)
def test_sparse_rows_train_like_dense_ones(data, container):
    X, y = data
    X = np.where(np.abs(X) > 1, X, 0)
    dense, clf = ours().fit(X, y), ours().fit(container(X), y)
    for left, right in zip(clf.model_.get_weights(), dense.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(clf.predict_proba(container(X)), dense.predict_proba(X))


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_values_beyond_float32_are_refused(data):
    X, y = data[0].astype(np.float64), data[1]
    huge = X.copy()
    huge[3, 1] = 1e300
    assert np.isnan(parents().fit(huge, y).predict_proba(X)).all()
    with pytest.raises(ValueError, match="X contains infinity or a value too large"):
        ours().fit(huge, y)
    clf = ours().fit(X, y)
    with pytest.raises(ValueError, match="X contains infinity or a value too large"):
        clf.predict_proba(huge)
    with pytest.raises(ValueError, match="X contains infinity or a value too large"):
        clf.predict_proba(sparse.csr_array(huge))


def test_column_names_are_remembered_and_compared(data):
    X, y = data
    X = pd.DataFrame(X).add_prefix("column_")
    moved, renamed = X[X.columns[::-1]], X.rename(columns={"column_0": "other"})
    assert parents().fit(X, y).predict(moved).shape == (len(X),)
    clf = ours().fit(X, y)
    assert clf.feature_names_in_.tolist() == X.columns.tolist()
    for wrong in (moved, renamed):
        with pytest.raises(ValueError, match="feature names should match"):
            clf.predict(wrong)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X.to_numpy())
    clf.fit(X.to_numpy(), y)
    assert not hasattr(clf, "feature_names_in_")


# --- sample_weight ------------------------------------------------------------------------------


def test_weights_of_the_caller_are_not_changed(data):
    X, y = data
    weight = np.where(y == 1, 2.0, 1.0)
    given = weight.copy()
    parents(class_weight="balanced").fit(X, y, sample_weight=given)
    assert not np.array_equal(given, weight)
    given = weight.copy()
    ours(class_weight="balanced", sampler="smote").fit(X, y, sample_weight=given)
    ours(class_weight="balanced").partial_fit(X, y, sample_weight=given)
    np.testing.assert_array_equal(given, weight)


@pytest.mark.parametrize("kind", ["integer", "read-only", "list"])
def test_weights_of_any_kind(data, kind):
    X, y = data
    weight = np.where(y == 1, 2, 1)
    given = {"integer": weight, "read-only": weight.astype(float), "list": weight.tolist()}[kind]
    if kind == "read-only":
        given.flags.writeable = False
    if kind != "list":
        with pytest.raises((TypeError, ValueError)):
            parents(class_weight="balanced").fit(X, y, sample_weight=given)
    clf = ours(class_weight="balanced").fit(X, y, sample_weight=given)
    expected = ours(class_weight="balanced").fit(X, y, sample_weight=weight.astype(float))
    np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))


def test_only_the_ratio_of_weights_matters(data):
    X, y = data
    weight = np.where(y == 1, 3.0, 1.0)
    params = {"optimizer": "sgd", "optimizer__learning_rate": 0.1}
    one, other = (
        parents(**params, random_state=0).fit(X, y, sample_weight=factor * weight)
        for factor in (1, 7)
    )
    assert not np.allclose(one.predict_proba(X), other.predict_proba(X), atol=1e-2)
    one, other = (ours(**params).fit(X, y, sample_weight=factor * weight) for factor in (1, 7))
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), rtol=1e-5)
    np.testing.assert_allclose(one.history_["val_loss"], other.history_["val_loss"], rtol=1e-5)
    plain = ours(**params).fit(X, y)
    assert not np.allclose(one.predict_proba(X), plain.predict_proba(X), atol=1e-2)


# --- Keras objects ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss",
    [
        "BinaryFocalCrossentropy",
        "binary_focal_crossentropy",
        keras.losses.BinaryFocalCrossentropy,
    ],
)
def test_loss_by_name_takes_routed_parameters(data, loss):
    if loss == "BinaryFocalCrossentropy":
        with pytest.raises(TypeError):
            parents(loss=loss, loss__gamma=0.5).fit(*data)
    clf = ours(loss=loss, loss__gamma=0.5, loss__alpha=0.9).fit(*data)
    config = clf.model_.loss.get_config()
    assert (config["gamma"], config["alpha"]) == (0.5, 0.9)
    assert clf.get_params()["loss"] == loss


def test_optimizer_instance_serves_many_fits(data):
    X, y = data
    optimizer = keras.optimizers.Adam(0.05)
    other = parents(optimizer=optimizer).fit(X, y)
    with pytest.raises(ValueError, match="Unknown variable"):
        other.fit(X, y)
    optimizer = keras.optimizers.Adam(0.05)
    clf = ours(optimizer=optimizer)
    first, second = clf.fit(X, y).predict_proba(X), clf.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(first, second)
    assert clf.optimizer is optimizer and clf.model_.optimizer is not optimizer
    assert not optimizer.built and optimizer.iterations.numpy() == 0
    assert clf.model_.optimizer.get_config() == optimizer.get_config()


CUSTOM_CODE = """
    import keras

    class OwnLoss(keras.losses.Loss):
        def __init__(self, power=2.0, name="own_loss", **kwargs):
            super().__init__(name=name, **kwargs)
            self.power = power

        def call(self, y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** self.power, axis=-1)

        def get_config(self):
            return {**super().get_config(), "power": self.power}

    class OwnMetric(keras.metrics.MeanMetricWrapper):
        def __init__(self, name="own_metric", **kwargs):
            super().__init__(own_distance, name=name, **kwargs)

        def get_config(self):
            return {"name": self.name}

    def own_distance(y_true, y_pred):
        return keras.ops.abs(y_true - y_pred)

    def own_loss(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)
"""


@pytest.fixture
def custom(tmp_path, monkeypatch):
    """A module of the user's with a loss and a metric, as classes and as functions."""
    (tmp_path / "users_code.py").write_text(textwrap.dedent(CUSTOM_CODE))
    monkeypatch.syspath_prepend(tmp_path)
    import users_code

    yield users_code
    del sys.modules["users_code"]


def test_custom_loss_and_metric_survive_pickle_into_a_new_process(data, custom, tmp_path):
    X, y = data
    fits = [
        ours(model=None, model__hidden_layer_sizes=(4,), loss=loss, metrics=metrics).fit(X, y)
        for loss, metrics in (
            (custom.OwnLoss(power=1.5), [custom.OwnMetric()]),
            (custom.OwnLoss, [custom.OwnMetric]),
            (custom.own_loss, [custom.own_distance]),
        )
    ]
    expected = [clf.predict_proba(X) for clf in fits]
    (tmp_path / "fits.pickle").write_bytes(pickle.dumps((fits, X, y)))
    code = f"""
        import pickle, numpy as np
        fits, X, y = pickle.load(open({str(tmp_path / "fits.pickle")!r}, "rb"))
        proba = [clf.predict_proba(X) for clf in fits]
        history = [len(clf.partial_fit(X, y).history_["loss"]) for clf in fits]
        power = fits[0].model_.loss.power, fits[0].loss.power
        pickle.dump((proba, history, power), open({str(tmp_path / "answers.pickle")!r}, "wb"))
    """
    in_new_process(code, tmp_path)
    proba, history, power = pickle.loads((tmp_path / "answers.pickle").read_bytes())
    for one, other in zip(proba, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert history == [3, 3, 3] and power == (1.5, 1.5)


def test_callbacks_are_searched(data):
    search = GridSearchCV(
        ours(epochs=4, callbacks=keras.callbacks.EarlyStopping, callbacks__monitor="loss"),
        {"callbacks__min_delta": [0.0, 100.0], "callbacks__patience": [1]},
        cv=2,
        refit=False,
        scoring=lambda clf, X, y: len(clf.history_["loss"]),
    ).fit(*data)
    assert search.cv_results_["mean_test_score"].tolist() == [4, 2]


def test_callbacks_by_name_take_routed_parameters(data):
    with pytest.raises(TypeError):
        parents(callbacks=keras.callbacks.EarlyStopping).set_params(callbacks__patience=1)
    stop = {"stop": keras.callbacks.EarlyStopping}
    clf = ours(callbacks=stop, callbacks__stop__monitor="loss", epochs=4)
    clf.set_params(callbacks__stop__patience=0, callbacks__stop__min_delta=100.0).fit(*data)
    assert len(clf.history_["loss"]) == 2


# --- the rest -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
def test_unfitted_estimator_says_so(data, method):
    with pytest.raises(AttributeError):
        parents().score(*data)
    arguments = data if method == "score" else data[:1]
    with pytest.raises(NotFittedError, match="not fitted"):
        getattr(ours(), method)(*arguments)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"smapler": "smote"}, "Did you mean 'sampler'?"),
        ({"optimiser__momentum": 0.9}, "Did you mean 'optimizer'?"),
        ({"model__hiden": 3}, "Did you mean 'hidden'?"),
        ({"sampler": "smot"}, "Did you mean 'smote'?"),
        ({"sampler": "smote", "sampler__k_neighbours": 3}, "Did you mean 'k_neighbors'?"),
    ],
)
def test_unknown_parameter_is_answered_with_the_nearest_name(data, wrong, hint):
    def builder(meta, hidden=3):
        return network(meta)

    with pytest.raises(TypeError, match="unexpected keyword argument 'smapler'"):
        parents(smapler="smote").fit(*data)
    with pytest.raises(ValueError) as caught:
        ours(model=builder, **wrong).fit(*data)
    assert hint in str(caught.value)


def test_set_params_answers_with_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'threshold'?"):
        ours().set_params(treshold=0.3)


def test_quiet_means_quiet(data, capfd):
    X, y = data
    parents(predict__verbose=1).fit(X, y).predict(X)
    assert capfd.readouterr().out
    clf = ours(sampler="smote", threshold="f1").fit(X, y)
    clf.predict(X), clf.predict_proba(X), clf.score(X, y), clf.partial_fit(X, y)
    assert capfd.readouterr().out == ""
    clf = ours(verbose=2).fit(X, y)
    assert "Epoch 2" in capfd.readouterr().out
    clf.predict(X)
    assert capfd.readouterr().out == ""


def test_meta_is_the_same_before_every_build(data):
    seen = []

    def builder(meta):
        seen.append(sorted(meta))
        return network(meta)

    clf = ours(model=builder, sampler="smote", class_weight="balanced")
    X = pd.DataFrame(data[0]).add_prefix("x")
    clf.fit(X, data[1]).fit(X, data[1]).partial_fit(X, data[1])
    assert seen[0] == seen[1] and len(seen) == 2
    assert not {"sampler_", "class_count_", "feature_names_in_", "model_"} & set(seen[0])
