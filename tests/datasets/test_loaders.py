"""The data sets that ship: shape, counts, table form and licence."""

from importlib import resources

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.datasets import load_ai4i2020, load_htru2, load_page_blocks, load_thyroid
from imbalanced_nn.exceptions import InvalidParameterError

# loader, rows, feature names, rows per class by name
SETS = [
    pytest.param(
        load_thyroid,
        "age sex on_thyroxine query_on_thyroxine on_antithyroid_medication sick pregnant"
        " thyroid_surgery I131_treatment query_hypothyroid query_hyperthyroid lithium goitre tumor"
        " hypopituitary psych TSH T3 TT4 T4U FTI",
        {"hyper": 166, "subnormal": 368, "normal": 6666},
        id="thyroid",
    ),
    pytest.param(
        load_ai4i2020,
        "type_H type_L type_M air_temperature process_temperature rotational_speed torque"
        " tool_wear",
        {"no failure": 9661, "failure": 339},
        id="ai4i2020",
    ),
    pytest.param(
        load_htru2,
        "profile_mean profile_std profile_kurtosis profile_skewness dm_snr_mean dm_snr_std"
        " dm_snr_kurtosis dm_snr_skewness",
        {"noise": 16259, "pulsar": 1639},
        id="htru2",
    ),
    pytest.param(
        load_page_blocks,
        "height length area eccentricity p_black p_and mean_transition black_pixels black_and"
        " transitions",
        {"text": 4913, "horizontal line": 329, "graphic": 28, "vertical line": 87, "picture": 115},
        id="page_blocks",
    ),
]
each_set = pytest.mark.parametrize(("load", "feature_names", "counts"), SETS)


@each_set
def test_bunch_holds_the_whole_table(load, feature_names, counts):
    bunch = load()
    n_rows = sum(counts.values())
    assert set(bunch) == {
        "data", "target", "frame", "feature_names", "target_names", "DESCR", "filename",
    }  # fmt: skip
    assert bunch.feature_names == feature_names.split()
    assert bunch.data.shape == (n_rows, len(bunch.feature_names))
    assert bunch.data.dtype == np.float64
    assert bunch.data.flags["C_CONTIGUOUS"]
    assert np.isfinite(bunch.data).all()
    assert bunch.target.shape == (n_rows,)
    assert bunch.target.dtype == np.int64
    assert bunch.frame is None
    names, rows = np.unique(bunch.target_names[bunch.target], return_counts=True)
    assert dict(zip(names.tolist(), rows.tolist(), strict=True)) == counts
    assert bunch.target_names.tolist() == list(counts)


@each_set
def test_return_X_y_gives_the_same_arrays(load, feature_names, counts):
    X, y = load(return_X_y=True)
    bunch = load()
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


@each_set
def test_as_frame_gives_the_same_values(load, feature_names, counts):
    arrays, frames = load(), load(as_frame=True)
    pd.testing.assert_frame_equal(
        frames.data, pd.DataFrame(arrays.data, columns=arrays.feature_names)
    )
    pd.testing.assert_series_equal(frames.target, pd.Series(arrays.target, name="target"))
    assert list(frames.frame.columns) == [*arrays.feature_names, "target"]
    pd.testing.assert_frame_equal(frames.frame[arrays.feature_names], frames.data)
    X, y = load(return_X_y=True, as_frame=True)
    pd.testing.assert_frame_equal(X, frames.data)
    pd.testing.assert_series_equal(y, frames.target)


@each_set
def test_each_call_gives_arrays_of_its_own(load, feature_names, counts):
    first = load()
    first.data[:] = -1
    first.target[:] = -1
    assert not (load().data == -1).all()
    assert load().target.min() == 0


@each_set
def test_description_carries_attribution_and_licence(load, feature_names, counts):
    bunch = load()
    assert bunch.DESCR.startswith(bunch.filename.split(".")[0])
    assert f"{bunch.data.shape[0]} rows, {bunch.data.shape[1]} features" in bunch.DESCR
    others = {"thyroid", "ai4i2020", "htru2", "page_blocks"} - {bunch.filename.split(".")[0]}
    for word in ("Attribution: ", "Changes: ", "https://doi.org/10.24432/"):
        assert bunch.DESCR.count(word) == 1
    assert "creativecommons.org/licenses/by/4.0" in bunch.DESCR
    assert not any(f"{other}.csv.gz" in bunch.DESCR for other in others)
    doi = bunch.DESCR.split("https://doi.org/10.24432/")[1][:6]
    assert doi in load.__doc__
    assert "CC BY 4.0" in load.__doc__
    for name, n_rows in counts.items():
        assert f"`{name}` ({n_rows} rows)" in bunch.DESCR
    assert all(f"`{name}`" in bunch.DESCR for name in bunch.feature_names)


@each_set
@pytest.mark.parametrize("parameter", ["return_X_y", "as_frame"])
def test_a_parameter_that_is_no_bool_is_refused(load, feature_names, counts, parameter):
    with pytest.raises(InvalidParameterError, match=f"'{parameter}' parameter .* Got 'yes'"):
        load(**{parameter: "yes"})


def test_thyroid_columns_lie_under_their_own_names():
    data = load_thyroid(as_frame=True).data
    findings = data.loc[:, "sex":"psych"]
    assert findings.isin([0.0, 1.0]).all(axis=None)
    assert not (data["sex"].eq(1) & data["pregnant"].eq(1)).any()
    # The free thyroxine index is TT4 / T4U by definition, here in the source's scale.
    np.testing.assert_allclose(np.median(data["FTI"] / (data["TT4"] / data["T4U"])), 0.1, rtol=0.01)


def test_ai4i2020_columns_lie_under_their_own_names():
    data = load_ai4i2020(as_frame=True).data
    assert (data[["type_H", "type_L", "type_M"]].sum(axis=1) == 1).all()
    assert data["air_temperature"].between(290, 310).all()
    assert (data["process_temperature"] > data["air_temperature"]).all()
    assert data["rotational_speed"].between(1000, 3000).all()
    # Torque falls with speed, since the machine's power varies little.
    assert np.corrcoef(data["rotational_speed"], data["torque"])[0, 1] < -0.8


def test_htru2_columns_lie_under_their_own_names():
    data, pulsar = load_htru2(return_X_y=True, as_frame=True)
    assert (data.filter(like="std") > 0).all(axis=None)
    # Excess kurtosis is at least skewness ** 2 - 2, under the names that the source exchanged.
    for curve in ("profile", "dm_snr"):
        bound = data[f"{curve}_kurtosis"] ** 2 - 2
        assert (data[f"{curve}_skewness"] > bound - 1e-3).all()
    # A pulsar's profile is low but for its pulse.
    assert data["profile_mean"][pulsar == 1].mean() < data["profile_mean"][pulsar == 0].mean()


def test_page_blocks_columns_lie_under_their_own_names():
    data = load_page_blocks(as_frame=True).data
    np.testing.assert_allclose(data["p_black"], data["black_pixels"] / data["area"], atol=0.4)
    assert (data["area"] == data["height"] * data["length"]).all()
    assert (data["black_and"] >= data["black_pixels"]).mean() > 0.99


def test_every_shipped_file_is_described():
    folder = resources.files("imbalanced_nn.datasets") / "data"
    names = {path.name for path in folder.iterdir()}
    readme = (folder / "README.md").read_text(encoding="utf-8")
    loaders = (load_thyroid, load_ai4i2020, load_htru2, load_page_blocks)
    assert names == {"README.md", *(load().filename for load in loaders)}
    assert all(f"`{name}`" in readme for name in names - {"README.md"})
