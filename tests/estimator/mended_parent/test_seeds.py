"""A seed gives equal fits and leaves the process as it was found."""

import copy
import random

import joblib
import numpy as np
import pytest

from .conftest import in_new_process, ours

AFTER_A_SEEDED_FIT = """
    import os
    import keras, numpy as np
    from scikeras.wrappers import KerasClassifier
    from imbalanced_nn import BalancedKerasClassifier

    def network(meta):
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])

    X = np.random.default_rng(0).normal(size=(60, 3))
    y = (X[:, 0] > 0.5).astype(int)
    params = dict(model=network, loss="binary_crossentropy", epochs=1, verbose=0)
    {wrapper}(random_state=0, **params).fit(X, y)
    try:
        {wrapper}(**params).fit(X, y)
        answer = "fitted"
    except RuntimeError as error:
        answer = str(error)[:29]

    from tensorflow.python.eager import context
    from tensorflow.python.framework import config
    settings = config.is_op_determinism_enabled(), context.global_seed()
    print(answer, *settings, "TF_DETERMINISTIC_OPS" in os.environ)
"""


@pytest.mark.slow
def test_seeded_fit_leaves_tensorflow_as_found():
    code = AFTER_A_SEEDED_FIT.format(wrapper="BalancedKerasClassifier")
    assert in_new_process(code) == "fitted False None False"


@pytest.mark.slow
def test_seeded_fit_of_the_parent_breaks_later_unseeded_ones():
    code = AFTER_A_SEEDED_FIT.format(wrapper="KerasClassifier")
    assert in_new_process(code).startswith("Random ops require a seed to")


@pytest.mark.parametrize("random_state", [0, np.random.RandomState(0)])
def test_seeded_fit_leaves_global_generators_as_found(data, random_state):
    before = random.getstate(), copy.deepcopy(np.random.get_state())
    ours(random_state=random_state, sampler="random_under").fit(*data).predict(data[0])
    assert random.getstate() == before[0]
    for left, right in zip(np.random.get_state(), before[1], strict=True):
        np.testing.assert_array_equal(left, right)


def test_same_seed_same_network(data):
    X, y = data
    params = {"model": "mlp", "model__hidden_layer_sizes": (8,), "sampler": "random_under"}
    alone = ours(**params).fit(X, y)
    again, other = ours(**params).fit(X, y), ours(**params, random_state=1).fit(X, y)
    np.testing.assert_array_equal(alone.predict_proba(X), again.predict_proba(X))
    assert not np.array_equal(alone.predict_proba(X), other.predict_proba(X))
    assert not np.array_equal(alone.validation_indices_, other.validation_indices_)


def test_random_state_object_gives_equal_fits_and_is_not_advanced(data):
    X, y = data
    state = np.random.RandomState(5)
    clf = ours(random_state=state)
    first, second = clf.fit(X, y).predict_proba(X), clf.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(first, second)
    assert state.randint(2**31) == np.random.RandomState(5).randint(2**31)


def test_threads_do_not_change_seeded_results(data):
    X, y = data
    params = {"model": "mlp", "model__hidden_layer_sizes": (8,)}

    def fit(seed):
        return ours(**params, random_state=seed).fit(X, y).predict_proba(X)

    alone = [fit(seed) for seed in range(4)]
    together = joblib.Parallel(n_jobs=2, backend="threading")(
        joblib.delayed(fit)(seed) for seed in range(4)
    )
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
