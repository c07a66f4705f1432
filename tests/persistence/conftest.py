"""One small fit of each kind, and what it takes to say that two fits are equal."""

import dataclasses
import io
import json
import zipfile

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator

from imbalanced_nn import ThresholdTuner, load
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.persistence.archive import MANIFEST, read_archive, write_archive
from tests.problems import binary, multiclass, network, slow_but_first, three_labels, time_steps

CASES = {
    "binary": lambda: network(loss="focal", class_weight="balanced").fit(*binary()),
    "binary, no rows held out": lambda: network(validation_split=0).fit(*binary((False, True))),
    "multiclass": lambda: network(
        sampler="random_over", head_sampler="balanced_batches", calibration="sigmoid"
    ).fit(*multiclass()),
    "one-hot": lambda: network(loss="categorical_crossentropy").fit(
        multiclass()[0], np.eye(3, dtype=int)[multiclass()[1]]
    ),
    "multilabel": lambda: network(class_weight="balanced", calibration="temperature").fit(
        *three_labels(300, 20)
    ),
    "time steps": lambda: network(class_weight="balanced").fit(*time_steps()),
    "cross-fitted, calibrated, priors": lambda: network(
        validation_split=2,
        calibration="isotonic",
        priors={1: 0.5, 5: 0.5},
        threshold=ThresholdTuner("recall", constraint=("precision", 0.3)),
    ).fit(*binary((5, 1))),
    "costs, pairwise": lambda: network(
        loss="pairwise_auc", threshold=ThresholdTuner(cost_matrix=[[0, 1], [9, 0]])
    ).fit(*binary()),
    "objects": lambda: network(
        optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"], threshold=[0.2, 0.5, 0.3]
    ).fit(*multiclass()),
}
ROWS = {
    "multiclass": multiclass,
    "one-hot": multiclass,
    "objects": multiclass,
    "time steps": time_steps,
    "multilabel": lambda: three_labels(300, 20),
}
_FITS = {}


@pytest.fixture(params=slow_but_first(CASES))
def fit_and_rows(request):
    """A fitted estimator of each kind, fitted once, and rows for it; do not change it."""
    name = request.param
    if name not in _FITS:
        X, _ = ROWS.get(name, binary)()
        _FITS[name] = CASES[name](), X
    return _FITS[name]


@pytest.fixture(scope="session")
def fitted():
    """A plain binary fit of one network, whichever test asks first."""
    return network(validation_split=0.2).fit(*binary())


@pytest.fixture(scope="session")
def saved(fitted, tmp_path_factory):
    """Its file."""
    from imbalanced_nn import save

    path = tmp_path_factory.mktemp("saved") / "fraud.inn"
    save(fitted, path)
    return path


def assert_same(left, right, where=""):
    """Compare values of any kind, types included."""
    assert type(left) is type(right), where
    if isinstance(left, dict):
        assert list(left) == list(right), where
        for key in left:
            assert_same(left[key], right[key], f"{where}.{key}")
    elif isinstance(left, list | tuple):
        assert len(left) == len(right), where
        for each, other in zip(left, right, strict=True):
            assert_same(each, other, where)
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype, where
        np.testing.assert_array_equal(left, right, where)
    elif isinstance(left, keras.Model):
        for each, other in zip(left.weights, right.weights, strict=True):
            np.testing.assert_array_equal(each.numpy(), other.numpy(), where)
    elif dataclasses.is_dataclass(left):
        for field in dataclasses.fields(left):
            each, other = getattr(left, field.name), getattr(right, field.name)
            if not callable(each) and field.name != "parts":
                assert_same(each, other, f"{where}.{field.name}")
    elif isinstance(left, BaseEstimator) and hasattr(left, "get_params"):
        assert_same(left.get_params(deep=False), right.get_params(deep=False), where)
    elif hasattr(left, "get_config"):
        assert left.get_config() == right.get_config(), where
    elif isinstance(left, float):
        np.testing.assert_equal(left, right, where)
    elif not callable(left):
        assert left == right, where


def refused(path, **arguments):
    """Return the sentence that load refuses a file with."""
    with pytest.raises(ModelFileError) as refusal:
        load(path, **arguments)
    sentence = str(refusal.value)
    assert sentence.startswith(f"{str(path)!r} ")
    return sentence.removeprefix(f"{str(path)!r} ")


def rewritten(saved, path, change):
    """Write a file whose manifest and members were changed, with right checksums."""
    members = read_archive(str(saved), io.BytesIO(saved.read_bytes()))
    manifest = json.loads(members[MANIFEST])
    change(manifest, members)
    write_archive(path, members | {MANIFEST: json.dumps(manifest).encode()})
    return path


def with_layer(saved, path, layer, change=lambda config: None):
    """Give the network of a file another first layer."""

    def swap(_, members):
        name = next(name for name in members if name.endswith(".keras"))
        source, target = zipfile.ZipFile(io.BytesIO(members[name])), io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for member in source.namelist():
                content = source.read(member)
                if member == "config.json":
                    config = json.loads(content)
                    config["config"]["layers"][1].update(layer)
                    change(config["config"]["layers"][1])
                    content = json.dumps(config).encode()
                archive.writestr(member, content)
        members[name] = target.getvalue()

    return rewritten(saved, path, swap)
