"""Hyper-parameters as NumPy's scalars, as searches over arrays hand them out."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV

from imbalanced_nn import BalancedBatches, BalancedKerasClassifier, load, save
from imbalanced_nn.wrapper.parameters import plain

pytestmark = pytest.mark.slow

X, Y = make_classification(300, 5, weights=[0.7], random_state=0)


def build(meta, compile_kwargs, units=3, rate=0.1, activation="relu", deep=False):
    """Build a network of plain Python numbers only, as those who write JSON expect them."""
    for value, kind in ((units, int), (rate, float), (activation, str), (deep, bool)):
        assert type(value) is kind, (value, kind)
    layers = [keras.layers.Dense(units, activation=activation), keras.layers.Dropout(rate)]
    inputs = keras.Input((meta["n_features_in_"],))
    return keras.Sequential([inputs, *layers, keras.layers.Dense(1, "sigmoid")])


OWN = {"model": build}
CASES = [
    OWN | {"model__units": np.int64(4), "model__rate": np.float32(0.2), "deep": np.bool_(True)},
    OWN | {"units": np.int32(4), "activation": np.str_("tanh"), "epochs": np.int32(2)},
    {"batch_size": np.int64(32), "loss": np.str_("focal"), "loss__gamma": np.float32(3)}
    | {"optimizer": np.str_("sgd"), "optimizer__learning_rate": np.float32(0.01)},
    {"fit__batch_size": np.int64(32), "predict__batch_size": np.int16(7), "verbose": np.int64(0)}
    | {"compile__steps_per_execution": np.int64(2), "metrics": [np.str_("accuracy")]},
    {"sampler": np.str_("smote"), "sampler__k_neighbors": np.int64(3), "patience": np.int8(3)},
    {"class_weight": {0: np.float32(1), 1: np.float64(2)}, "threshold": np.float32(0.3)},
    {"sampler": BalancedBatches(steps_per_epoch=np.int64(12)), "shuffle": np.bool_(False)},
    {"sampler": "balanced_batches", "sampler__steps_per_epoch": np.int64(12)}
    | {"callbacks": keras.callbacks.EarlyStopping, "callbacks__patience": np.int64(1)}
    | {"callbacks__monitor": np.str_("loss"), "early_stopping": np.bool_(False)},
    {"threshold": np.str_("f1"), "threshold__min_positives": np.int64(0)}
    | {"validation_split": np.int64(2), "ensemble": np.bool_(False)},
    {"validation_split": np.float32(0.25), "calibration": np.str_("sigmoid")}
    | {
        "model": "mlp",
        "model__hidden_layer_sizes": (np.int64(4),),
        "model__dropout": np.float32(0.1),
    }
    | {"priors": [np.float32(0.75), np.float32(0.25)], "pos_label": np.int64(1)}
    | {"random_state": np.int64(3), "engine": np.str_("graph")},
]


@pytest.mark.parametrize("params", CASES, ids=lambda params: ", ".join(params))
def test_they_do_what_python_numbers_do_and_stay_what_they_are(params, tmp_path):
    fixed = {"model": "mlp", "epochs": 1, "random_state": 0}
    clf = BalancedKerasClassifier(**(fixed | params)).fit(X, Y)
    for name, value in clf.get_params(deep=False).items():
        if name in params:
            assert value is params[name], name
    clone(clf)
    expected = BalancedKerasClassifier(**plain(fixed | params)).fit(X, Y)
    np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))
    np.testing.assert_array_equal(clf.predict(X), expected.predict(X))
    if "model" not in params:
        save(clf, tmp_path / "a.inn")
        np.testing.assert_array_equal(load(tmp_path / "a.inn").predict(X), clf.predict(X))


def test_arguments_of_calls_too():
    clf = BalancedKerasClassifier("mlp", random_state=0)
    clf.fit(X, Y, batch_size=np.int64(16), epochs=np.int32(1), verbose=np.int8(0))
    assert clf.model_.optimizer.iterations.numpy() == 15
    clf.partial_fit(X, Y, batch_size=np.int64(100))
    assert clf.model_.optimizer.iterations.numpy() == 18
    assert clf.predict(X, batch_size=np.int64(7)).shape == Y.shape


def test_a_search_over_arrays():
    grid = {"model__units": np.arange(2, 4), "batch_size": np.array([16, 32])}
    search = GridSearchCV(BalancedKerasClassifier(build, epochs=1), grid, cv=2, error_score="raise")
    search.fit(X, Y)
    assert search.best_params_["model__units"] in (2, 3)


def test_a_failed_fit_leaves_them_as_given():
    given = np.int64(32)
    clf = BalancedKerasClassifier("mlp", batch_size=given)
    with pytest.raises(ValueError, match="NaN"):
        clf.fit(np.full((10, 2), np.nan), np.tile([0, 1], 5))
    assert clf.batch_size is given


def test_what_holds_no_scalar_is_returned_as_it_is():
    for value in (3, "a", [1, (2.0,)], {"a": [1]}, np.arange(3), None, {"b": np.zeros((2, 2))}):
        assert plain(value) is value
    mixed = plain({"a": [np.int64(1), (np.float32(0.5), np.bool_(True))], "b": np.array(2)})
    assert mixed == {"a": [1, (0.5, True)], "b": 2}
    assert [type(v) for v in (mixed["a"][0], *mixed["a"][1], mixed["b"])] == [int, float, bool, int]
