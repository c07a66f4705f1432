"""What a fit asks of the wrapped network: its hooks, which a subclass may override, as values."""

from typing import Any

import keras
import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn._compat.late_variables import LateVariables
from imbalanced_nn.data import class_codes, n_rows, take_rows
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import ClassLoss, single_loss
from imbalanced_nn.networks import (
    adapt,
    asks_for_rarest,
    columns_for,
    has_column_layers,
    set_output_bias,
    slots,
    slots_of,
)
from imbalanced_nn.training import (
    as_network_input,
    fixed_batch_size,
    layer_classes,
    seed_of,
    seeded,
    variables_alike,
)
from imbalanced_nn.wrapper.parameters import is_auto

__all__ = ["NetworkFactory"]

# What a class that no row has shown yet starts with.
SHARE_UNSEEN = 0.01


class NetworkFactory:
    """Builds, compiles and encodes by the hooks of an estimator.

    Parameters
    ----------
    estimator : CompiledKerasClassifier
        Whose hooks and parameters are asked. What scikeras itself stores is changed, and what is
        known so far.

    Attributes
    ----------
    engine : str or None
        What trains the network, and why not the graph; None before any training.
    """

    def __init__(self, estimator: Any):
        self.estimator = estimator
        self.engine: str | None = None

    @property
    def name(self) -> str:
        """Name of the estimator, for messages."""
        return type(self.estimator).__name__

    @property
    def network(self) -> Any:
        """The network, or what stands in for it while it is trained."""
        return self.estimator.model_

    @property
    def kind(self) -> Any:
        """Kind of target, a name; None with a target encoder of the user's."""
        return self.estimator._kind

    @property
    def steps(self) -> tuple[int, ...]:
        """``(n_steps,)`` with a label for each time step, else empty."""
        return self.estimator._steps

    @property
    def loss(self) -> Any:
        """The loss of the network."""
        return self.estimator._loss

    @property
    def logits(self) -> bool:
        """Whether the network's outputs are log-odds."""
        return self.estimator._logits()

    @property
    def result(self) -> Any:
        """What the estimator answers from, None where there is nothing yet."""
        return getattr(self.estimator, "fit_result_", None)

    @property
    def callbacks(self) -> list:
        """Keras' callbacks of the training that is under way."""
        return self.estimator._fit_callbacks

    @property
    def given_loss(self) -> Any:
        """The parameter that gives the loss, which may be a routed one."""
        return getattr(self.estimator, self.estimator._compiled_by("loss"))

    @property
    def seed(self) -> int | None:
        """A seed for what is drawn while a network is built, None without ``random_state``."""
        state = self.estimator.random_state
        return None if state is None else seed_of(state)

    @property
    def is_given(self) -> bool:
        """Whether the network was built by the user."""
        return isinstance(self.estimator.model, keras.Model)

    @property
    def n_updates(self) -> int:
        """How often the optimizer of the network has updated it, 0 before it has one."""
        optimizer = getattr(self.network, "optimizer", None)
        return 0 if optimizer is None else int(keras.ops.convert_to_numpy(optimizer.iterations))

    @property
    def idle_settings(self) -> list[str]:
        """Names of parameters that nothing reads, as the network came compiled."""
        return self.estimator._idle_settings()

    @property
    def is_built_in(self) -> bool:
        """Whether the network is one of this package."""
        return self.estimator._is_built_in()

    @property
    def encodes_alike(self) -> bool:
        """Whether the feature encoder learns nothing."""
        return isinstance(self.estimator.feature_encoder_, FunctionTransformer)

    def routed(self, destination: str) -> dict[str, Any]:
        """Return the parameters that are routed to something, by the names that it knows."""
        prefix = f"{destination}__"
        return {
            name.removeprefix(prefix): value
            for name, value in vars(self.estimator).items()
            if name.startswith(prefix)
        }

    def of_fit(self, name: str) -> Any:
        """Return a parameter of ``fit`` as scikeras routes it: ``fit__NAME`` before ``NAME``."""
        return getattr(self.estimator, f"fit__{name}", getattr(self.estimator, name))

    def left_to_rule(self, name: str) -> Any:
        """Return a parameter of training, ``monitor``, ``patience`` or ``moving_average``.

        Where it is "auto", what that stands for.
        """
        given = getattr(self.estimator, name)
        return getattr(self.estimator._training_defaults, name) if is_auto(given) else given

    def epochs(self, n_train: int | None = None, given: Any = "auto") -> int:
        """Return the largest number of epochs.

        Parameters
        ----------
        n_train : int or None, default=None
            Number of training rows; None takes all that were given.
        given : int or "auto", default="auto"
            What a call of ``fit`` was given.
        """
        given = self.estimator.epochs if is_auto(given) else given
        n_train = self.estimator.X_shape_[0] if n_train is None else n_train
        return self.estimator._training_defaults.epochs(n_train) if is_auto(given) else given

    def usual_folds(self, n_rows: int, n_rarest: int) -> int:
        """Return the number of folds that ``validation_split="auto"`` stands for, 1 for none.

        Parameters
        ----------
        n_rows, n_rarest : int
            Number of rows, and of those of the rarest class.
        """
        return self.estimator._training_defaults.n_folds(n_rows, n_rarest)

    def another(self, **parameters: Any) -> "NetworkFactory":
        """Return the factory of an equal estimator with some other parameters, not fitted."""
        return NetworkFactory(clone(self.estimator).set_params(**parameters))

    def initialize(self, X: Any, y: Any, likely: keras.Model | None = None) -> tuple[Any, Any]:
        """Let the estimator see rows and build its network; return them checked.

        Parameters
        ----------
        X, y : array or sparse matrix, and array
            Rows.
        likely : keras.Model or None, default=None
            Of as many slots as this one's training rows will ask for, if a built-in network is
            likely to be alike; it need not be built again then.
        """
        self.estimator.classes_ = None
        known = {} if likely is None or not self.is_built_in else {"slots_": slots_of(likely)}
        with self.estimator._joining_meta(known):
            return self.estimator._initialize(X, y)

    def drawn_seed(self) -> int:
        """Return a seed for all that is drawn in a fit."""
        return seed_of(self.estimator.random_state)

    def become(self, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Put a network, which needs no more training, in the place of the estimator's.

        Parameters
        ----------
        network : keras.Model
            Not compiled.
        optimizer : keras.optimizers.Optimizer
            Like which its own is to be.
        """
        estimator = self.estimator
        estimator.model_ = network
        with variables_alike():
            own = type(optimizer).from_config(optimizer.get_config())
            network.compile(optimizer=own, loss=estimator._default_loss())
            # Keras loads no network whose optimizer was not built. One that wraps another tells of
            # variables that are not in its own list.
            if type(own).variables is not keras.optimizers.Optimizer.variables:
                own.build(network.trainable_variables)
        if not own.built:
            LateVariables(own, network.trainable_variables, variables_alike)

    def state(self, network: keras.Model, result: Any, trained: Any) -> dict[str, Any]:
        """Return the attributes of the estimator, had it a network, a result and a training."""
        return self.estimator._state_with(network, result, trained)

    def publish(self, result: Any, trained: Any) -> None:
        """Let the estimator answer from a result while its network is trained."""
        self.estimator._publish(result, trained)

    def validate(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return rows in the form of those that the estimator has seen, or refuse them."""
        return self.estimator._validate_data(X, y)

    def codes(self, y: np.ndarray) -> np.ndarray:
        """Return labels as codes, or the 0/1 indicator of a multilabel target."""
        return class_codes(self.encode_target(y), self.kind)

    def encode_target(self, y: np.ndarray) -> np.ndarray:
        """Return labels as the network takes them: an array, whatever transformers are to give."""
        with config_context(transform_output="default"):
            return self.estimator.target_encoder_.transform(y)

    def encode_codes(self, codes: np.ndarray) -> np.ndarray:
        """Return class codes in the form that the loss takes."""
        estimator = self.estimator
        if estimator.y_ndim_ == 2:
            return np.eye(estimator.n_classes_, dtype=np.float32)[codes]
        return self.encode_target(estimator.classes_[codes])

    def encode(self, X: Any, train: np.ndarray | None = None) -> Any:
        """Return X as the network takes it.

        Parameters
        ----------
        X : array, sparse matrix, or list or dict of arrays
            Checked rows.
        train : ndarray of int, default=None
            The rows that an encoder which learns may see; None leaves it as it is.
        """
        estimator = self.estimator
        if train is not None and not self.encodes_alike and len(train) < n_rows(X):
            estimator.feature_encoder_ = estimator.feature_encoder.fit(take_rows(X, train))
        with config_context(transform_output="default"):
            return estimator.feature_encoder_.transform(X)

    def build(self, X: Any) -> None:
        """Let a network that learns the shape of its input from data see one encoded row."""
        if self.network.built:
            return
        row = as_network_input(take_rows(X, slice(1)))
        with seeded(self.seed, *layer_classes(self.network)):
            if isinstance(self.network, keras.Sequential) and hasattr(row, "shape"):
                if any(getattr(layer, "stateful", False) for layer in self.network.layers):
                    raise InvalidParameterError(
                        f"A layer of the network is stateful, and has to know how many rows each "
                        f"batch has. Let the network begin with keras.Input(batch_shape="
                        f"{(32, *row.shape[1:])}), or with the number you want."
                    )
                # Of a call it would take the number of rows for that of every batch.
                self.network.build((None, *row.shape[1:]))
            if not self.network.built:
                self.network(row)

    def learn_input(self, rows: Any) -> None:
        """Let a fresh network learn from the training rows how to take its input.

        Parameters
        ----------
        rows : Rows
            Training rows.
        """
        if self.is_given:
            return
        network, columns = self.network, None
        if has_column_layers(network):
            columns = columns_for(network, rows.X, rows.index)
        if columns is not None and self.is_built_in:
            known: dict[str, Any] = {"slots_": slots(columns)}
            if asks_for_rarest(self.estimator.X_shape_[0]):
                codes = rows.selected_codes
                counts = np.bincount(codes) if codes.ndim == 1 else codes.sum(axis=0)
                known["n_rarest_"] = int(counts[counts > 0].min())
            if slots_of(network) != known["slots_"] or "n_rarest_" in known:
                network = self.estimator._build_keras_model(**known)
                self.estimator.model_ = network
        adapt(network, rows.X, rows.index, rows.counted_steps, columns)

    def compile(self, y: Any, class_weight: dict | None, weighs_labels: bool) -> None:
        """Compile the network if its builder has not, and check that it suits the target.

        Parameters
        ----------
        y : ndarray
            Targets as the network takes them.
        class_weight : dict or None
            Weights of the classes, or of the negatives and positives of each label.
        weighs_labels : bool
            Whether the loss is to weigh the labels of a multilabel target.
        """
        if weighs_labels:
            self.estimator._compile_weighing_labels(class_weight)
        else:
            self.estimator._ensure_compiled_model()
            if self.estimator._loan is not None:
                self.estimator._loan.note_compiled()
        self.estimator._check_model_compatibility(y)

    def fill_loss(self, in_loss: np.ndarray, fills: bool) -> bool:
        """Give a loss that depends on the shares of the classes those that it is trained on.

        Parameters
        ----------
        in_loss : ndarray of shape (n_classes,)
            Those shares.
        fills : bool
            Whether an earlier training gave it some.

        Returns
        -------
        bool
            Whether they were given here, and not by the user.

        Raises
        ------
        InvalidParameterError
            If the loss is not for such a target.
        """
        loss, kind = self.loss, self.kind
        if not isinstance(loss, ClassLoss):
            return fills
        if loss.multilabel:
            one_unit = kind == "binary" and self.network.output_shape[-1] == 1
            fits, instead = one_unit or kind == "multilabel", "'focal'"
        elif getattr(loss, "offset_is_free", False):
            fits, instead = kind == "binary" and not self.steps, "'focal'"
        else:
            fits, instead = kind != "multilabel", "'asymmetric'"
        if not fits:
            raise InvalidParameterError(
                f"loss={type(loss).__name__} is not for this y, which is "
                f"{kind}{' in time steps' if self.steps else ''}. Use loss={instead}, or "
                f"leave loss=None."
            )
        fills = fills or loss.prior is None
        if fills:
            loss.fill(in_loss)
        return fills

    def start(self, in_loss: np.ndarray) -> None:
        """Set the output bias of a fresh network.

        Parameters
        ----------
        in_loss : ndarray of shape (n_classes,)
            Shares of the classes in the loss.
        """
        if not self.is_given:
            self.start_output(self.network, in_loss)

    def start_output(self, network: keras.Model, in_loss: np.ndarray) -> None:
        """Start the output where a network that knows the shares alone has its least loss."""
        if self.estimator.init_bias != "prior":
            return
        loss = single_loss(network.loss)
        if isinstance(loss, ClassLoss) and in_loss.all():
            in_loss = loss.start(in_loss)
        # What rows of a stream have not shown yet is no impossibility.
        in_loss = np.where(in_loss == 0, SHARE_UNSEEN, in_loss)
        in_loss = np.where(in_loss == 1, 1 - SHARE_UNSEEN, in_loss)
        set_output_bias(network, in_loss, self.kind == "multilabel", self.logits)

    def average_weights(self, n_steps: int) -> None:
        """Let the optimizer of a fresh network keep moving averages of the weights.

        Parameters
        ----------
        n_steps : int
            Steps in an epoch.
        """
        span, optimizer = self.left_to_rule("moving_average"), self.network.optimizer
        if span is not None and not optimizer.built:
            optimizer.use_ema = True
            optimizer.ema_momentum = float(np.exp(-1 / (span * n_steps)))

    def build_optimizer(self) -> None:
        """Build the optimizer of a network that is not trained; Keras loads none without."""
        optimizer = self.network.optimizer
        if not optimizer.built:
            with variables_alike():
                optimizer.build(self.network.trainable_variables)

    def batch_size(self, n_train: int, given: int | None = None) -> int:
        """Return the number of rows in a batch; see the parameter ``batch_size``.

        Parameters
        ----------
        n_train : int
            Number of training rows.
        given : int or None, default=None
            What a call of ``fit`` was given.
        """
        estimator = self.estimator
        size = given or self.of_fit("batch_size")
        fixed = fixed_batch_size(getattr(estimator, "model_", None))
        if fixed is not None and size not in (None, fixed):
            raise InvalidParameterError(
                f"batch_size={size!r}, but model takes batches of {fixed} rows alone, by the "
                f"batch_shape of its input. Leave batch_size=None, or build the network with "
                f"keras.Input(shape=...) or another batch_shape."
            )
        if fixed is not None:
            return fixed
        if size == -1:
            return n_train
        return size or estimator._training_defaults.batch_size(n_train)
