"""Ratios of sums: a published value, a jackknife, and denominators that cannot be divided by."""

from __future__ import annotations

import numpy as np
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.ratios import ratio_level
from sampling import moments_of


def test_ten_users():
    """Ten users' orders over sessions, by Deng, Knoblich & Lu (2018): .689655 with error .0601622."""
    level = ratio_level(moments_of([0, 2, 1, 5, 3, 0, 4, 1, 2, 2], [1, 3, 2, 6, 4, 1, 5, 2, 2, 3]))
    assert (level.value, level.variance**0.5) == pytest.approx((0.689655172, 0.0601622385), abs=1e-8)


def test_variance_agrees_with_the_jackknife():
    """On 4,000 users the delta method and the jackknife agree to one percent."""
    rng = np.random.default_rng(3)
    den = 1 + rng.poisson(3, 4000)
    num = den * rng.gamma(2, 1, 4000)
    left_out = (num.sum() - num) / (den.sum() - den)
    jackknife = 3999 / 4000 * ((left_out - left_out.mean()) ** 2).sum()
    level = ratio_level(moments_of(num, den))
    assert level.value == pytest.approx(num.sum() / den.sum())
    assert level.variance == pytest.approx(jackknife, rel=0.01)


@pytest.mark.parametrize("den", [[0, 0, 0, 0], [-1, 1, -1, 1], [0, 0, 0, 1]])
def test_a_denominator_that_may_be_zero_is_refused(den):
    """A mean of 0, or one within two standard errors of it, cannot be divided by."""
    with pytest.raises(Refused, match="cannot be told from 0"):
        ratio_level(moments_of([1, 2, 3, 4], den))


def test_one_unit_is_refused():
    """A ratio over one unit has no variance."""
    with pytest.raises(Refused, match="at least 2 units"):
        ratio_level(moments_of([1], [2]))
