"""One network that answers with the mean of several, each put right by itself."""

from typing import Any

import keras
import numpy as np
from keras import ops

__all__ = ["MeanPosterior", "average_network", "is_averageable"]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class MeanPosterior(keras.layers.Layer):
    """Mean of the probabilities of several networks, each at the same prevalence.

    The networks were trained on classes in shares of their own. Probabilities are corrected
    before the mean: the correction bends them, and that of a mean is not the mean of corrections.

    Parameters
    ----------
    ratios : list of list of float
        For each network the factor of each class, or the odds ratio of each label, as
        `PriorCorrection.ratio`.
    multilabel : bool, default=False
        Whether outputs are independent labels.
    logits : bool, default=False
        Whether the networks' outputs are log-odds.
    **kwargs
        Arguments of `keras.layers.Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import MeanPosterior
    >>> outputs = [np.array([[0.5]], "float32"), np.array([[0.02]], "float32")]
    >>> mean = MeanPosterior([[1.98, 0.02], [1.0, 1.0]])(outputs)
    >>> [round(float(p), 3) for p in mean[0]]
    [0.015]
    """

    def __init__(self, ratios, multilabel=False, logits=False, **kwargs):
        super().__init__(**kwargs)
        self.ratios = np.asarray(ratios, dtype=float).tolist()
        self.multilabel = multilabel
        self.logits = logits

    def call(self, outputs):
        """Return the mean of the corrected outputs, in their shape."""
        parts = [self._corrected(*pair) for pair in zip(outputs, self.ratios, strict=True)]
        return ops.mean(ops.stack(parts), axis=0)

    def compute_output_shape(self, input_shape):
        """Return the shape of one network's outputs."""
        return input_shape[0]

    def _corrected(self, output, ratio):
        single = output.shape[-1] == 1 and not self.multilabel
        independent = single or self.multilabel
        if self.logits:
            output = ops.sigmoid(output) if independent else ops.softmax(output)
        if single:
            # A class that was not trained on has a factor of 0 in both.
            negative, positive = ratio
            return output * positive / (output * positive + (1 - output) * negative)
        scaled = output * ops.convert_to_tensor(ratio, dtype=output.dtype)
        if self.multilabel:
            return scaled / (scaled + 1 - output)
        return scaled / ops.sum(scaled, axis=-1, keepdims=True)

    def get_config(self):
        """Return the configuration."""
        config = {"ratios": self.ratios, "multilabel": self.multilabel, "logits": self.logits}
        return super().get_config() | config


def is_averageable(network: Any) -> bool:
    """Whether the inputs of a network are known, or will be once it is built."""
    return isinstance(network, keras.Sequential) or bool(getattr(network, "inputs", None))


def average_network(networks: list[keras.Model], mean: keras.layers.Layer) -> keras.Model:
    """Return a network that gives its inputs to others and their outputs to a layer.

    Parameters
    ----------
    networks : list of keras.Model
        Built functional or sequential networks of equal inputs. They become its layers, under
        names of their own and no longer compiled.
    mean : keras.layers.Layer
        Makes one output of theirs, such as `MeanPosterior`.

    Returns
    -------
    keras.Model
        Not compiled.
    """
    first = networks[0]
    # A sequential network has no `input` before it is called on a symbol.
    structure = first.inputs[0] if isinstance(first, keras.Sequential) else first.input
    inputs = keras.tree.map_structure(
        lambda tensor: keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name),
        structure,
    )
    for number, network in enumerate(networks):
        network.name = f"{network.name}_fold_{number}"
        # It is trained as a part of the whole from here on, and is saved as one.
        network.optimizer, network.compiled = None, False
    return keras.Model(inputs, mean([network(inputs) for network in networks]))
