"""How scikeras' classifier builds and compiles its network, and whether that suits the target."""

import inspect
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from scipy import sparse

from imbalanced_nn._compat.scikeras import (
    ClassifierLabelEncoder,
    KerasClassifier,
    encoder_state,
    route_params,
)
from imbalanced_nn._compat.sklearn import parameter_names
from imbalanced_nn.data import KINDS, check_given, n_output_units
from imbalanced_nn.exceptions import InvalidParameterError, nearest_name
from imbalanced_nn.losses import (
    ClassLoss,
    LabelWeightedCrossentropy,
    keras_loss,
    outputs_are_logits,
    resolve_loss,
    single_loss,
    takes_one_hot,
)
from imbalanced_nn.networks import NETWORKS, has_members
from imbalanced_nn.training import (
    OF_BUILT_IN,
    OF_CLASSES,
    OF_OWN,
    OF_TABLES,
    TrainingDefaults,
    extend_optimizer,
    layer_classes,
    metrics_of_a_fit,
    numbered_afresh,
    refuse_after_fork,
    seed_of,
    seeded,
    share_threads,
    variables_alike,
)
from imbalanced_nn.wrapper.fresh_optimizer import fresh_optimizer
from imbalanced_nn.wrapper.label_encoder import TimestepLabelEncoder
from imbalanced_nn.wrapper.loss_checks import (
    check_given_loss,
    check_loss_of_average,
    check_loss_of_units,
    check_output_steps,
)
from imbalanced_nn.wrapper.network_when_asked import NetworkWhenAsked
from imbalanced_nn.wrapper.parameters import is_auto
from imbalanced_nn.wrapper.routed import check_made_of, check_user_parameters

__all__ = ["CompiledKerasClassifier"]

MADE_BY_COMPILE = ("compile", "loss", "metrics", "optimizer")
"""What parameters are routed to where a network is compiled."""


def _optimizer_class(name: str) -> type[keras.optimizers.Optimizer] | str:
    """Return Keras' class of that name, or the name; Keras makes an optimizer to find it."""
    own = {key.lower(): value for key, value in vars(keras.optimizers).items()}
    found = own.get(name.lower())
    if isinstance(found, type):
        return found
    try:
        keras.optimizers.get(name)
    except ValueError:
        names = [key for key, value in own.items() if isinstance(value, type)]
        raise InvalidParameterError(
            f"optimizer={name!r} is not a known optimizer.{nearest_name(name, names)} Accepted "
            f"are Keras' optimizers by name, class or object, such as 'adam'."
        ) from None
    return name


class CompiledKerasClassifier(KerasClassifier):
    """`scikeras.wrappers.KerasClassifier` whose losses, optimizers and metrics are each fit's own.

    It builds networks of this package, too, and without the global seed. A loss in any spelling is
    one thing to it, and it knows which outputs a target asks for.
    """

    # The network of a fit under way, where it may come from an earlier one, and what a fit has
    # made of one that may have gone on to the next.
    _loan: Any = None
    _lent: Any = None

    model_: Any = NetworkWhenAsked()

    @property
    def initialized_(self) -> bool:
        """Whether the estimator has a network."""
        return self._lent is not None or "model_" in vars(self)

    def _check_model_param(self):
        """Return the build function; None and names stand for built-in networks."""
        model = self.model
        if isinstance(model, str):
            if model not in NETWORKS:
                raise InvalidParameterError(
                    f"model={model!r} is not a built-in network."
                    f"{nearest_name(model, NETWORKS)} Accepted are {sorted(NETWORKS)}, a build "
                    f"function, a Keras model, or None."
                )
            builder = NETWORKS[model]
        elif self._is_built_in():
            # Two stages end in a dense layer; sparse rows are read batch by batch.
            plain_layers = getattr(self, "head_sampler", None) is not None
            plain_layers = plain_layers or getattr(self, "_is_sparse", False)
            builder = NETWORKS["mlp" if plain_layers else "default"]
        else:
            builder = super()._check_model_param()
        user_params: set[str] = getattr(self, "_user_params", set())
        names = set(parameter_names(self))
        check_user_parameters(
            user_params | {name for name in names if name.startswith("model__")},
            names - user_params,
            self._routing_prefixes,
            None if isinstance(model, keras.Model) else builder,
        )
        return builder

    def _initialize(self, X, y=None):
        """Check the data and build the network; which one may depend on how X is held."""
        check_given(X=X)
        self._is_sparse = sparse.issparse(X)
        try:
            return super()._initialize(X, y)
        finally:
            del self._is_sparse

    def _build_keras_model(self, **known: Any) -> keras.Model:
        """Build the network, seeded without TensorFlow's global seed and op determinism.

        What is known joins what builders get as ``meta``.
        """
        seed = None if self.random_state is None else seed_of(self.random_state)
        self._random_state = None
        refuse_after_fork()
        share_threads()
        code = self._code_of_builds()
        with (
            seeded(seed, *code),
            variables_alike(),
            numbered_afresh(),
            self._joining_meta(known),
        ):
            built = super()._build_keras_model
            model = built() if self._loan is None else self._loan.network(self, built)
            if not isinstance(model, keras.Model):
                raise InvalidParameterError(
                    f"model must return a keras.Model, but the build function "
                    f"{self._check_model_param()!r} returned {model!r}. Did it forget to "
                    f"return the model?"
                )
        return model

    def _passed_on(self) -> dict[str, Any]:
        """Return the parameters that build functions and ``compile`` are given."""
        own = {*getattr(self, "_user_params", ()), *self._compile_kwargs}
        parts = ("model", *MADE_BY_COMPILE)
        names = (n for n in vars(self) if n in own or n.partition("__")[0] in parts)
        return {name: getattr(self, name) for name in sorted(names) if name != "model"}

    def _code_of_builds(self) -> list[Any]:
        """Return whatever code of the user's runs when the network is built."""
        given = self.model
        of_model = layer_classes(given) if isinstance(given, keras.Model) else [given]
        routed = [value for name, value in vars(self).items() if name.startswith("model__")]
        return [type(self), *of_model, *routed]

    def _get_metadata(self) -> dict[str, Any]:
        """Return what build functions get as ``meta``: the parent's names and no others."""
        own = {k: v for k, v in super()._get_metadata().items() if k != "feature_names_in_"}
        own |= self.__dict__.get("_further_meta", {})
        return own if self._loan is None else self._loan.meta(own)

    @contextmanager
    def _joining_meta(self, known: dict[str, Any]) -> Iterator[None]:
        """Let something join what builders get as ``meta`` while the block runs."""
        before = vars(self).get("_further_meta")
        self._further_meta = (before or {}) | known
        try:
            yield
        finally:
            if before is None:
                del self._further_meta
            else:
                self._further_meta = before

    def _get_compile_kwargs(self) -> dict[str, Any]:
        """Return the arguments of ``compile``, with an optimizer of the network's own."""
        routed = any(name.startswith("loss__") for name in self.get_params(deep=False))
        given = {part: self._compiled_by(part) for part in ("loss", "optimizer")}
        loss, optimizer = (getattr(self, name) for name in given.values())
        meant = {given["loss"]: resolve_loss(loss, routed)}
        chosen = self._training_defaults.optimizer if is_auto(optimizer) else optimizer
        meant[given["optimizer"]] = _optimizer_class(chosen) if isinstance(chosen, str) else chosen
        for name, made in [*meant.items(), ("metrics", self.metrics)]:
            part = name.removeprefix("compile__")
            prefix = f"{part}__"
            names = [name.removeprefix(prefix) for name in vars(self) if name.startswith(prefix)]
            check_made_of(part, made, names)
        self.__dict__.update(meant)
        try:
            with numbered_afresh(), variables_alike():
                kwargs = super()._get_compile_kwargs()
        finally:
            self.__dict__.update({given["loss"]: loss, given["optimizer"]: optimizer})
        for name in {"metrics", "weighted_metrics"} & kwargs.keys():
            kwargs[name] = self._metrics_of_a_fit(name, kwargs[name])
        if kwargs["optimizer"] is optimizer:
            # An optimizer belongs to the variables it was built with.
            with variables_alike():
                kwargs["optimizer"] = fresh_optimizer(optimizer)
        # What a loss learns of the classes is this fit's, and the caller may use it elsewhere.
        kwargs["loss"] = keras.tree.map_structure(
            lambda part: (
                type(part).from_config(part.get_config()) if isinstance(part, ClassLoss) else part
            ),
            kwargs["loss"],
        )
        # Build functions get None, as from the parent: the number of outputs is theirs.
        if kwargs["loss"] is None and self._kind is not None and self.initialized_:
            kwargs["loss"] = self._default_loss()
        return kwargs

    def _is_built_in(self) -> bool:
        """Whether the network is one of this package, by its name or as the default."""
        own = self.build_fn is not None or hasattr(self, "_keras_build_fn")
        return isinstance(self.model, str) or (self.model is None and not own)

    @property
    def _training_defaults(self) -> TrainingDefaults:
        """What "auto" stands for in the parameters of training."""
        if not self._is_built_in():
            return OF_OWN
        given = getattr(self, self._compiled_by("optimizer")), getattr(self, "monitor", "auto")
        network = getattr(self, "model_", None)
        follows = all(map(is_auto, given)) and network is not None and has_members(network)
        if not follows:
            return OF_BUILT_IN
        return OF_CLASSES if self._kind == "multiclass" else OF_TABLES

    def _compiled_by(self, part: str) -> str:
        """Return the parameter that gives an argument of ``compile``, which may be a routed one."""
        return f"compile__{part}" if hasattr(self, f"compile__{part}") else part

    @property
    def _loss(self) -> Any:
        """The loss of the network: what it is compiled with, or else will be."""
        if self.model_.compiled and self.model_.loss is not None:
            return single_loss(self.model_.loss)
        return single_loss(self._get_compile_kwargs()["loss"])

    def _logits(self) -> bool:
        """Whether the network's outputs are log-odds."""
        return outputs_are_logits(self._loss)

    def _metrics_of_a_fit(self, name: str, made: Any) -> Any:
        """Return the metrics that scikeras has made of those given, for this fit alone."""
        given = getattr(self, f"compile__{name}", self.metrics if name == "metrics" else None)
        given = given if given is None or isinstance(given, list | tuple | dict) else [given]
        return made if given is None else metrics_of_a_fit(given, made)

    def _fit_keras_model(
        self, X, y, sample_weight, warm_start, epochs, initial_epoch, **kwargs
    ) -> None:
        """Train as the parent does, and keep the history under the names that Keras logs.

        The parent renames metrics, for which it makes one of each name without its arguments.
        """
        arguments = route_params(self.get_params(), "fit", self._fit_kwargs)
        arguments |= {"epochs": initial_epoch + epochs, "initial_epoch": initial_epoch}
        arguments |= {"sample_weight": sample_weight, **kwargs}
        for name in ("batch_size", "validation_batch_size"):
            if arguments.get(name) == -1:
                arguments[name] = len(keras.tree.flatten(X)[0])
        arguments = {k: v for k, v in arguments.items() if not k.startswith("callbacks")}
        logged = self.model_.fit(x=X, y=y, callbacks=self._fit_callbacks, **arguments).history
        goes_on = warm_start and initial_epoch != 0
        earlier = getattr(self, "history_", {}) if goes_on else {}
        history = defaultdict(list, earlier)
        for name, values in logged.items():
            # Keras logs tensors where a metric has several values.
            history[name] = history[name] + [np.asarray(v) if np.ndim(v) else v for v in values]
        self.history_ = history

    def _ensure_compiled_model(self) -> None:
        """Compile the network if its builder has not, or has without a loss."""
        with variables_alike():
            if self.model_.compiled and self.model_.loss is None:
                self.model_.compile(**self._get_compile_kwargs())
            super()._ensure_compiled_model()
            extend_optimizer(self.model_)

    def _idle_settings(self) -> list[str]:
        """Return the names of parameters that nothing reads, as the network came compiled."""
        network, given = self.model_, self.model
        shelved = getattr(self._loan, "shelved", None)
        came_compiled = network.compiled and network.loss is not None
        came_compiled = came_compiled if shelved is None else shelved.came_compiled
        if not came_compiled:
            return []
        if not isinstance(given, keras.Model):
            taken = inspect.signature(self._check_model_param()).parameters.values()
            takes_all = any(part.kind is part.VAR_KEYWORD for part in taken)
            if takes_all or {"compile_kwargs", "params"} & {part.name for part in taken}:
                return []
        routed = [n for n in vars(self) if n.partition("__")[0] in MADE_BY_COMPILE and "__" in n]
        return [*filter(self._is_idle, ("metrics", "optimizer")), *routed]

    def _is_idle(self, part: str) -> bool:
        """Whether a parameter says otherwise than what the network came compiled with."""
        value = getattr(self, part, None)
        if value is None or is_auto(value):
            return False
        if part == "optimizer":
            kind = _optimizer_class(value) if isinstance(value, str) else value
            kind = kind if isinstance(kind, type) else type(kind)
            return type(self.model_.optimizer).__name__ != kind.__name__
        return True

    def _compile_weighing_labels(self, class_weight: Any) -> None:
        """Compile the network with a loss that weighs its labels."""
        network = self.model_
        if network.compiled and isinstance(self._loss, LabelWeightedCrossentropy):
            return
        kwargs = self._get_compile_kwargs()
        name, arguments = keras_loss(kwargs["loss"])
        if network.compiled or name != "binary_crossentropy":
            raise InvalidParameterError(
                f"class_weight={self.class_weight!r} with a multilabel y weighs each "
                f"label in the loss, so the estimator must compile the network with binary "
                f"crossentropy. Return the network uncompiled and leave loss=None, or weigh "
                f"labels in your own loss and set class_weight=None."
            )
        weights = np.array(list(class_weight.values())).T
        kept = {name: arguments[name] for name in ("from_logits", "label_smoothing")}
        kwargs["loss"] = LabelWeightedCrossentropy(weights.tolist(), **kept)
        network.compile(**kwargs)

    def _default_loss(self) -> str:
        """Return the crossentropy of the kind of target."""
        if self._kind == "multilabel":
            return "binary_crossentropy"
        if self._kind == "binary":
            shape = getattr(self.model_, "output_shape", None)
            two_units = isinstance(shape, tuple) and shape[-1] == 2
            return "sparse_categorical_crossentropy" if two_units else "binary_crossentropy"
        one_hot = encoder_state(self.target_encoder_).target_type == "multiclass-onehot"
        return "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"

    def _type_of_target(self, y: np.ndarray) -> str:
        """Return scikit-learn's type of target, with a label for each time step that of steps."""
        return super()._type_of_target(y if y.ndim < 3 else y.reshape(-1, y.shape[-1]))

    @property
    def target_encoder(self):
        """The parent's label encoder, or with a label for each time step one of steps."""
        encoder = super().target_encoder
        if takes_one_hot(getattr(self, self._compiled_by("loss"))):
            # The parent does not know every form and every such loss.
            encoder.loss = "categorical_crossentropy"
        if getattr(self, "y_ndim_", 1) < 3:
            return encoder
        return TimestepLabelEncoder(**encoder.get_params(deep=False))

    @property
    def _steps(self) -> tuple[int, ...]:
        """``(n_steps,)`` with a label for each time step, else empty."""
        encoder = getattr(self, "target_encoder_", None)
        return (encoder.n_steps_,) if type(encoder) is TimestepLabelEncoder else ()

    @property
    def _kind(self) -> str | None:
        """``"binary"``, ``"multiclass"``, ``"multilabel"``; None with an encoder of the user's."""
        encoder = getattr(self, "target_encoder_", None)
        if type(encoder) not in (ClassifierLabelEncoder, TimestepLabelEncoder):
            return None
        return KINDS.get(encoder_state(encoder).target_type or "")

    def _check_model_compatibility(self, y: Any) -> None:
        """Check the number of outputs before Keras stumbles over it."""
        shape = getattr(self.model_, "output_shape", None) if self.model_.built else None
        if self._kind is not None and isinstance(shape, tuple):
            allowed = n_output_units(self._kind, self.n_classes_)
            check_output_steps(shape, allowed, self._steps)
            units = shape[-1] if len(shape) > 1 else 1
            if units not in allowed:
                expected = " or ".join(map(str, allowed))
                raise InvalidParameterError(
                    f"model has {units} output units, but a {self._kind} y with "
                    f"{self.n_classes_} classes needs {expected}. Change the last layer; "
                    f"meta['n_classes_'] tells a build function the number."
                )
            check_loss_of_units(self._loss, y, units)
        own_loss = isinstance(self._loss, LabelWeightedCrossentropy | ClassLoss)
        if not own_loss:
            given = getattr(self, self._compiled_by("loss"))
            check_loss_of_average(given, self._loss, self.model_)
            check_given_loss(given, self._loss)
        if hasattr(self.model_, "outputs") and not own_loss:
            super()._check_model_compatibility(y)
