"""Files altered in one place, with checksums that are right or not: what loading makes of each.

``python -m tests.persistence.altered N SEED SECONDS FILE ...`` prints what came of N changes of
each file, by the kind of change; rows to answer lie beside it, in FILE.npy.
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


def with_manifest(members, rng):
    """Return members with one part of the manifest altered."""
    manifest = altered_manifest(json.loads(members[MANIFEST]), rng)
    return members | {MANIFEST: json.dumps(manifest).encode()}


def with_network(members, rng):
    """Return members with a network altered."""
    name = rng.choice([name for name in members if name.endswith(".keras")])
    return members | {name: altered_network(members[name], rng)}


def with_member(members, rng):
    """Return members with bytes of one replaced."""
    name = rng.choice(sorted(members))
    return members | {name: flipped(members[name], rng)}


def cut_short(content, rng):
    """Return the first bytes of a file."""
    return content[: rng.randrange(len(content))]


# With right checksums, and without.
CHANGES = {
    "a part of the manifest": with_manifest,
    "the configuration or weights of a network": with_network,
    "bytes of a member": with_member,
}
DAMAGES = {"bytes, checksums kept": flipped, "cut short": cut_short}


def write_altered(path, content, kind, rng):
    """Write a file altered in one place."""
    if kind in DAMAGES:
        path.write_bytes(DAMAGES[kind](content, rng))
    else:
        write_archive(path, CHANGES[kind](read_archive("", io.BytesIO(content)), rng))


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


def tried(source, n, seed, seconds):
    """Return the seeds by kind of change and what came of it, and the most CPU seconds of one."""
    content, rows = Path(source).read_bytes(), np.load(f"{source}.npy")
    kinds = [*CHANGES, *CHANGES, *DAMAGES]
    found, longest, until = {}, 0.0, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.inn"
        for number in range(n):
            kind = kinds[number % len(kinds)]
            write_altered(path, content, kind, random.Random(f"{seed} {number}"))
            start = time.process_time()
            found.setdefault((kind, outcome(path, rows)), []).append(number)
            longest = max(longest, time.process_time() - start)
            if time.monotonic() > until:
                break
    return found, longest


if __name__ == "__main__":
    n, seed, seconds = map(int, sys.argv[1:4])
    for file in sys.argv[4:]:
        found, longest = tried(file, n, seed, seconds)
        for (kind, result), numbers in sorted(found.items()):
            line = "\t".join([Path(file).stem, kind, result, str(len(numbers)), str(numbers[:3])])
            sys.stdout.write(line + "\n")
        sys.stdout.write(f"{Path(file).stem}\tlongest\t{longest:.2f}\n")
