"""Which hooks of callbacks may be called once an epoch is trained, and that they then are."""

import time

import keras
import pytest

from imbalanced_nn.training.counting_hooks import only_counts

from .conftest import TABLE, fitted, network, rows

WORD = "a global"


class Counts:
    """What can be told of batches that were trained before."""

    def adds(self, batch, logs=None):
        self.n += 1

    def keeps(self, batch, logs=None):
        self.last = batch

    def branches(self, batch, logs=None):
        if batch % 10 == 0 and self.n > -3:
            self.found = self.n * 2
        else:
            self.pair = (batch, self.n)

    def by_number(self, batch, logs=None):
        self.counts[batch] = self.counts[0] + 1

    def has_locals(self, batch, *, logs=None):
        found = -self.n
        self.n = found + 1

    def does_nothing(self, batch, *args, **kwargs):
        """Nothing."""


class Looks:
    """What needs the batch, the network, the clock or whatever a call may bring."""

    model = None

    @property
    def computed(self):
        return self.model

    def logs_kept(self, batch, logs=None):
        self.found = logs

    def loss(self, batch, logs=None):
        self.found = logs["loss"]

    def arguments(self, batch, *args):
        self.found = args

    def keywords(self, batch, **kwargs):
        self.found = kwargs

    def network(self, batch, logs=None):
        self.found = self.model

    def private_network(self, batch, logs=None):
        self.found = self._model

    def stops(self, batch, logs=None):
        self.model.stop_training = True

    def reads_of_another(self, batch, logs=None):
        self.found = self.net.losses

    def adds_to_another(self, batch, logs=None):
        self.net.n += 1

    def sets_of_another(self, batch, logs=None):
        self.net.n = 1

    def sets_by_a_local(self, batch, logs=None):
        net = self.net
        net.n = 1

    def becomes_another(self, batch, logs=None):
        self = self.net
        self.n = 1

    def reads_of_a_part(self, batch, logs=None):
        self.found = self.parts[0].losses

    def property_of_its_own(self, batch, logs=None):
        self.found = self.computed

    def calls(self, batch, logs=None):
        self.seen.append(batch)

    def time(self, batch, logs=None):
        self.found = time.perf_counter()

    def global_name(self, batch, logs=None):
        self.found = WORD

    def raises(self, batch, logs=None):
        raise ValueError

    def iterates(self, batch, logs=None):
        for each in self.parts:
            self.n += each


def hooks(cls):
    return [name for name, value in vars(cls).items() if callable(value) and name[0] != "_"]


@pytest.mark.parametrize("name", hooks(Counts))
def test_what_only_counts(name):
    assert only_counts(getattr(Counts(), name))


@pytest.mark.parametrize("name", hooks(Looks))
def test_what_looks(name):
    assert not only_counts(getattr(Looks(), name))


def test_functions():
    seen = []
    assert only_counts(lambda batch, logs: None)
    assert only_counts(lambda batch, logs=None: batch + 1)
    assert not only_counts(lambda batch, logs: logs)
    assert not only_counts(lambda batch, logs: seen.append(batch))
    assert not only_counts(lambda batch, logs: seen)
    assert not only_counts(print)


@pytest.mark.parametrize("name", ["__setattr__", "__getattribute__", "__getattr__"])
def test_attributes_that_run_code(name):
    def special(self, *args):
        raise NotImplementedError

    cls = type("Special", (Counts,), {name: special})
    assert not only_counts(Counts.adds.__get__(cls.__new__(cls)))


class Tally(keras.callbacks.Callback):
    """Count what Keras tells, with all that a hook may compute."""

    def on_train_begin(self, logs=None):
        self.begun = self.ended = self.judged = self.odd = 0
        self.last = None
        self.of_epochs = []

    def on_train_batch_begin(self, batch, logs=None):
        self.begun += 1

    def on_batch_end(self, batch, logs=None):
        self.ended += 1
        self.last = batch
        if batch % 2:
            self.odd += batch

    def on_test_batch_end(self, batch, logs=None):
        self.judged += 1

    def on_epoch_end(self, epoch, logs=None):
        self.of_epochs.append((self.begun, self.ended, self.judged, self.odd, self.last))


class Stopped(Tally):
    """Ask before the third epoch to stop: Keras trains one more batch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            self.model.stop_training = True


@pytest.mark.parametrize("callback", [Tally, Stopped])
@pytest.mark.parametrize("metrics", [None, ["accuracy"]])
def test_counts_are_those_of_keras(callback, metrics):
    X, y = rows(TABLE)
    build = network(TABLE, metrics=metrics)
    given = {"epochs": 4, "batch_size": 16}
    theirs, ours = callback(), callback()
    clf = fitted(build, X, y, "keras", callbacks=[theirs], **given)
    again = fitted(build, X, y, "graph", callbacks=[ours], **given)
    assert ours.of_epochs == theirs.of_epochs
    assert ours.begun == ours.ended > 4 * len(ours.of_epochs) - 4
    assert ours.judged > 0
    assert again.history_ == clf.history_
