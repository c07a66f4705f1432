"""What a loss is, whatever form it was given in: Keras' function of it and its arguments."""

import functools
import inspect
from typing import Any

import keras

from imbalanced_nn._compat.keras import keyword_arguments

__all__ = ["keras_loss", "outputs_are_logits", "single_loss"]


def single_loss(loss: Any) -> Any:
    """Return the loss of a network's one output out of the list or dict that holds it.

    Parameters
    ----------
    loss : object
        Loss that a network is compiled with.

    Examples
    --------
    >>> from imbalanced_nn.losses import single_loss
    >>> single_loss({"output": ["mse"]})
    'mse'
    """
    while isinstance(loss, list | tuple | dict) and len(loss) == 1:
        loss = next(iter(loss.values() if isinstance(loss, dict) else loss))
    return loss


def keras_loss(loss: Any) -> tuple[str | None, dict[str, Any]]:
    """Return the name of Keras' function that a loss is, and all its arguments.

    Parameters
    ----------
    loss : object
        A name, function, class or object, a `functools.partial` of a function, or a list or dict
        of one of them.

    Returns
    -------
    name : str or None
        None where the loss is no function of Keras'.
    arguments : dict
        Those that were not given have their defaults.

    Examples
    --------
    >>> from imbalanced_nn.losses import keras_loss
    >>> name, arguments = keras_loss("BinaryFocalCrossentropy")
    >>> name, arguments["gamma"]
    ('binary_focal_crossentropy', 2.0)
    >>> keras_loss(lambda y_true, y_pred: y_pred)
    (None, {})
    """
    loss = single_loss(loss)
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return None, {}
    if isinstance(loss, type) and issubclass(loss, keras.losses.Loss) and _is_keras(loss):
        loss = loss()
    given = {}
    # Keras' classes call a function; what overrides that is somebody's own.
    plain = keras.losses.BinaryCrossentropy
    own = (type(loss).call, type(loss).__call__) if isinstance(loss, keras.losses.Loss) else ()
    if own == (plain.call, plain.__call__):
        loss, given = loss.fn, keyword_arguments(loss)
    while isinstance(loss, functools.partial):
        if loss.args:
            return None, {}
        loss, given = loss.func, {**loss.keywords, **given}
    if not inspect.isfunction(loss) or not _is_keras(loss):
        return None, {}
    return loss.__name__, {**_defaults(loss), **given}


def outputs_are_logits(loss: Any) -> bool:
    """Whether a loss takes log-odds; a loss of somebody's own tells by ``from_logits``.

    Parameters
    ----------
    loss : object
        Loss that a network is compiled with.

    Examples
    --------
    >>> import keras
    >>> from imbalanced_nn.losses import outputs_are_logits
    >>> outputs_are_logits([keras.losses.BinaryCrossentropy(from_logits=True)])
    True
    >>> outputs_are_logits("binary_crossentropy")
    False
    """
    name, arguments = keras_loss(loss)
    own = getattr(single_loss(loss), "from_logits", False)
    return bool(own if name is None else arguments.get("from_logits", False))


@functools.cache
def _defaults(function: Any) -> dict[str, Any]:
    """Arguments of a function that need not be given."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _is_keras(code: Any) -> bool:
    """Whether a function or class is Keras' own."""
    return (getattr(code, "__module__", None) or "").split(".")[0] == "keras"
