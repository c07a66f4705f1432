"""`BalancedKerasClassifier`: a Keras network that scikit-learn can trust on imbalanced data."""

import copy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy.special import logit
from sklearn import config_context
from sklearn.callback import with_callbacks
from sklearn.utils import Bunch
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from imbalanced_nn._compat.scikeras import KerasClassifier, encoder_state, route_params
from imbalanced_nn.calibration import chow_reject
from imbalanced_nn.data import (
    by_decision,
    check_given,
    check_weights,
    fill_padding,
    streamed,
    validation_tuple,
)
from imbalanced_nn.describe import FittedDiagram
from imbalanced_nn.exceptions import InvalidParameterError, counted_fit
from imbalanced_nn.fitting import (
    FITTED,
    MAY_LACK,
    SMALLEST,
    Criterion,
    FitResult,
    announced_classes,
    attributes_of,
    bootstrapped,
    build_only,
    check_priors_allowed,
    codes_of_decisions,
    cross_fit,
    finish,
    fit_opaque,
    fit_task,
    fixed,
    known_result,
    learns,
    make_plan,
    moved_to,
    note_choice_of_positive,
    plan_nothing,
    train_once,
    tuned_anew,
)
from imbalanced_nn.wrapper import (
    NetworkFactory,
    NetworkWhenAsked,
    SklearnKerasClassifier,
    check_parameters,
    lending,
    plain,
    restored_on_failure,
    used_online,
)

__all__ = ["BalancedKerasClassifier"]


class BalancedKerasClassifier(FittedDiagram, SklearnKerasClassifier):
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
        Build function, prebuilt network, or name of a built-in network, which normalises its own
        input. ``"tabular"`` is four networks in one that share most weights, on ranked and
        embedded columns; ``"mlp"`` is dense layers, after convolutions where rows are sequences
        or images, and costs less than half. None is the first for dense tables of fewer than
        4,096 columns, without a ``head_sampler``, and else the second. As in scikeras a build
        function may take ``meta``, ``compile_kwargs`` and ``params``; it may return the network
        uncompiled.
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
    validation_split : "auto", float, int, cross-validation splitter or list, default="auto"
        Share of each class to hold out. ``"auto"`` is 5, a number of folds, for built-in
        networks of at most 20,000 rows, or of at most 150,000 with at most 1,000 of the rarest
        class. It is 0.2 elsewhere, and where one network alone can do what is asked for:
        ``warm_start``, ``callbacks``, a ``confidence``, a loss whose outputs cannot be
        averaged, classes or groups fewer than folds. 0 holds nothing out: no early stopping,
        and only ``threshold="balanced_accuracy"``, whose cut is then the prior, can still be
        learned.
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
    monitor : str, default="auto"
        ``"val_average_precision"`` is that of the held-out rows (of several classes or labels
        their mean), ties broken by log loss; ``"val_average_precision_by_log_loss"`` the one
        divided by the other; or any quantity that Keras logs, such as ``"val_loss"``. ``"auto"``
        is the second for ``"tabular"``, else the first.
    patience : int or "auto", default="auto"
        Epochs without improvement; ``"auto"`` is 6 for ``"tabular"``, 12 where it has several
        classes, else 10.
    moving_average : float, "auto" or None, default="auto"
        How many epochs an exponential moving average of the weights looks back. It is what is
        judged after each epoch, and ships. ``"auto"`` is 2 for ``"tabular"``, else None: no
        average, unless the optimizer takes one by ``use_ema``.
    init_bias : {"prior"} or None, default="prior"
        ``"prior"`` starts the output of a freshly built network at the log-odds of the class
        shares it is trained on.
    engine : {"auto", "graph", "keras"}, default="auto"
        ``"graph"`` runs whole epochs in one traced program that the next fit of an equal
        network reuses, or one of its own where code of yours is in it; ``"keras"`` calls
        ``Model.fit``. ``"auto"`` takes the first wherever both do the same: rows that are no
        dataset, Keras' way to train, and no callback that looks at batches (to count them is
        fine); on JAX without an accelerator networks with convolutions, which it would slow
        down, go to Keras.
    optimizer : str, class, object or "auto", default="auto"
        Optimizer of Keras. ``"auto"`` is `imbalanced_nn.networks.KernelAdamW` at a rate of .006
        for ``"tabular"``, else Adam; ``optimizer__*`` sets their parameters. All that is "auto"
        is as for other networks where ``optimizer`` or ``monitor`` is given.
    build_fn, warm_start, loss, metrics, validation_batch_size, callbacks, shuffle, \
run_eagerly
        As in `scikeras.wrappers.KerasClassifier`, which also routes ``model__*``,
        ``optimizer__*``, ``loss__*``, ``metrics__*``, ``compile__*``, ``fit__*``,
        ``predict__*`` and, here, ``callbacks__*``. ``loss=None`` keeps the loss of a compiled
        network and otherwise takes the crossentropy of the target; the names and classes of
        `imbalanced_nn.losses`, such as ``"focal"``, get the shares of the classes from y, and
        what they do to the probabilities is undone. ``callbacks`` are Keras'; scikit-learn's are
        given to `set_callbacks`.
    random_state : int, RandomState or None, default=None
        Seeds the split, the sampler, the initial weights and the order of rows. A RandomState
        is read and not moved on, as in scikeras: two fits with it are alike. Global generators
        and TensorFlow's settings are left as found.
    batch_size : int or None, default=None
        Rows in a batch, -1 for all. None is 32, as in Keras; ``"mlp"`` takes a sixty-fourth of
        the rows, between 32 and 512, ``"tabular"`` a thirty-second, between 32 and 1,024, and a
        network with a ``batch_shape`` its own.
    verbose : int, default=0
        Verbosity of Keras.
    epochs : int or "auto", default="auto"
        Largest number of passes over the training rows; ``"auto"`` is 100, for ``"tabular"`` 20,
        with fewer than 2,500 rows up to 80, and with more than 5,000 up to 60; of several classes
        at least 64.
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
        Engine that trained the network: ``"graph"``, ``"graph of its own: ..."`` with what made
        that necessary, or ``"keras: ..."`` with the reason.
    history_, head_history_ : dict of str to list of float
        What Keras logged, with ``val_average_precision`` and ``val_log_loss``; the second of
        the last layer where ``head_sampler`` refitted it.
    model_ : keras.Model
        The network, the estimator's own; where equal fits train one network after another, made
        when it is first read.
    fit_result_ : FitResult
        All that answers follow from, as one value: target, shares of the classes, the way from
        outputs to probabilities, the decision, held-out scores.
    criterion_ : Criterion
        What decides where to cut: ``threshold`` and what is routed to it, or what took its place.
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
    >>> X, y = make_classification(1000, weights=[0.9], class_sep=2.0, random_state=0)
    >>> clf = BalancedKerasClassifier(sampler="random_over", epochs=5, random_state=0)
    >>> clf = clf.fit(X, y)
    >>> clf.predict_proba(X).shape
    (1000, 2)
    >>> len(clf.validation_indices_)
    1000
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
        validation_split="auto",
        ensemble=True,
        early_stopping=True,
        monitor="auto",
        patience="auto",
        moving_average="auto",
        init_bias="prior",
        engine="auto",
        resample_every="auto",
        balancing_schedule=None,
        head_sampler=None,
        build_fn=None,
        warm_start=False,
        random_state=None,
        optimizer="auto",
        loss=None,
        metrics=None,
        batch_size=None,
        validation_batch_size=None,
        verbose=0,
        callbacks=None,
        shuffle=True,
        run_eagerly=False,
        epochs="auto",
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
        self.moving_average = moving_average
        self.init_bias = init_bias
        self.engine = engine
        self.resample_every = resample_every
        self.balancing_schedule = balancing_schedule
        self.head_sampler = head_sampler

    def fit(
        self,
        X,
        y=None,
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
            read batch by batch. Or a ``keras.utils.PyDataset`` or ``tf.data.Dataset`` of batches
            ``(X, y)`` or ``(X, y, weight)``, with ``X_val`` and ``y_val``: it is read once for the
            shares of the classes, then once for each epoch, in its own batches and order. Of
            samplers it takes ``"balanced_batches"``, where a ``PyDataset`` has ``labels``, those
            of all rows in the order of its batches.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            Labels of any type, a multilabel indicator, or labels of time steps, one-hot too. None
            with a dataset.
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

        Warns
        -----
        ImbalanceWarning
            INN001 where few rows of a class are held out, INN002, INN008 and INN016 about synthetic
            rows, INN003 and INN007 about class weights, INN005, INN006, INN010, INN014 and INN017
            about the threshold, INN009 about batches, INN011 about the calibrator, INN012 about the
            loss, INN013 where rows were resampled before, INN018 about weights of labels, INN023
            about columns that float32 rounds, INN026 where the mean of probabilities was put right,
            INN029 where the network has been trained already, INN030 about settings that a compiled
            network does not read; see `imbalanced_nn.exceptions.CODES`.
        """
        given = kwargs.pop("validation_data", None)
        validation = validation_tuple(X_val, y_val, sample_weight_val, given)
        if validation is None:
            given = getattr(self, "fit__validation_data", None)
            validation = validation_tuple(None, None, None, given)
        goes_on = self.warm_start and self.initialized_
        with self._plain_parameters(), restored_on_failure(self, goes_on):
            arguments, training = self._arguments_of_fit(kwargs)
            X, y, sample_weight = streamed(X, y, sample_weight)
            if not goes_on:
                self.classes_ = None
            y = fill_padding(y, sample_weight)
            rows = (X, y, sample_weight, self.warm_start)
            self._fit(*rows, *training, arguments=arguments, groups=groups, validation=validation)
        return self

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
        arguments = plain(kwargs)
        check_parameters(used_online(self), type(self).__name__)
        check_parameters(arguments, type(self).__name__, of_a_call=True)
        y = fill_padding(y, sample_weight)
        with self._plain_parameters(), restored_on_failure(self, self.initialized_):
            earlier = getattr(self, "fit_result_", None) if self.initialized_ else None
            self.classes_ = announced_classes(earlier, y, classes)
            first = self.current_epoch
            self._fit(X, y, sample_weight, True, 1, first, arguments=arguments, is_partial=True)
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
        >>> X, y = make_classification(1000, weights=[0.9], class_sep=2.0, random_state=0)
        >>> network = BalancedKerasClassifier(epochs=5, random_state=0).fit(X, y).model_
        >>> clf = BalancedKerasClassifier(network, threshold="f1").initialize(X[:700], y[:700])
        >>> clf = clf.tune_threshold(X[700:], y[700:])
        >>> bool(clf.best_score_ > 0.9)
        True
        """
        check_parameters(self.get_params(deep=False), type(self).__name__)
        with self._plain_parameters(), restored_on_failure(self):
            self.classes_ = None
            X, y = self._initialize(X, y)
            self._check_arguments({})
            if self._kind is not None:
                plan = plan_nothing(NetworkFactory(self), X, y)
                trained = build_only(plan)
                self.validation_indices_ = plan.validation_indices
                self._publish(finish(plan, trained), trained)
        return self

    @counted_fit()
    @with_callbacks
    @config_context(transform_output="default")
    def _fit(
        self,
        X,
        y,
        sample_weight,
        warm_start,
        epochs,
        initial_epoch,
        *,
        arguments,
        groups=None,
        validation=None,
        is_partial=False,
    ):
        """Plan, train once or for each fold, learn from what was held out, publish."""
        check_given(X=X)
        told, factory = (X, y, sample_weight), NetworkFactory(self)
        goes_on = (self.warm_start or warm_start) and self.initialized_
        previous = getattr(self, "fit_result_", None) if goes_on else None
        with lending(self, arguments, is_partial) as loan:
            X, y = self._validate_data(X, y) if goes_on else self._initialize(X, y)
            self._check_arguments(arguments, is_partial)
            training = {"warm_start": warm_start, "epochs": epochs, "initial_epoch": initial_epoch}
            if self._kind is None:
                given = (X, y, sample_weight, groups, validation)
                fit_opaque(factory, *given, training=training, arguments=arguments, told=told)
                return
            plan = make_plan(
                *(factory, X, y, sample_weight),
                seed=factory.drawn_seed(),
                training=training,
                arguments=arguments,
                groups=groups,
                validation=validation,
                is_partial=is_partial,
                is_fresh=previous is None or not previous.is_trained,
                previous=previous,
            )
            with fit_task(self, plan.n_tasks, *told) as task:
                plan = replace(plan, task=task)
                self.validation_indices_ = plan.validation_indices
                trained = cross_fit(plan) if plan.is_crossed else train_once(plan, plan.folds[0])
                self._publish(finish(plan, trained), trained)
            loan.settle(self)

    def predict(self, X, **kwargs):
        """Predict classes by the learned decision rule.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.
        **kwargs
            Arguments of ``Model.predict``, as in scikeras.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            Labels in the form of y: of rows, the 0/1 indicator of a multilabel target, or of
            time steps.
        """
        outputs = self._predict_raw(X, **kwargs)
        if self._kind is None:
            return self.target_encoder_.inverse_transform(outputs)
        result = self._result()
        decided = result.decision.rule.decide(result.posterior(outputs))
        if self._kind != "multilabel":
            decided = self._labels(decided)
        return decided.reshape(-1, *encoder_state(self.target_encoder_).row_shape)

    def predict_proba(self, X, **kwargs):
        """Predict the probability of each class, at the training prevalence or at ``priors``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.
        **kwargs
            Arguments of ``Model.predict``, as in scikeras.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples, n_steps, n_classes)
            Columns in the order of ``classes_``; for a multilabel target the probability of
            each label.
        """
        outputs = self._predict_raw(X, **kwargs)
        if self._kind is None:
            return self.target_encoder_.inverse_transform(outputs, return_proba=True)
        proba = self._result().posterior(outputs)
        return proba.reshape(-1, *self._steps, proba.shape[-1])

    def decision_function(self, X):
        """Return log-odds, of which the threshold is no part.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_classes) or (n_samples, n_steps[, n_classes])
            The logit of `predict_proba`: of the second of two classes, of each class against
            all others, or of each label. Natural logarithms.
        """
        proba = self.predict_proba(X).astype(np.float64)
        odds = logit(np.clip(proba, SMALLEST, 1 - SMALLEST))
        # A target encoder of the user's own hides the classes, but not that there are two.
        hidden = self._kind is None and self.target_type_ == "binary"
        two = self._kind == "binary" or (hidden and odds.shape[1:] == (2,))
        return odds[..., 1] if two else odds

    def predict_or_reject(self, X, *, reject_cost, cost_matrix=None):
        """Decide for the least expected cost, or hand the row to somebody who knows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.
        reject_cost : float
            Cost of asking about a row, in the unit of the costs of errors.
        cost_matrix : array-like of shape (n_classes, n_classes), default=None
            Costs of decisions, rows true and columns predicted classes in the order of
            ``classes_``. None counts every error as 1.

        Returns
        -------
        sklearn.utils.Bunch
            ``decision``, labels of least expected cost, of shape (n_samples,); ``proba``, the
            probability of the decided class; ``reject``, where that cost is above
            ``reject_cost``. The learned threshold has no part in it.

        Raises
        ------
        InvalidParameterError
            If a cost is not one, or y was multilabel or had labels of time steps.

        References
        ----------
        C. K. Chow, "On optimum recognition error and reject tradeoff", IEEE Transactions on
        Information Theory 16, 1970.

        Examples
        --------
        A missed fraud costs 50, a false alarm 5, a phone call 2:

        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(1000, weights=[0.9], random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=5, random_state=0).fit(X, y)
        >>> result = clf.predict_or_reject(X, reject_cost=2, cost_matrix=[[0, 5], [50, 0]])
        >>> result.decision.shape, bool(result.reject.any())
        ((1000,), True)
        """
        check_is_fitted(self)
        if self._kind not in ("binary", "multiclass") or self._steps:
            raise InvalidParameterError(
                "predict_or_reject needs one label per row, whose classes share a cost matrix; y "
                "had several. Compare predict_proba with your costs label by label."
            )
        proba = self.predict_proba(X)
        codes, _, rejected = chow_reject(proba, reject_cost, cost_matrix)
        chosen = np.take_along_axis(proba, codes[:, None], axis=1)[:, 0]
        return Bunch(decision=self._labels(codes), proba=chosen, reject=rejected)

    def score(self, X, y, sample_weight=None):
        """Return the score that the threshold maximises, else accuracy.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            True labels.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_steps), default=None
            Weights of the rows, or of their time steps.

        Returns
        -------
        float
            ``threshold``'s score (balanced accuracy by default), as
            ``LogisticRegressionCV.score`` follows its ``scoring``; with a fixed threshold or
            none, and where a subclass brings its own ``scorer``, the parent's score.
        """
        check_is_fitted(self)
        if self._kind is None:
            return super().score(X, y, sample_weight)
        check_given(y=y)
        _, y = self._validate_data(y=fill_padding(y, sample_weight))
        predicted = self.predict(X)
        check_consistent_length(predicted, y)
        weight = sample_weight
        if weight is not None:
            weight = check_weights(weight, predicted, steps=self._steps)
        if type(self).scorer is KerasClassifier.scorer and self.criterion_.is_learned:
            return self._score_by_criterion(y, predicted, weight)
        arguments = route_params(self.get_params(), "score", set())
        counted = partial(by_decision, weight=weight, steps=self._steps)
        y, predicted, weight = map(counted, (y, predicted, weight))
        return self.scorer(y, predicted, sample_weight=weight, **arguments)

    def _score_by_criterion(self, y, predicted, weight):
        """Return what the threshold was chosen by, of decisions."""
        counted = partial(by_decision, weight=weight, steps=self._steps)
        result = self._result()
        codes = codes_of_decisions(NetworkFactory(self), result.target, y, predicted)
        true, decided, weight = map(counted, (*codes, weight))
        objective = result.decision.objective or self.criterion_.objective(result.target)
        return objective.score(true, decided, weight, result.target.positive)

    def tune_threshold(
        self, X=None, y=None, *, objective=None, sample_weight=None, sample_cost=None
    ):
        """Learn the decision rule anew, without training.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...), default=None
            Rows that the network was not trained on. None takes the held-out rows of the fit,
            whose scores were kept.
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_steps, 1)
            Their labels.
        objective : str, callable, ThresholdTuner or None, default=None
            What to maximise, as in ``threshold``; None is ``threshold`` itself. One with a
            ``confidence`` is proved best on rows of your own: early stopping has looked at those
            of the fit.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        sample_cost : array-like of shape (n_samples, n_classes), default=None
            Cost of deciding for each class, row by row, as in `ThresholdTuner.fit`: what is
            minimised instead. Needs X and y.

        Returns
        -------
        BalancedKerasClassifier
            The estimator itself. `score` follows the new objective; it is accuracy after costs
            of single rows, which other rows do not have.

        Raises
        ------
        InvalidParameterError
            If the objective cannot be learned from rows, there are no rows, or a ``confidence``
            cannot be proved on the kept ones, which networks of folds or a calibrator have seen.
        ValueError
            If the rows lack a class or cannot meet a constraint. The rule is then as before.

        Warns
        -----
        ImbalanceWarning
            INN004 if the network was trained on these rows, INN005 where a callable objective is
            tried on some of the cuts, INN006 where a class has no rows, INN010 where few positives
            moved the cut, INN014 where the positive class is not the only one it could be, INN015
            where the scores rank the wrong way round.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
        >>> X, y = make_classification(1500, weights=[0.9], class_sep=2.0, random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=5, random_state=0).fit(X[:1000], y[:1000])
        >>> clf = clf.tune_threshold(objective="f1")
        >>> tuner = ThresholdTuner("recall", constraint=("precision", 0.8))
        >>> clf = clf.tune_threshold(X[1000:], y[1000:], objective=tuner)
        >>> bool(clf.score(X[1000:], y[1000:]) == clf.best_score_)
        True
        """
        check_is_fitted(self)
        criterion, result = self._criterion_of(objective, sample_cost), self._result()
        if objective is not None and self.pos_label is None:
            note_choice_of_positive(criterion, result.target, self._calibration)
        rows = {"sample_weight": sample_weight, "sample_cost": sample_cost}
        self._publish(tuned_anew(NetworkFactory(self), result, criterion, X, y, **rows))
        return self

    def _criterion_of(self, objective, sample_cost):
        """Return what `tune_threshold` is to choose by, or refuse it."""
        criterion = self.criterion_ if objective is None else Criterion(objective, {})
        if objective is not None and objective is self.threshold:
            criterion = Criterion(objective, NetworkFactory(self).routed("threshold"))
        if sample_cost is not None and objective is None:
            criterion = Criterion("balanced_accuracy", {})
        if self._kind is None or not criterion.is_learned:
            given = f"threshold={self.threshold!r}"
            if objective is None and Criterion(self.threshold, {}).is_learned:
                given = f"a cut that was set after {given}"
            raise InvalidParameterError(
                f"tune_threshold needs an objective to maximise; got objective={objective!r} with "
                f"{given}. Pass one such as objective='f1', or use set_threshold for a cut of your "
                f"own."
            )
        return criterion

    def bootstrap_threshold(self, *, n_resamples=1000, random_state=None):
        """Tell how far the learned cut and its score would move with other held-out rows.

        The network stays; the rows that the cut was learned on are drawn again.

        Parameters
        ----------
        n_resamples : int, default=1000
            Number of resamples.
        random_state : int, RandomState or None, default=None
            Seeds the draws.

        Returns
        -------
        ThresholdBootstrap
            With ``threshold_interval``, ``score_interval`` and ``optimism``.

        Raises
        ------
        InvalidParameterError
            If no threshold was learned on rows, or the objective is a metric callable.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(1000, weights=[0.9], class_sep=2.0, random_state=0)
        >>> clf = BalancedKerasClassifier(threshold="f1", epochs=5, random_state=0).fit(X, y)
        >>> low, high = clf.bootstrap_threshold(random_state=0).threshold_interval(0.9)
        >>> bool(low < high)
        True
        """
        check_is_fitted(self)
        return bootstrapped(self._result(), self.criterion_, n_resamples, random_state)

    def set_threshold(self, threshold):
        """Fix the decision rule.

        Parameters
        ----------
        threshold : float, array-like of shape (n_classes,) or None
            A cut of the positive class's probability, one cut per class or label, or None for
            0.5 or argmax.

        Returns
        -------
        BalancedKerasClassifier
            The estimator itself. `score` is accuracy from now on.

        Raises
        ------
        InvalidParameterError
            If the threshold is not one. The rule is then as before.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(1000, weights=[0.9], random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=2, random_state=0).fit(X, y)
        >>> clf.set_threshold(0.25).best_threshold_
        0.25
        """
        check_is_fitted(self)
        if self._kind is None or learns(threshold):
            raise InvalidParameterError(
                f"set_threshold takes a number, one per class, or None; got {threshold!r}. "
                f"tune_threshold learns one that maximises a score."
            )
        self._publish(fixed(self._result(), threshold, self.pos_label))
        return self

    def adapt_priors(self, X, *, sample_weight=None):
        """Return a copy for rows in which the classes have other shares.

        The shares are estimated from the rows alone, without their labels, by the EM algorithm
        of Saerens et al. [1]_; it takes that the rows of each class look as they did in training.
        Probabilities follow, and so does a learned threshold: its objective is maximised on the
        held-out scores, weighed to the new shares.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Unlabelled rows of the new kind, hundreds at least.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_steps), default=None
            Weights of the rows, or of their time steps: 0 where padded.

        Returns
        -------
        BalancedKerasClassifier
            A copy with ``priors`` set to the estimate. The original is unchanged.

        Raises
        ------
        InvalidParameterError
            If y was multilabel, ``calibration=None``, or the threshold has a ``confidence``.

        References
        ----------
        .. [1] M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier
           to new a priori probabilities: a simple procedure", Neural Computation 14, 2002.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(1500, weights=[0.9], class_sep=2.0, random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=5, random_state=0).fit(X[:1000], y[:1000])
        >>> often = clf.adapt_priors(X[1000:][y[1000:] == 1])
        >>> bool(often.priors[1] > 0.8)
        True
        """
        known = self.predict_proba(X)
        check_priors_allowed(self._kind, self._calibration, "adapt_priors")
        weight = check_weights(sample_weight, known, steps=self._steps).ravel()
        twin = copy.deepcopy(self)
        proba = known.reshape(-1, known.shape[-1])
        result = moved_to(twin.fit_result_, self.criterion_, proba, weight)
        twin.priors = result.posterior.priors
        twin._publish(result)
        return twin

    def network_outputs(self, X):
        """Return what the network gives out, before anything is undone.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, ...)
            Rows of the shape, and with the column names, that `fit` was given.

        Returns
        -------
        ndarray of shape (n_samples, ..., n_units)
            Whatever the units of its last layer say: probabilities, log-odds or scores.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from imbalanced_nn import BalancedKerasClassifier
        >>> X, y = make_classification(1000, weights=[0.9], random_state=0)
        >>> clf = BalancedKerasClassifier(epochs=2, random_state=0).fit(X, y)
        >>> clf.network_outputs(X).shape
        (1000, 1)
        """
        return self._predict_raw(X)

    def _initialize(self, X, y=None):
        """Forget the last fit, then check the data and build the network as the parent does."""
        NetworkWhenAsked.forget(self, FITTED)
        return super()._initialize(X, y)

    def __setstate__(self, state):
        super().__setstate__(state)
        if hasattr(self, "fit_result_"):
            # A file keeps of what follows from the result nothing but the result.
            self._publish(self.fit_result_)

    def _publish(self, result, trained=None):
        """Set the public attributes of what was learned, and of a training if there was one."""
        for name in MAY_LACK:
            self.__dict__.pop(name, None)
        self.__dict__.update(attributes_of(result, trained))

    def _state_with(self, network, result, trained) -> dict:
        """Return the attributes of the estimator, had it a network, a result and a training."""
        twin = copy.copy(self)
        twin.model_ = network
        twin._initialize_callbacks()
        if result is not None:
            twin._publish(result, trained)
        return twin.__dict__

    def _result(self) -> FitResult:
        """Return what was learned, of a network in training what is known of it."""
        return known_result(NetworkFactory(self))

    @property
    def _calibration(self):
        """The parameter ``calibration`` as it was when the estimator was fitted."""
        known = getattr(self, "fit_result_", None)
        return self.calibration if known is None else known.posterior.calibration

    @property
    def criterion_(self) -> Criterion:
        """The parameter ``threshold`` with what is routed to it, or what took its place."""
        known = getattr(self, "fit_result_", None)
        instead = () if known is None else known.decision.instead
        if instead and instead[0] is not self.threshold:
            return Criterion(instead[0], {})
        return Criterion(self.threshold, NetworkFactory(self).routed("threshold"))

    def _labels(self, codes):
        """Return class codes as labels in the form of y."""
        one_hot = encoder_state(self.target_encoder_).target_type == "multiclass-onehot"
        labels: Any = np.eye(self.n_classes_, dtype=int) if one_hot else self.classes_
        return labels[codes]
