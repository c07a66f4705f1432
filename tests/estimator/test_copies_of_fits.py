"""A copy answers as the original, whatever the fit was."""

import copy
import pickle

import cloudpickle
import joblib
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier, load, save
from tests.problems import Hidden, few_rows

pytestmark = pytest.mark.slow

X, Y = few_rows()
SMALL = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 2, "random_state": 0}
SMALL |= {"loss": "focal"}


def fit(**params):
    return BalancedKerasClassifier(**SMALL | {"sampler": "random_over"} | params).fit(X, Y)


FITS = {
    "held out": lambda: fit(model=None),
    "nothing held out": lambda: fit(validation_split=0, loss="logit_adjusted"),
    "deferred weights": lambda: fit(validation_split=0, loss="ldam", loss__reweight_from=0.0),
    "free constant": lambda: fit(validation_split=0, loss="pairwise_auc"),
    "average of folds": lambda: fit(validation_split=2, loss=None, calibration="sigmoid"),
    "all after folds": lambda: fit(validation_split=2, ensemble=False),
    "two stages": lambda: fit(validation_split=0, head_sampler="balanced_batches"),
    "parts alone": lambda: BalancedKerasClassifier(**SMALL).partial_fit(X, Y),
    "a part after": lambda: fit(loss="ldam").set_params(sampler=None).partial_fit(X, Y),
    "built alone": lambda: BalancedKerasClassifier(**SMALL).initialize(X, Y),
    "tuned": lambda: fit(priors=[0.6, 0.4]).tune_threshold(objective="f1"),
    "own encoder": lambda: Hidden(**SMALL | {"loss": "binary_crossentropy"}).fit(X, Y),
}


@pytest.fixture(scope="module", params=FITS)
def fitted(request):
    return FITS[request.param]()


def by_file(clf, path):
    joblib.dump(clf, path)
    return joblib.load(path)


def test_copies_answer_as_the_original(fitted, tmp_path):
    proba, labels = fitted.predict_proba(X), fitted.predict(X)
    copies = {
        "pickle": lambda: pickle.loads(pickle.dumps(fitted)),
        "cloudpickle": lambda: cloudpickle.loads(cloudpickle.dumps(fitted)),
        "joblib": lambda: by_file(fitted, tmp_path / "a.joblib"),
        "deepcopy": lambda: copy.deepcopy(fitted),
        "copy": lambda: copy.copy(fitted),
    }
    if hasattr(fitted, "fit_result_"):
        save(fitted, tmp_path / "a.inn")
        copies["save"] = lambda: load(tmp_path / "a.inn")
    for name, make in copies.items():
        np.testing.assert_array_equal(make().predict_proba(X), proba, err_msg=name)
        np.testing.assert_array_equal(make().predict(X), labels, err_msg=name)


def test_a_copied_result_answers_as_the_original(fitted):
    if not hasattr(fitted, "fit_result_"):
        pytest.skip("its target encoder hides the classes: there is no result")
    outputs = fitted.network_outputs(X)
    expected = fitted.predict_proba(X)
    for make in (copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))):
        np.testing.assert_array_equal(make(fitted.fit_result_).posterior(outputs), expected)


def test_an_earlier_result_stays_as_it_was():
    clf = fit(loss="ldam", loss__reweight_from=0.0)
    result, outputs = clf.fit_result_, clf.network_outputs(X)
    expected = result.posterior(outputs)
    clf.set_params(loss__reweight_from=None, class_weight="balanced").partial_fit(X[:50], Y[:50])
    np.testing.assert_array_equal(result.posterior(outputs), expected)
