"""A differentiable stand-in for the area under the ROC curve."""

import keras
from keras import ops

from imbalanced_nn.losses.class_loss import ClassLoss, log_odds, targets_and_log_probabilities

__all__ = ["PairwiseAUCLoss"]


@keras.saving.register_keras_serializable(package="imbalanced_nn")
class PairwiseAUCLoss(ClassLoss):
    """Logistic loss of every pair of a positive and a negative of the batch.

    Its mean over the batch is the mean over the pairs of ``log(1 + exp(-(s_i - s_j)))``, with
    the log-odds s of positives i and negatives j. Batches without a pair cost nothing: use it
    with ``sampler="balanced_batches"`` where positives are rare.

    Parameters
    ----------
    prior : sequence of float or None, default=None
        Not used; taken so that all losses are alike.
    from_logits : bool, default=False
        Whether the network's outputs are logits.
    name : str, default="pairwise_auc_loss"
        Name of the loss.
    **kwargs
        Further arguments of ``keras.losses.Loss``.

    Notes
    -----
    The scores that minimise it are the log-odds up to a constant, which pairs cannot tell. The
    estimator finds it on the held-out rows: their mean probability is to be the prior.

    References
    ----------
    A. K. Menon, R. C. Williamson, "Bipartite ranking: a risk-theoretic perspective", JMLR 17,
    2016.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.losses import PairwiseAUCLoss
    >>> loss = PairwiseAUCLoss(from_logits=True)
    >>> scores = np.array([[1.0], [1.0], [1.0]], dtype="float32")
    >>> round(float(loss(np.array([[1.0], [0.0], [0.0]]), scores) / np.log(2)), 3)
    1.0
    """

    needs_prior = False
    offset_is_free = True
    """Whether the outputs are log-odds up to a constant only."""

    def __init__(self, prior=None, from_logits=False, name="pairwise_auc_loss", **kwargs):
        super().__init__(None, from_logits, name, **kwargs)

    def fill(self, prior) -> None:
        """Do nothing: the loss does not depend on the shares."""

    def call(self, y_true, y_pred):
        """Return what each row adds to the mean over the pairs, times the rows of the batch."""
        target, log_p = targets_and_log_probabilities(y_true, y_pred, self.from_logits)
        if y_pred.shape[-1] == 1:
            score = ops.reshape(log_odds(y_pred, self.from_logits), (-1,))
        else:
            score = log_p[:, 1] - log_p[:, 0]
        positive = target[:, 1]
        negative = 1 - positive
        pair = ops.softplus(score[None, :] - score[:, None])
        pair = pair * positive[:, None] * negative[None, :]
        n_pairs = ops.maximum(ops.sum(positive) * ops.sum(negative), 1)
        # Half of a pair's loss goes to each of its rows, which a sample weight may then weigh.
        own = (ops.sum(pair, axis=1) + ops.sum(pair, axis=0)) / 2
        return own * ops.cast(ops.shape(score)[0], score.dtype) / n_pairs

    def posterior(self, proba):
        """Return the outputs: what is missing is one number for all rows, see Notes."""
        return proba
