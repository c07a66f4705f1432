"""Layers that learn how to take each column: ranks, spikes, tails, embeddings, against NumPy."""

import tracemalloc

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy import sparse
from scipy.stats import norm

from imbalanced_nn import networks
from imbalanced_nn.networks import (
    HeavyTails,
    LearnedScale,
    PeriodicEmbedding,
    RankNormalization,
    SpikeIndicators,
    columns_of,
    slots,
)

RNG = np.random.default_rng(0)
MANY = RNG.normal(size=(400, 3)).astype(np.float32)
TIES = RNG.integers(0, 7, size=(400, 2)).astype(np.float32)
# Half of an amount is 0; the mean of another was put where it was missing.
FAR = np.column_stack([RNG.standard_t(1, size=(400, 2)) * [3, 1e6], RNG.normal(size=400)])
FAR[0, :2] = 5e3, -2e9
AMOUNTS = np.where(RNG.random((400, 2)) < 0.5, [0, 3.5], RNG.gamma(1, size=(400, 2)))


def adapted(layer, X, rows=None):
    """A layer that has seen X."""
    layer.build(X.shape)
    layer.adapt(X, rows)
    return layer


def outputs(layer, X):
    """What a layer makes of X."""
    return convert_to_numpy(layer(np.asarray(X, np.float32))).astype(np.float64)


def bent(z):
    """Smooth clipping."""
    return z / np.sqrt(1 + (z / 3) ** 2)


def rank_normal(X, sample):
    """Ranks among the rows of a sample, counted one by one, and their normal quantiles."""
    below = (sample[None] < X[:, None]).sum(axis=1)
    through = (sample[None] <= X[:, None]).sum(axis=1)
    n = len(sample)
    return norm.ppf(np.clip((below + through) / (2 * n), 0.5 / n, 1 - 0.5 / n))


@pytest.mark.parametrize("X", [MANY, TIES, AMOUNTS.astype(np.float32)], ids=["many", "ties", "0"])
def test_ranks_are_those_counted_one_by_one(X):
    np.testing.assert_allclose(
        outputs(adapted(RankNormalization(), X), X), rank_normal(X, X), atol=1e-4
    )


def test_new_values_lie_between_their_neighbours_and_no_further_than_the_ends():
    layer = adapted(RankNormalization(), MANY)
    new = np.linspace(-6, 6, 500)[:, None] * np.ones(3)
    result = outputs(layer, new)
    assert (np.diff(result, axis=0) >= 0).all()
    assert np.abs(result - rank_normal(new.astype(np.float32), MANY)).max() < 0.4
    ends = norm.ppf([0.5 / 400, 1 - 0.5 / 400])
    np.testing.assert_allclose(result[[0, -1]], np.repeat(ends, 3).reshape(2, 3), rtol=1e-4)


def test_few_knots_are_nearly_as_good_as_all():
    X = np.concatenate([RNG.standard_cauchy(9000), np.zeros(1000)])[:, None].astype(np.float32)
    every, some = (outputs(adapted(RankNormalization(n), X), X) for n in (10_000, 1000))
    # Of the widest gaps in the tails nothing is known but their ends.
    assert np.abs(every - some).max() < 0.6
    assert np.abs(every - some).mean() < 0.002
    # A value that many rows hold is met exactly.
    np.testing.assert_allclose(every[-1], some[-1], atol=1e-6)


@pytest.mark.parametrize("value", [3e38, -3e38, 1e-44, 0])
def test_whatever_float32_holds_leaves_as_a_finite_number(value):
    X = np.array([-3e38, -1e-44, 0, 1e-44, 2e-44, 1, 3e38], np.float32)[:, None]
    layers = [adapted(layer(), X[:n]) for layer in (RankNormalization, HeavyTails) for n in (2, 7)]
    for spread, far in ((1, 3e38), (1e-40, 1)):
        column = np.append(np.linspace(-spread, spread, 99), far)
        layers.append(adapted(HeavyTails(), column[:, None]))
    for layer in layers:
        assert np.isfinite(outputs(layer, [[value]])).all()


def test_two_values_are_standardised_and_one_is_nothing():
    X = np.column_stack([np.arange(100) < 5, np.full(100, 7.0)]).astype(np.float32)
    result = outputs(adapted(RankNormalization(), X), X)
    standardised = (X[:, 0] - 0.05) / np.sqrt(0.05 * 0.95)
    np.testing.assert_allclose(result[:, 0], bent(standardised), rtol=1e-5)
    assert not result[:, 1].any()


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize(
    "layer", [RankNormalization, SpikeIndicators, HeavyTails, PeriodicEmbedding]
)
def test_only_the_given_rows_are_learned_from(layer, container):
    X = np.concatenate([AMOUNTS, np.full((50, 2), 1e6)])
    part, whole = adapted(layer(), container(X), np.arange(400)), adapted(layer(), AMOUNTS)
    for one, other in zip(part.non_trainable_weights, whole.non_trainable_weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_many_rows_are_thinned_evenly(monkeypatch):
    monkeypatch.setattr(networks.column_layers, "SAMPLE_ROWS", 10)
    (column,) = columns_of(np.arange(100.0)[:, None])
    assert column.values.tolist() == list(range(0, 100, 10))


@pytest.mark.parametrize("n_knots", [0, 2, 30])
def test_what_is_kept_of_a_column_tells_what_all_of_it_does(monkeypatch, n_knots):
    X = np.column_stack([MANY, AMOUNTS, MANY[:, 0] > 1]).astype(np.float32)
    every = columns_of(X)
    monkeypatch.setattr(networks.column_layers, "BLOCK_CELLS", 900)
    few = columns_of(X, n_knots=n_knots)
    assert max(len(column.values) for column in few) <= max(n_knots, 2)
    layers = [RankNormalization(n_knots or 1000), SpikeIndicators(), PeriodicEmbedding()]
    for layer in layers[n_knots == 0 :]:
        layer.build(X.shape)
        learned = []
        for columns in (every, few):
            layer.adapt_to(columns)
            learned.append([weight.copy() for weight in layer.get_weights()])
        for one, other in zip(*learned, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_wide_table_is_learned_from_without_a_copy(monkeypatch):
    monkeypatch.setattr(networks.column_layers, "BLOCK_CELLS", 2**20)
    X = np.random.default_rng(0).random((20_000, 300), np.float32)
    tracemalloc.start()
    columns = columns_of(X, n_knots=1000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(columns) == 300
    assert most < 0.7 * X.nbytes


def test_spikes_are_told_standardised():
    X = np.column_stack([AMOUNTS, MANY[:, :1], np.arange(400) % 12])
    layer = adapted(SpikeIndicators(4), X)
    result = outputs(layer, X)
    for column, value in enumerate((0, np.float32(3.5))):
        hit = X[:, column].astype(np.float32) == value
        z = (hit - hit.mean()) / max(hit.std(), 0.05)
        np.testing.assert_allclose(result[:, column], bent(z), rtol=1e-5)
    assert not result[:, 2:].any()


@pytest.mark.parametrize(
    ("counts", "is_spike"),
    [
        ([40, *[10] * 10], True),
        ([39, *[10] * 10], False),
        ([40, *[10] * 9], False),
        ([10, *[1] * 991], False),
        ([11, *[1] * 991], True),
    ],
    ids=["spike", "next", "few-values", "rare", "a-hundredth"],
)
def test_what_a_spike_is(counts, is_spike):
    (column,) = columns_of(np.repeat(np.arange(len(counts)), counts)[:, None])
    assert (column.spike is not None) is is_spike


def test_place_for_fewer_spikes_goes_to_the_most_common():
    layer = adapted(SpikeIndicators(1), np.column_stack([MANY[:, 0], AMOUNTS]))
    share = (AMOUNTS[:, 1] == 3.5).mean(), (AMOUNTS[:, 0] == 0).mean()
    assert convert_to_numpy(layer.columns).tolist() == [2 if share[0] > share[1] else 1]


def tails_by_hand(X, sample):
    """How far out values lie among those of a sample, in float64."""
    center = np.median(sample)
    spread = np.subtract(*np.quantile(sample, [0.75, 0.25])) / (2 * norm.ppf(0.75))
    inside = np.clip(X, sample.min(), sample.max())
    return (
        3
        * np.arcsinh((inside - center) / spread)
        / np.arcsinh(np.abs(sample - center).max() / spread)
    )


def test_tails_are_told_on_a_logarithmic_scale():
    # Of an odd number of rows quartiles and median are values.
    sample = FAR[:399].astype(np.float32).astype(np.float64)
    new = np.concatenate([sample, sample * 1.5, [[0, 0, 0], [1e30, -1e30, 1e30]]])
    result = outputs(adapted(HeavyTails(), sample), new)
    for column in (0, 1):
        expected = tails_by_hand(new[:, column], sample[:, column])
        np.testing.assert_allclose(result[:, column], expected, rtol=2e-2, atol=1e-5)
        assert np.abs(result[:, column]).max() == pytest.approx(3, rel=1e-5)
    assert not result[:, 2].any()


@pytest.mark.parametrize(("far", "is_heavy"), [(75, True), (74, False), (-75, True)])
def test_what_heavy_tails_are(far, is_heavy):
    # The quartiles are half a unit from the median.
    (column,) = columns_of(np.append(np.linspace(-1, 1, 401), far)[:, None])
    assert (column.tails is not None) is is_heavy


def test_a_middle_half_of_one_value_has_the_spread_of_all():
    rare = np.zeros(20_000)
    rare[:200], rare[200:400] = 100, -100
    (column,) = columns_of(rare[:, None])
    assert column.tails is None
    rare[1:400] = 0.1
    (column,) = columns_of(rare[:, None])
    assert column.tails.reach == pytest.approx(20_000**0.5, rel=0.01)


def test_place_for_fewer_tails_goes_to_those_that_reach_farthest():
    X = np.column_stack([MANY[:, 0], FAR[:, 0], FAR[:, 0], MANY[:, 1]])
    X[0, 1], X[0, 2] = 1e9, 1e12
    layer = adapted(HeavyTails(1), X)
    assert convert_to_numpy(layer.columns).tolist() == [2]
    assert outputs(layer, X).shape == (400, 1)


def embedding_by_hand(layer, x, number):
    """The formula of one column, in float64."""
    w, b, W, c = (convert_to_numpy(v)[number].astype(float) for v in layer.trainable_weights)
    return np.cos(2 * np.pi * x[:, None] * w + b) @ W + c


def test_the_embedding_is_the_formula_for_numeric_columns_and_zero_for_others():
    X = np.column_stack([MANY[:, 0] > 1, MANY[:, :2]]).astype(np.float32)
    for layer, places in ((PeriodicEmbedding(), (1, 2)), (PeriodicEmbedding(2), (0, 1))):
        keras.utils.set_random_seed(0)
        result = outputs(adapted(layer, X), X)
        assert result.shape == (400, 3 * layer.columns.shape[0])
        for place, column in zip(places, (1, 2), strict=True):
            expected = embedding_by_hand(layer, X[:, column].astype(np.float64), place)
            np.testing.assert_allclose(result[:, 3 * place : 3 * place + 3], expected, atol=1e-5)
    assert not outputs(adapted(PeriodicEmbedding(), X), X)[:, :3].any()


def test_the_embedding_starts_where_it_says():
    keras.utils.set_random_seed(1)
    layer = PeriodicEmbedding(frequency_scale=0.5)
    layer.build((None, 200))
    frequencies, phases, projection, bias = map(np.asarray, layer.trainable_weights)
    assert frequencies.std() == pytest.approx(0.5, rel=0.05)
    assert np.abs(phases).max() == pytest.approx(np.pi, rel=0.01)
    assert np.abs(projection).max() == pytest.approx(np.sqrt(6 / 19), rel=0.01)
    assert not bias.any()


def test_the_scale_learns_so_many_times_as_fast():
    layer = LearnedScale(6)
    inputs = keras.ops.convert_to_tensor(np.ones((1, 2), np.float32))
    layer(inputs)
    layer.scale.assign([0.01, 0])
    np.testing.assert_allclose(convert_to_numpy(layer(inputs)), [[1.06, 1]], rtol=1e-6)


def test_place_for_columns_spikes_and_tails_comes_by_the_four():
    X = np.column_stack([MANY, AMOUNTS, *(MANY.T > 0), *(MANY.T > 1)])
    assert slots(columns_of(X)) == (8, 4, 0)
    assert slots(columns_of(MANY)) == (3, 0, 0)
    assert slots(columns_of(np.column_stack([X, FAR]))) == (8, 4, 4)


@pytest.mark.parametrize(
    "layer",
    [
        RankNormalization(7),
        SpikeIndicators(2),
        HeavyTails(1),
        PeriodicEmbedding(2, units=2, n_frequencies=3, frequency_scale=0.2),
        LearnedScale(3),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_alone_are_saved_and_loaded(layer, tmp_path):
    model = keras.Sequential([keras.Input((2,)), layer])
    X = np.column_stack([AMOUNTS[:, 0], FAR[:, 0]])
    if hasattr(layer, "adapt"):
        layer.adapt(X)
    model.save(tmp_path / "layer.keras")
    twin = keras.saving.load_model(tmp_path / "layer.keras")
    assert twin.layers[0].get_config() == layer.get_config()
    np.testing.assert_array_equal(outputs(twin, X), outputs(model, X))
    assert model.output_shape[1:] == outputs(model, X).shape[1:]
    assert outputs(model, X).any()
