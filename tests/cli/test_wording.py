"""What the package says of parameters, the command line says of its options."""

import re

import click
import pytest

from imbalanced_nn.cli import main
from imbalanced_nn.cli.wording import as_typed

# Spellings of Python that nobody can type behind a command.
PYTHON = re.compile(
    r"\w=['\"\[(\w]|X_val|make_scorer|ThresholdTuner|parameter\b|best_score_|\bNone\b|__\w|\[\[|"
    r"\[''|\['|rows of X|\(\)|fit_resample|f\(y_true|validation_split|n_repeats|cost_matrix"
)


@pytest.fixture
def typed():
    """Word a message within a command."""

    def typed(command, message):
        with click.Context(main.commands[command], info_name=command):
            return as_typed(message)

    return typed


@pytest.mark.parametrize(
    ("command", "message", "expected"),
    [
        ("fit", "class_weight='balanced' weighs.", "--class-weight balanced weighs."),
        ("compare", "class_weight='balanced' weighs.", "'fit --class-weight balanced' weighs."),
        ("compare", "cross-fit (validation_split=5).", "cross-fit ('fit --folds 5')."),
        ("tune-threshold", "(validation_split=5).", "('fit --folds 5')."),
        ("compare", "cv: class 'a' has 1 row.", "--folds: class 'a' has 1 row."),
        ("fit", "The 'threshold' parameter must be None.", "--threshold must be none."),
        ("tune-threshold", "The 'threshold' parameter is", "--objective is"),
        ("fit", "Got objective='f1' as well.", "Got --threshold f1 as well."),
        ("fit", "Use one of ['a', 'b'].", "Use one of a, b."),
        (
            "compare",
            "SMOTE blends columns 2, 3 and 4 more of X, which hold few whole numbers, as codes of "
            "categories and one-hot columns do: mixed. If they are codes, take "
            "SMOTENC(categorical_features=[...]) of imbalanced-learn, 'random_over' or 'b'.",
            "SMOTE blends columns of categories or flags: mixed. If they are codes, take "
            "'random_over' or 'b'.",
        ),
        ("fit", "Got [[0.0, 1.5], [2, 0]].", "Got '0,1.5; 2,0'."),
        ("compare", "or fix the threshold.", "or fix the threshold ('fit --threshold 0.3')."),
        ("predict", "is not a file of imbalanced_nn.save.", "is not a model that 'fit' saved."),
        ("fit", "one\n  two", "one two"),
        ("fit", "say so (decimal='.').", "say so (--decimal .)."),
        (
            "compare",
            "Column 'a b' holds values that are no numbers, dates or text (bytes); leave it out.",
            "Column 'a b' holds values that are no numbers, dates or text (bytes); leave it out: "
            "--drop 'a b'.",
        ),
        ("fit", "a missing value (missing='-999').", "a missing value (--missing -999)."),
        ("fit", "a missing value (missing='3+ rooms').", "a missing value (--missing '3+ rooms')."),
        ("compare", "failed on fold 1: TooFewRowsError: few.", "failed on fold 1: few."),
        ("compare", "Use fewer folds, or a splitter that stratifies by class.", "Use fewer folds."),
        ("fit", "groups leaves no row to hold out", "--groups leaves no row to hold out"),
        (
            "fit",
            "SMOTE asks for k_neighbors=5, but class 'a' has 3 rows to train on (of {'a': 3}): "
            "k_neighbors=2 was used.",
            "SMOTE asks for 5 neighbours, but class 'a' has 3 rows to train on: 2 was used.",
        ),
        ("fit", "None. Hold out more rows, stratified by class.", "none. Give rows of each class."),
        ("compare", "strategy 'class_weight' failed", "strategy 'class_weight' failed"),
    ],
)
def test_parameters_become_options(typed, command, message, expected):
    assert typed(command, message) == expected


@pytest.mark.parametrize(
    "options",
    [
        ["--threshold", "f3x"],
        ["--threshold", "recall"],
        ["--threshold", "roc_auc"],
        ["--threshold", "1.5"],
        ["--threshold", "net_benefit"],
        ["--threshold", "0.3", "--constraint", "precision", "0.9"],
        ["--threshold", "none", "--cost-matrix", "0,1;50,0"],
        ["--constraint", "precison", "0.9"],
        ["--constraint", "precision", "1.9"],
        ["--constraint", "alert_count", "-1"],
        ["--cost-matrix", "0,1"],
        ["--cost-matrix", "0,1;0,0"],
        ["--cost-matrix", "0,1;50,0", "--threshold", "f1"],
        ["--sampler", "smot"],
        ["--loss", "focl"],
        ["--loss", "cost_sensitive"],
        ["--strategy", "smot"],
    ],
)
def test_refusals_of_fit_can_be_followed(command, table, tmp_path, options):
    arguments = ["--target", "fraud", "-o", tmp_path / "a.inn", "--epochs", 1, "--json"]
    result = command("fit", table, *arguments, *options)
    assert result.exit_code == 2, result.output
    assert PYTHON.findall(result.stderr.replace("Error: ", "", 1)) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--folds", 60], "--folds 60 leaves no row of class 'yes' to hold out. Give fewer folds."),
        (["--groups", "vip"], "--held-out 0.2 with groups needs at least 5 groups, got 2. Give a"),
        (["--groups", "vip", "--folds", 3], "there are 2 groups. Give fewer folds, or --held-out"),
        (["--time", "when", "--folds", 120], "--time leaves no row of class"),
        (["--time", "when", "--folds", 240], "--folds 240: there are 240 rows; give fewer folds."),
    ],
)
def test_refusals_of_splits_can_be_followed(command, table, tmp_path, options, sentence):
    arguments = ["--target", "fraud", "-o", tmp_path / "a.inn", "--epochs", 1, "--json"]
    result = command("fit", table, *arguments, *options)
    assert result.exit_code in (1, 2), result.output
    assert sentence in result.stderr
    assert PYTHON.findall(result.stderr.replace("Error: ", "", 1)) == []


@pytest.mark.parametrize(
    "options",
    [["--held-out", "0.05"], ["--calibration", "isotonic"], ["--class-weight", "balanced"]],
)
def test_notes_of_fit_can_be_followed(command, table, tmp_path, options):
    arguments = ["--target", "fraud", "-o", tmp_path / "a.inn", "--epochs", 1, "--json"]
    result = command("fit", table, *arguments, *options)
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("Note: [INN")
    assert PYTHON.findall(result.stderr) == []
    assert max(map(len, result.stderr.splitlines())) <= 80


def test_a_class_of_one_row(command, frame, tmp_path):
    frame.loc[frame["fraud"] == "yes", "fraud"] = ["yes", *["no"] * 29]
    frame.to_csv(tmp_path / "t.csv", index=False)
    result = command("fit", tmp_path / "t.csv", "--target", "fraud", "-o", tmp_path / "a", "--json")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Of every class 0.2 of the rows are held out to judge by, but class 'yes' has 1 row "
        "and needs at least 2. Collect more rows, or leave the class out.\n"
    )
