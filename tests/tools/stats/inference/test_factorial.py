"""Factorial effects against regression and Welch's test, joint coverage by simulation, and the size of interactions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.oneway import anova_oneway

from copilot_tools.catalogue import find
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.factorial import Cell, factorial_effects
from copilot_tools.stats.planning.factorial import factorial_size


def cells_of(rows):
    """(combination -> values) as cells."""
    return {c: Cell(float(np.mean(x)), float(np.var(x, ddof=1)) / len(x), len(x) - 1) for c, x in rows.items()}


def drawn(rng, factors, mean, sizes=(8, 30)):
    """Values for every combination, in unequal numbers and variances."""
    return {
        c: rng.normal(mean(c), rng.uniform(0.5, 3), rng.integers(*sizes)) for c in itertools.product(*factors.values())
    }


def test_effects_are_those_of_a_regression_with_all_interactions():
    """2x3x2, unequal cells: every contrast equals the same linear combination of a saturated regression's fit."""
    factors = {"a": ("a0", "a1"), "b": ("b0", "b1", "b2"), "c": ("c0", "c1")}
    rows = drawn(np.random.default_rng(1), factors, lambda c: len(set(c)) + ("a1" in c) * 2.0)
    table = pd.DataFrame([(*c, y) for c, ys in rows.items() for y in ys], columns=["a", "b", "c", "y"])
    fit = smf.ols("y ~ C(a, Sum) * C(b, Sum) * C(c, Sum)", table).fit()
    found = factorial_effects(factors, cells_of(rows), order=3)
    assert len(found.contrasts) == 1 + 2 + 1 + 2 + 1 + 2 + 2
    # Sum coding: a0 = +1 and a1 = -1, so level 1 minus level 0 is -2 coefficients; a difference of two, 4.
    a, ac = found.contrasts[0], next(x for x in found.contrasts if x.factors == ("a", "c"))
    assert a.estimate.value == pytest.approx(-2 * fit.params["C(a, Sum)[S.a0]"])
    assert ac.estimate.value == pytest.approx(4 * fit.params["C(a, Sum)[S.a0]:C(c, Sum)[S.c0]"])
    b1 = next(x for x in found.contrasts if x.levels == ("b1",))
    assert b1.estimate.value == pytest.approx(fit.params["C(b, Sum)[S.b1]"] - fit.params["C(b, Sum)[S.b0]"])


def test_a_difference_of_differences_has_its_own_variance():
    """2x2: the interaction's value, standard error and Satterthwaite degrees of freedom, written out."""
    rows = drawn(np.random.default_rng(2), {"a": "01", "b": "01"}, lambda c: 0.0 * len(c))
    m = {c: np.mean(x) for c, x in rows.items()}
    v = {c: np.var(x, ddof=1) / len(x) for c, x in rows.items()}
    effect = m["1", "1"] - m["0", "1"] - m["1", "0"] + m["0", "0"]
    df = sum(v.values()) ** 2 / sum(v[c] ** 2 / (len(rows[c]) - 1) for c in rows)
    found = factorial_effects({"a": "01", "b": "01"}, cells_of(rows)).contrasts[2].estimate
    assert found.value == pytest.approx(effect)
    assert found.df == pytest.approx(df)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(effect) / sum(v.values()) ** 0.5, df))


def test_a_term_is_welchs_anova_where_one_factor_is_all_there_is():
    """The second factor copies the first's cells: the main effect over its levels is Welch's F on doubled groups."""
    rng = np.random.default_rng(3)
    groups = [rng.normal(i / 2, 1 + i, 9 + 4 * i) for i in range(4)]
    cells = {}
    for i, g in enumerate(groups):
        v = np.var(g, ddof=1) / len(g)
        # Two cells with twice the variance and half the freedom average to the group's own mean and variance.
        for b in "01":
            cells[str(i), b] = Cell(float(g.mean()), 2 * v, (len(g) - 1) / 2)
    term = factorial_effects({"a": "0123", "b": "01"}, cells).terms[0]
    expected = anova_oneway(groups, use_var="unequal")
    assert term.df == 3
    assert term.statistic == pytest.approx(expected.statistic)
    assert term.p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (2, 2, 2)])
def test_all_intervals_hold_together(shape):
    """1,000 tests with unequal cells: all intervals cover at once in 95%, never clearly less."""
    rng = np.random.default_rng(4)
    factors = {f"f{i}": tuple(map(str, range(n))) for i, n in enumerate(shape)}
    combinations = list(itertools.product(*factors.values()))
    n = rng.integers(15, 60, len(combinations))
    sd = rng.uniform(0.5, 2, len(combinations))
    held = 0
    for turn in range(1000):
        values = rng.normal(0, sd / np.sqrt(n))
        variances = sd**2 * rng.chisquare(n - 1) / (n - 1) / n
        cells = {c: Cell(*x) for c, x in zip(combinations, zip(values, variances, n - 1.0, strict=True), strict=True)}
        found = factorial_effects(factors, cells)
        held += all(c.estimate.interval.low <= 0 <= c.estimate.interval.high for c in found.contrasts)
        if turn < 20:
            assert all(
                (c.p_joint < 0.05) == (not c.estimate.interval.low <= 0 <= c.estimate.interval.high)
                for c in found.contrasts
            )
    assert held / 1000 >= 0.95 - 3 * 0.0069
    assert held / 1000 <= 0.975


def test_an_interaction_takes_four_times_the_units():
    """2^k: four times for two factors, sixteen for three; the planned power is reached in simulation."""
    for levels in ((2, 2), (2, 2, 2)):
        both = factorial_size(levels, 0.2, 1.0, interaction_of=(0, 1))
        assert both.times_main == pytest.approx(4, rel=0.01)
    assert factorial_size((2, 2, 2), 0.2, 1.0, interaction_of=(0, 1, 2), order=3).times_main == pytest.approx(
        16, rel=0.01
    )
    size = factorial_size((2, 2), 0.5, 1.0, interaction_of=(0, 1))
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(1500):
        rows = {c: rng.normal(0.5 * (c == ("1", "1")), 1, size.per_cell) for c in itertools.product("01", "01")}
        interaction = factorial_effects({"a": "01", "b": "01"}, cells_of(rows)).contrasts[2].estimate
        hits += interaction.interval.low > 0
    assert hits / 1500 == pytest.approx(size.power, abs=3 * math.sqrt(0.16 / 1500))
    assert 0.8 <= size.power < 0.803


@pytest.mark.parametrize("levels", [(2, 2), (3, 4), (2, 3, 2)])
def test_the_size_is_the_smallest(levels):
    """By scipy's noncentral t: the units given reach the power, and one fewer a cell does not."""
    found = factorial_size(levels, 0.4, 1.0, interaction_of=(0, 1), power=0.9)
    each = 1 - 0.95 ** (1 / found.contrasts)
    spread = 4 * levels[0] * levels[1] / math.prod(levels)

    def power(n):
        df = found.cells * (n - 1)
        return stats.nct.sf(stats.t.isf(each / 2, df), df, 0.4 * math.sqrt(n / spread))

    assert power(found.per_cell) == pytest.approx(found.power, abs=1e-9)
    assert power(found.per_cell - 1) < 0.9 <= power(found.per_cell)


@pytest.mark.parametrize(
    ("factors", "drop", "order", "code"),
    [
        ({"a": "01"}, None, 1, "factorial.factors"),
        ({"a": "01", "b": "0"}, None, 2, "factorial.factors"),
        ({"a": "00", "b": "01"}, None, 2, "factorial.factors"),
        ({"a": "01", "b": "01"}, None, 3, "factorial.order"),
        ({"a": "01", "b": "01"}, ("1", "1"), 2, "factorial.cells_missing"),
        ({f"f{i}": "012345" for i in range(4)}, None, 4, "factorial.too_many"),
    ],
)
def test_what_is_no_full_factorial_is_refused(factors, drop, order, code):
    """One factor, a level alone or twice, an order too high, a missing cell, too many contrasts."""
    cells = {c: Cell(1.0, 0.1, 9.0) for c in itertools.product(*factors.values()) if c != drop}
    with pytest.raises(Refused) as refused:
        factorial_effects(factors, cells, order=order)
    assert refused.value.refusals[0].code == code


def test_the_tool_refuses_cells_it_cannot_read():
    """A cell too small, twice, unknown, of another kind or without variation: refused by name."""
    tool = find("factorial_effects")
    good = tool.examples[0]

    def changed(**first):
        return {**good, "cells": [{**good["cells"][0], **first}, *good["cells"][1:]]}

    for given, code in (
        (changed(outcome={"n": 100, "successes": 4}), "factorial.cell_too_small"),
        (changed(levels=["bold", "none"]), "factorial.cell_twice"),
        (changed(levels=["plain", "drawing"]), "factorial.cells_missing"),
        (changed(outcome={"n": 100, "mean": 1.0, "sd": 1.0}), "factorial.kinds_mixed"),
        ({**good, "factors": [good["factors"][0]] * 2}, "factorial.factor_twice"),
    ):
        with pytest.raises(Refused) as refused:
            tool.run(given)
        assert refused.value.refusals[0].code == code
    assert "choose by combination" in tool.run(good).sentence


def test_sizes_that_cannot_be_are_refused():
    """No effect, strange factors, too small an effect, an interaction beyond the order."""
    for levels, effect, kwargs, code in (
        ((2, 2), 0.0, {}, "parameter.out_of_range"),
        ((2,), 0.1, {"order": 1}, "factorial.factors"),
        ((2, 2), 1e-9, {}, "planning.too_many_units"),
        ((2, 2), 0.1, {"interaction_of": (0, 2)}, "factorial.interaction_of"),
        ((2, 2, 2), 0.1, {"interaction_of": (0, 1, 2)}, "factorial.interaction_of"),
        ((2, 2), 0.1, {"order": 5}, "factorial.order"),
    ):
        with pytest.raises(Refused) as refused:
            factorial_size(levels, effect, 1.0, **kwargs)
        assert refused.value.refusals[0].code == code
