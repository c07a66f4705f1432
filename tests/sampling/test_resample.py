"""Samplers by name, and what they do to rows: by index or, where they blend, by value."""

import re

import imblearn.combine
import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn import FunctionSampler
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import EditedNearestNeighbours, RandomUnderSampler, TomekLinks
from scipy import sparse
from sklearn.cluster import MiniBatchKMeans
from sklearn.naive_bayes import GaussianNB

from imbalanced_nn.data.rows import Rows
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, TooFewRowsError
from imbalanced_nn.sampling import SAMPLERS, BalancedBatches, make_sampler, redraws, resample

CLASSES = np.array(["fraud", "ok"])


def rows_of(X, codes, index=None, weight=None):
    """Rows of X with targets that are their codes."""
    codes = np.asarray(codes)
    weight = np.ones(len(codes)) if weight is None else weight
    index = np.arange(len(codes)) if index is None else index
    return Rows(X, codes.astype(np.float32), codes, weight, index)


def imbalanced_rows(n=60, n_rare=12, shape=(3,), dtype=np.float64, seed=0):
    """Two overlapping classes; the odd rows only are selected."""
    generator = np.random.default_rng(seed)
    codes = np.ones(2 * n, dtype=int)
    codes[: 2 * n_rare] = 0
    X = generator.normal(scale=20, size=(2 * n, *shape)) + 100
    return rows_of(X.astype(dtype), codes, np.arange(1, 2 * n, 2), generator.uniform(1, 2, 2 * n))


def test_every_sampler_of_imbalanced_learn_has_a_name():
    modules = (imblearn.combine, imblearn.over_sampling, imblearn.under_sampling)
    classes = {getattr(module, name) for module in modules for name in module.__all__}
    assert set(SAMPLERS.values()) == classes | {BalancedBatches}
    assert len(SAMPLERS) == len(classes) + 1


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        ("random_over", "RandomOverSampler"),
        ("random_under", "RandomUnderSampler"),
        ("smote", "SMOTE"),
        ("borderline_smote", "BorderlineSMOTE"),
        ("smote_tomek", "SMOTETomek"),
        ("smote_enn", "SMOTEENN"),
        ("near_miss", "NearMiss"),
        ("all_knn", "AllKNN"),
        ("adasyn", "ADASYN"),
        ("tomek_links", "TomekLinks"),
    ],
)
def test_names_are_the_classes_in_snake_case(name, class_name):
    assert SAMPLERS[name].__name__ == class_name


@pytest.mark.parametrize("off", [None, "passthrough"])
def test_off_is_no_sampler(off):
    assert make_sampler(off, {}, 0) is None


def test_a_name_takes_routed_parameters_nested_ones_too():
    sampler = make_sampler("smote", {"k_neighbors": 3, "sampling_strategy": 0.5}, 7)
    assert (sampler.k_neighbors, sampler.sampling_strategy, sampler.random_state) == (3, 0.5, 7)
    params = {"kmeans_estimator": MiniBatchKMeans(n_init=1), "kmeans_estimator__n_clusters": 4}
    nested = make_sampler("kmeans_smote", params, 7)
    assert nested.kmeans_estimator.n_clusters == 4
    assert nested.kmeans_estimator.random_state == 7


def test_an_object_is_cloned_and_seeded_at_every_depth():
    given_sampler = make_pipeline(SMOTE(random_state=3), TomekLinks(), RandomUnderSampler())
    sampler = make_sampler(given_sampler, {"smote__k_neighbors": 2}, 7)
    assert sampler is not given_sampler
    assert (sampler["smote"].k_neighbors, sampler["smote"].random_state) == (2, 3)
    assert sampler["randomundersampler"].random_state == 7
    assert given_sampler["smote"].k_neighbors == 5
    assert given_sampler["randomundersampler"].random_state is None


class WithoutParameters:
    """A sampler that is no estimator."""

    def fit_resample(self, X, y):
        return X, y


@pytest.mark.parametrize(
    ("sampler", "params", "message"),
    [
        ("smoet", {}, r"sampler='smoet' is not a known sampler\. Did you mean 'smote'\?.*'adasyn'"),
        ("SMOTE", {}, r"sampler='SMOTE' is not a known sampler\. Did you mean 'smote'\?"),
        ("none", {}, r"not a known sampler\. To resample nothing write None\."),
        (SMOTE, {}, r"got <class .*SMOTE'>\. Pass an instance"),
        (3, {}, "must be None, a name or an object with fit_resample.*; got 3"),
        ("smote", {"k_neighbour": 3}, r"sampler__k_neighbour is not.*SMOTE\. Did you mean 'k_ne"),
        (SMOTE(), {"k_neighbour": 3}, r"sampler__k_neighbour is not.*Did you mean 'k_neighbors'"),
        ("smote_nc", {}, "'smote_nc' cannot be made by name alone.*categorical_features.*SMOTENC"),
        (
            WithoutParameters(),
            {},
            r"must be None, a name or an object with fit_resample.*get_params.*BaseEstimator",
        ),
    ],
)
def test_what_is_no_sampler_is_refused(sampler, params, message):
    with pytest.raises(InvalidParameterError, match=message):
        make_sampler(sampler, params, 0)


@pytest.mark.parametrize("shape", [(3,), (4, 2), (3, 2, 2)])
@pytest.mark.parametrize("name", ["random_over", "random_under"])
def test_random_samplers_pick_rows_of_any_shape_without_copying_them(name, shape):
    rows = imbalanced_rows(shape=shape)
    resampled, indices = resample(make_sampler(name, {}, 0), rows, CLASSES)
    assert resampled.X is rows.X
    assert set(indices) <= set(rows.index)
    np.testing.assert_array_equal(resampled.index, indices)
    counts = np.bincount(resampled.selected_codes)
    assert counts[0] == counts[1] == (48 if name == "random_over" else 12)
    np.testing.assert_array_equal(resampled.sample_weight, rows.sample_weight)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("sampler", [TomekLinks(), EditedNearestNeighbours(kind_sel="mode")])
def test_cleaning_samplers_keep_an_index_into_the_data(sampler, make):
    rows = imbalanced_rows()
    rows = rows_of(make(rows.X), rows.codes, rows.index, rows.sample_weight)
    resampled, indices = resample(sampler, rows, CLASSES)
    assert resampled.X is rows.X
    assert set(indices) < set(rows.index)
    kept = set(indices[rows.codes[indices] == 0])
    assert kept == set(rows.index[rows.selected_codes == 0]), "the rare class is never cleaned"


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
def test_smote_adds_blends_of_rows_of_the_rare_class(make):
    rows = imbalanced_rows()
    rows = rows_of(make(rows.X), rows.codes, rows.index, rows.sample_weight)
    resampled, indices = resample(make_sampler("smote", {}, 0), rows, CLASSES)
    assert resampled.y is None
    assert np.bincount(resampled.selected_codes).tolist() == [48, 48]
    np.testing.assert_array_equal(indices[:60], rows.index)
    assert (indices[60:] == -1).all()
    assert resampled.X.data is rows.X, "the data itself is not copied"
    assert resampled.X.further.shape == (36, 3)
    X_new = resampled.X[resampled.index]
    X, X_new = (x.toarray() if sparse.issparse(x) else x for x in (rows.X, X_new))
    np.testing.assert_array_equal(X_new[:60], X[rows.index])
    rare = X[rows.index[rows.selected_codes == 0]]
    for row in X_new[60:]:
        # A blend of a and b lies on the segment between them.
        lengths = np.linalg.norm(rare - row, axis=1)
        detour = lengths[:, None] + lengths - np.linalg.norm(rare[:, None] - rare, axis=2)
        np.fill_diagonal(detour, np.inf)
        assert detour.min() < 1e-6


@pytest.mark.parametrize("first", [0, 1])
def test_originals_keep_their_weight_and_synthetic_rows_get_the_mean_of_their_class(first):
    rows = imbalanced_rows()
    rows = rows_of(rows.X, rows.codes, np.arange(first, 120, 2), rows.sample_weight)
    resampled, _ = resample(make_sampler("smote", {}, 0), rows, CLASSES)
    np.testing.assert_array_equal(resampled.selected_weight[:60], rows.selected_weight)
    mean = rows.selected_weight[rows.selected_codes == 0].mean()
    np.testing.assert_allclose(resampled.selected_weight[60:], mean)


@pytest.mark.parametrize("name", ["smote_enn", "smote_tomek"])
def test_rows_that_a_combination_keeps_are_told_from_its_blends(name):
    rows = imbalanced_rows()
    resampled, indices = resample(make_sampler(name, {}, 0), rows, CLASSES)
    real = indices >= 0
    assert 0 < real.sum() < len(indices)
    np.testing.assert_array_equal(resampled.index[real], indices[real])
    np.testing.assert_array_equal(resampled.selected_codes[real], rows.codes[indices[real]])
    assert not set(indices[real]) - set(rows.index)
    # The combination alone, on a table of its own, returns the same rows.
    X_new, codes_new = make_sampler(name, {}, 0).fit_resample(
        rows.X[rows.index], rows.selected_codes
    )
    np.testing.assert_allclose(resampled.X[resampled.index], X_new, rtol=1e-6)
    np.testing.assert_array_equal(resampled.selected_codes, codes_new)


@pytest.mark.parametrize("labels", [["fraud", "ok"], [False, True], [-1, 1], [0.0, 2.0], [5, 7]])
@pytest.mark.parametrize(
    "sampler",
    [
        "instance_hardness_threshold",
        "neighbourhood_cleaning_rule",
        "smote_enn",
        EditedNearestNeighbours(kind_sel="mode"),
    ],
)
def test_the_labels_do_not_change_what_a_sampler_does(sampler, labels):
    # imbalanced-learn takes -1 for the last class, and cannot average strings.
    params = {}
    if sampler == "smote_enn":
        params = {"enn": EditedNearestNeighbours(kind_sel="mode")}
    if sampler == "instance_hardness_threshold":
        params = {"estimator": GaussianNB()}
    rows = imbalanced_rows(n=100, n_rare=30)
    (named, named_from), (coded, coded_from) = (
        resample(make_sampler(sampler, params, 0), rows, np.array(classes))
        for classes in (labels, [0, 1])
    )
    np.testing.assert_array_equal(named_from, coded_from)
    np.testing.assert_array_equal(named.selected_codes, coded.selected_codes)
    assert len(named.index) != 100


def test_a_strategy_that_names_labels_is_given_the_labels():
    params = {"sampling_strategy": ["ok"]}
    resampled, _ = resample(
        make_sampler("edited_nearest_neighbours", params, 0), imbalanced_rows(), CLASSES
    )
    counts = np.bincount(resampled.selected_codes)
    assert counts[0] == 12
    assert counts[1] < 48


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "float16"])
def test_blends_do_not_depend_on_how_the_numbers_are_stored(dtype):
    # uint8 would wrap round in the differences, integers would cut the blends off.
    rows = imbalanced_rows(dtype=dtype)
    same = rows_of(rows.X.astype(np.float64), rows.codes, rows.index, rows.sample_weight)
    stored, exact = (resample(make_sampler("smote", {}, 0), r, CLASSES)[0] for r in (rows, same))
    np.testing.assert_allclose(stored.X[stored.index], exact.X[exact.index], rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 2), (3, 2, 2)])
def test_blends_of_sequences_are_put_back_into_shape_with_a_warning(shape):
    rows = imbalanced_rows(shape=shape)
    with pytest.warns(ImbalanceWarning, match="SMOTE.*blend of two sequences.*'random_over'") as w:
        resampled, _ = resample(make_sampler("smote", {}, 0), rows, CLASSES)
    assert w[0].message.code == "INN002"
    X_new = resampled.X[resampled.index]
    assert X_new.shape == (96, *shape)
    np.testing.assert_array_equal(X_new[:60], rows.X[rows.index])
    flat = rows_of(rows.X.reshape(len(rows.X), -1), rows.codes, rows.index, rows.sample_weight)
    expected, _ = resample(make_sampler("smote", {}, 0), flat, CLASSES)
    np.testing.assert_array_equal(X_new.reshape(96, -1), expected.X[expected.index])


def test_cleaning_sequences_makes_no_synthetic_row_and_no_warning():
    resampled, indices = resample(TomekLinks(), imbalanced_rows(shape=(4, 2)), CLASSES)
    assert (indices >= 0).all()
    assert resampled.X.ndim == 3


@pytest.mark.parametrize(
    "container", [list, tuple, lambda parts: dict(zip("ab", parts, strict=True))]
)
def test_several_inputs_are_picked_from_but_never_blended(container):
    table = imbalanced_rows()
    X = container([table.X, table.X[:, :1]])
    rows = rows_of(X, table.codes, table.index)
    resampled, indices = resample(make_sampler("random_under", {}, 0), rows, CLASSES)
    assert resampled.X is X
    assert len(indices) == 24
    with pytest.raises(InvalidParameterError, match="several inputs.*'random_over'"):
        resample(make_sampler("smote", {}, 0), rows, CLASSES)


def test_random_over_sampling_with_shrinkage_blends():
    resampled, indices = resample(
        RandomOverSampler(shrinkage=1, random_state=0), imbalanced_rows(), CLASSES
    )
    assert (indices == -1).sum() == 36
    assert len(np.unique(resampled.X[resampled.index], axis=0)) == 96
    assert (
        redraws(RandomOverSampler(shrinkage=1, random_state=0), imbalanced_rows(), CLASSES) is None
    )


def test_too_few_rows_for_other_neighbours_is_told_with_the_counts():
    rows = imbalanced_rows(n=4, n_rare=2)
    message = "'fraud': 2, 'ok': 2.*n_neighbors.*sampler__n_neighbors.*'balanced_batches'"
    with pytest.raises(TooFewRowsError, match=message):
        resample(make_sampler("near_miss", {"n_neighbors": 7}, 0), rows, CLASSES)


def test_another_failure_of_a_sampler_is_told_with_the_counts():
    with pytest.raises(ValueError, match=r"'fraud': 12, 'ok': 48.*ratio") as caught:
        resample(
            make_sampler("random_under", {"sampling_strategy": 0.01}, 0), imbalanced_rows(), CLASSES
        )
    assert not isinstance(caught.value, TooFewRowsError)


def test_a_sampler_that_loses_a_class_is_refused():
    def drop(X, y):
        return X[y == "ok"], y[y == "ok"]

    with pytest.raises(TooFewRowsError, match="left no row of class 'fraud'"):
        resample(FunctionSampler(func=drop), imbalanced_rows(), CLASSES)


def drawing(name, seed, rows):
    """Return how a sampler that has drawn once draws again, and that first draw."""
    sampler = make_sampler(name, {}, seed)
    _, first = resample(sampler, rows, CLASSES)
    return redraws(sampler, rows, CLASSES), first


@given(seed=st.integers(0, 2**31 - 1), epoch=st.integers(1, 1000))
@settings(max_examples=20)
def test_an_epoch_is_drawn_from_the_seed_and_its_number_alone(seed, epoch):
    rows = imbalanced_rows()
    (one, first), (other, _) = (drawing("random_under", seed, rows) for _ in range(2))
    one.rows(epoch + 1)
    np.testing.assert_array_equal(one.rows(0)[: len(first)], first)
    np.testing.assert_array_equal(one.rows(epoch), other.rows(epoch))
    assert not np.array_equal(one.rows(epoch), one.rows(epoch + 1))
    assert set(one.rows(epoch)) <= set(rows.index)
    # Two draws of 24 rows fit into the 60 training rows.
    assert np.bincount(rows.codes[one.rows(epoch)]).tolist() == [24, 24]
    assert one.counts(epoch).tolist() == [24, 24]


def test_a_strongly_under_sampled_epoch_joins_ten_draws_at_most():
    rows = imbalanced_rows(n=500, n_rare=5)
    assert len(drawing("random_under", 0, rows)[0].rows(3)) == 10 * 10


def test_an_over_sampled_epoch_is_one_draw():
    rows = imbalanced_rows()
    drawn = drawing("random_over", 0, rows)[0].rows(3)
    assert np.bincount(rows.codes[drawn]).tolist() == [48, 48]


def test_under_sampling_sees_the_whole_majority_in_the_end():
    rows = imbalanced_rows()
    draw, _ = drawing("random_under", 0, rows)
    seen = set().union(*(draw.rows(epoch) for epoch in range(1, 40)))
    assert seen == set(rows.index)


def test_samplers_that_look_at_values_are_not_redrawn():
    assert redraws(make_sampler("smote", {}, 0), imbalanced_rows(), CLASSES) is None
    assert redraws(TomekLinks(), imbalanced_rows(), CLASSES) is None


@pytest.mark.parametrize("name", ["random_over", "random_under", "smote", "tomek_links"])
def test_the_callers_data_is_not_changed(name):
    rows = imbalanced_rows()
    before = [part.copy() for part in (rows.X, rows.y, rows.codes, rows.sample_weight, rows.index)]
    after = (rows.X, rows.y, rows.codes, rows.sample_weight, rows.index)
    for part in after:
        part.flags.writeable = False
    resample(make_sampler(name, {}, 0), rows, CLASSES)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("sampler", list(SAMPLERS.values()))
def test_a_class_name_is_answered_with_the_name_of_that_class(sampler):
    with pytest.raises(InvalidParameterError) as refusal:
        make_sampler(sampler.__name__, {}, 0)
    hint = re.search("Did you mean '(.*?)'", str(refusal.value))[1]
    assert SAMPLERS[hint] is sampler


class InReverse(BaseOverSampler):
    """Gives the rows that it was given last, behind new ones."""

    def _fit_resample(self, X, y):
        rare = y == "fraud"
        return np.concatenate([X[rare] + 0.5, X[::-1]]), np.concatenate([y[rare], y[::-1]])


def test_rows_of_a_sampler_in_another_order_are_known_again():
    rows = imbalanced_rows()
    resampled, indices = resample(InReverse(), rows, CLASSES)
    assert (indices[:12] == -1).all()
    assert indices[12:].tolist() == rows.index[::-1].tolist()
    codes, weight = rows.selected_codes, rows.selected_weight
    np.testing.assert_allclose(resampled.selected_weight[:12], weight[codes == 0].mean())
    np.testing.assert_array_equal(resampled.selected_weight[12:], weight[::-1])
    assert resampled.selected_codes.tolist() == [*codes[codes == 0], *codes[::-1]]
    np.testing.assert_allclose(resampled.X[resampled.index[12:]], rows.X[rows.index][::-1])
