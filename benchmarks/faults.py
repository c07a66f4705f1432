"""What is lost where processes are killed, disks are full, and files are altered.

    python -m benchmarks.faults [--kills 50] [--sizes 50] [--writers 4] [--changes 100]

Writes benchmarks/results/faults.md: what was tried, how often, and what was lost.
"""

import argparse
import functools
import itertools
import json
import os
import random
import resource
import signal
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.suite import FOLDER

TABLE = FOLDER / "faults.md"
BYTES = 2**20


def started(action):
    """Return the number of a process that does something, and has begun to."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, b"1")
        try:
            action()
        finally:
            os._exit(0)
    os.read(reading, 1)
    for end in (reading, writing):
        os.close(end)
    return child


def killed(action, rng):
    """Start a process and kill it at some moment."""
    child = started(action)
    time.sleep(rng.uniform(0, 0.1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def kill_writers(folder, n, rng):
    """Return how often a file was neither the old one nor the new one, or another was left."""
    from imbalanced_nn.atomic_files import written_whole

    target, lost = folder / "file", 0
    target.write_bytes(bytes(BYTES))

    def write():
        for number in itertools.count():
            with written_whole(target, overwrite=True) as beside:
                beside.write_bytes(bytes([number % 256]) * BYTES)

    for _ in range(n):
        killed(write, rng)
        content = target.read_bytes()
        whole = len(content) == BYTES and len(set(content)) == 1
        with written_whole(folder / "next", overwrite=True) as beside:
            beside.write_text("next")
        lost += not whole or sorted(os.listdir(folder)) != ["file", "next"]
    return lost


def kill_matrices(folder, n, rng):
    """Return how often the matrix of a killed process was still there after the next."""
    from imbalanced_nn.preprocessing import mapped_matrix

    block, lost = np.ones((1024, 64)), 0

    def write():
        while True:
            kept = mapped_matrix((block for _ in range(8)), (8192, 64), folder)
            kept.sum()

    for _ in range(n):
        killed(write, rng)
        matrix = mapped_matrix(iter([np.ones((2, 2))]), (2, 2), folder)
        lost += len(os.listdir(folder)) != 1
        del matrix
        lost += bool(os.listdir(folder))
    return lost


def fill_disks(folder, n, rng):
    """Return how often a file that a disk had no room for harmed the old one, or was not named."""
    import pandas as pd

    from imbalanced_nn.atomic_files import written_whole
    from imbalanced_nn.cli.predict_command import _writer

    rows = pd.DataFrame({"label": ["a", "b"] * 20_000, "probability": rng.random()})
    lost = 0
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    for number in range(n):
        name = ("a.csv", "a.csv.gz", "a.parquet")[number % 3]
        (folder / name).write_text("old")
        resource.setrlimit(resource.RLIMIT_FSIZE, (rng.randrange(1000), usual[1]))
        try:
            with written_whole(folder / name, True) as beside, _writer(beside, name, False) as add:
                add(rows)
            told = False
        except OSError as error:
            told = str(folder / name) in str(error)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        there = sorted(os.listdir(folder)), (folder / name).read_text()
        lost += not told or there != ([name], "old")
        (folder / name).unlink()
    return lost


def write_together(folder, n_writers):
    """Return how many fits of several processes that use one folder are not there."""
    from imbalanced_nn.compare.fit_cache import _Folder

    (folder / "fits").mkdir()

    def write(writer):
        store = _Folder(str(folder / "fits"))
        for number in range(100):
            # Half of the fits are everybody's.
            key = f"{writer}-{number}" if number % 2 else f"all-{number}"
            store.add({"key": key, "rows": [{"score": number}] * 50, "warnings": []})

    writers = [started(functools.partial(write, number)) for number in range(n_writers)]
    for writer in writers:
        os.waitpid(writer, 0)
    found = [json.loads(path.read_text()) for path in (folder / "fits").iterdir()]
    whole = sum(len(line["rows"]) == 50 for line in found)
    return 50 * n_writers + 50 - whole


def alter_files(folder, n):
    """Yield a line for each kind of file and of change: what came of it."""
    from imbalanced_nn import save
    from tests.persistence.altered import CHANGES, tried
    from tests.persistence.conftest import CASES, ROWS, binary

    for name in ("binary", "multiclass", "multilabel"):
        path = folder / f"{name}.inn"
        save(CASES[name](), path)
        np.save(f"{path}.npy", ROWS.get(name, binary)()[0][:5])
        found, longest = tried(path, n, 0, 10**6)
        for kind in dict.fromkeys(kind for kind, _ in found):
            counts = {of: len(seeds) for (each, of), seeds in found.items() if each == kind}
            answers, refused = counts.pop("answers", 0), counts.pop("refused", 0)
            sums = ", checksums right" if kind in CHANGES else ""
            what = f"{name} model, altered: {kind}{sums}"
            came = f"{refused} refused, {answers} answered, {sum(counts.values())} else"
            yield what, answers + refused + sum(counts.values()), came
        yield f"{name} model: the longest of them", 1, f"{longest:.1f} CPU s"


def lines(args):
    """Yield what was tried, how often, and what came of it."""
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("kills", "maps", "disks", "writers", "files"):
            (Path(folder) / name).mkdir()
        at = {path.name: path for path in Path(folder).iterdir()}
        lost = kill_writers(at["kills"], args.kills, rng)
        yield "kill -9 while a file is written", args.kills, f"{lost} lost or left"
        lost = kill_matrices(at["maps"], args.kills, rng)
        yield "kill -9 while a matrix is written or mapped", args.kills, f"{lost} left"
        lost = fill_disks(at["disks"], args.sizes, rng)
        yield "disk full while rows are written", args.sizes, f"{lost} lost, left or not named"
        lost = write_together(at["writers"], args.writers)
        fits = 100 * args.writers
        yield f"{args.writers} writers of one cache, fits", fits, f"{lost} lost"
        yield from alter_files(at["files"], args.changes)


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--sizes", type=int, default=50)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--changes", type=int, default=100, help="of each file")
    args = parser.parse_args()
    table = ["# Killed, full and altered", "", "`python -m benchmarks.faults`", ""]
    table += ["| tried | times | came of it |", "|---|---|---|"]
    for what, times, came in lines(args):
        table.append(f"| {what} | {times} | {came} |")
        print(table[-1], flush=True)
    TABLE.write_text("\n".join([*table, ""]))


if __name__ == "__main__":
    main()
