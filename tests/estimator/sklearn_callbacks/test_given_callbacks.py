"""What set_callbacks takes, and which copies of the estimator keep it."""

import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ScoringMonitor

from imbalanced_nn import BalancedKerasClassifier, load, save
from imbalanced_nn.exceptions import InvalidParameterError
from tests.problems import TINY

from .conftest import Recorder


class TestGiven:
    @pytest.mark.parametrize(
        "wrong", [keras.callbacks.TerminateOnNaN(), Recorder, "bar"], ids=["Keras", "class", "text"]
    )
    def test_other_objects_are_refused(self, wrong):
        clf = BalancedKerasClassifier("mlp")
        with pytest.raises(InvalidParameterError) as error:
            clf.set_callbacks(wrong)
        assert str(error.value) == (
            f"set_callbacks got {(wrong,)!r}, but takes instances that follow scikit-learn's "
            f"FitCallback protocol, such as sklearn.callback.ProgressBar(). Keras' callbacks go to "
            f"the parameter: set_params(callbacks=[...])."
        )
        # scikit-learn's own estimators raise this.
        assert isinstance(error.value, TypeError)
        assert not hasattr(clf, "_skl_callbacks")

    def test_clones_and_pickles_keep_them_and_files_do_not(self, data, tmp_path):
        monitor = ScoringMonitor(scoring="roc_auc")
        clf = BalancedKerasClassifier(**TINY).set_callbacks(monitor).fit(*data)
        assert clone(clf)._skl_callbacks == [monitor]
        restored = pickle.loads(pickle.dumps(clf))
        assert [type(callback) for callback in restored._skl_callbacks] == [ScoringMonitor]
        restored.fit(*data)
        assert len(restored._skl_callbacks[0].get_logs(select="all")) == 2
        save(clf, tmp_path / "a.inn")
        loaded = load(tmp_path / "a.inn")
        assert not hasattr(loaded, "_skl_callbacks")
        np.testing.assert_array_equal(loaded.predict_proba(data[0]), clf.predict_proba(data[0]))
        assert not hasattr(clf.set_callbacks(), "_skl_callbacks")

    def test_a_shallow_copy_shares_the_network(self, data):
        clf = BalancedKerasClassifier(**TINY).fit(*data)
        twin = copy.copy(clf)
        assert vars(twin) == vars(clf)
        assert twin.model_ is clf.model_
        assert copy.deepcopy(clf).model_ is not clf.model_
