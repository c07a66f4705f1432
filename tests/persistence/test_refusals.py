"""Files that load refuses, estimators that save refuses, and what either leaves behind."""

import io
import json
import pickle
import random
import stat
import zipfile

import joblib
import keras
import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import imbalanced_nn
from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner, load, save
from imbalanced_nn.exceptions import InvalidParameterError, ModelFileError
from imbalanced_nn.persistence.archive import MANIFEST, read_archive, write_archive

from .conftest import binary, network, refused, rewritten, with_layer


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "start"),
        [
            (b"", "is empty. Get it again"),
            (b"hello", "is not a file of imbalanced_nn.save."),
            (pickle.dumps([1]), "is a pickle or a file of joblib, which runs whatever code"),
            (pickle.dumps([1], protocol=2), "is a pickle or a file of joblib"),
            (b"\x89HDF\r\n\x1a\n", "holds a Keras network and no estimator."),
            (b"PK", "is cut short or damaged."),
        ],
    )
    def test_what_is_no_archive(self, content, start, tmp_path):
        path = tmp_path / "a.inn"
        path.write_bytes(content)
        assert refused(path).startswith(start)

    @pytest.mark.parametrize("pack", [0, 3, ("gzip", 3), ("xz", 3), ("bz2", 3)])
    def test_joblib_in_every_packing(self, pack, tmp_path):
        joblib.dump({"a": np.arange(5)}, tmp_path / "a.inn", compress=pack)
        assert refused(tmp_path / "a.inn").startswith("is a pickle or a file of joblib")

    def test_a_bare_network(self, tmp_path):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.save(tmp_path / "a.keras")
        assert refused(tmp_path / "a.keras") == (
            "holds a Keras network and no estimator. Load it by keras.models.load_model, and "
            "give it to BalancedKerasClassifier(model=...)."
        )

    def test_another_zip_file(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.inn", "w") as archive:
            archive.writestr("a.txt", "a")
        assert refused(tmp_path / "a.inn").startswith("is a zip file, but not as imbalanced_nn")

    def test_a_file_packed_anew(self, saved, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.inn", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in read_archive("", saved.read_bytes()).items():
                archive.writestr(name, content)
        assert refused(tmp_path / "a.inn").startswith("is a zip file, but not as imbalanced_nn")

    def test_a_member_within_another(self, tmp_path, monkeypatch):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as archive:
            archive.writestr(zipfile.ZipInfo(MANIFEST), b" " * 1000)
            (entry,) = archive.infolist()
        with zipfile.ZipFile(tmp_path / "a.inn", "w") as archive:
            archive.writestr(zipfile.ZipInfo("SHA256SUMS"), inner.getvalue())
            entry.header_offset = len("SHA256SUMS") + 30
            archive.filelist.append(entry)
        read = []
        monkeypatch.setattr(zipfile.ZipFile, "read", lambda *arguments: read.append(arguments))
        assert refused(tmp_path / "a.inn").startswith("is a zip file, but not as imbalanced_nn")
        assert read == []

    def test_a_network_that_grows_when_it_is_unpacked(self, saved, tmp_path):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", b" " * 1_000_000)

        def swap(_, members):
            members[next(name for name in members if name.endswith(".keras"))] = packed.getvalue()

        sentence = refused(rewritten(saved, tmp_path / "a.inn", swap))
        assert sentence == "cannot be loaded: its network is packed as Keras packs none."

    def test_no_file(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "nowhere.inn")

    def test_a_newer_format(self, saved, tmp_path):
        def newer(manifest, members):
            manifest["format"] = 2
            manifest["saved_with"]["imbalanced_nn"] = "9.0"
            del manifest["estimator"]

        assert refused(rewritten(saved, tmp_path / "a.inn", newer)) == (
            f"is of format 2, written by imbalanced_nn 9.0; this is imbalanced_nn "
            f"{imbalanced_nn.__version__}, which reads formats up to 1. Upgrade it: pip install "
            f"--upgrade imbalanced-nn."
        )

    def test_a_change_by_hand(self, saved, tmp_path):
        members = read_archive("", saved.read_bytes())
        with zipfile.ZipFile(saved) as archive:
            sums = archive.read("SHA256SUMS")
        changed = members[MANIFEST].replace(b'"fraud"', b'"freud"')
        assert changed != members[MANIFEST]
        with zipfile.ZipFile(tmp_path / "a.inn", "w") as archive:
            for name, content in (members | {MANIFEST: changed, "SHA256SUMS": sums}).items():
                archive.writestr(name, content)
        assert refused(tmp_path / "a.inn").startswith(
            "was altered after it was saved: manifest.json does not match its checksum."
        )

    @pytest.mark.parametrize("add", ["extra.txt", MANIFEST])
    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_a_member_too_many(self, saved, tmp_path, add):
        path = tmp_path / "a.inn"
        path.write_bytes(saved.read_bytes())
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(add, "{}")
        assert "save" in refused(path)

    @pytest.mark.parametrize(
        ("change", "part"),
        [
            (lambda manifest, _: manifest.update(kind="x"), "it is a 'x', not a"),
            (lambda manifest, _: manifest.pop("format"), "'format'"),
            (lambda manifest, _: manifest.update(format=None), "not a file of"),
            (lambda manifest, _: manifest["estimator"].update({"~": "code"}), "'code', which"),
            (lambda manifest, _: manifest.update(estimator={"~": 1}), "KeyError"),
            (lambda manifest, _: manifest.update(format=float("inf")), "it is of format inf"),
            (lambda manifest, _: manifest.update(format=True), "it is of format True"),
            (lambda manifest, _: manifest.update(format=0), "it is of format 0"),
            (lambda manifest, _: manifest.update(format=2, saved_with=[1]), "not a file of"),
            (lambda manifest, _: manifest.update(estimator=3), "it holds a int and no estimator"),
        ],
    )
    def test_a_manifest_that_makes_no_sense(self, saved, tmp_path, change, part):
        assert part in refused(rewritten(saved, tmp_path / "a.inn", change))

    def test_a_manifest_that_is_too_deep(self, saved, tmp_path):
        members = read_archive("", saved.read_bytes())
        deep = b'{"kind": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        write_archive(tmp_path / "a.inn", members | {MANIFEST: deep})
        assert refused(tmp_path / "a.inn").startswith("is not a file of imbalanced_nn.save:")

    def test_a_member_that_is_named_and_lacking(self, saved, tmp_path):
        def lose(_, members):
            del members[next(name for name in members if name.endswith(".keras"))]

        assert "cannot be loaded: it lacks '0-model_.keras'." in refused(
            rewritten(saved, tmp_path / "a.inn", lose)
        )

    def test_arrays_hold_no_pickles(self, saved, tmp_path):
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.array([print], dtype=object), allow_pickle=True)

        def swap(_, members):
            members[next(name for name in members if name.endswith(".npy"))] = buffer.getvalue()

        assert "allow_pickle" in refused(rewritten(saved, tmp_path / "a.inn", swap))


def test_every_truncation_is_refused(saved):
    content = saved.read_bytes()
    for length in range(len(content)):
        with pytest.raises(ModelFileError):
            read_archive("a.inn", content[:length])


def test_every_altered_byte_is_refused_or_changes_nothing(saved):
    content = saved.read_bytes()
    members = read_archive("a.inn", content)
    rng = random.Random(0)
    places = {*range(200), *range(len(content) - 2000, len(content))}
    places |= set(rng.sample(range(len(content)), 2000))
    n_refused = 0
    for place in places:
        altered = bytearray(content)
        altered[place] ^= rng.randrange(1, 256)
        try:
            read = read_archive("a.inn", bytes(altered))
        except ModelFileError:
            n_refused += 1
        else:
            # A date or a note of the zip format, which says nothing of the estimator.
            assert read == members
    assert n_refused > len(places) / 2


class TestCode:
    """Networks with code that is neither Keras' nor this package's."""

    def test_a_lambda_layer_is_refused_when_saving(self, tmp_path):
        def build(meta):
            inputs = keras.Input((meta["n_features_in_"],))
            hidden = keras.layers.Lambda(lambda x: x * 2)(inputs)
            return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))

        clf = BalancedKerasClassifier(build, epochs=1).fit(*binary())
        with pytest.raises(InvalidParameterError) as refusal:
            save(clf, tmp_path / "a.inn")
        assert str(refusal.value).startswith("The estimator cannot be saved: model_ is the network")
        assert "with code in a Lambda layer" in str(refusal.value)
        assert "Write a layer class of your own" in str(refusal.value)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("layer", "part"),
        [
            (
                {"module": "keras.layers", "class_name": "Lambda", "registered_name": None},
                "its network has a Lambda layer, which runs code from the file.",
            ),
            (
                {"module": "keras.layers", "class_name": "TorchModuleWrapper"},
                "its network has a TorchModuleWrapper layer, which runs code from the file.",
            ),
            (
                {"module": "os", "class_name": "system", "registered_name": None},
                "its network uses 'system' of 'os', which is neither Keras' nor this package's. If "
                "you trust the file, give load(..., custom_objects={'system': system}).",
            ),
            (
                {"module": "keras.utils", "class_name": "get_file", "registered_name": None},
                "its network uses 'get_file' of 'keras.utils', which is neither",
            ),
            (
                {"module": "builtins", "class_name": "function", "config": "eval"},
                "its network uses 'eval', which is neither",
            ),
            (
                {"module": None, "class_name": "Own", "registered_name": "mine>Own"},
                "its network uses 'Own', which is neither",
            ),
            (
                {"module": None, "class_name": "Own", "registered_name": "imbalanced_nn>Own"},
                "its network uses 'Own', which is neither",
            ),
        ],
    )
    def test_a_file_that_names_code_is_refused(self, saved, tmp_path, layer, part):
        assert part in refused(with_layer(saved, tmp_path / "a.inn", layer))

    def test_own_layers_and_functions_are_given_by_the_caller(self, tmp_path):
        class Doubled(keras.layers.Dense):
            def call(self, inputs):
                return 2 * super().call(inputs)

        def bent(values):
            return keras.ops.tanh(values)

        def build(meta):
            inputs = keras.Input((meta["n_features_in_"],))
            hidden = keras.layers.Dense(3, activation=bent)(Doubled(4)(inputs))
            return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))

        X, y = binary()
        clf = BalancedKerasClassifier(build, epochs=1, random_state=0).fit(X, y)
        save(clf, tmp_path / "a.inn")
        assert "its network uses 'Doubled' of " in refused(tmp_path / "a.inn")
        assert "its network uses 'bent', which" in refused(
            tmp_path / "a.inn", custom_objects={"Doubled": Doubled}
        )
        twin = load(tmp_path / "a.inn", custom_objects={"Doubled": Doubled, "bent": bent})
        np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
        assert isinstance(twin.model_.layers[1], Doubled)

    def test_a_subclass_of_the_estimator_is_given_by_the_caller(self, tmp_path):
        class Own(BalancedKerasClassifier):
            @property
            def feature_encoder(self):
                return FunctionTransformer(np.abs)

        X, y = binary()
        clf = Own(epochs=1, random_state=0).fit(X, y)
        save(clf, tmp_path / "a.inn")
        assert "its estimator is of the class 'Own'." in refused(tmp_path / "a.inn")
        twin = load(tmp_path / "a.inn", custom_objects={"Own": Own})
        assert type(twin) is Own
        np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))


def build(meta, units=3):
    inputs = keras.Input((meta["n_features_in_"],))
    hidden = keras.layers.Dense(units)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))


def own_score(y_true, y_pred):
    return float(np.mean(y_true == y_pred))


class OwnSampler(SMOTE):
    pass


class TestParametersThatAreCode:
    @pytest.fixture(scope="class")
    @classmethod
    def twin(cls, tmp_path_factory):
        X, y = binary()
        callbacks = [keras.callbacks.TerminateOnNaN()]
        clf = BalancedKerasClassifier(
            build,
            model__units=4,
            sampler=OwnSampler(k_neighbors=2),
            callbacks=callbacks,
            validation_split=ShuffleSplit(1, random_state=0),
            threshold=own_score,
            epochs=2,
            random_state=0,
        ).fit(X, y)
        path = tmp_path_factory.mktemp("code") / "a.inn"
        save(clf, path)
        return clf, load(path)

    def test_answers_need_none_of_it(self, twin):
        X, _ = binary()
        clf, twin = twin
        np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
        np.testing.assert_array_equal(
            pickle.loads(pickle.dumps(twin)).predict_proba(X), clf.predict_proba(X)
        )
        assert twin.model__units == 4
        assert not hasattr(twin, "sampler_")

    def test_training_asks_for_each_by_name(self, twin):
        X, y = binary()
        twin = pickle.loads(pickle.dumps(twin[1]))
        needed = {
            "callbacks": None,
            "model": build,
            "sampler": "smote",
            "threshold": "f1",
            "validation_split": 0.2,
        }
        asked = []
        while len(asked) < 6:
            try:
                twin.fit(X, y)
                break
            except InvalidParameterError as error:
                name = str(error).split()[0]
                assert "when the estimator was saved, which its file does not keep" in str(error)
                assert f"set_params({name}=...)" in str(error)
                asked.append(name)
                twin.set_params(**{name: needed[name]})
        assert sorted(asked) == sorted(needed)

    def test_the_score_of_a_function_asks_for_it(self, twin):
        with pytest.raises(InvalidParameterError, match="^threshold was <function own_score"):
            twin[1].score(*binary())
        with pytest.raises(InvalidParameterError, match="^threshold was <function own_score"):
            pickle.loads(pickle.dumps(twin[1])).tune_threshold()

    def test_a_metric_of_scikit_learn_is_kept_by_its_name(self, tmp_path):
        from sklearn.metrics import f1_score

        X, y = binary()
        clf = network(threshold=f1_score, epochs=1).fit(X, y)
        save(clf, tmp_path / "a.inn")
        twin = load(tmp_path / "a.inn")
        assert twin.threshold == "f1"
        assert twin.score(X, y) == clf.score(X, y)

    def test_a_tuner_with_a_function_is_not_kept(self, tmp_path):
        X, y = binary()
        clf = network(threshold=ThresholdTuner(own_score), epochs=1).fit(X, y)
        save(clf, tmp_path / "a.inn")
        twin = load(tmp_path / "a.inn")
        np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
        with pytest.raises(InvalidParameterError, match="^threshold was ThresholdTuner"):
            twin.score(X, y)


def test_transformers_of_another_scikit_learn_are_noted(tmp_path):
    X, y = binary()
    save(make_pipeline(StandardScaler(), network(epochs=1)).fit(X, y), tmp_path / "a.inn")

    def older(manifest, _):
        _, scaler = manifest["estimator"]["value"]["state"]["steps"][0]["value"]
        scaler["value"]["state"]["_sklearn_version"] = "1.0"

    rewritten(tmp_path / "a.inn", tmp_path / "b.inn", older)
    with pytest.warns(InconsistentVersionWarning, match="StandardScaler from version 1.0"):
        load(tmp_path / "b.inn")


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
            read_archive("", path.read_bytes())[MANIFEST] for path in (saved, tmp_path / "a.inn")
        )
        assert one == other
        json.loads(one)

    @pytest.mark.parametrize(
        ("estimator", "error", "part"),
        [
            (LogisticRegression(), InvalidParameterError, "got LogisticRegression. Of a search"),
            (BalancedKerasClassifier(), NotFittedError, "is not fitted yet"),
            (
                make_pipeline(DictVectorizer(), BalancedKerasClassifier()),
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
        assert "func is <ufunc 'absolute'>, which has no form" in str(refusal.value)


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
