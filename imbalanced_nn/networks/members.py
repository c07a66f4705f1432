"""Several networks in one, which share most of their weights and are trained side by side."""

from math import sqrt
from typing import Any

import keras
from keras import ops

__all__ = [
    "BatchEnsembleDense",
    "LinearSkip",
    "MemberDropout",
    "MemberHeads",
    "MemberMean",
    "MembersNetwork",
    "has_members",
]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class RandomSigns(keras.initializers.RandomUniform):
    """Draws 1 and -1."""

    def __call__(self, shape, dtype=None):
        drawn = super().__call__(shape, dtype=dtype)
        return ops.where(drawn < 0, -ops.ones_like(drawn), ops.ones_like(drawn))


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class BatchEnsembleDense(keras.layers.Layer):
    """Dense layer of several members: one kernel for all, and factors and a bias for each.

    A member multiplies its inputs by factors of its own, then by the common kernel, its outputs
    by further factors, and adds its bias.

    Parameters
    ----------
    units : int
        Outputs of each member.
    n_members : int, default=4
        Number of members.
    activation : str or callable, default=None
        Of the outputs.
    signs : bool, default=False
        Whether the factors of the inputs start as random signs, by which members of the same
        inputs become different ones, and not as 1.
    blocks : list of (int, int, int), default=None
        Which inputs share a factor: blocks of inputs, one after the other, each with the number of
        its first factor, how many factors it takes, and how many inputs in a row take each. None
        gives each input its own, and is what inputs of a member's own take.
    **kwargs
        Arguments of `keras.layers.Layer`.

    References
    ----------
    Y. Wen, D. Tran, J. Ba, "BatchEnsemble: an alternative approach to efficient ensemble and
    lifelong learning", ICLR 2020; Y. Gorishniy, A. Kotelnikov, A. Babenko, "TabM: advancing
    tabular deep learning with parameter-efficient ensembling", ICLR 2025.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import BatchEnsembleDense
    >>> members = BatchEnsembleDense(8, n_members=3, signs=True)(np.ones((5, 2), "float32"))
    >>> members.shape
    TensorShape([5, 3, 8])
    >>> BatchEnsembleDense(2, n_members=3)(members).shape
    TensorShape([5, 3, 2])
    """

    def __init__(self, units, n_members=4, activation=None, signs=False, blocks=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.n_members = n_members
        self.activation = keras.activations.get(activation)
        self.signs = signs
        self.blocks = blocks if blocks is None else [list(block) for block in blocks]

    def build(self, input_shape):
        """Create the common kernel, and factors and biases of each member."""
        if self.blocks is not None and len(input_shape) != 2:
            raise ValueError(
                f"blocks share factors among inputs that are common to all members, of shape "
                f"(n_samples, n_inputs). Got inputs of shape {tuple(input_shape)}: set blocks=None."
            )
        n_inputs = input_shape[-1]
        n_factors = max((b[0] + b[1] for b in self.blocks or ()), default=n_inputs)
        outputs = (self.n_members, self.units)
        # As `call` multiplies by them.
        factors = (n_factors, self.n_members)[:: 1 if len(input_shape) == 2 else -1]
        self.kernel = self.add_weight(
            name="kernel", shape=(n_inputs, self.units), initializer="glorot_uniform"
        )
        self.input_factors = self.add_weight(
            name="input_factors",
            shape=factors,
            initializer=RandomSigns(-1.0, 1.0) if self.signs else "ones",
        )
        self.output_factors = self.add_weight(
            name="output_factors", shape=outputs, initializer="ones"
        )
        self.bias = self.add_weight(name="bias", shape=outputs, initializer="zeros")

    def call(self, inputs):
        """Return the outputs of each member, of inputs that are common or a member's own."""
        n_inputs, outputs = self.kernel.shape[0], (-1, self.n_members, self.units)
        if len(inputs.shape) == 2:
            # Kernels of the members side by side: rows are more than inputs, mostly.
            kernels = self.kernel[:, None, :] * self._factors()[:, :, None] * self.output_factors
            flat = ops.matmul(inputs, ops.reshape(kernels, (n_inputs, -1)))
            return self.activation(ops.reshape(flat, outputs) + self.bias)
        flat = ops.reshape(inputs * self.input_factors, (-1, n_inputs))
        hidden = ops.reshape(ops.matmul(flat, self.kernel), outputs)
        return self.activation(hidden * self.output_factors + self.bias)

    def _factors(self):
        """Return the factors of common inputs, of shape (n_inputs, n_members)."""
        if self.blocks is None:
            return ops.convert_to_tensor(self.input_factors)
        parts = []
        for first, count, width in self.blocks:
            part = self.input_factors[first : first + count]
            if width > 1:
                part = ops.broadcast_to(part[:, None, :], (count, width, self.n_members))
                part = ops.reshape(part, (count * width, self.n_members))
            parts.append(part)
        return ops.concatenate(parts)

    def compute_output_shape(self, input_shape):
        """Return rows, members and units."""
        return (input_shape[0], self.n_members, self.units)

    def get_config(self):
        """Return the configuration."""
        return super().get_config() | {
            "units": self.units,
            "n_members": self.n_members,
            "activation": keras.activations.serialize(self.activation),
            "signs": self.signs,
            "blocks": self.blocks,
        }


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class MemberDropout(keras.layers.Layer):
    """Drop units, in training, the same of all members.

    Drawing is dear, and members differ enough.

    Parameters
    ----------
    rate : float
        Share of units dropped; the others are divided by the share that is left.
    seed : int or None, default=None
        Seed of the draws.
    **kwargs
        Arguments of `keras.layers.Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import MemberDropout
    >>> dropped = np.asarray(MemberDropout(0.5, seed=0)(np.ones((3, 2, 8)), training=True))
    >>> np.unique(dropped).tolist(), bool((dropped[:, 0] == dropped[:, 1]).all())
    ([0.0, 2.0], True)
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate is the share of units dropped, from 0 to below 1, not {rate}.")
        self.rate = rate
        self.seed = seed
        if rate > 0:
            self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs, training=False):
        """Return the inputs, in training without those of the units dropped."""
        if not training or self.rate == 0:
            return inputs
        shape = (ops.shape(inputs)[0], 1, inputs.shape[-1])
        drawn = keras.random.uniform(shape, dtype=self.compute_dtype, seed=self.seed_generator)
        return inputs * (ops.cast(drawn >= self.rate, self.compute_dtype) / (1 - self.rate))

    def compute_output_shape(self, input_shape):
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self):
        """Return the configuration."""
        return super().get_config() | {"rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class MemberHeads(keras.layers.Layer):
    """Linear layer of each member by itself, with nothing in common.

    Parameters
    ----------
    units : int
        Outputs of each member.
    **kwargs
        Arguments of `keras.layers.Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import MemberHeads
    >>> MemberHeads(1)(np.ones((5, 4, 8), "float32")).shape
    TensorShape([5, 4, 1])
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        """Create a kernel and a bias for each member."""
        _, n_members, n_inputs = input_shape
        bound = sqrt(6 / (n_inputs + self.units))
        self.kernel = self.add_weight(
            name="kernel",
            shape=(n_members, n_inputs, self.units),
            initializer=keras.initializers.RandomUniform(-bound, bound),
        )
        self.bias = self.add_weight(name="bias", shape=(n_members, self.units), initializer="zeros")

    def call(self, inputs):
        """Return the outputs of each member."""
        n_members, n_inputs, _ = self.kernel.shape
        if self.units > 1:
            return ops.einsum("bmi,miu->bmu", inputs, self.kernel) + self.bias
        # One product with zeros between the members is faster than one for each of them.
        apart = ops.eye(n_members, dtype=self.compute_dtype)[:, None, :]
        kernels = ops.reshape(self.kernel * apart, (-1, n_members))
        hidden = ops.matmul(ops.reshape(inputs, (-1, n_members * n_inputs)), kernels)
        return ops.expand_dims(hidden, -1) + self.bias

    def compute_output_shape(self, input_shape):
        """Return rows, members and units."""
        return (*input_shape[:-1], self.units)

    def get_config(self):
        """Return the configuration."""
        return super().get_config() | {"units": self.units}


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class LinearSkip(keras.layers.Layer):
    """Add a linear function of inputs, 0 at the start, to each member's outputs.

    It is called on a list of the members' outputs and the inputs.

    Parameters
    ----------
    **kwargs
        Arguments of `keras.layers.Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import LinearSkip
    >>> LinearSkip()([np.ones((5, 4, 1), "float32"), np.ones((5, 3), "float32")]).shape
    TensorShape([5, 4, 1])
    """

    def build(self, input_shape):
        """Create a weight for each input and output."""
        outputs, inputs = input_shape
        self.skip = self.add_weight(
            name="skip", shape=(inputs[-1], outputs[-1]), initializer="zeros"
        )

    def call(self, inputs):
        """Return the outputs with what was added."""
        outputs, given = inputs
        return outputs + ops.expand_dims(ops.matmul(given, self.skip), 1)

    def compute_output_shape(self, input_shape):
        """Return the shape of the members' outputs."""
        return input_shape[0]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class MemberMean(keras.layers.Layer):
    """Mean of the members' probabilities.

    Parameters
    ----------
    activation : {"sigmoid", "softmax"}, default="sigmoid"
        What makes probabilities of the members' outputs.
    **kwargs
        Arguments of `keras.layers.Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.networks import MemberMean
    >>> np.asarray(MemberMean()(np.array([[[-9.0], [9.0]]]))).tolist()
    [[0.5]]
    """

    def __init__(self, activation="sigmoid", **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.last = None

    def call(self, inputs):
        """Return the mean over the members."""
        # As it was called last; see `MembersNetwork`.
        self.last = inputs
        return ops.mean(self.activation(inputs), axis=1)

    def compute_output_shape(self, input_shape):
        """Return rows and units."""
        return (input_shape[0], input_shape[-1])

    def get_config(self):
        """Return the configuration."""
        config = {"activation": keras.activations.serialize(self.activation)}
        return super().get_config() | config


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class MembersNetwork(keras.Model):
    """Network that ends in a `MemberMean`, each of whose members learns for itself.

    Its output is the mean of the members' probabilities. Its loss in training is the mean of the
    members' losses, whatever the loss is: each row counts once for each member. The loss of the
    mean would let one member leave to the others what it gets wrong.

    Parameters
    ----------
    *args, **kwargs
        Inputs and outputs, as of a functional `keras.Model`.
    """

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss: of the members in training, else of their mean."""
        mean = self.layers[-1]
        if training and y is not None:
            members, mean.last = mean.last, None
            n_members = members.shape[1]
            y, sample_weight = _repeated(y, n_members), _repeated(sample_weight, n_members)
            if getattr(self.loss, "reduction", None) == "sum":
                weight = 1 if sample_weight is None else sample_weight
                sample_weight = weight / ops.cast(n_members, self.compute_dtype)
            y_pred = mean.activation(ops.reshape(members, (-1, members.shape[-1])))
        return super().compute_loss(x, y, y_pred, sample_weight, training)


def has_members(model: keras.Model) -> bool:
    """Whether a network, or one of those it averages, consists of members.

    Parameters
    ----------
    model : keras.Model
        Network.
    """
    return any(isinstance(part, MembersNetwork) for part in (model, *model.layers))


def _repeated(values: Any, times: int) -> Any:
    """Return each row so many times in a row."""
    if values is None:
        return None
    values = ops.convert_to_tensor(values)
    shape = ops.shape(values)
    wide = ops.broadcast_to(ops.expand_dims(values, 1), (shape[0], times, *shape[1:]))
    return ops.reshape(wide, (-1, *shape[1:]))
