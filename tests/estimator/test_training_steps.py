"""The steps around training: early stopping, starts, draws, weights, groups, repeated fits."""

import keras
import numpy as np
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.metrics import average_precision_score, log_loss

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import RowBatches

TINY = {"model__hidden_layer_sizes": (8,), "epochs": 3, "batch_size": 32, "random_state": 0}


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in six positive."""
    return make_classification(240, 6, weights=[0.83], flip_y=0.05, random_state=0)


@pytest.fixture
def epochs_seen(monkeypatch):
    """The rows of each epoch, in order."""
    seen = []
    begin = RowBatches.on_epoch_begin

    def spy(batches):
        begin(batches)
        seen.append(np.array(batches.rows))

    monkeypatch.setattr(RowBatches, "on_epoch_begin", spy)
    return seen


def fitted(data, fit_params=None, **params):
    """Fit to all rows."""
    return BalancedKerasClassifier(**TINY | params).fit(*data, **fit_params or {})


def weights_of(clf):
    """All weights of the network in one row."""
    return np.concatenate([weight.ravel() for weight in clf.model_.get_weights()])


def network(meta, activation="sigmoid", compiled=False):
    """A small network of the user's own."""
    inputs = keras.Input(meta["X_shape_"][1:])
    hidden = keras.layers.Dense(4, "relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, activation)(hidden))
    if compiled:
        model.compile("adam", "binary_crossentropy")
    return model


@pytest.mark.parametrize("engine", ["graph", "keras"])
def test_the_logged_scores_are_those_of_the_held_out_rows(engine, data):
    X, y = data
    clf = fitted(data, engine=engine, early_stopping=False)
    held = clf.validation_indices_
    proba = clf.predict_proba(X[held])
    # Nothing is restored, so the network is that of the last epoch.
    last = {name: values[-1] for name, values in clf.history_.items()}
    assert last["val_average_precision"] == pytest.approx(
        average_precision_score(y[held], proba[:, 1]), rel=1e-6
    )
    assert last["val_log_loss"] == pytest.approx(log_loss(y[held], proba), rel=1e-5)
    keras_loss = clf.model_.evaluate(X[held].astype("float32"), y[held], verbose=0)
    assert last["val_loss"] == pytest.approx(keras_loss, rel=1e-5)
    assert all(len(values) == 3 for values in clf.history_.values())


def test_the_logged_loss_of_weighted_rows_is_keras_own(data):
    X, y = data
    weight = np.random.default_rng(0).uniform(0.1, 5, len(y))
    clf = fitted(data, {"sample_weight": weight}, early_stopping=False)
    held = clf.validation_indices_
    normalised = weight[held] / weight[held].mean()
    keras_loss = clf.model_.evaluate(
        X[held].astype("float32"), y[held], sample_weight=normalised, verbose=0
    )
    assert clf.history_["val_loss"][-1] == pytest.approx(keras_loss, rel=1e-5)
    proba = clf.predict_proba(X[held])
    assert clf.history_["val_log_loss"][-1] == pytest.approx(
        log_loss(y[held], proba, sample_weight=weight[held]), rel=1e-5
    )


def test_the_logged_scores_are_at_natural_prevalence(data):
    X, y = data
    clf = fitted(data, class_weight="balanced", early_stopping=False)
    held = clf.validation_indices_
    assert clf.history_["val_log_loss"][-1] == pytest.approx(
        log_loss(y[held], clf.predict_proba(X[held])), rel=1e-5
    )
    assert clf.history_["val_log_loss"][-1] != pytest.approx(clf.history_["val_loss"][-1], rel=0.01)


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_scores_of_several_classes_are_means(kind):
    if kind == "multiclass":
        X, y = make_classification(300, 6, n_informative=4, n_classes=3, random_state=0)
    else:
        X, y = make_multilabel_classification(300, 6, n_classes=3, random_state=0)
    clf = fitted((X, y), early_stopping=False)
    held = clf.validation_indices_
    proba = clf.predict_proba(X[held])
    truth = np.eye(3)[y[held]] if kind == "multiclass" else y[held]
    assert clf.history_["val_average_precision"][-1] == pytest.approx(
        average_precision_score(truth, proba, average="macro"), rel=1e-6
    )


class EachEpoch(keras.callbacks.Callback):
    """Keeps the network's weights after each epoch."""

    def __init__(self):
        super().__init__()
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(np.concatenate([w.ravel() for w in self.model.get_weights()]))


@pytest.mark.parametrize("monitor", ["val_loss", "val_log_loss", "loss"])
def test_the_best_weights_by_any_logged_loss_are_restored(monitor, data):
    # Steps far too large: the network is at its best before the last epoch.
    epochs = EachEpoch()
    clf = BalancedKerasClassifier(
        **TINY | {"epochs": 30},
        optimizer__learning_rate=0.3,
        monitor=monitor,
        patience=2,
        callbacks=epochs,
    ).fit(*data)
    values = clf.history_[monitor]
    best = int(np.argmin(values))
    assert len(values) == best + 3
    kept = clf.callbacks if isinstance(clf.callbacks, EachEpoch) else epochs
    np.testing.assert_array_equal(weights_of(clf), kept.weights[best])


def test_the_best_weights_by_average_precision_are_restored(data):
    X, y = data
    epochs = EachEpoch()
    clf = BalancedKerasClassifier(
        **TINY | {"epochs": 30}, optimizer__learning_rate=0.3, patience=2, callbacks=epochs
    ).fit(X, y)
    scores = np.array(clf.history_["val_average_precision"])
    losses = np.array(clf.history_["val_log_loss"])
    (shipped,) = (
        epoch
        for epoch, weights in enumerate(epochs.weights)
        if np.array_equal(weights, weights_of(clf))
    )
    assert len(scores) == shipped + 3, "it stops after two epochs that are no better"
    # Within one standard error of the best average precision, and of those a low log loss.
    best, n = scores.max(), (y[clf.validation_indices_] == 1).sum()
    near = scores >= best - np.sqrt(best * (1 - best) / n)
    assert near[shipped]
    assert losses[shipped] <= losses[near].min() * 1.02


def test_without_early_stopping_the_last_weights_stay(data):
    epochs = EachEpoch()
    clf = fitted(data, early_stopping=False, optimizer__learning_rate=0.3, callbacks=epochs)
    np.testing.assert_array_equal(weights_of(clf), epochs.weights[-1])
    assert len(epochs.weights) == 3


def test_a_quantity_that_is_not_logged_is_refused(data):
    with pytest.raises(ValueError, match="monitor='val_los'.*Did you mean 'val_loss'"):
        fitted(data, monitor="val_los")


@pytest.mark.parametrize("model", [None, network, "compiled", "logits"])
def test_the_output_starts_at_the_prior(model, data):
    X, y = data
    params = {}
    if model is None:
        params["model__hidden_layer_sizes"] = ()
    elif model == "compiled":
        params = {"model": network, "model__compiled": True}
    elif model == "logits":
        params = {"model": network, "model__activation": "linear"}
        params["loss"] = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        params["model"] = model
    clf = BalancedKerasClassifier(epochs=0, random_state=0, validation_split=0, **params)
    bias = clf.fit(X, y).model_.layers[-1].get_weights()[1]
    prior = np.mean(y == 1)
    np.testing.assert_allclose(bias, [np.log(prior / (1 - prior))], rtol=1e-5)


def test_the_start_is_where_training_takes_place(data):
    # At equal classes the log-odds are 0; the correction then shifts the probabilities.
    clf = fitted(data, class_weight="balanced", epochs=0)
    np.testing.assert_allclose(clf.model_.layers[-1].get_weights()[1], [0], atol=1e-6)
    start = fitted(data, class_weight="balanced", epochs=0, model__hidden_layer_sizes=())
    X, y = data
    assert abs(start.predict_proba(X)[:, 1].mean() - np.mean(y == 1)) < 0.1


def test_an_initialised_network_predicts_before_it_is_trained(data):
    X, y = data
    clf = BalancedKerasClassifier(**TINY).initialize(X, y)
    assert clf.predict_proba(X).shape == (240, 2)
    assert set(clf.predict(X)) <= {0, 1}


def test_without_a_start_the_bias_is_zero(data):
    clf = fitted(data, init_bias=None, epochs=0)
    assert clf.model_.layers[-1].get_weights()[1] == 0


def test_a_prebuilt_network_starts_from_its_own_weights(data):
    model = network({"X_shape_": data[0].shape}, compiled=True)
    before = model.get_weights()
    clf = BalancedKerasClassifier(model, epochs=0, random_state=0).fit(*data)
    for old, new in zip(before, clf.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("sampler", "engine"),
    [("random_over", "graph"), ("random_under", "graph"), ("random_under", "keras")],
)
def test_random_samplers_draw_afresh_in_every_epoch(sampler, engine, data, epochs_seen):
    clf = fitted(data, sampler=sampler, engine=engine, early_stopping=False)
    assert len(epochs_seen) == 3
    draws = [tuple(np.sort(rows)) for rows in epochs_seen]
    assert len(set(draws)) == 3
    assert set(clf.sample_indices_) <= set(draws[0])
    y, n_train = data[1], len(data[1]) - len(clf.validation_indices_)
    for rows in epochs_seen:
        assert np.ptp(np.bincount(y[rows])) == 0
        # An under-sampled epoch joins draws until it is about as long as any other.
        assert sampler == "random_over" or n_train - len(clf.sample_indices_) < len(rows) <= n_train
        assert not set(rows) & set(clf.validation_indices_)
    first = list(epochs_seen)
    epochs_seen.clear()
    fitted(data, sampler=sampler, engine=engine, early_stopping=False)
    for old, new in zip(first, epochs_seen, strict=True):
        np.testing.assert_array_equal(old, new)


def test_other_samplers_draw_once(data, epochs_seen):
    fitted(data, sampler="tomek_links", early_stopping=False)
    assert len({tuple(np.sort(rows)) for rows in epochs_seen}) == 1


def test_rows_come_in_a_new_order_in_every_epoch_unless_told_otherwise(data, epochs_seen):
    fitted(data, early_stopping=False)
    assert len({tuple(rows) for rows in epochs_seen}) == 3
    epochs_seen.clear()
    clf = fitted(data, early_stopping=False, shuffle=False)
    for rows in epochs_seen:
        np.testing.assert_array_equal(rows, clf.sample_indices_)


@pytest.mark.parametrize("factor", [1e-3, 7.0, 1e4])
def test_only_the_ratio_of_class_weights_counts(factor, data):
    plain = fitted(data, class_weight={0: 1, 1: 5})
    scaled = fitted(data, class_weight={0: factor, 1: 5 * factor})
    np.testing.assert_allclose(weights_of(scaled), weights_of(plain), rtol=1e-4, atol=1e-6)


def test_only_the_ratio_of_sample_weights_counts(data):
    weight = np.random.default_rng(0).uniform(0.5, 2, 240)
    plain, scaled = (fitted(data, {"sample_weight": w}) for w in (weight, weight * 1000))
    np.testing.assert_allclose(weights_of(scaled), weights_of(plain), rtol=1e-4, atol=1e-6)


def test_the_weights_a_network_is_given_have_mean_one(data, monkeypatch):
    given = []
    init = RowBatches.__init__

    def spy(batches, X, y, sample_weight, rows, *args, **kwargs):
        init(batches, X, y, sample_weight, rows, *args, **kwargs)
        given.append(None if sample_weight is None else sample_weight[rows])

    monkeypatch.setattr(RowBatches, "__init__", spy)
    weight = np.random.default_rng(0).uniform(0.5, 20, 240)
    fitted(data, {"sample_weight": weight}, class_weight="balanced", epochs=1)
    assert given[0].mean() == pytest.approx(1)
    assert len(np.unique(given[0].round(12))) > 100, "the rows have weights of their own"
    given.clear()
    fitted(data, epochs=1)
    assert given == [None]


def test_a_batch_of_minus_one_holds_all_rows(data):
    steps = []

    class Steps(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(batch)

    fitted(data, batch_size=-1, callbacks=Steps(), epochs=2)
    assert steps == [0, 0]


def test_groups_lie_on_one_side(data):
    _, y = data
    groups = np.random.default_rng(0).integers(0, 30, len(y))
    clf = fitted(data, {"groups": groups}, epochs=1)
    held = clf.validation_indices_
    rest = np.setdiff1d(np.arange(len(y)), held)
    assert not set(groups[held]) & set(groups[rest])
    assert 0.1 < len(held) / len(y) < 0.3
    assert set(clf.sample_indices_) == set(rest)


def test_groups_of_any_label_are_kept_together(data):
    groups = np.array([f"customer {number % 30}" for number in range(240)])
    clf = fitted(data, {"groups": groups}, epochs=0)
    held = clf.validation_indices_
    assert not set(groups[held]) & set(np.delete(groups, held))


@pytest.mark.parametrize("sampler", [None, "random_over", "smote"])
def test_rows_of_weight_zero_are_as_good_as_absent(sampler, data, epochs_seen):
    X, y = data
    weight = np.ones(len(y))
    weight[::5] = 0
    X = X.copy()
    X[::5] = 1e6
    clf = fitted((X, y), {"sample_weight": weight}, sampler=sampler, early_stopping=False)
    absent = np.arange(0, len(y), 5)
    assert not set(clf.sample_indices_) & set(absent)
    assert not set(clf.validation_indices_) & set(absent)
    if sampler != "smote":
        assert not set(np.concatenate(epochs_seen)) & set(absent)
    left = weight > 0
    other = fitted((X[left], y[left]), sampler=sampler, early_stopping=False)
    np.testing.assert_array_equal(weights_of(clf), weights_of(other))
    np.testing.assert_array_equal(
        np.flatnonzero(left)[other.validation_indices_], clf.validation_indices_
    )


def test_a_warm_start_goes_on_with_the_same_held_out_rows(data):
    clf = BalancedKerasClassifier(**TINY | {"random_state": None}, warm_start=True).fit(*data)
    held, before, network = clf.validation_indices_, weights_of(clf), clf.model_
    clf.fit(*data)
    np.testing.assert_array_equal(clf.validation_indices_, held)
    assert not np.array_equal(weights_of(clf), before)
    assert clf.model_ is network


def test_partial_fits_add_up_to_one_prior(data):
    X, y = data
    clf = BalancedKerasClassifier(class_weight="balanced", **TINY)
    parts = [slice(0, 60), slice(60, 150), slice(150, 240)]
    for number, part in enumerate(parts, start=1):
        clf.partial_fit(X[part], y[part], classes=[0, 1])
        seen = y[: part.stop]
        np.testing.assert_allclose(clf.class_prior_, np.bincount(seen) / len(seen))
        np.testing.assert_array_equal(clf.class_count_, np.bincount(seen))
        assert clf.best_threshold_ == pytest.approx(np.mean(seen == 1))
        assert len(clf.history_["loss"]) == number
    assert clf.validation_indices_.size == 0
    # Each call was balanced, so what was trained on is balanced too.
    assert clf.predict_proba(X)[:, 1].mean() < 0.4


def test_a_class_may_come_with_a_later_part(data):
    X, y = data
    clf = BalancedKerasClassifier(**TINY, threshold=None)
    clf.partial_fit(X[y == 0][:50], y[y == 0][:50], classes=[0, 1])
    clf.partial_fit(X[y == 1], y[y == 1])
    np.testing.assert_allclose(clf.class_prior_, [50, (y == 1).sum()] / (50 + (y == 1).sum()))


def test_a_part_after_a_fit_keeps_the_learned_threshold(data):
    clf = fitted(data, threshold="f1")
    cut, score = clf.best_threshold_, clf.best_score_
    clf.partial_fit(*data)
    assert (clf.best_threshold_, clf.best_score_) == (cut, score)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"sampler": "random_under"},
        {"sampler": "smote", "class_weight": "balanced"},
    ],
    ids=str,
)
def test_the_seed_decides_everything(params, data):
    one, same, other = (fitted(data, random_state=seed, **params) for seed in (3, 3, 4))
    np.testing.assert_array_equal(weights_of(one), weights_of(same))
    np.testing.assert_array_equal(one.predict_proba(data[0]), same.predict_proba(data[0]))
    np.testing.assert_array_equal(one.validation_indices_, same.validation_indices_)
    np.testing.assert_array_equal(one.sample_indices_, same.sample_indices_)
    assert one.best_threshold_ == same.best_threshold_
    assert not np.array_equal(weights_of(one), weights_of(other))
    assert not np.array_equal(one.validation_indices_, other.validation_indices_)


def test_a_random_state_object_decides_too_and_is_not_used_up(data):
    state = np.random.RandomState(3)
    one, same = (fitted(data, random_state=state) for _ in range(2))
    np.testing.assert_array_equal(weights_of(one), weights_of(same))


def test_unseeded_fits_differ(data):
    one, other = (fitted(data, random_state=None) for _ in range(2))
    assert not np.array_equal(weights_of(one), weights_of(other))


def test_labels_of_a_multilabel_loss_are_weighed_as_told():
    X, y = make_multilabel_classification(200, 6, n_classes=3, random_state=0)
    clf = fitted((X, y), class_weight="balanced", validation_split=0, epochs=0)
    for j, (negative, positive) in clf.class_weight_.items():
        share = y[:, j].mean()
        assert negative == pytest.approx(0.5 / (1 - share))
        assert positive == pytest.approx(0.5 / share)
    rows, proba = slice(0, 50), clf.model_.predict(X[:50], verbose=0).astype(float)
    negative, positive = np.array(list(clf.class_weight_.values())).T
    truth = y[rows]
    terms = positive * truth * np.log(proba) + negative * (1 - truth) * np.log(1 - proba)
    keras_loss = clf.model_.evaluate(X[:50], truth, verbose=0)
    assert keras_loss == pytest.approx(-terms.mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "logits"),
    [
        ("binary_crossentropy", False),
        (keras.losses.BinaryCrossentropy(), False),
        (keras.losses.BinaryCrossentropy(from_logits=True), True),
    ],
    ids=["name", "object", "logits"],
)
def test_a_crossentropy_that_is_asked_for_is_weighed_as_well(loss, logits):
    X, y = make_multilabel_classification(200, 6, n_classes=3, random_state=0)

    def three_outputs(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        activation = "linear" if logits else "sigmoid"
        return keras.Model(inputs, keras.layers.Dense(3, activation)(inputs))

    clf = BalancedKerasClassifier(
        three_outputs, loss=loss, class_weight="balanced", epochs=2, random_state=0
    ).fit(X, y)
    proba = clf.predict_proba(X)
    assert ((proba >= 0) & (proba <= 1)).all()
    assert clf.model_.loss.from_logits is logits
