"""Files that declare more than they hold: refused before room is made for it."""

import io
import json
import resource
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
from sklearn.datasets import make_multilabel_classification

from imbalanced_nn import load, save
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.persistence.archive import read_archive, write_archive

from .conftest import binary, multiclass, network, refused, rewritten

LARGE = 2**40


def with_files(saved, path, change):
    """Rewrite the files of the network of a file, given as a dict of bytes."""

    def swap(_, members):
        name = next(name for name in members if name.endswith(".keras"))
        with zipfile.ZipFile(io.BytesIO(members[name])) as archive:
            files = {each: archive.read(each) for each in archive.namelist()}
        change(files)
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for each, content in files.items():
                archive.writestr(each, content)
        members[name] = target.getvalue()

    return rewritten(saved, path, swap)


def with_weights(saved, path, change):
    """Rewrite the weights of the network of a file."""

    def swap(files):
        buffer = io.BytesIO(files["model.weights.h5"])
        with h5py.File(buffer, "r+") as stored:
            change(stored)
        files["model.weights.h5"] = buffer.getvalue()

    return with_files(saved, path, swap)


def replaced(**arguments):
    """Return a change that stores the first weights otherwise."""

    def change(stored):
        del stored["layers/dense/vars/0"]
        stored.create_dataset("layers/dense/vars/0", **arguments)

    return change


def linked(link):
    def change(stored):
        del stored["layers/dense/vars/0"]
        stored["layers/dense/vars/0"] = link

    return change


def virtual(stored):
    layout = h5py.VirtualLayout((20, 8), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (20, 8))
    del stored["layers/dense/vars/0"]
    stored.create_virtual_dataset("layers/dense/vars/0", layout)


def twice(stored):
    stored["layers/dense/vars/2"] = stored["layers/dense/vars/0"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (linked(h5py.ExternalLink("other.h5", "x")), "are a link to elsewhere"),
        (linked(h5py.SoftLink("/optimizer")), "are a link to elsewhere"),
        (replaced(shape=(20, 8), dtype="f4", external=[("/etc/passwd", 0, 640)]), "another file"),
        (virtual, "are stored in another file"),
        (replaced(shape=(10**6, 10**6), dtype="f4", chunks=(10, 10)), "are not stored in full"),
        (replaced(shape=(20, 8), dtype="f4", fillvalue=7.0), "are not stored in full"),
        (replaced(data=np.zeros((20, 8)), compression="gzip"), "are not stored in full"),
        (replaced(data="text"), "are no numbers"),
        (twice, "are stored under two names"),
        (lambda stored: stored.attrs.create("x", np.zeros(99)), "have a note 'x' that is no text"),
    ],
)
def test_weights_that_are_not_stored_plainly(saved, tmp_path, change, part):
    assert part in refused(with_weights(saved, tmp_path / "a.inn", change))


def test_files_of_layers(saved, tmp_path):
    path = with_files(saved, tmp_path / "a.inn", lambda files: files.update({"assets/x": b"x"}))
    assert "its network comes with the file 'assets/x'" in refused(path)


def test_a_network_that_declares_more_weights_than_it_has(saved, tmp_path):
    def wider(files):
        config = json.loads(files["config.json"])
        last = config["config"]["layers"][-1]
        last["config"]["units"] = 10**9
        files["config.json"] = json.dumps(config).encode()

    sentence = refused(with_files(saved, tmp_path / "a.inn", wider))
    assert "its network declares 9000000" in sentence
    assert "weights, and" in sentence


@pytest.mark.parametrize(
    "header",
    [
        {"descr": "<U400000000", "shape": (1,)},
        {"descr": "|S2147483647", "shape": (1,)},
        {"descr": "<f8", "shape": (LARGE,)},
        {"descr": "<f8", "shape": (0, LARGE)},
        {"descr": "<U0", "shape": (LARGE,)},
    ],
)
def test_arrays_of_more_than_their_bytes(saved, tmp_path, header):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"fortran_order": False} | header)
    buffer.write(bytes(64))

    def swap(_, members):
        members[next(name for name in members if name.endswith(".npy"))] = buffer.getvalue()

    assert "cannot be loaded: " in refused(rewritten(saved, tmp_path / "a.inn", swap))


@pytest.mark.parametrize(
    ("form", "part"),
    [
        ({"~": "array", "value": {"dtype": "<U400000000", "shape": [1], "values": ["a"]}}, "type"),
        ({"~": "array", "value": {"dtype": "<f8", "shape": [0, LARGE], "values": []}}, "shape"),
        ({"~": "array", "value": {"dtype": "<f8", "shape": [65], "values": [0.0] * 65}}, "place"),
        ({"~": "dtype", "value": "S2147483647"}, "type"),
        ({"~": "tuple", "value": "ab"}, "in the place of a list"),
        ({"~": "member", "value": "0-model_.keras"}, "in two places"),
    ],
)
def test_forms_of_more_than_their_values(saved, tmp_path, form, part):
    def swap(manifest, _):
        manifest["estimator"]["value"]["fitted"]["X_dtype_"] = form

    assert part in refused(rewritten(saved, tmp_path / "a.inn", swap))


@pytest.mark.parametrize("name", ["predict", "__class__", "_random_state", "own_", "best_score_"])
def test_a_manifest_sets_the_fields_of_a_fit_alone(saved, tmp_path, name):
    def swap(manifest, _):
        manifest["estimator"]["value"]["fitted"][name] = 3

    assert "which is no field of a fit" in refused(rewritten(saved, tmp_path / "a.inn", swap))


@pytest.mark.parametrize(
    ("field", "value"),
    [("n_features_in_", "x"), ("n_classes_", 10**300), ("engine_", 1), ("classes_", None)],
)
def test_fields_are_of_their_types(saved, tmp_path, field, value):
    def swap(manifest, _):
        manifest["estimator"]["value"]["fitted"][field] = value

    path = rewritten(saved, tmp_path / "a.inn", swap)
    if field == "classes_":
        assert load(path).predict_proba(binary()[0]).shape == (400, 2)
    else:
        assert f"its fields do not fit together: {field}" in refused(path)


@pytest.mark.parametrize("start", [b"\0", b"PK\3\4"])
def test_a_large_file_that_is_no_model_is_not_read(tmp_path, start):
    path = tmp_path / "a.inn"
    with open(path, "wb") as file:
        file.write(start)
        file.truncate(3 * 2**30)
    read = []

    class Counted(io.FileIO):
        def read(self, size=-1):
            read.append(size)
            return super().read(size)

    with Counted(path) as source, pytest.raises(ModelFileError):
        read_archive("a.inn", source)
    assert read and all(0 <= size < 1000 for size in read)


def test_a_list_of_members_without_end_is_not_read(tmp_path):
    path = tmp_path / "a.inn"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_000):
            archive.writestr(zipfile.ZipInfo(f"{number}" + "x" * 200), b"")
    assert refused(path).startswith("is a zip file, but not as imbalanced_nn.save wrote it.")


def test_a_manifest_of_any_length_is_not_read(saved, tmp_path, monkeypatch):
    members = read_archive("", io.BytesIO(saved.read_bytes()))
    write_archive(tmp_path / "a.inn", members)
    monkeypatch.setattr("imbalanced_nn.persistence.archive.MOST_TEXT", 1000)
    assert refused(tmp_path / "a.inn").startswith("has a manifest.json of ")


@pytest.fixture(scope="module")
def three_files(saved, tmp_path_factory):
    """Files of a binary, a multiclass and a multilabel fit, each with five rows beside it."""
    folder = tmp_path_factory.mktemp("altered")
    files = [saved, folder / "multiclass.inn", folder / "multilabel.inn"]
    np.save(f"{saved}.npy", binary()[0][:5])
    X, y = multiclass()
    names = np.array(["a", "b", "c"])[y]
    save(network(epochs=1, calibration="sigmoid").fit(X, names), files[1])
    np.save(f"{files[1]}.npy", X[:5])
    X, y = make_multilabel_classification(300, n_classes=3, random_state=0)
    save(network(epochs=1, calibration="temperature").fit(X, y), files[2])
    np.save(f"{files[2]}.npy", X[:5])
    return files


@pytest.mark.slow
def test_altered_files_are_refused_or_answer_in_bounds(three_files):
    """In a process of bounded addresses, of which a start of TensorFlow takes half."""
    limit = 10 * 2**30
    found = subprocess.run(
        [sys.executable, "-m", "tests.persistence.altered", "32", "0", "60"]
        + [str(path) for path in three_files],
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert found.returncode == 0, found.stderr[-2000:]
    lines = [line.split("\t") for line in found.stdout.splitlines()]
    longest = {name: float(rest[1]) for name, *rest in lines if rest[0] == "longest"}
    assert longest.keys() == {path.stem for path in three_files}
    assert max(longest.values()) < 10
    outcomes = [line for line in lines if line[1] != "longest"]
    assert [line for line in outcomes if line[2] not in ("answers", "refused")] == []
    # Of every kind of change some was refused.
    assert len({line[1] for line in outcomes if line[2] == "refused"}) == 5
