"""Execute the notebooks and store them: ``python -m notebooks [NAME ...]``, all without a name."""

import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
# What differs from run to run or is not the notebook's: the kernel's names of its cells with the
# line that warned, and the log of TensorFlow's C++.
NOISE = [
    (re.compile(r"^\S*ipykernel_\d+\S*: (\w+: .*\n)  .*\n", re.M), r"\1"),
    (re.compile(r"^(WARNING: All log messages before absl|[IWE]\d{4} \d\d:).*\n", re.M), ""),
]


def execute(notebook, seconds=600):
    """Run a notebook in a fresh kernel and return it with its outputs.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Stays as it is.
    seconds : int, default=600
        Longest time of a cell.

    Returns
    -------
    nbformat.NotebookNode
        Executed, without what differs between machines.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    done = nbformat.from_dict(notebook)
    # Pictures are kept only if the kernel chooses how it draws them.
    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    client = NotebookClient(
        done, timeout=seconds, kernel_name="python3", record_timing=False, coalesce_streams=True
    )
    client.execute(env={**env, **QUIET}, cwd=str(HERE))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    done.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    for cell in done.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_noise(output)]
    return done


def _is_noise(output):
    """Take the noise out of an output and tell whether nothing is left of it."""
    if output.output_type != "stream":
        return False
    for pattern, kept in NOISE:
        output.text = pattern.sub(kept, output.text)
    return not output.text.strip()


def main(names):
    """Execute the named notebooks, or all, and write each once it has run to its end."""
    for path in sorted(HERE.glob("*.ipynb")):
        if not names or path.stem in names:
            nbformat.write(execute(nbformat.read(path, as_version=4)), path)


if __name__ == "__main__":
    main(sys.argv[1:])
