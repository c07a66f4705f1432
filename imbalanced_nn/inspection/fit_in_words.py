"""What a fit learned, in words."""

from sklearn.utils.validation import check_is_fitted

from imbalanced_nn.describe import fitted_facts
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.predictions import last_step

__all__ = ["describe_fit"]


def describe_fit(estimator) -> dict[str, str]:
    """Return what a fit learned, in words: what notebooks show of a fitted estimator.

    Parameters
    ----------
    estimator : BalancedKerasClassifier, Pipeline or search
        Fitted.

    Returns
    -------
    dict of str to str
        Sentences by what they are about, in the order of the steps: ``"Held out"``,
        ``"Sampler"``, ``"Class weights"``, ``"Training"``, ``"Last layer"``, ``"Engine"``,
        ``"Probabilities"``, ``"Decision"`` and ``"Cut"``; of steps that were off, none.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    InvalidParameterError
        If it is no `BalancedKerasClassifier` that knows its classes.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from imbalanced_nn import BalancedKerasClassifier
    >>> from imbalanced_nn.inspection import describe_fit
    >>> X, y = make_classification(3000, weights=[0.9], class_sep=2.0, random_state=0)
    >>> clf = BalancedKerasClassifier(validation_split=0.2, epochs=5, random_state=0).fit(X, y)
    >>> describe_fit(clf)["Held out"]
    '600 rows, 62 of class 1'
    """
    step = last_step(estimator)
    check_is_fitted(step)
    facts = fitted_facts(step)
    if not facts:
        raise InvalidParameterError(
            f"The 'estimator' parameter must be a fitted BalancedKerasClassifier that knows its "
            f"classes. Got {type(step).__name__}; fit one, without a target encoder of your own."
        )
    return facts
