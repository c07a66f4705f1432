"""One thread for each library, which read this when they are first imported: import it before them.

The same for every way that is measured.
"""

import os

for _name in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
    os.environ.setdefault(f"{_name}_THREADS", "1")
# XLA on a processor takes its threads from the number of cores it believes there are.
os.environ.setdefault("NPROC", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
