"""The file or folder that an interrupted comparison resumes from."""

import json
import os
from pathlib import Path

from imbalanced_nn.atomic_files import check_writable, written_whole
from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER
from imbalanced_nn.compare.fingerprints import fingerprint
from imbalanced_nn.compare.held_out_rankings import is_ranking
from imbalanced_nn.compare.settings import package_versions
from imbalanced_nn.compare.single_fit import Data, Fit, Task
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, warn

__all__ = ["FitCache"]

_HEADER = {"file": "finished fits of imbalanced_nn.compare_strategies", "version": 1}


class FitCache:
    """Finished fits, each as an object of JSON: in a file of lines, or in a folder of files.

    An object has the fingerprint of everything that its measures depend on: rows, labels, weights
    and groups, the rows of the fold, the seed, the strategy's class and parameters, and the
    versions of the packages. Fits of other comparisons stay untouched. What cannot be read counts
    as a fit that was not finished.

    Parameters
    ----------
    path : str or path-like
        A folder, which is there or whose name ends in a slash: a file for each fit, so that many
        comparisons may use it at a time. Else a file, replaced as a whole after each fit. Both
        are made with the first fit.
    data : Data
        What the fits draw their rows from.

    Raises
    ------
    InvalidParameterError
        If there is a file of another kind.
    """

    def __init__(self, path: str | os.PathLike, data: Data):
        given = os.fspath(path)
        is_folder = given.endswith(("/", os.sep)) or os.path.isdir(given)
        self._store = _Folder(given) if is_folder else _File(given)
        self._is_full = False
        self._data = fingerprint(
            package_versions(),
            data.X,
            data.y,
            data.sample_weight,
            data.groups,
            *(() if data.costs is None else (data.costs,)),
        )
        self._strategies: dict[int, str] = {}

    def get(self, task: Task) -> Fit | None:
        """Return a fit, or None if it was not finished."""
        line = self._store.get(self._key(task))
        if line is None:
            return None
        told: list[Warning] = [
            ImbalanceWarning(text, code) if code else UserWarning(text)
            for code, text in line["warnings"]
        ]
        rows = [{"strategy": task.strategy, "fold": task.fold, **row} for row in line["rows"]]
        return Fit(task.strategy, task.fold, rows, told, line.get("ranking"))

    def add(self, task: Task, fit: Fit) -> None:
        """Keep a finished fit; where that cannot be, it is said once."""
        line = {
            "key": self._key(task),
            "rows": [
                {name: value for name, value in row.items() if name not in ("strategy", "fold")}
                for row in fit.rows
            ],
            "warnings": [
                (getattr(w, "code", None), getattr(w, "text", str(w)))
                for w in fit.told
                if isinstance(w, UserWarning)
            ],
            "ranking": fit.ranking,
        }
        try:
            self._store.add(line)
        except OSError as error:
            if not self._is_full:
                self._is_full = True
                warn("INN021", f"Finished fits are not kept in {self._store.name!r}: {error}")

    def _key(self, task: Task) -> str:
        """Return the fingerprint of a fit."""
        if id(task.estimator) not in self._strategies:
            self._strategies[id(task.estimator)] = fingerprint(task.estimator)
        strategy = self._strategies[id(task.estimator)]
        return fingerprint(self._data, strategy, task.train, task.test, task.seed)


class _File:
    """Fits in one file, a line each."""

    def __init__(self, name: str):
        self.name = name
        self._path = check_writable(name, overwrite=True)
        self._lines = _read(self._path)

    def get(self, key: str) -> dict | None:
        """Return a fit, or None."""
        return self._lines.get(key)

    def add(self, line: dict) -> None:
        """Write the file anew with one more fit."""
        self._lines[line["key"]] = line
        text = "".join(json.dumps(each) + "\n" for each in (_HEADER, *self._lines.values()))
        with written_whole(self._path, overwrite=True) as beside:
            beside.write_text(text, encoding="utf-8")


class _Folder:
    """Fits in a folder, a file each, named by the fit."""

    def __init__(self, name: str):
        self.name = name
        self._path = Path(os.path.realpath(name))
        if not self._path.is_dir():
            check_writable(self._path, overwrite=False)

    def get(self, key: str) -> dict | None:
        """Return a fit, or None."""
        try:
            line = _parsed((self._path / f"{key}.json").read_bytes())
        except OSError:
            return None
        return line if line and line.get("key") == key else None

    def add(self, line: dict) -> None:
        """Write a fit; who wrote the same one meanwhile is not disturbed."""
        self._path.mkdir(exist_ok=True)
        with written_whole(self._path / f"{line['key']}.json", overwrite=True) as beside:
            beside.write_text(json.dumps(line) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, dict]:
    """Return the readable lines of a file by their keys, or refuse a file of another kind."""
    content = path.read_bytes() if path.exists() else b""
    if not content:
        return {}
    header, *lines = (_parsed(line) for line in content.splitlines())
    if header != _HEADER:
        raise InvalidParameterError(
            f"cache: {os.fspath(path)!r} holds something else than finished fits of this version "
            f"of compare_strategies, and is left alone. Give the name of a new file."
        )
    return {line["key"]: line for line in lines if line and "key" in line}


def _parsed(line: bytes) -> dict | None:
    """Return the object in a line of JSON; None for one that was cut short or changed."""
    try:
        value = json.loads(line)
        return value if value == _HEADER or _is_fit(value) else None
    except (KeyError, RecursionError, TypeError, ValueError):
        return None


def _is_fit(value: dict) -> bool:
    """Whether an object is a finished fit; of another form it is none, or raises an error."""
    names = {"threshold", *GREATER_IS_BETTER}
    # Costs are measured where they are known.
    measures = [{*row, "cost"} == names for row in value["rows"]]
    told = [len(each) == 2 for each in value["warnings"]]
    # Fits that were kept before rankings were have none.
    told.append(value.get("ranking") is None or is_ranking(value["ranking"]))
    return isinstance(value["key"], str) and bool(measures) and all(measures + told)
