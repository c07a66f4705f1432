"""skops, which runs no code that was not trusted by name."""

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN0(03|11)\]")


def test_skops_reads_what_it_wrote(fit_and_rows):
    # It looks through all of scikit-learn.
    import skops.io

    clf, X = fit_and_rows
    content = skops.io.dumps(clf)
    trusted = skops.io.get_untrusted_types(data=content)
    # scikeras' own estimator is a RecursionError here: its networks hold themselves.
    assert "imbalanced_nn.wrapper.pickling.PackedModel" in trusted
    twin = skops.io.loads(content, trusted=trusted)
    np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
    np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
