"""The documentation: its code runs, its links lead somewhere, and every code has its page."""

import ast
import importlib
import re
import runpy
from pathlib import Path

import pytest

import imbalanced_nn
from imbalanced_nn.exceptions import CODES, ImbalanceWarning

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BUILT = {"_build", "api", "benchmarks"}
PAGES = sorted(
    path
    for path in DOCS.rglob("*.md")
    if path.relative_to(DOCS).parts[0] not in {*BUILT, "changelog.md", "contributing.md", "data.md"}
)
WITH_CODE = [DOCS / "tutorial.md", DOCS / "concepts.md", *sorted(DOCS.glob("how-to/*.md"))]
OTHERS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
OTHERS += [ROOT / "benchmarks" / "README.md"]


def blocks(path):
    """Return the blocks of Python of a page, each on the lines where it stands."""
    text = path.read_text("utf-8")
    found = re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return ["\n" * (text[: block.start()].count("\n") + 1) + block[1] for block in found]


def links(path):
    """Yield target and anchor of the links and pictures of a page that lead to a file."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text):
        if not re.match(r"[a-z]+:", target):
            yield target, anchor


def anchors(path):
    """Return what the headings of a page are called in links."""
    titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.slow
@pytest.mark.parametrize("path", [each for each in WITH_CODE if blocks(each)], ids=name_of)
@pytest.mark.filterwarnings(f"ignore::{ImbalanceWarning.__module__}.ImbalanceWarning")
def test_the_code_of_a_page_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for block in blocks(path):
        exec(compile(block, str(path), "exec"), names)


@pytest.mark.parametrize("path", [*PAGES, *OTHERS], ids=name_of)
def test_code_is_python_and_imports_what_there_is(path):
    for block in blocks(path):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module == "imbalanced_nn":
                assert {each.name for each in node.names} <= set(imbalanced_nn.__all__)


@pytest.mark.parametrize("path", [*PAGES, *OTHERS], ids=name_of)
def test_links_lead_to_files_and_headings_of_the_repository(path):
    for target, anchor in links(path):
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"


def test_every_code_has_a_page_that_begins_with_its_paragraph():
    pages = {path.stem: path.read_text("utf-8") for path in DOCS.glob("notes/INN*.md")}
    assert sorted(pages) == sorted(CODES), "docs/notes holds a page for each code"
    index = (DOCS / "notes" / "index.md").read_text("utf-8")
    for code, text in pages.items():
        title, paragraph, *_ = text.split("\n\n")
        assert title.startswith(f"# {code}: ")
        assert paragraph.replace("\n", " ") == CODES[code]
        assert f"| [{code}]({code}.md) | {title.partition(': ')[2]} |" in index


def test_the_readme_leads_in():
    text = (ROOT / "README.md").read_text("utf-8")
    test = (
        """.venv/bin/pip install '.[test]' && PATH="$PWD/.venv/bin:$PATH" python -m pytest -n 2"""
    )
    assert test in text
    assert "make_pipeline(ColumnEncoder(), BalancedKerasClassifier())" in text
    assert text.count("\n") < 140, "one screen for each question; the rest lies in docs"
    for page in ("tutorial.md", "how-to/index.md", "concepts.md", "limits.md", "notes/index.md"):
        assert f"(docs/{page})" in text


def test_the_reference_shows_public_names_with_examples_that_run():
    conf = runpy.run_path(str(DOCS / "conf.py"))
    assert list(conf["SHOWN"]) == list(conf["ROOMS"])
    for room, names in conf["SHOWN"].items():
        module = importlib.import_module(room)
        assert set(names) <= set(module.__all__)
        for name in names:
            value = getattr(module, name)
            assert not callable(value) or ">>> " in value.__doc__, f"{room}.{name}"


def test_the_version_is_one():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE)[1] == imbalanced_nn.__version__


def test_the_forms_ask_for_the_versions():
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert forms
    [bug] = [form.read_text("utf-8") for form in forms if "bug" in form.stem]
    assert "show_versions()" in bug
    assert bug.startswith("name:")
