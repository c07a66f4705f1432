"""Members in one network: their layers, their loss and their optimizer, against NumPy and Keras."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy.special import expit

from imbalanced_nn.losses import FocalCrossentropy
from imbalanced_nn.networks import (
    NETWORKS,
    BatchEnsembleDense,
    KernelAdamW,
    LinearSkip,
    MemberDropout,
    MemberHeads,
    MemberMean,
    MembersNetwork,
    adapt,
    has_members,
    set_output_bias,
    slots_of,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 4)).astype(np.float32)
Y = (RNG.random((30, 1)) < 0.3).astype(np.float32)


def filled(layer, *shapes):
    """A layer whose weights are all random."""
    layer.build(shapes[0] if len(shapes) == 1 else list(shapes))
    for weight in layer.weights:
        weight.assign(RNG.normal(size=weight.shape))
    return layer


@pytest.mark.parametrize("own", [False, True])
def test_a_member_is_a_dense_layer_between_factors(own):
    layer = filled(BatchEnsembleDense(5, 3, "relu"), (None, 3, 4) if own else (None, 4))
    given = RNG.normal(size=(30, 3, 4)).astype(np.float32) if own else X
    result = convert_to_numpy(layer(given))
    kernel, inside, outside, bias = (convert_to_numpy(w).astype(float) for w in layer.weights)
    inside = inside.T if own else inside
    for member in range(3):
        inputs = given[:, member] if own else given
        expected = (inputs * inside[:, member]) @ kernel * outside[member] + bias[member]
        np.testing.assert_allclose(result[:, member], np.maximum(expected, 0), atol=1e-5)
    assert result.shape == layer.compute_output_shape((30, *given.shape[1:]))


def test_inputs_in_blocks_share_factors():
    # Two columns, a spike, and two values for each column.
    layer = filled(BatchEnsembleDense(1, 2, blocks=[(0, 3, 1), (0, 2, 2)]), (None, 7))
    factors = convert_to_numpy(layer.input_factors)
    np.testing.assert_array_equal(
        convert_to_numpy(layer._factors()), factors[[0, 1, 2, 0, 0, 1, 1]]
    )


def test_inputs_of_a_members_own_share_no_factors():
    with pytest.raises(ValueError, match="common to all members.*set blocks=None"):
        BatchEnsembleDense(1, 2, blocks=[(0, 4, 1)]).build((None, 2, 4))


def test_signs_are_drawn_for_the_inputs_alone():
    layer = BatchEnsembleDense(6, 4, signs=True)
    layer.build((None, 500))
    signs = convert_to_numpy(layer.input_factors)
    assert set(np.unique(signs)) == {-1, 1}
    assert abs(signs.mean()) < 0.1
    assert (convert_to_numpy(layer.output_factors) == 1).all()


@pytest.mark.parametrize("units", [1, 3])
def test_heads_are_each_members_own(units):
    layer = filled(MemberHeads(units), (None, 3, 4))
    given = RNG.normal(size=(30, 3, 4)).astype(np.float32)
    kernel, bias = map(convert_to_numpy, layer.weights)
    expected = np.stack([given[:, m] @ kernel[m] + bias[m] for m in range(3)], axis=1)
    np.testing.assert_allclose(convert_to_numpy(layer(given)), expected, atol=1e-5)


def test_the_skip_is_one_for_all_members():
    layer = filled(LinearSkip(), (None, 3, 2), (None, 4))
    outputs = RNG.normal(size=(30, 3, 2)).astype(np.float32)
    expected = outputs + (X @ convert_to_numpy(layer.skip))[:, None]
    np.testing.assert_allclose(convert_to_numpy(layer([outputs, X])), expected, atol=1e-5)


def test_probabilities_are_averaged_and_not_log_odds():
    logits = 3 * RNG.normal(size=(30, 4, 1)).astype(np.float32)
    averaged = convert_to_numpy(MemberMean()(logits))
    np.testing.assert_allclose(averaged, expit(logits).mean(axis=1), rtol=1e-5)


def meta(target_type="binary", n_classes=2, shape=(30, 4)):
    """What scikeras tells a build function."""
    return {"X_shape_": shape, "target_type_": target_type, "n_classes_": n_classes}


def made(**kwargs):
    """A small network for tables that has seen X."""
    keras.utils.set_random_seed(3)
    model = NETWORKS["tabular"](meta(**kwargs), (5, 3), n_members=3, dropout=0.0)
    adapt(model, X, np.arange(30))
    return model


@pytest.mark.parametrize(
    ("n_rows", "n_rarest", "units"),
    [
        (None, 0, 64),
        (10_000, 5000, 64),
        (10_001, 0, 128),
        (200_000, 5000, 128),
        (200_001, 1000, 128),
        (200_001, 1001, 256),
    ],
)
def test_more_rows_have_wider_layers(n_rows, n_rarest, units):
    for name in ("tabular", "default"):
        model = NETWORKS[name](meta(shape=(n_rows, 4)) | {"n_rarest_": n_rarest})
        dense = [layer for layer in model.layers if isinstance(layer, BatchEnsembleDense)]
        assert [layer.units for layer in dense] == [units, units]


def members_of(model):
    """The members as networks of their own, of the same weights."""
    logits = model.layers[-1].input
    shared = keras.Model(model.input, logits)
    return [lambda rows, m=m: convert_to_numpy(shared(rows))[:, m] for m in range(logits.shape[1])]


LOSSES = {
    "crossentropy": keras.losses.BinaryCrossentropy,
    "focal": lambda: FocalCrossentropy(gamma=2.0, prior=[0.7, 0.3]),
    "sum": lambda: keras.losses.BinaryCrossentropy(reduction="sum"),
    "mean of weights": lambda: keras.losses.BinaryCrossentropy(reduction="mean_with_sample_weight"),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_each_member_learns_for_itself_and_the_mean_is_judged(name, weighted):
    model, loss = made(), LOSSES[name]()
    model.compile(loss=loss)
    weight = RNG.random(30).astype(np.float32) if weighted else None
    outputs = model(X, training=True)
    trained, judged = (
        convert_to_numpy(
            model.compute_loss(y=Y, y_pred=outputs, sample_weight=weight, training=training)
        )
        for training in (True, False)
    )
    parts = [convert_to_numpy(loss(Y, expit(member(X)), weight)) for member in members_of(model)]
    np.testing.assert_allclose(trained, np.mean(parts), rtol=1e-5)
    expected = convert_to_numpy(loss(Y, outputs, weight))
    np.testing.assert_allclose(judged, expected, rtol=1e-6)
    assert judged < trained


@pytest.mark.parametrize(
    ("target_type", "n_classes", "units", "activation", "prior"),
    [
        ("binary", 2, 1, "sigmoid", [0.9, 0.1]),
        ("multiclass", 3, 3, "softmax", [0.7, 0.2, 0.1]),
        ("multilabel-indicator", 3, 3, "sigmoid", [0.5, 0.01, 0.3]),
    ],
)
@pytest.mark.parametrize("hidden", [(), (5,)])
def test_all_targets_start_at_the_prior(target_type, n_classes, units, activation, prior, hidden):
    model = NETWORKS["tabular"](meta(target_type, n_classes), hidden)
    assert model.output_shape == (None, units)
    assert model.layers[-1].activation.__name__ == activation
    for layer in model.layers:
        if isinstance(layer, MemberHeads | BatchEnsembleDense):
            layer.kernel.assign(np.zeros(layer.kernel.shape))
    assert set_output_bias(model, np.array(prior), target_type.startswith("multilabel"), False)
    expected = prior[1:] if units == 1 else prior
    np.testing.assert_allclose(convert_to_numpy(model(X))[0], expected, rtol=1e-5)


@pytest.mark.slow
def test_the_network_is_saved_and_loaded(tmp_path):
    model = made()
    model.compile(optimizer=KernelAdamW(), loss="binary_crossentropy")
    model.fit(X, Y, epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    assert type(twin) is MembersNetwork
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
    assert has_members(twin)
    assert not has_members(NETWORKS["mlp"](meta()))


def test_units_are_dropped_of_all_members_alike_and_the_mean_stays():
    layer, given = MemberDropout(0.25, seed=3), np.ones((400, 2, 50), "float32")
    dropped = convert_to_numpy(layer(given, training=True))
    assert set(np.unique(dropped)) == {0, np.float32(1 / 0.75)}
    np.testing.assert_array_equal(dropped[:, 0], dropped[:, 1])
    # Five standard errors of 20,000 draws.
    assert abs(dropped.mean() - 1) < 5 * np.sqrt(0.25 / 0.75 / 20_000)
    again = convert_to_numpy(layer(given, training=True))
    assert (dropped != again).any()
    for kept in (layer(given), MemberDropout(0.0)(given, training=True)):
        np.testing.assert_array_equal(convert_to_numpy(kept), given)
    with pytest.raises(ValueError, match="from 0 to below 1, not 1.5"):
        MemberDropout(1.5)


@pytest.mark.slow
def test_only_kernels_decay_as_where_keras_is_told_of_the_others():
    models = [made(), made()]
    keras_own = keras.optimizers.AdamW(0.1, weight_decay=0.5)
    others = [w for w in models[1].trainable_weights if w.name != "kernel"]
    keras_own.exclude_from_weight_decay(others)
    optimizers = KernelAdamW(0.1, weight_decay=0.5), keras_own
    for model, optimizer in zip(models, optimizers, strict=True):
        model.compile(optimizer=optimizer, loss="binary_crossentropy")
        model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert 0 < len(others) < len(models[1].trainable_weights)


def test_the_optimizer_is_made_anew_from_its_configuration():
    twin = KernelAdamW.from_config(KernelAdamW(0.01, weight_decay=0.3, beta_1=0.8).get_config())
    assert float(twin.learning_rate) == pytest.approx(0.01)
    assert (twin.weight_decay, twin.beta_1) == (0.3, 0.8)


def test_a_network_tells_for_how_many_columns_it_has_place():
    assert slots_of(NETWORKS["tabular"](meta() | {"slots_": (3, 2, 1)})) == (3, 2, 1)
    assert slots_of(NETWORKS["tabular"](meta() | {"slots_": (0, 0, 0)})) == (0, 0, 0)
    assert slots_of(NETWORKS["mlp"](meta())) is None
