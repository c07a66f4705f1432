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
    if "ThresholdTuner" in repr(fit.get("threshold")):
        names.insert(2, "ThresholdTuner")
    imports = ["import pandas as pd"]
    if roles.time is not None:
        folds = fit.pop("validation_split")
        imports, splits = _splits_in_time(folds)
        lines += [
            f"time = ColumnTypes().fit_transform(table[[{roles.time!r}]])[{roles.time!r}]",
            *splits,
        ]
    dropped = [*reading.drop, *(name for name in roles if name is not None)]
    if roles.groups is not None:
        lines.append(f"groups = table[{roles.groups!r}]")
    if dropped:
        lines.append(f"table = table.drop(columns={dropped!r})")
    missing = f"missing={list(reading.missing)!r}" if reading.missing else ""
    given = [f"{name}={value!r}" for name, value in fit.items()]
    given += ["validation_split=splits"] if roles.time is not None else []
    groups = "" if roles.groups is None else ", balancedkerasclassifier__groups=groups"
    return "\n".join(
        [
            *imports,
            f"from imbalanced_nn import {', '.join(names)}",
            "from imbalanced_nn.preprocessing import ColumnTypes",
            "from sklearn.pipeline import make_pipeline",
            "",
            *reading_lines(source, reading),
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
    from imbalanced_nn.cli.quiet import noted
    from imbalanced_nn.cli.readers import pandas_call

    # What it notes of the file was noted when that was read.
    with noted():
        call, nameless = pandas_call(source.name, source.target, reading)
    target = repr(source.target)
    lines = [f"table = {call}"]
    if nameless:
        lines.append("table = table.iloc[:, 1:]")
    kind = "int" if source.y.dtype.kind == "i" else "str"
    if source.left_out:
        is_there = f"table[{target}].notna()"
        if kind == "str":
            is_there += f" & (table[{target}].astype('str').str.strip() != '')"
        lines.append(f"table = table[{is_there}].reset_index(drop=True)")
    lines.append(f"y = table.pop({target}).astype({kind})")
    if any(note.startswith(f"[INN020] {source.target}: ") for note in source.notes):
        lines[-1] += "  # as it is spelled: imbalanced-nn also did what its notes say"
    return lines


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
