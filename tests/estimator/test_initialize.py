"""A network that is built and not trained: what it answers, and how it goes on."""

import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import f1_score

from imbalanced_nn import BalancedKerasClassifier, load, save
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import describe_fit

X, Y = make_classification(600, 5, weights=[0.8], class_sep=1.5, random_state=0)
NAMED = np.where(Y == 1, "fraud", "ok")


def network(**params):
    small = {"model": "mlp", "model__hidden_layer_sizes": (3,), "random_state": 0}
    return BalancedKerasClassifier(**(small | params))


@pytest.fixture(scope="module")
def pretrained():
    return network(epochs=20).fit(X, Y).model_


def weights_of(clf):
    return clf.model_.get_weights()


@pytest.mark.parametrize("labels", [Y, NAMED], ids=["codes", "names"])
def test_it_knows_what_a_fit_would_publish(pretrained, labels):
    before = pretrained.get_weights()
    clf = BalancedKerasClassifier(pretrained).initialize(X, labels)
    counts = np.unique(labels, return_counts=True)[1]
    np.testing.assert_array_equal(clf.class_count_, counts)
    np.testing.assert_allclose(clf.class_prior_, counts / len(labels))
    assert clf.pos_label_ == (1 if labels is Y else "fraud")
    assert clf.validation_indices_.size == 0
    code = list(clf.classes_).index(clf.pos_label_)
    assert clf.best_threshold_ == pytest.approx(clf.class_prior_[code])
    flagged = clf.predict_proba(X)[:, code] >= clf.best_threshold_
    np.testing.assert_array_equal(clf.predict(X) == clf.pos_label_, flagged)
    for old, new in zip(before, weights_of(clf), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_youden_index_has_the_cut_of_balanced_accuracy(pretrained):
    cuts = []
    for threshold in ("youden", "balanced_accuracy"):
        clf = BalancedKerasClassifier(pretrained, threshold=threshold).initialize(X, Y)
        cuts.append(clf.best_threshold_)
        clf.tune_threshold(X[:150], Y[:150])
        cuts.append(clf.best_threshold_)
    assert cuts[:2] == cuts[2:]
    assert network(threshold="youden", validation_split=0, epochs=1).fit(X, Y).best_threshold_ == (
        pytest.approx(Y.mean())
    )


def test_a_trained_network_gets_a_threshold_without_training(pretrained, tmp_path):
    clf = BalancedKerasClassifier(pretrained, threshold="f1").initialize(X, Y)
    assert clf.best_threshold_ == 0.5
    clf.tune_threshold(X, Y)
    proba = clf.predict_proba(X)[:, 1]
    expected = max(f1_score(Y, proba >= cut) for cut in np.unique(proba))
    assert clf.best_score_ == pytest.approx(expected)
    assert clf.score(X, Y) == pytest.approx(expected)
    assert clf.bootstrap_threshold(n_resamples=5, random_state=0).scores.shape == (5,)
    save(clf, tmp_path / "a.inn")
    for twin in (load(tmp_path / "a.inn"), pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)):
        np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
        twin.partial_fit(X, Y)
        assert twin.best_threshold_ == clf.best_threshold_
    assert clf.set_threshold(0.9).best_threshold_ == 0.9
    assert "BalancedKerasClassifier" in clf._repr_html_()
    with pytest.raises(InvalidParameterError, match="must be a fitted"):
        describe_fit(clf)


def test_unlabelled_rows_tell_another_prevalence(pretrained):
    clf = BalancedKerasClassifier(pretrained).initialize(X, Y)
    often = clf.adapt_priors(X[Y == 1])
    assert often.priors[1] > 0.7
    assert often.best_threshold_ == pytest.approx(often.priors[1])


@pytest.mark.parametrize("threshold", ["balanced_accuracy", "f1", 0.3, None])
def test_training_that_begins_after_it_is_training_from_the_start(threshold):
    params = {"threshold": threshold, "sampler": "random_over"}
    one, other = network(**params).initialize(X, Y), network(**params)
    for rows in (slice(0, 300), slice(300, 600)):
        one.partial_fit(X[rows], Y[rows])
        other.partial_fit(X[rows], Y[rows], classes=[0, 1])
        for left, right in zip(weights_of(one), weights_of(other), strict=True):
            np.testing.assert_array_equal(left, right)
        np.testing.assert_array_equal(one.class_count_, other.class_count_)
        np.testing.assert_array_equal(one.class_prior_, other.class_prior_)
        assert one.best_threshold_ == other.best_threshold_
    assert one.class_count_.sum() == len(Y)


STEPS = np.random.default_rng(0).normal(size=(60, 4, 3))
OF_STEPS = (STEPS[:, :, :1] > 0.7).astype(int)


def of_steps(meta):
    return keras.Sequential([keras.Input((4, 3)), keras.layers.Dense(1, "sigmoid")])


@pytest.mark.parametrize(
    ("params", "rows", "labels"),
    [
        ({"class_weight": "balanced"}, X, np.column_stack([Y, X[:, 0] > 0]).astype(int)),
        ({"class_weight": "balanced"}, X, np.digitize(X[:, 0], [0, 1])),
        ({"loss": "focal"}, X, Y),
        ({"loss": "pairwise_auc"}, X, Y),
        ({"priors": [0.5, 0.5]}, X, Y),
        ({"model": of_steps}, STEPS, OF_STEPS),
    ],
    ids=["several labels", "several classes", "focal", "pairwise", "priors", "steps"],
)
def test_every_kind_of_target_goes_on(params, rows, labels):
    make = BalancedKerasClassifier if "model" in params else network
    clf = make(**params)
    clf.initialize(rows, labels).tune_threshold(rows, labels)
    assert clf.score(rows, labels) == pytest.approx(clf.best_score_)
    assert clf.partial_fit(rows, labels).predict(rows).shape == labels.shape


def test_outputs_are_compared_with_the_classes():
    three = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, "softmax")])
    clf = BalancedKerasClassifier(three)
    with pytest.raises(InvalidParameterError, match="3 output units, but a binary y"):
        clf.initialize(X, Y)
    assert not clf.initialized_


@pytest.mark.parametrize("method", ["temperature", "sigmoid", "isotonic"])
def test_a_calibrator_is_not_learned_from_nothing(method):
    with pytest.raises(InvalidParameterError, match="initialize and partial_fit hold none out"):
        network(calibration=method).initialize(X, Y)


def test_routed_parameters_are_refused_there_too():
    with pytest.raises(InvalidParameterError, match="fit__nonsense"):
        network(fit__nonsense=1).initialize(X, Y)
