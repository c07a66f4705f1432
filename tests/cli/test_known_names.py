"""Wrong names and values are refused before any library is loaded; the names are the package's."""

import json
import subprocess
import sys

import pytest

from imbalanced_nn.cli import known_names
from imbalanced_nn.compare import STRATEGIES
from imbalanced_nn.sampling import SAMPLERS
from imbalanced_nn.threshold import get_objective, objective_names
from imbalanced_nn.threshold.constraints import _RATES


def test_names_of_the_options_are_those_of_the_package():
    assert list(known_names.STRATEGIES) == list(STRATEGIES)
    assert list(known_names.SAMPLERS) == list(SAMPLERS)
    assert list(known_names.RATES) == [*_RATES, "alert_count"]
    names = {name for kind in ("binary", "multiclass") for name in objective_names(kind)}
    assert list(known_names.OBJECTIVES) == sorted(names)


def test_names_of_losses_are_those_of_the_package_and_keras():
    import keras

    from imbalanced_nn.losses import LOSSES

    assert list(known_names.LOSSES) == list(LOSSES)
    others = {"Loss", "get", "serialize", "deserialize"}
    found = {name for name in vars(keras.losses) if not name.startswith("_")} - others
    plain = {name.replace("_", "") for name in known_names.KERAS_LOSSES}
    assert {name for name in found if name[0].islower()} == set(known_names.KERAS_LOSSES)
    for name in found:
        known_names.check_loss(name)
        assert name.replace("_", "").lower() in plain


@pytest.mark.parametrize("name", ["f1", "f0.3_macro", "f11", "net_benefit_0.1", "mcc", "youden"])
def test_objectives_that_a_threshold_can_be_learned_for(name):
    known_names.check_objective(name, False)
    kind = "binary" if name in ("f1", "f11", "net_benefit_0.1", "youden") else "multiclass"
    assert get_objective(name, kind).name


# Each with a part of its sentence.
REFUSED = [
    (("fit", "--loss", "focl"), "no loss 'focl'; known are asymmetric"),
    (("fit", "--loss", "Focl"), "no loss 'Focl'"),
    (("fit", "--loss", "cost_sensitive"), "Leave it out and give --cost-matrix"),
    (("fit", "--threshold", "f1_makro"), "no objective 'f1_makro'; known are accuracy"),
    (("fit", "--threshold", "roc_auc"), "'roc_auc' scores rankings"),
    (("fit", "--threshold", "recall"), "Add --constraint precision 0.8, or give f2"),
    (("fit", "--threshold", "precision"), "Add --constraint recall 0.8, or give f0.5"),
    (("fit", "--threshold", "1.5"), "1.5 is no cut"),
    (("fit", "--threshold", "nan"), "nan is no cut"),
    (("fit", "--constraint", "precison", "0.9"), "no rate 'precison'; known are precision"),
    (("fit", "--constraint", "precision", "90"), "a rate is between 0 and 1"),
    (("fit", "--cost-matrix", "0,1;5"), "is no matrix of costs"),
    (("fit", "--cost-matrix", "0,1,2;5,0,1"), "is no matrix of costs"),
    (("fit", "--cost-matrix", "0,nan;5,0"), "is no matrix of costs"),
    (("fit", "--loss", "LDAM"), "no loss 'LDAM'"),
    (("fit", "--loss", "CIRCLE"), "no loss 'CIRCLE'"),
    (("fit", "--sampler", "smoke"), "no sampler 'smoke'; known are adasyn"),
    (("fit", "--strategy", "smoke"), "no strategy 'smoke'; known are none"),
    (("fit", "--held-out", "0.2", "--folds", "3"), "give one of them"),
    (("fit", "--groups", "a", "--time", "b"), "give one of them"),
    (("compare", "--groups", "a", "--time", "b"), "give one of them"),
    (("compare", "--strategies", "none,smoke"), "no strategy 'smoke'; known are none"),
    (("compare", "--baseline", "trees"), "no baseline 'trees'; known are logistic_regression"),
    (("compare", "--baseline", "catboost"), "is not installed: pip install catboost"),
    (("compare", "--cost-matrix", "0,1;x"), "is no matrix of costs"),
    (("compare", "--scoring", "cost"), "give --cost-matrix"),
    (("evaluate", "--cost-matrix", "0;1"), "is no matrix of costs"),
    (("tune-threshold", "--objective", "f1_makro"), "no objective 'f1_makro'"),
    (("tune-threshold", "--cost-matrix", "0"), "is no matrix of costs"),
]

_ALL_AT_ONCE = """
import importlib.util, json, sys
import imbalanced_nn.cli.known_names as known_names
from click.testing import CliRunner
from imbalanced_nn.cli import main
known_names.find_spec = lambda name: None
said = [CliRunner().invoke(main, arguments) for arguments in json.loads(sys.argv[1])]
loaded = sorted({"numpy", "pandas", "sklearn", "keras", "tensorflow"} & set(sys.modules))
print(json.dumps([[[each.exit_code, each.stderr] for each in said], loaded]))
"""


def test_wrong_names_are_refused_before_any_library_is_loaded(tmp_path):
    table, model = tmp_path / "t.csv", tmp_path / "m.inn"
    table.write_text("a,b,y\n1,2,no\n3,4,yes\n")
    model.write_text("none")
    commands = []
    for (name, *options), _ in REFUSED:
        files = [model, table] if name in ("evaluate", "tune-threshold") else [table]
        output = ["-o", tmp_path / "o.inn"] if name in ("fit", "tune-threshold") else []
        commands.append([name, *map(str, files), "--target", "y", *map(str, output), *options])
    done = subprocess.run(
        [sys.executable, "-c", _ALL_AT_ONCE, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=True,
    )
    answers, loaded = json.loads(done.stdout)
    for (options, expected), (code, said) in zip(REFUSED, answers, strict=True):
        assert (code, expected in said) == (2, True), (options, said)
    assert loaded == []
