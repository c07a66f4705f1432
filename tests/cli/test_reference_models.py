"""imbalanced-nn compare: the models that are no network."""

import json

import pytest

from imbalanced_nn.cli.compare_command import BASELINES
from imbalanced_nn.compare import reference_models


def test_names_are_those_of_the_package():
    assert (*reference_models.REFERENCE_MODELS, *reference_models._FOREIGN) == BASELINES


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], {"logistic_regression", "gradient_boosting"}),
        (["--baseline", "logistic_regression"], {"logistic_regression"}),
        (["--no-baselines"], set()),
    ],
)
def test_models_beside_a_table_of_every_kind(run, table, options, names):
    arguments = ["--target", "fraud", "--strategies", "none", "--folds", 2, "--json"]
    result = run("compare", table, *arguments, *options)
    content = json.loads(result.stdout)
    assert {row["strategy"] for row in content["reference_results"]} == names
    assert {row["strategy"] for row in content["results"]} == {"none"}


def test_the_table_names_them(run, table):
    arguments = ["--target", "fraud", "--strategies", "none", "--folds", 2]
    stdout = run("compare", table, *arguments, "--baseline", "logistic_regression").stdout
    assert "\nlogistic_regression learned " in stdout
    assert "\nNo networks, to compare with: logistic_regression.\n" in stdout
    assert " the reference model 'logistic_regression' " in " ".join(stdout.lower().split())
    assert max(map(len, stdout.split("\n\n", 1)[1].splitlines())) <= 80


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--baseline", "xgbost"],
            "There is no baseline 'xgbost'; known are logistic_regression, ",
        ),
        (
            ["--no-baselines", "--baseline", "xgboost"],
            "--no-baselines leaves out what --baseline names. Leave one out.",
        ),
    ],
)
def test_refusals(refused, options, sentence):
    code, said = refused("compare", *options)
    assert (code, said[: len(sentence)]) == (2, sentence)
