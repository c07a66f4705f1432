"""compare_strategies: which fits are run, on which rows, with which seeds."""

import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.pipeline import Pipeline as SamplerPipeline
from imblearn.under_sampling import RandomUnderSampler
from joblib.parallel import ThreadingBackend
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    StratifiedKFold,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from imbalanced_nn.compare import STRATEGIES, compare_strategies
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, warn

TWO = ["none", "class_weight"]
METRICS = ["average_precision", "balanced_accuracy", "f1", "matthews_corrcoef", "log_loss"]


def _noted(X):
    """Note how many rows there are, once for each fit."""
    warn("INN005", f"{len(X)} rows")
    return X


class TestFits:
    def test_once_per_strategy_and_fold(self, stand_in, binary):
        result = compare_strategies(stand_in(), *binary, cv=4, random_state=0)
        axes = ("sampler", "class_weight", "loss", "head_sampler")
        fits = [tuple(fit[axis] for axis in axes) for fit in stand_in.fits]
        expected = [tuple(s.get(axis) for axis in axes) for s in STRATEGIES.values()]
        assert sorted(fits, key=str) == sorted(expected * 4, key=str)
        assert len(result.folds_frame()) == 2 * 4 * len(STRATEGIES)

    def test_folds_and_seeds_are_the_same_for_every_strategy(self, stand_in, binary):
        compare_strategies(stand_in(), *binary, cv=3, random_state=0)
        by_fold = {}
        for fit in stand_in.fits:
            by_fold.setdefault(fit["random_state"], []).append(fit)
        assert len(by_fold) == 3
        for fits in by_fold.values():
            assert len(fits) == len(STRATEGIES)
            for fit in fits:
                np.testing.assert_array_equal(fit["X"], fits[0]["X"])
                np.testing.assert_array_equal(fit["y"], fits[0]["y"])

    def test_where_results_come_all_at_once_they_are_the_same(self, stand_in, binary):
        class AtTheEnd(ThreadingBackend):
            supports_return_generator = False

        def compared():
            found = compare_strategies(stand_in(), *binary, strategies=TWO, cv=3, random_state=0)
            return found.folds_frame().drop(columns="seconds")

        expected = compared()
        joblib.register_parallel_backend("at_the_end", AtTheEnd)
        with joblib.parallel_config("at_the_end", n_jobs=1):
            pd.testing.assert_frame_equal(compared(), expected)

    def test_masks_are_the_same_as_positions(self, stand_in, binary):
        def masks():
            for train, test in StratifiedKFold(3).split(*binary):
                rows = np.arange(300)
                yield np.isin(rows, train), np.isin(rows, test)

        found, expected = (
            compare_strategies(stand_in(), *binary, strategies=TWO, cv=cv, random_state=0)
            for cv in (masks(), StratifiedKFold(3))
        )
        assert found.test_sizes == [100] * 3
        pd.testing.assert_frame_equal(found.differences(), expected.differences())

    def test_folds_are_stratified_and_shuffled(self, stand_in, binary):
        X, y = binary
        order = np.argsort(y, kind="stable")
        compare_strategies(stand_in(), X[order], y[order], strategies=["none"], cv=4)
        assert [np.sum(fit["y"] == "fraud") for fit in stand_in.fits] == [30] * 4
        first = {tuple(row) for row in stand_in.fits[0]["X"].tolist()}
        left_out = [i for i, row in enumerate(X[order].tolist()) if tuple(row) not in first]
        assert np.ptp([i for i in left_out if y[order][i] == "ok"]) > 65

    def test_an_open_random_state_is_seeded_and_a_set_one_is_kept(self, stand_in, binary):
        compare_strategies(stand_in(random_state=7), *binary, strategies=TWO, cv=3, random_state=0)
        assert {fit["random_state"] for fit in stand_in.fits} == {7}

    def test_a_nested_random_state_is_seeded(self, stand_in, binary):
        steps = [("under", RandomUnderSampler()), ("net", stand_in())]
        frames = [
            compare_strategies(
                SamplerPipeline(steps), *binary, strategies=["none"], cv=3, random_state=0
            ).folds_frame()
            for _ in range(2)
        ]
        pd.testing.assert_frame_equal(*(f.drop(columns="seconds") for f in frames))

    def test_random_state_reproduces_and_matters(self, stand_in, binary):
        def frame(seed):
            result = compare_strategies(stand_in(), *binary, cv=3, random_state=seed)
            return result.folds_frame().drop(columns="seconds")

        pd.testing.assert_frame_equal(frame(0), frame(0))
        assert not frame(0).equals(frame(1))

    def test_two_jobs_give_the_same_rows_in_the_same_order(self, binary):
        strategies = {"plain": {}, "even": {"class_weight": "balanced"}}
        frames = [
            compare_strategies(
                LogisticRegression(),
                *binary,
                strategies=strategies,
                cv=3,
                n_jobs=jobs,
                random_state=0,
            ).folds_frame()
            for jobs in (None, 2)
        ]
        pd.testing.assert_frame_equal(*(f.drop(columns="seconds") for f in frames))

    def test_the_callers_objects_are_left_alone(self, stand_in, binary):
        X, y = binary
        X_before, y_before = X.copy(), y.copy()
        estimator = stand_in(sampler="random_over")
        compare_strategies(estimator, X, y, strategies=TWO, cv=3)
        np.testing.assert_array_equal(X, X_before)
        np.testing.assert_array_equal(y, y_before)
        assert estimator.get_params() == stand_in(sampler="random_over").get_params()
        assert not hasattr(estimator, "classes_")

    def test_a_strategy_overrides_the_estimators_own_settings(self, stand_in, binary):
        estimator = stand_in(sampler="random_over", class_weight="balanced")
        compare_strategies(estimator, *binary, strategies=["none", "random_over"], cv=2)
        seen = {(fit["sampler"], fit["class_weight"]) for fit in stand_in.fits}
        assert seen == {(None, None), ("random_over", None)}

    def test_progress_is_told_after_every_fit(self, stand_in, binary, capsys):
        told = []
        compare_strategies(
            stand_in(), *binary, strategies=TWO, cv=3, progress=lambda *step: told.append(step)
        )
        assert told == [(done, 6) for done in range(1, 7)]
        assert capsys.readouterr() == ("", "")

    def test_a_warning_of_many_fits_is_passed_on_once(self, stand_in, binary):
        class Warns(stand_in):
            def fit(self, X, y):
                warnings.warn("few rows", UserWarning, stacklevel=2)
                return super().fit(X, y)

        with pytest.warns(UserWarning, match="^few rows$") as caught:
            warnings.simplefilter("always")
            compare_strategies(Warns(), *binary, strategies=TWO, cv=3)
        assert len(caught) == 1
        assert caught[0].filename == __file__

    def test_each_code_is_told_once_with_a_count(self, stand_in, binary):
        class Warns(stand_in):
            def fit(self, X, y):
                warn("INN001", f"only {len(stand_in.fits)} rows of 'a'.")
                warn("INN001", f"only {len(stand_in.fits)} rows of 'b'.")
                if self.class_weight is not None:
                    warn("INN002", f"class_weight {self.class_weight!r}.")
                return super().fit(X, y)

        with pytest.warns(ImbalanceWarning) as caught:
            warnings.simplefilter("always")
            compare_strategies(Warns(), *binary, strategies=TWO, cv=3)
        assert [note.message.told for note in caught] == [
            "[INN001] in 6 of 6 fits; the first: only 0 rows of 'a'.",
            "[INN002] in 3 of 6 fits; the first: class_weight 'balanced'.",
        ]
        assert {note.filename for note in caught} == {__file__}

    def test_two_jobs_count_the_same_notes(self, binary):
        X, y = binary
        with pytest.warns(ImbalanceWarning) as caught:
            compare_strategies(
                make_pipeline(FunctionTransformer(_noted), LogisticRegression()),
                X,
                y,
                strategies={"plain": {}, "even": {"class_weight": "balanced"}},
                cv=2,
                n_jobs=2,
            )
        texts = [str(note.message) for note in caught]
        assert len(texts) == 1
        assert texts[0].startswith("[INN005] in 4 of 4 fits; the first: 150 rows")

    def test_a_note_that_is_an_error_fails_the_first_fit(self, stand_in, binary):
        class Warns(stand_in):
            def fit(self, X, y):
                warn("INN005", "few cuts.")
                return super().fit(X, y)

        with pytest.raises(RuntimeError, match=r"'none' failed on fold 1 .*INN005"):
            compare_strategies(Warns(), *binary, strategies=TWO, cv=3)
        assert stand_in.fits == []


class TestEstimators:
    @pytest.mark.parametrize("kind", [Pipeline, SamplerPipeline])
    def test_a_pipeline_gets_the_parameters_at_its_last_step(self, kind, stand_in, binary):
        pipeline = kind([("scale", StandardScaler()), ("net", stand_in(class_weight="balanced"))])
        compare_strategies(pipeline, *binary, strategies=["none", "random_over"], cv=2)
        seen = {(fit["sampler"], fit["class_weight"]) for fit in stand_in.fits}
        assert seen == {(None, None), ("random_over", None)}
        assert abs(stand_in.fits[0]["X"].mean(axis=0)).max() < 1e-9

    def test_a_pipeline_has_the_learned_rule_of_its_last_step(self, stand_in, binary):
        pipeline = make_pipeline(make_pipeline(StandardScaler(), stand_in()))
        result = compare_strategies(pipeline, *binary, strategies=["none"], cv=2)
        assert set(result.frame()["threshold"]) == {"learned", "0.5"}

    def test_an_estimator_is_an_entry(self, stand_in, binary):
        forest = RandomForestClassifier(5)
        result = compare_strategies(
            stand_in(), *binary, strategies={"net": {"C": 0.1}, "forest": forest}, cv=2
        )
        assert set(result.frame()["strategy"]) == {"net", "forest"}
        assert not hasattr(forest, "classes_")

    @pytest.mark.parametrize("convert", [pd.DataFrame, sparse.csr_array, np.ndarray.tolist])
    def test_other_containers(self, convert, binary):
        X, y = binary
        arguments = {"strategies": {"plain": {}}, "cv": 3, "random_state": 0}
        expected = compare_strategies(LogisticRegression(), X, y, **arguments)
        result = compare_strategies(
            LogisticRegression(), convert(X), pd.Series(y, index=range(5, 305)), **arguments
        )
        np.testing.assert_allclose(
            result.folds_frame()[METRICS], expected.folds_frame()[METRICS], atol=1e-4
        )

    def test_images(self, stand_in, binary):
        class Flattens(LogisticRegression):
            def fit(self, X, y):
                return super().fit(X.reshape(len(X), -1), y)

            def predict_proba(self, X):
                return super().predict_proba(X.reshape(len(X), -1))

            def predict(self, X):
                return super().predict(X.reshape(len(X), -1))

        X, y = binary
        result = compare_strategies(Flattens(), X[:, None, :], y, strategies={"plain": {}}, cv=2)
        assert len(result.folds_frame()) == 4


class TestRowMetadata:
    def test_groups_stay_together_and_reach_the_fit(self, stand_in, binary):
        X, y = binary
        groups = np.arange(len(y)) // 5
        compare_strategies(
            make_pipeline(stand_in()), X, y, strategies=["none"], cv=3, groups=groups
        )
        seen = [set(fit["groups"]) for fit in stand_in.fits]
        for fit, of_fit in zip(stand_in.fits, seen, strict=True):
            assert len(fit["groups"]) == len(fit["y"]) == 5 * len(of_fit)
        assert set.intersection(*seen) == set()

    def test_an_entry_that_takes_no_groups_gets_none(self, binary):
        result = compare_strategies(
            LogisticRegression(),
            *binary,
            strategies={"plain": {}},
            cv=GroupKFold(3),
            groups=np.arange(300) // 5,
        )
        assert result.n_splits == 3

    @pytest.mark.parametrize("routing", [False, True])
    def test_sample_weight_reaches_the_fit(self, routing, stand_in, binary):
        X, y = binary
        weight = np.arange(1.0, 301.0)
        step = stand_in()
        with sklearn.config_context(enable_metadata_routing=routing):
            if routing:
                step = step.set_fit_request(sample_weight=True, groups=False)
            compare_strategies(
                make_pipeline(step), X, y, strategies=["none"], cv=3, sample_weight=weight
            )
        rows = {tuple(row): w for row, w in zip(X.tolist(), weight, strict=True)}
        for fit in stand_in.fits:
            assert fit["sample_weight"].tolist() == [rows[tuple(r)] for r in fit["X"].tolist()]

    def test_sample_weight_is_refused_by_name(self, stand_in, binary):
        with pytest.raises(InvalidParameterError) as refusal:
            compare_strategies(
                stand_in(),
                *binary,
                strategies={"net": {}, "near": KNeighborsClassifier()},
                sample_weight=np.ones(300),
            )
        assert str(refusal.value) == (
            "sample_weight: strategy 'near' is a KNeighborsClassifier, whose fit takes none. "
            "Leave out sample_weight or the strategy."
        )
        assert stand_in.fits == []


def test_every_strategy_states_all_axes_of_balancing():
    axes = {"sampler", "class_weight", "head_sampler"}
    assert all(axes <= set(entry) for entry in STRATEGIES.values())
    assert list(STRATEGIES)[:5] == ["none", "class_weight", "random_over", "random_under", "smote"]
    assert list(STRATEGIES)[5:] == [
        *("tempered_weight", "balanced_batches", "focal", "logit_adjusted", "two_stage"),
    ]
