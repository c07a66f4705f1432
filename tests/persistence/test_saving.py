"""What save writes, what it refuses, and what either leaves behind."""

import io
import json
import stat
import zipfile
from functools import partial

import keras
import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from imbalanced_nn import BalancedKerasClassifier, export_onnx, load, save
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.persistence.archive import MANIFEST, read_archive

from .conftest import binary, network, refused, rewritten


class TestSave:
    def test_an_existing_file_is_kept(self, fitted, tmp_path):
        path = tmp_path / "a.inn"
        path.write_text("precious")
        with pytest.raises(FileExistsError, match="exists and is not overwritten"):
            save(fitted, path)
        assert path.read_text() == "precious"
        save(fitted, path, overwrite=True)
        load(path)
        assert list(tmp_path.iterdir()) == [path]

    def test_a_failed_write_leaves_the_old_file(self, fitted, tmp_path, monkeypatch):
        path = tmp_path / "a.inn"
        save(fitted, path)
        before = path.read_bytes()

        def full(self, *arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
        with pytest.raises(OSError, match="No space left"):
            save(fitted, path, overwrite=True)
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_the_same_estimator_makes_the_same_manifest(self, fitted, saved, tmp_path):
        save(fitted, tmp_path / "a.inn")
        one, other = (
            read_archive("", io.BytesIO(path.read_bytes()))[MANIFEST]
            for path in (saved, tmp_path / "a.inn")
        )
        assert one == other
        json.loads(one)

    @pytest.mark.parametrize(
        ("estimator", "error", "part"),
        [
            (LogisticRegression(), InvalidParameterError, "got LogisticRegression. Of a search"),
            (BalancedKerasClassifier("mlp"), NotFittedError, "is not fitted yet"),
            (
                make_pipeline(DictVectorizer(), BalancedKerasClassifier("mlp")),
                InvalidParameterError,
                "The step 'dictvectorizer' of the pipeline is a DictVectorizer, which cannot",
            ),
        ],
    )
    def test_what_cannot_be_saved(self, estimator, error, part, tmp_path):
        with pytest.raises(error, match=part):
            save(estimator, tmp_path / "a.inn")
        assert list(tmp_path.iterdir()) == []

    def test_a_function_in_a_transformer_is_named(self, tmp_path):
        X, y = binary()
        pipeline = make_pipeline(FunctionTransformer(np.abs), network(epochs=1)).fit(X, y)
        with pytest.raises(InvalidParameterError) as refusal:
            save(pipeline, tmp_path / "a.inn")
        refused = "steps.functiontransformer.func is <ufunc 'absolute'>, which has no form"
        assert refused in str(refusal.value)

    def test_other_pipelines_are_told_how_to_be_saved(self, tmp_path):
        X, y = binary()
        steps = [("scale", StandardScaler()), ("smote", SMOTE()), ("clf", network(epochs=1))]
        pipeline = SamplingPipeline(steps).fit(X, y)
        with pytest.raises(InvalidParameterError) as refusal:
            save(pipeline, tmp_path / "a.inn")
        assert "of the class imblearn.pipeline.Pipeline, and of pip" in str(refusal.value)
        assert "Samplers (smote) do nothing to new rows" in str(refusal.value)
        kept = [step for step in pipeline.steps if not hasattr(step[1], "fit_resample")]
        save(Pipeline(kept), tmp_path / "a.inn")
        np.testing.assert_array_equal(load(tmp_path / "a.inn").predict(X), pipeline.predict(X))
        with pytest.raises(InvalidParameterError, match=r"save sklearn\.pipeline\.Pipeline\(pip"):
            save(SamplingPipeline([steps[0], steps[2]]), tmp_path / "b.inn")


class TestArguments:
    @pytest.mark.parametrize(
        ("path", "part"),
        [
            (io.BytesIO(), r"got BytesIO\. Give the name of the file in place of an open one"),
            (None, "got None"),
            (3, "got 3"),
            ("a\0b", "got 'a"),
            (BalancedKerasClassifier(), "An estimator is given first, and then the path"),
        ],
    )
    @pytest.mark.parametrize(
        "use",
        [partial(save, LogisticRegression()), load, partial(export_onnx, LogisticRegression())],
    )
    def test_what_is_no_name_of_a_file(self, use, path, part):
        if use is not load and use.func is export_onnx:
            pytest.importorskip("tf2onnx")
        with pytest.raises(InvalidParameterError, match=f"^path must be the name.*{part}"):
            use(path)

    def test_a_name_in_bytes_is_one(self, fitted, tmp_path):
        path = bytes(tmp_path / "a.inn")
        save(fitted, path, onnx=False)
        assert load(path).best_threshold_ == fitted.best_threshold_

    def test_a_name_of_a_folder_is_none_of_a_file(self, fitted, tmp_path):
        with pytest.raises(IsADirectoryError, match="is the name of a folder; give that of a file"):
            save(fitted, f"{tmp_path}/new/")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("given", [["OwnLoss"], "OwnLoss", {"a": 1}, {1: dict}])
    def test_custom_objects_are_code_by_name(self, given, saved):
        with pytest.raises(InvalidParameterError, match="^custom_objects must be a dict from"):
            load(saved, custom_objects=given)


def test_a_sentence_ends_before_the_versions(saved, tmp_path):
    def swap(manifest, _):
        del manifest["estimator"]["value"]["parameters"]

    sentence = refused(rewritten(saved, tmp_path / "a.inn", swap))
    assert "KeyError: 'parameters'. It was saved with imbalanced_nn " in sentence


def test_a_network_that_was_built_and_not_trained_is_saved(tmp_path):
    X, y = binary()
    clf = network().initialize(X, y)
    save(clf, tmp_path / "a.inn")
    twin = load(tmp_path / "a.inn")
    np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))


def test_a_prebuilt_network_stays_one_with_the_trained_one(tmp_path):
    X, y = binary()
    model = keras.Sequential([keras.Input((X.shape[1],)), keras.layers.Dense(1, "sigmoid")])
    model.compile(loss="binary_crossentropy", optimizer="adam")
    clf = BalancedKerasClassifier(model, epochs=1).fit(X, y)
    save(clf, tmp_path / "a.inn")
    twin = load(tmp_path / "a.inn")
    assert twin.model is twin.model_
    np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))


def test_the_file_is_as_readable_as_one_of_open(fitted, tmp_path):
    save(fitted, tmp_path / "a.inn")
    (tmp_path / "b").write_text("")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1
