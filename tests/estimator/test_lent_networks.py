"""Fits one after another train one network of Keras, and nobody can tell."""

import copy
import functools
import pickle
import random
import threading

import keras
import numpy as np
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.base import clone
from sklearn.callback import ScoringMonitor
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.neighbors import NearestNeighbors

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner, load, save
from imbalanced_nn.training import SHELF, clear_programs
from imbalanced_nn.wrapper import loans
from tests.problems import TRAINING, few_rows, multiclass

pytestmark = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Model.fit trains every network"
)
layers = keras.layers
X, Y = few_rows()
X = np.asarray(X, dtype=np.float32)
WIDTH, CALLS = 5, []
PLAIN = {"epochs": 2, "batch_size": 32, "validation_split": 0.2, "threshold": "f1"}


def dense(meta, width=4):
    hidden = layers.Dense(width, "relu")
    return keras.Sequential(
        [keras.Input((meta["n_features_in_"],)), hidden, layers.Dense(1, "sigmoid")]
    )


def with_states(meta):
    network = keras.Sequential()
    network.add(keras.Input(shape=(meta["n_features_in_"],)))
    network.add(layers.Dense(6, kernel_initializer="he_normal"))
    network.add(layers.BatchNormalization())
    network.add(layers.Activation("relu"))
    network.add(layers.Dropout(0.3))
    network.add(layers.GaussianNoise(0.1, seed=5))
    network.add(
        layers.Dense(1, activation="sigmoid", bias_initializer=keras.initializers.Constant(-1.0))
    )
    return network


def recurrent(meta):
    network = keras.Sequential([keras.Input((meta["n_features_in_"],))])
    network.add(layers.Reshape((meta["n_features_in_"], 1)))
    # The bias of its forget gate starts at one, and that of the others by the initialiser.
    network.add(layers.LSTM(2))
    network.add(layers.Dense(1, "sigmoid"))
    return network


def functional(meta):
    inputs = keras.Input((meta["n_features_in_"],), name="table")
    given = keras.initializers.GlorotNormal(seed=3)
    left = layers.Dense(4, "tanh", kernel_initializer=given)(inputs)
    right = layers.Dense(4, "relu", kernel_regularizer=keras.regularizers.L2(0.01))(inputs)
    outputs = layers.Dense(1, "sigmoid")(layers.Concatenate()([left, right]))
    return keras.Model(inputs, outputs)


def compiled(meta, compile_kwargs, rate=0.01):
    network = dense(meta)
    network.compile(loss="binary_crossentropy", optimizer=keras.optimizers.RMSprop(rate))
    return network


def one_initialiser(meta):
    initial = keras.initializers.HeNormal()
    network = keras.Sequential([keras.Input((meta["n_features_in_"],))])
    network.add(layers.Dense(4, "relu", kernel_initializer=initial))
    network.add(layers.Dense(1, "sigmoid", kernel_initializer=initial))
    return network


def two_units(meta):
    ends = layers.Dense(meta["n_classes_"], "softmax")
    return keras.Sequential([keras.Input((meta["n_features_in_"],)), layers.Dense(5, "relu"), ends])


KINDS = {
    "plain": (dense, {}),
    "width": (dense, {"model__width": 7}),
    "states": (with_states, {}),
    "functional": (functional, {}),
    "compiled": (compiled, {"model__rate": 0.02}),
    "shared initialiser": (one_initialiser, {}),
    "softmax": (two_units, {}),
    "loss by name": (dense, {"loss": "binary_crossentropy"}),
    "loss of Keras": (dense, {"loss": keras.losses.BinaryFocalCrossentropy, "loss__gamma": 1.5}),
    "optimizer by name": (dense, {"optimizer": "sgd", "optimizer__momentum": 0.9}),
    "optimizer": (dense, {"optimizer": keras.optimizers.Nadam(0.01)}),
    "initial slots": (dense, {"optimizer": keras.optimizers.Adagrad(0.1, 0.3)}),
    "metric": (dense, {"metrics": ["accuracy", keras.metrics.AUC()]}),
    "early stopping": (dense, {"epochs": 6, "early_stopping": True, "patience": 1}),
    "resampled": (dense, {"sampler": "random_over", "class_weight": "balanced"}),
    "no rows held out": (dense, {"validation_split": 0, "threshold": None}),
}


def estimator(build=dense, **params):
    return BalancedKerasClassifier(build, **PLAIN | params)


def values(clf):
    """Return all that a fit has made of a network and its optimizer."""
    network = clf.model_
    return [np.asarray(v) for v in (*network.variables, *network.optimizer.variables)]


def assert_same(one, other):
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    assert one.best_threshold_ == other.best_threshold_
    assert one.history_ == other.history_
    first, second = values(one), values(other)
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.model_.history.history == other.model_.history.history
    assert one.model_.history.model is one.model_


def alone(make):
    """Fit as if there had been no fit before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loans, "_is_unseen", lambda *given: False)
        return make()


def is_lent(clf):
    return "_lent" in vars(clf)


@pytest.fixture(autouse=True)
def nothing_kept():
    SHELF.clear()


def warmed(**params):
    """Let two fits come first, after which a network is kept."""
    for seed in (1, 2):
        clf = estimator(**params, random_state=seed).fit(X, Y)
    assert is_lent(clf)
    return clf


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_of_a_lent_network_is_that_of_a_new_one(kind):
    build, params = KINDS[kind]
    earlier = warmed(build=build, **params)
    lent = estimator(build, **params, random_state=0).fit(X, Y)
    assert is_lent(lent)
    assert len(SHELF) == 1
    assert_same(lent, alone(lambda: estimator(build, **params, random_state=0).fit(X, Y)))
    # What came before has its own values, in a network of its own.
    assert earlier.model_ is not lent.model_
    assert_same(earlier, alone(lambda: estimator(build, **params, random_state=2).fit(X, Y)))


def test_what_does_not_start_from_its_initialisers_is_built_anew():
    fitted = [estimator(recurrent, random_state=seed).fit(X, Y) for seed in (1, 2, 0, 3)]
    # The one that nobody had yet trained after.
    assert [is_lent(clf) for clf in fitted] == [False, True, False, False]
    assert len(SHELF) == 0
    for clf, seed in zip(fitted, (1, 2, 0, 3), strict=True):
        new = alone(lambda seed=seed: estimator(recurrent, random_state=seed).fit(X, Y))
        assert_same(clf, new)


def test_nothing_is_built_from_the_third_fit_on(monkeypatch):
    made, start = [], layers.Dense.__init__

    def counted(self, *args, **kwargs):
        made.append(self)
        start(self, *args, **kwargs)

    monkeypatch.setattr(layers.Dense, "__init__", counted)
    fitted = []
    for seed in range(4):
        made.clear()
        fitted.append(estimator(random_state=seed).fit(X, Y))
        fitted[-1].predict_proba(X)
        fitted[0].predict_proba(X)
        fitted[-2 if seed else -1].predict_proba(X)
        assert bool(made) == (seed < 2)
    made.clear()
    assert fitted[3].model_.layers
    assert not made
    assert fitted[2].model_.layers
    assert made


def test_large_networks_are_not_kept(monkeypatch):
    monkeypatch.setattr("imbalanced_nn.training.lent_networks.MAX_BYTES", 0)
    assert not any(is_lent(estimator(random_state=seed).fit(X, Y)) for seed in range(4))
    assert len(SHELF) == 0


@pytest.mark.parametrize(
    "read",
    [
        *(dict, list, len, str, repr, iter, bool, set, sorted),
        *(lambda meta: {**meta}, lambda meta: meta.copy(), lambda meta: meta.items()),
        *(lambda meta: meta | {}, lambda meta: {} | meta, lambda meta: meta == {}),
        *(lambda meta: meta != {}, lambda meta: f"{meta}", reversed, lambda meta: meta.values()),
    ],
)
def test_whatever_reads_all_of_meta_is_noted(read):
    meta = loans._ReadNames({"a": 1, "b": 2})
    assert (meta["a"], meta.get("c"), "b" in meta, meta.all) == (1, None, True, False)
    assert meta.names == {"a", "b", "c"}
    read(meta)
    assert meta.all


def test_several_classes():
    X, y = multiclass()
    for seed in (1, 2, 0):
        clf = estimator(two_units, threshold="f1_macro", random_state=seed).fit(X, y)
    assert is_lent(clf)
    new = alone(lambda: estimator(two_units, threshold="f1_macro", random_state=0).fit(X, y))
    np.testing.assert_array_equal(clf.predict_proba(X), new.predict_proba(X))


def test_without_a_seed_as_much_is_drawn_from_python():
    warmed()

    def fit():
        keras.utils.set_random_seed(4)
        clf = estimator().fit(X, Y)
        return clf, random.random()

    lent, follows = fit()
    new, follows_too = alone(fit)
    assert is_lent(lent)
    assert follows == follows_too
    np.testing.assert_array_equal(values(lent)[0], values(new)[0])


def test_each_estimator_keeps_what_it_has_learned():
    fitted = [estimator(random_state=seed).fit(X, Y) for seed in range(5)]
    expected = [alone(lambda s=s: estimator(random_state=s).fit(X, Y)) for s in range(5)]
    for clf, other in zip(reversed(fitted), reversed(expected), strict=True):
        np.testing.assert_array_equal(clf.predict_proba(X), other.predict_proba(X))
    assert sum(map(is_lent, fitted)) == 4
    networks = [clf.model_ for clf in fitted]
    assert len(set(map(id, networks))) == 5
    assert fitted[3].model_ is networks[3]
    # Names are as different as those of networks that were built.
    names = [layer.name for network in networks for layer in (network, *network.layers)]
    assert len(set(names)) == len(names)
    for clf, other in zip(fitted, expected, strict=True):
        assert_same(clf, other)


def test_a_network_that_was_asked_for_is_nobody_elses():
    first = warmed()
    network = first.model_
    before = [np.asarray(v) for v in network.weights]
    estimator(random_state=7).fit(X, Y)
    estimator(random_state=8).fit(X, Y)
    for variable, value in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    network.layers[-1].bias.assign([40.0])
    assert (first.network_outputs(X) > 0.9).all()
    assert not (estimator(random_state=7).fit(X, Y).network_outputs(X) > 0.9).all()


def test_training_goes_on_as_it_would():
    def fit():
        return estimator(random_state=0).fit(X, Y)

    def more(clf):
        return clf.partial_fit(X, Y).partial_fit(X, Y)

    warmed()
    lent = fit()
    estimator(random_state=9).fit(X, Y)
    new = alone(fit)
    np.testing.assert_array_equal(more(lent).predict_proba(X), more(new).predict_proba(X))
    again = lent.set_params(warm_start=True).fit(X, Y)
    same = new.set_params(warm_start=True).fit(X, Y)
    np.testing.assert_array_equal(again.predict_proba(X), same.predict_proba(X))


def test_failures_leave_what_was_learned():
    clf = warmed()
    expected = clf.predict_proba(X)
    with pytest.raises(ValueError, match="NaN"):
        clf.fit(X * np.nan, Y)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    with pytest.raises(ValueError, match="features"):
        clf.partial_fit(X[:, :2], Y)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    estimator(random_state=1).fit(X, Y)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(TRAINING, interrupt)
        clf.fit(X, Y)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("way", ["partial", "warm"])
def test_training_on_that_fails_leaves_what_was_learned(way, error):
    def fail(epoch, logs):
        raise error

    clf = warmed()
    expected = clf.predict_proba(X)
    failing = [keras.callbacks.LambdaCallback(on_epoch_end=fail)]
    train = clf.partial_fit if way == "partial" else clf.set_params(warm_start=True).fit
    with pytest.raises(error):
        train(X, Y, callbacks=failing)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    new = alone(lambda: estimator(random_state=2).fit(X, Y))
    clf.set_params(warm_start=False)
    assert_same(clf.partial_fit(X, Y), new.partial_fit(X, Y))


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps, "file", clone])
def test_copies(copied, tmp_path):
    lent = warmed()
    other = estimator(random_state=6).fit(X, Y)
    expected = lent.predict_proba(X)
    if copied == "file":
        save(lent, tmp_path / "model.inn")
        twin = load(tmp_path / "model.inn")
    else:
        twin = copied(lent)
        twin = pickle.loads(twin) if isinstance(twin, bytes) else twin
    if copied is clone:
        assert not hasattr(twin, "model_")
        assert not twin.initialized_
        twin.fit(X, Y)
    np.testing.assert_array_equal(twin.predict_proba(X), expected)
    assert (twin.model_ is lent.model_) == (copied is copy.copy)
    other.predict_proba(X)
    np.testing.assert_array_equal(lent.predict_proba(X), expected)


def test_a_network_of_somebodys_takes_the_place_of_what_was_lent(tmp_path):
    clf, network = warmed(), dense({"n_features_in_": X.shape[1]})
    network.compile("adam", "binary_crossentropy")
    network.optimizer.build(network.trainable_variables)
    clf.model_ = network
    assert clf.model_ is network
    outputs = clf.network_outputs(X)
    for twin in (copy.deepcopy(clf), pickle.loads(pickle.dumps(clf))):
        np.testing.assert_array_equal(twin.network_outputs(X), outputs)
    save(clf, tmp_path / "model.inn")
    del clf.model_
    assert not clf.initialized_
    lent = warmed()
    del lent.model_
    assert not hasattr(lent, "model_")
    with pytest.raises(AttributeError, match="no attribute 'model_'"):
        del lent.model_


def test_an_estimator_without_a_network_says_so():
    clf = estimator()
    assert not hasattr(clf, "model_")
    assert not clf.initialized_
    with pytest.raises(AttributeError, match="no attribute 'model_'"):
        clf.model_  # noqa: B018


def loud(meta):
    print("built")  # noqa: T201 - what the test looks for
    return dense(meta)


def counting(meta):
    CALLS.append(1)
    return dense(meta)


def global_width(meta):
    return dense(meta, WIDTH)


def by_rows(meta):
    return dense(meta, meta["X_shape_"][0] // 20)


def by_all(meta):
    return dense(dict(meta), len(meta))


def by_comparison(meta):
    return dense(meta, 3 if meta != {} else 4)


def by_length(meta):
    return dense(meta, len(meta))


def drawn(meta):
    return dense(meta, np.random.randint(3, 9))


def with_weights(meta):
    network = dense(meta)
    network.layers[-1].set_weights([np.ones((4, 1)), np.ones(1)])
    return network


def by_lambda(meta):
    network = keras.Sequential(
        [keras.Input((meta["n_features_in_"],)), layers.Lambda(lambda x: 2 * x)]
    )
    network.add(layers.Dense(1, "sigmoid"))
    return network


def takes_all(**kwargs):
    return dense(kwargs["meta"])


def takes_parameters(meta, params):
    return dense(meta, params["epochs"])


def flipping():
    wide = False

    def build(meta):
        nonlocal wide
        wide = not wide
        return dense(meta, 9 if wide else 3)

    return build


def growing(meta, units):
    units += [1]
    return dense(meta, units[0])


def with_layer(meta, top):
    ends = layers.Dense(1, "sigmoid")
    return keras.Sequential([keras.Input((meta["n_features_in_"],)), top, ends])


def regularised(meta, by):
    return with_layer(meta, layers.Dense(3, kernel_regularizer=by))


def without_loss(meta):
    network = dense(meta)
    network.compile(optimizer="adam")
    return network


def as_text(meta):
    return dense(meta, len(str(meta)) // 50)


def looks(*_):
    """Stand for code of the user's that may look at the estimator while it is fitted."""
    return 1.0


class Weights:
    def of(self, y):
        return {0: 1.0, 1: 3.0}


class OwnSampler(RandomOverSampler):
    pass


class OwnEstimator(BalancedKerasClassifier):
    pass


def late(meta):
    return keras.Sequential([layers.Dense(4, "relu"), layers.Dense(1, "sigmoid")])


def own_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


NEVER = {
    "prints": {"build": loud},
    "counts": {"build": counting},
    "draws": {"build": drawn},
    "reads everything": {"build": by_all},
    "compares": {"build": by_comparison},
    "reads how much there is": {"build": by_length},
    "sets weights": {"build": with_weights},
    "lambda": {"build": by_lambda},
    "takes all": {"build": takes_all},
    "takes parameters": {"build": takes_parameters},
    "shape from data": {"build": late},
    "partial": {"build": functools.partial(dense, width=3)},
    "built-in": {"build": "mlp"},
    "closure with a state": {"build": flipping()},
    "as text": {"build": as_text},
    "list changed in place": {"build": growing, "model__units": [4]},
    "layer": {"build": with_layer, "model__top": layers.Dense(3)},
    "regulariser": {"build": regularised, "model__by": keras.regularizers.L2(0.1)},
    "loss object": {"loss": keras.losses.BinaryCrossentropy()},
    "run eagerly": {"run_eagerly": True},
    "own objective": {"threshold": ThresholdTuner(lambda y, p: float((y == p).mean()))},
    "method": {"class_weight": Weights().of},
    "own weights": {"class_weight": lambda y: {0: 1.0, 1: 3.0}},
    "own sampler": {"sampler": OwnSampler(random_state=0)},
    "own strategy": {"sampler": RandomOverSampler(sampling_strategy=lambda y: {1: 60})},
    "averages of the optimizer": {"optimizer": keras.optimizers.Adam(0.01, use_ema=True)},
    "averages": {"moving_average": 1.0},
    "callbacks of fit": {"fit__callbacks": [keras.callbacks.TerminateOnNaN()]},
    "callbacks": {"callbacks": [keras.callbacks.TerminateOnNaN()]},
    "own loss": {"loss": own_loss},
    "loss of the classes": {"loss": "focal"},
    "own engine": {"engine": "keras"},
    "folds": {"validation_split": 3},
    "warm start": {"warm_start": True},
    "two stages": {"head_sampler": "random_over"},
}


def test_parameters_of_libraries_are_looked_through():
    sampler = SMOTE(k_neighbors=NearestNeighbors(n_neighbors=3), random_state=0)
    # It refers to itself.
    sampler.itself = [sampler]
    for seed in range(3):
        clf = estimator(sampler=sampler, random_state=seed)
        assert is_lent(clf.fit(X, Y)) == (seed > 0)
    sampler.hook = print
    assert not is_lent(clf.fit(X, Y))


@pytest.mark.parametrize("kind", NEVER)
@pytest.mark.filterwarnings("ignore:.*INN")
def test_networks_that_are_never_lent(kind, capsys):
    CALLS.clear()
    for seed in range(4):
        clf = estimator(**NEVER[kind], random_state=seed).fit(X, Y)
        assert not is_lent(clf)
    assert len(SHELF) == 0
    if kind == "prints":
        assert capsys.readouterr().out.count("built") == 4
    if kind == "counts":
        assert len(CALLS) == 4


@pytest.mark.parametrize(
    "kind",
    ["own weights", "averages", "callbacks", "callbacks of fit", "own engine", "warm start"],
)
def test_what_is_not_lent_itself_is_no_reason_against_the_next(kind):
    warmed()
    estimator(**NEVER[kind], random_state=0).fit(X, Y)
    clf = estimator(random_state=0).fit(X, Y)
    assert is_lent(clf)
    assert_same(clf, alone(lambda: estimator(random_state=0).fit(X, Y)))


def test_a_subclass_is_its_authors():
    for seed in range(4):
        assert not is_lent(OwnEstimator(dense, **PLAIN, random_state=seed).fit(X, Y))


def test_scikit_learns_callbacks_see_a_network_of_their_own():
    warmed()
    monitor = ScoringMonitor(scoring="average_precision")
    clf = estimator(random_state=0).set_callbacks(monitor).fit(X, Y)
    assert not is_lent(clf)
    assert len(monitor.get_logs().data) == 3


def test_optimizers_and_metrics_may_be_changed_afterwards():
    optimizer, area = keras.optimizers.Adam(0.01), keras.metrics.AUC(name="area")
    given = {"optimizer": optimizer, "metrics": [area]}
    warmed(**given)
    optimizer.learning_rate = 0.3
    fresh = {"optimizer": keras.optimizers.Adam(0.01)}
    fresh["metrics"] = [keras.metrics.AUC(name="area")]
    clf = estimator(**fresh, random_state=0).fit(X, Y)
    assert is_lent(clf)
    assert_same(clf, alone(lambda: estimator(**fresh, random_state=0).fit(X, Y)))
    changed = estimator(**given, random_state=0).fit(X, Y)
    assert_same(changed, alone(lambda: estimator(**given, random_state=0).fit(X, Y)))


def test_an_optimizer_that_decays_some_is_another():
    def decaying(excluded):
        optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.5)
        if excluded:
            optimizer.exclude_from_weight_decay(var_names=["kernel"])
        return optimizer

    warmed(optimizer=decaying(False))
    clf = estimator(optimizer=decaying(True), random_state=0).fit(X, Y)
    new = alone(lambda: estimator(optimizer=decaying(True), random_state=0).fit(X, Y))
    np.testing.assert_array_equal(clf.predict_proba(X), new.predict_proba(X))


def test_what_somebody_does_to_a_network_is_nobody_elses():
    first = estimator(random_state=0).fit(X, Y)
    second, third = (estimator(random_state=seed).fit(X, Y) for seed in (1, 2))
    second.model_.optimizer.clipnorm = 1e-9
    fourth = estimator(random_state=3).fit(X, Y)
    third.model_.layers[0].trainable = False
    third.model_.optimizer.clipnorm = 1e-9
    expected = alone(lambda: estimator(random_state=3).fit(X, Y))
    assert fourth.model_.optimizer.clipnorm is None
    assert_same(fourth.partial_fit(X, Y), expected.partial_fit(X, Y))
    assert first.model_.optimizer.clipnorm is None


def test_an_optimizer_whose_variables_somebody_has_made_is_left():
    warmed()
    (shelved,) = SHELF._networks.values()
    assert len(shelved.network.optimizer.variables) > 2
    clf = estimator(random_state=0).fit(X, Y)
    assert_same(clf, alone(lambda: estimator(random_state=0).fit(X, Y)))


def named(meta):
    network = keras.Sequential([keras.Input((meta["n_features_in_"],))])
    network.add(layers.Dense(4, "relu", name="dense"))
    network.add(layers.Dense(1, "sigmoid", name="ends_99"))
    return network


def test_names_that_were_given_stay():
    fitted = [estimator(named, random_state=seed).fit(X, Y) for seed in range(4)]
    for clf in fitted:
        assert [layer.name for layer in clf.model_.layers] == ["dense", "ends_99"]


def test_names_begin_anew_when_keras_does():
    warmed()
    keras.utils.clear_session()
    names = [layer.name for layer in estimator(random_state=0).fit(X, Y).model_.layers]
    assert names == ["dense", "dense_1"]


def test_initialisers_have_the_seeds_of_the_fit():
    def start_again(clf):
        kernels = [layer for layer in clf.model_.layers if hasattr(layer, "kernel")]
        return [np.asarray(each.kernel_initializer(each.kernel.shape)) for each in kernels]

    lent = [estimator(random_state=seed).fit(X, Y) for seed in range(4)]
    for seed, clf in enumerate(lent):
        new = alone(lambda seed=seed: estimator(random_state=seed).fit(X, Y))
        for one, other in zip(start_again(clf), start_again(new), strict=True):
            np.testing.assert_array_equal(one, other)


def test_builders_get_a_plain_dict_unless_it_is_noted_what_they_read():
    kinds = []

    def build(meta):
        kinds.append(type(meta))
        return dense(meta)

    for seed in range(4):
        estimator(build, random_state=seed).fit(X, Y)
    assert kinds == [dict] * 4


def test_a_compiled_network_without_a_loss_is_no_reason_for_a_note(recwarn):
    for seed in range(4):
        estimator(without_loss, metrics=["accuracy"], random_state=seed).fit(X, Y)
    assert not [each for each in recwarn if "INN030" in str(each.message)]


def test_who_asks_during_another_fit_changes_nothing(monkeypatch):
    clf = warmed()
    estimator(random_state=5).fit(X, Y)
    lent, asked, made = clf._lent, threading.Event(), threading.Event()
    own_network = type(lent).own_network

    def slow(self):
        network = own_network(self)
        if self is lent:
            asked.set()
            made.wait(20)
        return network

    monkeypatch.setattr(type(lent), "own_network", slow)
    thread = threading.Thread(target=lambda: clf.model_)
    thread.start()
    asked.wait(20)
    clf.set_params(random_state=0).fit(X, Y)
    made.set()
    thread.join()
    assert_same(clf, alone(lambda: estimator(random_state=0).fit(X, Y)))


def test_callbacks_of_a_call_see_a_network_of_their_own():
    warmed()
    seen = []
    watch = keras.callbacks.LambdaCallback(on_train_end=lambda logs: seen.append(1))
    clf = estimator(random_state=0).fit(X, Y, callbacks=[watch])
    assert seen
    assert not is_lent(clf)
    # Those of one call are no reason against the next.
    assert is_lent(estimator(random_state=0).fit(X, Y))


def test_another_fit_of_an_estimator_forgets_what_was_lent():
    clf = warmed().set_params(engine="keras").fit(X, Y)
    assert not is_lent(clf)


@pytest.mark.parametrize("what", ["global", "rows", "parameter", "loss", "optimizer", "policy"])
def test_another_network_is_another(what, monkeypatch):
    builds = {"global": global_width, "rows": by_rows}
    build = builds.get(what, dense)
    warmed(build=build)
    given, params = (X, Y), {}
    if what == "global":
        monkeypatch.setattr(f"{__name__}.WIDTH", 9)
    if what == "rows":
        given = np.r_[X, X], np.r_[Y, Y]
    params = {
        "parameter": {"model__width": 8},
        "loss": {"loss": "mse"},
        "optimizer": {"optimizer__learning_rate": 0.1},
    }.get(what, {})
    if what == "policy":
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        clf = estimator(build, **params, random_state=0).fit(*given)
        new = alone(lambda: estimator(build, **params, random_state=0).fit(*given))
        assert_same(clf, new)
    finally:
        keras.config.set_dtype_policy("float32")


def test_what_a_compiled_network_does_not_read_is_told_each_time():
    for seed in range(4):
        clf = estimator(compiled, metrics=["accuracy"], random_state=seed)
        clf.set_params(model=compiled_alone)
        with pytest.warns(UserWarning, match="INN030"):
            clf.fit(X, Y)
    assert is_lent(clf)


def compiled_alone(meta):
    network = dense(meta)
    network.compile(loss="binary_crossentropy", optimizer="adam")
    return network


def test_a_name_that_goes_out_of_use_is_told_each_time():
    for seed in range(4):
        clf = estimator(None, build_fn=dense, random_state=seed)
        with pytest.warns(UserWarning, match="build_fn"):
            clf.fit(X, Y)
    assert is_lent(clf)


def test_unknown_parameters_are_refused_each_time():
    warmed()
    for _ in range(3):
        with pytest.raises(ValueError, match="wide"):
            estimator(model__wide=3).fit(X, Y)


def test_searches_agree_and_end_with_an_estimator_of_their_own():
    def search():
        grid = {"model__width": [3, 5], "optimizer__learning_rate": [0.01, 0.1]}
        clf = estimator(random_state=0, optimizer="adam")
        return GridSearchCV(clf, grid, cv=3, scoring="average_precision").fit(X, Y)

    lent, new = search(), alone(search)
    np.testing.assert_array_equal(
        lent.cv_results_["mean_test_score"], new.cv_results_["mean_test_score"]
    )
    assert_same(lent.best_estimator_, new.best_estimator_)


def test_cross_validation_agrees():
    def proba():
        clf = estimator(random_state=0)
        return cross_val_predict(clf, X, Y, cv=5, method="predict_proba")

    np.testing.assert_array_equal(proba(), alone(proba))


def test_threads():
    expected = {s: alone(lambda s=s: estimator(random_state=s).fit(X, Y)) for s in range(4)}
    expected = {seed: clf.predict_proba(X) for seed, clf in expected.items()}
    warmed()
    faults = []

    def work(seed):
        for _ in range(3):
            clf = estimator(random_state=seed).fit(X, Y)
            for _ in range(3):
                if not np.array_equal(clf.predict_proba(X), expected[seed]):
                    faults.append(seed)
            if clf.model_.optimizer.iterations == 0:
                faults.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_threads_that_ask_one_estimator():
    clf = warmed()
    expected, found = clf.predict_proba(X), []

    def ask():
        for _ in range(5):
            found.append((clf.predict_proba(X), clf.model_))

    estimator(random_state=5).fit(X, Y)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(network) for _, network in found}) == 1
    for proba, _ in found:
        np.testing.assert_array_equal(proba, expected)


def test_a_network_in_use_is_not_waited_for():
    clf = warmed()
    expected = clf.predict_proba(X)
    with clf._lent.network() as network:
        # Nobody has trained it since, and somebody asks it now.
        other = copy.copy(clf)
        assert other.model_ is not network
        np.testing.assert_array_equal(other.predict_proba(X), expected)
        fit = estimator(random_state=3).fit(X, Y)
        assert fit.model_ is not network
    np.testing.assert_array_equal(clf.predict_proba(X), expected)


def test_programs_are_forgotten_with_what_is_kept():
    warmed()
    assert len(SHELF) == 1
    clear_programs()
    assert len(SHELF) == 0
