"""Files not as save wrote them: of other kinds or versions, altered, cut short."""

import io
import pickle
import random
import zipfile

import joblib
import keras
import numpy as np
import pytest
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import imbalanced_nn
from imbalanced_nn import load, save
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.persistence.archive import MANIFEST, read_archive, write_archive

from .conftest import binary, network, refused, rewritten


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
            for name, content in read_archive("", io.BytesIO(saved.read_bytes())).items():
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
            f"{imbalanced_nn.__version__}, which reads formats up to 1. Install a "
            f"newer version of it."
        )

    def test_a_change_by_hand(self, saved, tmp_path):
        members = read_archive("", io.BytesIO(saved.read_bytes()))
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
        members = read_archive("", io.BytesIO(saved.read_bytes()))
        deep = b'{"kind": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        write_archive(tmp_path / "a.inn", members | {MANIFEST: deep})
        assert refused(tmp_path / "a.inn").startswith("is not a file of imbalanced_nn.save:")

    def test_a_member_that_is_named_and_lacking(self, saved, tmp_path):
        def lose(_, members):
            del members[next(name for name in members if name.endswith(".keras"))]

        assert "cannot be loaded: it lacks '0-model_.keras', or" in refused(
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
            read_archive("a.inn", io.BytesIO(content[:length]))


def test_every_altered_byte_is_refused_or_changes_nothing(saved):
    content = saved.read_bytes()
    members = read_archive("a.inn", io.BytesIO(content))
    rng = random.Random(0)
    places = {*range(200), *range(len(content) - 2000, len(content))}
    places |= set(rng.sample(range(len(content)), 2000))
    n_refused = 0
    for place in places:
        altered = bytearray(content)
        altered[place] ^= rng.randrange(1, 256)
        try:
            read = read_archive("a.inn", io.BytesIO(bytes(altered)))
        except ModelFileError:
            n_refused += 1
        else:
            # A date or a note of the zip format, which says nothing of the estimator.
            assert read == members
    assert n_refused > len(places) / 2


def test_transformers_of_another_scikit_learn_are_noted(tmp_path):
    X, y = binary()
    save(make_pipeline(StandardScaler(), network(epochs=1)).fit(X, y), tmp_path / "a.inn")

    def older(manifest, _):
        _, scaler = manifest["estimator"]["value"]["state"]["steps"][0]["value"]
        scaler["value"]["state"]["_sklearn_version"] = "1.0"

    rewritten(tmp_path / "a.inn", tmp_path / "b.inn", older)
    with pytest.warns(InconsistentVersionWarning, match="StandardScaler from version 1.0"):
        load(tmp_path / "b.inn")
