"""Cross-fitting: every row judges a network that was not trained on it."""

import re
import warnings
from dataclasses import replace

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn.averaging import MeanPosterior, average_network, is_averageable
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, warn
from imbalanced_nn.losses import posterior_of
from imbalanced_nn.steps.notes import note_copies, note_few_held_out
from imbalanced_nn.steps.probabilities import Judged
from imbalanced_nn.training import variables_alike
from imbalanced_nn.validation import row_hashes

__all__ = ["CrossFitSteps"]

TAKEN_FROM_LAST = (
    "class_weight_",
    "engine_",
    "head_history_",
    "head_n_iter_",
    "history_",
    "sample_indices_",
    "sampler_",
)


class CrossFitSteps:
    """Steps of `BalancedKerasClassifier` with several splits of the rows."""

    def _cross_fit(self, given, folds):
        """Train a network for each fold, then one of all rows or their average.

        Returns every fold's rows as judged by the network that was not trained on them.
        """
        self._check_cross_fit(folds)
        natural = self._rows(given.X, None, given.codes, given.weight, self.validation_indices_)
        note_few_held_out(natural, self.classes_)
        train, held_out = (replace(natural, index=rows) for rows in folds[0])
        note_copies(train, row_hashes(train.X, train.index), held_out)
        members = self._fit_members(given, folds)
        judged = self._out_of_fold(members)
        rows = np.unique(np.concatenate([np.concatenate(fold) for fold in folds]))
        if self.ensemble:
            self._take_average(members, given, rows)
        else:
            # All rows make more steps of an epoch, but it takes as many looks at each.
            self._given_epochs = {
                name: max(1, round(np.mean([getattr(member, name) for member in members])))
                for name in ("n_iter_", "head_n_iter_")
                if hasattr(members[0], name)
            }
            epochs = self._given_epochs["n_iter_"]
            training = given.training | {"epochs": epochs}
            n_subtasks = self._n_subtasks(epochs)
            with given.task.within("train-on-all-rows", n_subtasks, alone=False) as task:
                self._fit_once(replace(given, training=training, task=task), rows, rows[:0])
        return judged

    def _n_networks(self, folds):
        """Return the number of networks that are trained for so many folds."""
        return len(folds) + (not self.ensemble)

    def _check_cross_fit(self, folds):
        """Refuse what one network can do and several cannot."""
        split = self._routed("validation_split")
        name = f"validation_split={'[...]' if isinstance(split, list | tuple) else repr(split)}"
        times = np.bincount(np.concatenate([held_out for _, held_out in folds]))
        if times.max() > 1:
            raise InvalidParameterError(
                f"{name} holds row {times.argmax()} out {times.max()} times, but it may judge "
                f"once: it would count as several. Give a splitter that holds each row out at most "
                f"once, such as StratifiedKFold(5), or a list of splits."
            )
        if self.warm_start:
            raise InvalidParameterError(
                f"{name} trains a network for each fold, but warm_start goes on with one. Give "
                f"a share such as 0.2, or set warm_start=False."
            )
        if self.ensemble and (reason := self._why_not_averaged()):
            raise InvalidParameterError(
                f"{name} with ensemble=True averages the networks' probabilities, but {reason}. "
                f"Set ensemble=False, which trains one network on all rows."
            )

    def _why_not_averaged(self):
        """Return what keeps the networks of the folds from being put into one, or None."""
        network = self.model_
        if not is_averageable(network):
            return f"{type(network).__name__} {network.name!r} does not tell its inputs"
        if not isinstance(self.feature_encoder_, FunctionTransformer):
            return "each of them has a feature encoder of its own"
        loss = self._loss
        bent = posterior_of(loss, self.n_classes_, self._kind) is not None
        if getattr(loss, "offset_is_free", False) or (bent and self.calibration is not None):
            given = getattr(self, self._compiled_by("loss")) or network.loss
            return f"the outputs under loss={given!r} are none by themselves"
        return None

    def _fit_members(self, given, folds):
        """Return an estimator for each fold, fitted to the others and stopped by its rows."""
        members, notes = [], {}
        epochs = given.training["epochs"]
        arguments = {**given.arguments, "epochs": epochs}
        for number, fold in enumerate(folds):
            seed = None if self.random_state is None else (given.seed + number) % 2**31
            member = clone(self).set_params(
                threshold=None,
                calibration=None if self.calibration is None else "prior",
                priors=None,
                random_state=seed,
            )
            n_subtasks = self._n_subtasks(epochs)
            with (
                given.task.within("train-for-fold", n_subtasks, alone=False) as task,
                warnings.catch_warnings(record=True) as caught,
            ):
                warnings.simplefilter("always", ImbalanceWarning)
                member._fit_with(
                    arguments | {"validation_split": [fold]},
                    given.X,
                    given.y,
                    given.weight,
                    groups=given.groups,
                    task=task,
                )
            for note in caught:
                # What is true of every fold is said once.
                notes.setdefault(re.sub(r"\d+", "#", str(note.message)), note)
            members.append(member)
        # Rows held out count together; a calibrator, or the network that ships, tells of its loss.
        told = {"INN001", "INN013"}
        if self._calibrates() or not self.ensemble:
            told.add("INN012")
        for note in notes.values():
            _pass_on(note, told)
        return members

    def _out_of_fold(self, members):
        """Return each fold's rows as the network judges them that was not trained on them."""
        parts = [
            (part.codes, part.proba, part.weight, np.full(len(part.proba), number))
            for number, part in enumerate(member._judged for member in members)
        ]
        return Judged(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _take_average(self, members, given, rows):
        """Become the average of the networks, all else being that of the last fold."""
        last = members[-1]
        for name in TAKEN_FROM_LAST:
            if hasattr(last, name):
                setattr(self, name, getattr(last, name))
        self.n_iter_ = round(np.mean([member.n_iter_ for member in members]))
        ones = np.ones(self.n_classes_)
        ratios = [
            ones if member._prior_correction is None else member._prior_correction.ratio()
            for member in members
        ]
        mean = MeanPosterior(ratios, self._kind == "multilabel", last._logits())
        optimizer = last.model_.optimizer
        optimizer = type(optimizer).from_config(optimizer.get_config())
        self.model_ = average_network([member.model_ for member in members], mean)
        with variables_alike():
            self.model_.compile(optimizer=optimizer, loss=self._default_loss())
            # Keras loads no network whose optimizer was not built.
            optimizer.build(self.model_.trainable_variables)
        X = self.feature_encoder_.transform(given.X)
        natural = self._rows(X, None, given.codes, given.weight, rows)
        self._remember_rows(row_hashes(natural.X, natural.index), True)
        totals, whole = self._class_mass(natural)
        self._seen = np.stack([totals, whole, totals, whole])
        self._correct_priors()
        # What the losses saw of the classes, for who wants to know; it is corrected inside.
        self._trained_prior = np.mean([member._trained_prior for member in members], axis=0)


def _pass_on(note, told):
    """Issue a warning of a fold's fit again, unless the whole tells it by itself."""
    if isinstance(note.message, ImbalanceWarning):
        if note.message.code not in told:
            warn(note.message.code, note.message.text)
        return
    warnings.warn_explicit(note.message, note.category, note.filename, note.lineno)
