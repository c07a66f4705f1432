"""Files that name code of neither Keras, this package nor the caller, by every path to it."""

import keras
import pytest
from keras.src.backend.common.global_state import set_global_attribute
from keras.src.saving.serialization_lib import in_safe_mode

from imbalanced_nn import load

from .conftest import refused, rewritten, with_layer

RELU = {"module": "builtins", "class_name": "function", "config": "relu"}


@pytest.fixture
def spies():
    """What was made of the classes and functions that other code registered with Keras."""
    made = []

    class Spy(keras.layers.Layer):
        def __init__(self, **_):
            made.append(self)
            super().__init__()

        @classmethod
        def from_config(cls, config):
            return cls()

        def call(self, inputs):
            return inputs

    def log1p(values):
        made.append(values)
        return values

    registry = keras.saving.get_custom_objects()
    others = {"x>Spy": Spy, "bare_spy": Spy, "x>log1p": log1p}
    registry.update(others)
    yield made
    for name in others:
        del registry[name]


@pytest.mark.parametrize(
    "layer",
    [
        {"module": "keras", "class_name": "layers.Lambda", "config": {"function": RELU}},
        {"module": "keras", "class_name": "utils.Progbar", "config": {"target": 1}},
        {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "V"}},
    ],
    ids=lambda layer: layer["class_name"],
)
@pytest.mark.parametrize("unsafe", [False, True])
def test_no_name_leads_past_the_check(saved, tmp_path, layer, unsafe):
    vocabulary = tmp_path / "vocabulary.txt"
    vocabulary.write_text("a\nb\n")
    config = {
        key: str(vocabulary) if value == "V" else value for key, value in layer["config"].items()
    }
    layer = layer | {"registered_name": None, "config": config | {"name": "first"}}
    path = with_layer(saved, tmp_path / "a.inn", layer)
    before = in_safe_mode()
    if unsafe:
        keras.config.enable_unsafe_deserialization()
    try:
        refused(path)
        assert in_safe_mode() is (False if unsafe else before)
    finally:
        set_global_attribute("safe_mode_saving", before)


@pytest.mark.parametrize(
    ("layer", "lacking"),
    [
        ({"module": "keras.layers", "class_name": "Dense", "registered_name": "x>Spy"}, ()),
        ({"class_name": "x>Spy"}, ("module", "registered_name")),
        ({"class_name": "bare_spy"}, ("module", "registered_name")),
        (
            {
                "module": "keras.layers",
                "class_name": "Dense",
                "registered_name": None,
                "config": {"units": 20, "activation": "x>Spy"},
            },
            (),
        ),
        (
            {
                "module": "keras.layers",
                "class_name": "Dense",
                "registered_name": None,
                "config": {
                    "units": 20,
                    # Keras takes a part of the registered name where it knows none it
                    "activation": {
                        "module": "builtins",
                        "class_name": "function",
                        "config": "log1p",
                    },
                },
            },
            (),
        ),
    ],
)
def test_what_others_registered_is_not_made(saved, tmp_path, spies, layer, lacking):
    def change(config):
        config.update(layer)
        for key in lacking:
            del config[key]

    path = with_layer(saved, tmp_path / "a.inn", {}, change)
    assert "which is neither Keras' nor this package's" in refused(path)
    assert spies == []


@pytest.mark.parametrize(
    "loss",
    [
        {"module": "keras.losses", "class_name": "Huber", "registered_name": "x>Spy"},
        "x>Spy",
    ],
    ids=["class", "name"],
)
@pytest.mark.parametrize("in_a_tuple", [False, True])
def test_objects_of_keras_that_are_none(saved, tmp_path, spies, loss, in_a_tuple):
    def swap(manifest, _):
        value = {"config": {}, **loss} if isinstance(loss, dict) else loss
        value = {"~": "tuple", "value": [value]} if in_a_tuple else value
        parameters = manifest["estimator"]["value"]["parameters"]
        parameters["loss"] = {"~": "keras", "value": value}

    assert "its network uses 'Spy'" in refused(rewritten(saved, tmp_path / "a.inn", swap))
    assert spies == []


def test_classes_of_keras_that_scikeras_registered_are_made(saved, tmp_path, monkeypatch):
    registry = keras.saving.get_custom_objects()
    path = with_layer(saved, tmp_path / "a.inn", {})
    monkeypatch.setitem(registry, "Functional", keras.models.Model)
    assert load(path).model_.built
    monkeypatch.setitem(registry, ">Lambda", keras.layers.Lambda)
    layer = {"module": "keras.layers", "class_name": "Dense", "registered_name": ">Lambda"}
    assert "its network uses 'Lambda'" in refused(with_layer(saved, path, layer))
