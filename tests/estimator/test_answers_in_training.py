"""What a callback of Keras' is answered while a network is trained: as if the fit ended there."""

import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import ENGINES, slow_but_first, three_labels

X, Y = make_classification(300, 5, weights=[0.85], random_state=0)
SMALL = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 3, "random_state": 0}


class Asks(keras.callbacks.Callback):
    """Asks an estimator at the end of each epoch, and of the training."""

    def __init__(self, X, copies=()):
        super().__init__()
        self.rows, self.copies, self.clf = X, copies, None

    def __deepcopy__(self, memo):
        return type(self)(self.rows)

    def __reduce__(self):
        return type(self), (self.rows,)

    def on_epoch_end(self, epoch, logs=None):
        if self.clf is not None:
            self.proba = self.clf.predict_proba(self.rows)
            self.labels = self.clf.predict(self.rows)
            self.of_copies = [make(self.clf).predict_proba(self.rows) for make in self.copies]

    def on_train_end(self, logs=None):
        self.on_epoch_end(None)


def asked(X, y, method="fit", before=None, copies=(), **params):
    """Return a fitted estimator and what a callback was answered last."""
    asks = Asks(X, copies)
    clf = BalancedKerasClassifier(**SMALL | params, callbacks=[asks])
    if before is not None:
        clf.set_params(**before).fit(X, y).set_params(**{name: params[name] for name in before})
    asks.clf = clf
    getattr(clf, method)(X, y)
    return clf, asks


def by_thirds(epoch):
    """A schedule that does not arrive."""
    return min(1.0, (epoch + 1) / 6)


def steps():
    X = np.random.default_rng(0).normal(size=(80, 4, 3))
    return X, np.where(X.sum(axis=2) > 1.5, "rare", "usual")[:, :, None]


TO_THE_END = {
    "sampler": {"sampler": "random_over"},
    "weights": {"class_weight": "balanced"},
    "weights of batches": {"class_weight": "balanced_batch", "engine": "keras"},
    "loss": {"loss": "focal", "loss__alpha": "prior"},
    "schedule": {"sampler": "balanced_batches", "balancing_schedule": by_thirds},
    "deferred weights": {"loss": "ldam", "loss__reweight_from": 0.4},
    "free constant": {"loss": "pairwise_auc", "sampler": "random_over"},
    "priors": {"sampler": "random_over", "priors": [0.5, 0.5]},
    "no held-out rows": {"sampler": "random_over", "validation_split": 0},
    "as they are": {"sampler": "random_over", "calibration": None},
}


@pytest.mark.parametrize("name", slow_but_first(TO_THE_END))
def test_the_last_answer_is_that_of_the_fit(name):
    clf, asks = asked(X, Y, early_stopping=False, **TO_THE_END[name])
    np.testing.assert_allclose(asks.proba, clf.predict_proba(X), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", slow_but_first(["multiclass", "multilabel", "steps"]))
def test_for_any_target(kind):
    data = {
        "multiclass": lambda: make_classification(300, 6, n_informative=4, n_classes=3),
        "multilabel": lambda: three_labels(200),
        "steps": steps,
    }
    rows, y = data[kind]()
    clf, asks = asked(rows, y, class_weight="balanced", early_stopping=False)
    np.testing.assert_allclose(asks.proba, clf.predict_proba(rows), rtol=1e-6, atol=1e-7)


def test_the_end_of_the_training_is_that_of_the_best_epoch():
    params = {"epochs": 8, "patience": 2, "optimizer__learning_rate": 0.1}
    params |= TO_THE_END["schedule"]
    clf, asks = asked(X, Y, **params)
    assert clf.n_iter_ < len(clf.history_["loss"])
    np.testing.assert_allclose(asks.proba, clf.predict_proba(X), rtol=1e-6, atol=1e-7)


def test_a_fixed_cut_is_one_of_the_positive_class():
    labels = np.array(["b", "a"])[Y]
    clf, asks = asked(X, labels, threshold=0.2, sampler="random_over", early_stopping=False)
    assert clf.pos_label_ == "a"
    np.testing.assert_array_equal(asks.labels, clf.predict(X))
    assert (asks.labels == "a").sum() > (asks.proba[:, 0] > 0.8).sum()


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_going_on_the_balancing_is_that_of_now(method):
    params = {"warm_start": True, "sampler": "random_over", "priors": [0.6, 0.4]}
    before = {"sampler": None, "priors": None}
    clf, asks = asked(X, Y, method, before=before, early_stopping=False, **params)
    np.testing.assert_allclose(asks.proba, clf.predict_proba(X), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_copies_answer_the_same(engine):
    copies = [copy.deepcopy, lambda clf: pickle.loads(pickle.dumps(clf))]
    params = {"sampler": "random_over", "loss": "focal", "engine": engine}
    _, asks = asked(X, Y, copies=copies, **params)
    assert len(asks.of_copies) == 2
    for proba in asks.of_copies:
        np.testing.assert_array_equal(proba, asks.proba)


def test_a_training_that_fails_leaves_no_answer():
    class Fails(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise ZeroDivisionError

    clf = BalancedKerasClassifier(**SMALL, callbacks=[Fails()])
    with pytest.raises(ZeroDivisionError):
        clf.fit(X, Y)
    assert not hasattr(clf, "fit_result_")


def test_no_answer_is_given_while_the_networks_of_folds_are_trained():
    clf = BalancedKerasClassifier(**SMALL, validation_split=2)

    class Looks(keras.callbacks.Callback):
        def __deepcopy__(self, memo):
            return self

        def on_train_begin(self, logs=None):
            with pytest.raises(NotFittedError, match="stands aside"):
                clf.predict_proba(X)

    clf.set_params(callbacks=[Looks()]).fit(X, Y)
    clf.predict_proba(X)
