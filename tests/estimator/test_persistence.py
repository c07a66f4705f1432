"""Copies of an estimator, in this process and in a new one."""

import copy
import io
import os
import pickle
import subprocess
import sys
import textwrap

import cloudpickle
import joblib
import keras
import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.datasets import load_thyroid
from imbalanced_nn.exceptions import InvalidParameterError

# One fit uses every step so that the state of each is kept, a sampler and weights at once.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN003\]")
# As in the process that what is fitted here is read in.
REWRITTEN = True

STATE = (
    "classes_",
    "class_count_",
    "class_prior_",
    "class_weight_",
    "sample_indices_",
    "validation_indices_",
    "best_threshold_",
    "best_score_",
    "history_",
    "n_features_in_",
)


@pytest.fixture(scope="module")
def data():
    X, y = load_thyroid(return_X_y=True)
    return X[::16], np.array(["hyper", "subnormal", "normal"])[y[::16]]


def network(**params):
    small = {"model": "mlp", "model__hidden_layer_sizes": (8,), "epochs": 3, "random_state": 0}
    return BalancedKerasClassifier(**(small | params))


@pytest.fixture(scope="module")
def fitted(data):
    """A fit that uses every step, and Keras objects as parameters."""
    return network(
        sampler=SMOTE(k_neighbors=2),
        class_weight={"hyper": 2.0},
        threshold="f1_macro",
        optimizer=keras.optimizers.Adam(0.02),
        callbacks=[keras.callbacks.TerminateOnNaN()],
        metrics=["accuracy"],
    ).fit(*data)


def assert_equal(left, right, X):
    np.testing.assert_array_equal(left.predict_proba(X), right.predict_proba(X))
    np.testing.assert_array_equal(left.predict(X), right.predict(X))
    for name in STATE:
        np.testing.assert_equal(getattr(left, name), getattr(right, name))
    assert repr(left.decision_rule_) == repr(right.decision_rule_)
    one, other = (clf.model_.optimizer.get_config() for clf in (left, right))
    assert one == other


def by_joblib(clf):
    buffer = io.BytesIO()
    joblib.dump(clf, buffer, compress=3)
    buffer.seek(0)
    return joblib.load(buffer)


COPIES = {
    "pickle": lambda clf: pickle.loads(pickle.dumps(clf)),
    "old pickle": lambda clf: pickle.loads(pickle.dumps(clf, protocol=2)),
    "joblib": by_joblib,
    "cloudpickle": lambda clf: cloudpickle.loads(cloudpickle.dumps(clf)),
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("make", COPIES.values(), ids=COPIES)
def test_copy_is_equal_and_its_own(fitted, data, make):
    X, y = data
    twin = make(fitted)
    assert_equal(twin, fitted, X)
    before = fitted.predict_proba(X)
    twin.partial_fit(X, y)
    assert not np.array_equal(twin.predict_proba(X), before)
    np.testing.assert_array_equal(fitted.predict_proba(X), before)
    assert len(fitted.history_["loss"]) == 3 and len(twin.history_["loss"]) == 4


def test_copy_goes_on_as_the_original_would(data):
    X, y = data
    clf = network(optimizer="adam").fit(X, y)
    twin = pickle.loads(pickle.dumps(clf))
    # Momentum and step count of the optimizer are part of the state.
    assert twin.model_.optimizer.iterations.numpy() == clf.model_.optimizer.iterations.numpy() > 0
    for one, other in zip(
        twin.model_.optimizer.variables, clf.model_.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    for start in (0, 200):
        clf.partial_fit(X[start:], y[start:])
        twin.partial_fit(X[start:], y[start:])
    assert twin.history_["loss"] == pytest.approx(clf.history_["loss"], rel=0.1)


def test_clone_is_unfitted_and_shares_nothing(fitted, data):
    twin = clone(fitted)
    assert twin.get_params().keys() == fitted.get_params().keys()
    assert not hasattr(twin, "model_") and not hasattr(twin, "classes_")
    with pytest.raises(NotFittedError):
        twin.predict(data[0])
    for name in ("sampler", "optimizer", "class_weight", "callbacks"):
        assert getattr(twin, name) is not getattr(fitted, name)
    assert_equal(twin.fit(*data), fitted, data[0])


def test_unfitted_estimator_is_copied(data):
    clf = network(sampler="smote", optimizer=keras.optimizers.SGD(0.5))
    for make in COPIES.values():
        twin = make(clf)
        assert twin.optimizer.get_config() == clf.optimizer.get_config()
        assert not hasattr(twin, "model_")


USERS_CODE = """
    import keras

    class Doubled(keras.layers.Dense):
        def call(self, inputs):
            return 2 * super().call(inputs)

    class Shrunk(keras.regularizers.Regularizer):
        def __call__(self, weights):
            return 1e-3 * keras.ops.sum(keras.ops.abs(weights))

        def get_config(self):
            return {}

    def bent(values):
        return keras.ops.tanh(values) + 0.1 * values

    def network(meta):
        inputs = keras.Input((meta["n_features_in_"],))
        hidden = Doubled(4, activation=bent, kernel_regularizer=Shrunk())(inputs)
        hidden = keras.layers.Activation(bent)(hidden)
        hidden = keras.layers.Lambda(lambda values: values + 1.0, output_shape=(4,))(hidden)
        outputs = keras.layers.Dense(meta["n_classes_"], activation="softmax")(hidden)
        return keras.Model(inputs, outputs)

    class Subclassed(keras.Model):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.hidden = keras.layers.Dense(4, activation=bent)
            self.output_layer = keras.layers.Dense(units, activation="softmax")

        def call(self, inputs):
            return self.output_layer(self.hidden(inputs))

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    def subclassed(meta):
        return Subclassed(meta["n_classes_"])

    class Joined(keras.layers.Layer):
        def __init__(self, functions, **kwargs):
            super().__init__(**kwargs)
            self.functions = {"all": [keras.activations.get(each) for each in functions]}

        def call(self, inputs):
            return sum(function(inputs) for function in self.functions["all"])

        def get_config(self):
            functions = map(keras.activations.serialize, self.functions["all"])
            return {**super().get_config(), "functions": list(functions)}

    @keras.saving.register_keras_serializable("users")
    class Told(keras.layers.Dense):
        pass

    @keras.saving.register_keras_serializable("users")
    class ToldLoss(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

    class Slower(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.02 / (1.0 + keras.ops.cast(step, "float32"))

        def get_config(self):
            return {}

    class OwnSGD(keras.optimizers.SGD):
        pass

    def joined(meta):
        inputs = keras.Input((meta["n_features_in_"],))
        hidden = Joined([bent, keras.activations.relu])(Told(4)(inputs))
        outputs = keras.layers.Dense(meta["n_classes_"], activation="softmax")(hidden)
        return keras.Model(inputs, outputs)
"""


@pytest.fixture
def users_code(tmp_path, monkeypatch):
    """A module of the user's whose classes and functions Keras was never told of."""
    (tmp_path / "users_layers.py").write_text(textwrap.dedent(USERS_CODE))
    monkeypatch.syspath_prepend(tmp_path)
    import users_layers

    yield users_layers
    del sys.modules["users_layers"]
    for name in ("users>Told", "users>ToldLoss"):
        keras.saving.get_custom_objects().pop(name, None)


def predict_in_new_process(paths, X, folder):
    """Load every file in a fresh interpreter and return its probabilities and decisions."""
    np.save(folder / "X.npy", X)
    code = f"""
        import joblib, numpy as np
        X = np.load({str(folder / "X.npy")!r})
        fits = [joblib.load(path) for path in {[str(path) for path in paths]!r}]
        joblib.dump([(clf.predict_proba(X), clf.predict(X)) for clf in fits],
                    {str(folder / "answers")!r})
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return joblib.load(folder / "answers")


@pytest.mark.slow
def test_a_new_process_predicts_the_same(fitted, users_code, data, tmp_path):
    X, y = data
    custom = BalancedKerasClassifier(users_code.network, epochs=2, random_state=0).fit(X, y)
    subclassed = BalancedKerasClassifier(users_code.subclassed, epochs=2, random_state=0).fit(X, y)
    told = users_code.joined, users_code.ToldLoss(), users_code.OwnSGD(users_code.Slower())
    told = BalancedKerasClassifier(
        told[0], loss=told[1], optimizer=told[2], calibration="sigmoid", epochs=2, random_state=0
    ).fit(X, y)
    fits = [fitted, fitted, fitted, custom, subclassed, told]
    paths = [tmp_path / f"{number}.fit" for number in range(len(fits))]
    joblib.dump(fitted, paths[0])
    paths[1].write_bytes(pickle.dumps(fitted))
    paths[2].write_bytes(cloudpickle.dumps(fitted))
    joblib.dump(custom, paths[3])
    joblib.dump(subclassed, paths[4])
    joblib.dump(told, paths[5])
    answers = predict_in_new_process(paths, X, tmp_path)
    for clf, (proba, labels) in zip(fits, answers, strict=True):
        np.testing.assert_array_equal(proba, clf.predict_proba(X))
        np.testing.assert_array_equal(labels, clf.predict(X))


def test_function_activations_and_lambda_layers_are_copied(users_code, data):
    X, y = data
    clf = BalancedKerasClassifier(users_code.network, epochs=2, random_state=0).fit(X, y)
    for make in COPIES.values():
        twin = make(clf)
        np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
        assert isinstance(twin.model_.layers[1], users_code.Doubled)


def test_code_in_a_list_and_registered_code_travel_by_reference(users_code, data):
    X, y = data
    clf = BalancedKerasClassifier(
        users_code.joined,
        loss=users_code.ToldLoss(),
        optimizer=users_code.OwnSGD(users_code.Slower()),
        calibration="sigmoid",
        epochs=1,
        random_state=0,
    ).fit(X, y)
    pickled, proba = pickle.dumps(clf), clf.predict_proba(X)
    # As in a process that has not imported it yet.
    for name in ("users>Told", "users>ToldLoss"):
        del keras.saving.get_custom_objects()[name]
    twin = pickle.loads(pickled)
    np.testing.assert_array_equal(twin.predict_proba(X), proba)
    assert type(twin.optimizer) is users_code.OwnSGD and type(twin.loss) is users_code.ToldLoss
    assert type(twin.model_.optimizer) is users_code.OwnSGD
    assert isinstance(twin.model_.layers[1], users_code.Told)
    moved = clf.adapt_priors(X).network_outputs(X)
    np.testing.assert_array_equal(moved, clf.network_outputs(X))


def test_a_network_and_an_optimizer_of_own_code_are_cloned(users_code, data):
    X, y = data
    layers = [users_code.Doubled(4, activation=users_code.bent), users_code.Joined(["tanh"])]
    layers = [keras.Input((X.shape[1],)), *layers, keras.layers.Dense(3, "softmax")]
    model = keras.Sequential(layers)
    optimizer = users_code.OwnSGD(users_code.Slower())
    clf = BalancedKerasClassifier(model, optimizer=optimizer, epochs=1, random_state=0)
    twin = clone(clf)
    assert twin.model is not model and twin.optimizer is not optimizer
    for one, other in zip(twin.model.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert type(twin.optimizer) is users_code.OwnSGD
    assert isinstance(twin.model.layers[0], users_code.Doubled)
    twin.fit(X, y)
    assert clone(twin).get_params().keys() == clf.get_params().keys()


def scaled_by(factor):
    def scaled(values):
        return factor * values

    return scaled


@pytest.mark.parametrize("other", [scaled_by(3), keras.activations.relu])
def test_two_functions_of_one_name_are_refused(data, other):
    one = scaled_by(2)
    one.__name__ = other.__name__
    layers = [keras.layers.Dense(3, one), keras.layers.Dense(3, other)]
    model = keras.Sequential([keras.Input((data[0].shape[1],)), *layers])
    with pytest.raises(InvalidParameterError, match=f"called '{other.__name__}', which a copy"):
        copy.deepcopy(BalancedKerasClassifier(model))


class Watcher(keras.callbacks.Callback):
    """Holds on to the network and counts its epochs."""

    def __init__(self, ballast=0):
        super().__init__()
        self.ballast = ballast
        self.seen = 0

    def on_epoch_end(self, epoch, logs=None):
        self.seen += 1


def test_used_callbacks_do_not_travel_with_their_network(data):
    X, y = data
    watcher = Watcher()
    plain = network().fit(X, y)
    clf = network(callbacks=[watcher], fit__callbacks=[Watcher()]).fit(X, y)
    assert watcher.seen == 3 and watcher.model is clf.model_
    state = clf.__getstate__()
    assert "_fit_callbacks" not in state and "_predict_callbacks" not in state
    extra = len(pickle.dumps(clf)) - len(pickle.dumps(plain))
    assert extra < 2000
    assert watcher.model is clf.model_
    twin = cloudpickle.loads(cloudpickle.dumps(clf))
    assert twin.callbacks[0].seen == 3 and twin.callbacks[0].model is None
    twin.partial_fit(X, y)
    assert twin.callbacks[0].seen == 4 and watcher.seen == 3


def test_prebuilt_model_stays_one_with_the_trained_one(data):
    X, y = data
    start = keras.initializers.RandomNormal(seed=0)
    output = keras.layers.Dense(3, activation="softmax", kernel_initializer=start)
    model = keras.Sequential([keras.Input((X.shape[1],)), output])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
    clf = BalancedKerasClassifier(model, epochs=1, random_state=0).fit(X, y)
    for make in COPIES.values():
        twin = make(clf)
        np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
        assert twin.model is twin.model_
