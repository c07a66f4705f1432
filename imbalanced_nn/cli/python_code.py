"""What ``fit`` did, as Python that does the same."""

from typing import Any

from imbalanced_nn.cli.reading import Reading
from imbalanced_nn.cli.sources import Roles, Source

__all__ = ["python_of", "reading_lines"]

_SPELLINGS = "spell one class"


def python_of(source: Source, reading: Reading, roles: Roles, fit: dict[str, Any], output: str):
    """Return Python code that reads the table, fits the same model and saves it.

    Parameters
    ----------
    source : Source
        What was read.
    reading, roles : Reading, Roles
        How, as the options say.
    fit : dict of str to object
        Parameters of the classifier that are not their defaults.
    output : str
        The model's file.
    """
    fit = dict(fit)
    names, lines = ["BalancedKerasClassifier", "ColumnEncoder", "save"], []
    missing = f"missing={list(reading.missing)!r}" if reading.missing else ""
    if "ThresholdTuner" in repr(fit.get("threshold")):
        names.insert(2, "ThresholdTuner")
    imports = ["import pandas as pd"]
    if roles.time is not None:
        folds = fit.pop("validation_split")
        imports, splits = _splits_in_time(folds)
        lines += [
            f"time = ColumnTypes({missing}).fit_transform(table[[{roles.time!r}]])[{roles.time!r}]",
            *splits,
        ]
    dropped = [*reading.drop, *(name for name in roles if name is not None)]
    if roles.groups is not None:
        # Numbered as they come, as the splitters draw by their order.
        spelled = f"table[{roles.groups!r}].astype(str).str.strip()"
        lines.append(f"groups = pd.factorize({spelled})[0]")
    if dropped:
        lines.append(f"table = table.drop(columns={dropped!r})")
    given = [f"{name}={value!r}" for name, value in fit.items()]
    given += ["validation_split=splits"] if roles.time is not None else []
    groups = "" if roles.groups is None else ", balancedkerasclassifier__groups=groups"
    reading_it = reading_lines(source, reading)
    if any("json.dumps" in line for line in reading_it):
        imports = ["import json", *imports]
    return "\n".join(
        [
            *imports,
            f"from imbalanced_nn import {', '.join(names)}",
            "from imbalanced_nn.preprocessing import ColumnTypes",
            "from sklearn.pipeline import make_pipeline",
            "",
            *reading_it,
            *lines,
            "model = make_pipeline(",
            f"    ColumnTypes({missing}),",
            "    ColumnEncoder(),",
            "    BalancedKerasClassifier(",
            *(f"        {each}," for each in given),
            "    ),",
            ")",
            f"model.fit(table, y{groups})",
            f"save(model, {output!r})",
        ]
    )


def reading_lines(source: Source, reading: Reading) -> list[str]:
    """Return the lines that read the table, and take the labels out of it.

    Parameters
    ----------
    source : Source
        What was read.
    reading : Reading
        How, as the options say.
    """
    from imbalanced_nn.cli.pandas_calls import table_lines
    from imbalanced_nn.cli.quiet import noted

    labels = set(map(str, source.y))
    # What it notes of the file was noted when that was read.
    with noted():
        lines = table_lines(source.name, source.target, reading, labels)
    target = repr(source.target)
    as_labels = "astype(int)" if source.y.dtype.kind == "i" else "astype(str).str.strip()"
    if source.left_out:
        lines.append(f"table = table[{_is_labelled(source, reading)}].reset_index(drop=True)")
    lines.append(f"y = table.pop({target}).{as_labels}")
    if any(note.startswith(f"[INN020] {source.target}: ") for note in source.notes):
        lines[-1] += "  # as it is spelled: imbalanced-nn also did what its notes say"
    return lines


def _is_labelled(source: Source, reading: Reading) -> str:
    """Return the expression that tells which rows of the table have a class."""
    from imbalanced_nn.cli.class_labels import HEADER_LINES, NUMBER

    column = f"table[{source.target!r}]"
    spelled = f"{column}.astype('str').str.strip()"
    tests = [f"{column}.notna()"]
    if any(HEADER_LINES in note for note in source.notes):
        tests.append(f"({spelled} != {source.target!r})")
    if source.y.dtype.kind != "i":
        tests.append(f"({spelled} != '')")
    if reading.missing:
        gone = [text.strip().casefold() for text in reading.missing]
        numbers = [float(text) for text in gone if NUMBER.fullmatch(text)]
        if source.y.dtype.kind != "i":
            tests.append(f"~{spelled}.str.casefold().isin({gone!r})")
        elif numbers:
            tests.append(f"~{column}.isin({numbers!r})")
    return " & ".join(tests)


def _splits_in_time(folds: list) -> tuple[list[str], list[str]]:
    """Return imports, and lines that hold the newest rows out, once or by folds."""
    if len(folds) > 1:
        return (
            [
                "import numpy as np",
                "import pandas as pd",
                "from sklearn.model_selection import TimeSeriesSplit",
            ],
            [
                'order = np.argsort(time, kind="stable").to_numpy()',
                f"splits = TimeSeriesSplit({len(folds)}).split(order)",
                "splits = [(np.sort(order[old]), np.sort(order[new])) for old, new in splits]",
            ],
        )
    [(_, held_out)] = folds
    return (
        ["import numpy as np", "import pandas as pd"],
        [
            f"newest = (time.rank(method='max', ascending=False) <= {len(held_out)}).to_numpy()",
            "splits = [(np.flatnonzero(~newest), np.flatnonzero(newest))]",
        ],
    )
