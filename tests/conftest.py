"""Settings every test needs before the first numerical library is imported."""

import os

# TensorFlow and BLAS read these when they are first imported. With one test process per core,
# more than one thread in each makes every process wait for the others.
for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
