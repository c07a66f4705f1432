"""The built-in network, its normalisation, and where its output starts."""

import tracemalloc

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from scipy.special import expit, softmax

from imbalanced_nn.networks import (
    NETWORKS,
    RobustNormalization,
    adapt,
    has_members,
    normalization,
    set_output_bias,
)

mlp = NETWORKS["mlp"]
SAMPLE = np.random.default_rng(0).normal([5, -100, 0], [1, 20, 1e-3], size=(200, 3))


def adapted(X, rows=None):
    """A layer that has seen X."""
    layer = RobustNormalization()
    layer.build(X.shape)
    layer.adapt(X, rows)
    return layer


def outputs(layer, X):
    """What the layer makes of X."""
    return np.asarray(layer(np.asarray(X, dtype=np.float32)))


def robust(X, sample):
    """Median, interquartile range and smooth clipping in float64."""
    first, median, third = np.quantile(sample, [0.25, 0.5, 0.75], axis=0)
    scaled = (X - median) / ((third - first) / 1.35)
    return scaled / np.sqrt(1 + (scaled / 3) ** 2)


def meta(shape, target_type="binary", n_classes=2):
    """What scikeras tells a build function."""
    return {"X_shape_": shape, "target_type_": target_type, "n_classes_": n_classes}


def test_the_layer_is_the_formula_in_float64():
    np.testing.assert_allclose(outputs(adapted(SAMPLE), SAMPLE), robust(SAMPLE, SAMPLE), atol=1e-4)


def test_a_normal_feature_leaves_with_unit_scale_and_centre_zero():
    result = outputs(adapted(SAMPLE), SAMPLE)
    np.testing.assert_allclose(np.median(result, axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.std(result, axis=0), 1, atol=0.2)


@given(
    arrays(np.float32, (12, 2), elements=st.floats(-(2.0**100), 2.0**100, width=32)),
    arrays(np.float32, (4, 2), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),
)
@settings(max_examples=60)
def test_whatever_float32_holds_stays_within_three_and_keeps_its_order(sample, X):
    result = outputs(adapted(sample), X)
    assert np.isfinite(result).all()
    assert (np.abs(result) <= 3).all()
    for column, before in zip(result.T, X.T, strict=True):
        assert (np.diff(column[np.argsort(before, kind="stable")]) >= -1e-6).all()


def test_extreme_values_are_bent_to_three_not_to_the_middle():
    result = outputs(adapted(SAMPLE), np.array([[1e25, 3e38, -3e38]]))
    np.testing.assert_allclose(result, [[3, 3, -3]], rtol=1e-5)


def test_only_the_given_rows_are_learned_from():
    X = SAMPLE.copy()
    X[100:] = 1e6
    left, right = adapted(X, np.arange(100)), adapted(SAMPLE[:100])
    np.testing.assert_array_equal(left.center, right.center)
    np.testing.assert_array_equal(left.factor, right.factor)


def test_a_constant_feature_is_zero_everywhere():
    X = np.column_stack([np.full(50, 7.0), np.arange(50.0)])
    assert (outputs(adapted(X), X + 1)[:, 0] == 0).all()


def test_a_feature_without_spread_in_the_middle_is_scaled_by_its_range():
    # A rare yes/no finding: its quartiles are equal.
    X = np.zeros((100, 1))
    X[:5] = 4
    np.testing.assert_allclose(
        outputs(adapted(X), [[0.0], [4.0]]), [[0], [2 / np.sqrt(1 + 4 / 9)]], rtol=1e-6
    )


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csr_matrix])
def test_sparse_rows_teach_the_same_as_dense_ones(container):
    X = SAMPLE * (np.random.default_rng(1).random(SAMPLE.shape) < 0.6)
    dense, thin = adapted(X), adapted(container(X))
    np.testing.assert_array_equal(dense.center, thin.center)
    np.testing.assert_array_equal(dense.factor, thin.factor)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16"])
def test_the_statistics_are_taken_in_float64(dtype):
    X = np.arange(0, 120).reshape(40, 3).astype(dtype)
    layer = adapted(X)
    np.testing.assert_allclose(layer.center, np.median(X.astype(np.float64), axis=0), rtol=1e-6)


def test_steps_of_a_sequence_are_further_samples():
    X = SAMPLE.reshape(50, 4, 3)
    np.testing.assert_array_equal(adapted(X).center, adapted(SAMPLE).center)


def test_many_rows_are_thinned_evenly(monkeypatch):
    monkeypatch.setattr(normalization, "SAMPLE_ROWS", 10)
    X = np.arange(100.0).reshape(-1, 1)
    # Every tenth row: 0, 10, ..., 90.
    np.testing.assert_allclose(adapted(X).center, [45])


def test_the_layer_survives_its_configuration():
    twin = RobustNormalization.from_config(RobustNormalization(name="own").get_config())
    assert twin.name == "own"
    before = np.ones((2, 3), dtype=np.float32)
    np.testing.assert_allclose(outputs(twin, before), 1 / np.sqrt(1 + 1 / 9), rtol=1e-6)


def test_wide_rows_are_copied_some_columns_at_a_time(monkeypatch):
    X = np.random.default_rng(0).normal(size=(2000, 300)).astype(np.float32)
    rows = np.arange(1, 2000)
    whole, layer = adapted(X, rows), RobustNormalization()
    layer.build(X.shape)
    monkeypatch.setattr(normalization, "BLOCK_CELLS", 10 * len(rows))
    tracemalloc.start()
    try:
        layer.adapt(X, rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes / 2
    for one, other in zip(whole.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shape", [(7, 4), (7, 9, 3), (7, 6, 5, 2), (7, 3, 4, 5, 2)])
def test_the_default_network_takes_tables_sequences_images_and_volumes(shape):
    model = mlp(meta(shape), hidden_layer_sizes=(5,))
    assert not model.compiled
    result = np.asarray(model(np.ones(shape, dtype=np.float32)))
    assert result.shape == (7, 1)
    assert ((result > 0) & (result < 1)).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_several_columns_of_several_classes_are_refused_with_what_to_do(name):
    told = {"X_shape_": (30, 4), "target_type_": "multiclass-multioutput", "n_classes_": None}
    with pytest.raises(ValueError, match="time steps in the shape.*MultiOutputClassifier"):
        NETWORKS[name](told)


def test_the_default_network_refuses_more_axes_than_there_are_convolutions():
    with pytest.raises(ValueError, match="X of 2 to 5 dimensions, got 6.*build function"):
        mlp(meta((7, 2, 2, 2, 2, 2)))


@pytest.mark.parametrize(
    ("target_type", "n_classes", "units", "activation"),
    [
        ("binary", 2, 1, "sigmoid"),
        ("multiclass", 4, 4, "softmax"),
        ("multilabel-indicator", 3, 3, "sigmoid"),
    ],
)
def test_the_output_follows_the_target(target_type, n_classes, units, activation):
    model = mlp(meta((7, 4), target_type, n_classes))
    assert model.output_shape == (None, units)
    assert model.layers[-1].activation.__name__ == activation


def test_the_parameters_of_the_default_network_reach_its_layers():
    model = NETWORKS["mlp"](meta((7, 4)), (5, 6), "tanh", 0.3)
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [5, 6, 1]
    assert [layer.activation.__name__ for layer in dense] == ["tanh", "tanh", "sigmoid"]
    dropped = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert dropped == [0.3, 0.3]


def test_adapting_a_network_adapts_its_normalisation_only():
    model = mlp(meta((200, 3)), (5,))
    before = [layer.get_weights() for layer in model.layers]
    adapt(model, SAMPLE, np.arange(50))
    for layer, weights in zip(model.layers, before, strict=True):
        if isinstance(layer, RobustNormalization):
            np.testing.assert_allclose(layer.center, np.median(SAMPLE[:50], axis=0), rtol=1e-6)
        else:
            for old, new in zip(weights, layer.get_weights(), strict=True):
                np.testing.assert_array_equal(old, new)


def ending_in(*layers):
    """A network of which the last layers are given, and the bias of the dense one."""
    inputs = keras.Input((2,))
    hidden = inputs
    for layer in layers:
        hidden = layer(hidden)
    return keras.Model(inputs, hidden)


PRIOR = np.array([0.9, 0.04, 0.06])


@pytest.mark.parametrize(
    ("layers", "prior", "multilabel", "logits"),
    [
        ([keras.layers.Dense(1, "sigmoid")], [0.97, 0.03], False, False),
        ([keras.layers.Dense(1)], [0.97, 0.03], False, True),
        ([keras.layers.Dense(3, "softmax")], PRIOR, False, False),
        ([keras.layers.Dense(3)], PRIOR, False, True),
        ([keras.layers.Dense(3), keras.layers.Softmax()], PRIOR, False, False),
        ([keras.layers.Dense(3), keras.layers.Activation("softmax")], PRIOR, False, False),
        ([keras.layers.Dense(3, "sigmoid")], [0.5, 0.01, 0.3], True, False),
    ],
)
def test_the_output_starts_at_the_prior(layers, prior, multilabel, logits):
    model = ending_in(*layers)
    assert set_output_bias(model, np.array(prior), multilabel, logits)
    # At the origin the output is the bias alone.
    start = np.asarray(model(np.zeros((1, 2), dtype=np.float32)))[0]
    if logits:
        start = expit(start) if len(start) == 1 else softmax(start)
    expected = prior[1:] if len(start) == 1 else prior
    np.testing.assert_allclose(start, expected, rtol=1e-5)


def test_a_class_without_rows_starts_low_but_finite():
    model = ending_in(keras.layers.Dense(3, "softmax"))
    assert set_output_bias(model, np.array([0.5, 0.5, 0.0]), False, False)
    assert np.isfinite(model.layers[-1].get_weights()[1]).all()


@pytest.mark.parametrize(
    ("layers", "logits"),
    [
        ([keras.layers.Dense(1, "sigmoid", bias_initializer="ones")], False),
        ([keras.layers.Dense(1, "sigmoid", use_bias=False)], False),
        ([keras.layers.Dense(1, "relu")], False),
        ([keras.layers.Dense(1)], False),
        ([keras.layers.Dense(1, "sigmoid")], True),
        ([keras.layers.Dense(1, "sigmoid"), keras.layers.Dropout(0.1)], False),
        ([keras.layers.Dense(4, "softmax")], False),
    ],
    ids=["own-start", "no-bias", "relu", "linear", "sigmoid-as-logits", "dropout", "units"],
)
def test_a_start_of_its_own_or_no_probability_is_left_alone(layers, logits):
    model = ending_in(*layers)
    before = model.get_weights()
    assert not set_output_bias(model, np.array([0.9, 0.1]), False, logits)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("shape", "steps", "is_tabular"),
    [((9, 4), {}, True), ((9, 5000), {}, False), ((9, 7, 3), {}, False), ((9, 4), 4, False)],
    ids=["table", "wide", "sequences", "steps"],
)
def test_the_default_is_for_tables_that_are_not_wide(shape, steps, is_tabular):
    told = meta(shape) | ({"n_steps_": steps} if steps else {})
    model = NETWORKS["default"](told, hidden_layer_sizes=(3,), dropout=0.2)
    assert has_members(model) is is_tabular
