"""The forward pass gives what ``Model.predict`` gives, for any network and container."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import HeldOutPass, clear_programs, forward, forward_pass
from imbalanced_nn.training.backends.tensorflow import passes
from imbalanced_nn.training.cache import FORWARD

layers = keras.layers


def table_network(units=3):
    return keras.Sequential([keras.Input((5,)), layers.Dense(7, "relu"), layers.Dense(units)])


def image_network():
    inputs = keras.Input((6, 6, 1))
    hidden = layers.BatchNormalization()(layers.Conv2D(3, 3)(inputs))
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(hidden)))


def sequence_network():
    stack = [layers.Embedding(9, 4), layers.LSTM(3), layers.Dropout(0.5), layers.Dense(2)]
    return keras.Sequential([keras.Input((4,), dtype="int32"), *stack])


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs) ** 2


def inputs_of(n, shape, seed=0):
    generator = np.random.default_rng(seed)
    if shape == (4,):
        return generator.integers(9, size=(n, *shape)).astype(np.int32)
    return generator.normal(size=(n, *shape)).astype(np.float32)


NETWORKS = {
    "table": (table_network, (5,)),
    "image": (image_network, (6, 6, 1)),
    "sequence": (sequence_network, (4,)),
    "own": (Own, (5,)),
    "lambda": (
        lambda: keras.Sequential([keras.Input((5,)), layers.Lambda(lambda x: x + 1)]),
        (5,),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_predict(name, monkeypatch):
    # Blocks and slices of 96 and 192 rows, padded and not.
    monkeypatch.setattr(forward_pass, "FORWARD_ROWS", 192)
    monkeypatch.setattr(forward_pass, "LOOP_ROWS", 384)
    monkeypatch.setattr(passes, "SLICE_ROWS", 192)
    make, shape = NETWORKS[name]
    model = make()
    for n in (1, 192, 500):
        X = inputs_of(n, shape)
        np.testing.assert_allclose(
            forward(model, X), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6
        )


def test_containers_are_read_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr(forward_pass, "LOOP_ROWS", 96)
    model, X = table_network(), inputs_of(250, (5,))
    expected = forward(model, X)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    rows = np.array([3, 3, 249, 0])
    for given in (mapped, sparse.csr_array(X), X.astype(np.float64)):
        np.testing.assert_array_equal(forward(model, given), expected)
        np.testing.assert_array_equal(forward(model, given, rows), expected[rows])
    assert forward(model, X[:0]).shape == (0, 3)


@pytest.mark.parametrize(("make", "expected"), [(table_network, [192, 8]), (Own, [96, 96, 8])])
def test_batches_are_bounded(make, expected, monkeypatch):
    monkeypatch.setattr(forward_pass, "LOOP_ROWS", 192)
    monkeypatch.setattr(forward_pass, "FORWARD_ROWS", 96)
    sizes, predict = [], forward_pass._predict
    monkeypatch.setattr(
        forward_pass,
        "_predict",
        lambda model, batch, n: sizes.append(n) or predict(model, batch, n),
    )
    forward(make(), inputs_of(200, (5,)))
    assert sizes == expected


def test_several_inputs_and_outputs(monkeypatch):
    monkeypatch.setattr(passes, "SLICE_ROWS", 96)
    a, b = keras.Input((5,)), keras.Input((2,))
    joined = layers.Concatenate()([a, b])
    model = keras.Model([a, b], {"one": layers.Dense(1)(joined), "two": layers.Dense(2)(joined)})
    given = [inputs_of(130, (5,)), inputs_of(130, (2,))]
    outputs, expected = forward(model, given), model.predict(given, verbose=0)
    for name in ("one", "two"):
        np.testing.assert_allclose(outputs[name], expected[name], rtol=1e-5, atol=1e-6)


def test_equal_networks_share_a_graph_and_no_weights():
    clear_programs()
    X = inputs_of(20, (5,))
    models = [table_network() for _ in range(3)]
    for model in models:
        np.testing.assert_allclose(
            forward(model, X), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6
        )
    assert [program.n_traces for program in FORWARD] == [1]
    forward(table_network(units=4), X)
    assert len(FORWARD) == 2


def test_new_weights_are_seen():
    model, X = table_network(), inputs_of(20, (5,))
    before = forward(model, X)
    model.set_weights([2 * weight for weight in model.get_weights()])
    assert not np.allclose(forward(model, X), before)
    np.testing.assert_allclose(forward(model, X), model.predict(X, verbose=0), rtol=1e-5)


def _recompiled(model):
    model.layers[-1].activation = keras.activations.tanh
    model.compile("sgd", "mse")


def _with_lora(model):
    model.layers[0].enable_lora(2)
    model.set_weights([weight + 0.1 for weight in model.get_weights()])


def _with_another_head(model):
    model.pop()
    model.add(layers.Dense(4))


@pytest.mark.parametrize("change", [_recompiled, _with_lora, _with_another_head])
def test_a_changed_network_is_seen(change):
    model, X = table_network(), inputs_of(20, (5,))
    before = forward(model, X)
    change(model)
    after = forward(model, X)
    assert after.shape != before.shape or not np.allclose(after, before)
    np.testing.assert_allclose(after, model.predict(X, verbose=0), rtol=1e-5, atol=1e-6)


def test_another_loss_is_seen():
    model, X = table_network(units=1), inputs_of(60, (5,))
    y = (X[:, 0] > 0).astype(np.float32)
    for loss in ("mse", "mae"):
        model.compile("sgd", loss)
        _, found = HeldOutPass(X, y, np.arange(60), None, True)(model)
        assert found == pytest.approx(model.evaluate(X, y, verbose=0), rel=1e-5)


def test_large_batches_go_through_the_same_graph_in_slices(monkeypatch):
    clear_programs()
    steps = keras.Input((None, 5))
    model = keras.Model(steps, [layers.GRU(2, return_sequences=True)(steps), layers.GRU(3)(steps)])
    X = inputs_of(500, (4, 5))
    expected = forward(model, X)
    (program,) = FORWARD
    assert "_pass_by_slices" not in vars(program)
    monkeypatch.setattr(passes, "SLICE_ROWS", 192)
    for n_rows in (1, 192, 193, 500):
        for outputs, whole in zip(forward(model, X[:n_rows]), expected, strict=True):
            np.testing.assert_array_equal(outputs, whole[:n_rows])
    assert "_pass_by_slices" in vars(program)
    assert program.n_traces == 1


def test_a_row_does_not_depend_on_the_others():
    model, X = table_network(), inputs_of(300, (5,))
    whole = forward(model, X)
    for rows in (slice(17, 18), slice(5, 102), slice(100, 300)):
        np.testing.assert_array_equal(forward(model, X[rows]), whole[rows])


class ReadsNumbers(layers.Layer):
    def call(self, inputs):
        return inputs * float(inputs.numpy().max() > 0)

    def compute_output_shape(self, shape):
        return shape


def reads_numbers(y_true, y_pred):
    return keras.losses.binary_crossentropy(y_true, y_pred) * float(y_pred.numpy().max() > 0)


@pytest.mark.parametrize("n_blocks", [1, 3])
def test_what_runs_eagerly_is_not_traced(n_blocks, monkeypatch):
    monkeypatch.setattr("imbalanced_nn.training.forward_pass.FORWARD_ROWS", 60 // n_blocks)
    X, rows = inputs_of(100, (5,)), np.arange(20, 80)
    inputs = keras.Input((5,))
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(ReadsNumbers()(inputs)))
    model.compile("sgd", reads_numbers, run_eagerly=True)
    y = (X[:, 0] > 0).astype(np.float32)
    outputs, loss = HeldOutPass(X, y, rows, None, True)(model)
    np.testing.assert_allclose(outputs, model.predict(X, verbose=0)[rows], rtol=1e-5)
    assert loss == pytest.approx(model.evaluate(X[rows], y[rows], verbose=0), rel=1e-5)


@pytest.mark.filterwarnings("ignore:Even though the `tf.config.experimental_run_functions")
def test_nothing_is_traced_where_tensorflow_is_to_run_eagerly(request):
    request.addfinalizer(lambda: tf.config.run_functions_eagerly(False))
    X, y = inputs_of(100, (5,)), np.arange(100) % 4 == 0

    def build():
        inputs = keras.Input((5,))
        model = keras.Model(inputs, layers.Dense(1, "sigmoid")(ReadsNumbers()(inputs)))
        model.compile("sgd", "binary_crossentropy")
        return model

    tf.config.run_functions_eagerly(True)
    clf = BalancedKerasClassifier(build, epochs=1, random_state=0).fit(X, y)
    assert np.isfinite(clf.predict_proba(X)).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_blocks", [1, 3])
def test_held_out_loss_is_that_of_evaluate(n_blocks, weighted, monkeypatch):
    monkeypatch.setattr("imbalanced_nn.training.forward_pass.FORWARD_ROWS", 400 // n_blocks)
    model = table_network(units=1)
    model.add(layers.Dense(1, "sigmoid", kernel_regularizer="l2"))
    model.compile("sgd", "binary_crossentropy")
    X, rows = inputs_of(500, (5,)), np.arange(50, 450)
    y = (X[:, 0] > 0).astype(np.float32)
    weight = np.random.default_rng(1).uniform(0, 2, 500).astype(np.float32) if weighted else None
    judge = HeldOutPass(X, y, rows, weight, True)
    # Far from certainty: beyond it Keras computes from log-odds, which outputs do not tell.
    for factor in (0.3, 0.7):
        model.set_weights([factor * w for w in model.get_weights()])
        outputs, loss = judge(model)
        np.testing.assert_array_equal(outputs, forward(model, X, rows))
        chosen = None if weight is None else weight[rows]
        expected = model.evaluate(X[rows], y[rows], 400, sample_weight=chosen, verbose=0)
        assert loss == pytest.approx(expected, rel=1e-5)
    assert HeldOutPass(X, y, rows, weight, False)(model)[1] is None
