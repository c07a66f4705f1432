"""What people write for what they mean: the refusal says how it is written here."""

import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError

X = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
Y = np.repeat([0, 1], [30, 10])


def fitted(y=Y, X=X, **params):
    return BalancedKerasClassifier(epochs=1, random_state=0, **params).fit(X, y)


def as_objects(values):
    return np.array([*values], dtype=object)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (Y.astype(object), r"holds int\. Write y\.astype\(int\)\.$"),
        (np.stack([Y, 1 - Y], axis=1).astype(object), r"Write y\.astype\(int\)\.$"),
        (Y.astype(float).astype(object), r"holds float\. Write y\.astype\(int\)\.$"),
        (as_objects(np.where(Y, 0.5, 1.5).tolist()), r"Write y\.astype\(float\)\.$"),
        (Y.astype(bool).astype(object), r"Write y\.astype\(bool\)\.$"),
        (as_objects([None, *Y[1:].tolist()]), r"1 of 40 labels are missing\. Leave those rows"),
        (as_objects([np.nan, *Y[1:].tolist()]), "NaN"),
        (as_objects(["0", *Y[1:].tolist()]), r"holds int and str\..*y\.astype\(str\)"),
        (Y + 0.25 * X[:, 0], r"Unknown label type: continuous\. y holds 40.*\(y > limit\)"),
    ],
)
def test_labels_that_scikit_learn_does_not_know(y, says):
    with pytest.raises(ValueError, match=says) as refusal:
        fitted(y)
    assert "subclass" not in str(refusal.value)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"class_weight": {"0": 1, "1": 5}}, r"labels are \[0, 1\]\. The key is text.*write 0\.$"),
        ({"class_weight": [1, 5]}, r"Got \[1, 5\] instead\. Write a dict from label to weight"),
        ({"class_weight": "Balanced"}, "Did you mean 'balanced'"),
        ({"loss": "focal_loss"}, "loss='focal_loss' is not a known loss. Did you mean 'focal'"),
        ({"loss": "LDAMCrossentropy"}, "Did you mean 'ldam'"),
        ({"loss": "LogitAdjustedCrossentropy"}, "Did you mean 'logit_adjusted'"),
        ({"loss": "binary_cross_entropy"}, "Did you mean 'BinaryCrossentropy'"),
        ({"loss": ["nonsense"]}, "loss='nonsense' is not a known loss. Accepted are None,"),
        ({"optimizer": "adm"}, "optimizer='adm' is not a known optimizer. Did you mean 'adam'"),
        ({"optimizer": "AdamOptimizer"}, "Did you mean 'adam'"),
        ({"optimizer": 0.01}, "optimizer=0.01 is none.*optimizer__learning_rate"),
        ({"optimizer": None}, "optimizer=None is none"),
        ({"calibration": "platt"}, "Got 'platt' instead. Did you mean 'sigmoid'"),
        ({"calibration": "Isotonic"}, "Did you mean 'isotonic'"),
        ({"calibration": "none"}, "Write None, without quotes"),
        ({"balancing_schedule": "cos", "sampler": "random_over"}, "Did you mean 'cosine'"),
        ({"engine": "tensorflow"}, "Did you mean 'graph'"),
        ({"resample_every": 1}, "Got 1 instead.$"),
        ({"learning_rate": 0.1}, "'learning_rate'. Did you mean 'optimizer__learning_rate'"),
        ({"sampling_strategy": 1.0}, "Did you mean 'sampler__sampling_strategy'"),
        ({"threshold": "f1_score"}, "Did you mean 'f1'"),
        ({"head_sampler": "SMOTE"}, "head_sampler='SMOTE' is not a known.*Did you mean 'smote'"),
    ],
)
def test_names_and_types_of_parameters(params, says):
    with pytest.raises(InvalidParameterError, match=says):
        fitted(**params)


@pytest.mark.parametrize(
    ("class_weight", "says"),
    [
        (
            {0: 0.1, 1: 0.9},
            r"of label 0 weigh 0\.1, .* label 1 0\.9, .* other 1 weigh 1.*label: 9 ",
        ),
        ({0: 0, 1: 2}, r"label 0 weigh 0, those of label 1 2.*label: 10 "),
        ({0: 2, 2: 5}, None),
        ("balanced", None),
    ],
)
def test_weights_of_several_labels_say_how_they_were_read(class_weight, says, recwarn):
    y = np.stack([Y, 1 - Y, np.tile([0, 1], 20)], axis=1)
    clf = fitted(y, class_weight=class_weight)
    notes = [w.message.told for w in recwarn if w.message.code == "INN018"]
    if says is None:
        assert not notes
        return
    (note,) = notes
    assert note.startswith(f"[INN018] class_weight={class_weight!r} was read as")
    with pytest.warns(ImbalanceWarning, match=says):
        clf.fit(X, y)
    negative, positive = clf.class_weight_[1]
    assert positive == pytest.approx(class_weight[1] * negative)
