"""The folder of real data that benchmarks read, and files of results that can be gone on with."""

import argparse
import csv
import importlib.util
import os
import warnings
from pathlib import Path

from sklearn.model_selection import train_test_split

FOLDER = Path(__file__).parent / "results"
MAX_ROWS = 8000


def load_suite():
    """Return the loader of the folder that the environment variable IMBALANCED_NN_DATA names."""
    folder = os.environ.get("IMBALANCED_NN_DATA")
    if not folder:
        raise SystemExit("Set IMBALANCED_NN_DATA to the folder with load.py and the data sets.")
    spec = importlib.util.spec_from_file_location("load", Path(folder) / "load.py")
    suite = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(suite)
    return suite


def one_class(suite, name):
    """Return all rows of a data set, and 1 for those of a class.

    ``"covtype:3"`` names the class by its code in a set of several; without one it is 1.
    """
    name, _, code = name.partition(":")
    X, y = suite.load(name)
    return X, (y == int(code or 1)).astype(int)


def rows_of(suite, name):
    """Return at most `MAX_ROWS` rows of a data set, stratified, as dense arrays."""
    X, y = suite.load(name)
    if len(y) > MAX_ROWS:
        X, _, y, _ = train_test_split(X, y, train_size=MAX_ROWS, stratify=y, random_state=0)
    return X, y


def read_results(path):
    """Return the rows of a file of results, none if it does not exist yet."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def add_result(path, row):
    """Append a row to a file of results, with a header if it is the first; show it."""
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_text(",".join(row) + "\n")
    line = ",".join(map(str, row.values()))
    with path.open("a") as file:
        file.write(line + "\n")
    print(line, flush=True)


def parser_of(doc):
    """Return a parser that tells the first line of a module, and its way to write tables only."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--table", action="store_true", help="write the table only")
    return parser


def run_missing(parser, run):
    """Run a benchmark by its arguments, unless the table alone is asked for; return them."""
    args = parser.parse_args()
    if not args.table:
        # Notes about few held-out rows, and blends of sequences, are true of some of these sets.
        warnings.simplefilter("ignore")
        run(args)
    return args
