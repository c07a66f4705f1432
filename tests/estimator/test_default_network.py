"""The network that `model=None` stands for, inside the estimator."""

import keras
import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier, load, save
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.networks import BatchEnsembleDense, RobustNormalization, has_members, tabular
from imbalanced_nn.wrapper.factory import NetworkFactory
from tests.problems import two_classes

TINY = {"model__hidden_layer_sizes": (8,), "epochs": 3, "random_state": 0}
MLP = TINY | {"model": "mlp"}


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in six positive."""
    return two_classes(240)


def normalisation(clf):
    """Centre and factor of the layer that normalises the input."""
    (layer,) = (layer for layer in clf.model_.layers if isinstance(layer, RobustNormalization))
    return layer.get_weights()


def test_the_name_and_none_are_the_same_network(data):
    none, named = (BalancedKerasClassifier(model, **TINY).fit(*data) for model in (None, "default"))
    np.testing.assert_array_equal(none.predict_proba(data[0]), named.predict_proba(data[0]))


def test_its_parameters_are_routed(data):
    own = {"hidden_layer_sizes": (5, 4), "activation": "tanh", "dropout": 0.2}
    own = {f"model__{name}": value for name, value in own.items()}
    for model, kind, heads in (("mlp", keras.layers.Dense, [1]), (None, BatchEnsembleDense, [])):
        clf = BalancedKerasClassifier(model, epochs=0, validation_split=0.2, **own).fit(*data)
        hidden = [layer for layer in clf.model_.layers if isinstance(layer, kind)]
        assert [layer.units for layer in hidden] == [5, 4, *heads]
        dropped = [layer.rate for layer in clf.model_.layers if hasattr(layer, "rate")]
        assert dropped == [0.2, 0.2]


@pytest.mark.parametrize(
    ("change", "is_tabular"),
    [({}, True), ({"head_sampler": "balanced_batches"}, False), ({"sparse": True}, False)],
    ids=["table", "two-stages", "sparse"],
)
def test_tables_get_members_but_where_a_dense_layer_is_needed(data, change, is_tabular):
    X, y = data
    X = sparse.csr_array(X) if change.pop("sparse", False) else X
    clf = BalancedKerasClassifier(**TINY | {"epochs": 1} | change).fit(X, y)
    assert has_members(clf.model_) is is_tabular


@pytest.mark.slow
def test_the_average_of_folds_goes_on_training_and_is_kept(data, tmp_path):
    X, y = data
    clf = BalancedKerasClassifier(validation_split=2, **TINY | {"epochs": 1}).fit(X, y)
    save(clf, tmp_path / "clf.inn")
    twin = load(tmp_path / "clf.inn")
    np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
    assert has_members(twin.model_)
    before = twin.predict_proba(X)
    assert (twin.partial_fit(X, y).predict_proba(X) != before).any()


def test_the_scale_of_a_feature_does_not_matter(data):
    # Times powers of two, so that the rounding is the same.
    X, y = data
    scale = 2.0 ** np.array([-20, 20, 0, 10, -3, 1])
    plain, scaled = (BalancedKerasClassifier(**TINY).fit(table, y) for table in (X, X * scale))
    np.testing.assert_allclose(
        plain.predict_proba(X), scaled.predict_proba(X * scale), rtol=1e-4, atol=1e-6
    )


def test_one_absurd_value_spoils_neither_training_nor_prediction(data):
    X, y = data
    X = X.copy()
    X[1, 2] = 1e30
    clf = BalancedKerasClassifier(**TINY).fit(X, y)
    assert np.isfinite(clf.predict_proba(X)).all()
    extreme = np.full((1, 6), 3e38)
    assert np.isfinite(clf.predict_proba(extreme)).all()


def test_the_normalisation_stays_as_it_was_when_training_goes_on(data):
    X, y = data
    clf = BalancedKerasClassifier(validation_split=0.2, **MLP).fit(X, y)
    center = normalisation(clf)[0]
    clf.partial_fit(X + 100, y)
    np.testing.assert_array_equal(normalisation(clf)[0], center)


def test_only_the_first_part_teaches_the_normalisation(data):
    X, y = data
    clf = BalancedKerasClassifier(**MLP).partial_fit(X[:100], y[:100])
    np.testing.assert_allclose(
        normalisation(clf)[0], np.median(X[:100], axis=0), rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize(("rows", "size"), [(200, 32), (2000, 32), (4100, 64), (300_000, 512)])
def test_batches_grow_with_the_rows(rows, size):
    assert NetworkFactory(BalancedKerasClassifier("mlp")).batch_size(rows) == size


@pytest.mark.parametrize(("batch_size", "size"), [(None, 32), (7, 7), (-1, 5000)])
def test_batches_of_a_network_of_ones_own_are_keras_or_as_asked(batch_size, size):
    factory = NetworkFactory(BalancedKerasClassifier(lambda: None, batch_size=batch_size))
    assert factory.batch_size(5000) == size
    assert factory.batch_size(5000, 9) == 9


def test_an_unknown_name_is_refused_with_the_nearest(data):
    with pytest.raises(InvalidParameterError, match=r"model='defualt'.*Did you mean 'default'\?"):
        BalancedKerasClassifier("defualt").fit(*data)


@pytest.mark.slow
def test_a_good_network_comes_out_of_the_box(data):
    X, y = make_classification(1000, 6, weights=[0.9], class_sep=2.0, random_state=0)
    clf = BalancedKerasClassifier(random_state=0, epochs=30).fit(X[:500], y[:500])
    assert clf.score(X[500:], y[500:]) > 0.85


@pytest.mark.parametrize("rare", [20, 60])
def test_many_rows_with_enough_rare_ones_have_wider_layers(rare, monkeypatch):
    monkeypatch.setattr(tabular, "WIDER", ((100, 30, 9), (50, -1, 7)))
    X = np.random.default_rng(0).normal(size=(200, 3))
    for y in (np.repeat([0, 1], [200 - rare, rare]), np.eye(3, dtype=int)[np.arange(200) % 3]):
        enough = y.ndim == 2 or rare == 60
        clf = BalancedKerasClassifier(epochs=1, validation_split=0.2, random_state=0).fit(X, y)
        dense = [layer for layer in clf.model_.layers if isinstance(layer, BatchEnsembleDense)]
        assert {layer.units for layer in dense} == {9 if enough else 7}
