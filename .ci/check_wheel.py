"""Checks an installed wheel: run it with the interpreter of an environment that holds only that."""

import importlib
import pkgutil
import random
import subprocess
import sys
import tempfile
from importlib import metadata, resources
from pathlib import Path

KERAS = {"keras", "scikeras", "tensorflow"}
# Backends of Keras that the wheel does not bring by itself.
FURTHER = {"jax", "torch"}


def check_that_import_loads_no_keras():
    code = f"import sys, imbalanced_nn; sys.exit(bool({KERAS} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def check_that_it_is_the_wheel():
    import imbalanced_nn

    origin = Path(imbalanced_nn.__file__).resolve()
    assert origin.is_relative_to(Path(sys.prefix).resolve()), f"{origin} is not the wheel's"
    assert imbalanced_nn.__version__ == metadata.version("imbalanced-nn")
    tops = {path.parts[0] for path in metadata.files("imbalanced-nn")}
    strays = {top for top in tops if top not in {"imbalanced_nn", ".."}}
    assert all(top.endswith(".dist-info") for top in strays), f"stray files: {strays}"
    names = {path.name for path in metadata.files("imbalanced-nn")}
    assert {"LICENSE", "py.typed"} <= names


def check_that_every_module_imports():
    import imbalanced_nn

    def fail(name):
        raise ImportError(name)

    walk = pkgutil.walk_packages(imbalanced_nn.__path__, "imbalanced_nn.", onerror=fail)
    names = [module.name for module in walk if not FURTHER & set(module.name.split("."))]
    assert len(names) > 5, names
    for name in names:
        importlib.import_module(name)
    for name in imbalanced_nn.__all__:
        getattr(imbalanced_nn, name)
    print(f"{len(names)} modules and {len(imbalanced_nn.__all__)} public names import")


def check_that_the_data_is_there():
    from imbalanced_nn import datasets

    for name in (name for name in datasets.__all__ if name.startswith("load_")):
        bunch = getattr(datasets, name)(as_frame=True)
        assert "creativecommons.org/licenses/by/4.0" in bunch.DESCR
        print(f"{name}: {bunch.data.shape[0]} rows, {bunch.data.shape[1]} features")
    assert resources.files("imbalanced_nn").joinpath("py.typed").is_file()


def check_that_the_command_runs():
    command = Path(sys.executable).parent / "imbalanced-nn"
    done = subprocess.run([command, "--help"], check=True, capture_output=True, text=True)
    assert "Usage" in done.stdout, done.stdout
    print(f"{command.name} --help runs")


def check_the_path_of_a_new_user():
    """Compare and report, fit, then predict, evaluate and tune, and load, each in a new process."""
    command = str(Path(sys.executable).parent / "imbalanced-nn")
    with tempfile.TemporaryDirectory() as folder:

        def run(*arguments):
            subprocess.run(arguments, check=True, cwd=folder, stdout=subprocess.DEVNULL)

        draw = random.Random(0)
        lines = ["amount,country,age,fraud"]
        for row in range(600):
            fraud = row % 6 == 0
            amount = draw.gauss(3 if fraud else 0, 1)
            age = "" if draw.random() < 0.1 else draw.randrange(20, 80)
            lines.append(f"{amount:.3f},{draw.choice('ABC')},{age},{'yes' if fraud else 'no'}")
        Path(folder, "rows.csv").write_text("\n".join(lines) + "\n")
        short = ("--strategies", "none,class_weight", "--folds", "2", "--epochs", "2")
        run(command, "compare", *short, "--report", "report.html")
        run(command, "fit", "rows.csv", "--target", "fraud", "-o", "fraud.inn", "--epochs", "20")
        aim = ("--objective", "recall", "--constraint", "precision", "0.8")
        commands = (
            ("predict", "fraud.inn", "rows.csv", "-o", "scored.csv"),
            ("evaluate", "fraud.inn", "rows.csv", "--target", "fraud"),
            (
                "tune-threshold",
                "fraud.inn",
                "rows.csv",
                "--target",
                "fraud",
                *aim,
                "-o",
                "tuned.inn",
            ),
        )
        calls = "; ".join(f"main({list(given)!r}, standalone_mode=False)" for given in commands)
        run(sys.executable, "-I", "-c", f"from imbalanced_nn.cli import main; {calls}")
        code = (
            "from imbalanced_nn import load; import pandas as pd; rows = pd.read_csv('rows.csv'); "
            "said = load('tuned.inn').predict(rows); print((said == rows['fraud']).mean()); "
            "assert (said == rows['fraud']).mean() > 0.85"
        )
        run(sys.executable, "-I", "-c", code)
        assert Path(folder, "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
        assert len(Path(folder, "scored.csv").read_text().splitlines()) == len(lines)
    print("a new user gets from a table to a tuned model that another process loads")


def main():
    check_that_import_loads_no_keras()
    check_that_it_is_the_wheel()
    check_that_every_module_imports()
    check_that_the_data_is_there()
    check_that_the_command_runs()
    check_the_path_of_a_new_user()
    print("the wheel is sound")


if __name__ == "__main__":
    main()
