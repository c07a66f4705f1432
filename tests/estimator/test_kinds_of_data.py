"""Every kind of table, array and label that scikit-learn's users have."""

import warnings

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.training import batches
from tests import problems
from tests.problems import few_rows, slow_but_first, three_classes, three_labels

TINY = problems.TINY | {"model__hidden_layer_sizes": (4,), "epochs": 2}
NUMERIC = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
NUMERIC += ["float16", "float32", "float64", "bool"]


@pytest.fixture(scope="module")
def data():
    """Whole numbers from 0 to 100, which every type but bool holds exactly."""
    X, y = few_rows(flip_y=0.02)
    X = np.round(100 * (X - X.min(axis=0)) / np.ptp(X, axis=0))
    return X, y


@pytest.fixture(scope="module")
def reference(data):
    """Predictions after a fit to float64."""
    return fitted(*data).predict_proba(data[0])


def fitted(X, y, **params):
    """Fit a tiny network."""
    return BalancedKerasClassifier(**TINY | params).fit(X, y)


@pytest.mark.parametrize("dtype", slow_but_first(NUMERIC))
def test_numbers_of_every_type_are_the_same_numbers(dtype, data, reference):
    X, y = data
    typed = X.astype(dtype)
    if dtype == "bool":
        reference = fitted(typed.astype(float), y).predict_proba(typed.astype(float))
    clf = fitted(typed, y)
    np.testing.assert_allclose(clf.predict_proba(typed), reference, rtol=1e-4, atol=1e-6)
    # What was fitted to one type predicts from another.
    for other in ("float64", "int64", "float16"):
        same = clf.predict_proba(typed.astype(other))
        np.testing.assert_allclose(same, reference, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("sampler", "dtype"),
    [
        ("random_under", "uint8"),
        ("random_under", "bool"),
        ("smote", "int16"),
        ("smote", "bool"),
        ("tomek_links", "float16"),
        ("tomek_links", "uint8"),
    ],
)
@pytest.mark.filterwarnings("ignore:.INN016")
def test_samplers_take_every_type(sampler, dtype, data):
    X, y = data
    clf = fitted(X.astype(dtype), y, sampler=sampler)
    other = fitted(X.astype(dtype).astype(float), y, sampler=sampler)
    np.testing.assert_allclose(
        clf.predict_proba(X.astype(dtype)),
        other.predict_proba(X.astype(dtype)),
        rtol=1e-3,
        atol=1e-4,
    )


def test_numbers_in_objects_and_lists_are_numbers(data, reference):
    X, y = data
    for table in (X.astype(object), X.tolist()):
        clf = fitted(table, list(y))
        np.testing.assert_allclose(clf.predict_proba(table), reference, rtol=1e-5)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_memory_map_is_read_and_never_written(order, data, reference, tmp_path):
    X, y = data
    np.save(tmp_path / "X.npy", np.asarray(X, order=order))
    table = np.load(tmp_path / "X.npy", mmap_mode="r")
    clf = fitted(table, y, sampler="random_over")
    assert clf.predict_proba(table).shape == (200, 2)
    np.testing.assert_allclose(fitted(table, y).predict_proba(table), reference, rtol=1e-5)
    fitted(table, y, sampler="smote", epochs=1)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_with_series_keep_their_names(frame, data, reference):
    X, y = data
    names = ["age", "amount", "country", "hour", "device"]
    table = frame(dict(zip(names, X.T, strict=True)))
    labels = pd.Series(y) if frame is pd.DataFrame else pl.Series("y", y)
    clf = fitted(table, labels)
    assert clf.feature_names_in_.tolist() == names
    np.testing.assert_allclose(clf.predict_proba(table), reference, rtol=1e-5)
    assert clf.score(table, labels) == pytest.approx(fitted(X, y).score(X, y))
    smote = fitted(table, labels, sampler="smote")
    assert smote.predict(table).shape == (200,)


def test_a_frame_of_several_types(data, reference):
    X, y = data
    table = pd.DataFrame(X).astype({0: "int8", 1: "float32", 2: "Int64", 3: "uint16"})
    table.columns = list("abcde")
    np.testing.assert_allclose(fitted(table, y).predict_proba(table), reference, rtol=1e-5)


def test_a_shuffled_index_is_not_taken_for_positions(data, reference):
    X, y = data
    index = np.random.default_rng(0).permutation(200)
    table, labels = pd.DataFrame(X, index=index, columns=list("abcde")), pd.Series(y, index=index)
    weight = pd.Series(np.ones(200), index=index)
    clf = BalancedKerasClassifier(**TINY).fit(table, labels, sample_weight=weight)
    np.testing.assert_allclose(clf.predict_proba(table), reference, rtol=1e-5)


@pytest.fixture
def largest_block(monkeypatch):
    """The rows of the largest piece that was made dense."""
    rows = [0]
    for container in (sparse.csr_matrix, sparse.csr_array):
        original = container.toarray

        def spy(matrix, *args, original=original, **kwargs):
            rows[0] = max(rows[0], matrix.shape[0] * matrix.shape[1])
            return original(matrix, *args, **kwargs)

        monkeypatch.setattr(container, "toarray", spy)
    return rows


@pytest.fixture(scope="module")
def with_zeros(data):
    """The table with many zeros, and the predictions of Keras after a fit to it."""
    X, y = data
    X = X * (np.random.default_rng(0).random(X.shape) < 0.3)
    return X, y, fitted(X, y, engine="keras").predict_proba(X)


@pytest.mark.parametrize(
    ("container", "kind"),
    [(sparse.csr_array, "csr"), (sparse.csr_array, "coo"), (sparse.csr_matrix, "csc")],
)
def test_sparse_tables_are_dense_ones_batch_by_batch(kind, container, with_zeros):
    X, y, dense = with_zeros
    table = container(X).asformat(kind)
    clf = fitted(table, y)
    np.testing.assert_allclose(clf.predict_proba(table), dense, rtol=1e-4)
    np.testing.assert_array_equal(table.toarray(), X)


@pytest.mark.parametrize("sampler", [None, "random_over", "smote"])
def test_a_wide_sparse_table_is_never_dense_as_a_whole(sampler, largest_block, monkeypatch):
    for bound in ("FORWARD_ROWS", "LOOP_ROWS"):
        monkeypatch.setattr(f"imbalanced_nn.training.forward_pass.{bound}", 96)
    n, width = 500, 2000
    monkeypatch.setattr("imbalanced_nn.training.batches.BLOCK_BYTES", 4 * width * 96)
    generator = np.random.default_rng(0)
    y = (np.arange(n) < 60).astype(int)
    X = sparse.random_array((n, width), density=0.01, rng=generator, format="csr")
    X = X + sparse.csr_array(np.repeat(y, width).reshape(n, width) * (np.arange(width) < 3))

    def network(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        return keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(inputs))

    clf = BalancedKerasClassifier(
        network, sampler=sampler, epochs=1, batch_size=32, random_state=0
    ).fit(X, y)
    clf.predict(X)
    assert 0 < largest_block[0] <= 100 * width


@pytest.mark.parametrize("shape", [(200, 6, 2), (200, 5, 4, 2)])
@pytest.mark.parametrize(
    "params", slow_but_first([{}, {"sampler": "random_over"}, {"class_weight": "balanced"}])
)
def test_sequences_and_images(params, shape):
    y = (np.arange(200) < 40).astype(int)
    X = np.random.default_rng(0).normal(size=shape).astype("float32")
    X[y == 1] += 1
    clf = fitted(X, y, **params)
    assert clf.predict_proba(X).shape == (200, 2)
    assert clf.n_features_in_ == shape[1]
    with pytest.raises(ValueError, match="rows of shape"):
        clf.predict(X[:, :, :1])


def test_smote_on_sequences_warns_and_trains():
    y = (np.arange(200) < 40).astype(int)
    X = np.random.default_rng(0).normal(size=(200, 6, 2))
    with pytest.warns(ImbalanceWarning, match=r"\[INN002\] SMOTE"):
        clf = fitted(X, y, sampler="smote")
    assert (clf.sample_indices_ == -1).sum() == 128 - 32
    assert clf.predict(X).shape == (200,)


def test_smote_on_the_ids_of_words_warns():
    y = (np.arange(200) < 40).astype(int)
    X = np.random.default_rng(0).integers(0, 500, size=(200, 6))

    layers = [
        keras.Input((6,)),
        keras.layers.Embedding(500, 2),
        keras.layers.Flatten(),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
    clf = BalancedKerasClassifier(lambda: keras.Sequential(layers), sampler="smote", epochs=1)
    with pytest.warns(ImbalanceWarning, match=r"\[INN016\] SMOTE blends columns 0, 1, 2, 3, 4, 5"):
        clf.fit(X, y)


LABELS = {
    "int": np.array([0, 1]),
    "int8": np.array([3, 7], dtype=np.int8),
    "minus-one": np.array([-1, 1]),
    "bool": np.array([False, True]),
    "string": np.array(["fraud", "ok"]),
    "object": np.array(["fraud", "ok"], dtype=object),
    "float": np.array([0.0, 1.0]),
}


@pytest.mark.parametrize(
    ("kind", "sampler"),
    [*((kind, None) for kind in LABELS), ("object", "smote"), ("int8", "random_under")],
)
def test_predictions_come_back_as_the_labels_that_were_given(kind, sampler, data):
    X, y = data
    labels = LABELS[kind]
    clf = fitted(X, labels[y], sampler=sampler, class_weight="balanced")
    predicted = clf.predict(X)
    assert predicted.dtype == labels.dtype
    assert clf.classes_.dtype == labels.dtype
    assert set(predicted.tolist()) <= set(labels.tolist())
    coded = fitted(X, y, sampler=sampler, class_weight="balanced")
    np.testing.assert_array_equal(predicted, labels[coded.predict(X)])
    assert clf.score(X, labels[y]) == pytest.approx(coded.score(X, y))
    weights = dict(zip(labels.tolist(), [1.0, 3.0], strict=True))
    assert fitted(X, labels[y], class_weight=weights, epochs=0).class_weight_ == weights


def test_categorical_labels(data):
    X, y = data
    series = pd.Series(pd.Categorical(np.array(["ok", "fraud"])[y], categories=["ok", "fraud"]))
    clf = fitted(X, series)
    assert clf.classes_.tolist() == ["fraud", "ok"]
    assert clf.pos_label_ == "fraud"
    assert set(clf.predict(X)) <= {"fraud", "ok"}


def test_pandas_own_strings(data):
    X, y = data
    clf = fitted(X, pd.Series(np.array(["ok", "fraud"])[y], dtype="string"))
    assert set(clf.predict(X)) <= {"fraud", "ok"}
    assert clf.pos_label_ == "fraud"


def test_several_classes_of_any_label():
    X, y = three_classes(300)
    labels = np.array(["low", "middle", "high"])
    clf = fitted(X, labels[y], sampler="smote", class_weight="balanced")
    assert clf.classes_.tolist() == ["high", "low", "middle"]
    assert set(clf.predict(X)) <= set(labels)
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, sparse.csr_array])
def test_multilabel_indicators_dense_and_sparse(container):
    X, y = three_labels(200)
    clf = fitted(X, container(y), class_weight="balanced")
    predicted = clf.predict(X)
    assert predicted.shape == y.shape
    assert set(np.unique(predicted)) <= {0, 1}
    assert clf.best_threshold_.shape == (3,)
    assert clf.predict_proba(X).shape == y.shape
    dense = fitted(X, y, class_weight="balanced")
    np.testing.assert_array_equal(predicted, dense.predict(X))
    assert clf.score(X, container(y)) == pytest.approx(dense.score(X, y))


def test_one_hot_labels_come_back_one_hot():
    X, y = three_classes(300)
    clf = fitted(X, np.eye(3, dtype=int)[y], sampler="smote")
    predicted = clf.predict(X)
    assert predicted.shape == (300, 3)
    assert (predicted.sum(axis=1) == 1).all()
    assert clf.predict_proba(X).shape == (300, 3)


@pytest.mark.parametrize("n", [1, 2, 97])
def test_any_number_of_rows_is_predicted_alike(n, data):
    X, y = data
    clf = fitted(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X[:n]), clf.predict_proba(X)[:n])
    assert clf.predict_proba(X[:n]).shape == (n, 2)


@pytest.mark.slow
def test_sequences_with_two_rare_ones_in_a_thousand_are_found():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 24, 1)).astype("float32")
    y = np.zeros(20_000, dtype=int)
    y[rng.choice(20_000, 40, replace=False)] = 1
    # A bump somewhere in the noise.
    for row in np.flatnonzero(y):
        start = rng.integers(4, 16)
        X[row, start : start + 6, 0] += 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImbalanceWarning)
        clf = BalancedKerasClassifier(
            "mlp", sampler="balanced_batches", validation_split=0.5, epochs=4, random_state=0
        ).fit(X, y)
    fresh = rng.normal(size=(5000, 24, 1)).astype("float32")
    truth = np.zeros(5000, dtype=int)
    truth[:50] = 1
    for row in range(50):
        start = rng.integers(4, 16)
        fresh[row, start : start + 6, 0] += 3
    assert clf.score(fresh, truth) > 0.9
    assert clf.predict_proba(fresh[50:])[:, 1].mean() < 0.01


def test_training_on_a_memory_map_does_not_read_it_whole(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", "float32", (4000, 6))
    X[:] = rng.normal(size=(4000, 6))
    y = (X[:, 0] + rng.normal(size=4000) > 1.8).astype(int)
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    seen = []
    as_input = batches.as_network_input

    def spy(data):
        seen.append(len(data))
        return as_input(data)

    monkeypatch.setattr(batches, "as_network_input", spy)
    monkeypatch.setattr(batches, "BLOCK_BYTES", 4 * 6 * 64)
    clf = BalancedKerasClassifier(
        "mlp", sampler="balanced_batches", epochs=2, batch_size=64, random_state=0
    ).fit(X, y)
    assert clf.engine_ == "graph"
    assert max(seen) <= 64
