"""Execute the notebooks and store them: ``python -m notebooks [NAME ...]``, all without a name."""

import os
import re
import sys
from pathlib import Path

import nbformat
from jupyter_client import KernelManager
from nbclient import NotebookClient

HERE = Path(__file__).parent
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
# What differs from run to run or is not the notebook's: the kernel's names of its cells with the
# line that warned, and the log of TensorFlow's C++.
NOISE = [
    (re.compile(r"^\S*ipykernel_\d+\S*: (\w+: .*\n)  .*\n", re.M), r"\1"),
    (re.compile(r"^(WARNING: All log messages before absl|[IWE]\d{4} \d\d:).*\n", re.M), ""),
]


def start_kernel():
    """Start a kernel that runs notebooks; whoever starts it ends it by ``shutdown_kernel``."""
    kernel = KernelManager(kernel_name="python3")
    # Pictures are kept only if the kernel chooses how it draws them.
    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    kernel.start_kernel(env={**env, **QUIET}, cwd=str(HERE))
    return kernel


def execute(notebook, kernel, seconds=600):
    """Run a notebook in a kernel and return it with its outputs.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Stays as it is.
    kernel : jupyter_client.KernelManager
        Running.
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
    client = NotebookClient(
        done, kernel, timeout=seconds, record_timing=False, coalesce_streams=True
    )
    try:
        client.execute()
    finally:
        client.kc.stop_channels()
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
            kernel = start_kernel()
            try:
                nbformat.write(execute(nbformat.read(path, as_version=4), kernel), path)
            finally:
                kernel.shutdown_kernel(now=True)


if __name__ == "__main__":
    main(sys.argv[1:])
