"""The label-weighted loss against NumPy, and what loss parameters stand for."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from imbalanced_nn.losses import LabelWeightedCrossentropy, is_binary_crossentropy, resolve_loss

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
        ("no_such_loss", True, "no_such_loss"),
        ("Reduction", True, "Reduction"),
        (None, True, None),
        (keras.losses.Hinge, True, keras.losses.Hinge),
    ],
)
def test_names_of_classes_become_classes(loss, routed, resolved):
    assert resolve_loss(loss, routed) == resolved


def test_losses_of_several_outputs_are_resolved_one_by_one():
    hinge = keras.losses.Hinge()
    assert resolve_loss({"a": "Hinge", "b": hinge}, False) == {"a": keras.losses.Hinge, "b": hinge}
    assert resolve_loss(["Hinge", None], False) == [keras.losses.Hinge, None]
    assert resolve_loss(("Hinge", "mse"), False) == (keras.losses.Hinge, "mse")


@pytest.mark.parametrize(
    ("loss", "is_it"),
    [
        (None, True),
        ("binary_crossentropy", True),
        ("BinaryCrossentropy", True),
        (keras.losses.BinaryCrossentropy, True),
        (keras.losses.BinaryCrossentropy(from_logits=True), True),
        (keras.losses.binary_crossentropy, True),
        ("binary_focal_crossentropy", False),
        (keras.losses.BinaryFocalCrossentropy(), False),
        ("mse", False),
        (["binary_crossentropy"], False),
    ],
)
def test_binary_crossentropy_is_known_by_all_its_names(loss, is_it):
    assert is_binary_crossentropy(loss) is is_it
