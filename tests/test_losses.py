"""The label-weighted loss against NumPy, and what loss parameters stand for."""

import functools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import ops
from scipy.optimize import minimize
from scipy.special import expit, softmax

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import (
    LabelWeightedCrossentropy,
    is_proper,
    keras_loss,
    outputs_are_logits,
    posterior_of,
    resolve_loss,
    takes_one_hot,
)

TRUE = arrays(np.float32, (4, 3), elements=st.sampled_from([0.0, 1.0]))
LOGITS = arrays(np.float32, (4, 3), elements=st.floats(-8, 8, width=32))
WEIGHTS = arrays(np.float64, (2, 3), elements=st.floats(0, 50))


def by_hand(y, proba, weights):
    """Mean over rows and labels of the weighted crossentropy, in float64."""
    y, proba = y.astype(np.float64), proba.astype(np.float64)
    terms = -(weights[1] * y * np.log(proba) + weights[0] * (1 - y) * np.log(1 - proba))
    return terms.mean()


@given(TRUE, LOGITS, WEIGHTS)
@settings(max_examples=40)
def test_each_label_is_weighed_on_its_own(y, logits, weights):
    loss = LabelWeightedCrossentropy(weights.tolist(), from_logits=True)
    expected = by_hand(y, expit(logits.astype(np.float64)), weights)
    np.testing.assert_allclose(loss(y, logits), expected, rtol=1e-4, atol=1e-6)
    of_proba = LabelWeightedCrossentropy(weights.tolist())
    np.testing.assert_allclose(of_proba(y, expit(logits)), expected, rtol=1e-3, atol=1e-5)


@given(TRUE, LOGITS)
@settings(max_examples=20)
def test_equal_weights_are_plain_crossentropy(y, logits):
    loss = LabelWeightedCrossentropy(np.ones((2, 3)).tolist(), from_logits=True)
    plain = keras.losses.BinaryCrossentropy(from_logits=True)
    np.testing.assert_allclose(loss(y, logits), plain(y, logits), rtol=1e-5)


def test_integer_targets_and_row_weights():
    loss = LabelWeightedCrossentropy([[1.0, 1.0], [2.0, 5.0]])
    y = np.array([[1, 0], [0, 1]])
    proba = np.array([[0.8, 0.3], [0.1, 0.5]], dtype=np.float32)
    rows = [by_hand(y[[i]], proba[[i]], np.array([[1, 1], [2, 5]])) for i in range(2)]
    np.testing.assert_allclose(loss(y, proba), np.mean(rows), rtol=1e-6)
    weighted = loss(y, proba, sample_weight=np.array([2.0, 0.0]))
    np.testing.assert_allclose(weighted, rows[0], rtol=1e-6)


def test_the_loss_survives_serialisation():
    loss = LabelWeightedCrossentropy([[1.0, 0.5], [2.0, 5.0]], from_logits=True, name="own")
    twin = keras.losses.deserialize(keras.losses.serialize(loss))
    assert twin.get_config() == loss.get_config()
    y, logits = np.array([[1.0, 0.0]]), np.array([[0.3, 2.0]], dtype=np.float32)
    np.testing.assert_array_equal(twin(y, logits), loss(y, logits))


@pytest.mark.parametrize(
    ("loss", "routed", "resolved"),
    [
        ("BinaryFocalCrossentropy", False, keras.losses.BinaryFocalCrossentropy),
        ("BinaryFocalCrossentropy", True, keras.losses.BinaryFocalCrossentropy),
        ("binary_focal_crossentropy", True, keras.losses.BinaryFocalCrossentropy),
        ("binary_focal_crossentropy", False, "binary_focal_crossentropy"),
        ("mse", False, "mse"),
        ("mse", True, "mse"),
        (None, True, None),
        (keras.losses.Hinge, True, keras.losses.Hinge),
    ],
)
def test_names_of_classes_become_classes(loss, routed, resolved):
    assert resolve_loss(loss, routed) == resolved


@pytest.mark.parametrize("routed", [False, True])
@pytest.mark.parametrize("loss", ["no_such_loss", "Reduction", ["mse", "no_such_loss"]])
def test_names_that_nobody_knows_are_refused(loss, routed):
    with pytest.raises(InvalidParameterError, match="is not a known loss.*'pairwise_auc'"):
        resolve_loss(loss, routed)


def test_losses_of_several_outputs_are_resolved_one_by_one():
    hinge = keras.losses.Hinge()
    assert resolve_loss({"a": "Hinge", "b": hinge}, False) == {"a": keras.losses.Hinge, "b": hinge}
    assert resolve_loss(["Hinge", None], False) == [keras.losses.Hinge, None]
    assert resolve_loss(("Hinge", "mse"), False) == (keras.losses.Hinge, "mse")


def own(y_true, y_pred):
    """A loss of somebody's own."""
    return y_true * y_pred


class Own(keras.losses.BinaryCrossentropy):
    """Calls something else than Keras' function."""

    def call(self, y_true, y_pred):
        return y_true * y_pred


FORMS = [
    "binary_crossentropy",
    "BinaryCrossentropy",
    keras.losses.BinaryCrossentropy,
    keras.losses.BinaryCrossentropy(label_smoothing=0.1),
    keras.losses.binary_crossentropy,
    functools.partial(keras.losses.binary_crossentropy, label_smoothing=0.1),
    ["binary_crossentropy"],
    {"output": keras.losses.BinaryCrossentropy(label_smoothing=0.1)},
]


@pytest.mark.parametrize("loss", FORMS)
def test_a_loss_of_keras_is_known_in_every_form(loss):
    name, arguments = keras_loss(loss)
    assert name == "binary_crossentropy"
    assert arguments["label_smoothing"] == (0.1 if "0.1" in repr(loss) else 0)
    assert arguments["from_logits"] is False


@pytest.mark.parametrize("loss", [None, "no_such_loss", own, Own(), ["mse", "mse"], 3])
def test_what_is_not_keras_own_is_not_known(loss):
    assert keras_loss(loss) == (None, {})


LOGITS_OR_NOT = [
    *((loss, False) for loss in FORMS),
    (functools.partial(keras.losses.binary_crossentropy, from_logits=True), True),
    (keras.losses.BinaryCrossentropy(from_logits=True), True),
    ([keras.losses.CategoricalFocalCrossentropy(from_logits=True)], True),
    ("mse", False),
    (own, False),
    (LabelWeightedCrossentropy([[1.0], [2.0]], from_logits=True), True),
    ({"output": LabelWeightedCrossentropy([[1.0], [2.0]])}, False),
]


@pytest.mark.parametrize(("loss", "logits"), LOGITS_OR_NOT)
def test_a_loss_tells_whether_it_takes_log_odds(loss, logits):
    assert outputs_are_logits(loss) is logits


@pytest.mark.parametrize(
    ("loss", "one_hot"),
    [
        *((loss, False) for loss in [*FORMS, None, own, "sparse_categorical_crossentropy"]),
        ("categorical_crossentropy", True),
        ("CategoricalHinge", True),
        ([keras.losses.CategoricalFocalCrossentropy()], True),
        (functools.partial(keras.losses.categorical_crossentropy, label_smoothing=0.1), True),
    ],
)
def test_a_loss_tells_whether_it_takes_one_hot_classes(loss, one_hot):
    assert takes_one_hot(loss) is one_hot


@pytest.mark.parametrize("eta", [(0.85, 0.1, 0.05), (0.2, 0.5, 0.3)])
@pytest.mark.parametrize(
    ("loss", "gamma"),
    [
        (keras.losses.CategoricalCrossentropy(label_smoothing=0.1), 0.0),
        (keras.losses.CategoricalFocalCrossentropy(gamma=2.0, label_smoothing=0.1), 2.0),
    ],
)
def test_smoothing_is_undone_behind_the_loss_that_was_smoothed(loss, gamma, eta):
    smoothed = 0.9 * np.array(eta) + 0.1 / 3

    def expected(free):
        p = softmax(np.append(0.0, free))
        return -smoothed @ ((1 - p) ** gamma * np.log(p))

    best = minimize(expected, [0.0, 0.0], method="BFGS", options={"gtol": 1e-9}).x
    posterior = posterior_of(loss, 3, prior=np.array([0.9, 0.06, 0.04]))
    output = softmax(np.append(0.0, best))[None]
    np.testing.assert_allclose(posterior(output)[0], eta, atol=1e-4)


def weighted(y_true, y_pred):
    """Crossentropy that counts positives ten times."""
    return keras.losses.binary_crossentropy(y_true, y_pred) * (1 + 9 * y_true[..., 0])


def written_out(y_true, y_pred):
    """Crossentropy without Keras' function, of the whole batch at once."""
    p = ops.clip(y_pred, 1e-7, 1 - 1e-7)
    return -ops.mean(y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p))


def of_the_batch(y_true, y_pred):
    """Crossentropy that weighs classes by their share of the batch."""
    share = (ops.mean(y_true) + 0.1) / 1.2
    p = ops.clip(y_pred, 1e-7, 1 - 1e-7)
    positive, negative = y_true * ops.log(p) / share, (1 - y_true) * ops.log(1 - p) / (1 - share)
    return -ops.mean(positive + negative)


def smoothed(y_true, y_pred):
    """Crossentropy of labels that are drawn a little to the middle."""
    return keras.losses.binary_crossentropy(0.98 * y_true + 0.01, y_pred)


PROPER = [
    (written_out, True),
    (lambda y, p: keras.losses.binary_crossentropy(y, p), True),
    (keras.losses.BinaryCrossentropy(reduction="sum"), True),
    (keras.losses.MeanSquaredError(), True),
    (keras.losses.MeanAbsoluteError(), False),
    (keras.losses.BinaryFocalCrossentropy(), False),
    (weighted, False),
    (of_the_batch, False),
    (smoothed, False),
    (lambda y, p: ops.sum(p) * 0, False),
    (lambda y, p: 1 / 0, False),
]


@pytest.mark.parametrize(("loss", "proper"), PROPER)
@pytest.mark.parametrize("shape", [(1,), (3,), (5, 1)])
def test_proper_losses_are_told_from_others(loss, proper, shape):
    targets = [np.full(shape[-1], code, "float32") for code in (0, 1)]
    assert is_proper(loss, targets, shape, labels=shape == (3,)) is proper


def test_proper_losses_of_classes_are_told_from_others():
    one_hot = list(np.eye(4, dtype="float32"))
    assert is_proper(keras.losses.CategoricalCrossentropy(), one_hot, (4,))
    assert is_proper(keras.losses.MeanSquaredError(), one_hot, (4,))
    assert not is_proper(keras.losses.CategoricalFocalCrossentropy(), one_hot, (4,))
    # Keras takes softmax' logits for those of sigmoids here.
    assert not is_proper(keras.losses.BinaryCrossentropy(), one_hot, (4,))
    logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    codes = list(np.arange(4.0, dtype="float32")[:, None])
    assert is_proper(logits, codes, (6, 4), logits=True)
    assert not is_proper(logits, codes, (6, 4))
