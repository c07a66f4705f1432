"""Label encoder of a target with a label for each time step."""

from typing import Any

import numpy as np

from imbalanced_nn._compat.scikeras import ClassifierLabelEncoder, encoder_state, set_encoder_state
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["TimestepLabelEncoder"]


class TimestepLabelEncoder(ClassifierLabelEncoder):
    """scikeras' label encoder for y of shape (n_sequences, n_steps, 1).

    Every step is encoded as the parent encodes a row. One-hot steps, of shape
    (n_sequences, n_steps, n_classes), are accepted too.

    Parameters
    ----------
    loss : None, str or keras.losses.Loss, default=None
        With categorical crossentropy the steps are encoded one-hot.
    categories : "auto" or list of one ndarray, default="auto"
        All labels, if y may lack one.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.wrapper.label_encoder import TimestepLabelEncoder
    >>> y = np.array([["ok", "fraud", "ok"], ["ok", "ok", "ok"]])[:, :, None]
    >>> encoder = TimestepLabelEncoder().fit(y)
    >>> encoder.classes_.tolist(), encoder.n_steps_
    (['fraud', 'ok'], 3)
    >>> encoder.transform(y)[:, :, 0].tolist()
    [[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def fit(self, y: np.ndarray) -> "TimestepLabelEncoder":
        """Learn the labels of y.

        Raises
        ------
        InvalidParameterError
            If a step has several labels, or none.
        """
        super().fit(_as_rows(y))
        if encoder_state(self).target_type not in ("binary", "multiclass", "multiclass-onehot"):
            raise InvalidParameterError(
                f"y of shape {y.shape} must hold one label for each time step, with a last axis of "
                f"1, or 0/1 with a single 1 in each step. For several labels in each step fit one "
                f"estimator for each, or weigh them in a loss of your own with scikeras."
            )
        set_encoder_state(self, encoder_state(self)._replace(y_shape=y.shape))
        self.n_steps_ = y.shape[1]
        return self

    def transform(self, y: np.ndarray) -> np.ndarray:
        """Return y as the network takes it, of shape (n_sequences, n_steps, 1 or n_classes)."""
        fitted = encoder_state(self).row_shape
        if y.shape[1:] != fitted:
            raise ValueError(
                f"y has rows of shape {y.shape[1:]}, but the estimator was fitted on rows of shape "
                f"{fitted}. Pass sequences of as many time steps, padded ones with "
                f"sample_weight 0."
            )
        return super().transform(_as_rows(y)).reshape(*y.shape[:2], -1)

    def get_metadata(self) -> dict[str, Any]:
        """Return what build functions get of it, ``n_steps_`` included."""
        return super().get_metadata() | {"n_steps_": self.n_steps_}


def _as_rows(y: np.ndarray) -> np.ndarray:
    """Return every step as a row of its own."""
    return y.ravel() if y.shape[-1] == 1 else y.reshape(-1, y.shape[-1])
