"""Configuration of the documentation: `python -m sphinx -W -b html docs docs/_build/html`."""

import importlib
import re
import shutil
from pathlib import Path
from textwrap import fill

import imbalanced_nn
from imbalanced_nn.codes import CODES

DOCS = Path(__file__).parent
ROOT = DOCS.parent

project = "imbalanced_nn"
author = copyright = "the imbalanced_nn developers"
version = release = imbalanced_nn.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
default_role = "py:obj"
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
autosummary_generate = True
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

templates_path = ["_templates"]

html_theme = "pydata_sphinx_theme"
html_title = "imbalanced_nn"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "imbalanced_nn"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "tutorial": [], "concepts": [], "limits": [], "changelog": []}

# Files of the repository that are pages of the site, by the page that stands for each.
PAGES = {
    "changelog": "CHANGELOG.md",
    "contributing": "CONTRIBUTING.md",
    "benchmarks/index": "benchmarks/README.md",
    **{
        f"benchmarks/{path.stem}": f"benchmarks/results/{path.name}"
        for path in sorted(ROOT.glob("benchmarks/results/*.md"))
    },
    "data": "imbalanced_nn/datasets/data/README.md",
}
# Rooms whose faces users import from, in the order of their work.
ROOMS = {
    "imbalanced_nn": "Where most people start",
    "imbalanced_nn.datasets": "Data that ship",
    "imbalanced_nn.preprocessing": "Tables of every kind as matrices",
    "imbalanced_nn.sampling": "Resampling and balanced batches",
    "imbalanced_nn.weighting": "Class weights",
    "imbalanced_nn.losses": "Losses for rare classes",
    "imbalanced_nn.networks": "Built-in networks and their layers",
    "imbalanced_nn.calibration": "Probabilities at a prevalence",
    "imbalanced_nn.threshold": "Decision thresholds",
    "imbalanced_nn.metrics": "Measures and their intervals",
    "imbalanced_nn.inspection": "Reports and displays",
    "imbalanced_nn.compare": "Which strategy works",
    "imbalanced_nn.report": "Pages",
    "imbalanced_nn.exceptions": "Errors and notes",
}
# What users import from them, each with an example; the other names are what rooms lend each other.
SHOWN = {
    "imbalanced_nn": imbalanced_nn.__all__,
    "imbalanced_nn.datasets": [
        *("load_ai4i2020", "load_htru2", "load_page_blocks", "load_thyroid", "open_parquet"),
    ],
    "imbalanced_nn.preprocessing": ["ColumnTypes", "telling_columns"],
    "imbalanced_nn.sampling": ["balancing_progress", "duplicate_groups", "resample_rows"],
    "imbalanced_nn.weighting": ["batch_shares", "class_weights", "effective_number"],
    "imbalanced_nn.losses": [
        *("AsymmetricCrossentropy", "BalancedSoftmaxCrossentropy", "CostSensitiveCrossentropy"),
        *("FocalCrossentropy", "LDAMCrossentropy", "LabelWeightedCrossentropy"),
        *("LogitAdjustedCrossentropy", "PairwiseAUCLoss"),
    ],
    "imbalanced_nn.networks": [
        *("BatchEnsembleDense", "HeavyTails", "KernelAdamW", "LearnedScale", "LinearSkip"),
        *("MeanPosterior", "MemberDropout", "MemberHeads", "MemberMean", "PeriodicEmbedding"),
        *("RankNormalization", "RobustNormalization", "SpikeIndicators"),
    ],
    "imbalanced_nn.calibration": [
        *("PriorCorrection", "asymmetric_posterior", "binary_focal_posterior", "chow_reject"),
        *("cost_posterior", "estimate_priors", "fit_calibrator", "focal_posterior"),
        *("margin_posterior", "smoothing_posterior"),
    ],
    "imbalanced_nn.threshold": [
        *("BinaryRule", "CostRule", "MulticlassRule", "MultilabelRule", "Objective"),
        *("ThresholdBootstrap", "ThresholdCurve", "fixed_rule", "get_objective"),
        *("objective_names", "prior_rule"),
    ],
    "imbalanced_nn.metrics": [
        *("average_precision", "bootstrap_interval", "break_even_point"),
        *("class_balance_accuracy_score", "equal_mass_bins"),
    ],
    "imbalanced_nn.inspection": [
        *("CalibrationComparisonDisplay", "ClassCountsDisplay", "ColumnImportance"),
        *("ComparisonDisplay", "HistoryDisplay", "ImbalanceReport", "PrevalenceCurveDisplay"),
        *("ThresholdCurveDisplay", "column_importance", "describe_fit"),
    ],
    "imbalanced_nn.compare": ["StrategyComparison"],
    "imbalanced_nn.report": ["write_evaluation", "write_report"],
    "imbalanced_nn.exceptions": ["ImbalanceWarning", "ModelFileError", "TooFewRowsError"],
}
TEMPLATE = """{title}
{line}

.. currentmodule:: {room}

{doc}

.. autosummary::
   :toctree: generated
   :nosignatures:

{names}
"""


def write_api(app, config):
    """Write a page of the reference for each room, from its face."""
    folder = DOCS / "api"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    seen = {}
    for room, title in ROOMS.items():
        module = importlib.import_module(room)
        shown = [name for name in SHOWN[room] if callable(getattr(module, name))]
        others = [f"`{seen[name]}.{name}`" for name in sorted(module.__all__) if name in seen]
        # Numbers, names and tables are told by what uses them.
        objects = [name for name in sorted(module.__all__) if name not in seen]
        values = [f"``{name}``" for name in objects if not callable(getattr(module, name))]
        seen |= dict.fromkeys(shown, room)
        doc = (module.__doc__ or "").strip().split("\n\n")[0]
        doc += f"\n\nValues: {', '.join(values)}." if values else ""
        doc += f"\n\nAlso importable from here: {', '.join(others)}." if others else ""
        heading = f"{title}: ``{room}``"
        names = "\n".join(f"   {name}" for name in shown)
        text = TEMPLATE.format(
            title=heading, line="=" * len(heading), room=room, doc=doc, names=names
        )
        (folder / f"{room}.rst").write_text(text, "utf-8")
    entries = "\n".join(f"   {room}" for room in ROOMS)
    title = "API reference"
    (folder / "index.rst").write_text(
        f"{title}\n{'=' * len(title)}\n\nWhat users import, room by room, each with an example.\n\n"
        f".. toctree::\n   :maxdepth: 1\n\n{entries}\n",
        "utf-8",
    )


def copy_pages(app, config):
    """Copy the notebooks, and leave a place for each file that is a page."""
    (DOCS / "notebooks").mkdir(exist_ok=True)
    for path in ROOT.glob("notebooks/*.ipynb"):
        shutil.copy(path, DOCS / "notebooks" / path.name)
    for page in PAGES:
        path = DOCS / f"{page}.md"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text("# Filled in when the site is built\n", "utf-8")
    for code, paragraph in CODES.items():
        path = DOCS / "notes" / f"{code}.md"
        if not path.exists():
            text = fill(paragraph, 98, break_long_words=False, break_on_hyphens=False)
            path.write_text(f"# {code}: \n\n{text}\n\nAll codes: [notes](index.md).\n", "utf-8")


def fill_in(app, page, source):
    """Put in the file that a page stands for, and let links lead to pages of the site."""
    if page in PAGES:
        app.env.note_dependency(str(ROOT / PAGES[page]))
        source[0] = page_text(page)
    path = ROOT / PAGES.get(page, f"docs/{page}.md")
    if path.suffix == ".md" and not page.startswith("api/"):
        source[0] = re.sub(
            r"(?<!!)\[([^\]]+)\]\(([^)#\s:]+)(#[^)\s]*)?\)",
            lambda found: link(path, *found.groups()),
            source[0],
        )


def page_text(page):
    """Return the text of the file that a page stands for, with a title and its sub-pages."""
    text = (ROOT / PAGES[page]).read_text("utf-8")
    if not text.startswith("# "):
        # Results that are joined by scripts begin further down.
        title = page.partition("/")[2].replace("_", " ").capitalize()
        text = f"# {title}\n\n" + re.sub(r"^###? (?=\w)", "## ", text, flags=re.MULTILINE)
    if page == "benchmarks/index":
        entries = [name.partition("/")[2] for name in PAGES if name.startswith("benchmarks/")]
        entries.remove("index")
        text += "\n```{toctree}\n:hidden:\n\n" + "\n".join(entries) + "\n```\n"
    return text


def link(path, text, target, anchor):
    """Return a link of a file of the repository as one of the site, or its text."""
    file = (path.parent / target).resolve()
    if not file.is_relative_to(ROOT):
        raise ValueError(f"{path} links to {target}, outside of the repository")
    name = file.relative_to(ROOT).as_posix()
    stands_for = {file: page for page, file in PAGES.items()}
    if name in stands_for:
        page = f"/{stands_for[name]}.md"
    elif name.startswith("notebooks/") and name.endswith(".ipynb"):
        page = f"/{name}"
    elif name.startswith("docs/"):
        page = f"/{name.removeprefix('docs/')}"
    else:
        return text
    return f"[{text}]({page}{anchor or ''})"


def is_not_ours(app, what, name, member, skip, options):
    """Leave out what other packages wrote: their sites explain it."""
    member = getattr(member, "fget", None) or getattr(member, "__func__", member)
    module = getattr(member, "__module__", None) or imbalanced_nn.__name__
    return True if not module.startswith(imbalanced_nn.__name__) else None


def setup(app):
    """Connect what fills in the pages."""
    app.connect("config-inited", copy_pages)
    app.connect("config-inited", write_api)
    app.connect("source-read", fill_in)
    app.connect("autodoc-skip-member", is_not_ours)
