"""scikeras' classifier, mended: what it breaks on current scikit-learn and Keras."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import ClassifierTags, check_consistent_length
from sklearn.utils.validation import validate_data

from imbalanced_nn._compat.scikeras import BaseWrapper, ClassifierLabelEncoder, route_params
from imbalanced_nn._compat.sklearn import check_feature_names, check_n_features
from imbalanced_nn.data import (
    StreamedRows,
    check_features,
    check_given,
    check_indicator,
    check_labels,
    check_target,
    refuse_streams,
)
from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.training import (
    GraphTrainer,
    copy_of,
    forward,
    refuse_after_fork,
    share_threads,
    watches_predictions,
)
from imbalanced_nn.wrapper.compiled_classifier import CompiledKerasClassifier
from imbalanced_nn.wrapper.fresh_optimizer import fresh_optimizer
from imbalanced_nn.wrapper.label_encoder import TimestepLabelEncoder
from imbalanced_nn.wrapper.parameters import (
    NotKept,
    check_callbacks,
    check_parameters,
    plain,
)
from imbalanced_nn.wrapper.pickling import pack, unpack, walk
from imbalanced_nn.wrapper.routed import check_arguments, check_routed

__all__ = ["SklearnKerasClassifier"]

STATEFUL = (
    keras.Model,
    keras.callbacks.Callback,
    keras.losses.Loss,
    keras.metrics.Metric,
    keras.optimizers.Optimizer,
)


def _holds_state(value: Any) -> bool:
    """Whether a parameter is, or has among its members, a network or another object of Keras'."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return any(map(_holds_state, value))
    return isinstance(value, STATEFUL)


def _own_copy(value: Any) -> Any:
    """Return a copy of an object of Keras', or of what holds some."""
    if isinstance(value, keras.Model):
        return unpack(pack(value, {}), {})
    if isinstance(value, keras.optimizers.Optimizer):
        return fresh_optimizer(value)
    if isinstance(value, keras.callbacks.Callback):
        # Without the network that it has watched, and files that it has closed.
        return copy.deepcopy(pack(value, {}))
    if isinstance(value, STATEFUL):
        # A metric's state is copied by the backend.
        refuse_after_fork()
        return copy_of(value)
    return walk(value, _own_copy) if _holds_state(value) else clone(value, safe=False)


class SklearnKerasClassifier(CallbackSupportMixin, CompiledKerasClassifier):
    """`scikeras.wrappers.KerasClassifier` that keeps scikit-learn's contract.

    It overrides the parent at its hooks and adds no step of its own.
    """

    _routing_prefixes = BaseWrapper._routing_prefixes | {
        "callbacks",
        "head_sampler",
        "sampler",
        "score",
        "threshold",
    }

    def __sklearn_tags__(self):
        # The parent lists ClassifierMixin last, where its tags are never asked for.
        tags = BaseEstimator.__sklearn_tags__(self)
        tags.estimator_type = "classifier"
        sampler = getattr(self, "sampler", None)
        resamples = isinstance(sampler, str) or hasattr(sampler, "fit_resample")
        resamples = resamples and sampler not in ("passthrough", "balanced_batches")
        # A sampler takes one label per row.
        tags.classifier_tags = ClassifierTags(multi_label=not resamples)
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        tags.non_deterministic = self.random_state is None
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return self.initialized_

    __repr__ = BaseEstimator.__repr__

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; one that is routed to a part is what the part will be given."""
        params = super().get_params(deep)
        if deep:
            params.update((n, v) for n, v in self.__dict__.items() if "__" in n and n in params)
        return params

    def set_params(self, **params: Any) -> "SklearnKerasClassifier":
        """Set parameters, nested and routed ones included.

        Callbacks of a fitted estimator are those of its next `predict` at once. Of a call that
        is refused nothing is set, but for parameters of parts.

        Raises
        ------
        ValueError
            If a parameter does not exist, with the nearest name that does.
        """
        before = dict(self.__dict__)
        try:
            self._set_each(params)
            if self.initialized_ and any(name.partition("__")[0] == "callbacks" for name in params):
                # Those of predict, which any callback slows, are made when they are set.
                self._initialize_callbacks()
        except Exception:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    def _set_each(self, params: dict[str, Any]) -> None:
        """Set parameters, those of parts last.

        A nested parameter belongs to the object that the same call may be setting.
        """
        for name in sorted(params, key=lambda name: "__" in name):
            part, nested, _ = name.partition("__")
            owner = getattr(self, part, None)
            try:
                # Keras' callbacks have a set_params too, which is none of scikit-learn's.
                if nested and hasattr(owner, "get_params") and not isinstance(owner, type):
                    BaseEstimator.set_params(self, **{name: params[name]})
                    # What the constructor routed to the object must not overrule it.
                    self.__dict__.pop(name, None)
                else:
                    super().set_params(**{name: params[name]})
            except ValueError as error:
                hint = nearest_name(name, self.get_params(deep=False))
                raise InvalidParameterError(f"{error}{hint}") from None

    def set_callbacks(self, *callbacks):
        """Set callbacks of scikit-learn, which are told of every epoch.

        Keras' callbacks are another thing, and go to the parameter ``callbacks``. The protocol
        is experimental in scikit-learn. A fit has a task for each epoch; two-stage training one
        for each stage around them, cross-fitting one for each network around these. A callback
        that returns True at the end of an epoch stops the training of that network, as early
        stopping does; whole networks and stages are not left out. X, y and the weights are told
        as `fit` was given them, held-out rows included.

        At the end of an epoch, callbacks such as ``ScoringMonitor`` get the estimator as it
        would be had ``epochs`` ended there: the best weights so far are restored, and the
        threshold is learned anew on the held-out rows. There is none in the epochs of
        cross-fitting, where all networks together learn the threshold, nor where a constraint
        cannot be met yet. The end of the fit has one always.

        Parameters
        ----------
        *callbacks : callback instances
            Such as ``sklearn.callback.ProgressBar()``. None at all removes those that are set.

        Returns
        -------
        BalancedKerasClassifier
            The estimator.

        Raises
        ------
        InvalidParameterError
            If an object does not follow ``sklearn.callback.FitCallback``.

        Examples
        --------
        >>> from sklearn.callback import ScoringMonitor
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(3000, weights=[0.9], class_sep=2.0, random_state=0)
        >>> monitor = ScoringMonitor(scoring="average_precision")
        >>> clf = BalancedKerasClassifier(epochs=3, random_state=0).set_callbacks(monitor)
        >>> clf = clf.fit(X, y)
        >>> [row["task_name"] for row in monitor.get_logs().data]
        ['fit', 'epoch', 'epoch', 'epoch']
        """
        try:
            return super().set_callbacks(*callbacks)
        except TypeError as error:
            raise InvalidParameterError(
                f"set_callbacks got {callbacks!r}, but takes instances that follow scikit-learn's "
                f"FitCallback protocol, such as sklearn.callback.ProgressBar(). Keras' callbacks "
                f"go to the parameter: set_params(callbacks=[...])."
            ) from error

    def _validate_data(self, X=None, y=None, reset=False, y_numeric=False):
        """Check X and y; remember with ``reset`` what they looked like, else compare.

        Sets the attributes of the parent, so that build functions find them in ``meta``.
        """
        name = type(self).__name__
        is_streamed = isinstance(X, StreamedRows)
        if X is not None and not is_streamed:
            refuse_streams(X)
        if y is not None:
            y = check_target(y, name)
            if reset:
                if type(self.target_encoder) in (ClassifierLabelEncoder, TimestepLabelEncoder):
                    check_labels(y)
                self._check_number_of_classes(y)
                self.target_type_ = self._type_of_target(y)
                self.y_dtype_ = y.dtype
                self.y_ndim_ = y.ndim
            elif self.y_ndim_ != y.ndim:
                raise ValueError(
                    f"y has {y.ndim} dimensions, but this {name} was fitted on a y with "
                    f"{self.y_ndim_}. Pass labels in the form that fit was given."
                )
            elif self.target_type_ == "multilabel-indicator":
                check_indicator(y)
        if X is not None:
            given = X
            if not reset:
                # Rows of other columns are told by their names, whatever their values are.
                check_feature_names(self, given, reset=False)
            # Rows of a dataset were checked when they were counted.
            X = X if is_streamed else check_features(X, name)
            if reset:
                validate_data(self, given, skip_check_array=True, reset=True)
            else:
                check_n_features(self, given, reset=False)
            if reset:
                self.X_dtype_ = X.dtype
                self.X_shape_ = X.shape
            elif X.shape[1:] != self.X_shape_[1:]:
                raise ValueError(
                    f"X has rows of shape {X.shape[1:]}, but this {name} was fitted on rows of "
                    f"shape {self.X_shape_[1:]}."
                )
            if y is not None:
                check_consistent_length(X, y)
        return X, y

    def _arguments_of_fit(self, given: dict[str, Any]) -> tuple[dict[str, Any], tuple[Any, Any]]:
        """Check parameters and what ``fit`` was given; return it, the last and the first epoch."""
        own = self.get_params(deep=False)
        arguments = plain(given)
        routed = {n.removeprefix("fit__"): v for n, v in own.items() if n.startswith("fit__")}
        check_parameters(own, type(self).__name__)
        for params in (routed, arguments):
            check_parameters(params, type(self).__name__, of_a_call=True)
        training = {"epochs": self.epochs, "initial_epoch": 0} | routed | arguments
        return arguments, (training["epochs"], training["initial_epoch"])

    def _check_number_of_classes(self, y: np.ndarray) -> None:
        """Refuse a target without a decision to learn."""
        one_column = y.ndim == 1 or (y.ndim == 3 and y.shape[-1] == 1)
        if not one_column or getattr(self, "classes_", None) is not None:
            return
        labels = np.unique(y)
        if len(labels) < 2:
            raise ValueError(
                f"y has only one class, {labels.tolist()[0]!r}; a classifier needs at least two. "
                f"Check how the rows were selected, or give partial_fit all labels as classes."
            )

    def _check_arguments(self, arguments: dict[str, Any], online: bool = False) -> None:
        """Refuse what is given to a call, or routed, and would not arrive."""
        if arguments:
            check_arguments(arguments, "fit", self.model_, online)
        routed = [name for name in self.__dict__ if "__" in name]
        check_routed(routed, self.model_)
        if self.callbacks is None and any(name.startswith("callbacks__") for name in routed):
            raise InvalidParameterError(
                "Parameters are routed to callbacks__*, but callbacks is None. Set callbacks to "
                "classes of Keras' callbacks, or leave those parameters out."
            )

    @contextmanager
    def _plain_parameters(self) -> Iterator[None]:
        """Hold NumPy's scalars among the parameters as Python's own while the block runs.

        Keras and build functions take no others; `get_params` returns what was given.
        """
        given = self.get_params(deep=False)
        converted = {name: plain(value) for name, value in given.items()}
        changed = [name for name in given if converted[name] is not given[name]]
        self.__dict__.update({name: converted[name] for name in changed})
        try:
            yield
        finally:
            self.__dict__.update({name: given[name] for name in changed})

    def _initialize_callbacks(self) -> None:
        """Make callbacks for fit and predict; those that a file did not keep are none."""
        for name in ("callbacks", "fit__callbacks", "predict__callbacks"):
            check_callbacks(getattr(self, name, None), name)
        given = {name: value for name, value in self.__dict__.items() if isinstance(value, NotKept)}
        self.__dict__.update(dict.fromkeys(given))
        try:
            super()._initialize_callbacks()
        finally:
            self.__dict__.update(given)

    # Transformers of its own give arrays, whatever those of the caller are to give.
    @config_context(transform_output="default")
    def _predict_raw(self, X, **kwargs):
        """Return the network's outputs, in few large batches and without a progress bar."""
        if not self.initialized_:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with "
                f"appropriate arguments before using this estimator."
            )
        check_given(X=X)
        refuse_after_fork()
        routed = any(name.startswith("predict__") for name in self.__dict__)
        if kwargs or routed or watches_predictions(self._predict_callbacks or []):
            check_arguments(kwargs, "predict", self.model_)
            check_routed(self.__dict__, self.model_)
            given = self.get_params(deep=False)
            given = route_params(given, "predict", self._predict_kwargs, strict=True) | kwargs
            given = {k: v for k, v in given.items() if k in kwargs or k != "callbacks"}
            return super()._predict_raw(X, **plain(given))
        X, _ = self._validate_data(X=X)
        X = self.feature_encoder_.transform(X)
        with self._network_to_ask() as network:
            return forward(network, X)

    @contextmanager
    def _network_to_ask(self) -> Iterator[keras.Model]:
        """Hold the network as it is now."""
        lent = self._lent
        if lent is not None and "model_" not in vars(self):
            with lent.network() as network:
                yield network
            return
        network = self.model_
        # A callback may ask while a network trains, and something stands in its place.
        yield network.network if isinstance(network, GraphTrainer) else network

    def __getstate__(self) -> dict[str, Any]:
        memo: dict[int, Any] = {}
        if self.initialized_:
            # Lent or not, it is the same to whoever reads the state.
            _ = self.model_
        state = {key: pack(value, memo) for key, value in super().__getstate__().items()}
        # Live callbacks hold the network; fit and partial_fit make them anew.
        state.pop("_fit_callbacks", None)
        state.pop("_predict_callbacks", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        share_threads()
        memo: dict[int, Any] = {}
        super().__setstate__({key: unpack(value, memo) for key, value in state.items()})
        # A state that a file has kept holds public names alone.
        self.__dict__.setdefault("_random_state", None)
        if self.initialized_:
            self._initialize_callbacks()

    def __sklearn_clone__(self) -> "SklearnKerasClassifier":
        # By scikit-learn's copies all code of the user's would have to be registered with Keras.
        held = {k: v for k, v in self.get_params(deep=False).items() if _holds_state(v)}
        bare = copy.copy(self)
        bare.__dict__.update(dict.fromkeys(held))
        twin = super(SklearnKerasClassifier, bare).__sklearn_clone__()
        twin.__dict__.update({name: _own_copy(value) for name, value in held.items()})
        return twin

    def __copy__(self) -> "SklearnKerasClassifier":
        # scikit-learn's callbacks get shallow copies; a copy by way of the state is a deep one.
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: dict) -> "SklearnKerasClassifier":
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        twin.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        return twin
