"""The page: whole, escaped, self-contained, accessible, and the verdict first."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.validation import check_is_fitted

from imbalanced_nn.compare import StrategyComparison, compare_strategies
from imbalanced_nn.report import render_report, write_report
from imbalanced_nn.report.advice import next_code
from imbalanced_nn.report.comparison_curves import held_out_sections

VOID = {"meta", "img", "br", "wbr"}


class Page(HTMLParser):
    """Tags with attributes, text by tag, and whether every element is closed in its order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append((tuple(self.open), data))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def inside(self, tag):
        return "".join(data for path, data in self.text if tag in path)


@pytest.fixture(scope="module")
def source(comparison, hostile_text):
    return render_report(comparison, title=hostile_text, data={"File": hostile_text})


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def test_what_comes_from_the_data_is_escaped(page, source, hostile_text):
    assert page.all("script") == []
    assert "<script" not in source
    assert page.inside("title") == page.inside("h1") == hostile_text
    # As a column, a class, a strategy in each of several tables, and the file.
    assert page.inside("main").count(hostile_text) >= 6


def test_it_needs_nothing_from_outside(page, source):
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    for attributes in (attributes for _, attributes in page.tags):
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("src", "data:").startswith("data:")
    style = re.search("<style>(.*?)</style>", source, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_the_verdict_comes_first(page, comparison):
    said = "".join(data for path, data in page.text if "body" in path)
    heading = page.inside("h1")
    assert said.strip().startswith(heading)
    assert said.strip().removeprefix(heading).strip().startswith(comparison.verdict_)
    assert [path[-1] for path, _ in page.text if path[-1:] == ("h2",)] == ["h2"] * 6


def test_it_is_accessible(page):
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) == 7
    assert len(page.all("img")) == 11
    assert all(len(attributes["alt"]) > 20 for attributes in page.all("img"))


def test_the_pictures_are_drawings_without_scripts(page, hostile_text):
    for attributes in page.all("img"):
        kind, content = attributes["src"].split(",")
        assert kind == "data:image/svg+xml;base64"
        tree = ElementTree.fromstring(base64.b64decode(content))
        assert tree.tag.endswith("}svg")
        assert not any(element.tag.endswith("}script") for element in tree.iter())


def test_the_numbers_are_those_of_the_comparison(page, comparison):
    text = page.inside("table")
    for _, row in comparison.frame().iterrows():
        assert f"{row['mean_f1']:.3f}± {row['std_f1']:.3f}" in text
    for _, row in comparison.differences().iterrows():
        ends = (f"{row[end]:+.3f}".replace("-0.000", "+0.000") for end in ("low", "high"))
        assert " to ".join(ends) in text
    assert text.count("baseline") >= 2
    for name, standing in comparison.standing_.items():
        assert f"{name}{standing}" in text


def test_the_same_comparison_gives_the_same_page(comparison, source, hostile_text):
    again = render_report(comparison, title=hostile_text, data={"File": hostile_text})
    assert again == source


def test_without_matplotlib_the_page_says_what_is_missing(comparison, monkeypatch):
    for module in ("pictures", "comparison_curves"):
        monkeypatch.setattr(f"imbalanced_nn.report.{module}.find_spec", lambda name: None)
    page = Page(render_report(comparison))
    assert page.all("img") == []
    assert "pip install matplotlib" in page.inside("code")
    assert len(page.all("table")) == 7


def test_a_comparison_made_from_measures_alone(comparison):
    bare = StrategyComparison(
        *(getattr(comparison, name) for name in ("folds", "classes", "class_count", "pos_label")),
        *(comparison.train_sizes, comparison.test_sizes),
    )
    page = Page(render_report(bare))
    assert "Use none" in page.inside("main")
    assert page.all("pre") == []


@pytest.mark.parametrize("kind", ["one strategy", "one fold", "many classes", "halving"])
def test_odd_comparisons_have_a_page(kind):
    rng = np.random.default_rng(0)
    n_classes = 15 if kind == "many classes" else 2
    y = np.repeat(np.arange(n_classes), 20)
    X = rng.normal(size=(len(y), 3)) + y[:, None]
    strategies = {"none": {}, "weak": {"var_smoothing": 1e3}}
    more = {"cv": 4, "halving": kind == "halving"}
    if kind == "one strategy":
        del strategies["weak"]
    if kind == "one fold":
        more = {"cv": [(np.arange(0, len(y), 2), np.arange(1, len(y), 2))]}
    result = compare_strategies(
        GaussianNB(), X, y, strategies=strategies, baselines=False, random_state=0, **more
    )
    text = Page(result.to_html()).inside("body")
    assert result.verdict_ in text
    assert "nan" not in text
    if kind == "halving":
        # The fewer decisions of what was dropped stand beside nobody's.
        for dropped in ({}, {"weak": 2}):
            sections = "".join(held_out_sections(replace(result, dropped=dropped)))
            assert ("weak" in sections) == (not dropped)


def test_the_code_fits_the_recommended_strategy(rows):
    X, y = rows
    X = X.to_numpy()
    estimator = LogisticRegression(C=1e-9)
    strategies = {"none": {}, "strong": {"C": 1.0, "class_weight": "balanced"}}
    result = compare_strategies(
        *(estimator, X, y),
        strategies=strategies,
        scoring="balanced_accuracy",
        random_state=0,
    )
    assert result.recommended_strategy_ == "strong"
    names = {"estimator": estimator, "X": X, "y": y, "X_new": X, "y_new": y}
    code = next_code(result).replace("imbalance_report(model, X_new, y_new)", "")
    exec(code, names)
    expected = clone(estimator).set_params(**strategies["strong"])
    assert names["model"].get_params() == expected.get_params()
    check_is_fitted(names["model"])
    assert len(names["labels"]) == len(y)


def test_a_command_stands_in_for_the_code(comparison):
    page = Page(render_report(comparison, command="imbalanced-nn fit <x>"))
    assert page.inside("pre") == "imbalanced-nn fit <x>"


class TestFile:
    def test_it_is_the_page(self, comparison, tmp_path):
        path = tmp_path / "report.html"
        assert comparison.to_html(path, title="A") is None
        assert path.read_text(encoding="utf-8") == comparison.to_html(title="A")
        assert [each.name for each in tmp_path.iterdir()] == ["report.html"]

    def test_nothing_is_overwritten_unasked(self, comparison, tmp_path):
        path = tmp_path / "report.html"
        path.write_text("mine")
        with pytest.raises(FileExistsError, match="exists and is not overwritten"):
            write_report(comparison, path)
        assert path.read_text() == "mine"
        write_report(comparison, path, overwrite=True)
        assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
