"""A fit on a dataset of batches is the fit on the same batches in memory."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError

RNG = np.random.default_rng(0)
X, X_VAL = (RNG.normal(size=(n, 4)).astype(np.float32) for n in (300, 120))
Y, Y_VAL = ((part[:, 0] > 0.8).astype(int) for part in (X, X_VAL))
WEIGHT = RNG.random(300)
HELD_OUT = {"X_val": X_VAL, "y_val": Y_VAL}


class Batches(keras.utils.PyDataset):
    """Batches of 64 rows; after some reads the rows may be others."""

    def __init__(self, *parts, later=None, after=None):
        super().__init__()
        self.parts, self.later, self.after, self.reads = parts, later, after, 0
        self.epochs = []

    def __len__(self):
        return -(-len(self.parts[0]) // 64)

    def __getitem__(self, number):
        self.reads += 1
        rows = slice(number * 64, (number + 1) * 64)
        batch = tuple(part[rows] for part in self.parts)
        return batch if self.after is None or self.reads <= self.after else self.later(*batch)

    def on_epoch_begin(self):
        self.epochs.append("begin")

    def on_epoch_end(self):
        self.epochs.append("end")


def classifier(**parameters):
    return BalancedKerasClassifier("mlp", **{"epochs": 2, "random_state": 0} | parameters)


def in_memory(*given, labels=(Y, Y_VAL), **parameters):
    """Fit in Keras' own way, on the rows in their order."""
    clf = classifier(shuffle=False, batch_size=64, engine="keras", **parameters)
    return clf.fit(X, labels[0], *given, X_val=X_VAL, y_val=labels[1])


def assert_equal(clf, other):
    np.testing.assert_array_equal(clf.predict_proba(X_VAL), other.predict_proba(X_VAL))
    np.testing.assert_array_equal(clf.best_threshold_, other.best_threshold_)
    np.testing.assert_array_equal(clf.class_count_, other.class_count_)
    assert clf.class_weight_ == other.class_weight_
    assert clf.history_["val_log_loss"] == other.history_["val_log_loss"]


def test_a_fit_is_that_of_the_rows_in_memory():
    dataset = Batches(X, Y, WEIGHT)
    clf = classifier(class_weight="balanced", calibration="sigmoid").fit(dataset, **HELD_OUT)
    assert_equal(clf, in_memory(WEIGHT, class_weight="balanced", calibration="sigmoid"))
    assert clf.engine_ == "keras: rows come from a dataset"
    # Counted, normalised by, two batches looked at by Keras, and read in each epoch.
    assert dataset.reads == 5 + 5 + 2 + 2 * 5
    assert dataset.epochs.count("begin") == 2
    assert clf.tune_threshold(objective="f1").score(X_VAL, Y_VAL) == clf.best_score_


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"class_weight": "balanced_batch"},
        {"loss": "focal"},
        {"priors": [0.5, 0.5], "init_bias": None},
    ],
)
def test_steps_are_those_of_rows_in_memory(parameters):
    assert_equal(classifier(**parameters).fit(Batches(X, Y), **HELD_OUT), in_memory(**parameters))


@pytest.mark.slow
@pytest.mark.parametrize(
    "of",
    [
        lambda y: np.where(y == 1, "yes", "no"),
        lambda y: np.eye(2, dtype=int)[y],
        lambda y: np.column_stack([y, 1 - y, y]),
    ],
)
def test_labels_of_every_form(of):
    labels = of(Y), of(Y_VAL)
    given = {"class_weight": "balanced"}
    clf = classifier(**given).fit(Batches(X, labels[0]), X_val=X_VAL, y_val=labels[1])
    assert_equal(clf, in_memory(labels=labels, **given))


@pytest.mark.slow
def test_a_dataset_of_tensorflow():
    import tensorflow as tf

    names = np.where(Y == 1, "yes", "no"), np.where(Y_VAL == 1, "yes", "no")
    dataset = tf.data.Dataset.from_tensor_slices((X, names[0]))
    clf = classifier().fit(dataset.batch(64), X_val=X_VAL, y_val=names[1])
    assert_equal(clf, in_memory(labels=names))
    shuffled = classifier().fit(dataset.shuffle(300).batch(64), X_val=X_VAL, y_val=names[1])
    assert shuffled.class_count_.tolist() == clf.class_count_.tolist()


def test_balanced_batches_where_the_dataset_says_its_labels():
    dataset = Batches(X, Y)
    dataset.labels = Y
    clf = classifier(sampler="balanced_batches").fit(dataset, **HELD_OUT)
    other = classifier(sampler="balanced_batches", batch_size=64).fit(X, Y, **HELD_OUT)
    np.testing.assert_allclose(clf.predict_proba(X_VAL), other.predict_proba(X_VAL), atol=1e-6)
    assert clf.engine_ == "graph"


@pytest.mark.parametrize(
    ("parameters", "given", "message"),
    [
        ({}, {}, "no rows are held out. Pass X_val and y_val"),
        ({"sampler": "smote"}, HELD_OUT, "sampler='smote' needs all rows at once. Use class_w"),
        ({"sampler": "balanced_batches"}, HELD_OUT, "the dataset has no labels. Give a PyDataset"),
        ({"head_sampler": "random_over"}, HELD_OUT, "head_sampler='random_over' needs the rows"),
        ({"batch_size": 8}, HELD_OUT, "batch_size=8. Leave it out: the dataset makes the batches"),
        ({"engine": "graph"}, HELD_OUT, "engine='graph' cannot .* rows come from a dataset"),
        ({}, {**HELD_OUT, "groups": Y}, "groups tell rows apart"),
        ({}, {**HELD_OUT, "y": Y}, "Leave y out"),
        ({}, {**HELD_OUT, "y_val": Y_VAL + 1}, "y_val holds the label 2, which is not in"),
        ({}, {**HELD_OUT, "X_val": X_VAL[:, :2]}, r"X has 2 features"),
    ],
)
def test_what_needs_the_rows_is_refused_before_training(parameters, given, message):
    clf = classifier(**parameters)
    before = dict(vars(clf))
    with pytest.raises(ValueError, match=message):
        clf.fit(Batches(X, Y), **given)
    assert vars(clf) == before


@pytest.mark.parametrize(
    ("later", "error", "message"),
    [
        (lambda X, y: (X[1:], y[1:]), ValueError, "gave 300 rows .*, and now"),
        (lambda X, y: (X, y + 7), ValueError, "gave the label 7, which it did not hold"),
        (lambda X, y: {}["gone"], KeyError, "gone"),
    ],
)
def test_a_dataset_that_changes_ends_the_fit_in_its_own_words(later, error, message):
    clf = classifier()
    with pytest.raises(error, match=message):
        clf.fit(Batches(X, Y, later=later, after=12), **HELD_OUT)
    assert not hasattr(clf, "model_")


def test_only_a_fit_takes_a_dataset():
    with pytest.raises(InvalidParameterError, match="fit takes a PyDataset"):
        classifier().partial_fit(Batches(X, Y), Y)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        classifier().fit(X)
