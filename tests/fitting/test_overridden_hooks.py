"""Hooks of scikeras that a subclass overrides are called in a fit, once or for each network."""

from typing import ClassVar

import numpy as np
import pytest
from scikeras.utils.transformers import ClassifierLabelEncoder
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import few_rows

X, Y = few_rows()
SMALL = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 2, "random_state": 0}
ONE = {"validation_split": 0.2}
METHODS = (
    "_build_keras_model",
    "_check_model_compatibility",
    "_ensure_compiled_model",
    "_fit_keras_model",
    "_get_compile_kwargs",
    "_get_metadata",
    "_initialize",
    "_initialize_callbacks",
    "_predict_raw",
    "_type_of_target",
    "_validate_data",
)


class Counting(BalancedKerasClassifier):
    """Counts the calls of its hooks."""

    calls: ClassVar[dict[str, int]] = {}


def counted(name):
    method = getattr(BalancedKerasClassifier, name)

    def hook(self, *args, **kwargs):
        self.calls[name] = self.calls.get(name, 0) + 1
        return method(self, *args, **kwargs)

    return hook


for _name in METHODS:
    setattr(Counting, _name, counted(_name))


@pytest.fixture
def calls():
    Counting.calls.clear()
    return Counting.calls


@pytest.mark.parametrize(
    ("params", "trained", "built"),
    [
        ({}, 1, 1),
        # The first network of the estimator itself tells whether those of the folds have a mean.
        ({"validation_split": 3}, 3, 4),
        ({"validation_split": 3, "ensemble": False}, 4, 4),
    ],
)
def test_hooks_are_called(calls, params, trained, built):
    clf = Counting(**SMALL | ONE | params).fit(X, Y)
    clf.predict(X)
    assert set(calls) == set(METHODS)
    assert calls["_fit_keras_model"] == trained
    assert calls["_build_keras_model"] == built
    plain = BalancedKerasClassifier(**SMALL | ONE | params).fit(X, Y)
    np.testing.assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))


def test_the_parent_hands_on_what_its_hook_takes(calls):
    taken = []

    class Watching(BalancedKerasClassifier):
        def _fit_keras_model(
            self, X, y, sample_weight, warm_start, epochs, initial_epoch, **kwargs
        ):
            taken.append((warm_start, epochs, initial_epoch))
            return super()._fit_keras_model(
                X, y, sample_weight, warm_start, epochs, initial_epoch, **kwargs
            )

    Watching(**SMALL, **ONE).fit(X, Y).partial_fit(X, Y)
    assert taken == [(False, 2, 0), (True, 1, 2)]


class Turned(ClassifierLabelEncoder):
    """An encoder of the user's own, which hides the classes."""


class OwnEncoders(BalancedKerasClassifier):
    """Encodes features and labels in ways of its own."""

    @property
    def feature_encoder(self):
        """Halve the features."""
        return FunctionTransformer(lambda X: np.asarray(X, "float32") / 2)

    @property
    def target_encoder(self):
        """Hide the classes."""
        return Turned(loss=self.loss)


def test_encoders_of_the_users_own_are_used():
    clf = OwnEncoders(loss="binary_crossentropy", validation_split=0, **SMALL).fit(X, Y)
    assert type(clf.target_encoder_) is Turned
    np.testing.assert_allclose(clf.feature_encoder_.transform(X), X / 2, rtol=1e-6)
    assert set(clf.predict(X)) <= {0, 1}
    assert not hasattr(clf, "fit_result_")
