"""Tags and scores: cross-validation, thresholds and calibration of scikit-learn around it."""

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import (
    StratifiedKFold,
    TunedThresholdClassifierCV,
    check_cv,
    cross_val_score,
)
from sklearn.utils import get_tags

from .conftest import LEARNING, ours, parents


def test_folds_are_stratified_by_default(data):
    _, y = data
    assert not is_classifier(parents())
    assert is_classifier(ours())
    assert isinstance(check_cv(3, y, classifier=is_classifier(ours())), StratifiedKFold)


def test_tags_say_what_is_accepted():
    tags = get_tags(ours())
    assert tags.target_tags.required and tags.classifier_tags.multi_label
    assert tags.input_tags.sparse and tags.input_tags.three_d_array
    assert not tags.input_tags.allow_nan
    assert not tags.non_deterministic and get_tags(ours(random_state=None)).non_deterministic
    # A sampler takes one label per row.
    assert not get_tags(ours(sampler="smote")).classifier_tags.multi_label
    assert get_tags(ours(sampler="passthrough")).classifier_tags.multi_label


@pytest.mark.parametrize("scoring", ["average_precision", "roc_auc"])
def test_ranking_scores_work_in_cross_validation(data, scoring):
    with pytest.warns(UserWarning, match="Scoring failed"):
        assert np.isnan(cross_val_score(parents(), *data, scoring=scoring, cv=2)).all()
    scores = cross_val_score(ours(), *data, scoring=scoring, cv=2)
    assert np.isfinite(scores).all() and (scores > 0).all()


def test_tuned_threshold_classifier_wraps_it(data):
    X, y = data
    with pytest.raises(ValueError, match="can't handle a mix"):
        TunedThresholdClassifierCV(parents(), cv=2).fit(X, y)
    tuned = TunedThresholdClassifierCV(ours(**LEARNING), cv=2).fit(X, y)
    assert balanced_accuracy_score(y, tuned.predict(X)) > 0.6


@pytest.mark.slow
def test_calibrated_classifier_keeps_the_ranking(data):
    X, y = data
    frozen = FrozenEstimator(parents(**LEARNING, random_state=0).fit(X, y))
    before = roc_auc_score(y, frozen.predict_proba(X)[:, 1])
    after = roc_auc_score(y, CalibratedClassifierCV(frozen).fit(X, y).predict_proba(X)[:, 1])
    assert before > 0.7 and after == pytest.approx(1 - before, abs=0.01)

    frozen = FrozenEstimator(ours(**LEARNING).fit(X, y))
    before = roc_auc_score(y, frozen.predict_proba(X)[:, 1])
    after = roc_auc_score(y, CalibratedClassifierCV(frozen).fit(X, y).predict_proba(X)[:, 1])
    assert before > 0.7 and after == pytest.approx(before, abs=0.01)


@pytest.mark.filterwarnings(r"ignore:\[INN017\]")
def test_calibrated_classifier_fits_it(data):
    X, y = data
    calibrated = CalibratedClassifierCV(ours(**LEARNING), cv=2).fit(X, y)
    assert roc_auc_score(y, calibrated.predict_proba(X)[:, 1]) > 0.7
