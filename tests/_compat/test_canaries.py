"""Canaries: every private name of another package that is used, asked of the installed one.

A release that drops or changes one fails here, by its name, before anything fails in its stead.
"""

import importlib.util
import io
import json
import zipfile
from numbers import Integral

import keras
import numpy as np
import pytest
from imblearn import pipeline as imblearn_pipeline
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from scikeras.utils.transformers import ClassifierLabelEncoder
from scikeras.wrappers import KerasClassifier
from sklearn import pipeline as sklearn_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.callback import CallbackSupportMixin, ProgressBar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import validate_params

from imbalanced_nn._compat import imblearn as of_imblearn
from imbalanced_nn._compat import keras as of_keras
from imbalanced_nn._compat import scikeras as of_scikeras
from imbalanced_nn._compat import sklearn as of_sklearn
from imbalanced_nn._compat import tensorflow as of_tensorflow
from imbalanced_nn._compat.callers import OF_ONE_FIT
from imbalanced_nn._compat.late_variables import LISTED, LateVariables
from imbalanced_nn.exceptions import calling_frames


@pytest.fixture(scope="module")
def model():
    """A compiled functional network around another, with metrics."""
    inputs = keras.Input((3,))
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name="inner")
    outputs = keras.layers.Dense(1, activation="sigmoid", name="last")(inner(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], weighted_metrics=["AUC"])
    return model


def test_layers_are_those_inside_of_others_too(model):
    names = [layer.name for layer in of_keras.flattened_layers(model)]
    assert {model.name, "inner", "last"} < set(names)
    assert len(names) == len(of_keras.flattened_layers(model, include_self=False)) + 1
    assert any(isinstance(layer, of_keras.Functional) for layer in [model])


def test_who_makes_a_tensor_and_from_what(model):
    layer, node = of_keras.maker_of(model.outputs[0])
    assert layer.name == "last"
    (given,) = of_keras.nodes_into(layer)[node].input_tensors
    assert of_keras.maker_of(given)[0].name == "inner"
    assert of_keras.nodes_into(layer)[node].arguments.args[0] is given


@pytest.mark.parametrize("compiles", [True, False, "auto"])
def test_whether_steps_are_compiled_is_left_to_the_backend_unless_it_was_asked_for(compiles):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=compiles)
    usual = model._resolve_auto_jit_compile()
    file = io.BytesIO()
    of_keras.save_model(model, file)
    written = json.loads(zipfile.ZipFile(file).read("config.json"))["compile_config"]
    expected = "auto" if compiles in ("auto", usual) else compiles
    assert written["jit_compile"] == expected
    assert of_keras.compilation(model).config["jit_compile"] == model.jit_compile
    assert of_keras.load_model(file).jit_compile == model.jit_compile


def test_what_keras_asks_before_it_serialises():
    assert isinstance(of_keras.serialization_lib.tf.available, bool)
    names = of_keras.api_export.REGISTERED_OBJS_TO_NAMES
    assert names[keras.optimizers.Adam] == "keras.optimizers.Adam"


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_an_activation_leaves_its_logits(activation):
    logits = keras.ops.convert_to_tensor([[1.0, 2.0]])
    output = getattr(keras.activations, activation)(logits)
    np.testing.assert_array_equal(of_keras.logits_of(output), logits)
    assert of_keras.logits_of(logits) is None


def test_a_mask_is_carried():
    inputs = keras.Input((4,))
    hidden = keras.layers.Embedding(5, 2, mask_zero=True)(inputs)
    assert of_keras.mask_of(hidden) is not None
    assert of_keras.mask_of(inputs) is None


def test_compiling_leaves_a_mark_that_is_new_each_time():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    assert of_keras.compilation(model) is None
    model.compile("sgd", "mse")
    first = of_keras.compilation(model)
    model.compile("sgd", "mse")
    assert first is not None
    assert of_keras.compilation(model) is not first


def test_what_a_network_was_compiled_with_is_known(model):
    assert of_keras.given_loss(model) == "binary_crossentropy"
    assert of_keras.given_metrics(model) == [["accuracy"], ["AUC"]]
    assert of_keras.metric_of_compile(model) is not None
    assert of_keras.given_loss_weights(model) is None
    bare = keras.Sequential([keras.layers.Dense(1)])
    bare.compile("sgd", "mse", loss_weights=[2.0])
    assert of_keras.given_loss_weights(bare) == [2.0]
    bare = keras.Sequential([keras.layers.Dense(1)])
    assert of_keras.given_metrics(bare) == []
    assert model._initial_epoch in (0, None)
    assert not of_keras.initial_epoch(model)


def test_metrics_of_compile_are_made_from_one_row(model):
    of_keras.build_compiled_metrics(model, tuple(map(keras.ops.zeros, ((1, 3), (1, 1), (1,)))))
    assert of_keras.metric_of_compile(model).built


def test_metrics_kept_by_a_network_itself():
    class Own(keras.Sequential):
        def __init__(self, *args):
            super().__init__(*args)
            self.seen = keras.metrics.Mean("seen")

    assert [m.name for m in of_keras.own_metrics(Own())] == ["seen"]
    assert list(of_keras.own_metrics(object())) == []


def test_functions_inside_of_losses_and_metrics():
    metric = keras.metrics.MeanMetricWrapper(keras.metrics.binary_accuracy)
    assert of_keras.metric_function(metric) is keras.metrics.binary_accuracy
    assert of_keras.metric_function(accuracy_score) is accuracy_score
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)
    given = of_keras.keyword_arguments(loss)
    assert given["from_logits"] is True
    assert given["label_smoothing"] == 0.1


def test_what_an_optimizer_holds():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    assert of_keras.given_learning_rate(keras.optimizers.Adam(schedule)) is schedule
    spares, twin = keras.optimizers.AdamW(), keras.optimizers.AdamW()
    assert not of_keras.excluded_from_decay(spares)
    spares.exclude_from_weight_decay(var_names=["scale"])
    of_keras.exclude_from_decay_as(twin, spares)
    assert of_keras.excluded_from_decay(twin)
    variable = keras.Variable([1.0])
    twin.build([variable])
    assert of_keras.trainable_variables(twin)[0] is variable
    assert set(LISTED) <= set(vars(twin))


def test_an_optimizer_is_copied_as_it_is():
    given = keras.optimizers.SGD(lambda: 0.2)
    twin = of_keras.copied_optimizer(given)
    twin.build([keras.Variable(np.zeros(2))])
    assert float(twin.learning_rate) == np.float32(0.2)
    assert twin.iterations is not given.iterations
    assert not given.built


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="its variables have names")
def test_a_variable_of_tensorflow_says_the_name_that_it_is_given():
    variable = keras.Variable(np.zeros(2)).value
    of_tensorflow.give_name(variable, "dense/kernel")
    assert variable.name == "dense/kernel:0"


def test_averages_that_an_optimizer_keeps():
    optimizer, variable = keras.optimizers.SGD(use_ema=True), keras.Variable([1.0])
    optimizer.build([variable])
    (average,) = of_keras.moving_averages(optimizer)
    assert average.shape == variable.shape


def test_a_frozen_layer_still_has_trainable_variables_of_its_own():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    layer.trainable = False
    assert layer.trainable_variables == []
    assert len(of_keras.trainable_variables(layer)) == 2


def test_a_callback_forgets_its_network(model):
    callback = keras.callbacks.EarlyStopping()
    callback.set_model(model)
    of_keras.without_model(callback)
    assert callback.model is None


def test_keras_numbers_what_has_no_name():
    counts = of_keras.name_counts(dict)
    before = counts.get("auc", 0)
    keras.metrics.AUC()
    assert of_keras.name_counts(dict)["auc"] == before + 1
    assert of_keras.to_snake_case("MeanIoU") == "mean_io_u"


def test_networks_are_saved_and_loaded_unsafely_only_where_that_is_said(model, tmp_path):
    path = tmp_path / "network.keras"
    of_keras.save_model(model, path)
    with of_keras.SafeModeScope(True):
        loaded = of_keras.load_model(path, compile=False)
    X = np.ones((2, 3))
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_keras_draws_default_seeds_where_it_is_told_to():
    import random

    def drawn():
        initializer, layer = keras.initializers.HeNormal(), keras.layers.Dropout(0.5)
        seeds = [initializer.seed, int(np.asarray(layer.seed_generator.state)[0])]
        return [*seeds, float(keras.random.uniform(()))]

    keras.random.uniform(())
    before = random.getstate()
    with of_keras.default_seeds(random.Random(4)):
        first = drawn()
        with of_keras.default_seeds(random.Random(5)):
            assert drawn() != first
    with of_keras.default_seeds(random.Random(4)):
        assert drawn() == first
        with of_keras.default_seeds(None):
            keras.initializers.HeNormal()
    assert random.getstate() != before
    random.setstate(before)
    assert first[0] == random.Random(4).randint(1, 10**9)
    expected = random.randint(1, 10**9)
    random.setstate(before)
    assert keras.initializers.HeNormal().seed == expected


def test_what_keras_draws_and_names_while_it_builds_is_recorded():
    keras.layers.Dense(1)
    with of_keras.recorded_build() as (seeds, names):
        layer = keras.layers.Dense(1, name="given_7")
        other, dropout = keras.layers.Dense(1), keras.layers.Dropout(0.5)
        drawn = of_keras.default_seed()
    keras.layers.Dense(1)
    state = int(keras.ops.convert_to_numpy(dropout.seed_generator.state)[0])
    kernels = [each.kernel_initializer.seed for each in (layer, other)]
    assert seeds == [*kernels, state, drawn]
    assert {other.name, dropout.name} <= names
    assert "given_7" not in names
    assert of_keras.is_drawn(dropout.seed_generator)
    assert not of_keras.is_drawn(keras.random.SeedGenerator(3))
    assert of_keras.auto_name("dense") not in names


def test_a_session_lasts_until_it_is_cleared():
    before = of_keras.session()
    assert of_keras.session() is before
    keras.utils.clear_session()
    assert of_keras.session() is not before


def test_late_variables_are_withdrawn():
    from contextlib import nullcontext

    optimizer, weight = keras.optimizers.Adam(), keras.Variable([1.0])
    late = LateVariables(optimizer, [weight], nullcontext, [1.0])
    assert LateVariables.of(optimizer) is late
    assert late.values == [1.0]
    assert len(late.made) == 2
    late.withdraw()
    assert LateVariables.of(optimizer) is None
    assert not optimizer.built
    optimizer.build([weight])
    assert len(optimizer.variables) == 4


def test_late_variables_are_made_when_read():
    from contextlib import nullcontext

    optimizer, weight = keras.optimizers.Adam(), keras.Variable([1.0])
    LateVariables(optimizer, [weight], nullcontext)
    assert not optimizer.built
    assert len(optimizer.variables) == 4
    assert optimizer.built
    assert not isinstance(vars(optimizer)["_variables"], LateVariables)
    assert {"build", "_trackable_children"}.isdisjoint(vars(optimizer))


def test_a_scorer_is_made_of_what_it_was_given():
    scorer = make_scorer(accuracy_score, greater_is_better=False, normalize=False)
    assert of_sklearn.parts_of_scorer(scorer) == (
        accuracy_score,
        {"normalize": False},
        -1,
        "predict",
    )
    assert of_sklearn.parts_of_scorer(accuracy_score) is None


def test_callbacks_of_an_estimator_are_seen():
    class Supports(CallbackSupportMixin, BaseEstimator):
        pass

    estimator = Supports()
    assert not of_sklearn.has_callbacks(estimator)
    watched = Supports().set_callbacks(ProgressBar())
    assert of_sklearn.has_callbacks(watched)
    assert hasattr(of_sklearn.begin_fit_task(Supports(), 1), "call_on_fit_task_begin")


def test_parameters_of_an_estimator():
    assert "C" in of_sklearn.parameter_names(LogisticRegression)
    of_sklearn.validate_parameters(LogisticRegression())
    with pytest.raises(of_sklearn.InvalidParameterError, match="'tol'"):
        of_sklearn.validate_parameters(LogisticRegression(tol="a"))
    constraints = {
        "a": [
            of_sklearn.Interval(Integral, 1, None, closed="left"),
            of_sklearn.StrOptions({"auto"}),
        ],
        "b": [of_sklearn.HasMethods("fit"), of_sklearn.Options(int, {1, 2})],
    }
    good = {"a": "auto", "b": 2}
    of_sklearn.validate_parameter_constraints(constraints, good, caller_name="canary")
    with pytest.raises(of_sklearn.InvalidParameterError, match="The 'a' parameter of canary"):
        of_sklearn.validate_parameter_constraints(constraints, good | {"a": 0}, "canary")

    @of_sklearn.validate_params({"a": [Integral]}, prefer_skip_nested_validation=True)
    def takes(a):
        return a

    with pytest.raises(
        of_sklearn.InvalidParameterError, match="The 'a' parameter of .*takes must be"
    ):
        takes("x")


def test_features_are_checked_and_rows_taken():
    pandas = pytest.importorskip("pandas")
    frame, estimator = pandas.DataFrame({"a": [1.0, 2.0]}), LogisticRegression()
    of_sklearn.check_feature_names(estimator, frame, reset=True)
    of_sklearn.check_n_features(estimator, frame, reset=True)
    assert (estimator.feature_names_in_.tolist(), estimator.n_features_in_) == (["a"], 1)
    assert of_sklearn.take(frame, [1])["a"].tolist() == [2.0]


def test_scikit_learn_draws_one_box():
    box = of_sklearn.single_box(LogisticRegression())
    assert box.kind == "single"
    assert box.names == "LogisticRegression"
    assert hasattr(LogisticRegression, "_get_fitted_attr_html")


def test_samplers_say_what_they_do():
    assert of_imblearn.sampling_type(SMOTE()) == "over-sampling"
    assert of_imblearn.sampling_type(RandomUnderSampler()) == "under-sampling"
    assert of_imblearn.sampling_type(object()) is None


@pytest.mark.parametrize("name", of_scikeras.HOOKS)
def test_scikeras_has_the_hook(name):
    assert callable(getattr(KerasClassifier, name))


@pytest.mark.parametrize("name", of_scikeras.ATTRIBUTES)
def test_scikeras_has_the_attribute(name):
    assert getattr(KerasClassifier, name)


def test_parameters_are_routed_by_prefix():
    routed = of_scikeras.route_params(
        {"loss__a": 1, "b": 2}, destination="loss", pass_filter=set(), strict=True
    )
    assert routed == {"a": 1}


def test_label_encoders_remember_y():
    y = np.array([[0], [1], [1]])
    encoder = ClassifierLabelEncoder().fit(y)
    state = of_scikeras.encoder_state(encoder)
    assert state == ("binary", (3, 1), y.dtype)
    other = state._replace(y_shape=(5,))
    of_scikeras.set_encoder_state(encoder, other)
    assert of_scikeras.encoder_state(encoder) == other
    assert encoder.inverse_transform(np.array([[0.2], [0.8]])).shape == (2,)
    assert of_scikeras.encoder_state(object()) == (None, None, None)


def test_what_stands_between_a_caller_and_one_fit():
    met = set()

    class Met(ClassifierMixin, BaseEstimator):
        @validate_params({"X": ["array-like"]}, prefer_skip_nested_validation=True)
        def fit(self, X, y):
            modules = (frame.f_globals["__name__"] for frame in calling_frames())
            met.update(m for m in modules if m.partition(".")[0] in ("sklearn", "imblearn"))
            return self

    X, y = np.zeros((4, 1)), [0, 1, 0, 1]
    sklearn_pipeline.make_pipeline(StandardScaler(), Met()).fit(X, y)
    imblearn_pipeline.make_pipeline(RandomOverSampler(), Met()).fit(X, y)
    assert met == set(OF_ONE_FIT) - {"imblearn.base"}
    assert importlib.util.find_spec("imblearn.base")
