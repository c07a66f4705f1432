"""The table of what so many alerts find, however rows are weighed."""

import numpy as np
import pytest

from imbalanced_nn.inspection import ranked
from imbalanced_nn.report.alert_tables import alert_levels


@pytest.mark.parametrize("scale", [1e-6, 1 / 600, 1e6])
def test_the_scale_of_weights_changes_nothing(scale):
    rng = np.random.default_rng(0)
    positive, score = rng.random(600) < 0.1, rng.random(600)
    tables = [
        str(alert_levels([("yes", ranked(positive, score > 0.9, score, np.full(600, weight)))]))
        for weight in (1.0, scale)
    ]
    assert tables[0] == tables[1]
    assert tables[0].count("<tr") > 5
