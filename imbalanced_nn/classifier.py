"""`BalancedKerasClassifier`: a Keras network that scikit-learn can trust on imbalanced data."""

from imbalanced_nn.base import MendedKerasClassifier
from imbalanced_nn.parameters import check_parameters, plain
from imbalanced_nn.representation import FittedDiagram
from imbalanced_nn.steps import DecisionSteps, FitSteps
from imbalanced_nn.targets import fill_padding
from imbalanced_nn.training import AVERAGE_PRECISION
from imbalanced_nn.validation import validation_tuple

__all__ = ["BalancedKerasClassifier"]


class BalancedKerasClassifier(FitSteps, DecisionSteps, FittedDiagram, MendedKerasClassifier):
    """Keras classifier with resampling, class weights and a learned decision threshold.

    `fit` holds rows out, resamples and weighs the others, trains on them, puts the
    probabilities back to the training prevalence, and learns on the held-out rows where to
    cut. Every step is a parameter that can be searched. Code written for
    `scikeras.wrappers.KerasClassifier` runs unchanged.

    A y of shape (n_sequences, n_steps, 1) holds a label for each time step. Steps are then
    counted, weighed, judged and decided, but sequences held out: whole, stratified by the rarest
    class in them. Steps of ``sample_weight`` 0, such as padded ones, count nowhere. Samplers and
    scikit-learn's scorers and stratified splitters take no such y: use ``class_weight``, the
    estimator's `score`, and ``KFold`` or ``GroupKFold``.

    Parameters
    ----------
    model : callable, keras.Model, str or None, default=None
        Build function, prebuilt network, name of a built-in network, or None for the default
        one, which normalises its own input. As in scikeras a build function may take ``meta``,
        ``compile_kwargs`` and ``params``; it may return the network uncompiled.
    sampler : str, object with ``fit_resample`` or None, default=None
        Resamples the training rows: any imbalanced-learn sampler by its snake-case name
        (``"random_over"``, ``"random_under"``, ``"smote"``, ...), any sampler object, or
        ``"balanced_batches"``, a `BalancedBatches`. Its parameters are reached as
        ``sampler__*``. ``"passthrough"`` and None are off. Samplers that draw at random draw
        afresh for every epoch; an epoch of random under-sampling joins up to ten draws.
    resample_every : {"auto", "epoch", "fit"}, default="auto"
        When the sampler draws: ``"fit"`` once, ``"epoch"`` anew for each epoch, synthetic rows
        too. ``"auto"`` redraws what is drawn at random without a look at X.
    balancing_schedule : {"linear", "cosine"}, callable or None, default=None
        Goes from the shares of the data to the sampler's over the epochs; for
        ``"balanced_batches"``, ``"random_over"`` and ``"random_under"``. The names arrive after
        ``epochs``, with early stopping after twice ``patience``; a callable maps the number of
        an epoch to a share in [0, 1]. The probabilities are put back from the shares of the
        epoch that ships, which weights that remember earlier ones follow nearly.
    head_sampler : str, object or None, default=None
        Two-stage training: after the fit the last layer is trained anew on what the others make
        of the rows that this sampler picks, such as ``"balanced_batches"``, for up to
        ``epochs``. Its parameters are reached as ``head_sampler__*``.
    class_weight : {"balanced", "balanced_sqrt", "effective_number", "balanced_batch"}, \
dict, callable or None, default=None
        ``"balanced"`` weighs classes inversely to their rows, ``"balanced_sqrt"`` to the root
        of them, ``"effective_number"`` as `imbalanced_nn.weighting.effective_number`;
        ``"balanced_batch"`` makes the loss of each batch the mean over its classes; a dict
        maps original labels to weights; a callable is given the labels of the training rows
        after the sampler and returns such a dict, or an array in the order of ``classes_``.
        Weights are normalised to mean 1. With a multilabel y each label is weighed in the
        loss; dicts and arrays then give the weight of a label's positives, and a callable is
        given the indicator.
    threshold : float, array-like, str, callable, ThresholdTuner or None, \
default="balanced_accuracy"
        None decides by 0.5 or argmax; a number in [0, 1], or one per class or label, is used
        as it is; the name of a score, or a metric, is maximised on the held-out rows over
        every cut; a `ThresholdTuner` adds constraints, costs and confidence, and its parameters
        are reached as ``threshold__*``. What holds at a ``confidence`` is proved for rows that had
        no part in the network: held out with ``early_stopping=False``, or given to
        `tune_threshold`; early stopping has looked at the held-out rows. Cross-fitting has none
        and is refused. Several classes are decided by the largest ratio of
        probability to cut. With fewer than 50 held-out positives a named score is maximised
        with ``min_positives=50`` of `ThresholdTuner`, which leans on the probabilities too.
    calibration : {"prior", "temperature", "sigmoid", "isotonic"} or None, default="prior"
        ``"prior"`` undoes in closed form what sampler, weights and loss did to the
        probabilities; the others do so too, and then learn from the held-out rows what is
        still wrong, as `imbalanced_nn.calibration.fit_calibrator`.
    priors : array-like of shape (n_classes,), dict or None, default=None
        Shares of the classes where the network will be used, in the order of ``classes_`` or by
        label. Probabilities and a learned cut are for these; None is the training prevalence.
    pos_label : label or None, default=None
        Positive class of a binary y; None is the greater of 0 and 1, of -1 and 1 and of
        booleans, as in scikit-learn, and otherwise the rarest.
    validation_split : float, int, cross-validation splitter or list, default=0.2
        Share of each class to hold out. 0 holds nothing out: no early stopping, and only
        ``threshold="balanced_accuracy"``, whose cut is then the prior, can still be learned.
        A number of folds (stratified, and by ``groups``), a splitter such as
        ``TimeSeriesSplit(5, gap=24)`` or a list of its splits is cross-fitting: a network for each
        split, judged by the rows that it was not trained on; all of them together calibrate
        and cut. Rows in neither part of a split, such as the gap, are used for nothing.
    ensemble : bool, default=True
        What ships after cross-fitting, as in `sklearn.calibration.CalibratedClassifierCV`: the
        average of the networks, in one; or, if False, one network trained on all rows for the
        mean of their best epochs. Has no effect on a single split. A cut is learned from scores
        of the networks one by one, of which those of what ships differ a little.
    early_stopping : bool, default=True
        Stop when ``monitor`` has not improved for ``patience`` epochs and restore the best
        weights. Needs held-out rows.
    monitor : str, default="val_average_precision"
        Average precision of the held-out rows, ties broken by their log loss; or any quantity
        that Keras logs, such as ``"val_loss"``.
    patience : int, default=10
        Epochs without improvement.
    init_bias : {"prior"} or None, default="prior"
        ``"prior"`` starts the output of a freshly built network at the log-odds of the class
        shares it is trained on.
    engine : {"auto", "graph", "keras"}, default="auto"
        ``"graph"`` runs whole epochs in one traced program that the next fit of an equal
        network reuses; ``"keras"`` calls ``Model.fit``. ``"auto"`` takes the first wherever
        both do the same: networks, losses, optimizers and metrics of Keras' own code on one
        dense array in memory, and no callback that looks at batches.
    build_fn, warm_start, optimizer, loss, metrics, validation_batch_size, callbacks, shuffle, \
run_eagerly
        As in `scikeras.wrappers.KerasClassifier`, which also routes ``model__*``,
        ``optimizer__*``, ``loss__*``, ``metrics__*``, ``compile__*``, ``fit__*``,
        ``predict__*`` and, here, ``callbacks__*``. ``loss=None`` keeps the loss of a compiled
        network and otherwise takes the crossentropy of the target; the names and classes of
        `imbalanced_nn.losses`, such as ``"focal"``, get the shares of the classes from y, and
        what they do to the probabilities is undone. ``callbacks`` are Keras'; scikit-learn's are
        given to `set_callbacks`.
    random_state : int, RandomState or None, default=None
        Seeds the split, the sampler, the initial weights and the order of rows. Global
        generators and TensorFlow's settings are left as found.
    batch_size : int or None, default=None
        Rows in a batch, -1 for all. None is 32, as in Keras; built-in networks take a
        sixty-fourth of the rows, between 32 and 512, and one with a ``batch_shape`` its own.
    verbose : int, default=0
        Verbosity of Keras.
    epochs : int, default=100
        Largest number of passes over the training rows.
    **kwargs
        Routed parameters, and arguments of the build function.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted; the columns of `predict_proba`.
    class_count_, class_prior_ : ndarray of shape (n_classes,)
        Rows of each class in y, and its share of the (weighted) training rows.
    class_weight_ : dict or None
        Weight of each class or label that was used.
    sampler_ : object or None
        The fitted sampler.
    sample_indices_ : ndarray of int
        Row of X behind each row of the sampler's output, -1 where it is synthetic.
    validation_indices_ : ndarray of int
        Rows of X that were held out, in any split.
    calibrator_ : Calibrator
        Learned from the held-out rows; only where ``calibration`` asks for it.
    n_iter_ : int
        Epochs behind the weights that ship, of several networks their mean.
    decision_rule_ : BinaryRule, MulticlassRule or MultilabelRule
        Turns probabilities into decisions.
    best_threshold_ : float or ndarray of shape (n_classes,)
        The cut, or one cut per class or label.
    best_score_, threshold_curve_ : float, ThresholdCurve
        Score at the learned cut and at the others; only where a threshold was learned.
    pos_label_ : label
        Positive class; only with a binary y.
    engine_ : str
        Engine that trained the network, and why not the graph.
    history_, head_history_ : dict of str to list of float
        What Keras logged, with ``val_average_precision`` and ``val_log_loss``; the second of
        the last layer where ``head_sampler`` refitted it.
    model_ : keras.Model
        The network.
    n_steps_ : int
        Time steps of a sequence; only with a label for each of them.
    n_features_in_, feature_names_in_ : int, ndarray of str
        As everywhere in scikit-learn.

    See Also
    --------
    imbalanced_nn.compare_strategies : Which of these strategies works on given data.
    imbalanced_nn.ThresholdTuner : The threshold step for any classifier's scores.

    References
    ----------
    C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from imbalanced_nn import BalancedKerasClassifier
    >>> X, y = make_classification(3000, weights=[0.9], class_sep=2.0, random_state=0)
    >>> clf = BalancedKerasClassifier(sampler="random_over", epochs=5, random_state=0)
    >>> clf = clf.fit(X, y)
    >>> clf.predict_proba(X).shape
    (3000, 2)
    >>> len(clf.validation_indices_)
    600
    """

    def __init__(
        self,
        model=None,
        *,
        sampler=None,
        class_weight=None,
        threshold="balanced_accuracy",
        calibration="prior",
        priors=None,
        pos_label=None,
        validation_split=0.2,
        ensemble=True,
        early_stopping=True,
        monitor=AVERAGE_PRECISION,
        patience=10,
        init_bias="prior",
        engine="auto",
        resample_every="auto",
        balancing_schedule=None,
        head_sampler=None,
        build_fn=None,
        warm_start=False,
        random_state=None,
        optimizer="adam",
        loss=None,
        metrics=None,
        batch_size=None,
        validation_batch_size=None,
        verbose=0,
        callbacks=None,
        shuffle=True,
        run_eagerly=False,
        epochs=100,
        **kwargs,
    ):
        super().__init__(
            model=model,
            build_fn=build_fn,
            warm_start=warm_start,
            random_state=random_state,
            optimizer=optimizer,
            loss=loss,
            metrics=metrics,
            batch_size=batch_size,
            validation_batch_size=validation_batch_size,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            shuffle=shuffle,
            run_eagerly=run_eagerly,
            epochs=epochs,
            class_weight=class_weight,
            **kwargs,
        )
        self.sampler = sampler
        self.threshold = threshold
        self.calibration = calibration
        self.priors = priors
        self.ensemble = ensemble
        self.pos_label = pos_label
        self.early_stopping = early_stopping
        self.monitor = monitor
        self.patience = patience
        self.init_bias = init_bias
        self.engine = engine
        self.resample_every = resample_every
        self.balancing_schedule = balancing_schedule
        self.head_sampler = head_sampler

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        groups=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        **kwargs,
    ):
        """Fit the network and learn where to cut its probabilities.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows; numeric, finite, of two or more dimensions. Sparse and memory-mapped data is
            read batch by batch.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            Labels of any type, a multilabel indicator, or labels of time steps, one-hot too.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_steps), default=None
            Weights of the rows, or of labelled time steps. They are normalised to mean 1; rows
            and steps of weight 0 are left out.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group are held out together or not at all. Splitters are given them.
        X_val, y_val : array-like, default=None
            Held-out rows of your own; ``validation_split`` is then not used.
        sample_weight_val : array-like, default=None
            Weights of ``X_val``.
        **kwargs
            Arguments of ``Model.fit``, as in scikeras.

        Returns
        -------
        BalancedKerasClassifier
            The fitted estimator.

        Raises
        ------
        InvalidParameterError
            If a parameter is not accepted.
        TooFewRowsError
            If a class has too few rows to be held out or resampled.
        ValueError
            If X, y or the weights cannot be used, or if training diverges. After any failure,
            an interruption included, the estimator is as it was before.
        """
        given = kwargs.pop("validation_data", None)
        validation = validation_tuple(X_val, y_val, sample_weight_val, given)
        if validation is None:
            given = getattr(self, "fit__validation_data", None)
            validation = validation_tuple(None, None, None, given)
        return self._fit_with(kwargs, X, y, sample_weight, groups=groups, validation=validation)

    def partial_fit(self, X, y, classes=None, sample_weight=None, **kwargs):
        """Train one more epoch on the given rows, all of them.

        No row is held out: a threshold learned by `fit` stays as it is, and what was proved of it
        at a ``confidence`` holds of the network as it was. Without one,
        ``threshold="balanced_accuracy"`` cuts at the prior and any other score at 0.5. Class
        shares, natural and as trained on, are summed over the calls. Weights are not
        normalised, since one call does not see the others' rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels of all calls; needed in the first call if its y lacks one.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_steps), default=None
            Weights of the rows, or of their time steps.
        **kwargs
            Arguments of ``Model.fit``, as in scikeras.

        Returns
        -------
        BalancedKerasClassifier
            The estimator.
        """
        kwargs = plain(kwargs)
        for params in (self.get_params(deep=False), kwargs):
            check_parameters(params, type(self).__name__)
        y = fill_padding(y, sample_weight)
        with self._plain_parameters(), self._unchanged_on_failure():
            self.classes_ = self._announced_classes(y, classes)
            first = self.current_epoch
            self._fit(X, y, sample_weight, True, 1, first, arguments=kwargs, online=True)
        return self

    def initialize(self, X, y):
        """Build the network without training it, for one that is trained already.

        Its outputs are taken as probabilities at the class shares of y. Without training, a
        threshold of ``"balanced_accuracy"`` cuts at the prior and any other score at 0.5, until
        `tune_threshold` learns it on rows of yours.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            Labels.

        Returns
        -------
        BalancedKerasClassifier
            The estimator, ready to predict, to tune, to be saved and to be trained further.

        Raises
        ------
        InvalidParameterError
            If a parameter is not accepted, the network's outputs are no probabilities or not
            those of the classes of y, or a calibrator would have to be learned.

        Examples
        --------
        >>> import keras
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(3000, weights=[0.9], class_sep=2.0, random_state=0)
        >>> network = BalancedKerasClassifier(epochs=5, random_state=0).fit(X, y).model_
        >>> clf = BalancedKerasClassifier(network, threshold="f1").initialize(X[:2000], y[:2000])
        >>> clf = clf.tune_threshold(X[2000:], y[2000:])
        >>> bool(clf.best_score_ > 0.9)
        True
        """
        check_parameters(self.get_params(deep=False), type(self).__name__)
        with self._plain_parameters(), self._unchanged_on_failure():
            self.classes_ = None
            self._fit_nothing(X, y)
        return self
