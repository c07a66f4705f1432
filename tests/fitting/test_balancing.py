"""Rows resampled and weighed, and what the loss then sees, without a network."""

from types import SimpleNamespace

import numpy as np
import pytest
from imblearn.combine import SMOTETomek
from imblearn.over_sampling import SMOTENC
from imblearn.pipeline import make_pipeline

from imbalanced_nn.data.rows import Rows
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.balancing import Resampling, balance, checked_sampler, ramp_epochs
from imbalanced_nn.fitting.records import Target
from imbalanced_nn.sampling import make_sampler

N = 200
CODES = (np.arange(N) % 10 == 0).astype(int)
TARGET = Target("binary", np.array(["fine", "fraud"]), np.array([180, 20]), positive=1)


def rows(codes=CODES, weight=None):
    X = np.random.default_rng(0).normal(size=(len(codes), 2)) + np.reshape(codes, (len(codes), -1))
    weight = np.ones(len(codes)) if weight is None else weight
    return Rows(X, codes, codes, weight, np.arange(len(codes)))


def balanced(sampler=None, target=TARGET, given=None, **how):
    sampler = make_sampler(sampler, {}, seed=0)
    return balance(
        rows() if given is None else given,
        target,
        Resampling(sampler, **how),
        first_epoch=0,
        batch_size=lambda n: 20,
        encode_codes=lambda codes: codes.astype("float32"),
    )


def test_without_anything_rows_stay():
    found = balanced()
    np.testing.assert_array_equal(found.rows.index, np.arange(N))
    assert (found.draw, found.class_weight) == (None, None)
    np.testing.assert_allclose(found.mass(0).shares, [0.9, 0.1])


@pytest.mark.parametrize("sampler", ["random_over", "random_under", "balanced_batches"])
def test_drawn_rows_are_of_the_data_and_even(sampler):
    found = balanced(sampler)
    assert found.sample_indices.min() >= 0
    np.testing.assert_allclose(found.mass(3).shares, [0.5, 0.5], atol=1e-9)


def test_synthetic_rows_get_targets_and_are_told():
    found = balanced("smote")
    assert (found.sample_indices == -1).sum() == 160
    assert found.rows.y.dtype == np.float32
    np.testing.assert_allclose(found.mass(0).shares, [0.5, 0.5])


def test_class_weights_are_in_the_weights_of_the_rows():
    found = balanced(class_weight={"fine": 1, "fraud": 3})
    weight = found.rows.selected_weight
    assert weight[CODES == 1].mean() / weight[CODES == 0].mean() == pytest.approx(3)
    np.testing.assert_allclose(found.mass(0).shares, [180 / 240, 60 / 240])
    assert found.weights(0)["fraud"] / found.weights(0)["fine"] == pytest.approx(3)


@pytest.mark.filterwarnings("ignore:.INN003")
def test_later_synthetic_draws_are_weighed_alike():
    found = balanced("smote", every="epoch", class_weight={"fine": 1, "fraud": 3})
    for epoch in (1, 2):
        _, y, weight = found.draw.data(epoch)
        index = found.draw.rows(epoch)
        codes = np.asarray(y)[index]
        ratio = weight[index][codes == 1].mean() / weight[index][codes == 0].mean()
        assert ratio == pytest.approx(3, rel=1e-5)


def test_later_synthetic_draws_get_targets_without_weights_too():
    found = balanced("smote", every="epoch")
    _, y, _ = found.draw.data(1)
    assert np.asarray(y)[found.draw.rows(1)].mean() == pytest.approx(0.5)


def test_batches_that_weigh_their_classes_tell_their_shares():
    found = balanced(class_weight="balanced_batch")
    assert found.by_batch
    assert np.ptp(found.rows.selected_weight) == 0
    # Some batches of 20 hold no fraud: the loss sees a little less than a half of it.
    fraud = found.mass(0).shares[1]
    assert 0.4 < fraud < 0.5
    weights = found.weights(0)
    assert weights["fraud"] * 20 / (weights["fraud"] * 20 + weights["fine"] * 180) == pytest.approx(
        fraud
    )


def test_labels_are_weighed_in_the_loss_and_not_in_the_rows():
    indicator = np.column_stack([CODES, 1 - CODES])
    target = Target("multilabel", np.arange(2), indicator.sum(axis=0))
    found = balanced(target=target, given=rows(indicator), class_weight="balanced")
    assert found.weighs_labels
    assert np.ptp(found.rows.selected_weight) == 0
    np.testing.assert_allclose(found.mass(0).shares, [0.5, 0.5])


def test_weights_that_leave_no_row_are_refused():
    only = rows(CODES, np.where(CODES == 1, 1.0, 0.0))
    only = only.weighted(only.sample_weight)
    with pytest.raises(InvalidParameterError, match="leave no row with a positive weight"):
        balanced(given=only, class_weight={"fine": 1, "fraud": 0})


@pytest.mark.parametrize(
    ("given", "expected"), [((100, 3, True), 6), ((4, 3, True), 4), ((100, 3, False), 100)]
)
def test_schedules_arrive_after_twice_the_patience(given, expected):
    assert ramp_epochs(*given) == expected


@pytest.mark.parametrize(
    "sampler", [make_pipeline(SMOTENC(["b"])), SMOTETomek(smote=SMOTENC(np.array(["b"])))]
)
def test_columns_may_be_named_in_parts_of_a_sampler(sampler):
    given = {"sampler": sampler, "balancing_schedule": None, "resample_every": "auto"}
    estimator = SimpleNamespace(feature_names_in_=["a", "b"], **given)
    made = checked_sampler("sampler", estimator, {}, TARGET, seed=0)
    found = [v for k, v in made.get_params().items() if k.endswith("categorical_features")]
    assert found == [[1]]
