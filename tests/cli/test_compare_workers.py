"""imbalanced-nn compare: where its fits run."""

import joblib
import pytest
from click.testing import CliRunner

import imbalanced_nn.compare
from imbalanced_nn.cli import main


@pytest.fixture
def engaged(monkeypatch, table):
    """Return the backend and number of jobs that a comparison meets, and what is printed."""

    def engaged(*arguments):
        met = []

        def compare(*_, n_jobs, **options):
            with joblib.Parallel(n_jobs=n_jobs) as parallel:
                met.append((type(parallel._backend).__name__, n_jobs))
            raise RuntimeError("seen")

        monkeypatch.setattr(imbalanced_nn.compare, "compare_strategies", compare)
        done = CliRunner().invoke(main, ["compare", str(table), "--target", "fraud", *arguments])
        return met, done.exit_code, " ".join(done.output.split())

    return engaged


@pytest.mark.parametrize(
    ("arguments", "met"),
    [
        ([], ("SequentialBackend", 1)),
        (["--jobs", "2"], ("LokyBackend", 2)),
        (["--n-jobs", "2", "--backend", "loky"], ("LokyBackend", 2)),
        (["--n-jobs", "2", "--backend", "threading"], ("ThreadingBackend", 2)),
    ],
)
def test_fits_run_where_they_should(engaged, arguments, met):
    assert engaged(*arguments)[0] == [met]


@pytest.mark.parametrize("arguments", [["--backend", "dask"], ["--scheduler", "tcp://a:1"]])
def test_a_cluster_needs_its_address(engaged, arguments):
    met, code, output = engaged(*arguments)
    assert (met, code) == ([], 2)
    assert "--backend dask and --scheduler ADDRESS go together" in output


def test_a_scheduler_that_does_not_answer(engaged):
    pytest.importorskip("distributed")
    met, code, output = engaged("--backend", "dask", "--scheduler", "nonsense://x")
    assert (met, code) == ([], 1)
    assert "No scheduler of dask answers at 'nonsense://x'" in output
