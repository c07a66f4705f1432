"""Messages of the package in the words of the command line: options for parameters."""

import ast
import re
import shlex
from typing import Any

import click

__all__ = ["as_typed"]

# Options by the parameters that they stand for.
_OPTIONS = {
    "baselines": "baseline",
    "cache": "cache",
    "calibration": "calibration",
    "class_weight": "class-weight",
    "confidence": "confidence",
    "constraint": "constraint",
    "cost_matrix": "cost-matrix",
    "cv": "folds",
    "epochs": "epochs",
    "groups": "groups",
    "loss": "loss",
    "missing": "missing",
    "n_jobs": "jobs",
    "n_repeats": "repeats",
    "objective": "threshold",
    "pos_label": "positive",
    "random_state": "random-state",
    "sampler": "sampler",
    "scoring": "scoring",
    "strategies": "strategies",
    "threshold": "threshold",
    "validation_split": "held-out",
    "y": "target",
}
# Ways out that need Python, and what is said in place of them.
_PYTHON_ONLY: list[tuple[str, Any]] = [
    (r"\b(?:TooFewRowsError|InvalidParameterError): ", ""),
    (
        r"validation_split=\[\.\.\.\] (leaves [^.]+\.) Give a splitter .*",
        r"--time \1 Give a greater --held-out, or fewer --folds.",
    ),
    (
        r"Give a splitter with fewer splits, each of which has rows of every class on both sides, "
        r"or pass X_val and y_val\.",
        "Give fewer folds.",
    ),
    (
        r"Cannot have number of splits n_splits=\d+ greater than the number of groups: (\d+)\.",
        r"there are \1 groups.",
    ),
    (
        r"Give an instance of a splitter that fits them, with groups where it needs them, or a "
        r"share such as 0\.2\.",
        "Give fewer folds, or validation_split=0.2 in their place.",
    ),
    (r", or a splitter that stratifies by class", ""),
    (r"^groups leaves", "--groups leaves"),
    (r"; leave it None", "; leave it out"),
    (r"or leave loss=None", "or leave it out"),
    (r"\('(\w+)', ([\d.]+)\)(?= for a)", r"\1 \2"),
    (r" \(of \{[^}]*\}\)", ""),
    (
        r"(?<=^Column )('[^']*'|\"[^\"]*\")( holds values that are no .*); leave it out\.$",
        lambda match: f"{match[1]}{match[2]}; leave it out: --drop {_shown(match[1])}.",
    ),
    (r"\(decimal='([.,])'\)", r"(--decimal \1)"),
    (r"\bk_neighbors=(\d+) was", r"\1 was"),
    (r"\bk_neighbors=(\d+)", r"\1 neighbours"),
    (r" Hold out more rows, stratified by class\.", " Give rows of each class."),
    (r", or X_val and y_val", ""),
    (r"(Set validation_split), pass X_val and y_val", r"\1"),
    (r", (leave [\w ]+), pass X_val and y_val, or set validation_split=0\.", r", or \1."),
    (r" Pass X_val and y_val, or set validation_split=0\.", ""),
    (r"Pass X_val and y_val or a validation_split", "Give a validation_split"),
    (r", a metric f\(y_true, y_pred\) or a scorer of make_scorer", ""),
    (r"; use '[^']+' to choose the model \(scoring=\)", ""),
    (
        r"(?:as )?ThresholdTuner\('(\w+)', constraint=\('(\w+)', ([\d.]+)\)\)",
        r"as objective='\1' constraint='\2' \3",
    ),
    (r"Accepted are None, 'passthrough', a sampler object with fit_resample, or one", "Use one"),
    (r"(?<!')\bNone\b(?!')", "none"),
    (r"give the ThresholdTuner a cost_matrix", "give a cost_matrix=COSTS"),
    (r" Pass other rows, or none for the rows that fit held out\.", " Give other rows."),
    (r"best_score_", "its score"),
    (r"Set sampler__\w+, or compare", "Compare"),
    (
        r"columns [\d, ]+(?: and \d+ more)? of X, which hold few whole numbers, as codes of .*? do",
        "columns of categories or flags",
    ),
    (r"take SMOTENC\([^)]*\) of imbalanced-learn, 'random_over'", "take 'random_over'"),
    (r"\brows of X\b", "rows"),
    (r"\bfix the threshold\b", "fix the threshold (threshold=0.3)"),
    (r"\bcompare_strategies\b", "'compare'"),
    (r"is not a file of imbalanced_nn\.save", "is not a model that 'fit' saved"),
    (r"but not as imbalanced_nn\.save wrote it", "but not a model that 'fit' saved"),
    (r"or save the estimator again", "or fit it again"),
    (r"\btune_threshold(?:\(\))?(?!\w)", "tune-threshold"),
]
_NAMES = "|".join(_OPTIONS)
_VALUE = r"'[^']*'|\"[^\"]*\"|\[.*?\](?=[ ,.;:)]|$)|\([^)]*\)|[\w.+-]*[\w]"
_PATTERNS = [
    # At the head of a message, the parameter that it is about.
    (re.compile(rf"^({_NAMES}): "), lambda match: f"{_option(match[1])}: "),
    (
        re.compile(rf"\b[Tt]he '({_NAMES})' parameter(?: of \w+)?"),
        lambda match: _option(match[1]),
    ),
    (re.compile(rf"\b({_NAMES})=({_VALUE})"), lambda match: _option(match[1], match[2])),
    (
        re.compile(r"(?<=place of )'(objective)'|\b(validation_split|cost_matrix|n_repeats)\b"),
        lambda match: _option(match[1] or match[2]),
    ),
    (re.compile(r"\[\[[^a-z]*?\]\]"), lambda match: _shown(match[0])),
    (re.compile(r"\['[^\]]*'\]"), lambda match: _shown(match[0])),
]


def as_typed(message: str) -> str:
    """Return a message on one line that names options of the running command.

    A parameter that the command has no option for is that of ``fit``, where it is set.

    Parameters
    ----------
    message : str
        What the package says, of parameters of Python.

    Examples
    --------
    >>> from imbalanced_nn.cli.wording import as_typed
    >>> as_typed("Hold out more, or cross-fit (validation_split=5).")
    "Hold out more, or cross-fit ('fit --folds 5')."
    """
    message = " ".join(message.split())
    for pattern, replacement in _PYTHON_ONLY:
        message = re.sub(pattern, replacement, message)
    for compiled, spelled in _PATTERNS:
        message = compiled.sub(spelled, message)
    return message


def _option(parameter: str, value: str | None = None) -> str:
    """Return the option that sets a parameter, and its value, as it is typed."""
    option = _OPTIONS[parameter]
    if parameter == "validation_split" and value is not None and value.isdigit():
        option = "folds"
    context = click.get_current_context(silent=True)
    command = None if context is None else context.command.name
    known = set() if context is None else {o for p in context.command.params for o in p.opts}
    if option == "threshold" and "--objective" in known:
        option = "objective"
    text = f"--{option}" if value is None else f"--{option} {_shown(value)}"
    # The folds of a comparison are no cross-fitting.
    is_other = parameter == "validation_split" and command == "compare"
    return text if f"--{option}" in known and not is_other else f"'fit {text}'"


def _shown(value: str) -> str:
    """Return the text of a value of Python as it is typed behind an option."""
    try:
        value = ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return value
    if value is None:
        return "none"
    if isinstance(value, list | tuple) and all(isinstance(row, list | tuple) for row in value):
        return repr("; ".join(",".join(f"{cost:g}" for cost in row) for row in value))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return shlex.quote(str(value))
