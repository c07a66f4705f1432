"""Checks an installed wheel: run it with the interpreter of an environment that holds only that."""

import importlib
import pkgutil
import subprocess
import sys
from importlib import metadata, resources
from pathlib import Path

KERAS = {"keras", "scikeras", "tensorflow"}


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
    names = [module.name for module in walk]
    assert len(names) > 5, names
    for name in names:
        importlib.import_module(name)
    for name in imbalanced_nn.__all__:
        getattr(imbalanced_nn, name)
    print(f"{len(names)} modules and {len(imbalanced_nn.__all__)} public names import")


def check_that_the_data_is_there():
    from imbalanced_nn import datasets

    for name in datasets.__all__:
        bunch = getattr(datasets, name)(as_frame=True)
        assert "creativecommons.org/licenses/by/4.0" in bunch.DESCR
        print(f"{name}: {bunch.data.shape[0]} rows, {bunch.data.shape[1]} features")
    assert resources.files("imbalanced_nn").joinpath("py.typed").is_file()


def check_that_the_command_runs():
    command = Path(sys.executable).parent / "imbalanced-nn"
    done = subprocess.run([command, "--help"], check=True, capture_output=True, text=True)
    assert "Usage" in done.stdout, done.stdout
    print(f"{command.name} --help runs")


def main():
    check_that_import_loads_no_keras()
    check_that_it_is_the_wheel()
    check_that_every_module_imports()
    check_that_the_data_is_there()
    check_that_the_command_runs()
    print("the wheel is sound")


if __name__ == "__main__":
    main()
