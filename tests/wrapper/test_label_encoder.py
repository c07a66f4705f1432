"""Labels of time steps, encoded as the parent encodes labels of rows."""

import numpy as np
import pytest
from scikeras.utils.transformers import ClassifierLabelEncoder

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.wrapper.label_encoder import TimestepLabelEncoder

LABELS = np.array(["ok", "odd", "fraud"])


@pytest.mark.parametrize("loss", [None, "categorical_crossentropy"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_steps_are_encoded_as_rows_are(loss, n_classes):
    y = LABELS[np.random.default_rng(0).integers(0, n_classes, (8, 5, 1))]
    encoder = TimestepLabelEncoder(loss=loss).fit(y)
    of_rows = ClassifierLabelEncoder(loss=loss).fit(y.ravel())
    assert encoder.classes_.tolist() == of_rows.classes_.tolist()
    expected = of_rows.transform(y.ravel()).reshape(8, 5, -1)
    encoded = encoder.transform(y)
    np.testing.assert_array_equal(encoded, expected)
    assert encoded.dtype == np.float32
    meta = encoder.get_metadata()
    assert (meta["n_classes_"], meta["n_steps_"]) == (n_classes, 5)


def test_announced_labels_have_their_codes_though_y_lacks_one():
    y = np.array([["a", "c"], ["c", "c"]])[:, :, None]
    encoder = TimestepLabelEncoder(categories=[np.array(["a", "b", "c"])]).fit(y)
    assert encoder.n_classes_ == 3
    np.testing.assert_array_equal(encoder.transform(y)[:, :, 0], [[0, 2], [2, 2]])


@pytest.mark.parametrize(
    "y",
    [[[[1, 1], [1, 0]]], [[[0, 0], [1, 0]]], [[[2, 0], [1, 3]]]],
    ids=["two labels", "no label", "numbers"],
)
def test_steps_of_several_labels_are_refused(y):
    with pytest.raises(InvalidParameterError, match="one label for each time step"):
        TimestepLabelEncoder().fit(np.array(y))


def test_sequences_of_another_length_are_refused():
    encoder = TimestepLabelEncoder().fit(np.array([0, 1, 1, 0]).reshape(2, 2, 1))
    with pytest.raises(ValueError, match=r"rows of shape \(4, 1\).*\(2, 1\).*sample_weight 0"):
        encoder.transform(np.zeros((1, 4, 1)))
