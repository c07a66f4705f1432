"""What "auto" stands for; moving averages of weights; epochs ranked by a ratio; fixed layers."""

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.networks import KernelAdamW, MembersNetwork
from imbalanced_nn.training import PRECISION_BY_LOSS, HighestRatio, callbacks
from imbalanced_nn.training.prefix import split_fixed
from imbalanced_nn.wrapper.factory import NetworkFactory
from tests.problems import ENGINES

from .conftest import HIDDEN, TABLE, assert_equal_fits, fitted, network, rows

SLOW = pytest.mark.slow
SMALL = {"model__hidden_layer_sizes": (4,), "model__n_members": 2}
ONE = {"validation_split": 0.2}
X, Y = rows(TABLE)


def untrained(model="tabular", n=150, **params):
    """Return the factory of an estimator that was fitted for no epoch."""
    clf = BalancedKerasClassifier(model, random_state=0, **SMALL | ONE | {"epochs": 0} | params)
    return NetworkFactory(clf.fit(X[:n], Y[:n]))


@SLOW
@pytest.mark.parametrize("sampler", ["smote", "random_under"])
def test_the_network_for_tables_is_trained_as_by_model_fit(sampler):
    stops = {"early_stopping": True, "epochs": 9, "patience": 2}
    how = {"sampler": sampler, "resample_every": "epoch"}
    # How products of the odd batches that SMOTE leaves are rounded depends on the processor.
    exact = sampler != "smote"
    assert_equal_fits("tabular", X, Y, exact=exact, **SMALL | stops | how)


@pytest.mark.slow
def test_without_a_sampler_too():
    assert_equal_fits("tabular", X, Y, **SMALL)


@pytest.mark.slow
def test_several_classes_and_labels():
    y = rows(TABLE, n_classes=3)[1]
    assert_equal_fits("tabular", X, y, **SMALL)
    assert_equal_fits(
        "tabular", X, np.column_stack([y > 0, y > 1, X[:, 1] > 0]).astype(int), **SMALL
    )


@pytest.mark.slow
def test_folds_of_one_shape_and_later_fits_share_a_program(monkeypatch):
    from imbalanced_nn.training import programs

    made = []
    init = programs.Program.__init__
    monkeypatch.setattr(
        programs.Program, "__init__", lambda self, *args: (made.append(self), init(self, *args))[1]
    )
    params = SMALL | {"epochs": 2, "random_state": 0, "model__dropout": 0.17}
    for split in (5, 5, 0.2):
        clf = BalancedKerasClassifier("tabular", validation_split=split, **params).fit(X, Y)
        assert clf.engine_ == "graph"
    assert len(made) == 1


@pytest.fixture(scope="module")
def ruled():
    """The factory of an estimator whose epochs are left to the rules."""
    return untrained(epochs="auto", validation_split=0, early_stopping=False)


@pytest.mark.parametrize(
    ("n_train", "batch_size", "epochs"),
    [(100, 32, 80), (625, 32, 40), (2500, 64, 20), (4000, 128, 20), (300_000, 1024, 60)],
)
def test_the_rules_for_tables(ruled, n_train, batch_size, epochs):
    factory = ruled
    assert (factory.batch_size(n_train), factory.epochs(n_train)) == (batch_size, epochs)


def test_several_classes_are_trained_for_longer():
    given = SMALL | {"epochs": "auto", "validation_split": 0, "early_stopping": False}
    clf = BalancedKerasClassifier("tabular", random_state=0, **given, fit__epochs=0)
    factory = NetworkFactory(clf.initialize(X, rows(TABLE, n_classes=3)[1]))
    assert factory.left_to_rule("patience") == 12
    assert [factory.epochs(n) for n in (100, 625, 4000, 300_000)] == [80, 64, 64, 64]
    factory = NetworkFactory(clf.initialize(X, np.column_stack([Y, 1 - Y, Y])))
    assert (factory.left_to_rule("patience"), factory.epochs(4000)) == (6, 20)


def test_what_is_left_to_rules_for_tables():
    factory = untrained()
    optimizer = factory.network.optimizer
    assert isinstance(optimizer, KernelAdamW)
    assert float(optimizer.learning_rate) == pytest.approx(0.006)
    # Four steps of 32 rows.
    assert optimizer.ema_momentum == pytest.approx(np.exp(-1 / 8))
    names = ("monitor", "patience", "moving_average")
    assert [factory.left_to_rule(name) for name in names] == [PRECISION_BY_LOSS, 6, 2]
    assert float(untrained(optimizer__learning_rate=0.1).network.optimizer.learning_rate) == (
        pytest.approx(0.1)
    )


@pytest.mark.parametrize(
    "own",
    [
        {"optimizer": "adam"},
        {"optimizer": keras.optimizers.Adam()},
        {"compile__optimizer": "adam"},
        {"monitor": "val_loss"},
        {"model": "mlp", "model__n_members": None},
    ],
    ids=["name", "object", "compile", "monitor", "model"],
)
def test_an_optimizer_monitor_or_network_of_ones_own_leaves_the_rules_to_others(own):
    if own.get("model") == "mlp":
        factory = NetworkFactory(BalancedKerasClassifier("mlp", epochs=0).fit(X, Y))
    else:
        factory = untrained(**own)
    assert type(factory.network.optimizer) is keras.optimizers.Adam
    assert not factory.network.optimizer.use_ema
    assert factory.left_to_rule("patience") == 10
    assert factory.batch_size(4100) == 64


def test_networks_of_ones_own_are_trained_as_ever():
    clf = BalancedKerasClassifier(network(TABLE), epochs=1).fit(X, Y)
    factory = NetworkFactory(clf)
    assert type(clf.model_.optimizer) is keras.optimizers.Adam
    assert (factory.epochs(100, "auto"), factory.batch_size(4100)) == (1, 32)


@pytest.mark.parametrize("name", ["patience", "epochs", "moving_average"])
def test_other_words_than_auto_are_refused(name):
    with pytest.raises(InvalidParameterError, match=name):
        BalancedKerasClassifier(**{name: "atuo"}).fit(X, Y)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_average_is_what_is_judged_and_ships(engine):
    build = network(TABLE, *HIDDEN["dense"][1], optimizer=lambda: keras.optimizers.Adam(0.05))
    clf = fitted(build, X, Y, engine, moving_average=2, epochs=4)
    held_out = clf.validation_indices_
    loss = log_loss(Y[held_out], clf.predict_proba(X[held_out])[:, 1])
    assert clf.history_["val_log_loss"][-1] == pytest.approx(loss, rel=1e-5)
    # By hand: Keras trains on the same batches, and the averages are taken of its weights.
    raw = fitted(build, X, Y, engine, epochs=4)
    assert raw.history_["loss"] == pytest.approx(clf.history_["loss"], rel=1e-6)
    assert raw.history_["val_log_loss"][-1] != pytest.approx(loss, rel=1e-2)


def test_the_average_is_that_of_all_steps():
    weights, momentum = [], np.exp(-1 / (1.5 * 4))

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            weights.append(self.model.get_weights())

    build = network(TABLE, optimizer=lambda: keras.optimizers.Adam(0.05))
    clf = fitted(build, X, Y, "auto", moving_average=1.5, epochs=3, callbacks=[Watch()])
    average = [np.array(part) for part in weights[0]]
    for step in weights[1:]:
        average = [momentum * a + (1 - momentum) * w for a, w in zip(average, step, strict=True)]
    assert len(weights) == 12
    for mine, other in zip(clf.model_.get_weights(), average, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("monitor", ["val_average_precision", "val_loss", PRECISION_BY_LOSS])
def test_the_best_averages_come_back(monitor):
    build = network(TABLE, *HIDDEN["dense"][1], optimizer=lambda: keras.optimizers.Adam(0.3))
    stops = {"early_stopping": True, "patience": 2, "epochs": 20, "monitor": monitor}
    clf = fitted(build, X, Y, "auto", moving_average=1, **stops)
    assert clf.n_iter_ < len(clf.history_["loss"])
    held_out = clf.validation_indices_
    loss = log_loss(Y[held_out], clf.predict_proba(X[held_out])[:, 1])
    assert clf.history_["val_log_loss"][clf.n_iter_ - 1] == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([(0.5, 1.0), (0.6, 2.0)], 0),
        ([(0.5, 1.0), (0.4, 0.7)], 1),
        ([(0.5, 1.0), (0.5, 1.0)], 0),
        ([(1.0, 0.0), (1.0, 0.0)], 0),
    ],
)
def test_the_highest_ratio_is_the_best(scores, best):
    ranking = HighestRatio()
    told = [
        {callbacks.AVERAGE_PRECISION: score, callbacks.LOG_LOSS: loss} for score, loss in scores
    ]
    improved = [number for number, each in enumerate(told) if ranking.improves(each)]
    assert improved[-1] == best
    assert told[0][PRECISION_BY_LOSS] == pytest.approx(
        scores[0][0] / max(scores[0][1], 1e-300), rel=0.1
    ) or (scores[0][1] == 0)


def test_fixed_layers_are_split_off_and_nothing_else():
    model = untrained().network
    fixed, rest = split_fixed(model)
    assert [w.name for w in fixed.trainable_weights] == []
    assert len(rest.trainable_weights) == len(model.trainable_weights)
    assert type(rest) is MembersNetwork
    np.testing.assert_array_equal(rest(fixed(X)), model(X))
    plain = network(TABLE, *HIDDEN["dense"][1])()
    assert split_fixed(plain) is None


@pytest.mark.slow
def test_who_looks_between_epochs_may_change_fixed_layers():
    def spoil(epoch, logs):
        layer = clf.model_.layers[1]
        layer.knots.assign(np.zeros(layer.knots.shape))

    results = []
    for engine in ("graph", "keras"):
        told = keras.callbacks.LambdaCallback(on_epoch_end=spoil)
        clf = BalancedKerasClassifier(
            "tabular", engine=engine, callbacks=[told], random_state=0, epochs=3, **SMALL
        )
        results.append(clf.fit(X, Y).history_["loss"])
    assert results[0] == results[1]
