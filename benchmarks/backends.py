"""Each of Keras' backends: CPU seconds of imports and fits, and how well it learns.

A backend is chosen when Keras is imported, so each is measured in processes of its own, one after
the other, first fits in turns. Warm fits run interleaved with scikit-learn's MLPClassifier of the
same size, batches and epochs, and their ratio is what to compare: seconds depend on what else the
machine does. For quality the default network is fitted to 1,200 rows of each data set that ships,
always the same, and judged on 800 others, with several seeds; a fifth of the rows is held out for
its early stopping.

    python -m benchmarks.backends [--only first warm quality] [--backends tensorflow jax torch]

Writes benchmarks/results/backends.json, where tables measured earlier stay, and backends.md.
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path

FOLDER = Path(__file__).parent / "results"
RESULTS, TABLE = FOLDER / "backends.json", FOLDER / "backends.md"
BACKENDS = ["tensorflow", "jax", "torch"]
# Rows, columns, epochs, and how many rounds.
SHAPES = [(1000, 20, 10, 15), (32_000, 30, 20, 2)]
# Fewer for PyTorch, on which `Model.fit` trains, batch by batch.
TURNS = {"tensorflow": 3, "jax": 3, "torch": 1}
N_SEEDS = 5
SETS = ["ai4i2020", "htru2", "page_blocks", "thyroid"]
N_ROWS = 2000
PEER = "MLPClassifier"


def first():
    """Return the seconds of importing and of the first fit in this process."""
    start = time.process_time()
    from imbalanced_nn import BalancedKerasClassifier  # noqa: F401 - for the time it takes

    imported = time.process_time() - start
    from benchmarks import engine, engine_arms

    X, y = engine.make_data(1000, 20)
    start = time.process_time()
    engine_arms.ours(10).fit(X, y)
    return {"import": imported, "first fit": time.process_time() - start}


def warm(n_rows, n_features, epochs, rounds):
    """Return the seconds of warm fits beside scikit-learn's."""
    from sklearn.neural_network import MLPClassifier

    from benchmarks import engine, engine_arms

    n_rows, n_features, epochs = int(n_rows), int(n_features), int(epochs)
    X, y = engine.make_data(n_rows, n_features)
    peer = MLPClassifier(
        engine_arms.HIDDEN,
        batch_size=engine_arms.BATCH,
        max_iter=epochs,
        n_iter_no_change=epochs,
        tol=0,
    )
    engine_arms.ours(epochs).fit(X, y)
    seconds = {"ours": [], PEER: []}
    for _ in range(int(rounds)):
        for name, estimator in (("ours", engine_arms.ours(epochs)), (PEER, peer)):
            start = time.process_time()
            estimator.fit(X, y)
            seconds[name].append(time.process_time() - start)
    return seconds


def quality(name, n_seeds):
    """Return average precision, over the classes, and log loss of held-out rows for each seed."""
    import numpy as np
    from sklearn.metrics import average_precision_score, log_loss
    from sklearn.model_selection import train_test_split

    from imbalanced_nn import BalancedKerasClassifier, datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X, _, y, _ = train_test_split(X, y, train_size=N_ROWS, stratify=y, random_state=0)
    X, X_new, y, y_new = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
    scores = []
    for seed in range(int(n_seeds)):
        clf = BalancedKerasClassifier(validation_split=0.2, random_state=seed).fit(X, y)
        proba = clf.predict_proba(X_new)
        hits = y_new[:, None] == clf.classes_
        if len(clf.classes_) == 2:
            ranked = average_precision_score(hits[:, 1], proba[:, 1])
        else:
            ranked = average_precision_score(hits, proba, average="macro")
        scores.append([float(ranked), float(log_loss(np.asarray(y_new), proba))])
    return scores


PARTS = {"first": first, "warm": warm, "quality": quality}


def in_a_process(backend, cache, part, *arguments):
    """Return what a process of its own measures."""
    environ = os.environ | {"KERAS_BACKEND": backend, "XDG_CACHE_HOME": cache}
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.backends", "--part", part]
    command += map(str, arguments)
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    print(f"    {backend}, {part} {' '.join(map(str, arguments))}", flush=True)
    return json.loads(done.stdout.splitlines()[-1])


def first_fits(backends, caches):
    """Return for each backend what its processes measure: one with an empty cache, then others."""
    found = {backend: [] for backend in backends}
    for turn in range(1 + max(map(TURNS.get, backends))):
        for backend in backends:
            if turn <= TURNS[backend]:
                found[backend].append(in_a_process(backend, caches[backend], "first"))
    return found


def warm_fits(backends, caches):
    """Return for each shape and backend the seconds of warm fits."""
    found = {}
    for n_rows, n_features, epochs, rounds in SHAPES:
        found[f"{n_rows:,} x {n_features}, {epochs} epochs"] = {
            backend: in_a_process(
                backend, caches[backend], "warm", n_rows, n_features, epochs, rounds
            )
            for backend in backends
        }
    return found


def qualities(backends, caches):
    """Return for each data set and backend the scores of each seed; backends run side by side."""

    def scores(pair):
        name, backend = pair
        return in_a_process(backend, caches[backend], "quality", name, N_SEEDS)

    pairs = list(product(SETS, backends))
    with ThreadPoolExecutor(len(backends)) as pool:
        found = dict(zip(pairs, pool.map(scores, pairs), strict=True))
    return {name: {backend: found[name, backend] for backend in backends} for name in SETS}


TABLES = {"first": first_fits, "warm": warm_fits, "quality": qualities}


def machine():
    """Return the processor and the versions."""
    from benchmarks import engine

    try:
        return f"{engine.machine()}, jax {version('jax')}"
    except PackageNotFoundError:
        return engine.machine()


def first_lines(found):
    """Return a table of first fits."""
    yield "| backend | import | first fit | first fit, cache filled |"
    yield "|---|---|---|---|"
    for backend, (cold, *later) in found.items():
        imports, fits = (statistics.median(part[kind] for part in later) for kind in cold)
        yield f"| {backend} | {imports:.2f} | {cold['first fit']:.2f} | {fits:.2f} |"


def warm_lines(found):
    """Return a table of warm fits."""
    yield f"| rows x columns | backend | fit | range | {PEER} | ratio |"
    yield "|---|---|---|---|---|---|"
    for shape, row in found.items():
        for backend, seconds in row.items():
            ours, theirs = map(statistics.median, seconds.values())
            spread = f"{min(seconds['ours']):.3f} - {max(seconds['ours']):.3f}"
            yield (
                f"| {shape} | {backend} | {ours:.3f} | {spread} | {theirs:.3f} "
                f"| {ours / theirs:.2f} |"
            )


def quality_lines(found):
    """Return a table of scores."""
    yield "| data | backend | seeds | average precision | log loss |"
    yield "|---|---|---|---|---|"
    for name, row in found.items():
        for backend, scores in row.items():
            cells = [
                f"{statistics.mean(part):.4f} ± {statistics.stdev(part):.4f}"
                for part in zip(*scores, strict=True)
            ]
            yield f"| {name} | {backend} | {len(scores)} | {' | '.join(cells)} |"


LINES = {
    "first": ("CPU seconds in a process, 1,000 x 20, 10 epochs", first_lines),
    "warm": (f"CPU seconds of warm fits; the ratio is to {PEER}", warm_lines),
    "quality": ("Held-out rows: mean and standard deviation over seeds", quality_lines),
}


def page(results):
    """Return the results as a page of Markdown."""
    lines = ["# Keras' backends", "", results["machine"], ""]
    for name, (title, table) in LINES.items():
        if name in results:
            lines += [f"## {title}", "", *table(results[name]), ""]
    return "\n".join(lines)


def main():
    """Measure each backend and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=BACKENDS)
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        kind, *rest = given.part
        print(json.dumps(PARTS[kind](*rest)))
        return
    for name in given.only:
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            caches = {backend: os.path.join(folder, backend) for backend in given.backends}
            measured = TABLES[name](given.backends, caches)
        results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
        results |= {"machine": machine(), name: measured}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        TABLE.write_text(page(results), "utf-8")
    print(page(results))


if __name__ == "__main__":
    main()
