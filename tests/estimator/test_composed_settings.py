"""Settings of a process, and uses of an estimator, that scikit-learn's own classifiers bear."""

import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, SMOTENC
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError

X, Y = make_classification(240, 6, weights=[0.8], class_sep=1.5, random_state=0)
THREE = np.where(X[:, 0] > 1, 2, Y)
SMALL = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 2, "random_state": 0}


def small(**params):
    return BalancedKerasClassifier(**SMALL | {"validation_split": 0.2} | params)


@pytest.mark.filterwarnings("ignore:.*INN004")
@pytest.mark.parametrize("y", [Y, THREE, np.array(["no", "yes"])[Y]])
@pytest.mark.parametrize("params", [{}, {"sampler": "random_over"}, {"validation_split": 2}])
def test_transformers_that_are_to_give_tables_change_nothing(y, params):
    plain = small(**params).fit(X, y)
    with config_context(transform_output="pandas"):
        inside = small(**params).fit(X, y)
        np.testing.assert_array_equal(inside.predict_proba(X), plain.predict_proba(X))
        assert inside.score(X, y) == plain.score(X, y)
        inside.tune_threshold(X, y)
        inside.partial_fit(X, y)


def test_floating_point_errors_may_be_raised():
    with np.errstate(all="raise"):
        clf = small().fit(X, Y)
        clf.tune_threshold(objective="f1").predict(X)


@pytest.mark.parametrize("y", [Y, THREE])
def test_a_label_that_the_fit_did_not_have_counts_as_an_error(y):
    clf = small().fit(X, y)
    odd = y.copy()
    odd[:40] = 9
    found = clf.score(X, odd)
    assert 0 < found < clf.score(X[40:], y[40:]) + 1e-9
    with pytest.raises(ValueError, match="y holds the label '0'"):
        clf.score(X, y.astype(str))


def test_a_search_scores_candidates_on_labels_of_one_fold():
    odd = THREE.copy()
    odd[:3] = 9
    grid = {"optimizer__learning_rate": [1e-9, 0.05]}
    search = GridSearchCV(small(epochs=5), grid, cv=KFold(3)).fit(X, odd)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_ == {"optimizer__learning_rate": 0.05}


def network():
    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, activation="sigmoid")])


@pytest.mark.filterwarnings("default::imbalanced_nn.exceptions.ImbalanceWarning")
@pytest.mark.parametrize("split", [0, 0.2, 2])
def test_a_network_that_was_trained_already_is_noted(split):
    def notes(fit):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit()
        codes = [w.message.code for w in caught if isinstance(w.message, ImbalanceWarning)]
        return codes.count("INN029")

    given = network()
    clf = BalancedKerasClassifier(given, epochs=2, validation_split=split, random_state=0)
    assert notes(lambda: clf.fit(X, Y)) == 0
    if split == 2:
        # Its folds train copies.
        assert notes(lambda: clf.fit(X, Y)) == 0
        return
    assert notes(lambda: clf.fit(X, Y)) == 1
    assert notes(lambda: clone(clf).fit(X, Y)) == 1
    assert notes(lambda: cross_val_score(clf, X, Y, cv=2)) > 0
    assert notes(lambda: clone(clf).set_params(warm_start=True).fit(X, Y)) == 0
    assert notes(lambda: clf.partial_fit(X, Y)) == 0


def test_rows_that_were_trained_on_may_come_as_lists():
    clf = small().fit(X, Y)
    with pytest.warns(ImbalanceWarning, match="INN004.*of the 240 rows"):
        clf.tune_threshold(X.tolist(), Y.tolist())


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2]])
def test_a_class_that_no_row_has_shown_yet_is_not_impossible(classes):
    clf = small(epochs=1).partial_fit(X[Y == 0][:50], Y[Y == 0][:50], classes=classes)
    assert clf.network_outputs(X).max(axis=0).min() > 1e-4


def test_a_stage_that_never_comes_is_refused():
    with pytest.raises(InvalidParameterError, match="head_sampler='random_over' trains the last"):
        small(head_sampler="random_over").partial_fit(X, Y)


@pytest.mark.parametrize("name", ["shuffle", "run_eagerly"])
def test_flags_are_true_or_false(name):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        small(**{name: "no"}).fit(X, Y)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("params", [{}, {"model": "mlp", "moving_average": 2}])
def test_averages_of_weights_are_shipped_in_mixed_precision(policy, params):
    keras.config.set_dtype_policy(policy)
    try:
        clf = BalancedKerasClassifier(epochs=8, validation_split=0.2, random_state=0, **params)
        clf.fit(X, Y)
        assert roc_auc_score(Y, clf.predict_proba(X)[:, 1]) > 0.9
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_used_callback_with_a_file_is_cloned(tmp_path):
    logger = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    clf = small(callbacks=[logger]).fit(X, Y)
    twin = clone(clf)
    assert twin.callbacks[0] is not logger
    assert twin.callbacks[0].filename == logger.filename
    assert len(cross_val_score(clf, X, Y, cv=2)) == 2


@pytest.mark.parametrize("loss", ["focal", "logit_adjusted"])
def test_a_loss_beside_that_of_a_compiled_network_is_refused(loss):
    def build():
        made = network()
        made.compile("sgd", "binary_crossentropy")
        return made

    for model in (build, build()):
        clf = BalancedKerasClassifier(model, loss=loss, epochs=1)
        with pytest.raises(InvalidParameterError, match=f"loss='{loss}' has no effect.*uncompiled"):
            clf.fit(X, Y)


def test_a_sampler_may_name_categorical_columns():
    table = pd.DataFrame(X, columns=list("abcdef")).assign(f=(X[:, 5] > 0) * 1.0)
    named, numbered = (
        small(sampler=SMOTENC(categorical_features=columns, random_state=0)).fit(table, Y)
        for columns in (["f"], [5])
    )
    np.testing.assert_array_equal(named.predict_proba(table), numbered.predict_proba(table))
    for columns in ("auto", ["g"]):
        clf = small(sampler=SMOTENC(categorical_features=columns))
        with pytest.raises(InvalidParameterError, match="Give names of columns of X, or their num"):
            clf.fit(table, Y)
    with pytest.raises(InvalidParameterError, match="X has no names"):
        small(sampler=SMOTENC(categorical_features=["f"])).fit(X, Y)


def compiled(optimizer="sgd", loss="binary_crossentropy"):
    made = network()
    made.compile(optimizer, loss, metrics=["accuracy"])
    return made


def compiled_as_told(compile_kwargs):
    made = network()
    made.compile(**compile_kwargs | {"loss": "binary_crossentropy"})
    return made


def own(model, **settings):
    return BalancedKerasClassifier(model, epochs=1, validation_split=0.2, **settings)


IDLE = [
    ({"optimizer": "adam"}, "optimizer has"),
    ({"optimizer__learning_rate": 0.1, "optimizer": "sgd"}, "optimizer__learning_rate has"),
    ({"metrics": ["AUC"], "compile__loss_weights": 1.0}, "metrics, compile__loss_weights have"),
    ({"compile__jit_compile": False}, "compile__jit_compile has"),
]


@pytest.mark.parametrize(("settings", "told"), IDLE)
def test_settings_that_a_compiled_network_does_not_read_are_noted(settings, told):
    with pytest.warns(ImbalanceWarning, match=f"INN030. {told} no effect"):
        own(compiled, **settings).fit(X, Y)


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (compiled, {"optimizer": "SGD", "loss": "binary_crossentropy"}),
        (compiled, {"loss": keras.losses.BinaryCrossentropy}),
        (network, {"optimizer": "adam", "metrics": ["AUC"], "optimizer__learning_rate": 0.1}),
        (compiled_as_told, {"optimizer": "adam", "metrics": ["AUC"]}),
    ],
)
def test_settings_that_are_read_or_say_the_same_are_not(model, settings):
    own(model, **settings).fit(X, Y)


MISROUTED = [
    ({"optimizer__learningrate": 0.1}, "not a parameter of Adam. Did you mean 'learning_rate'"),
    ({"loss": "focal", "loss__gama": 2}, "FocalCrossentropy. Did you mean 'gamma'"),
    ({"loss__gamma": 2}, "nothing to go to: loss is None.*loss='focal'"),
    ({"optimizer": keras.optimizers.SGD(), "optimizer__momentum": 0.9}, "where the object is made"),
    ({"metrics": "AUC", "metrics__name": "area"}, "metrics=keras.metrics.AUC"),
]


@pytest.mark.parametrize(("settings", "told"), MISROUTED)
def test_what_is_routed_to_objects_that_do_not_take_it_is_refused(settings, told):
    with pytest.raises(InvalidParameterError, match=told):
        small(**{"optimizer": "adam"} | settings).fit(X, Y)


def test_a_class_of_the_users_takes_what_it_takes():
    class Slow(keras.optimizers.SGD):
        def __init__(self, **kwargs):
            super().__init__(kwargs.pop("pace", 0.1), **kwargs)

    small(optimizer=Slow, optimizer__pace=0.5).fit(X, Y)


@pytest.mark.parametrize("settings", [{"warm_start": "no"}, {"verbose": "yes"}])
def test_flags_are_flags(settings):
    with pytest.raises(InvalidParameterError, match=next(iter(settings))):
        small(**settings).fit(X, Y)


def test_none_is_neither_rows_nor_labels():
    clf = small(epochs=1)
    with pytest.raises(ValueError, match="X is None"):
        clf.fit(None, Y)
    clf.fit(X, Y)
    for ask in (clf.predict, clf.predict_proba, clf.network_outputs):
        with pytest.raises(ValueError, match="X is None"):
            ask(None)
    with pytest.raises(ValueError, match="y is None"):
        clf.score(X, None)
    with pytest.raises(ValueError, match="X is None"):
        clf.set_params(warm_start=True).fit(None, Y)


def test_a_chunk_of_one_class_is_not_resampled():
    clf = small(sampler="smote", epochs=1).partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"\{0: \d+, 1: 0\}.*larger chunks.*'balanced_batches'"):
        clf.partial_fit(X[Y == 0], Y[Y == 0])
    small(sampler="balanced_batches", epochs=1).partial_fit(X, Y).partial_fit(X[Y == 0], Y[Y == 0])


def test_the_last_value_that_is_set_is_used():
    clf = small(sampler=SMOTE(), sampler__k_neighbors=2)
    assert clf.fit(X, Y).sampler_.k_neighbors == clf.get_params()["sampler__k_neighbors"] == 2
    for params in ({"sampler__k_neighbors": 4}, {"sampler": SMOTE(), "sampler__k_neighbors": 3}):
        clf.set_params(**params)
        assert clf.get_params()["sampler__k_neighbors"] == params["sampler__k_neighbors"]
        assert clf.fit(X, Y).sampler_.k_neighbors == params["sampler__k_neighbors"]
        assert clone(clf).fit(X, Y).sampler_.k_neighbors == params["sampler__k_neighbors"]
    clf = small(threshold=ThresholdTuner("recall"), threshold__objective="f1")
    clf.set_params(threshold__objective="accuracy").fit(X, Y)
    expected = small(threshold=ThresholdTuner("accuracy")).fit(X, Y)
    assert clf.best_threshold_ == expected.best_threshold_
    assert clf.best_threshold_ != small(threshold=ThresholdTuner("f1")).fit(X, Y).best_threshold_


@pytest.mark.parametrize("values", [(-1, 1), (0, 2), (-1, 0), (1, 2)])
def test_an_indicator_of_other_values_is_refused(values):
    labels = np.c_[Y, X[:, 0] > 1].astype(int)
    with pytest.raises(ValueError, match=rf"y of several labels.*Write \(y == {values[1]}\)"):
        small().fit(X, np.array(values)[labels])
    with pytest.raises(ValueError, match="y of several labels"):
        small().fit(X, labels, X_val=X, y_val=np.array(values)[labels])
    small(epochs=1).fit(X, labels.astype(bool))


@pytest.mark.parametrize("weight", ["balanced", {0: 1, 1: 5}])
def test_weights_of_classes_are_not_those_of_rows(weight):
    with pytest.raises(ValueError, match="sample_weight must be.*class_weight"):
        small().fit(X, Y, sample_weight=weight)
