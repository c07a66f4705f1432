"""A copy has the loss, metrics and optimizer of the original, whose classes may tell less."""

import copy
import pickle

import cloudpickle
import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict

from imbalanced_nn import BalancedKerasClassifier, load, save
from imbalanced_nn.exceptions import InvalidParameterError
from tests.problems import few_rows

X, Y = few_rows()
PLAIN = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 2, "random_state": 0}
PLAIN |= {"calibration": "sigmoid", "validation_split": 0.2}


class Powered(keras.losses.Loss):
    """A loss of an argument that nothing but itself knows."""

    def __init__(self, power=1.0, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def call(self, y_true, y_pred):
        y_true = keras.ops.cast(y_true, y_pred.dtype)
        return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** self.power, axis=-1)


class Told(Powered):
    """The same that says it."""

    def get_config(self):
        return {**super().get_config(), "power": self.power}


class Renamed(Powered):
    """One that keeps its argument under another name."""

    def __init__(self, exponent=1.0, **kwargs):
        super().__init__(power=exponent, **kwargs)


class Bare(Powered):
    """One that its own configuration does not make."""

    def __init__(self, power):
        super().__init__(power)


class Around(Powered):
    """One that has another within."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, y_true, y_pred):
        return 2 * self.inner.call(y_true, y_pred)


class Above(keras.metrics.Metric):
    """A metric of an argument that nothing but itself knows."""

    def __init__(self, cut=0.5, **kwargs):
        super().__init__(**kwargs)
        self.cut = cut
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(keras.ops.sum(keras.ops.cast(y_pred > self.cut, "float32")))

    def result(self):
        return self.total


class Unnamed(Above):
    """One that its own configuration does not make."""

    def __init__(self, cut):
        super().__init__(cut)


class Damped(keras.optimizers.SGD):
    """An optimizer of an argument that nothing but itself knows."""

    def __init__(self, damping=1.0, **kwargs):
        super().__init__(**kwargs)
        self.damping = damping


LOSSES = {
    "told": lambda: Told(3.0),
    "untold": lambda: Powered(3.0),
    "renamed": lambda: Renamed(3.0),
    "bare": lambda: Bare(3.0),
    "around a loss": lambda: Around(Powered(3.0)),
    "default": Powered,
}
COPIES = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "cloudpickle": lambda value: cloudpickle.loads(cloudpickle.dumps(value)),
    "deepcopy": copy.deepcopy,
}


def network(loss):
    layers = [keras.Input((X.shape[1],)), keras.layers.Dense(1, "sigmoid")]
    made = keras.Sequential(layers)
    made.compile("sgd", loss)
    return made


@pytest.mark.parametrize("make", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("copied", [*COPIES.values(), clone], ids=[*COPIES, "clone"])
def test_a_copy_of_parameters_has_the_loss(make, copied):
    loss = make()
    its = copied(BalancedKerasClassifier(loss=loss)).loss
    assert its is not loss and type(its) is type(loss)
    for one, other in ((its, loss), (getattr(its, "inner", its), getattr(loss, "inner", loss))):
        assert (one.power, one.name, one.reduction) == (other.power, other.name, other.reduction)


@pytest.mark.parametrize("make", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.filterwarnings("ignore::imbalanced_nn.exceptions.ImbalanceWarning")
def test_a_copy_of_a_fit_goes_on_as_it_would(make, copied):
    clf = BalancedKerasClassifier(loss=make(), **PLAIN).fit(X, Y)
    twin = copied(clf)
    assert np.array_equal(twin.predict_proba(X), clf.predict_proba(X))
    # By the compiled loss: an encoder and a parameter are not asked.
    clf.partial_fit(X, Y), twin.partial_fit(X, Y)
    assert np.array_equal(twin.predict_proba(X), clf.predict_proba(X))
    assert twin.target_encoder_.loss is twin.loss and twin.loss is not clf.loss


@pytest.mark.parametrize("copied", [*COPIES.values(), clone], ids=[*COPIES, "clone"])
def test_a_given_network_keeps_its_loss(copied):
    twin = copied(BalancedKerasClassifier(network(Powered(3.0)))).model
    assert type(twin.loss) is Powered and twin.loss.power == 3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::imbalanced_nn.exceptions.ImbalanceWarning")
def test_workers_train_by_the_loss():
    answers = [
        cross_val_predict(
            BalancedKerasClassifier(loss=Powered(power), **PLAIN),
            X,
            Y,
            cv=2,
            n_jobs=n_jobs,
            method="predict_proba",
        )
        for power, n_jobs in ((3.0, 1), (3.0, 2), (1.0, 1))
    ]
    assert np.allclose(answers[0], answers[1], atol=1e-6)
    assert not np.allclose(answers[0], answers[2], atol=1e-6)


LOST = {
    "metric": ({"metrics": [Above(0.9)]}, "Above was made with cut=0.9"),
    "metric without a name": ({"metrics": [Unnamed(0.9)]}, "Unnamed takes no argument"),
    "optimizer": ({"optimizer": Damped(0.5)}, "Damped was made with damping=0.5"),
}


@pytest.mark.parametrize(("params", "words"), LOST.values(), ids=LOST)
@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_what_a_copy_would_lose_is_refused(params, words, copied):
    with pytest.raises(InvalidParameterError, match=words):
        copied(BalancedKerasClassifier(**params))


def test_defaults_are_not_lost():
    clf = BalancedKerasClassifier(metrics=[Above()], optimizer=Damped())
    assert copy.deepcopy(clf).metrics[0].cut == 0.5


def test_two_lost_losses_of_a_network_are_refused():
    layer = keras.Input((3,))
    model = keras.Model(layer, [keras.layers.Dense(1)(layer), keras.layers.Dense(1)(layer)])
    model.compile("sgd", [Powered(2.0), Powered(3.0)])
    with pytest.raises(InvalidParameterError, match=r"power=2\.0"):
        copy.deepcopy(BalancedKerasClassifier(model))


@pytest.mark.filterwarnings("ignore::imbalanced_nn.exceptions.ImbalanceWarning")
@pytest.mark.parametrize("loss", [Powered(3.0), Told(3.0)], ids=["untold", "told"])
def test_a_file_has_the_loss_or_is_not_written(loss, tmp_path):
    clf = BalancedKerasClassifier(lambda: network(loss), epochs=1, random_state=0).fit(X, Y)
    path = tmp_path / "fit.inn"
    if type(loss) is Powered:
        with pytest.raises(InvalidParameterError, match=r"cannot be saved: Powered .*power=3\.0"):
            save(clf, path)
        assert not path.exists()
        return
    save(clf, path)
    assert load(path, custom_objects={"Told": Told}).model_.loss.power == 3


@pytest.mark.parametrize("loss", ["hinge", Told(3.0), lambda t, p: keras.ops.mean(p - t, -1)])
@pytest.mark.filterwarnings("ignore::imbalanced_nn.exceptions.ImbalanceWarning")
def test_an_average_does_not_go_on_by_another_loss(loss):
    params = PLAIN | {"validation_split": 2, "loss": loss}
    clf = BalancedKerasClassifier(**params).fit(X, Y)
    before = clf.predict_proba(X)
    with pytest.raises(InvalidParameterError, match="is the average"):
        clf.partial_fit(X, Y)
    assert np.array_equal(clf.predict_proba(X), before)


@pytest.mark.parametrize("loss", ["binary_crossentropy", keras.losses.BinaryCrossentropy()])
def test_an_average_goes_on_by_the_crossentropy(loss):
    params = PLAIN | {"validation_split": 2, "loss": loss}
    clf = BalancedKerasClassifier(**params).fit(X, Y)
    before = clf.predict_proba(X)
    assert not np.array_equal(clf.partial_fit(X, Y).predict_proba(X), before)


class WithoutLayers(keras.Model):
    """A network of a weight alone."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 1))

    def call(self, inputs):
        return keras.ops.sigmoid(keras.ops.matmul(inputs, self.kernel))


def test_a_network_without_layers_takes_a_loss():
    clf = BalancedKerasClassifier(lambda: WithoutLayers(), loss="binary_crossentropy", epochs=1)
    assert clf.fit(X, Y).partial_fit(X, Y).predict_proba(X).shape == (len(X), 2)
