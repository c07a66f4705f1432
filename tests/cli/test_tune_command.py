"""imbalanced-nn tune-threshold: the rule changes, the probabilities do not."""

import json

import numpy as np
import pytest

from imbalanced_nn import ThresholdTuner, load


@pytest.fixture
def tuned(command, model, table, tmp_path):
    """Tune the model on its own table, and return what was printed and saved."""

    def tuned(*options):
        path = tmp_path / "tuned.inn"
        arguments = ["--target", "fraud", "-o", path, "--json", *options]
        result = command("tune-threshold", model, table, *arguments)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout), load(path), result.stderr

    return tuned


@pytest.mark.parametrize(
    ("options", "tuner"),
    [
        (["--objective", "f1"], ThresholdTuner("f1")),
        (
            ["--objective", "recall", "--constraint", "precision", "0.2"],
            ThresholdTuner("recall", constraint=("precision", 0.2)),
        ),
        (["--cost-matrix", "0,1;9,0"], ThresholdTuner(cost_matrix=[[0, 1], [9, 0]])),
    ],
)
def test_the_new_rule_is_that_of_the_tuner(tuned, model, frame, options, tuner):
    content, pipeline, _ = tuned(*options)
    proba = load(model).predict_proba(frame)
    np.testing.assert_array_equal(pipeline.predict_proba(frame), proba)
    tuner.fit(frame["fraud"], proba, pos_label="yes")
    assert pipeline[-1].best_threshold_ == tuner.best_threshold_
    assert content["threshold"]["cuts"] == {"yes": tuner.best_threshold_}
    assert content["threshold"]["score"] == tuner.best_score_
    assert content["before"]["cuts"] == {"yes": load(model)[-1].best_threshold_}
    assert content["rows"] == 240


@pytest.mark.parametrize(("given", "cut"), [("none", 0.5), ("None", 0.5), ("0.3", 0.3)])
def test_a_cut_may_be_given_as_to_fit(tuned, given, cut):
    content, pipeline, _ = tuned("--objective", given)
    assert pipeline[-1].best_threshold_ == cut
    assert content["threshold"]["cuts"] == {"yes": cut}
    assert content["threshold"]["positive_class"] == "yes"
    assert content["threshold"]["score"] is None


def test_rows_that_were_trained_on_are_noted(tuned):
    content, _, stderr = tuned("--objective", "f1")
    assert stderr.startswith("Note: [INN004] ")
    assert " ".join(stderr.split()) == f"Note: {content['notes'][0]}"


def test_text_says_what_was_and_what_is(command, model, table, tmp_path):
    arguments = ["--target", "fraud", "--objective", "recall", "-o", tmp_path / "a.inn"]
    result = command("tune-threshold", model, table, *arguments, "--constraint", "alert_rate", 0.3)
    text = " ".join(result.stdout.split())
    assert text.startswith("Before: Decided for yes from a probability of 0.")
    assert "Now: Decided for yes from a probability of" in text
    assert "on these 240 rows, where alert rate keeps its bound of 0.3 Saved" in text


class TestRefusals:
    def test_the_model_itself_needs_force(self, refusal, command, model, table, tmp_path):
        path = tmp_path / "a.inn"
        path.write_bytes(model.read_bytes())
        arguments = ["tune-threshold", path, table, "--target", "fraud", "-o", path]
        code, sentence = refusal(*arguments)
        assert (code, "Give --force" in sentence) == (2, True)
        assert path.read_bytes() == model.read_bytes()
        assert command(*arguments, "--force").exit_code == 0
        assert path.read_bytes() != model.read_bytes()

    @pytest.mark.parametrize(
        ("options", "code", "start"),
        [
            (["--objective", "roc_auc"], 2, "The objective 'roc_auc' scores rankings"),
            (["--objective", "recall"], 2, "The objective 'recall' by itself is highest where"),
        ],
    )
    def test_objectives(self, refusal, model, table, tmp_path, options, code, start):
        arguments = ["--target", "fraud", "-o", tmp_path / "a.inn", *options]
        refused = refusal("tune-threshold", model, table, *arguments)
        assert refused[0] == code
        assert refused[1].startswith(start)
        assert not (tmp_path / "a.inn").exists()

    def test_a_constraint_that_no_threshold_meets(self, refusal, model, frame, tmp_path):
        # The surest rows are then all of the other class.
        frame["fraud"] = frame["fraud"].map({"yes": "no", "no": "yes"})
        proba = load(model).predict_proba(frame)[:, 1]
        frame.loc[proba > np.quantile(proba, 0.9), "fraud"] = "no"
        frame.to_csv(tmp_path / "t.csv", index=False)
        arguments = ["--target", "fraud", "-o", tmp_path / "a.inn", "--objective", "recall"]
        bound = ["--constraint", "precision", "0.99"]
        refused = refusal("tune-threshold", model, tmp_path / "t.csv", *arguments, *bound)
        assert refused[0] == 1
        assert refused[1].startswith("No threshold meets the constraint precision >= 0.99")
        assert not (tmp_path / "a.inn").exists()
