"""Callbacks see and steer an epoch in a graph as under ``Model.fit``."""

import keras
import numpy as np

from imbalanced_nn import BalancedKerasClassifier

from .conftest import HIDDEN, TABLE, fitted, network, rows

layers = keras.layers


def test_epoch_callbacks_see_and_steer_the_network():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1])

    def run(engine):
        seen = []

        class Watch(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                seen.append((epoch, logs["loss"], self.model.get_weights()[0].sum()))
                if epoch == 3:
                    self.model.set_weights([w * 0.5 for w in self.model.get_weights()])

        callbacks = [
            Watch(),
            keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch)),
            keras.callbacks.EarlyStopping("loss", patience=2, min_delta=0.05),
        ]
        clf = fitted(build, X, y, engine, callbacks=callbacks, validation_split=0.0, epochs=12)
        return clf, seen

    (theirs, seen_there), (ours, seen_here) = run("keras"), run("graph")
    assert seen_here == seen_there
    assert ours.history_ == theirs.history_
    assert 3 < len(ours.history_["loss"]) <= 12


def test_files_of_epoch_callbacks(tmp_path):
    X, y = rows(TABLE)

    def run(engine):
        clf = fitted(
            network(TABLE, *HIDDEN["dense"][1]),
            X,
            y,
            engine,
            callbacks=[
                keras.callbacks.CSVLogger(str(tmp_path / f"{engine}.csv")),
                keras.callbacks.ModelCheckpoint(str(tmp_path / f"{engine}-{{epoch}}.keras")),
                keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=1),
            ],
        )
        saved = [keras.saving.load_model(tmp_path / f"{engine}-{k}.keras") for k in (1, 2, 3)]
        log = (tmp_path / f"{engine}.csv").read_text()
        return clf, [model.get_weights() for model in saved], log

    theirs, ours = run("keras"), run("graph")
    assert ours[0].engine_ == "graph"
    assert ours[0].history_ == theirs[0].history_
    assert len(set(ours[0].history_["learning_rate"])) == 2
    assert ours[2] == theirs[2]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_checkpoints_within_epochs_are_left_to_keras(tmp_path):
    X, y = rows(TABLE)
    often = keras.callbacks.ModelCheckpoint(str(tmp_path / "{batch}.keras"), save_freq=2)
    clf = fitted(network(TABLE), X, y, "auto", callbacks=[often], epochs=1)
    assert "ModelCheckpoint looks at batches" in clf.engine_
    assert list(tmp_path.iterdir())


def test_hooks_in_the_instance_are_found():
    X, y = rows(TABLE)
    seen = []
    callback = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    clf = fitted(network(TABLE), X, y, "auto", callbacks=[callback], epochs=1)
    assert "LambdaCallback" in clf.engine_
    assert seen


def test_a_callback_may_use_the_estimator():
    X, y = rows(TABLE)
    shapes = []

    class Predict(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            shapes.append(clf.predict_proba(X).shape)

    clf = BalancedKerasClassifier(network(TABLE), callbacks=[Predict()], epochs=2)
    assert clf.fit(X, y).engine_ == "graph"
    assert shapes == [(len(X), 2)] * 2
