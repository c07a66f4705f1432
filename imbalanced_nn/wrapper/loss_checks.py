"""Whether a loss, and the outputs of a network, suit the target; refused in words where not."""

from typing import Any

import keras

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import ClassLoss, keras_loss, resolve_loss
from imbalanced_nn.networks import MeanPosterior

__all__ = ["check_given_loss", "check_loss_of_average", "check_loss_of_units", "check_output_steps"]

TAKE_CODES = (
    "categorical_generalized_cross_entropy",
    "circle",
    "ctc",
    "sparse_categorical_crossentropy",
)


def check_loss_of_average(given: Any, loss: Any, network: keras.Model) -> None:
    """Refuse to train the average of networks, made of probabilities, by their own loss.

    Parameters
    ----------
    given, loss : object
        The parameter that gives the loss, and the loss that the network is compiled with.
    network : keras.Model
        The average, or any other network.
    """
    layers = getattr(network, "layers", ())
    if given is None or not any(isinstance(layer, MeanPosterior) for layer in layers):
        return
    name, _ = keras_loss(resolve_loss(given, False))
    if name is None or name != keras_loss(loss)[0]:
        raise InvalidParameterError(
            f"loss={given!r} trained the networks of the folds, and model_ is the average of "
            f"their probabilities, which goes on by {loss!r} alone. Fit one network, "
            f"with validation_split=0.2, to train it further by that loss."
        )


def check_given_loss(given: Any, loss: Any) -> None:
    """Refuse a loss of this package beside that of a network which comes compiled.

    Parameters
    ----------
    given, loss : object
        As in `check_loss_of_average`.
    """
    meant = resolve_loss(given, False)
    kind = meant if isinstance(meant, type) else type(meant)
    if issubclass(kind, ClassLoss):
        name, _ = keras_loss(loss)
        raise InvalidParameterError(
            f"loss={given!r} has no effect: the network comes compiled with "
            f"{name or loss!r}. Return it uncompiled, or leave loss=None."
        )


def check_loss_of_units(loss: Any, y: Any, units: int) -> None:
    """Refuse a loss of Keras' that nothing can be learned from.

    One that compares each output with a target of its own takes a class code for all of them.

    Parameters
    ----------
    loss : object
        What the network is compiled with.
    y : ndarray
        Targets as the network takes them.
    units : int
        Number of outputs.
    """
    name, given = keras_loss(loss)
    if given.get("label_smoothing", 0) >= 1:
        raise InvalidParameterError(
            f"label_smoothing={given['label_smoothing']!r} leaves nothing of the labels. Give "
            f"a number below 1, such as 0.1."
        )
    if units == 1 or y.shape[-1] == units or name in (None, *TAKE_CODES):
        return
    raise InvalidParameterError(
        f"{name} compares each of the {units} outputs with a target of its own, but y holds "
        f"one label for each row. Set loss=None, which takes "
        f"sparse_categorical_crossentropy, or pass y in one-hot form."
    )


def check_output_steps(
    shape: tuple[Any, ...], allowed: tuple[int, ...], steps: tuple[int, ...]
) -> None:
    """Refuse a network whose outputs are not one for each time step that has a label.

    Parameters
    ----------
    shape : tuple
        Of the network's outputs.
    allowed : tuple of int
        Numbers of units that suit the target.
    steps : tuple of int
        ``(n_steps,)`` with a label for each time step, else empty.
    """
    if steps and (len(shape) != 3 or shape[1] not in (*steps, None)):
        units = " or ".join(map(str, allowed))
        raise InvalidParameterError(
            f"model has outputs of shape {shape[1:]} for each row, but y holds a label for "
            f"each time step: the network must end in shape ({steps[0]}, {units}). Keep "
            f"the axis of time, with return_sequences=True in recurrent layers, "
            f"padding='same' in convolutions and no pooling or flattening over it."
        )
