"""A fit that breaks off is undone, and what is the caller's stays as it was."""

import copy

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imblearn.over_sampling import SMOTE
from scipy import sparse

from imbalanced_nn import BalancedKerasClassifier

from .conftest import NAMED, TINY, X, Y


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


# The notes that both balance, and that trained rows judge, are true ones; here they only have to
# leave the data alone.
@pytest.mark.filterwarnings(r"ignore:\[INN0(03|13)\]")
@given(
    sampler=st.sampled_from([None, "random_over", "random_under", "smote", "tomek_links"]),
    class_weight=st.sampled_from([None, "balanced", {"fraud": 2.0}]),
    threshold=st.sampled_from([None, 0.3, "f1"]),
    container=st.sampled_from([np.asarray, sparse.csr_array, pd.DataFrame]),
    weighted=st.booleans(),
    dtype=st.sampled_from(["float64", "float32", "int16"]),
)
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
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


BAD_CALLBACKS = {
    "number": 3,
    "name": "EarlyStopping",
    "one of two": [keras.callbacks.History(), 3],
    "object": {"a": object()},
    "class": [int],
}


@pytest.mark.parametrize("given", BAD_CALLBACKS.values(), ids=BAD_CALLBACKS)
def test_what_is_no_callback_is_refused_and_not_set(given):
    with pytest.raises(ValueError, match=r"callbacks holds .*, which is no callback of Keras"):
        BalancedKerasClassifier(**TINY, callbacks=given).fit(X, NAMED)
    clf = BalancedKerasClassifier(**TINY).fit(X, NAMED)
    with pytest.raises(ValueError, match="no callback of Keras"):
        clf.set_params(threshold=0.3, callbacks=given)
    assert clf.callbacks is None
    assert clf.threshold == "balanced_accuracy"
    clf.predict(X)


def test_what_is_refused_is_told_without_notes():
    clf = BalancedKerasClassifier(**TINY).fit(X, NAMED)
    # A note of rows that were trained on would be raised as an error.
    with pytest.raises(ValueError, match="at least two classes"):
        clf.tune_threshold(X[Y == 0], NAMED[Y == 0])
