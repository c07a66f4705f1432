"""Training history: losses and scores of every epoch, and the one whose weights were kept."""

import numpy as np

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection.display import Display, legend, look, tidy
from imbalanced_nn.inspection.predictions import last_step

__all__ = ["HistoryDisplay"]

_PRECISION = "val_average_precision"
_BY_LOSS = "val_average_precision_by_log_loss"
_LABELS = {
    "loss": "training loss",
    "val_loss": "held-out loss",
    "val_log_loss": "held-out log loss",
    _PRECISION: "held-out average precision",
    _BY_LOSS: "held-out average precision\nby log loss: the best is kept",
}
_MAX_MARKERS = 12


class HistoryDisplay(Display):
    """What was logged in each epoch, losses above, scores below, and what ranked the epochs.

    The loss is that of the rows as the sampler and weights give them; ``val_log_loss`` and
    ``val_average_precision`` are of the held-out rows at their natural prevalence. The last is
    of the minority (or the mean over classes or labels). By it training stops, or by its ratio
    to the log loss, which then has a panel of its own.

    Parameters
    ----------
    history : dict of str to list of float
        Quantities by name, as ``history_`` of an estimator or ``History.history`` of Keras.
    best_epoch : int, default=None
        Number, from 1, of the epoch whose weights were kept.
    head_history : dict of str to list of float, default=None
        The same of the last layer, where it was trained anew.
    head_best_epoch : int, default=None
        That epoch of the second stage, from 1.
    standard_error : float, default=None
        Of the held-out average precision. Epochs within one of the best are told apart by their
        log loss, so that the one that is kept need not be the highest; they are shaded.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes
        The panels. With ``ax`` given to `plot` they lie inside it.
    ax_, figure_ : matplotlib.axes.Axes, matplotlib.figure.Figure
        Once drawn.

    Examples
    --------
    >>> from imbalanced_nn.inspection import HistoryDisplay
    >>> history = {"loss": [0.6, 0.4], "val_average_precision": [0.5, 0.7]}
    >>> HistoryDisplay(history=history, best_epoch=2).frame()
         stage  epoch  loss  val_average_precision   best
    0  network      1   0.6                    0.5  False
    1  network      2   0.4                    0.7   True
    """

    _figsize = (6.8, 5.2)

    def __init__(
        self,
        *,
        history,
        best_epoch=None,
        head_history=None,
        head_best_epoch=None,
        standard_error=None,
    ):
        self.standard_error = standard_error
        self.history = history
        self.best_epoch = best_epoch
        self.head_history = head_history
        self.head_best_epoch = head_best_epoch

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Show the history of a fitted estimator.

        Parameters
        ----------
        estimator : BalancedKerasClassifier or Pipeline
            Fitted; any with a ``history_``.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw in.

        Returns
        -------
        HistoryDisplay

        Raises
        ------
        InvalidParameterError
            If the estimator has no history.
        """
        step = last_step(estimator)
        history = getattr(step, "history_", None)
        if not history:
            raise InvalidParameterError(
                f"The 'estimator' parameter must have a history_ of its epochs. Got "
                f"{type(step).__name__}, which has none; fit a BalancedKerasClassifier."
            )
        head = getattr(step, "head_history_", None)
        return cls(
            history=history,
            best_epoch=_kept(history, getattr(step, "n_iter_", None)),
            head_history=head,
            head_best_epoch=_kept(head, getattr(step, "head_n_iter_", None)),
            standard_error=_standard_error(step, history),
        )._shown(ax)

    @property
    def _stages(self):
        """Name, history and best epoch of each stage."""
        stages = [("network", self.history, self.best_epoch)]
        if self.head_history:
            stages.append(("last layer", self.head_history, self.head_best_epoch))
        return stages

    def frame(self):
        """Return one row for each epoch.

        Returns
        -------
        DataFrame
            Columns ``stage`` ("network" or "last layer"), ``epoch`` (from 1 in each stage),
            one for each logged quantity, and ``best``.
        """
        import pandas as pd

        frames = []
        for stage, history, best in self._stages:
            frame = pd.DataFrame(history)
            epochs = np.arange(1, len(frame) + 1)
            frame.insert(0, "stage", stage)
            frame.insert(1, "epoch", epochs)
            frames.append(frame.assign(best=epochs == best))
        return pd.concat(frames, ignore_index=True)

    def _draw(self, own):
        from matplotlib.ticker import MaxNLocator

        logged = self.frame().columns.drop(["stage", "epoch", "best"])
        names = [
            *(name for name in _LABELS if name in logged),
            *logged.drop(_LABELS, errors="ignore"),
        ]
        ratio = [name for name in names if name == _BY_LOSS]
        losses = [name for name in names if name.endswith("loss") and name not in ratio]
        scores = [name for name in names if name not in losses + ratio]
        panels = [panel for panel in (losses, scores, ratio) if panel]
        if own and len(panels) > 2:
            self.figure_.set_figheight(6.4)
        self.axes_ = self._split(len(panels))
        for ax, panel in zip(self.axes_, panels, strict=True):
            for place, name in enumerate(panel):
                self._draw_quantity(ax, name, look(place))
            self._mark_stages(ax, first=panel is panels[0])
            if _PRECISION in panel:
                self._shade_error(ax)
            ax.set_ylabel("Loss" if panel is losses else "Ratio" if panel is ratio else "Score")
            if panel is losses and self._spans_decades(losses):
                ax.set(yscale="log", ylabel="Loss (log scale)")
            tidy(ax)
            legend(ax, own, 1 if own else 2)
        self.axes_[0].set_title("Training history")
        self.axes_[-1].set_xlabel("Epoch")
        self.axes_[-1].xaxis.set_major_locator(MaxNLocator(integer=True))

    def _split(self, n_panels):
        """Return axes for panels that share their epochs, in the place of the given axes."""
        self.ax_.set_axis_off()
        grid = self.ax_.get_subplotspec().subgridspec(n_panels, 1)
        axes = [self.figure_.add_subplot(grid[0])]
        axes += [self.figure_.add_subplot(grid[k], sharex=axes[0]) for k in range(1, n_panels)]
        for ax in axes[:-1]:
            ax.tick_params(labelbottom=False)
        return np.array(axes)

    def _draw_quantity(self, ax, name, style):
        """Draw one quantity, a line for each stage."""
        start, label = 0, _LABELS.get(name, name.replace("_", " "))
        for _, history, _ in self._stages:
            values = history.get(name, [])
            epochs = start + np.arange(1, len(values) + 1)
            every = max(1, len(values) // _MAX_MARKERS)
            ax.plot(epochs, values, label=label, markersize=5, markevery=every, **style)
            start, label = start + _n_epochs(history), None

    def _mark_stages(self, ax, first):
        """Mark the epochs that were kept, and the second stage; name them in the first panel."""
        start, label = 0, "epoch that was kept" if first else None
        for _, history, best in self._stages:
            if best is not None:
                ax.axvline(start + best, color="black", linewidth=1, linestyle=":", label=label)
                label = None
            start += _n_epochs(history)
        if self.head_history:
            edge = _n_epochs(self.history) + 0.5
            label = "last layer, trained anew" if first else None
            ax.axvspan(edge, start + 0.5, color="0.93", zorder=0, label=label)

    def _shade_error(self, ax):
        """Shade the average precisions that are about the highest."""
        values = np.asarray(self.history.get(_PRECISION, []), dtype=float)
        if self.standard_error is None or not np.isfinite(values).any():
            return
        highest = np.nanmax(values)
        label = "one standard error below the\nbest: the least log loss is kept"
        ax.axhspan(highest - self.standard_error, highest, color="0.88", zorder=0, label=label)

    def _spans_decades(self, losses):
        """Whether losses differ so much that a linear axis hides the small ones."""
        values = self.frame()[losses].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        return len(values) > 0 and values.min() > 0 and values.max() > 20 * values.min()


def _n_epochs(history):
    """Return the number of epochs that were logged."""
    return max(map(len, history.values()))


def _standard_error(step, history):
    """Return the error by which epochs count as equal, None where another measure ranks them."""
    values = np.asarray(history.get(_PRECISION, []), dtype=float)
    held_out = getattr(step, "validation_indices_", None)
    if not np.isfinite(values).any() or _BY_LOSS in history or held_out is None:
        return None
    n_positives = max(len(held_out) * float(np.min(step.class_prior_)), 1.0)
    highest = float(np.nanmax(values))
    return float(np.sqrt(max(highest * (1 - highest), 0) / n_positives))


def _kept(history, n_iter):
    """Return the epoch that was kept, None if it is not of this history, as after averaging."""
    return n_iter if history and n_iter and n_iter <= _n_epochs(history) else None
