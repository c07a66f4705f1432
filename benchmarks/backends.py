"""CPU seconds of imports, first fits and warm fits on each of Keras' backends.

A backend is chosen when Keras is imported, so each is measured in processes of its own. Warm fits
run interleaved with scikit-learn's MLPClassifier of the same size, batches and epochs, and their
ratio is what to compare: seconds depend on what else the machine does.

    python -m benchmarks.backends [--backends tensorflow jax torch] [--rounds 7]

Writes benchmarks/results/backends.md.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TABLE = Path(__file__).parent / "results" / "backends.md"
SHAPES = [(1000, 20, 10), (32_000, 30, 20)]


def measured(backend, what, rounds, cache):
    """Return what a process of its own measures."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC")
    environ = os.environ | dict.fromkeys(threads, "1")
    environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    environ |= {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "XDG_CACHE_HOME": cache}
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.backends"]
    command += ["--measure", what, "--rounds", str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def measure(what, rounds):
    """Return the seconds of one kind in this process."""
    if what == "first":
        start = time.process_time()
        from imbalanced_nn import BalancedKerasClassifier  # noqa: F401 - for the time it takes

        imported = time.process_time() - start
        from benchmarks import engine, engine_arms

        X, y = engine.make_data(1000, 20)
        start = time.process_time()
        engine_arms.ours(10).fit(X, y)
        return {"import": imported, "first fit": time.process_time() - start}
    from sklearn.neural_network import MLPClassifier

    from benchmarks import engine, engine_arms

    found = {}
    for n_rows, n_features, epochs in SHAPES:
        X, y = engine.make_data(n_rows, n_features)
        theirs = MLPClassifier(
            engine_arms.HIDDEN,
            batch_size=engine_arms.BATCH,
            max_iter=epochs,
            n_iter_no_change=epochs,
            tol=0,
        )
        works = {"ours": engine_arms.ours(epochs), "MLPClassifier": theirs}
        seconds = {name: [] for name in works}
        works["ours"].fit(X, y)
        for _ in range(rounds):
            for name, estimator in works.items():
                start = time.process_time()
                estimator.fit(X, y)
                seconds[name].append(time.process_time() - start)
        found[f"{n_rows:,} x {n_features}"] = {
            name: statistics.median(part) for name, part in seconds.items()
        }
    return found


def main():
    """Measure each backend and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backends", nargs="+", default=["tensorflow", "jax", "torch"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--measure", choices=["first", "warm"])
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.rounds)))
        return
    lines = ["| backend | import | first fit | first fit, next process |"]
    warm_lines = ["| backend | rows x columns | fit | MLPClassifier | ratio |"]
    lines.append("|---|---|---|---|")
    warm_lines.append("|---|---|---|---|---|")
    for backend in given.backends:
        with tempfile.TemporaryDirectory() as cache:
            firsts = [measured(backend, "first", 1, cache) for _ in range(2)]
            warm = measured(backend, "warm", given.rounds, cache)
        numbers = firsts[1]["import"], *(part["first fit"] for part in firsts)
        lines.append(f"| {backend} | " + " | ".join(f"{part:.2f}" for part in numbers) + " |")
        for shape, part in warm.items():
            ours, theirs = part["ours"], part["MLPClassifier"]
            warm_lines.append(
                f"| {backend} | {shape} | {ours:.3f} | {theirs:.3f} | {ours / theirs:.2f} |"
            )
        text = "\n".join(["CPU seconds, one thread.", "", *lines, "", *warm_lines, ""])
        TABLE.write_text(text, "utf-8")
        print(text, flush=True)


if __name__ == "__main__":
    main()
