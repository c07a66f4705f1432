"""Adam with few operations to a step: a step of small networks is mostly their number."""

from typing import Any

import keras
from keras import ops

__all__ = ["FusedAdam", "FusedAdamW"]


class FusedAdam(keras.optimizers.Adam):
    """Adam that updates a variable by the one operation that TensorFlow has for it.

    Keras makes some thirty operations of each variable's update and average. Other backends,
    gradients of a few lines of a table, other types than float32 and variables on several devices
    are updated as by Keras.

    Parameters
    ----------
    *args, **kwargs
        Arguments of `keras.optimizers.Adam`.
    """

    def apply(self, grads, trainable_variables=None):
        """Update variables by their gradients."""
        if _is_left_to_keras():
            super().apply(grads, trainable_variables)
            return
        step = ops.cast(self.iterations + 1, "float32")
        powers = [ops.power(ops.cast(b, "float32"), step) for b in (self.beta_1, self.beta_2)]
        # Keras would track, and save, what is set as usual.
        self.__dict__["_powers"] = powers
        try:
            super().apply(grads, trainable_variables)
        finally:
            del self.__dict__["_powers"]

    def update_step(self, gradient, variable, learning_rate):
        """Update a variable by its gradient."""
        powers = vars(self).get("_powers")
        if powers is None or self.amsgrad or not _is_dense(gradient, variable):
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        place = self._get_variable_index(variable)
        rate = tf.cast(learning_rate, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=powers[0],
            beta2_power=powers[1],
            lr=rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )

    def _update_model_variables_moving_average(self, trainable_variables):
        """Bring the averages of variables up to date, the first time to the variables."""
        goes_on = ops.cast(ops.not_equal(self.iterations, 0), "float32")
        share = 1 - goes_on * self.ema_momentum
        pairs = zip(trainable_variables, self._model_variables_moving_average, strict=True)
        for variable, average in pairs:
            if average is not None:
                step = ops.cast(share, average.dtype) * ops.subtract(variable, average)
                self.assign_add(average, step)


class FusedAdamW(FusedAdam, keras.optimizers.AdamW):
    """AdamW that updates a variable by that operation, beside its decay.

    Parameters
    ----------
    *args, **kwargs
        Arguments of `keras.optimizers.AdamW`.
    """


def _is_left_to_keras() -> bool:
    """Whether variables lie on several devices, or the backend is one without the operation."""
    if keras.backend.backend() != "tensorflow":
        return True
    import tensorflow as tf

    return tf.distribute.has_strategy()


def _is_dense(gradient: Any, variable: Any) -> bool:
    """Whether a gradient is of all numbers of a variable of the usual type."""
    import tensorflow as tf

    return isinstance(gradient, tf.Tensor) and gradient.dtype == variable.dtype == tf.float32
