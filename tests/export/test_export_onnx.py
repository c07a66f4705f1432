"""Exported models answer as the estimator does."""

import keras
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner, export_onnx
from imbalanced_nn.datasets import load_thyroid
from imbalanced_nn.exceptions import InvalidParameterError, NotFittedError
from imbalanced_nn.preprocessing import ColumnEncoder, ColumnTypes

pytestmark = pytest.mark.slow

pytest.importorskip("tf2onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def two_classes(n=1200, **given):
    return make_classification(n, weights=[0.85], random_state=0, **given)


def answers(path, given):
    session = onnxruntime.InferenceSession(path)
    assert [output.name for output in session.get_outputs()] == ["label", "probabilities"]
    return session.run(None, given)


def check(model, X, path, given=None, atol=1e-6):
    """Hold a file's answers against the model's."""
    export_onnx(model, path)
    given = {"X": X.astype("f4")} if given is None else given
    label, proba = answers(path, given)
    expected = model.predict_proba(X)
    assert proba.shape == expected.shape
    np.testing.assert_allclose(proba, expected, rtol=0, atol=atol)
    assert np.array_equal(label, model.predict(X))
    # One row is enough.
    first = answers(path, {name: rows[:1] for name, rows in given.items()})
    assert first[1].shape == (1, *expected.shape[1:])
    return label


@pytest.fixture(scope="module")
def fitted():
    X, y = two_classes()
    clf = BalancedKerasClassifier("mlp", epochs=2, random_state=0, sampler="random_over")
    return clf.fit(X, np.where(y, "fraud", "ok")), X


def test_text_labels_and_priors(fitted, tmp_path):
    clf, X = fitted
    label = check(clf, X, tmp_path / "a.onnx")
    assert set(label) == {"fraud", "ok"}
    moved = clf.adapt_priors(X[clf.predict(X) == "fraud"])
    label = check(moved, X, tmp_path / "b.onnx")
    assert np.isin(label, ["fraud", "ok"]).all()


def test_the_default_network_on_a_set_that_ships(tmp_path):
    X, y = load_thyroid(return_X_y=True)
    clf = BalancedKerasClassifier(epochs=3, random_state=0, calibration="temperature").fit(X, y)
    # The temperature is below 1 and so widens what float32 leaves open.
    check(clf, X, tmp_path / "a.onnx", atol=3e-6)


def test_cross_fitted_networks_are_one_graph(tmp_path):
    X, y = two_classes(600)
    clf = BalancedKerasClassifier(
        epochs=2, random_state=0, validation_split=2, class_weight="balanced"
    ).fit(X, y)
    check(clf, X, tmp_path / "a.onnx")


def test_several_classes_with_costs(tmp_path):
    X, y = make_classification(
        900, n_classes=3, n_informative=5, weights=[0.7, 0.2], random_state=0
    )
    tuner = ThresholdTuner(cost_matrix=[[0, 1, 1], [5, 0, 1], [50, 9, 0]])
    clf = BalancedKerasClassifier(
        "mlp", epochs=2, random_state=0, threshold=tuner, calibration="sigmoid"
    )
    check(clf.fit(X, y + 10), X, tmp_path / "a.onnx")


def test_several_labels(tmp_path):
    X, y = make_multilabel_classification(600, n_labels=1, n_classes=3, random_state=0)
    clf = BalancedKerasClassifier(
        "mlp", epochs=2, random_state=0, loss="asymmetric", threshold="f1_macro"
    )
    check(clf.fit(X, y), X, tmp_path / "a.onnx")


def test_a_label_for_each_time_step(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 6, 3)).astype("f4")
    y = (X[..., :1] > 0.8).astype(int)
    clf = BalancedKerasClassifier(epochs=1, random_state=0).fit(X, y)
    check(clf, X, tmp_path / "a.onnx")


def test_codes_for_an_embedding(tmp_path):
    X = np.random.default_rng(0).integers(0, 9, (400, 4))
    y = (X[:, 0] == 3).astype(int)
    network = keras.Sequential(
        [
            keras.Input((4,), dtype="int32"),
            keras.layers.Embedding(9, 3),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    clf = BalancedKerasClassifier(network, epochs=1, random_state=0).fit(X, y)
    check(clf, X, tmp_path / "a.onnx", {"X": X.astype("i4")})


def test_steps_compute_in_float64(tmp_path):
    X, y = two_classes(900)
    X = X * 1e6 + 1e9
    X[::7, 2] = np.nan
    X[::9, 5] = np.nan
    steps = [
        ("gaps", SimpleImputer(add_indicator=True)),
        ("scale", StandardScaler()),
        ("again", RobustScaler()),
        ("best", SelectKBest(k=8)),
        ("more", RandomOverSampler(random_state=0)),
        ("range", MinMaxScaler(clip=True)),
        ("none", "passthrough"),
        ("largest", MaxAbsScaler()),
        ("clf", BalancedKerasClassifier("mlp", epochs=1, random_state=0)),
    ]
    check(SamplingPipeline(steps).fit(X, y), X, tmp_path / "a.onnx", {"X": X})


def test_a_table_has_an_input_for_each_column(tmp_path):
    rng = np.random.default_rng(0)
    n = 600
    frame = pd.DataFrame(
        {
            "amount": np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(size=n)),
            "country": rng.choice(
                ["DE", "FR", "IT", None, "rare"], n, p=[0.4, 0.3, 0.2, 0.095, 0.005]
            ),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), "D"),
        }
    )
    y = np.where((frame["country"] == "IT") & (rng.random(n) < 0.7), "bad", "good")
    steps = [
        ("types", ColumnTypes()),
        ("encoder", ColumnEncoder(min_frequency=20)),
        ("clf", BalancedKerasClassifier("mlp", epochs=1, random_state=0)),
    ]
    model = Pipeline(steps).fit(frame, y)
    new = pd.concat([frame, pd.DataFrame({"country": ["XX"], "when": [frame["when"][0]]})])
    read = model["types"].transform(new)
    given = {name: read[[name]].to_numpy() for name in read}
    given["country"] = new[["country"]].fillna("").to_numpy(dtype=object)
    check(model, new, tmp_path / "a.onnx", given)
    # The encoder alone takes what the types return.
    given["country"] = read[["country"]].to_numpy(dtype=object)
    check(Pipeline(model.steps[1:]), read, tmp_path / "b.onnx", given)


def test_what_cannot_be_written_is_refused_and_leaves_no_file(fitted, tmp_path):
    clf, X = fitted
    path = tmp_path / "a.onnx"
    pca = make_pipeline(PCA(20).fit(X), clf)
    with pytest.raises(InvalidParameterError, match=r"step 'pca' .*PCA.*pipeline\[-1\]"):
        export_onnx(pca, path)
    with pytest.raises(InvalidParameterError, match="writes a BalancedKerasClassifier"):
        export_onnx(StandardScaler(), path)
    with pytest.raises(NotFittedError):
        export_onnx(BalancedKerasClassifier(), path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        export_onnx(clf, tmp_path / "none" / "a.onnx")
    assert list(tmp_path.iterdir()) == []
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        export_onnx(clf, path)
    assert path.read_text() == "mine"
    export_onnx(clf, path, overwrite=True)
    assert path.stat().st_size > 1000


def test_a_network_beyond_onnx_is_refused(tmp_path):
    X, y = two_classes(300)
    network = keras.Sequential(
        [
            keras.Input((20,)),
            keras.layers.Lambda(
                lambda x: (
                    keras.ops.erfinv(keras.ops.tanh(x))
                    + 0 * keras.ops.fft2((keras.ops.tanh(x), 0 * x))[0]
                )
            ),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    clf = BalancedKerasClassifier(network, epochs=1, random_state=0).fit(X, y)
    with pytest.raises(InvalidParameterError, match="network"):
        export_onnx(clf, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_packages_that_are_lacking_are_named(fitted, tmp_path, monkeypatch):
    from imbalanced_nn.export import writing

    monkeypatch.setattr(writing, "NEEDED", ("onnx", "no_such_package"))
    with pytest.raises(ImportError, match=r"no_such_package: pip install 'imbalanced-nn\[onnx\]'"):
        export_onnx(fitted[0], tmp_path / "a.onnx")


def test_other_backends_are_sent_to_tensorflow(tmp_path, monkeypatch):
    monkeypatch.setattr("imbalanced_nn.export.writing.backend_name", lambda: "jax")
    with pytest.raises(InvalidParameterError, match=r"on 'jax' here.*KERAS_BACKEND=tensorflow"):
        export_onnx(BalancedKerasClassifier(), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
