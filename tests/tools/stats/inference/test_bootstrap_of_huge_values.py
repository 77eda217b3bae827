"""The bootstrap of values whose squares leave the range of a double: a refusal, never an error of its libraries."""

from __future__ import annotations

import pytest

from copilot_tools import catalogue
from copilot_tools.refusals import Refused


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("huge", [1e200, -1e300])
def test_bootstrap_of_squares_beyond_a_double_is_refused(huge):
    """BCa's shares would have been NaN, which numpy's quantile refuses in words about quantiles."""
    values = [float(i % 7) for i in range(40)]
    arms = {"control": {"values": [huge, *values]}, "treatment": {"values": values}}
    with pytest.raises(Refused):
        catalogue.find("bootstrap_difference").run(arms)
