"""scikit-learn's diagram of a fitted estimator: whole, escaped, and with what was learned."""

import json
import re
import shutil
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser

import pytest
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from imbalanced_nn.describe import fitted_facts

from .conftest import CASES, HOSTILE, binary, network

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
HEADING = "<summary>What was learned</summary>"
_VOID = {"br", "img", "input", "wbr"}


class Parts(HTMLParser):
    """Elements and texts; fails where an element is closed that was not the last opened."""

    def __init__(self, page):
        super().__init__()
        self.open, self.texts, self.tags = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in _VOID:
            return
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data):
        self.texts.append((tuple(self.open[-1:]), data))

    def of(self, tag):
        return [text for where, text in self.texts if where == (tag,)]


def learned(page):
    """The part of a diagram that is not scikit-learn's."""
    return re.search(r'<div class="estimator-table imbalanced-nn">.*?</details></div>', page, re.S)[
        0
    ]


@pytest.mark.parametrize("name", CASES)
def test_it_is_well_formed_and_holds_every_fact(name, fitted):
    clf = fitted(name)
    page = clf._repr_html_()
    assert Parts(page).open == []
    parts = Parts(learned(page))
    assert parts.open == []
    facts = fitted_facts(clf)
    assert parts.of("dt") == list(facts)
    assert parts.of("dd") == list(facts.values())
    assert "<summary>Parameters</summary>" in page
    assert "<summary>Fitted attributes</summary>" in page


def test_class_labels_are_escaped(fitted):
    page = fitted("hostile")._repr_html_()
    assert HOSTILE[:30] not in page
    assert HOSTILE[:30] in "".join(Parts(learned(page)).of("th"))
    # The one script is scikit-learn's.
    assert Parts(page).tags.count("script") == 1
    assert Parts(learned(page)).tags.count("script") == 0
    assert not re.search(r"(src|href|url)\s*[=(]", learned(page))


def test_what_is_not_fitted_is_drawn_by_scikit_learn():
    clf = network(sampler=RandomOverSampler())
    page = clf._repr_html_()
    assert "imbalanced-nn" not in page
    assert "sampler: RandomOverSampler" in page
    # A box of a fitted one that is not fitted itself, as the members of a voting classifier.
    assert len(clf._get_fitted_attr_html()) == len(super(type(clf), clf)._get_fitted_attr_html())


def test_a_sampler_or_a_tuner_inside_does_not_hide_it():
    clf = network(sampler=RandomOverSampler(random_state=0)).fit(*binary())
    page = clf._repr_html_()
    assert HEADING in page
    assert 'class="sk-parallel"' not in page
    box = re.search(r'<input class="sk-toggleable__control[^>]*>', page)[0]
    assert "checked" in box


def test_it_is_inside_pipelines_and_searches():
    X, y = binary()
    pipeline = make_pipeline(StandardScaler(), network())
    search = GridSearchCV(pipeline, {"balancedkerasclassifier__patience": [1, 2]}, cv=2)
    assert HEADING not in estimator_html_repr(search)
    for estimator in (clone(pipeline).fit(X, y), search.fit(X, y)):
        page = estimator_html_repr(estimator)
        assert page.count(HEADING) == 1
        assert Parts(page).open == []


def test_it_needs_no_matplotlib(fitted, monkeypatch):
    for name in {"matplotlib", *(n for n in sys.modules if n.startswith("matplotlib."))}:
        monkeypatch.setitem(sys.modules, name, None)
    assert HEADING in fitted("binary")._repr_html_()


_PROBE = """<!DOCTYPE html><iframe src="page.html" style="border:0;width:{width}px;height:900px">
</iframe><pre id="found"></pre><script>
addEventListener("load", () => {{
  const page = document.querySelector("iframe").contentDocument;
  const own = page.querySelector(".imbalanced-nn");
  document.getElementById("found").textContent = JSON.stringify({{
    width: page.documentElement.scrollWidth,
    title: page.title,
    height: own.getBoundingClientRect().height,
    beyond: [...own.querySelectorAll("*")].filter(element => !element.closest(".scroll table"))
      .filter(element => element.getBoundingClientRect().right > {width} + 1)
      .map(element => element.tagName),
    colours: [...own.querySelectorAll("td, th, dd")]
      .map(element => page.defaultView.getComputedStyle(element).color),
  }});
}});
</script>"""


@pytest.mark.skipif(BROWSER is None, reason=f"needs a browser, one of {', '.join(NAMES)}")
@pytest.mark.parametrize("width", [375, 1280])
def test_a_browser_shows_it_whole_and_runs_nothing_of_the_data(width, fitted, tmp_path):
    page = "<title>mine</title><body style='background:#111;color:#fff'>{}"
    page = "<!DOCTYPE html>" + page.format(fitted("hostile")._repr_html_())
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    probe = tmp_path / "probe.html"
    probe.write_text(_PROBE.format(width=width))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    flags += [f"--user-data-dir={tmp_path / 'profile'}", "--allow-file-access-from-files"]
    dom = subprocess.run(
        [BROWSER, *flags, "--dump-dom", probe.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    found = json.loads(unescape(re.search('<pre id="found">(.*?)</pre>', dom, re.DOTALL)[1]))
    assert found["width"] == width
    assert found["beyond"] == []
    assert found["title"] == "mine"
    assert found["height"] > 100
    # Boxes of fitted estimators are light in dark pages too: letters must be dark.
    assert set(found["colours"]) <= {"rgb(0, 0, 0)", "rgb(102, 102, 102)"}
