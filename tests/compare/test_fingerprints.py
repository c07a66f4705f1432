"""Fingerprints: equal for equal values in any process, different for any change."""

import functools
import subprocess
import sys
import types

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imbalanced_nn.compare.fingerprints import fingerprint
from imbalanced_nn.exceptions import InvalidParameterError


def _one(x):
    return x + 1


def _two(x):
    return x + 2


def _enclosed(value):
    return lambda x: x + value


TABLE = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]})
PAIRS = {
    "types": (1, True),
    "numbers and text": (1, "1"),
    "nesting": ([["a"], "b"], [["a", "b"]]),
    "cuts of text": (["ab", "c"], ["a", "bc"]),
    "one element": (np.arange(5.0), np.arange(5.0) + 1e-12 * np.eye(5)[4]),
    "shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "columns of zeros": (sparse.csr_array((2, 3)), sparse.csr_array((2, 4))),
    "no rows": (np.zeros((0, 2)), np.zeros((0, 3))),
    "dates": (np.array(["2020-01-01"], "M8[D]"), np.array(["2020-01-02"], "M8[D]")),
    "layout": (np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3, order="F")),
    "dtype": (np.zeros(2, np.int32), np.zeros(2, np.float32)),
    "objects": (np.array(["a", None], object), np.array(["a", "None"], object)),
    "order of rows": (TABLE, TABLE.iloc[::-1]),
    "names of columns": (TABLE, TABLE.set_axis(["a", "c"], axis="columns")),
    "dtype of a column": (TABLE, TABLE.astype({"b": "category"})),
    "sparse": (sparse.eye_array(3), sparse.eye_array(3, k=1)),
    "keys": ({"a": 1}, {"b": 1}),
    "sets": ({1, 2}, {1, 3}),
    "functions": (_one, _two),
    "closures": (_enclosed(1), _enclosed(2)),
    "partials": (functools.partial(_one, 1), functools.partial(_one, 2)),
    "estimators": (LogisticRegression(), LogisticRegression(C=2)),
    "pipelines": (
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(with_mean=False), LogisticRegression()),
    ),
    "classes": (LogisticRegression, StandardScaler),
    "random states": (np.random.RandomState(0), np.random.RandomState(1)),
    "generators": (np.random.default_rng(0), np.random.default_rng(1)),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_a_change_is_seen_and_an_equal_value_is_the_same(pair):
    one, other = (fingerprint(value) for value in pair)
    assert one != other
    assert fingerprint(pair[0]) == one


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_plain_values_have_one_fingerprint_exactly_if_they_print_alike(one, other):
    assert (fingerprint(one) == fingerprint(other)) == (repr(one) == repr(other))


def test_it_is_the_same_in_another_process():
    code = (
        "import numpy as np, pandas as pd\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from imbalanced_nn.compare.fingerprints import fingerprint\n"
        "X = pd.DataFrame({'a': ['x', None, 'y'], 'b': [1, 2, 3]})\n"
        "print(fingerprint(X, {'a', 'b', 'c'}, lambda x: x in {'p', 'q'}, np.arange(3),\n"
        "                  LogisticRegression(class_weight={'a': 1.0})))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_networks_count_by_configuration_and_weights():
    import keras

    def network(units, value):
        return keras.Sequential(
            [
                keras.Input((2,), name="i"),
                keras.layers.Dense(units, kernel_initializer="zeros", name="d"),
                keras.layers.Rescaling(value, name="r"),
            ],
            name="n",
        )

    assert fingerprint(network(1, 0.5)) == fingerprint(network(1, 0.5))
    assert len({fingerprint(network(*each)) for each in [(1, 0.5), (2, 0.5), (1, 0.6)]}) == 3
    trained = network(1, 0.5)
    trained.layers[0].set_weights([np.ones((2, 1)), np.zeros(1)])
    assert fingerprint(trained) != fingerprint(network(1, 0.5))


def test_estimators_count_by_the_version_of_their_package(monkeypatch):
    package = types.ModuleType("other")
    package.__version__ = "1.0"
    monkeypatch.setitem(sys.modules, "other", package)
    boosted = type("Boosted", (LogisticRegression,), {"__module__": "other.boosting"})
    before = fingerprint(boosted())
    assert fingerprint(boosted()) == before
    package.__version__ = "1.1"
    assert fingerprint(boosted()) != before


def test_an_object_inside_itself_ends():
    inside: list = [1]
    inside.append(inside)
    assert fingerprint(inside) == fingerprint(inside)


def test_what_cannot_be_told_apart_is_refused():
    with pytest.raises(InvalidParameterError, match="^cache: two objects like <object object at"):
        fingerprint({"a": object()})
