"""Arguments of calls and routed parameters arrive or are refused."""

import keras
import numpy as np
import pytest
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from tests.problems import slow_but_first

X, Y = make_classification(400, 5, weights=[0.8], random_state=0)
N_BATCHES = 10  # of 320 rows that are not held out


def network(**params):
    small = {"model": "mlp", "model__hidden_layer_sizes": (3,), "epochs": 2, "random_state": 0}
    return BalancedKerasClassifier(**(small | params))


def n_steps(clf):
    return int(clf.model_.optimizer.iterations.numpy())


class Counting(keras.callbacks.Callback):
    """Counts epochs."""

    def __init__(self):
        super().__init__()
        self.n_epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.n_epochs += 1


@pytest.fixture(scope="module")
def fitted():
    return network().fit(X, Y)


PRIVATE = ("online", "task", "validation", "warm_start", "arguments", "rows", "draw", "judged")
PRIVATE += ("seed", "at_epoch", "tell", "batch_classes", "x", "y_true", "workers", "nonsense")


@pytest.mark.parametrize("value", [1, True, None, X], ids=["1", "True", "None", "array"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_whatever_training_does_not_take_is_refused(method, value):
    for name in PRIVATE:
        with pytest.raises(InvalidParameterError, match=f"{method} takes no argument '{name}'"):
            getattr(network(), method)(X, Y, **{name: value})


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_whatever_prediction_does_not_take_is_refused(method, fitted):
    for name in ("nonsense", "x", "workers", "sample_weight"):
        with pytest.raises(InvalidParameterError, match=f"takes no argument '{name}'"):
            getattr(fitted, method)(X, **{name: 1})
    with pytest.raises(InvalidParameterError, match="Did you mean 'batch_size'"):
        fitted.predict(X, batchsize=1)


@pytest.mark.parametrize(
    ("method", "name", "meant"),
    [
        ("fit", "sample_weigth", "sample_weight"),
        ("fit", "group", "groups"),
        ("fit", "epoch", "epochs"),
        ("partial_fit", "class", "classes"),
    ],
)
def test_a_misspelt_argument_is_told_its_name(method, name, meant):
    with pytest.raises(InvalidParameterError, match=f"Did you mean '{meant}'?"):
        getattr(network(), method)(X, Y, **{name: Y})


@pytest.mark.parametrize(
    "name", ["epochs", "initial_epoch", "validation_split", "validation_data", "validation_freq"]
)
def test_a_part_of_many_takes_nothing_of_a_whole_fit(name):
    with pytest.raises(InvalidParameterError, match="one more epoch and holds no rows out"):
        network().partial_fit(X, Y, **{name: 2})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fit__nonsense", "'fit__nonsense' is not an argument of the network's fit"),
        ("fit__online", "'fit__online' is not an argument"),
        ("fit__x", "'fit__x' is not an argument"),
        ("fit__sample_weight", "Give it to fit"),
        ("fit__groups", "Give it to fit"),
        ("fit__batchsize", "Did you mean 'batch_size'?"),
        ("predict__nonsense", "of the network's predict"),
        ("compile__nonsense", "of the network's compile"),
        ("compile__jitcompile", "Did you mean 'jit_compile'?"),
        ("callbacks__patience", "callbacks is None"),
        ("score__normalize", "score follows threshold='balanced_accuracy'"),
        ("fit__epochs", "'epochs'"),
        ("fit__validation_split", "'validation_split'"),
    ],
)
def test_routed_parameters_are_refused_before_training(name, words):
    for value in (-1, "no"):
        with pytest.raises(InvalidParameterError, match=words):
            network(**{name: value}).fit(X, Y)


def test_a_network_of_the_users_takes_what_its_methods_name():
    class Own(keras.Model):
        seen = None

        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(1, "sigmoid")

        def call(self, inputs):
            return self.last(inputs)

        def fit(self, *args, tag=None, **kwargs):
            Own.seen = tag
            return super().fit(*args, **kwargs)

    clf = BalancedKerasClassifier(lambda: Own(), epochs=1, random_state=0)
    clf.fit(X, Y, tag="given")
    assert Own.seen == "given"
    clf.set_params(fit__tag="routed").fit(X, Y)
    assert Own.seen == "routed"
    with pytest.raises(InvalidParameterError, match="'nonsense'"):
        clf.fit(X, Y, nonsense=1)


@pytest.mark.parametrize("steps", slow_but_first([3, 1]))
@pytest.mark.parametrize("routed", [False, True], ids=["given", "routed"])
def test_steps_of_an_epoch_are_as_many_as_asked_for(steps, routed):
    params = {"fit__steps_per_epoch": steps} if routed else {}
    clf = network(early_stopping=False, batch_size=32, **params)
    clf.fit(X, Y, **({} if routed else {"steps_per_epoch": steps}))
    assert n_steps(clf) == 2 * steps
    assert clf.engine_ == "keras: fit is given steps_per_epoch"


def test_arguments_at_their_usual_values_change_nothing():
    usual = {"steps_per_epoch": None, "validation_steps": None, "validation_freq": 1}
    clf = network(batch_size=32).fit(X, Y, class_weight=None, **usual)
    assert clf.engine_ == "graph" and n_steps(clf) == 2 * N_BATCHES


@pytest.mark.parametrize("validation_split", [0.2, 2], ids=["one split", "two folds"])
def test_callbacks_given_to_fit_are_told(validation_split):
    callback = Counting()
    clf = network(validation_split=validation_split, early_stopping=False)
    clf.fit(X, Y, callbacks=[callback])
    assert callback.n_epochs == 2 * (1 if validation_split < 1 else 2)
    clf.partial_fit(X, Y, callbacks=callback)
    assert callback.n_epochs == 1 + 2 * (1 if validation_split < 1 else 2)
    n_told = callback.n_epochs
    clf.partial_fit(X, Y)
    assert callback.n_epochs == n_told, "they are those of one call"


def test_a_callback_that_is_none_is_refused():
    with pytest.raises(InvalidParameterError, match="must be a callback of Keras"):
        network().fit(X, Y, callbacks=[print])


def test_the_first_epoch_can_be_routed():
    seen = []

    class Epochs(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append(epoch)

    network(fit__initial_epoch=5, callbacks=[Epochs()]).fit(X, Y)
    assert seen == [5, 6]


def test_keras_evaluates_as_often_as_asked_to():
    clf = network(epochs=4, early_stopping=False).fit(X, Y, validation_freq=2)
    assert len(clf.history_["loss"]) == 4
    assert len(clf.history_["val_loss"]) == 2
    assert len(clf.history_["val_average_precision"]) == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"validation_data": (X,)}, r"\(X, y\) or \(X, y, sample_weight\)"),
        ({"sample_weight_val": np.ones(400)}, "weights of X_val, which is None"),
        ({"X_val": X, "y_val": Y, "validation_data": (X, Y)}, "the same thing"),
    ],
    ids=["too short", "weights alone", "twice"],
)
def test_held_out_rows_are_given_once_and_whole(arguments, words):
    with pytest.raises(InvalidParameterError, match=words):
        network().fit(X, Y, **arguments)
