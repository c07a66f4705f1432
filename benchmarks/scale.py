"""Memory and seconds of fits of many rows, columns and classes, by where the rows are.

Rows come from an array in memory, a memory map (.npy), a Parquet file, or a `keras.utils.PyDataset`
that reads the same .npy. Each measurement is a process of its own; a round measures every way at
one size after the other. The network is "mlp", two epochs unless told otherwise, and a fifth of
the rows is held out. Class k has a share in proportion to 1 / (k + 1); of two classes the rarer
has 1 %.

What is not run is said with the reason: a matrix that is too large for ``--memory`` or the disk,
a fit that takes longer than ``--minutes``. What was measured before is not repeated.

    python -m benchmarks.scale [--rows 1000000 10000000] [--columns 30 5000] [--classes 2 100 1000]
    python -m benchmarks.scale --table     # only write the table from the results
"""

import argparse
import itertools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.suite import FOLDER, add_result, read_results

RESULTS = FOLDER / "scale.csv"
BLOCK_CELLS = 2**22
GROUP_CELLS = 2**25
LARGE = 4  # GB, beyond which a reason is a matrix's size
ROWS, COLUMNS, CLASSES = (1_000_000, 10_000_000), (30, 5000), (2, 100, 1000)
KEYS = ("rows", "columns", "classes", "way", "epochs", "round")
FIGURES = ("peak_gb", "own_gb", "read_cpu_s", "cpu_s", "wall_s")


def shares_of(n_classes):
    """Return the shares of the classes."""
    shares = 1 / np.arange(1, n_classes + 1) if n_classes > 2 else np.array([0.99, 0.01])
    return shares / shares.sum()


def blocks(n_rows, n_columns, n_classes):
    """Yield rows and labels, some at a time: ten columns tell the class."""
    telling = min(10, n_columns)
    centres = np.random.default_rng(1).standard_normal((n_classes, telling), dtype=np.float32)
    step = max(1, BLOCK_CELLS // n_columns)
    for start in range(0, n_rows, step):
        rng = np.random.default_rng([0, start])
        size = min(step, n_rows - start)
        y = rng.choice(n_classes, size, p=shares_of(n_classes)).astype(np.int32)
        if start == 0:
            y[: 10 * n_classes] = np.repeat(np.arange(n_classes), 10)[:size]
        X = rng.standard_normal((size, n_columns), dtype=np.float32)
        X[:, :telling] += 1.5 * centres[y]
        yield X, y


def write_rows(folder, size, way):
    """Write the rows that a way reads."""
    n_rows, n_columns, _ = size
    y = np.empty(n_rows, dtype=np.int32)
    if way == "Parquet":
        import pyarrow as pa
        from pyarrow import parquet

        names = [f"x{i}" for i in range(n_columns)]
        schema = pa.schema([(name, pa.float32()) for name in names] + [("y", pa.int32())])
        kept, n_kept = [], 0
        with parquet.ParquetWriter(folder / "X.parquet", schema) as writer:
            for X, labels in blocks(*size):
                columns = [pa.array(X[:, i].copy()) for i in range(n_columns)]
                kept.append(pa.record_batch([*columns, pa.array(labels)], schema=schema))
                n_kept += len(labels) * n_columns
                if n_kept >= GROUP_CELLS:
                    writer.write_table(pa.Table.from_batches(kept).combine_chunks())
                    kept, n_kept = [], 0
            if kept:
                writer.write_table(pa.Table.from_batches(kept).combine_chunks())
        return
    stored = np.lib.format.open_memmap(
        folder / "X.npy", "w+", dtype=np.float32, shape=(n_rows, n_columns)
    )
    start = 0
    for X, labels in blocks(*size):
        stored[start : start + len(labels)] = X
        y[start : start + len(labels)] = labels
        start += len(labels)
    stored.flush()
    np.save(folder / "y.npy", y)


def in_memory(folder):
    """Return the rows as an array in memory."""
    return (np.load(folder / "X.npy"), np.load(folder / "y.npy")), {}


def memory_map(folder):
    """Return the rows as a memory map."""
    return (np.load(folder / "X.npy", mmap_mode="r"), np.load(folder / "y.npy")), {}


def parquet(folder):
    """Return the rows of a Parquet file."""
    from imbalanced_nn.datasets import open_parquet

    rows = open_parquet(folder / "X.parquet", target="y", directory=folder)
    return (rows.data, rows.target), {}


def dataset(folder):
    """Return the first four fifths of the rows as batches that are read from the file."""
    import keras

    X, y = np.load(folder / "X.npy", mmap_mode="r"), np.load(folder / "y.npy")
    n_train = len(y) * 4 // 5

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return -(-n_train // 1024)

        def __getitem__(self, number):
            rows = slice(1024 * number, min(1024 * (number + 1), n_train))
            return np.asarray(X[rows]), y[rows]

    return (Batches(),), {"X_val": X[n_train:], "y_val": y[n_train:]}


WAYS = {"in memory": in_memory, "memory map": memory_map, "Parquet": parquet, "dataset": dataset}


class Watch(threading.Thread):
    """Keep the most memory that is the process's own, and not the system's cache of files."""

    def __init__(self):
        super().__init__(daemon=True)
        self.own = 0

    def run(self):
        """Look every twentieth second."""
        while True:
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("RssAnon"):
                    self.own = max(self.own, 1024 * int(line.split()[1]))
            time.sleep(0.05)


def measure(way, folder, epochs, memory):
    """Return the memory and the seconds of one fit in this process."""
    limit = int(memory * 1e9)
    # Of what is the process's own; a memory map may be larger.
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    from imbalanced_nn import BalancedKerasClassifier

    watch = Watch()
    X, y = np.random.default_rng(0).standard_normal((200, 5)), np.arange(200) % 2
    given = {"validation_split": 0.2, "epochs": epochs, "random_state": 0}
    BalancedKerasClassifier("mlp", **given).fit(X, y)
    watch.start()
    cpu, wall = time.process_time(), time.perf_counter()
    rows, held_out = WAYS[way](folder)
    reading = time.process_time() - cpu
    if held_out:
        del given["validation_split"]
    BalancedKerasClassifier("mlp", **given).fit(*rows, **held_out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seconds = reading, time.process_time() - cpu, time.perf_counter() - wall
    figures = peak / 1e9, watch.own / 1e9, *seconds
    return {name: round(value, 2) for name, value in zip(FIGURES, figures, strict=True)}


def in_a_process(arguments, seconds):
    """Return what another process of this script prints, or why there is nothing."""
    threads = ("OMP_NUM", "OPENBLAS_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    environ = os.environ | {f"{name}_THREADS": "1" for name in threads}
    environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.scale", *map(str, arguments)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environ, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"not within {seconds / 60:g} minutes"
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return None, f"ended with {done.returncode}, {said[:80]}".replace(",", ";")
    return (done.stdout.splitlines() or [""])[-1], None


def too_large(size, way, memory, folder):
    """Return why a measurement is not tried, or None."""
    matrix = 4e-9 * size[0] * size[1]
    free = shutil.disk_usage(folder).free / 1e9
    if way == "in memory" and 2 * matrix > memory:
        return f"the matrix takes {matrix:.1f} GB of {memory:g} GB that may be used"
    on_disk = (2 if way == "Parquet" else 1) * matrix
    if on_disk > free / 2:
        return f"its files take {on_disk:.0f} GB of {free:.0f} GB of the disk that are free"
    return None


def run(args):
    """Measure what the file of results does not hold."""
    known = {
        tuple(row[key] for key in KEYS) for row in read_results(args.results) if not row["not_run"]
    }
    sizes = list(itertools.product(args.rows, args.columns, args.classes))
    for round_ in range(args.rounds):
        for size in sizes:
            left = [
                way
                for way in args.ways
                if tuple(map(str, (*size, way, args.epochs, round_))) not in known
            ]
            for way in left:
                with tempfile.TemporaryDirectory(dir=args.directory) as folder:
                    reason = too_large(size, way, args.memory, folder)
                    found = None
                    if reason is None:
                        asked = ["--folder", folder, "--one", json.dumps([size, way])]
                        asked += ["--epochs", args.epochs, "--memory", args.memory]
                        seconds = 60 * args.minutes
                        _, reason = in_a_process([*asked, "--write"], seconds)
                        if reason is None:
                            found, reason = in_a_process(asked, seconds)
                            if "MemoryError" in (reason or ""):
                                reason = f"it takes more than {args.memory:g} GB"
                found = json.loads(found) if reason is None else dict.fromkeys(FIGURES, "")
                row = dict(zip(KEYS, (*size, way, args.epochs, round_), strict=True))
                add_result(args.results, row | found | {"not_run": reason or ""})


def table(rows):
    """Return medians over the rounds, a line for each size and way, as Markdown."""
    epochs = sorted({int(row["epochs"]) for row in rows})
    lines = [
        "# Many rows, columns and classes",
        "",
        f'`python -m benchmarks.scale`: `BalancedKerasClassifier("mlp")`, '
        f"{' or '.join(map(str, epochs))} epochs, a fifth of the rows held out, one thread on a "
        f"shared machine. Peak: most memory of the process, pages of mapped files included, "
        f"which the system takes back where others need them; own: without those. TensorFlow and "
        f"a fit of 200 rows take .95 and .42 of them. CPU seconds: of reading, and of all.",
        "",
        "| rows | columns | classes | matrix GB | way | peak GB | own GB | reading s | all s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    measured = {}
    for row in rows:
        size = tuple(int(row[key]) for key in ("rows", "columns", "classes"))
        measured.setdefault((size, row["way"]), {})[row["round"]] = row
    for (size, way), rounds in sorted(
        measured.items(), key=lambda part: (part[0][0], list(WAYS).index(part[0][1]))
    ):
        found = [row for row in rounds.values() if not row["not_run"]]
        cells = ["not run: " + next(iter(rounds.values()))["not_run"], "", "", ""]
        if found:
            cells = [
                f"{statistics.median(float(row[name]) for row in found):g}" for name in FIGURES[:4]
            ]
        matrix = f"{4e-9 * size[0] * size[1]:.2f}"
        lines.append("| " + " | ".join([*(f"{n:,}" for n in size), matrix, way, *cells]) + " |")
    left = not_run(measured)
    return "\n".join([*lines, "", "Not run:", "", *(f"- {each}" for each in left), ""])


def not_run(measured):
    """Return a line for each size of which some ways were never tried, with the reason."""
    lines = []
    for size in itertools.product(ROWS, COLUMNS, CLASSES):
        ways = [way for way in WAYS if (size, way) not in measured]
        if ways:
            named = "in any way" if len(ways) == len(WAYS) else ", ".join(ways)
            reason = why_not(size, measured)
            lines.append(
                f"{size[0]:,} x {size[1]:,}, {size[2]:,} classes, {named}"
                + (f": {reason}" if reason else "")
            )
    return lines


def why_not(size, measured):
    """Return what a size would take: bytes by its shape, seconds by those of fewer rows."""
    n_rows, n_columns, n_classes = size
    takes = []
    for what, cells in (("matrix", n_rows * n_columns), ("probabilities", n_rows // 5 * n_classes)):
        if 4e-9 * cells > LARGE:
            takes.append(f"its {what} take{'s' * (what == 'matrix')} {4e-9 * cells:.0f} GB")
    smaller = [
        (rows, float(row["cpu_s"]))
        for ((rows, *other), _), rounds in measured.items()
        for row in rounds.values()
        if other == [n_columns, n_classes] and rows < n_rows and not row["not_run"]
    ]
    if smaller:
        rows, seconds = max(smaller)
        minutes = seconds * n_rows / rows / 60
        takes.append(f"in proportion to {rows:,} rows it takes {minutes:.0f} CPU minutes")
    return ", and ".join(takes)


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS[:1]))
    parser.add_argument("--columns", type=int, nargs="+", default=list(COLUMNS))
    parser.add_argument("--classes", type=int, nargs="+", default=list(CLASSES))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--memory", type=float, default=10.0, help="GB that a fit may take")
    parser.add_argument("--minutes", type=float, default=30.0, help="of each process")
    parser.add_argument("--directory", help="folder for the rows; the system's temporary one")
    parser.add_argument("--results", type=type(RESULTS), default=RESULTS)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        size, way = json.loads(args.one)
        if args.write:
            write_rows(args.folder, size, way)
        else:
            print(json.dumps(measure(way, args.folder, args.epochs, args.memory)))
        return
    if not args.table:
        run(args)
    made = table(read_results(args.results))
    args.results.with_suffix(".md").write_text(made)
    print(made[made.index("Not run:") :])


if __name__ == "__main__":
    main()
