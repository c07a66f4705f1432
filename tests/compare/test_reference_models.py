"""Reference models: scikit-learn's own numbers, thresholds without leaks, and the verdict."""

import numpy as np
import pytest
from imblearn.pipeline import Pipeline as SamplerPipeline
from imblearn.under_sampling import RandomUnderSampler
from scipy import sparse
from scipy.stats import t
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from imbalanced_nn.compare import StrategyComparison, compare_strategies, reference_models
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.report import advice
from imbalanced_nn.threshold import ThresholdTuner

LOGISTIC = ["logistic_regression"]
JITTER = np.array([0.0, 0.001, 0.002, 0.003, 0.004])


def compared(estimator, data, baselines=LOGISTIC, cv=2, **more):
    """Return a comparison of one strategy, with a seed."""
    more.setdefault("random_state", 0)
    return compare_strategies(
        estimator, *data, strategies={"none": {}}, baselines=baselines, cv=cv, **more
    )


def thresholded(data, **parameters):
    """Return a fitted logistic regression with its threshold."""
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return reference_models.ThresholdedModel(
        model, ThresholdTuner(), random_state=0, **parameters
    ).fit(*data)


class TestValues:
    def test_default_models_have_the_numbers_of_scikit_learn(self, stand_in, binary):
        X, y = binary
        result = compared(stand_in(), binary, True, StratifiedKFold(2))
        own = {
            "logistic_regression": make_pipeline(StandardScaler(), LogisticRegression()),
            "gradient_boosting": HistGradientBoostingClassifier(random_state=0),
        }
        found = [row for row in result.reference_folds if row["threshold"] == "0.5"]
        assert {row["strategy"] for row in found} == set(own)
        folds = list(StratifiedKFold(2).split(X, y))
        for row in found:
            train, test = folds[row["fold"]]
            model = own[row["strategy"]].fit(X[train], y[train])
            proba = model.predict_proba(X[test])
            is_fraud = y[test] == "fraud"
            fraud = proba[:, model.classes_.tolist().index("fraud")]
            assert row["average_precision"] == pytest.approx(
                average_precision_score(is_fraud, fraud), abs=1e-3
            )
            assert row["log_loss"] == pytest.approx(log_loss(y[test], proba), abs=1e-3)
            assert row["balanced_accuracy"] == balanced_accuracy_score(is_fraud, fraud >= 0.5)

    def test_the_threshold_is_that_of_cross_fitted_probabilities(self, binary):
        X, y = binary
        codes = np.unique(y, return_inverse=True)[1]
        crossed = np.empty((len(y), 2))
        for train, test in StratifiedKFold(3, shuffle=True, random_state=0).split(X, codes):
            model = make_pipeline(StandardScaler(), LogisticRegression())
            crossed[test] = model.fit(X[train], codes[train]).predict_proba(X[test])
        tuner = ThresholdTuner().fit(codes, crossed, pos_label=0)
        model = thresholded(binary)
        assert model.best_threshold_ == pytest.approx(tuner.best_threshold_)

    def test_the_test_rows_have_no_part_in_the_fit(self, stand_in, binary, monkeypatch):
        seen = []
        fit = reference_models.ThresholdedModel.fit

        def recorded(self, X, y, **rows):
            seen.append({tuple(row) for row in X.tolist()})
            return fit(self, X, y, **rows)

        monkeypatch.setattr(reference_models.ThresholdedModel, "fit", recorded)
        X, y = binary
        compared(stand_in(), binary, cv=StratifiedKFold(3))
        for (_, test), rows in zip(StratifiedKFold(3).split(X, y), seen, strict=True):
            assert not rows & {tuple(row) for row in X[test].tolist()}

    def test_groups_are_kept_together_when_the_threshold_is_learned(self, binary, monkeypatch):
        X, y = binary
        groups, apart = np.arange(len(y)) // 3, []
        fitted = reference_models.ThresholdedModel._fitted

        def recorded(self, X, codes, weight, rows):
            apart.append(np.setdiff1d(np.arange(len(codes)), rows))
            return fitted(self, X, codes, weight, rows)

        monkeypatch.setattr(reference_models.ThresholdedModel, "_fitted", recorded)
        model = reference_models.ThresholdedModel(LogisticRegression(), ThresholdTuner())
        model.fit(X, y, groups=groups)
        assert [len(rows) > 0 for rows in apart] == [True] * 3 + [False]
        for rows in apart[:3]:
            assert not np.isin(groups[np.setdiff1d(np.arange(len(y)), rows)], groups[rows]).any()

    def test_weights_reach_model_and_threshold(self, binary):
        X, y = binary
        weight = np.where(y == "fraud", 3, 1)
        repeated = np.repeat(np.arange(len(y)), weight)
        model = make_pipeline(LogisticRegression())
        weighted, copied = (
            reference_models.ThresholdedModel(model, ThresholdTuner(), random_state=0).fit(*rows)
            for rows in ((X, y, weight), (X[repeated], y[repeated]))
        )
        np.testing.assert_allclose(weighted.predict_proba(X), copied.predict_proba(X), atol=1e-3)

    def test_several_classes_and_sparse_rows(self, stand_in, multiclass):
        X, y = multiclass
        dense = compared(stand_in(), multiclass, True)
        assert {row["threshold"] for row in dense.reference_folds} == {"learned", "argmax"}
        as_sparse = compared(LogisticRegression(), (sparse.csc_array(X), y), True)
        for one, other in zip(dense.reference_folds, as_sparse.reference_folds, strict=True):
            assert one["log_loss"] == pytest.approx(other["log_loss"], abs=1e-3)


class TestMechanism:
    def test_they_have_no_part_in_the_choice(self, stand_in, binary):
        alone, beside = (compared(stand_in(), binary, each) for each in (False, LOGISTIC))
        assert alone.reference_folds == []
        assert alone.references_frame().empty
        assert beside.strategies == alone.strategies == ["none"]
        assert (
            beside.frame()
            .drop(columns=["mean_seconds", "std_seconds"])
            .equals(alone.frame().drop(columns=["mean_seconds", "std_seconds"]))
        )
        assert StrategyComparison.from_dict(beside.to_dict()).to_dict() == beside.to_dict()
        assert "logistic_regression" in repr(beside)
        assert "Reference models that are no network" in beside.to_html()

    def test_steps_are_kept_and_samplers_are_not(self, stand_in, binary):
        steps = [("flip", FunctionTransformer(np.negative)), ("under", RandomUnderSampler())]
        whole = SamplerPipeline([*steps, ("net", stand_in())])
        found = compared(whole, binary).reference_folds
        plain = compared(stand_in(), binary).reference_folds
        for one, other in zip(found, plain, strict=True):
            assert one["log_loss"] == pytest.approx(other["log_loss"], abs=1e-4)

    def test_cached_parallel_and_counted(self, stand_in, binary, tmp_path):
        seen = []
        first = compared(stand_in(), binary, cache=f"{tmp_path}/fits/", n_jobs=2)
        assert len(list((tmp_path / "fits").iterdir())) == 4
        again = compared(
            stand_in(),
            binary,
            cache=f"{tmp_path}/fits/",
            progress=lambda done, total: seen.append((done, total)),
        )
        assert again.reference_folds == first.reference_folds
        assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def test_what_is_no_table_is_left_out_with_a_sentence(self, stand_in, binary):
        X, y = binary
        flat = FunctionTransformer(lambda X: X.reshape(len(X), -1), validate=False)
        images = X.reshape(len(X), 1, -1)

        class OfImages(stand_in):
            def fit(self, X, y, sample_weight=None):
                return super().fit(flat.transform(X), y, sample_weight)

            def predict_proba(self, X):
                return super().predict_proba(flat.transform(X))

        result = compared(OfImages(), (images, y), True)
        shape = images.shape[1:]
        assert result.reference_folds == []
        assert result.notes == [
            {
                "text": "Left out logistic_regression and gradient_boosting: rows of shape "
                f"{shape} are no table.",
                "where": "reference models",
                "folds": {},
            }
        ]

    @pytest.mark.parametrize(
        ("baselines", "message"),
        [
            ("lightgbm", "baselines: got 'lightgbm'; it must be True, False or a list of names"),
            (["boosting"], "baselines: 'boosting' is not known; known are 'logistic_regression'"),
            (["xgboost"], "baselines: 'xgboost' is not installed: pip install xgboost."),
        ],
    )
    def test_refusals(self, stand_in, binary, baselines, message, monkeypatch):
        monkeypatch.setattr(reference_models, "find_spec", lambda name: None)
        with pytest.raises(InvalidParameterError) as refusal:
            compared(stand_in(), binary, baselines)
        assert str(refusal.value).startswith(message)
        assert stand_in.fits == []


def made(strategies, models, **more):
    """Return a comparison from average precisions by fold."""
    rows = {}
    for side, scores in (("folds", strategies), ("reference_folds", models)):
        rows[side] = [
            dict.fromkeys(("balanced_accuracy", "f1", "matthews_corrcoef", "seconds"), 0.5)
            | {"strategy": name, "fold": fold, "threshold": cut}
            | {"average_precision": score, "log_loss": 1 - score}
            for name, scores_of in scores.items()
            for fold, score in enumerate(scores_of)
            for cut in ("learned", "0.5")
        ]
    n = len(next(iter(strategies.values())))
    folds = rows["folds"]
    return StrategyComparison(
        folds, [0, 1], [90, 10], 1, [400] * n, [100] * n,
        reference_folds=rows["reference_folds"], **more,
    )  # fmt: skip


class TestVerdict:
    BEST = np.array([0.50, 0.52, 0.48, 0.51, 0.49])

    @pytest.mark.parametrize("scoring", ["average_precision", "log_loss"])
    def test_a_model_that_beats_the_best_strategy(self, scoring):
        models = {"trees": self.BEST + 0.2 + JITTER, "linear": self.BEST - 0.1}
        found = made({"none": self.BEST, "a": self.BEST - 0.1 - JITTER}, models, scoring=scoring)
        # Two models share the 5 %, in two tails each.
        margin = t.isf(0.05 / 4, 4) * np.std(JITTER, ddof=1) * np.sqrt(1 / 5 + 1 / 4)
        assert found.verdict_.endswith(
            " The best strategy, 'none', is not the best model: the reference model 'trees' beats "
            f"it by 0.202 in {scoring.replace('_', ' ')} (95 % interval {0.202 - margin:.3f} to "
            f"{0.202 + margin:.3f})."
        )
        assert found.recommended_strategy_ == found.best_strategy_ == "none"
        assert (found.better_reference_, found.level_reference_) == ("trees", None)
        assert found.to_dict()["better_reference"] == "trees"
        page = found.to_html()
        assert "Use the reference model <code>trees</code>" in page
        assert "Where it has to be a network, take <code>none</code>" in page
        assert "Use <code>none" not in page

    def test_models_that_are_beaten(self):
        models = {"trees": self.BEST - 0.1 - JITTER, "linear": self.BEST - 0.3 - JITTER}
        found = made({"none": self.BEST, "a": self.BEST - 0.2 - JITTER}, models)
        # Of two strategies the better was picked.
        margin = t.isf(0.05 / 8, 4) * np.std(JITTER, ddof=1) * np.sqrt(1 / 5 + 1 / 4)
        assert found.verdict_.endswith(
            " The best strategy, 'none', beats all reference models, the nearest 'trees' by 0.102 "
            f"in average precision (95 % interval {0.102 - margin:.3f} to {0.102 + margin:.3f})."
        )
        assert (found.better_reference_, found.level_reference_) == (None, None)
        assert "<p>Use <code>none</code>" in found.to_html()

    @pytest.mark.parametrize(("sign", "side"), [(1, "ahead of"), (-1, "behind")])
    def test_a_tie(self, sign, side):
        away = sign * np.array([0.1, -0.08, 0.1, -0.08, 0.01])
        found = made({"none": self.BEST}, {"trees": self.BEST + away})
        assert (found.better_reference_, found.level_reference_) == (None, "trees")
        assert "Of the networks, use <code>none</code>" in found.to_html()
        said = found.verdict_
        assert said.startswith(
            "Only 'none' was measured of the strategies. The reference model 'trees' is "
            f"{side} the best strategy, 'none', by 0.010 in average precision (95 % interval -"
        )
        assert said.endswith("), which these folds do not tell from chance.")

    def test_one_fold(self):
        assert made({"none": [0.5]}, {"trees": [0.7]}).verdict_.endswith(
            " The reference model 'trees' is ahead of the best strategy, 'none', by 0.200 in "
            "average precision on the one fold."
        )

    def test_without_reference_models(self):
        found = made({"none": self.BEST, "a": self.BEST}, {})
        assert (found.better_reference_, found.level_reference_) == (None, None)

    @pytest.mark.parametrize("name", ["logistic_regression", "gradient_boosting"])
    def test_the_code_of_a_better_model_fits_it(self, name, binary):
        X, y = binary
        names = {"X": X, "y": y, "X_new": X}
        exec(advice._reference_code(name, "ThresholdTuner()"), names)
        assert balanced_accuracy_score(y, names["labels"]) > 0.6

    @pytest.mark.parametrize(
        ("threshold", "code"),
        [
            ("f1", "ThresholdTuner(objective='f1', min_positives=50)"),
            (ThresholdTuner("mcc"), "ThresholdTuner(objective='mcc')"),
            (
                ThresholdTuner(cost_matrix=np.array([[0, 9], [1, 0]])),
                "ThresholdTuner(cost_matrix=[[0, 9], [1, 0]])",
            ),
            (None, "ThresholdTuner(objective='balanced_accuracy', min_positives=50)"),
        ],
    )
    def test_the_code_learns_the_threshold_that_was_compared(self, stand_in, threshold, code):
        class Aimed(stand_in):
            pass

        Aimed.threshold = threshold
        models = reference_models.reference_models(LOGISTIC, Aimed(), ())
        told = reference_models.reference_settings(models)
        assert told["reference_tuner"] == code
        assert eval(code).objective == models["logistic_regression"].tuner.objective


class Newest:
    """Holds the last fifth of the rows out."""

    def split(self, X, y=None, groups=None):
        yield np.arange(0, len(X) * 4 // 5), np.arange(len(X) * 4 // 5, len(X))


class TestOrder:
    def test_the_threshold_is_that_of_the_rows_that_the_network_holds_out(self, binary):
        X, y = binary
        codes = np.unique(y, return_inverse=True)[1]
        ((train, test),) = Newest().split(X)
        model = make_pipeline(StandardScaler(), LogisticRegression())
        proba = model.fit(X[train], codes[train]).predict_proba(X[test])
        tuner = ThresholdTuner().fit(codes[test], proba, pos_label=0)
        found = thresholded(binary, cv=Newest())
        assert found.best_threshold_ == pytest.approx(tuner.best_threshold_)
        assert found.best_threshold_ != pytest.approx(thresholded(binary).best_threshold_)

    @pytest.mark.parametrize("split", [Newest(), 0.2, 5, None])
    def test_a_splitter_of_the_network_is_taken_over(self, stand_in, split):
        network = make_pipeline(StandardScaler(), stand_in())
        network[-1].validation_split = split
        models = reference_models.reference_models(LOGISTIC, network, ())
        cv = models["logistic_regression"][-1].cv
        assert cv is None or isinstance(cv, Newest)
        assert (cv is not None) == isinstance(split, Newest)
