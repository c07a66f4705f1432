"""Bad input is refused with what to do about it, and nothing of an earlier fit is lost."""

import copy

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imblearn.over_sampling import SMOTE
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GroupKFold, TimeSeriesSplit

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError

TINY = {"model__hidden_layer_sizes": (4,), "epochs": 2, "batch_size": 32, "random_state": 0}

X, Y = make_classification(200, 5, weights=[0.8], flip_y=0.02, random_state=0)
NAMED = np.array(["ok", "fraud"])[Y]


def with_value(value):
    """X with one bad value."""
    changed = X.copy()
    changed[7, 2] = value
    return changed


def only(n):
    """Labels of which n rows are fraud."""
    return np.where(np.arange(len(X)) < n, "fraud", "ok")


def outputs(units):
    """Return a builder of a network with so many outputs."""

    def build(meta, hidden_layer_sizes=None):
        inputs = keras.Input(meta["X_shape_"][1:])
        return keras.Model(inputs, keras.layers.Dense(units, "softmax")(inputs))

    return build


def no_model(meta, hidden_layer_sizes=None):
    """Forget to return the network."""
    outputs(1)(meta)


def refusing(message):
    """Return a builder that raises."""

    def build(meta, hidden_layer_sizes=None):
        raise RuntimeError(message)

    return build


# Parameters of the estimator, X, y, other arguments of fit; error, and words of its message.
CASES = {
    "one class": ({}, X, np.full(200, "ok"), {}, ValueError, ["only one class, 'ok'", "two"]),
    "class of one row": (
        {},
        X,
        only(1),
        {},
        TooFewRowsError,
        ["validation_split=0.2", "class 'fraud' has 1 row", "at least 2", "X_val"],
    ),
    "too few neighbours": (
        {"sampler": "smote"},
        X,
        only(2),
        {},
        TooFewRowsError,
        ["sampler=SMOTE", "class 'fraud' has 1 row", "'balanced_batches'", "'random_over'"],
    ),
    "groups": (
        {},
        X,
        NAMED,
        {"groups": np.arange(200) % 3},
        TooFewRowsError,
        ["validation_split=0.2", "at least 5 groups, got 3", "X_val"],
    ),
    "short groups": (
        {},
        X,
        NAMED,
        {"groups": np.arange(199)},
        ValueError,
        ["groups", "199", "200"],
    ),
    "long groups": ({}, X, NAMED, {"groups": np.arange(201)}, ValueError, ["groups", "201", "200"]),
    "nan": ({}, with_value(np.nan), NAMED, {}, ValueError, ["Input X contains NaN"]),
    "infinity": ({}, with_value(np.inf), NAMED, {}, ValueError, ["Input X contains infinity"]),
    "huge": ({}, with_value(1e300), NAMED, {}, ValueError, ["Input X", "float32"]),
    "strings": ({}, X.astype(str), NAMED.tolist(), {}, ValueError, []),
    "no rows": ({}, X[:0], NAMED[:0], {}, ValueError, ["0 sample(s)"]),
    "no columns": ({}, X[:, :0], NAMED, {}, ValueError, ["0 feature(s)"]),
    "one dimension": ({}, X[:, 0], NAMED, {}, ValueError, ["Expected 2D array"]),
    "lengths": ({}, X, NAMED[:-1], {}, ValueError, ["inconsistent numbers of samples", "199"]),
    "nan in y": ({}, X, np.where(Y, 1.0, np.nan), {}, ValueError, ["Input y contains NaN"]),
    "numbers as y": ({}, X, X[:, 0], {}, ValueError, ["Unknown label type"]),
    "weights": (
        {},
        X,
        NAMED,
        {"sample_weight": np.ones(199)},
        ValueError,
        ["sample_weight", "(199,)", "200"],
    ),
    "zero weights": (
        {},
        X,
        NAMED,
        {"sample_weight": np.zeros(200)},
        ValueError,
        ["sample_weight holds only zeros", "positive weight"],
    ),
    "negative weights": (
        {},
        X,
        NAMED,
        {"sample_weight": -np.ones(200)},
        ValueError,
        ["sample_weight holds negative", "at least 0"],
    ),
    "X_val alone": (
        {},
        X,
        NAMED,
        {"X_val": X},
        InvalidParameterError,
        ["X_val and y_val go together", "y_val is None"],
    ),
    "y_val alone": (
        {},
        X,
        NAMED,
        {"y_val": NAMED},
        InvalidParameterError,
        ["X_val and y_val go together", "X_val is None"],
    ),
    "X_val of other columns": (
        {},
        X,
        NAMED,
        {"X_val": X[:, :4], "y_val": NAMED},
        ValueError,
        ["4 features", "5 features"],
    ),
    "label of y_val": (
        {},
        X,
        NAMED,
        {"X_val": X, "y_val": np.where(Y, "theft", "ok")},
        ValueError,
        ["y_val holds the label 'theft'", "['fraud', 'ok']"],
    ),
    "one class in y_val": (
        {},
        X,
        NAMED,
        {"X_val": X[Y == 0], "y_val": NAMED[Y == 0]},
        ValueError,
        ["y_val holds only one class"],
    ),
    "weights of X_val": (
        {},
        X,
        NAMED,
        {"X_val": X, "y_val": NAMED, "sample_weight_val": np.zeros(200)},
        ValueError,
        ["sample_weight_val holds only zeros"],
    ),
    "auto": (
        {"class_weight": "auto"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["class_weight", "'auto'", "None, 'balanced', ", "write class_weight='balanced'"],
    ),
    "label of class_weight": (
        {"class_weight": {"fruad": 3}},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["class_weight", "'fruad'", "['fraud', 'ok']", "Did you mean 'fraud'?"],
    ),
    "no class has weight": (
        {"class_weight": {"fraud": 0, "ok": 0}},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["class_weight", "positive weight"],
    ),
    "function of class_weight": (
        {"class_weight": lambda y: [1.0]},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["class_weight=<function", "one weight for each of ['fraud', 'ok']", "returned [1.0]"],
    ),
    "one fold": (
        {"validation_split": 1},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'validation_split'", "[2, inf)", "[0.0, 1.0)", "1 instead"],
    ),
    "one fold in fit": (
        {},
        X,
        NAMED,
        {"validation_split": 1},
        InvalidParameterError,
        ["'validation_split'", "[2, inf)", "1 instead"],
    ),
    "folds and warm start": (
        {"validation_split": 5, "warm_start": True},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["validation_split=5", "share such as 0.2", "warm_start=False"],
    ),
    "average of scores": (
        {"validation_split": 3, "loss": "pairwise_auc"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["validation_split=3", "pairwise_auc", "ensemble=False"],
    ),
    "share in fit": (
        {},
        X,
        NAMED,
        {"validation_split": -0.2},
        InvalidParameterError,
        ["'validation_split' parameter", "must be", "-0.2"],
    ),
    "splitter without groups": (
        {"validation_split": GroupKFold(5)},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["validation_split=GroupKFold(n_splits=5", "'groups'", "share such as 0.2"],
    ),
    "splitter without a class": (
        {"validation_split": TimeSeriesSplit(4)},
        X,
        only(100),
        {},
        TooFewRowsError,
        ["validation_split=TimeSeriesSplit", "no row of class 'ok' to train on", "X_val"],
    ),
    "sampler": (
        {"sampler": "smoet"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["sampler='smoet'", "Did you mean 'smote'?", "'passthrough'"],
    ),
    "sampler class": (
        {"sampler": SMOTE},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["sampler", "instance"],
    ),
    "sampler parameter": (
        {"sampler": "smote", "sampler__neighbors": 3},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["sampler__neighbors", "Did you mean 'k_neighbors'?"],
    ),
    "sampler on labels": (
        {"sampler": "smote"},
        X,
        np.column_stack([Y, 1 - Y, X[:, 0] > 0]).astype(int),
        {},
        InvalidParameterError,
        ["sampler='smote'", "multilabel", "class_weight='balanced'"],
    ),
    "threshold above 1": (
        {"threshold": 1.5},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'threshold'", "[0, 1]", "1.5"],
    ),
    "threshold below 0": (
        {"threshold": -0.1},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'threshold'", "[0, 1]", "-0.1"],
    ),
    "threshold nan": (
        {"threshold": float("nan")},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'threshold'", "[0, 1]", "nan"],
    ),
    "threshold name": (
        {"threshold": "f1_scor"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'f1_scor'", "unknown", "f1"],
    ),
    "threshold of rankings": (
        {"threshold": "roc_auc"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'roc_auc'", "does not depend on the threshold"],
    ),
    "two cuts of one class": (
        {"threshold": [0.2, 0.8]},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'threshold'", "one number in [0, 1]"],
    ),
    "cuts of classes": (
        {"threshold": [0.2, 0.8]},
        X,
        np.arange(200) % 3,
        {},
        InvalidParameterError,
        ["'threshold'", "3 numbers (one per class)"],
    ),
    "pos_label": (
        {"pos_label": "theft"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["pos_label='theft'", "['fraud', 'ok']", "None for the rarest"],
    ),
    "no model": (
        {"model": no_model},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["model", "no_model", "returned None", "forget to return"],
    ),
    "outputs": (
        {"model": outputs(3)},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["3 output units", "binary", "1 or 2", "meta['n_classes_']"],
    ),
    "failing builder": ({"model": refusing("boom")}, X, NAMED, {}, RuntimeError, ["boom"]),
    "model name": (
        {"model": "defualt"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["model='defualt'", "Did you mean 'default'?"],
    ),
}
for _name, _value in {
    "validation_split": 1.0,
    "calibration": "platt",
    "early_stopping": "yes",
    "monitor": None,
    "patience": -1,
    "init_bias": 0.5,
    "epochs": 1.5,
    "batch_size": 0,
    "class_weight": 3,
    "sampler": 3,
    "random_state": "seed",
}.items():
    CASES[f"{_name} of a wrong kind"] = (
        {_name: _value},
        X,
        NAMED,
        {},
        InvalidParameterError,
        [f"'{_name}' parameter", "must be", repr(_value)],
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bad_input_is_refused_with_what_to_do(case):
    params, table, labels, arguments, error, words = case
    clf = BalancedKerasClassifier(**TINY | params)
    before = dict(vars(clf))
    with pytest.raises(error) as caught:
        clf.fit(table, labels, **arguments)
    message = str(caught.value)
    for word in words:
        assert word in message
    assert "np." not in message, "labels are written as the user writes them"
    assert vars(clf) == before, "an estimator that was not fitted is left so"
    with pytest.raises(NotFittedError):
        clf.predict(X)


@pytest.fixture(scope="module")
def fitted_once():
    """An estimator that was fitted, its weights and its predictions."""
    clf = BalancedKerasClassifier(**TINY, threshold="f1", sampler="random_over").fit(X, NAMED)
    return clf, clf.model_.get_weights(), clf.predict_proba(X)


@pytest.fixture
def fitted(fitted_once):
    """The same, with the parameters that a test sets taken back."""
    clf, weights, proba = fitted_once
    attributes, user_params = dict(vars(clf)), set(clf._user_params)
    yield clf, weights, proba
    vars(clf).clear()
    vars(clf).update(attributes, _user_params=user_params)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fit_that_fails_leaves_the_earlier_one_whole(case, fitted):
    params, table, labels, arguments, error, _ = case
    clf, weights, proba = fitted
    clf.set_params(**params)
    before = dict(vars(clf))
    with pytest.raises(error):
        clf.fit(table, labels, **arguments)
    assert vars(clf).keys() == before.keys()
    for name, value in vars(clf).items():
        assert value is before[name], name
    for old, new in zip(weights, clf.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(clf.predict_proba(X), proba)


class Interrupt(keras.callbacks.Callback):
    """Stops training as a user does, or as a full disk does."""

    error = None

    def on_epoch_end(self, epoch, logs=None):
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("disk full")], ids=repr)
@pytest.mark.parametrize("warm_start", [False, True])
def test_training_that_breaks_off_is_undone(warm_start, error):
    interrupt = Interrupt()
    clf = BalancedKerasClassifier(**TINY, warm_start=warm_start, callbacks=interrupt)
    clf.fit(X, NAMED)
    history, proba = copy.deepcopy(dict(clf.history_)), clf.predict_proba(X)
    attributes = dict(vars(clf))
    interrupt.error = error
    with pytest.raises(type(error)):
        clf.fit(X, NAMED)
    assert dict(clf.history_) == history
    np.testing.assert_array_equal(clf.predict_proba(X), proba)
    assert clf.model_ is attributes["model_"]
    interrupt.error = None
    clf.partial_fit(X, NAMED)


def test_a_part_that_fails_is_undone():
    clf = BalancedKerasClassifier(**TINY).partial_fit(X, NAMED)
    attributes, proba = dict(vars(clf)), clf.predict_proba(X)
    with pytest.raises(ValueError, match="unknown categories|theft"):
        clf.partial_fit(X, np.where(Y, "theft", "ok"))
    for name, value in attributes.items():
        assert vars(clf)[name] is value, name
    np.testing.assert_array_equal(clf.predict_proba(X), proba)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
@pytest.mark.parametrize(
    ("table", "words"),
    [
        (X[:, :4], ["4 features", "expecting 5 features"]),
        (X[:0], ["0 sample(s)"]),
        (X[0], ["Expected 2D array"]),
        (with_value(np.nan), ["Input X contains NaN"]),
        (with_value(1e300), ["Input X", "float32"]),
        (X.reshape(200, 5, 1)[:, :, [0, 0]], ["rows of shape"]),
        (sparse.csr_array(with_value(np.inf)), ["Input X contains infinity"]),
    ],
    ids=["columns", "no rows", "one row", "nan", "huge", "axes", "sparse"],
)
def test_rows_unlike_those_of_fit_are_not_predicted(method, table, words, fitted):
    with pytest.raises(ValueError) as caught:
        getattr(fitted[0], method)(table)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("threshold", ["balanced_accuracy", None])
@pytest.mark.parametrize(
    ("labels", "weight", "words"),
    [
        (NAMED[:10], None, ["inconsistent numbers of samples", "10"]),
        (NAMED, np.ones(5), ["sample_weight", "5"]),
        (NAMED, np.full(200, np.nan), ["sample_weight", "NaN"]),
    ],
    ids=["labels", "weights", "nan"],
)
def test_labels_and_weights_unlike_the_rows_are_not_scored(
    threshold, labels, weight, words, fitted
):
    clf = fitted[0].set_params(threshold=threshold)
    with pytest.raises(ValueError) as caught:
        clf.score(X, labels, sample_weight=weight)
    for word in words:
        assert word in str(caught.value)


def test_other_names_or_another_order_of_columns_is_refused():
    table = pd.DataFrame(X, columns=list("abcde"))
    clf = BalancedKerasClassifier(**TINY).fit(table, NAMED)
    with pytest.raises(ValueError, match="feature names should match.*\n.*\n.*- f"):
        clf.predict(table.rename(columns={"c": "f"}))
    with pytest.raises(ValueError, match="same order as they were in fit"):
        clf.predict(table[list("bacde")])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
def test_nothing_is_predicted_before_a_fit(method):
    arguments = (X, NAMED) if method == "score" else (X,)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(BalancedKerasClassifier(), method)(*arguments)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tresholdd", ["Unknown parameter 'tresholdd'", "Did you mean 'threshold'?"]),
        ("optimzer__learning_rate", ["'optimzer'", "Did you mean 'optimizer'?"]),
    ],
)
def test_parameters_that_nobody_takes_are_refused(name, words):
    clf = BalancedKerasClassifier(**{name: 1})
    with pytest.raises(InvalidParameterError) as caught:
        clf.fit(X, NAMED)
    for word in words:
        assert word in str(caught.value)
    with pytest.raises(InvalidParameterError, match="Did you mean 'threshold'"):
        BalancedKerasClassifier().set_params(tresholdd=1)


# The note that both balance is a true one; here they only have to leave the data alone.
@pytest.mark.filterwarnings(r"ignore:\[INN003\]")
@given(
    sampler=st.sampled_from([None, "random_over", "random_under", "smote", "tomek_links"]),
    class_weight=st.sampled_from([None, "balanced", {"fraud": 2.0}]),
    threshold=st.sampled_from([None, 0.3, "f1"]),
    container=st.sampled_from([np.asarray, sparse.csr_array, pd.DataFrame]),
    weighted=st.booleans(),
    dtype=st.sampled_from(["float64", "float32", "int16"]),
)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_callers_data_is_never_changed(
    sampler, class_weight, threshold, container, weighted, dtype
):
    values = (10 * X).astype(dtype)
    labels, weight = NAMED.copy(), np.linspace(0, 3, 200)
    originals = [values.copy(), labels.copy(), weight.copy()]
    table = container(values)
    parts = [table.data, table.indices, table.indptr] if sparse.issparse(table) else [values]
    for part in (*parts, labels, weight):
        part.flags.writeable = False
    weights = copy.deepcopy(class_weight)
    steps = {"sampler": sampler, "class_weight": weights, "threshold": threshold}
    clf = BalancedKerasClassifier(**TINY | {"epochs": 1}, **steps)
    clf.fit(table, labels, sample_weight=weight if weighted else None)
    clf.predict(table)
    clf.score(table, labels, sample_weight=weight)
    clf.fit(table, labels, X_val=table, y_val=labels, sample_weight_val=weight)
    clf.partial_fit(table, labels, sample_weight=weight)
    for original, now in zip(originals, (values, labels, weight), strict=True):
        np.testing.assert_array_equal(original, now)
    if sparse.issparse(table):
        np.testing.assert_array_equal(table.toarray(), originals[0])
    assert weights == class_weight


def test_a_sampler_and_an_optimizer_of_the_caller_are_never_changed():
    sampler, optimizer = SMOTE(k_neighbors=3), keras.optimizers.Adam(0.01)
    config = optimizer.get_config()
    clf = BalancedKerasClassifier(**TINY, sampler=sampler, optimizer=optimizer)
    clf.fit(X, NAMED).fit(X, NAMED)
    assert sampler.get_params()["random_state"] is None
    assert not hasattr(sampler, "sampling_strategy_")
    assert optimizer.get_config() == config
    assert not optimizer.variables or int(optimizer.iterations.numpy()) == 0
