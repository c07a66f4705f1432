"""Metrics keep the names that they were given, in every fit, and each fit its own copies."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import copy_of, unnumbered

X = np.random.default_rng(0).normal(size=(120, 4)).astype(np.float32)
Y = (X[:, 0] > 0.8).astype(int)
OURS = {"loss", "val_loss", "val_average_precision", "val_log_loss"}


def build():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")])


def compiled():
    model = build()
    model.compile("sgd", "binary_crossentropy", metrics=[keras.metrics.AUC()])
    return model


class Weighed(keras.metrics.Metric):
    """Not registered, and with an argument that no configuration tells."""

    def __init__(self, weight):
        super().__init__(name="weighed")
        self.weight = weight
        self.total = self.add_variable((), "zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(self.weight)

    def result(self):
        return {"weighed": self.total + 0, "twice": 2 * self.total}


def fitted(model=build, **params):
    params = {"epochs": 1, "batch_size": 32, "random_state": 0, "early_stopping": False, **params}
    return BalancedKerasClassifier(model, **params).fit(X, Y)


NAMES = {
    "text": (lambda: ["accuracy", "acc", "auc", "mse"], ["accuracy", "acc", "auc", "mse"]),
    "text of a class": (lambda: ["AUC", "BinaryAccuracy"], ["auc", "binary_accuracy"]),
    "one": (lambda: "Precision", ["precision"]),
    "unnamed": (lambda: [keras.metrics.AUC(), keras.metrics.AUC(curve="PR")], ["auc", "auc_1"]),
    "named": (
        lambda: [keras.metrics.AUC(name="auc"), keras.metrics.Recall(name="found")],
        ["auc", "found"],
    ),
    "class, arguments, function": (
        lambda: [
            keras.metrics.Recall,
            keras.metrics.RecallAtPrecision(0.9),
            keras.metrics.binary_accuracy,
        ],
        ["recall", "recall_at_precision", "binary_accuracy"],
    ),
    "unregistered": (lambda: [Weighed(3.0)], ["weighed", "twice"]),
}


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("unnamed", "auto"),
        pytest.param("unnamed", "keras", marks=pytest.mark.slow),
        *(
            pytest.param(name, "auto", marks=pytest.mark.slow)
            for name in NAMES
            if name != "unnamed"
        ),
    ],
)
def test_names_are_those_given_in_every_fit(name, engine):
    make, names = NAMES[name]
    expected = {prefix + name for name in names for prefix in ("", "val_")}
    # Keras has counted some already.
    assert [keras.metrics.AUC(), keras.metrics.Recall()]
    clf = fitted(metrics=make(), engine=engine)
    assert set(clf.history_) - OURS == expected
    assert set(clone(clf).fit(X, Y).history_) - OURS == expected


def test_build_functions_that_compile():
    for _ in range(2):
        assert "val_auc" in fitted(compiled, monitor="val_auc", early_stopping=True).history_


def test_cross_fitting_and_going_on():
    metrics = [keras.metrics.AUC(), Weighed(2.0)]
    clf = fitted(metrics=metrics, validation_split=3)
    # Three batches of two thirds of the rows, by the weight that only the object knows.
    assert clf.history_["weighed"] == [6.0]
    clf = fitted(metrics=metrics, warm_start=True, validation_split=0.0, threshold=None)
    clf.partial_fit(X, Y)
    assert [len(clf.history_[name]) for name in ("auc", "weighed", "twice")] == [2, 2, 2]


def test_objects_of_the_user_are_not_touched():
    metric = Weighed(3.0)
    metric.update_state(None, None)
    first, second = (fitted(metrics=[metric]) for _ in range(2))
    assert first.history_["weighed"] == second.history_["weighed"] == [9.0]
    assert metric.result()["weighed"].numpy() == 3.0
    assert first.metrics[0] is metric


def test_vectors_are_arrays_in_the_history():
    labels = np.column_stack([Y, X[:, 1] > 0, X[:, 2] > 0.5]).astype(int)
    histories = []
    for engine in ("keras", "graph"):
        clf = BalancedKerasClassifier(
            "mlp",
            model__hidden_layer_sizes=(4,),
            metrics=[keras.metrics.F1Score(threshold=0.5)],
            engine=engine,
            epochs=2,
            random_state=0,
        ).fit(X, labels)
        assert clf.engine_.startswith(engine)
        histories.append(clf.history_)
        assert pickle.loads(pickle.dumps(clf)).history_.keys() == clf.history_.keys()
    for name in ("f1_score", "val_f1_score"):
        theirs, ours = (history[name] for history in histories)
        assert all(type(entry) is np.ndarray and entry.shape == (3,) for entry in ours + theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_numbers_of_the_user_are_kept():
    assert unnumbered(keras.metrics.AUC(name="auc_977")) == "auc_977"
    first, second = keras.metrics.AUC(), keras.metrics.AUC()
    assert second.name != first.name
    assert unnumbered(second) == "auc"
    assert (
        pickle.loads(pickle.dumps(BalancedKerasClassifier("mlp", metrics=[second]))).metrics[0].name
        == "auc"
    )


def test_copies_share_no_state():
    metric = keras.metrics.AUC()
    metric.update_state([0, 1], [0.2, 0.9])
    twin = copy_of(metric)
    assert twin.get_config() == metric.get_config()
    metric.reset_state()
    assert twin.true_positives.numpy().any()
    assert not metric.true_positives.numpy().any()
