"""Adjusted p-values against published examples and an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import multiplicity

# Benjamini & Hochberg (1995), JRSS B 57:289, section 3.2: fifteen p-values of a thrombolysis study.
BH_1995 = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
BH_1995 += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]

ORACLE = {
    "bonferroni": "bonferroni",
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "benjamini-hochberg": "fdr_bh",
    "benjamini-yekutieli": "fdr_by",
}


@pytest.mark.parametrize(
    ("method", "rejected"), [("benjamini-hochberg", 4), ("bonferroni", 3), ("hochberg", 3), ("holm", 3)]
)
def test_rejections_of_the_published_example(method, rejected):
    """The paper's own example rejects four hypotheses by BH and three by the family-wise procedures."""
    assert int((multiplicity.adjust(BH_1995, method) <= 0.05).sum()) == rejected


def test_adjusted_values_of_the_published_example():
    """The BH-adjusted p-values of the paper's example, to the sixth place."""
    expected = [0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.0638571, 0.0638571, 0.0645, 0.0765]
    assert multiplicity.benjamini_hochberg(BH_1995)[:9] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("holm", [0.05, 0.08, 0.09, 0.09, 0.09]),
        ("hochberg", [0.05] * 5),
        ("benjamini-hochberg", [0.05] * 5),
        ("bonferroni", [0.05, 0.1, 0.15, 0.2, 0.25]),
        ("benjamini-yekutieli", [0.1141667] * 5),
    ],
)
def test_r_semantics(method, expected):
    """The values of R's p.adjust on .01 to .05."""
    assert multiplicity.adjust([0.01, 0.02, 0.03, 0.04, 0.05], method) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("method", ORACLE)
def test_against_statsmodels_with_ties(method):
    """Random p-values with many ties, zeros and ones, in random order, agree with statsmodels place by place."""
    random = np.random.default_rng(19)
    for size in (1, 2, 3, 17, 400):
        for digits in (1, 2, 16):
            p = np.round(random.beta(0.4, 1.2, size), digits)
            expected = multipletests(p, method=ORACLE[method])[1]
            assert multiplicity.adjust(p, method) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("method", ORACLE)
def test_equal_p_values_stay_equal_and_order_is_kept(method):
    """Adjusting never splits a tie, never reverses an order and never lowers a p-value."""
    p = np.array([0.04, 0.001, 0.04, 0.2, 0.001])
    adjusted = multiplicity.adjust(p, method)
    assert adjusted[0] == adjusted[2]
    assert adjusted[1] == adjusted[4]
    assert adjusted[1] <= adjusted[0] <= adjusted[3]
    assert (adjusted >= p).all()


@pytest.mark.parametrize(
    ("alpha", "tests", "expected"),
    [(0.05, 2, 0.0975), (0.05, 5, 0.226219), (0.05, 10, 0.401263), (0.05, 20, 0.641514), (0.1, 10, 0.651322)],
)
def test_family_wise_error_rate(alpha, tests, expected):
    """The chance of at least one false rejection among independent tests."""
    assert multiplicity.family_wise_error_rate(alpha, tests) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), -0.01, 1.01, float("inf")])
def test_not_a_p_value_is_refused_with_its_place(bad):
    """A value that is no probability is refused, naming which one it is, and never sorted to some end."""
    with pytest.raises(Refused) as refused:
        multiplicity.holm([0.01, bad, 0.2])
    (refusal,) = refused.value.refusals
    assert refusal.code == "multiplicity.not_a_p_value"
    assert "number 2" in refusal.reason
    assert "not assessable" in refusal.cure


@pytest.mark.parametrize(("p", "method", "code"), [([], "holm", "no_p_values"), ([0.1], "sidak", "method_unknown")])
def test_nothing_to_adjust_is_refused(p, method, code):
    """No p-values and an unknown method are refused."""
    with pytest.raises(Refused) as refused:
        multiplicity.adjust(p, method)
    assert refused.value.refusals[0].code == f"multiplicity.{code}"
