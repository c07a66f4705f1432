"""Cross-fitting: every row judges a network that was not trained on it."""

import warnings
from dataclasses import replace

import numpy as np
from sklearn.base import clone

from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.losses import resolve_loss
from imbalanced_nn.networks import average_network
from imbalanced_nn.steps.notes import note_few_held_out
from imbalanced_nn.steps.probabilities import Judged
from imbalanced_nn.validation import take_rows

__all__ = ["CrossFitSteps"]


class CrossFitSteps:
    """Steps of `BalancedKerasClassifier` with several splits of the rows."""

    def _cross_fit(self, given, folds):
        """Train a network for each fold, then one of all rows or their average.

        Returns every fold's rows as judged by the network that was not trained on them.
        """
        self._check_cross_fit()
        natural = self._rows(given.X, None, given.codes, given.weight, self.validation_indices_)
        note_few_held_out(natural, self.classes_)
        members = self._fit_members(given, folds)
        judged = self._out_of_fold(members, natural, folds)
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
            training = given.training | {"epochs": self._given_epochs["n_iter_"]}
            self._fit_once(replace(given, training=training), rows, rows[:0])
        return judged

    def _check_cross_fit(self):
        """Refuse what one network can do and several cannot."""
        name = f"validation_split={self._routed('validation_split')!r}"
        if self.warm_start:
            raise InvalidParameterError(
                f"{name} trains a network for each fold, but warm_start goes on with one. Give "
                f"a share such as 0.2, or set warm_start=False."
            )
        loss = self.model_.loss if self.model_.compiled else resolve_loss(self.loss, False)
        if self.ensemble and getattr(loss, "offset_is_free", False):
            raise InvalidParameterError(
                f"{name} with ensemble=True averages the networks' probabilities, but the scores "
                f"of loss={self.loss!r} are each on a scale of their own. Set ensemble=False."
            )

    def _fit_members(self, given, folds):
        """Return an estimator for each fold, fitted to the others and stopped by its rows."""
        members = []
        arguments = {"groups": given.groups, "epochs": given.training["epochs"], **given.kwargs}
        for number, fold in enumerate(folds):
            seed = None if self.random_state is None else (given.seed + number) % 2**31
            member = clone(self).set_params(
                validation_split=[fold],
                threshold=None,
                calibration=None if self.calibration is None else "prior",
                priors=None,
                random_state=seed,
            )
            with warnings.catch_warnings():
                # What is true of every fold is said once, and rows held out count together.
                known = "" if number else r"\[INN001\]"
                warnings.filterwarnings("ignore", known, category=ImbalanceWarning)
                member.fit(given.X, given.y, sample_weight=given.weight, **arguments)
            members.append(member)
        return members

    def _out_of_fold(self, members, natural, folds):
        """Return each fold's rows as the network judges them that was not trained on them."""
        parts = []
        for number, (member, (_, held_out)) in enumerate(zip(members, folds, strict=True)):
            rows = replace(natural, index=held_out)
            proba = member.predict_proba(take_rows(natural.X, held_out))
            proba = rows.decisions(proba.reshape(-1, proba.shape[-1]))
            fold = np.full(len(proba), number)
            parts.append((rows.selected_codes, proba, rows.selected_weight, fold))
        return Judged(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _take_average(self, members, given, rows):
        """Become the average of the networks, all else being that of the last fold."""
        last = members[-1]
        for name in ("class_weight_", "engine_", "history_", "sampler_", "sample_indices_"):
            setattr(self, name, getattr(last, name))
        self.n_iter_ = round(np.mean([member.n_iter_ for member in members]))
        self.feature_encoder_ = last.feature_encoder_
        self.model_ = average_network([member.model_ for member in members])
        # The loss knows how outputs are turned into probabilities.
        self.model_.compile(**self._get_compile_kwargs() | {"loss": last.model_.loss})
        # Keras loads no network whose optimizer was not built.
        self.model_.optimizer.build(self.model_.trainable_variables)
        X = self.feature_encoder_.transform(given.X)
        natural = self._rows(X, None, given.codes, given.weight, rows)
        self._remember_rows(natural, True)
        totals, whole = self._class_mass(natural)
        trained = np.mean([member._trained_prior for member in members], axis=0)
        self._seen = np.stack([totals, whole, trained * whole, whole])
        self._correct_priors()
