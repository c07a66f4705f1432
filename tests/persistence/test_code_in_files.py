"""Code of neither Keras nor this package: refused, given by the caller, or asked for."""

import pickle

import keras
import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.base import clone
from sklearn.model_selection import ShuffleSplit
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner, load, save
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import FocalCrossentropy
from imbalanced_nn.wrapper import NotKept

from .conftest import (
    binary,
    multiclass,
    network,
    refused,
    rewritten,
    slow_but_first,
    with_layer,
)


class TestCode:
    """Networks with code that is neither Keras' nor this package's."""

    def test_a_lambda_layer_is_refused_when_saving(self, tmp_path):
        def build(meta):
            inputs = keras.Input((meta["n_features_in_"],))
            hidden = keras.layers.Lambda(lambda x: x * 2)(inputs)
            return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))

        clf = BalancedKerasClassifier(build, epochs=1).fit(*binary())
        with pytest.raises(InvalidParameterError) as refusal:
            save(clf, tmp_path / "a.inn")
        assert str(refusal.value).startswith("The estimator cannot be saved: model_ is the network")
        assert "with code in a Lambda layer" in str(refusal.value)
        assert "Write a layer class of your own" in str(refusal.value)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("layer", "part"),
        [
            (
                {"module": "keras.layers", "class_name": "Lambda", "registered_name": None},
                "its network has a Lambda layer, which runs code from the file.",
            ),
            (
                {"module": "keras.layers", "class_name": "TorchModuleWrapper"},
                "its network has a TorchModuleWrapper layer, which runs code from the file.",
            ),
            (
                {"module": "os", "class_name": "system", "registered_name": None},
                "its network uses 'system' of 'os', which is neither Keras' nor this package's. If "
                "you trust the file, give load(..., custom_objects={'system': system}).",
            ),
            (
                {"module": "keras.utils", "class_name": "get_file", "registered_name": None},
                "its network uses 'get_file' of 'keras.utils', which is neither",
            ),
            (
                {"module": "builtins", "class_name": "function", "config": "eval"},
                "its network uses 'eval', which is neither",
            ),
            (
                {"module": None, "class_name": "Own", "registered_name": "mine>Own"},
                "its network uses 'Own', which is neither",
            ),
            (
                {"module": None, "class_name": "Own", "registered_name": "imbalanced_nn>Own"},
                "its network uses 'Own', which is neither",
            ),
        ],
    )
    def test_a_file_that_names_code_is_refused(self, saved, tmp_path, layer, part):
        assert part in refused(with_layer(saved, tmp_path / "a.inn", layer))

    def test_own_layers_and_functions_are_given_by_the_caller(self, tmp_path):
        class Doubled(keras.layers.Dense):
            def call(self, inputs):
                return 2 * super().call(inputs)

        def bent(values):
            return keras.ops.tanh(values)

        def build(meta):
            inputs = keras.Input((meta["n_features_in_"],))
            hidden = keras.layers.Dense(3, activation=bent)(Doubled(4)(inputs))
            return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))

        X, y = binary()
        clf = BalancedKerasClassifier(build, epochs=1, random_state=0).fit(X, y)
        save(clf, tmp_path / "a.inn")
        assert "its network uses 'Doubled' of " in refused(tmp_path / "a.inn")
        assert "its network uses 'bent', which" in refused(
            tmp_path / "a.inn", custom_objects={"Doubled": Doubled}
        )
        twin = load(tmp_path / "a.inn", custom_objects={"Doubled": Doubled, "bent": bent})
        np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
        assert isinstance(twin.model_.layers[1], Doubled)

    def test_a_subclass_of_the_estimator_is_given_by_the_caller(self, tmp_path):
        class Own(BalancedKerasClassifier):
            @property
            def feature_encoder(self):
                return FunctionTransformer(np.abs)

        X, y = binary()
        clf = Own(epochs=1, random_state=0).fit(X, y)
        save(clf, tmp_path / "a.inn")
        assert "its estimator is of the class 'Own'." in refused(tmp_path / "a.inn")
        twin = load(tmp_path / "a.inn", custom_objects={"Own": Own})
        assert type(twin) is Own
        np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))


def build(meta, units=3):
    inputs = keras.Input((meta["n_features_in_"],))
    hidden = keras.layers.Dense(units)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))


def own_score(y_true, y_pred):
    return float(np.mean(y_true == y_pred))


def own_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(keras.ops.cast(y_true, y_pred.dtype) - y_pred), axis=-1)


class OwnLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return own_loss(y_true, y_pred)


class OwnSampler(SMOTE):
    pass


OWN = {"own_loss": own_loss, "OwnLoss": OwnLoss}
FOCAL = keras.losses.BinaryFocalCrossentropy


class TestLosses:
    @pytest.mark.parametrize(
        "loss",
        slow_but_first([OwnLoss, own_loss, OwnLoss(), FOCAL, FocalCrossentropy]),
    )
    def test_a_loss_in_any_form_is_saved(self, loss, tmp_path):
        X, y = binary()
        clf = network(loss=loss, calibration="sigmoid", epochs=1).fit(X, y)
        save(clf, tmp_path / "a.inn")
        is_own = loss not in (FOCAL, FocalCrossentropy)
        if is_own:
            assert "its network uses" in refused(tmp_path / "a.inn")
        twin = load(tmp_path / "a.inn", custom_objects=OWN if is_own else None)
        np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
        assert isinstance(twin.loss, NotKept) if is_own else twin.loss is loss
        save(twin, tmp_path / "b.inn")
        expected = clf.partial_fit(X, y).predict_proba(X)
        twin = load(tmp_path / "b.inn", custom_objects=OWN if is_own else None)
        np.testing.assert_array_equal(twin.partial_fit(X, y).predict_proba(X), expected)

    @pytest.mark.parametrize("form", [lambda cls: cls, lambda cls: cls()])
    def test_labels_stay_one_hot_for_a_loss_that_takes_them_so(self, form, tmp_path):
        X, y = multiclass()
        clf = network(loss=form(keras.losses.CategoricalCrossentropy), epochs=1).fit(X, y)
        save(clf, tmp_path / "a.inn")
        encoder = load(tmp_path / "a.inn").target_encoder_
        np.testing.assert_array_equal(encoder.transform(y), clf.target_encoder_.transform(y))
        assert encoder.transform(y).shape == (len(y), 3)


def test_what_keras_has_by_name_is_kept(tmp_path):
    X, y = binary()
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9)
    given = {
        "optimizer": keras.optimizers.SGD,
        "metrics": [keras.metrics.AUC, keras.metrics.binary_accuracy],
        "loss": keras.losses.binary_crossentropy,
    }
    clf = network(**given, optimizer__learning_rate=rate, epochs=1).fit(X, y)
    save(clf, tmp_path / "a.inn")
    twin = load(tmp_path / "a.inn")
    assert {name: getattr(twin, name) for name in given} == given
    assert twin.optimizer__learning_rate.get_config() == rate.get_config()
    expected = clf.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(twin.fit(X, y).predict_proba(X), expected)


@pytest.mark.parametrize("name", ["keras.losses.deserialize", "keras.utils.get_file", 3])
def test_a_name_of_something_else_is_refused(saved, tmp_path, name):
    def swap(manifest, _):
        manifest["estimator"]["value"]["parameters"]["loss"] = {"~": "keras_name", "value": name}

    path = rewritten(saved, tmp_path / "a.inn", swap)
    assert f"it names {name!r}, which this version of Keras does not have" in refused(path)


def test_two_functions_of_one_name_are_not_saved(tmp_path):
    def scaled_by(factor):
        def scaled(values):
            return factor * values

        return scaled

    def build(meta):
        layers = [keras.layers.Dense(2, scaled_by(2)), keras.layers.Dense(2, scaled_by(3))]
        layers = [keras.Input((meta["n_features_in_"],)), *layers]
        return keras.Sequential([*layers, keras.layers.Dense(1, "sigmoid")])

    clf = BalancedKerasClassifier(build, loss="binary_crossentropy").initialize(*binary())
    with pytest.raises(InvalidParameterError, match="two different functions or classes called"):
        save(clf, tmp_path / "a.inn")


class TestParametersThatAreCode:
    @pytest.fixture(scope="class")
    @classmethod
    def twin(cls, tmp_path_factory):
        X, y = binary()
        callbacks = [keras.callbacks.TerminateOnNaN()]
        clf = BalancedKerasClassifier(
            build,
            model__units=4,
            sampler=OwnSampler(k_neighbors=2),
            callbacks=callbacks,
            validation_split=ShuffleSplit(1, random_state=0),
            threshold=own_score,
            epochs=2,
            random_state=0,
        ).fit(X, y)
        path = tmp_path_factory.mktemp("code") / "a.inn"
        save(clf, path)
        return clf, load(path)

    def test_answers_need_none_of_it(self, twin):
        X, _ = binary()
        clf, twin = twin
        np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
        np.testing.assert_array_equal(
            pickle.loads(pickle.dumps(twin)).predict_proba(X), clf.predict_proba(X)
        )
        assert twin.model__units == 4
        assert not hasattr(twin, "sampler_")

    def test_training_asks_for_each_by_name(self, twin):
        X, y = binary()
        twin = pickle.loads(pickle.dumps(twin[1]))
        needed = {
            "callbacks": None,
            "model": build,
            "sampler": "smote",
            "threshold": "f1",
            "validation_split": 0.2,
        }
        asked = []
        while len(asked) < 6:
            try:
                twin.fit(X, y)
                break
            except InvalidParameterError as error:
                name = str(error).split()[0]
                assert "when the estimator was saved, which its file does not keep" in str(error)
                assert f"set_params({name}=...)" in str(error)
                asked.append(name)
                twin.set_params(**{name: needed[name]})
        assert sorted(asked) == sorted(needed)

    def test_going_on_asks_for_what_it_uses(self, twin):
        X, y = binary()
        clf, twin = (pickle.loads(pickle.dumps(each)) for each in twin)
        for name, value in {"callbacks": None, "sampler": OwnSampler(k_neighbors=2)}.items():
            with pytest.raises(InvalidParameterError, match=f"^{name} was "):
                twin.partial_fit(X, y)
            twin.set_params(**{name: value})
        twin.partial_fit(X, y)
        expected = clf.partial_fit(X, y).predict_proba(X)
        np.testing.assert_array_equal(twin.predict_proba(X), expected)
        assert twin.best_threshold_ == clf.best_threshold_
        with pytest.raises(InvalidParameterError, match="^model was "):
            clone(twin).partial_fit(X, y)

    def test_the_score_of_a_function_asks_for_it(self, twin):
        with pytest.raises(InvalidParameterError, match="^threshold was <function own_score"):
            twin[1].score(*binary())
        with pytest.raises(InvalidParameterError, match="^threshold was <function own_score"):
            pickle.loads(pickle.dumps(twin[1])).tune_threshold()
        with pytest.raises(InvalidParameterError, match="^threshold was <function own_score"):
            twin[1].bootstrap_threshold()

    def test_a_metric_of_scikit_learn_is_kept_by_its_name(self, tmp_path):
        from sklearn.metrics import f1_score

        X, y = binary()
        clf = network(threshold=f1_score, epochs=1).fit(X, y)
        save(clf, tmp_path / "a.inn")
        twin = load(tmp_path / "a.inn")
        assert twin.threshold == "f1"
        assert twin.score(X, y) == clf.score(X, y)

    def test_a_tuner_with_a_function_is_not_kept(self, tmp_path):
        X, y = binary()
        clf = network(threshold=ThresholdTuner(own_score), epochs=1).fit(X, y)
        save(clf, tmp_path / "a.inn")
        twin = load(tmp_path / "a.inn")
        np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
        with pytest.raises(InvalidParameterError, match="^threshold was ThresholdTuner"):
            twin.score(X, y)
