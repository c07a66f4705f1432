"""What is said to who misspells a name or predicts too early, and what is not said."""

import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from .conftest import network, ours, parents


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
def test_unfitted_estimator_says_so(data, method):
    with pytest.raises(AttributeError):
        parents().score(*data)
    arguments = data if method == "score" else data[:1]
    with pytest.raises(NotFittedError, match="not fitted"):
        getattr(ours(), method)(*arguments)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"smapler": "smote"}, "Did you mean 'sampler'?"),
        ({"optimiser__momentum": 0.9}, "Did you mean 'optimizer'?"),
        ({"model__hiden": 3}, "Did you mean 'hidden'?"),
        ({"sampler": "smot"}, "Did you mean 'smote'?"),
        ({"sampler": "smote", "sampler__k_neighbours": 3}, "Did you mean 'k_neighbors'?"),
    ],
)
def test_unknown_parameter_is_answered_with_the_nearest_name(data, wrong, hint):
    def builder(meta, hidden=3):
        return network(meta)

    with pytest.raises(TypeError, match="unexpected keyword argument 'smapler'"):
        parents(smapler="smote").fit(*data)
    with pytest.raises(ValueError) as caught:
        ours(model=builder, **wrong).fit(*data)
    assert hint in str(caught.value)


def test_set_params_answers_with_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'threshold'?"):
        ours().set_params(treshold=0.3)


def test_quiet_means_quiet(data, capfd):
    X, y = data
    parents(predict__verbose=1).fit(X, y).predict(X)
    assert capfd.readouterr().out
    clf = ours(sampler="smote", threshold="f1").fit(X, y)
    clf.predict(X), clf.predict_proba(X), clf.score(X, y), clf.partial_fit(X, y)
    assert capfd.readouterr().out == ""
    clf = ours(verbose=2).fit(X, y)
    assert "Epoch 2" in capfd.readouterr().out
    clf.predict(X)
    assert capfd.readouterr().out == ""


def test_meta_is_the_same_before_every_build(data):
    seen = []

    def builder(meta):
        seen.append(sorted(meta))
        return network(meta)

    clf = ours(model=builder, sampler="smote", class_weight="balanced")
    X = pd.DataFrame(data[0]).add_prefix("x")
    clf.fit(X, data[1]).fit(X, data[1]).partial_fit(X, data[1])
    assert seen[0] == seen[1] and len(seen) == 2
    assert not {"sampler_", "class_count_", "feature_names_in_", "model_"} & set(seen[0])
