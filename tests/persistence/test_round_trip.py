"""A loaded estimator answers as the saved one did, bit for bit."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from imbalanced_nn import BalancedKerasClassifier, load, save
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.persistence.estimator_forms import all_forms
from imbalanced_nn.persistence.values import PLAIN, Decoder, Encoder
from imbalanced_nn.preprocessing import ColumnEncoder, ColumnTypes

from .conftest import assert_same, binary, network

pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN0(03|11)\]")
# As in the process that what is fitted here is read in.
REWRITTEN = True


def test_answers_are_equal_bit_for_bit(fit_and_rows, tmp_path):
    clf, X = fit_and_rows
    save(clf, tmp_path / "a.inn")
    twin = load(tmp_path / "a.inn")
    np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
    decided = twin.predict(X)
    np.testing.assert_array_equal(decided, clf.predict(X))
    assert decided.dtype == clf.predict(X).dtype
    assert twin.score(X, decided) == clf.score(X, decided)


def test_everything_learned_is_there(fit_and_rows, tmp_path):
    clf, _ = fit_and_rows
    save(clf, tmp_path / "a.inn")
    twin = load(tmp_path / "a.inn")
    assert set(vars(twin)) == set(vars(clf))
    for name, value in vars(clf).items():
        assert_same(vars(twin)[name], value, name)
    assert_same(twin.target_encoder_.classes_, clf.target_encoder_.classes_)
    assert twin.target_encoder_._target_type == clf.target_encoder_._target_type


def test_a_loaded_estimator_is_tuned_saved_pickled_and_trained_as_the_other(fit_and_rows, tmp_path):
    clf, X = fit_and_rows
    save(clf, tmp_path / "a.inn")
    twin = load(tmp_path / "a.inn")
    again = pickle.loads(pickle.dumps(twin))
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    save(twin, tmp_path / "b.inn")
    np.testing.assert_array_equal(load(tmp_path / "b.inn").predict(X), clf.predict(X))
    if hasattr(clf, "best_score_") and not hasattr(clf, "n_steps_"):
        expected = pickle.loads(pickle.dumps(clf)).tune_threshold()
        assert_same(twin.tune_threshold().best_threshold_, expected.best_threshold_)
        assert_same(twin.best_score_, expected.best_score_)
    if clf.calibration not in (None, "prior"):
        return
    y = clf.predict(X)
    before = len(twin.history_["loss"])
    assert len(twin.partial_fit(X, y).history_["loss"]) == before + 1


def test_a_pipeline_is_saved_with_its_transformers(tmp_path):
    X, y = binary()
    frame = pd.DataFrame(X[:, :6], columns=list("abcdef"))
    frame["text"] = np.where(X[:, 7] > 0, "p", "q")
    frame["code"] = np.where(X[:, 8] > 0, 3, 4)
    frame.loc[::9, "a"] = np.nan
    bins = KBinsDiscretizer(3, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["a", "b"]),
        (FeatureUnion([("p", PowerTransformer()), ("q", PCA(1))]), ["c", "d"]),
        (bins, ["e"]),
        (OneHotEncoder(min_frequency=3), make_column_selector(dtype_exclude=np.number)),
        (OrdinalEncoder(), ["code"]),
        remainder="passthrough",
    )
    scaler = QuantileTransformer(n_quantiles=20)
    pipeline = make_pipeline(columns, scaler, RobustScaler(), "passthrough", network())
    pipeline.fit(frame, y)
    save(pipeline, tmp_path / "a.inn")
    twin = load(tmp_path / "a.inn")
    np.testing.assert_array_equal(twin.predict_proba(frame), pipeline.predict_proba(frame))
    assert twin.feature_names_in_.tolist() == frame.columns.tolist()


def test_a_table_of_every_kind_of_column_is_encoded_as_before(tmp_path):
    X, y = binary()
    frame = pd.DataFrame(
        {
            "amount": np.where(X[:, 0] > 1, np.nan, X[:, 0]),
            "~": np.where(X[:, 1] > 0, "p", "q"),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(X)), unit="D"),
            "flag": X[:, 2] > 0,
        }
    )
    steps = [("types", ColumnTypes()), ("encoder", ColumnEncoder()), ("classifier", network())]
    pipeline = Pipeline(steps).fit(frame, y)
    save(pipeline, tmp_path / "a.inn")
    twin = load(tmp_path / "a.inn")
    np.testing.assert_array_equal(twin.predict_proba(frame), pipeline.predict_proba(frame))
    frame.loc[3, "~"] = "never seen"
    np.testing.assert_array_equal(twin[:-1].transform(frame), pipeline[:-1].transform(frame))


LABELS = {
    "str": (["ok", "fraud"], "<U5"),
    "int": ([7, -3], "int64"),
    "small int": (np.array([0, 200], "uint8"), "uint8"),
    "bool": ([False, True], "bool"),
    "float": ([0.0, 1.0], "float64"),
    "object": (np.array(["ok", "fraud"], dtype=object), "object"),
}


@pytest.mark.parametrize(("labels", "dtype"), LABELS.values(), ids=LABELS)
def test_labels_of_any_type_come_back(labels, dtype, tmp_path):
    X, codes = binary((0, 1), n=200)
    y = np.asarray(labels)[codes]
    clf = network(epochs=1).fit(X, y)
    save(clf, tmp_path / "a.inn")
    twin = load(tmp_path / "a.inn")
    assert twin.classes_.dtype == clf.classes_.dtype == dtype
    assert_same(twin.predict(X), clf.predict(X))
    assert_same(twin.pos_label_, clf.pos_label_)
    assert_same(twin.score(X, y), clf.score(X, y))


@pytest.mark.slow
def test_a_new_process_predicts_the_same(fitted, saved, tmp_path):
    X, _ = binary()
    np.save(tmp_path / "X.npy", X)
    code = """
import sys, numpy as np, imbalanced_nn
path, rows, answer = sys.argv[1:]
np.save(answer, imbalanced_nn.load(path).predict_proba(np.load(rows)))
"""
    paths = [saved, tmp_path / "X.npy", tmp_path / "proba.npy"]
    subprocess.run([sys.executable, "-c", code, *paths], check=True, capture_output=True)
    np.testing.assert_array_equal(np.load(tmp_path / "proba.npy"), fitted.predict_proba(X))


plain = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.sampled_from([np.float32(0.1), np.int8(3), np.str_("a"), np.bool(True), slice(1, None)]),
        st.sampled_from([np.dtype("<f4"), np.dtype("<U7"), np.datetime64("2024-01-01")]),
        hnp.arrays(
            st.sampled_from(["<f8", ">i4", "bool", "<U3", "<M8[s]", "S2", "<c16"]),
            hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9),
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(), inner, max_size=3),
        st.dictionaries(st.one_of(st.integers(), st.tuples(st.text())), inner, max_size=3),
    ),
    max_leaves=8,
)


@given(plain)
@settings(max_examples=150)
def test_every_plain_value_comes_back_as_it_was(value):
    encoder = Encoder(PLAIN)
    content = encoder.encode(value)
    assert_same(Decoder(PLAIN, encoder.members).decode(content), value)


def test_tags_are_never_used_twice():
    tags = [form.tag for form in all_forms({})]
    assert len(tags) == len(set(tags))


class _Noting(BalancedKerasClassifier):
    def fit(self, X, y, **arguments):
        super().fit(X, y, **arguments)
        self._seen, self.margin_ = {"rows": len(X)}, 0.5
        return self


def test_what_a_subclass_notes_is_kept(tmp_path):
    X, y = binary()
    small = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 1, "random_state": 0}
    clf = _Noting(**small).fit(X, y)
    save(clf, tmp_path / "a.inn")
    loaded = load(tmp_path / "a.inn", custom_objects={"_Noting": _Noting})
    assert (loaded._seen, loaded.margin_) == ({"rows": 400}, 0.5)
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    clf._seen = lambda: None
    with pytest.raises(InvalidParameterError, match="cannot be saved: _seen is <function"):
        save(clf, tmp_path / "b.inn")
    assert not (tmp_path / "b.inn").exists()
