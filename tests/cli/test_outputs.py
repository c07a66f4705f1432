"""A file that is read is never written over, whatever it is called and whether forced or not."""

import json
import os

import pytest


@pytest.fixture
def spelled(tmp_path, monkeypatch):
    """Give a file under another name: relative, through a folder, as a link of either kind."""
    monkeypatch.chdir(tmp_path)

    def spelled(path, how):
        (tmp_path / "sub").mkdir(exist_ok=True)
        names = {
            "same": path,
            "relative": f"./{path.name}",
            "roundabout": f"sub/../{path.name}",
            "symlink": f"soft{path.suffix}",
            "hard link": f"hard{path.suffix}",
        }
        if how == "symlink":
            os.symlink(path, names[how])
        if how == "hard link":
            os.link(path, names[how])
        return names[how]

    return spelled


@pytest.mark.parametrize("how", ["same", "relative", "roundabout", "symlink", "hard link"])
def test_the_data_are_kept(refused, spelled, table, how):
    before, model = table.read_bytes(), table.with_name("a.inn")
    name = spelled(table, how)
    model.touch()
    for command, option in [
        (["fit", table, "--target", "fraud"], "--output"),
        (["predict", model, table], "--output"),
        (["tune-threshold", model, table, "--target", "fraud"], "--output"),
        (["compare", table, "--target", "fraud"], "--report"),
    ]:
        code, sentence = refused(*command, option, name, "--force")
        assert (code, sentence) == (
            2,
            f"{option} '{name}' is the same file as '{table}', which would be lost. Give {option} "
            f"another name.",
        )
    assert table.read_bytes() == before


def test_other_files_that_are_read_are_kept(refused, table, tmp_path):
    for name in ("a.csv", "comparison.json"):
        (tmp_path / name).write_text(json.dumps({}))
    model, comparison = tmp_path / "a.csv", tmp_path / "comparison.json"
    assert refused("predict", model, table, "-o", model, "--force")[0] == 2
    assert refused("report", comparison, "-o", comparison, "--force")[0] == 2
    assert model.read_text() == comparison.read_text() == "{}"


def test_finished_fits_have_a_file_of_their_own(refused, table, tmp_path):
    table.write_text("")
    for name in (table, tmp_path / "out.html"):
        arguments = ["--target", "fraud", "--report", tmp_path / "out.html", "--cache", name]
        code, sentence = refused("compare", table, *arguments)
        assert (code, sentence[:8]) == (2, "--cache ")
    assert table.read_text() == ""


def test_a_model_may_be_tuned_in_its_place(command, model, table, tmp_path):
    path = tmp_path / "own.inn"
    path.write_bytes(model.read_bytes())
    arguments = ["--target", "fraud", "--objective", "f1", "-o", path]
    assert command("tune-threshold", path, table, *arguments).exit_code == 2
    assert path.read_bytes() == model.read_bytes()
    assert command("tune-threshold", path, table, *arguments, "--force").exit_code == 0
    assert path.read_bytes() != model.read_bytes()
