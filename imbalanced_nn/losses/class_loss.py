"""What the losses for rare classes share: classes from any form of target, their shares."""

from typing import Any

import keras
import numpy as np
from keras import ops

from imbalanced_nn._compat.keras import logits_of
from imbalanced_nn.calibration import output_for
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["ClassLoss", "check_at_least_zero", "log_odds", "targets_and_log_probabilities"]

SMALLEST = 1e-12


def targets_and_log_probabilities(y_true: Any, y_pred: Any, from_logits: bool) -> tuple[Any, Any]:
    """Return one-hot targets and log-probabilities of all classes, of shape (..., n_classes).

    Parameters
    ----------
    y_true : tensor
        0/1 for one output unit, else class codes (with or without a last axis of 1) or one-hot.
    y_pred : tensor of shape (..., n_units)
        One unit for two classes, or a unit for each class.
    from_logits : bool
        Whether the outputs are logits.
    """
    # Keras keeps the logits of its own activations, which saturate in float32 before they do.
    logits = y_pred if from_logits else logits_of(y_pred)
    units = y_pred.shape[-1]
    if len(y_true.shape) == len(y_pred.shape) - 1:
        y_true = ops.expand_dims(y_true, -1)
    if units == 1:
        target = ops.cast(y_true, y_pred.dtype)
        if logits is None:
            p = ops.clip(y_pred, keras.config.epsilon(), 1 - keras.config.epsilon())
            both = [ops.log1p(-p), ops.log(p)]
        else:
            both = [-ops.softplus(logits), -ops.softplus(-logits)]
        return ops.concatenate([1 - target, target], -1), ops.concatenate(both, -1)
    if logits is None:
        p = y_pred / ops.sum(y_pred, axis=-1, keepdims=True)
        log_p = ops.log(ops.clip(p, keras.config.epsilon(), 1.0))
    else:
        log_p = ops.log_softmax(logits, axis=-1)
    if y_true.shape[-1] == 1:
        codes = ops.cast(ops.squeeze(y_true, -1), "int32")
        return ops.one_hot(codes, units, dtype=y_pred.dtype), log_p
    return ops.cast(y_true, y_pred.dtype), log_p


def log_odds(y_pred: Any, from_logits: bool) -> Any:
    """Return log-odds of independent outputs, one for each unit."""
    logits = y_pred if from_logits else logits_of(y_pred)
    if logits is not None:
        return logits
    p = ops.clip(y_pred, keras.config.epsilon(), 1 - keras.config.epsilon())
    return ops.log(p) - ops.log1p(-p)


class ClassLoss(keras.losses.Loss):
    """A loss that depends on the shares of the classes in the rows it is trained on.

    What follows from the shares is kept in variables, so that a traced program serves every
    fold of a search.

    Parameters
    ----------
    prior : sequence of float or None
        Shares of the classes; None lets the estimator fill them in.
    from_logits : bool
        Whether the network's outputs are logits.
    name : str
        Name of the loss.
    **kwargs
        Further arguments of ``keras.losses.Loss``.
    """

    needs_prior = True
    """Whether the loss has no value without shares."""

    multilabel = False
    """Whether each output is a label of its own."""

    def __init__(self, prior=None, from_logits=False, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.from_logits = from_logits
        self._statistics: dict[str, keras.Variable] = {}
        self.prior = None
        if prior is not None:
            self.fill(prior)

    def fill(self, prior: Any) -> None:
        """Take over the shares of the classes and what follows from them."""
        self.prior = [float(share) for share in prior]
        if not (np.isfinite(self.prior).all() and min(self.prior) >= 0 and max(self.prior) > 0):
            raise InvalidParameterError(
                f"prior must hold the shares of the classes, finite numbers of at least 0; got "
                f"{prior!r}. Leave it None for those of the training rows."
            )
        for name, values in self._follows_from(self.shares).items():
            if name in self._statistics:
                self._statistics[name].assign(values)
            else:
                self._statistics[name] = keras.Variable(
                    np.asarray(values, dtype=keras.config.floatx()), trainable=False, name=name
                )

    @property
    def shares(self) -> np.ndarray:
        """Shares of the classes, which sum to 1, none of them 0."""
        shares = np.clip(np.asarray(self.prior, np.float64), SMALLEST, None)
        return shares / shares.sum()

    @property
    def statistics(self) -> list[keras.Variable]:
        """Variables that hold what follows from the shares."""
        return list(self._statistics.values())

    def structure(self) -> dict:
        """What shapes the computation: the configuration, of the shares only their number."""
        config = self.get_config()
        return config | {"prior": None if self.prior is None else len(self.prior)}

    def posterior(self, proba: np.ndarray) -> np.ndarray:
        """Return the class posterior that outputs stand for, at the shares trained on.

        Parameters
        ----------
        proba : ndarray of shape (n_samples, n_classes)
            Outputs as probabilities.
        """
        raise NotImplementedError

    def snapshot(self, **attributes: Any) -> "ClassLoss":
        """Return the loss as it is now for its `posterior`, which no later change of it reaches.

        Parameters
        ----------
        **attributes
            What is otherwise than now.
        """
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__ | attributes)
        numbers = {name: ops.convert_to_numpy(held) for name, held in self._statistics.items()}
        twin._statistics = {name: np.array(values) for name, values in numbers.items()}
        return twin

    def start(self, prior: np.ndarray) -> np.ndarray:
        """Return the output of a network that knows nothing but the prior."""
        return output_for(self.posterior, prior, self.multilabel)

    def __reduce__(self):
        # By its class: Keras' own way needs classes of the user's to be registered.
        return _equal_loss, (type(self), self.get_config())

    def get_config(self) -> dict:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "prior": self.prior, "from_logits": self.from_logits}

    def _follows_from(self, shares: np.ndarray) -> dict[str, Any]:
        """Return the values that the computation needs, by name."""
        return {}

    def _numbers(self, name: str) -> np.ndarray:
        """Return one of the values as an array of float64."""
        values = keras.ops.convert_to_numpy(self._statistic(name, keras.config.floatx()))
        return values.astype(np.float64)

    def _statistic(self, name: str, dtype: Any) -> Any:
        """Return one of the values as a tensor."""
        if name not in self._statistics:
            raise InvalidParameterError(
                f"{type(self).__name__} needs the shares of the classes: give prior=[...], such "
                f"as np.bincount(y) / len(y), or train by BalancedKerasClassifier, which knows "
                f"them."
            )
        return ops.cast(self._statistics[name], dtype)


def _equal_loss(cls: type[ClassLoss], config: dict[str, Any]) -> ClassLoss:
    """Return the loss of a configuration."""
    return cls.from_config(config)


def check_at_least_zero(name: str, value: float) -> None:
    """Refuse a negative, infinite or missing number."""
    if not (isinstance(value, int | float | np.number) and 0 <= value < np.inf):
        raise InvalidParameterError(f"{name} must be a number of at least 0; got {value!r}.")
