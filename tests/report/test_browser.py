"""The page in a real browser: it fits phones and desktops, and runs nothing."""

import json
import re
import shutil
import subprocess
from html import unescape

import pytest

from imbalanced_nn.report import write_report

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason=f"needs a browser, one of {', '.join(NAMES)}"
)

# Shows the page in a frame as wide as a screen, and writes down what the browser made of it.
_PROBE = """<!DOCTYPE html><iframe src="report.html" style="border:0;width:{width}px;height:900px">
</iframe><pre id="found"></pre><script>
addEventListener("load", () => {{
  const page = document.querySelector("iframe").contentDocument;
  const images = [...page.images];
  document.getElementById("found").textContent = JSON.stringify({{
    width: page.documentElement.scrollWidth,
    title: page.title,
    scripts: page.scripts.length,
    images: images.map(image => image.complete && image.naturalWidth > 100),
    beyond: [...page.querySelectorAll("body *")]
      .filter(element => !element.closest(".scroll, pre"))
      .filter(element => element.getBoundingClientRect().right > {width} + 1)
      .map(element => element.tagName),
    verdict: page.querySelector(".verdict").getBoundingClientRect().bottom,
    smallest: Math.min(...[...page.querySelectorAll("td, p, dd, code, th")]
      .map(element => parseFloat(page.defaultView.getComputedStyle(element).fontSize))),
  }});
}});
</script>"""


def browser(*arguments):
    """Run the browser without a screen or a profile of the user's."""
    return subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def folder(comparison, hostile_text, tmp_path_factory):
    """A folder with the report."""
    folder = tmp_path_factory.mktemp("browser")
    write_report(comparison, folder / "report.html", title=hostile_text)
    return folder


@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_fits_the_screen_and_runs_nothing(width, folder, hostile_text):
    probe = folder / f"probe{width}.html"
    probe.write_text(_PROBE.format(width=width))
    profile = f"--user-data-dir={folder / 'profile'}"
    dom = browser(profile, "--allow-file-access-from-files", "--dump-dom", probe.as_uri())
    found = json.loads(unescape(re.search('<pre id="found">(.*?)</pre>', dom, re.DOTALL)[1]))
    assert found["width"] == width
    assert found["beyond"] == []
    assert found["title"] == hostile_text
    assert found["scripts"] == 0
    assert found["images"] == [True] * 11
    assert 0 < found["verdict"] < 700
    assert found["smallest"] >= 12


def test_it_prints(folder):
    paper = folder / "report.pdf"
    profile = f"--user-data-dir={folder / 'profile'}"
    browser(profile, f"--print-to-pdf={paper}", (folder / "report.html").as_uri())
    content = paper.read_bytes()
    assert content.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 8
