"""Losses, optimizers, metrics and callbacks of the caller, in other processes too."""

import pickle
import sys
import textwrap

import keras
import numpy as np
import pytest
from sklearn.model_selection import (
    GridSearchCV,
)

from .conftest import in_new_process, ours, parents

# As in the process that what is fitted here is read in.
REWRITTEN = True


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


def test_a_callback_that_has_closed_its_file_is_pickled(data, tmp_path):
    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    clf = ours(model="mlp", model__hidden_layer_sizes=(4,), callbacks=[logger]).fit(*data)
    twin = pickle.loads(pickle.dumps(clf))
    twin.fit(*data)
    assert (tmp_path / "log.csv").read_text("utf-8").startswith("epoch,")


def test_metrics_that_hold_lists_are_pickled():
    metrics = [keras.metrics.Precision(thresholds=[0.5, 0.7]), keras.metrics.BinaryIoU([1])]
    twin = pickle.loads(pickle.dumps(ours(model="mlp", metrics=metrics)))
    assert [m.get_config() for m in twin.metrics] == [m.get_config() for m in metrics]


# Nothing undoes what a power of the distance makes of the probabilities.
@pytest.mark.filterwarnings(r"ignore:\[INN012\]")
@pytest.mark.slow
def test_custom_loss_and_metric_survive_pickle_into_a_new_process(data, custom, tmp_path):
    X, y = data
    fits = [
        ours(model="mlp", model__hidden_layer_sizes=(4,), loss=loss, metrics=metrics).fit(X, y)
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
