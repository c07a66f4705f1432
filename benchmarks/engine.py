"""CPU seconds of fits, searches and predictions beside the neighbours.

Rows of the table are chosen by name and measured one after the other. Within a row all arms run
interleaved, after a warm-up of each, and the median of the rounds counts; those of TensorFlow, JAX
and PyTorch each in a process that lasts as long as the row. Only ratios within a row say
something: seconds depend on the machine and on what else runs on it. The two searches run once and
in full; the one of 50,000 rows takes most of an hour.

    python -m benchmarks.engine [--only NAME ...] [--rounds 5]

Writes benchmarks/results/engine.json, where rows measured earlier stay, and the table engine.md.
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import argparse
import gc
import importlib.metadata
import itertools
import json
import os
import platform
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import engine_arms
from benchmarks.engine_homes import in_a_process, interleaved, serve

FOLDER = Path(__file__).parent / "results"
RESULTS, TABLE = FOLDER / "engine.json", FOLDER / "engine.md"
OURS, NEIGHBOUR = "imbalanced_nn", "scikeras"
PACKAGES = ["tensorflow", "keras", "scikeras", "scikit-learn", "imbalanced-learn"]
PACKAGES += ["jax", "torch", "skorch", "numpy"]


def make_data(n_rows, n_features):
    """Return a table of float32 with one positive in twenty."""
    from sklearn.datasets import make_classification

    X, y = make_classification(
        n_rows, n_features, n_informative=8, weights=[0.95], class_sep=0.8, random_state=0
    )
    return X.astype(np.float32), y


def cpu_seconds(work):
    """Return the CPU seconds of all threads that a call takes, and what it returns."""
    gc.collect()
    start = time.process_time()
    returned = work()
    return time.process_time() - start, returned


def fits(home, n_rows, n_features, epochs):
    """Return fits of every arm of a home in every spelling; warm from the second on."""
    X, y = make_data(n_rows, n_features)
    arms = engine_arms.spelled(home)
    return {name: lambda arm=arm: arm(epochs).fit(X, y) for name, arm in arms.items()}


def make_sparse_data(n_rows=5000, n_columns=50_000, words=100):
    """Return a sparse table such as texts make, so many words in each, and classes."""
    from scipy import sparse

    X = sparse.random(
        n_rows, n_columns, words / n_columns, "csr", np.float32, np.random.default_rng(0)
    )
    score = np.asarray(X[:, :1000].sum(axis=1)).ravel()
    return X, (score > np.quantile(score, 0.95)).astype(int)


def sparse_fits(home):
    """Return fits of a wide sparse table, of the arms that take one."""
    X, y = make_sparse_data()
    arms = {name: arm for name, arm in engine_arms.spelled(home).items() if takes_sparse(name)}
    return {name: lambda arm=arm: arm(2).fit(X, y) for name, arm in arms.items()}


def takes_sparse(name):
    """Return whether an arm takes sparse rows: Keras alone and PyTorch do not."""
    return name.startswith((OURS, NEIGHBOUR, "sklearn"))


def predictions(home, n_rows):
    """Return predictions of so many rows by every arm of a home, fitted before."""
    X, y = make_data(1000, 20)
    rows = make_data(max(n_rows, 100), 20)[0][:n_rows]
    fitted = {name: arm(2).fit(X, y) for name, arm in engine_arms.installed_arms(home).items()}
    return {name: lambda arm=arm: arm.predict_proba(rows) for name, arm in fitted.items()}


def sparse_predictions(home):
    """Return predictions of a wide sparse table."""
    X, y = make_sparse_data()
    arms = engine_arms.installed_arms(home)
    fitted = {name: arm(2).fit(X, y) for name, arm in arms.items() if takes_sparse(name)}
    return {name: lambda arm=arm: arm.predict_proba(X) for name, arm in fitted.items()}


# By the row's name in what is written: the works of a home, and how often each is done in a round.
INTERLEAVED = {
    "warm fit 1k x 20, 10 epochs": (partial(fits, n_rows=1000, n_features=20, epochs=10), 1),
    "warm fit 32k x 30, 20 epochs": (partial(fits, n_rows=32_000, n_features=30, epochs=20), 1),
    "warm fit 5k x 50k, sparse, 2 epochs": (sparse_fits, 1),
    "predict 5k x 50k, sparse": (sparse_predictions, 1),
    "predict 1 row": (partial(predictions, n_rows=1), 20),
    "predict 1,000 rows": (partial(predictions, n_rows=1000), 20),
    "predict 100,000 rows": (partial(predictions, n_rows=100_000), 3),
}


def in_turns(*rows):
    """Return what measures rows whose arms work in turns."""
    return lambda rounds: {
        row: interleaved(engine_arms.ARMS, row, rounds, INTERLEAVED[row][1]) for row in rows
    }


def first_fits(rounds):
    """Fit once in a process of its own, with caches filled before; imports are not counted."""
    homes = {name: home for home in engine_arms.ARMS for name in engine_arms.installed_arms(home)}
    seconds = {name: [] for name in homes}
    with tempfile.TemporaryDirectory() as cache:
        for turn in range(rounds + 1):
            for name, home in homes.items():
                spent = in_a_process(home, "first", home, name, XDG_CACHE_HOME=cache)
                seconds[name] += [spent] * (turn > 0)
                print(f"    {name}: {spent:.3f} s", flush=True)
    return {"first fit in a process, 1k x 20": seconds}


def first_fit(home, name):
    """Return the CPU seconds of the first fit in this process."""
    X, y = make_data(1000, 20)
    estimator = engine_arms.ARMS[home][name](10)
    import imblearn.over_sampling  # noqa: F401 - for the time it takes
    import keras  # noqa: F401 - for the time it takes

    return cpu_seconds(lambda: estimator.fit(X, y))[0]


def resident_bytes():
    """Memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def memory_growth(name, n_fits):
    """Return the memory, in MB, that each quarter of so many fits adds per fit."""
    X, y = make_data(1000, 20)
    arm = engine_arms.ARMS["tensorflow"][name]
    arm(2).fit(X, y).predict_proba(X)
    gc.collect()
    marks = [resident_bytes()]
    for _ in range(4):
        for _ in range(n_fits // 4):
            arm(2).fit(X, y).predict_proba(X)
        gc.collect()
        marks.append(resident_bytes())
    return [(b - a) / 1e6 / (n_fits // 4) for a, b in itertools.pairwise(marks)]


def search(n_rows, n_features):
    """Run whole searches over six strategies, each arm once; return seconds and best scores."""
    X, y = make_data(n_rows, n_features)
    seconds, scores = {}, {}
    arms = engine_arms.searches(epochs=20)
    # A first fit of each kind, so that no arm pays for what the process does once.
    engine_arms.ours(1).fit(X[:500], y[:500])
    engine_arms.scikeras(1).fit(X[:500], y[:500])
    for name, make in arms.items():
        spent, fitted = cpu_seconds(lambda: make().fit(X, y))  # noqa: B023 - called at once
        seconds[name], scores[name] = [spent], fitted.best_score_
        print(f"    {name}: {spent:.1f} s, best {fitted.best_score_:.4f}", flush=True)
    return {"seconds": seconds, "scores": scores}


def workers(rounds):
    """Search with one process and with two workers, which start anew in each round."""
    from joblib.externals.loky import get_reusable_executor

    result = {}
    for n_rows, n_features in ((2000, 20), (20_000, 30)):
        X, y = make_data(n_rows, n_features)
        make = next(iter(engine_arms.searches(epochs=20).values()))
        make().fit(X, y)
        seconds = {f"n_jobs={n_jobs}, {kind}": [] for n_jobs in (1, 2) for kind in ("CPU", "wall")}
        for _ in range(rounds):
            for n_jobs in (1, 2):
                before, start = sum(os.times()[:4]), time.perf_counter()
                make().set_params(n_jobs=n_jobs).fit(X, y)
                # Their time counts once they have ended.
                get_reusable_executor().shutdown(wait=True)
                seconds[f"n_jobs={n_jobs}, wall"].append(time.perf_counter() - start)
                seconds[f"n_jobs={n_jobs}, CPU"].append(sum(os.times()[:4]) - before)
        result[f"search {n_rows // 1000}k x {n_features}, 31 fits, with workers"] = seconds
    return result


def memory(rounds):
    """Return what fit after fit adds to the memory of a process, once whatever the rounds."""
    n_fits = {OURS: 200, NEIGHBOUR: 20}
    return {
        "memory": {
            name: in_a_process("tensorflow", "memory", name, n) for name, n in n_fits.items()
        }
    }


PARTS = {
    "serve": lambda home, row: serve(INTERLEAVED[row][0](home)),
    "first": lambda home, name: print(json.dumps(first_fit(home, name))),
    "memory": lambda name, n_fits: print(json.dumps(memory_growth(name, int(n_fits)))),
}
ROWS = {
    "first": first_fits,
    "small": in_turns("warm fit 1k x 20, 10 epochs"),
    "large": in_turns("warm fit 32k x 30, 20 epochs"),
    "sparse": in_turns("warm fit 5k x 50k, sparse, 2 epochs", "predict 5k x 50k, sparse"),
    "predict": in_turns("predict 1 row", "predict 1,000 rows", "predict 100,000 rows"),
    "memory": memory,
    "workers": workers,
    "search_2k": lambda rounds: {"search 2k x 20": search(2000, 20)},
    "search_50k": lambda rounds: {"search 50k x 30": search(50_000, 30)},
}


def machine():
    """Return the processor and the versions, without which no figure means anything."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text("utf-8").splitlines() if "model name" in line]
        cpu = names[0].split(":")[1].strip() if names else cpu
    versions = [f"{p} {v}" for p in PACKAGES if (v := _version(p))]
    return f"{cpu}, {os.cpu_count()} cores, one thread per library; " + ", ".join(versions)


def _version(package):
    """Return the installed version of a distribution, None without one."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def table(results):
    """Return the results as a page of Markdown."""
    lines = ["# The training engine beside its neighbours", ""]
    lines += ["CPU seconds: median and range of the rounds; the ratio is to ours.", ""]
    for row, measured in results["rows"].items():
        lines += [f"## {row}", "", results["machines"][row], ""]
        if row == "memory":
            lines += ["| arm | MB per fit, by quarter of the fits |", "|---|---|"]
            lines += [
                f"| {arm} | {', '.join(f'{mb:.2f}' for mb in quarters)} |"
                for arm, quarters in measured.items()
            ]
        else:
            lines += _seconds_table(measured)
        lines.append("")
    return "\n".join(lines)


def _seconds_table(measured):
    """Return the lines of a table of seconds, and of best scores where there are any."""
    seconds, scores = measured.get("seconds", measured), measured.get("scores")
    ours = statistics.median(next(iter(seconds.values())))
    head = "| arm | CPU s | range | ratio |" + (" best score |" if scores else "")
    lines = [head, "|---" * (head.count("|") - 1) + "|"]
    for arm, values in seconds.items():
        median = statistics.median(values)
        line = f"| {arm} | {median:.3g} | {min(values):.3g} - {max(values):.3g} "
        line += f"| {median / ours:.2f} |"
        lines.append(line + (f" {scores[arm]:.4f} |" if scores else ""))
    return lines


def main():
    """Measure the chosen rows and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        kind, *rest = arguments.part
        PARTS[kind](*rest)
        return
    for name in itertools.chain.from_iterable(engine_arms.ARMS.values()):
        if packages := engine_arms.missing(name):
            print(f"{name} is left out: {' and '.join(packages)} not installed.")
    FOLDER.mkdir(exist_ok=True)
    for row in arguments.only:
        print(row, flush=True)
        measured = ROWS[row](arguments.rounds)
        # Read again: another run may have written rows in the meantime.
        results = {"machines": {}, "rows": {}}
        if RESULTS.exists():
            results = json.loads(RESULTS.read_text("utf-8"))
        results["machines"] |= dict.fromkeys(measured, machine())
        results["rows"] |= measured
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        TABLE.write_text(table(results), "utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
