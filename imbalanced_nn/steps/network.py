"""What happens to the network: compiled, started, trained, watched."""

import keras
import numpy as np
from scikeras._utils import route_params

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import ClassLoss, LabelWeightedCrossentropy, keras_loss, single_loss
from imbalanced_nn.networks import adapt, set_output_bias
from imbalanced_nn.training import (
    AVERAGE_PRECISION,
    DeferredReweighting,
    GraphTrainer,
    HeldOutMonitor,
    HeldOutPass,
    RowBatches,
    StopOn,
    as_network_input,
    check_finite,
    draw_seed,
    fixed_batch_size,
    held_out_scores,
    needs_evaluation,
    refuse_after_fork,
    seeded,
    unsuitable,
    weights_to_restore,
)
from imbalanced_nn.validation import take_rows
from imbalanced_nn.weighting import class_totals

__all__ = ["NetworkSteps"]


class NetworkSteps:
    """Steps of `BalancedKerasClassifier` around the training of its network."""

    def _ensure_compiled_model(self):
        """Compile the network if its builder has not; weigh the labels of a multilabel loss."""
        weighs_labels = self._kind == "multilabel" and self.class_weight is not None
        if not weighs_labels:
            super()._ensure_compiled_model()
            self._fill_loss(self._loss)
            return None
        if self.model_.compiled and isinstance(self._loss, LabelWeightedCrossentropy):
            return None
        kwargs = self._get_compile_kwargs()
        name, arguments = keras_loss(kwargs["loss"])
        if self.model_.compiled or name != "binary_crossentropy":
            raise InvalidParameterError(
                f"class_weight={self.class_weight!r} with a multilabel y weighs each label in the "
                f"loss, so the estimator must compile the network with binary crossentropy. "
                f"Return the network uncompiled and leave loss=None, or weigh labels in your own "
                f"loss and set class_weight=None."
            )
        weights = np.array(list(self.class_weight_.values())).T
        kept = {name: arguments[name] for name in ("from_logits", "label_smoothing")}
        kwargs["loss"] = LabelWeightedCrossentropy(weights.tolist(), **kept)
        self.model_.compile(**kwargs)
        return None

    def _fill_loss(self, loss):
        """Give a loss that depends on the shares of the classes those that it is trained on."""
        if not isinstance(loss, ClassLoss) or not hasattr(self, "_trained_prior"):
            return
        plain = self._kind == "binary" and not self._steps
        if loss.multilabel:
            one_unit = self._kind == "binary" and self.model_.output_shape[-1] == 1
            fits, instead = one_unit or self._kind == "multilabel", "'focal'"
        elif getattr(loss, "offset_is_free", False):
            fits, instead = plain, "'focal'"
        else:
            fits, instead = self._kind != "multilabel", "'asymmetric'"
        if not fits:
            raise InvalidParameterError(
                f"loss={type(loss).__name__} is not for this y, which is "
                f"{self._kind}{' in time steps' if self._steps else ''}. Use loss={instead}, or "
                f"leave loss=None."
            )
        self._fills_loss = getattr(self, "_fills_loss", False) or loss.prior is None
        if self._fills_loss:
            loss.fill(self._trained_prior)

    def _ramp(self):
        """Epochs within which what changes from epoch to epoch has arrived."""
        # Early stopping ends most fits long before the last epoch.
        return min(self.epochs, 2 * self.patience) if self.early_stopping else self.epochs

    def _first_weighted_epoch(self):
        """Epoch from which the loss weighs its classes, None if it does not put that off."""
        share = getattr(self._loss, "reweight_from", None)
        return None if share is None else round(share * self._ramp())

    def _build_network(self, X):
        """Let a network that learns the shape of its input from data see one encoded row."""
        if not self.model_.built:
            with seeded(None if self.random_state is None else draw_seed(self.random_state)):
                self.model_(as_network_input(take_rows(X, slice(1))))

    def _start_network(self, natural):
        """Learn the input normalisation and set the output bias of a fresh network."""
        if isinstance(self.model, keras.Model):
            return
        adapt(self.model_, natural.X, natural.index, natural.counted_steps)
        if self.init_bias == "prior":
            self._start_output(self.model_)

    def _start_output(self, model):
        """Start the output where a network that knows the shares alone has its least loss."""
        shares = self._trained_prior
        loss = single_loss(model.loss)
        if isinstance(loss, ClassLoss) and shares.all():
            shares = loss.start(shares)
        set_output_bias(model, shares, self._kind == "multilabel", self._logits())

    def _train(
        self,
        rows,
        draw,
        size,
        judged,
        seed,
        batch_classes=None,
        at_epoch=None,
        normalize=True,
        tell=(),
        **training,
    ):
        """Train on rows as they are drawn.

        ``at_epoch`` is told which epoch is being judged, the callbacks ``tell`` when it is over.
        """
        self._fit_keras_model(
            rows.X,
            rows.y,
            rows.network_weight(normalize),
            rows=rows.index,
            draw=draw,
            batch_classes=batch_classes,
            judged=judged,
            seed=seed,
            at_epoch=at_epoch,
            tell=tell,
            batch_size=size,
            **training,
        )

    def _fit_keras_model(
        self,
        X,
        y,
        sample_weight,
        warm_start,
        epochs,
        initial_epoch,
        *,
        rows=None,
        draw=None,
        batch_classes=None,
        judged=None,
        seed=None,
        at_epoch=None,
        tell=(),
        **kwargs,
    ):
        """Train on batches of rows; ``rows`` and what follows is absent for opaque targets."""
        refuse_after_fork()
        if rows is None:
            return super()._fit_keras_model(
                X, y, sample_weight, warm_start, epochs, initial_epoch, **kwargs
            )
        rows = rows if draw is None else draw.rows(initial_epoch)
        size = self._resolve_batch_size(len(rows), kwargs.pop("batch_size", None))
        shuffled = kwargs.pop("shuffle", getattr(self, "fit__shuffle", self.shuffle))
        fixed, filled = fixed_batch_size(self.model_), None
        if fixed is not None:
            summed = getattr(self.model_.loss, "reduction", None) == "sum"
            filled = "sum" if summed else "mean"
        batches = RowBatches(
            X,
            y,
            sample_weight,
            rows,
            size,
            seed if shuffled else None,
            draw,
            initial_epoch,
            batch_classes,
            filled,
        )
        own_callbacks = self._fit_callbacks
        callbacks = [*own_callbacks, *as_callbacks(kwargs.pop("callbacks", None))]
        # Keras' own evaluation costs a trace and 25 ms an epoch; the monitor has the outputs.
        plain = not needs_evaluation(self.model_, callbacks)
        for name, usual in (("validation_freq", 1), ("validation_steps", None)):
            plain = plain and kwargs.get(name, getattr(self, f"fit__{name}", usual)) == usual
        held_out = None
        if judged is not None and not plain:
            parts = judged.X, judged.y, judged.network_weight(), judged.index
            held_out = RowBatches(*parts, fixed or max(size, 1024), filled=filled)
        watching = self._held_out_callbacks(judged, plain, at_epoch)
        start = None if at_epoch is None else self._first_weighted_epoch()
        deferred = [] if start is None else [DeferredReweighting(start)]
        self._fit_callbacks = [*deferred, *watching, *callbacks, *tell]
        own = {"batch_size": None, "validation_batch_size": None, "validation_split": 0.0}
        own |= {"shuffle": False, "validation_data": held_out}
        kwargs = {name: value for name, value in kwargs.items() if name not in own}
        network = self.model_
        self.model_ = self._trainer(batches, own | kwargs)
        try:
            super()._fit_keras_model(
                batches, None, None, warm_start, epochs, initial_epoch, **own, **kwargs
            )
            check_finite(network)
            best, _ = weights_to_restore(watching)
            best = batches.epoch if best is None else best
            self.n_iter_ = best + 1
            if at_epoch is not None:
                at_epoch(best)
        finally:
            self.model_ = network
            self._fit_callbacks = own_callbacks

    def _trainer(self, batches, arguments):
        """Return what is to be fitted: the network itself, or its stand-in of the graph engine."""
        routed = route_params(self.get_params(), "fit", self._fit_kwargs)
        arguments = routed | arguments | {"callbacks": self._fit_callbacks}
        if arguments.get("class_weight") is not None:
            raise InvalidParameterError(
                f"class_weight={arguments['class_weight']!r} is given to Model.fit, where the "
                f"probabilities it changes cannot be put back. Write "
                f"{type(self).__name__}(class_weight=...), by original label."
            )
        network = self.model_

        def decide(reason=None):
            reason = reason or unsuitable(network, batches, arguments)
            if self.engine == "graph" and reason is not None:
                raise InvalidParameterError(
                    f"engine='graph' cannot train this network as Model.fit would: {reason}. Set "
                    f"engine='auto' or 'keras'."
                )
            takes_graph = self.engine != "keras" and reason is None
            self.engine_ = "graph" if takes_graph else f"keras: {reason or 'as asked'}"
            return takes_graph

        return GraphTrainer(network, decide) if decide() else network

    def _resolve_batch_size(self, n_train, given):
        """Return the number of rows in a batch; see the parameter ``batch_size``."""
        size = given or getattr(self, "fit__batch_size", self.batch_size)
        fixed = fixed_batch_size(getattr(self, "model_", None))
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
        if size is None and (self.model is None or isinstance(self.model, str)):
            return int(np.clip(2 ** round(np.log2(n_train / 64)), 32, 512))
        return size or 32

    def _held_out_callbacks(self, judged, with_loss, at_epoch):
        """Return the callbacks that watch the held-out rows."""
        if judged is None:
            return []
        codes, weight = judged.selected_codes, judged.selected_weight
        held_out = HeldOutPass(judged.X, judged.y, judged.index, judged.network_weight(), with_loss)

        def evaluate(model, epoch):
            if at_epoch is not None:
                at_epoch(epoch)
            outputs, loss = held_out(model)
            self._match_scores(outputs, weight)
            proba = judged.decisions(self._natural(outputs))
            scores = held_out_scores(codes, proba, self._kind, self._positive, weight)
            if with_loss:
                scores["val_loss"] = loss
            return scores

        rarest = class_totals(codes, np.ones(len(codes)), self.n_classes_)
        own_monitor = self.monitor == AVERAGE_PRECISION
        patience = self.patience if self.early_stopping and own_monitor else None
        rarest = rarest[rarest > 0].min(initial=len(codes))
        callbacks = [HeldOutMonitor(evaluate, patience, rarest, held_out)]
        if self.early_stopping and not own_monitor:
            callbacks.append(StopOn(self.monitor, self.patience))
        return callbacks


def as_callbacks(given):
    """Return callbacks given to a call of ``fit`` as a list.

    Raises
    ------
    InvalidParameterError
        If one is no callback of Keras.
    """
    callbacks = [] if given is None else keras.tree.flatten(given)
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise InvalidParameterError(
                f"callbacks={given!r} must be a callback of Keras or a list of them; got "
                f"{callback!r}. Pass instances, or set the parameter callbacks of the estimator."
            )
    return callbacks
