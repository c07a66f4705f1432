"""What other cuts of an evaluated classifier would find, in pictures and a table."""

from importlib.util import find_spec

from imbalanced_nn.describe import Markup
from imbalanced_nn.inspection import MOST_CLASSES, Predictions, class_name, ranked, rarest
from imbalanced_nn.report.alert_tables import alert_levels
from imbalanced_nn.report.curve_pictures import curve_pictures
from imbalanced_nn.report.pictures import MISSING

__all__ = ["evaluation_pictures", "found_words"]


def evaluation_pictures(rows: Predictions) -> list[Markup]:
    """Return figures of the positive class, or of classes against the rest, and what alerts find.

    Of many classes those with the fewest rows are shown.

    Parameters
    ----------
    rows : Predictions
        Labelled rows with the answers.
    """
    n_classes = len(rows.classes)
    if rows.positive is not None:
        places = [rows.positive]
    else:
        places = rarest([rows.is_class(place)[0].sum() for place in range(n_classes)])
    named = []
    for place in places:
        positive, decided = rows.is_class(place)
        if 0 < positive.sum() < len(positive):
            curve = ranked(positive, decided, rows.proba[:, place], rows.weight)
            named.append((rows.classes[place], curve))
    if not named:
        return []
    table = alert_levels(named)
    if find_spec("matplotlib") is None:
        return [table, MISSING]
    labels = [(class_name(label), curve) for label, curve in named]
    return [*curve_pictures(labels, found_words([label for label, _ in named], n_classes)), table]


def found_words(labels: list, n_classes: int) -> str:
    """Return which classes are found, in a sentence.

    Parameters
    ----------
    labels : list
        Those that are shown.
    n_classes : int
        How many there are.
    """
    if len(labels) == 1:
        return class_name(labels[0])
    return f"the {MOST_CLASSES} rarest classes" if n_classes > MOST_CLASSES else "each class"
