"""`save` and `load`: an estimator, or a pipeline that ends in one, as one file."""

import json
import os
import platform
from typing import Any

import keras
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from imbalanced_nn import __version__
from imbalanced_nn._show_versions import installed_version
from imbalanced_nn.atomic_files import check_writable, file_name, written_whole
from imbalanced_nn.classifier import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError, ModelFileError
from imbalanced_nn.persistence.archive import MANIFEST, MOST_TEXT, read_archive, write_archive
from imbalanced_nn.persistence.estimator_forms import all_forms
from imbalanced_nn.persistence.objects import TRANSFORMERS
from imbalanced_nn.persistence.onnx_copy import COPY, SECTION, check_copy, identity
from imbalanced_nn.persistence.onnx_keeping import copy_for
from imbalanced_nn.persistence.values import Decoder, Encoder, UnsavableError
from imbalanced_nn.training import refuse_after_fork

__all__ = ["FORMAT", "load", "save"]

FORMAT = 1
"""Number of the newest format; every earlier one is read."""

_KIND = "imbalanced_nn model"
_DISTRIBUTIONS = (
    "imbalanced-learn",
    "keras",
    "numpy",
    "scikeras",
    "scikit-learn",
    "tensorflow",
    "jax",
    "torch",
)


def save(
    estimator: Any,
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    onnx: bool | str = "auto",
) -> None:
    """Save a fitted estimator to one file, from which loading runs no code.

    The file is a zip archive: the network in Keras' own format, large arrays as ``.npy``, all
    else in ``manifest.json``, and a checksum of each. It is written beside its place and
    renamed, so that there is an old file or a new one but never half of one.

    Kept is everything that answers: network and optimizer, the result of the fit field by field
    (target, shares of the classes, prior correction, calibrator, priors, decision, held-out
    scores), column names, history; also numbers of up to 10,000 training rows, by which tuning on
    them is noticed. Of the parameters code is not kept: build functions, losses, metrics,
    optimizers and samplers of your own, all callbacks and splitters, functions as
    ``class_weight``, ``balancing_schedule`` or ``threshold``; nor is a ``RandomState``. Classes,
    functions and objects of Keras and this package are kept by name and configuration, samplers of
    imbalanced-learn and of this package by name and parameters. A loaded estimator predicts,
    scores and tunes its threshold again; `fit` asks by name for what it lacks, `partial_fit` for
    what it uses.

    Parameters
    ----------
    estimator : BalancedKerasClassifier or Pipeline
        A fitted one. A pipeline is scikit-learn's, and its other steps are transformers that are
        nothing but numbers, such as ``StandardScaler``, ``SimpleImputer``, ``OneHotEncoder``
        and ``ColumnTransformer``.
    path : str or path-like
        Name of the file; any ending will do.
    overwrite : bool, default=False
        Whether a file that is there is replaced.
    onnx : {"auto", True, False}, default="auto"
        Whether a copy in ONNX is kept in the file, by which ``imbalanced-nn predict`` answers
        without TensorFlow; see Notes. ``"auto"`` keeps one where it can be made; True refuses to
        save without.

    Raises
    ------
    FileExistsError
        If there is a file and ``overwrite`` is False.
    ImportError
        If ``onnx=True`` and packages of the extra ``onnx`` are not installed.
    NotFittedError
        If the estimator is not fitted.
    InvalidParameterError
        If ``path`` is no name of a file, or the estimator is none of the above, or holds what
        cannot be saved without code, such as a ``Lambda`` layer. No file is then written.

    See Also
    --------
    load : The way back.

    Notes
    -----
    A copy in ONNX is made of pipelines that start with a ``ColumnEncoder``, and of those that
    ``imbalanced-nn fit`` makes, where the packages of the extra ``onnx`` are installed, the model
    is one that `export_onnx` writes, and the copy gives the same probabilities of some made-up
    rows. It takes two seconds and some 190 kB of the 510 of one default network, and up to seven
    times as much of the average of five. Each `save` makes it anew, so that it decides by the
    threshold that is in force; it is bound to the estimator in the file and refused beside another.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import make_classification
    >>> from imbalanced_nn import BalancedKerasClassifier, load, save
    >>> X, y = make_classification(1000, weights=[0.9], random_state=0)
    >>> clf = BalancedKerasClassifier(epochs=2, random_state=0).fit(X, y)
    >>> path = tempfile.mkdtemp() + "/fraud.inn"
    >>> save(clf, path)
    >>> bool((load(path).predict_proba(X) == clf.predict_proba(X)).all())
    True
    """
    name = file_name(path)
    check_writable(name, overwrite)
    _check_estimator(estimator)
    encoder = Encoder(all_forms({}))
    try:
        content = encoder.encode(estimator)
    except UnsavableError as error:
        raise InvalidParameterError(
            f"The estimator cannot be saved: {error}, which has no form without code. "
            f"{_instead(error)}"
        ) from None
    manifest = {
        "kind": _KIND,
        "format": FORMAT,
        "saved_with": _versions(),
        "estimator": content,
    }
    copy = copy_for(estimator, onnx)
    if copy is not None:
        of = identity(content, encoder.members)
        manifest[SECTION] = {"of": of, **copy.described()}
        encoder.members[COPY] = copy.graph
    text = json.dumps(manifest, indent=1, allow_nan=False)
    if len(text) > MOST_TEXT:
        raise InvalidParameterError(
            f"The estimator cannot be saved: what is no number of it takes {len(text)} bytes, and "
            f"load reads up to {MOST_TEXT}. Use fewer categories of columns, or joblib.dump."
        )
    with written_whole(name, overwrite) as beside:
        write_archive(beside, {MANIFEST: text.encode("ascii"), **encoder.members})


def load(path: str | os.PathLike, *, custom_objects: dict[str, Any] | None = None) -> Any:
    """Load what `save` saved. No code from the file is run.

    Nothing is made room for that the file does not hold. Read are up to 10,000 members that are
    not packed, a manifest of up to 32 MiB, arrays and weights that have as many bytes as they
    declare, up to 10,000 classes, and networks of no more weights than are stored, in no other
    file and under no second name; text in an array has up to 4,096 characters. A file sets the
    fields of a fit and no others, each of its type, and they fit together. Layers that keep files
    of their own (``assets``) are refused. Custom objects are your code: what they do with the
    numbers of a file is theirs.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    custom_objects : dict of str to class or function, default=None
        Layers, losses, metrics and functions of your own that the network uses, or your
        subclass of the estimator, by name: ``{"OwnLoss": OwnLoss}``. Only these, Keras' own and
        this package's are made.

    Returns
    -------
    BalancedKerasClassifier or Pipeline
        Fitted, with equal predictions. A parameter that is code is not in the file; the
        estimator says so where it needs it.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    InvalidParameterError
        If ``path`` is no name of a file, or ``custom_objects`` no dict of classes and functions.
    ModelFileError
        If the file is none of `save`, such as a pickle; is cut short or altered; is of a newer
        format; or needs ``custom_objects``.
    RuntimeError
        If the process was forked from one in which the backend of Keras had computed.

    Warns
    -----
    InconsistentVersionWarning
        If transformers of a pipeline were saved with another version of scikit-learn. The
        estimator itself does not depend on it.

    See Also
    --------
    save : The way there, with an example of both.

    Examples
    --------
    >>> from imbalanced_nn import load
    >>> load("nothing.inn")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such file or directory: 'nothing.inn'
    """
    refuse_after_fork()
    _check_custom_objects(custom_objects)
    name = file_name(path)
    with open(name, "rb") as source:
        members = read_archive(name, source)
    try:
        manifest = json.loads(members[MANIFEST])
        if manifest["kind"] != _KIND:
            raise ModelFileError(f"it is a {manifest['kind']!r}, not a {_KIND!r}")
        number, saved_with = manifest["format"], dict(manifest["saved_with"])
        if type(number) is not int or number < 1:
            raise ModelFileError(f"it is of format {number!r}")
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ModelFileError(f"{name!r} is not a file of imbalanced_nn.save: {error}.") from None
    if number > FORMAT:
        raise ModelFileError(
            f"{name!r} is of format {number}, written by imbalanced_nn "
            f"{saved_with.get('imbalanced_nn')}; this is imbalanced_nn {__version__}, which reads "
            f"formats up to {FORMAT}. Install a newer version of it."
        )
    try:
        check_copy(manifest, members)
        loaded = Decoder(all_forms(custom_objects or {}), members).decode(manifest["estimator"])
        last = loaded.steps[-1][1] if isinstance(loaded, Pipeline) else loaded
        if not isinstance(last, BalancedKerasClassifier):
            raise ModelFileError(f"it holds a {type(last).__name__} and no estimator")
        return loaded
    except ModelFileError as error:
        raise ModelFileError(f"{name!r} cannot be loaded: {error}.") from None
    except Exception as error:
        first = (str(error).splitlines() or [""])[0].rstrip(".")
        raise ModelFileError(
            f"{name!r} cannot be loaded: {type(error).__name__}: {first}. It was saved with "
            f"{_listed(saved_with)}; this is {_listed(_versions())}."
        ) from error


def _check_estimator(estimator: Any) -> None:
    """Refuse what `save` does not know, in a sentence."""
    steps, last = [], estimator
    if isinstance(estimator, Pipeline):
        steps, last = estimator.steps[:-1], estimator.steps[-1][1]
    if not isinstance(last, BalancedKerasClassifier):
        raise InvalidParameterError(
            f"estimator must be a BalancedKerasClassifier, or a Pipeline that ends in one; got "
            f"{type(estimator).__name__}. Of a search pass its best_estimator_."
        )
    if last is not estimator and type(estimator) is not Pipeline:
        _refuse_pipeline(estimator)
    for step, transformer in steps:
        off = transformer is None or (isinstance(transformer, str) and transformer == "passthrough")
        if not off and type(transformer) is not TRANSFORMERS.get(type(transformer).__name__):
            # One of scikit-learn's is nothing without its function.
            saved = sorted(set(TRANSFORMERS) - {"FunctionTransformer"})
            raise InvalidParameterError(
                f"The step {step!r} of the pipeline is a {_full_name(transformer)}, which "
                f"cannot be saved without code. Saved are {', '.join(saved)}. "
                f"Transform the data outside of the pipeline, or use joblib.dump."
            )
    check_is_fitted(last)


def _refuse_pipeline(pipeline: Pipeline) -> None:
    """Refuse a pipeline that does more than scikit-learn's, such as imbalanced-learn's."""
    samplers = [name for name, step in pipeline.steps if hasattr(step, "fit_resample")]
    steps, cure = "pipeline.steps", ""
    if samplers:
        steps = "[step for step in pipeline.steps if not hasattr(step[1], 'fit_resample')]"
        cure = (
            f" Samplers ({', '.join(samplers)}) do nothing to new rows, and are left out there; to "
            f"train anew with one, give it to the classifier: BalancedKerasClassifier(sampler=...)."
        )
    raise InvalidParameterError(
        f"estimator is of the class {_full_name(pipeline)}, and of pipelines only scikit-learn's "
        f"own can be saved without code. As it is fitted, save "
        f"sklearn.pipeline.Pipeline({steps}).{cure}"
    )


def _full_name(obj: Any) -> str:
    """Return the name of an object's class, with the module where it is another one's name."""
    cls = type(obj)
    own = cls.__name__ in {**TRANSFORMERS, "Pipeline": Pipeline}
    return f"{cls.__module__}.{cls.__name__}" if own else cls.__name__


def _check_custom_objects(given: Any) -> None:
    """Refuse what is no dictionary of code by name."""
    if given is None:
        return
    named = isinstance(given, dict) and all(isinstance(name, str) for name in given)
    if not named or not all(map(callable, given.values())):
        raise InvalidParameterError(
            f"custom_objects must be a dict from names to classes or functions; got {given!r:.80}. "
            f"Write custom_objects={{'OwnLoss': OwnLoss}}, with the class itself."
        )


def _instead(error: UnsavableError) -> str:
    """Say what to do about a value without a form."""
    if "layer" in repr(error.value):
        return "Write a layer class of your own, and give it to load as custom_objects."
    return "Use joblib.dump, or take it out."


def _versions() -> dict[str, str]:
    """Return what the estimator runs on."""
    versions = {"imbalanced_nn": __version__, "python": platform.python_version()}
    versions["keras backend"] = keras.backend.backend()
    known = {name: installed_version(name) for name in _DISTRIBUTIONS}
    return versions | {name: version for name, version in known.items() if version is not None}


def _listed(versions: dict[str, str]) -> str:
    names = ("imbalanced_nn", "keras", "scikit-learn")
    return ", ".join(f"{name} {versions.get(name, '?')}" for name in names)
