"""Files altered in one place, with checksums that are right: what loading makes of each.

``python -m tests.persistence.altered FILE N SEED SECONDS`` prints what came of N changes.
"""

import copy
import io
import json
import random
import sys
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np

from imbalanced_nn import load
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, ModelFileError
from imbalanced_nn.persistence.archive import MANIFEST, read_archive, write_archive

INSTEAD = (
    *(None, True, -1, 0, 3, 10**9, 10**18, 10**300, -0.5, 1e300, float("inf"), float("nan")),
    *("", "x", "<U400000000", "S2147483647", "predict", "9" * 5000, [], [[]], [1, "x"], {}),
    *({"~": "array", "value": {"dtype": "<U400000000", "shape": [1], "values": ["a"]}},),
    *({"~": "array", "value": {"dtype": "<f8", "shape": [0, 10**12], "values": []}},),
    *({"~": "array", "value": {"dtype": "<f8", "shape": [2], "values": [1.0, 2.0]}},),
    *({"~": "float", "value": "nan"}, {"~": "float", "value": "inf"}, {"~": "tuple", "value": 3}),
    *({"~": "dtype", "value": "S2147483647"}, {"~": "type", "value": "object"}),
    *({"~": "member", "value": "0-model_.keras"}, {"~": "record", "value": {"class": "Target"}}),
)


def places(value, where=()):
    """Yield the path to every part of a manifest."""
    yield where
    parts = value.items() if isinstance(value, dict) else []
    parts = enumerate(value) if isinstance(value, list) else parts
    for key, part in parts:
        yield from places(part, (*where, key))


def altered_manifest(manifest, rng):
    """Return a manifest with one part replaced, doubled, left out or renamed."""
    changed = copy.deepcopy(manifest)
    path = rng.choice([where for where in places(manifest["estimator"]) if where])
    holder = changed["estimator"]
    for key in path[:-1]:
        holder = holder[key]
    what = rng.random()
    if what < 0.1:
        del holder[path[-1]]
    elif what < 0.2 and isinstance(holder, dict):
        holder[rng.choice(["predict", "__class__", "x", "classes_"])] = holder.pop(path[-1])
    elif what < 0.3 and isinstance(holder[path[-1]], list):
        holder[path[-1]] = holder[path[-1]] * rng.choice([0, 2, 1000])
    else:
        holder[path[-1]] = copy.deepcopy(rng.choice(INSTEAD))
    return changed


def altered_network(content, rng):
    """Return a network's file with a number of its configuration or bytes of weights replaced."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    if rng.random() < 0.5:
        config = json.loads(files["config.json"])
        files["config.json"] = json.dumps(altered_manifest({"estimator": config}, rng)["estimator"])
    else:
        name = rng.choice(sorted(files))
        files[name] = flipped(files[name], rng)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, part in files.items():
            archive.writestr(name, part)
    return target.getvalue()


def flipped(content, rng):
    """Return bytes some of which are others."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 8])):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


def altered(members, rng):
    """Return the members of a file, altered in one place."""
    members = dict(members)
    what = rng.random()
    if what < 0.6:
        manifest = altered_manifest(json.loads(members[MANIFEST]), rng)
        members[MANIFEST] = json.dumps(manifest).encode()
        return members
    name = rng.choice([name for name in members if name != MANIFEST])
    if name.endswith(".keras") or what < 0.8:
        name = next(name for name in members if name.endswith(".keras"))
        members[name] = altered_network(members[name], rng)
    else:
        members[name] = flipped(members[name], rng)
    return members


def outcome(path, rows):
    """Return "refused" or "answers", or the error or answer that neither is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImbalanceWarning)
            loaded = load(path)
            proba = np.asarray(loaded.predict_proba(rows))
            loaded.predict(rows)
    except (InvalidParameterError, ModelFileError):
        return "refused"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return "answers" if np.isfinite(proba).all() else "probabilities that are not finite"


def tried(source, rows, n, seed, seconds):
    """Return how often what came of altered files, and the seeds of what should not."""
    members = read_archive(source, io.BytesIO(Path(source).read_bytes()))
    found, until = {}, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.inn"
        for number in range(n):
            rng = random.Random(f"{seed} {number}")
            write_archive(path, altered(members, rng))
            found.setdefault(outcome(path, rows), []).append(number)
            if time.monotonic() > until:
                break
    return found


if __name__ == "__main__":
    file, n, seed, seconds = sys.argv[1], *map(int, sys.argv[2:])
    rows = np.load(f"{file}.npy")
    for result, numbers in tried(file, rows, n, seed, seconds).items():
        sys.stdout.write(f"{len(numbers)}\t{result}\t{numbers[:3]}\n")
