"""The file that an interrupted comparison resumes from."""

import glob
import json
import os
from pathlib import Path

from imbalanced_nn.atomic_files import check_writable, written_whole
from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER
from imbalanced_nn.compare.fingerprints import fingerprint
from imbalanced_nn.compare.settings import package_versions
from imbalanced_nn.compare.single_fit import Data, Task
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError

__all__ = ["FitCache"]

_HEADER = {"file": "finished fits of imbalanced_nn.compare_strategies", "version": 1}


class FitCache:
    """Finished fits in a file of JSON lines, which is replaced as a whole after each.

    A line has the fingerprint of everything that its measures depend on: rows, labels, weights
    and groups, the rows of the fold, the seed, the strategy's class and parameters, and the
    versions of the packages. Fits of other comparisons stay in the file untouched. A line that
    cannot be read counts as a fit that was not finished.

    Parameters
    ----------
    path : str or path-like
        The file; made with the first fit.
    data : Data
        What the fits draw their rows from.

    Raises
    ------
    InvalidParameterError
        If there is a file of another kind.
    """

    def __init__(self, path: str | os.PathLike, data: Data):
        self.path = check_writable(path, overwrite=True)
        self._lines = _read(self.path)
        # What a killed process had begun to write.
        for stale in self.path.parent.glob(f".{glob.escape(self.path.name)}.*.part"):
            stale.unlink(missing_ok=True)
        self._data = fingerprint(
            package_versions(),
            data.X,
            data.y,
            data.sample_weight,
            data.groups,
        )
        self._strategies: dict[int, str] = {}

    def get(self, task: Task) -> tuple[list[dict], list[Warning]] | None:
        """Return the measures and warnings of a fit, or None if it was not finished."""
        line = self._lines.get(self._key(task))
        if line is None:
            return None
        told = [
            ImbalanceWarning(text, code) if code else UserWarning(text)
            for code, text in line["warnings"]
        ]
        return [{"strategy": task.strategy, "fold": task.fold, **row} for row in line["rows"]], told

    def add(self, task: Task, rows: list[dict], told: list[Warning]) -> None:
        """Write a finished fit."""
        self._lines[self._key(task)] = {
            "key": self._key(task),
            "rows": [
                {name: value for name, value in row.items() if name not in ("strategy", "fold")}
                for row in rows
            ],
            "warnings": [
                (getattr(w, "code", None), getattr(w, "text", str(w)))
                for w in told
                if isinstance(w, UserWarning)
            ],
        }
        text = "".join(json.dumps(each) + "\n" for each in (_HEADER, *self._lines.values()))
        with written_whole(self.path, overwrite=True) as beside:
            beside.write_text(text, encoding="utf-8")

    def _key(self, task: Task) -> str:
        """Return the fingerprint of a fit."""
        if id(task.estimator) not in self._strategies:
            self._strategies[id(task.estimator)] = fingerprint(task.estimator)
        strategy = self._strategies[id(task.estimator)]
        return fingerprint(self._data, strategy, task.train, task.test, task.seed)


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
    measures = [{*row} == {"threshold", *GREATER_IS_BETTER} for row in value["rows"]]
    told = [len(each) == 2 for each in value["warnings"]]
    return isinstance(value["key"], str) and bool(measures) and all(measures + told)
