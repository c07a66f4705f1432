"""Loaders of the data sets that ship, in the shape of scikit-learn's own."""

import gzip
from importlib import resources

import numpy as np
from sklearn.utils import Bunch

from imbalanced_nn._compat.sklearn import validate_params

__all__ = ["load_ai4i2020", "load_htru2", "load_page_blocks", "load_thyroid"]

_DATA = resources.files("imbalanced_nn.datasets") / "data"
_PARAMETERS = {"return_X_y": ["boolean"], "as_frame": ["boolean"]}


@validate_params(_PARAMETERS, prefer_skip_nested_validation=True)
def load_thyroid(*, return_X_y=False, as_frame=False):
    """Load the thyroid data set (multi-class classification, imbalance ratio 40).

    Three states of the thyroid gland, told from age, 15 yes/no findings and 5 laboratory values.

    ================  ===========================================
    Classes           3
    Rows per class    166 "hyper", 368 "subnormal", 6666 "normal"
    Rows in all       7200
    Features          21, real, none missing
    ================  ===========================================

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a `~sklearn.utils.Bunch`.
    as_frame : bool, default=False
        Whether data is a pandas DataFrame and target a pandas Series instead of arrays.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (7200, 21)
            Feature values, float64, as the source scaled them: `age` in hundreds of years,
            yes/no findings as 1 and 0. The first 3772 rows are the source's training part.
        target : {ndarray, Series} of shape (7200,)
            Class of each row, an index into `target_names`.
        feature_names : list of str
            Names of the columns of `data`.
        target_names : ndarray of str of shape (3,)
            Names of the classes: "hyper", "subnormal", "normal".
        frame : DataFrame of shape (7200, 22) or None
            `data` and `target` in one table; None unless ``as_frame=True``.
        DESCR : str
            Description, attribution and licence.
        filename : str
            Name of the file that holds the data.

    (data, target) : tuple if ``return_X_y`` is True
        The two attributes above.

    Raises
    ------
    InvalidParameterError
        If a parameter is not a bool.

    Notes
    -----
    Licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). The class names are
    the source's; the rows of "hyper" have high TSH and low TT4, as an underactive thyroid has.

    References
    ----------
    R. Quinlan (1986). Thyroid Disease. UCI Machine Learning Repository.
    https://doi.org/10.24432/C5D010

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.datasets import load_thyroid
    >>> thyroid = load_thyroid()
    >>> thyroid.data.shape
    (7200, 21)
    >>> [str(name) for name in thyroid.target_names]
    ['hyper', 'subnormal', 'normal']
    >>> np.bincount(thyroid.target)
    array([ 166,  368, 6666])
    """
    return _load("thyroid", ["hyper", "subnormal", "normal"], return_X_y, as_frame)


@validate_params(_PARAMETERS, prefer_skip_nested_validation=True)
def load_ai4i2020(*, return_X_y=False, as_frame=False):
    """Load the AI4I 2020 predictive maintenance data set (binary, imbalance ratio 28).

    Does a milling machine fail, told from its sensors? The rows are simulated after an
    industrial process.

    ================  ==================================
    Classes           2
    Rows per class    9661 "no failure", 339 "failure"
    Rows in all       10000
    Features          8, real, none missing
    ================  ==================================

    Parameters
    ----------
    return_X_y, as_frame : bool, default=False
        As in `load_thyroid`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes of `load_thyroid`, among them:

        data : {ndarray, DataFrame} of shape (10000, 8)
            Feature values, float64: product type as three yes/no columns, air and process
            temperature (K), rotational speed (rpm), torque (Nm), tool wear (min).
        target : {ndarray, Series} of shape (10000,)
            1 where the machine failed, else 0: an index into `target_names`.
        target_names : ndarray of str of shape (2,)
            Names of the classes: "no failure", "failure".

    (data, target) : tuple if ``return_X_y`` is True
        The two attributes above.

    Raises
    ------
    InvalidParameterError
        If a parameter is not a bool.

    Notes
    -----
    Licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). The source's
    identifiers, and its five columns that give the target away, are left out.

    References
    ----------
    S. Matzka (2020). AI4I 2020 Predictive Maintenance Dataset. UCI Machine Learning Repository.
    https://doi.org/10.24432/C5HS5C

    Examples
    --------
    >>> from imbalanced_nn.datasets import load_ai4i2020
    >>> X, y = load_ai4i2020(return_X_y=True)
    >>> X.shape
    (10000, 8)
    >>> int(y.sum())
    339
    """
    return _load("ai4i2020", ["no failure", "failure"], return_X_y, as_frame)


@validate_params(_PARAMETERS, prefer_skip_nested_validation=True)
def load_htru2(*, return_X_y=False, as_frame=False):
    """Load the HTRU2 data set of pulsar candidates (binary, imbalance ratio 10).

    Is a radio signal a pulsar, told from the shape of its pulse and of its dispersion curve?

    ================  =============================
    Classes           2
    Rows per class    16259 "noise", 1639 "pulsar"
    Rows in all       17898
    Features          8, real, none missing
    ================  =============================

    Parameters
    ----------
    return_X_y, as_frame : bool, default=False
        As in `load_thyroid`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes of `load_thyroid`, among them:

        data : {ndarray, DataFrame} of shape (17898, 8)
            Feature values, float64: mean, standard deviation, excess kurtosis and skewness of
            the integrated profile and of the curve of signal-to-noise over dispersion measure.
        target : {ndarray, Series} of shape (17898,)
            1 for a pulsar, else 0: an index into `target_names`.
        target_names : ndarray of str of shape (2,)
            Names of the classes: "noise", "pulsar".

    (data, target) : tuple if ``return_X_y`` is True
        The two attributes above.

    Raises
    ------
    InvalidParameterError
        If a parameter is not a bool.

    Notes
    -----
    Licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). Values are rounded
    to six significant digits.

    References
    ----------
    R. J. Lyon et al. (2016). Fifty years of pulsar candidate selection. Monthly Notices of the
    Royal Astronomical Society 459, 1104-1123. https://doi.org/10.24432/C5DK6R

    Examples
    --------
    >>> from imbalanced_nn.datasets import load_htru2
    >>> X, y = load_htru2(return_X_y=True)
    >>> X.shape
    (17898, 8)
    >>> int(y.sum())
    1639
    """
    return _load("htru2", ["noise", "pulsar"], return_X_y, as_frame)


@validate_params(_PARAMETERS, prefer_skip_nested_validation=True)
def load_page_blocks(*, return_X_y=False, as_frame=False):
    """Load the page blocks data set (multi-class classification, imbalance ratio 175).

    What does a block of a scanned page show, told from its size and its black pixels?

    ================  ==========================================================
    Classes           5
    Rows per class    4913 "text", 329 "horizontal line", 28 "graphic",
                      87 "vertical line", 115 "picture"
    Rows in all       5472
    Features          10, real, none missing
    ================  ==========================================================

    Parameters
    ----------
    return_X_y, as_frame : bool, default=False
        As in `load_thyroid`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes of `load_thyroid`, among them:

        data : {ndarray, DataFrame} of shape (5472, 10)
            Feature values, float64: size, shape and counts of black pixels and transitions.
        target : {ndarray, Series} of shape (5472,)
            Class of each row, an index into `target_names`.
        target_names : ndarray of str of shape (5,)
            Names of the classes: "text", "horizontal line", "graphic",
            "vertical line", "picture".

    (data, target) : tuple if ``return_X_y`` is True
        The two attributes above.

    Raises
    ------
    InvalidParameterError
        If a parameter is not a bool.

    Notes
    -----
    Licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/).

    References
    ----------
    D. Malerba (1994). Page Blocks Classification. UCI Machine Learning Repository.
    https://doi.org/10.24432/C5J590

    Examples
    --------
    >>> from imbalanced_nn.datasets import load_page_blocks
    >>> X, y = load_page_blocks(return_X_y=True)
    >>> X.shape
    (5472, 10)
    >>> int((y == 2).sum())
    28
    """
    names = ["text", "horizontal line", "graphic", "vertical line", "picture"]
    return _load("page_blocks", names, return_X_y, as_frame)


def _load(name, target_names, return_X_y, as_frame):
    """Read one table and lay it out as asked."""
    filename = f"{name}.csv.gz"
    feature_names, data, target = _read_table(filename)
    frame = None
    if as_frame:
        import pandas as pd

        frame = pd.DataFrame(data, columns=feature_names).assign(target=target)
        data, target = frame[feature_names], frame["target"]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        target_names=np.array(target_names),
        DESCR=_read_description(name),
        filename=filename,
    )


def _read_table(filename):
    """Return the feature names, the features and the class indices of a shipped table."""
    path = _DATA / filename
    with path.open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8") as lines:
        *feature_names, _ = next(lines).rstrip("\n").split(",")
        table = np.loadtxt(lines, delimiter=",")
    return feature_names, np.ascontiguousarray(table[:, :-1]), table[:, -1].astype(np.int64)


def _read_description(name):
    """Return a data set's own section of the shipped README and the licence."""
    _, *sections = (_DATA / "README.md").read_text(encoding="utf-8").split("\n## ")
    by_title = dict(section.split("\n", 1) for section in sections)
    return f"{name}\n{by_title[name].rstrip()}\n\nLicence\n{by_title['Licence'].rstrip()}\n"
