"""Weights and groups that go along with resampled rows."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from scipy import sparse

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.sampling import resample_rows


@pytest.fixture
def data():
    """Rows of patients that lie apart; the rare class is that of four of them."""
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 10)
    y = np.where(groups < 4, "ill", "well")
    X = generator.normal(size=(200, 3)) + 20 * groups[:, None]
    order = generator.permutation(200)
    return X[order], y[order], generator.uniform(1, 3, 200), groups[order]


@pytest.mark.parametrize("name", ["random_over", "random_under", "tomek_links", "near_miss"])
def test_rows_that_are_picked_keep_what_they_had(name, data):
    X, y, weight, groups = data
    after = resample_rows(name, X, y, sample_weight=weight, groups=groups, random_state=0)
    rows = after.sample_indices
    assert (rows >= 0).all()
    for part, before in zip(
        (after.X, after.y, after.sample_weight, after.groups), data, strict=True
    ):
        np.testing.assert_array_equal(part, before[rows])


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_a_synthetic_row_has_its_classs_mean_weight_and_a_group_it_was_made_from(make, data):
    X, y, weight, groups = data
    # Neighbours are of the same patient: so then is the blend.
    after = resample_rows(SMOTE(k_neighbors=3), make(X), y, sample_weight=weight, groups=groups)
    synthetic = after.sample_indices < 0
    assert synthetic.sum() == 120
    np.testing.assert_allclose(after.sample_weight[synthetic], weight[y == "ill"].mean())
    table = after.X.toarray() if sparse.issparse(after.X) else after.X
    own = np.round(table[synthetic].mean(axis=1) / 20)
    assert (after.groups[synthetic] == own).mean() > 0.95
    assert set(after.y[synthetic]) == {"ill"}
    real = after.sample_indices[~synthetic]
    np.testing.assert_array_equal(after.groups[~synthetic], groups[real])


def test_what_is_not_given_is_not_returned_and_rows_of_no_weight_are_left_out(data):
    X, y, weight, _ = data
    after = resample_rows("random_over", X, y, random_state=0)
    assert after.sample_weight is None
    assert after.groups is None
    weight[:5] = 0
    after = resample_rows("random_over", X, y, sample_weight=weight, random_state=0)
    assert not set(range(5)) & set(after.sample_indices)


def test_the_seed_and_any_number_of_dimensions(data):
    _, y, _, _ = data
    X = np.random.default_rng(0).normal(size=(200, 4, 2))
    one, same, other = (
        resample_rows("random_under", X, y, random_state=seed).sample_indices for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert resample_rows(RandomOverSampler(), X, y).X.shape[1:] == (4, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sampler": "balanced_batches"}, r"no rows to return.*BalancedBatches\(\)\.dataset"),
        ({"sampler": None}, "no rows to return"),
        ({"y": np.eye(2, dtype=int)[np.arange(200) % 2]}, "one label for each row"),
        ({"groups": np.arange(3)}, "one group for each row; got 3 for 200"),
        ({"y": np.zeros(3)}, "inconsistent numbers of samples"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message, data):
    given = {"sampler": "smote", "X": data[0], "y": data[1]} | arguments
    error = InvalidParameterError if "rows" in message or "label" in message else ValueError
    with pytest.raises(error, match=message):
        resample_rows(**given)
