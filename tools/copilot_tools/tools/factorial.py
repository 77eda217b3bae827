"""Tools for factorial (multivariate) tests: what each factor does, how factors work together, and how many units."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.results import Estimate
from copilot_tools.stats import formats
from copilot_tools.stats.personalization.parts import Label, Outcome
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]

FEWEST_EVENTS = 5
Alpha = Annotated[float, Field(gt=0, lt=0.5, description="Over all main effects and interactions together.")]
Order = Annotated[int, Field(ge=1, le=6, description="Highest order of interaction; 1 for main effects alone.")]


class FactorGiven(Frozen):
    """One thing that was varied: its name and its levels, the first being what the others are held against."""

    name: Label
    levels: Annotated[tuple[Label, ...], Field(min_length=2, max_length=50)]


class CellGiven(Frozen):
    """One combination: a level of each factor, in the factors' order, and its outcome."""

    levels: Annotated[tuple[Label, ...], Field(min_length=2, max_length=10)]
    outcome: Outcome


class FactorialArguments(Frozen):
    """A full factorial test: factors, and every combination of their levels."""

    factors: Annotated[tuple[FactorGiven, ...], Field(min_length=2, max_length=10)]
    cells: Annotated[tuple[CellGiven, ...], Field(min_length=4, max_length=2000)]
    order: Order = 2
    alpha: Alpha = 0.05


class EffectFound(Frozen):
    """A main effect (one factor) or interaction (difference of differences) against the factors' first levels.

    Attributes:
        factors: Whose it is.
        levels: The level of each.
        estimate: In the metric's unit (proportions: a share); the interval holds jointly with all others.
        p_joint: Corrected for all effects (Sidak).
    """

    factors: tuple[str, ...]
    levels: tuple[str, ...]
    estimate: Estimate
    p_joint: float


class TermFound(Frozen):
    """All levels of a main effect or interaction tested together: statistic, degrees of freedom, p (uncorrected)."""

    factors: tuple[str, ...]
    statistic: float
    df: int
    df_error: float | None
    p_value: float


class FactorialFound(Frozen):
    """What the factors do.

    Attributes:
        effects: Main effects first, then interactions.
        terms: One test a main effect or interaction (Welch-James).
        sentence: In plain words.
    """

    effects: tuple[EffectFound, ...]
    terms: tuple[TermFound, ...]
    sentence: str


def _effects(a: FactorialArguments) -> FactorialFound:
    from copilot_tools.stats.inference.factorial import Cell, factorial_effects  # noqa: PLC0415 - numpy, only when run

    if len({f.name for f in a.factors}) < len(a.factors):
        raise Refused.because(
            "factorial.factor_twice", "Two factors share a name.", "Give each a name of its own.", name="factors"
        )
    if len({c.outcome.successes is None for c in a.cells}) > 1:
        raise Refused.because(
            "factorial.kinds_mixed", "Some cells have successes and others a mean.", "Give one metric.", name="cells"
        )
    cells: dict[tuple[str, ...], Cell] = {}
    for c in a.cells:
        said = " x ".join(c.levels)
        if c.levels in cells:
            raise Refused.because(
                "factorial.cell_twice", f"The combination {said} stands there twice.", "Add its figures up.",
                name="cells", value=said,
            )  # fmt: skip
        o = c.outcome
        few = 0 if o.successes is None else min(o.successes, o.n - o.successes)
        if o.n < 2 or (o.successes is not None and few < FEWEST_EVENTS):
            raise Refused.because(
                "factorial.cell_too_small",
                f"The combination {said} has {o.n} units, {few} of the rarer outcome; it needs at least 2 units, and "
                f"for a proportion {FEWEST_EVENTS} with and without a conversion.",
                "Wait for more units, or leave the rarest level out.",
                name="cells",
                value=o.n,
            )
        cells[c.levels] = Cell(o.level, o.variance, math.inf if o.successes is not None else o.n - 1)
    found = factorial_effects({f.name: f.levels for f in a.factors}, cells, order=a.order, alpha=a.alpha)
    effects = tuple(
        EffectFound(factors=c.factors, levels=c.levels, estimate=c.estimate, p_joint=c.p_joint) for c in found.contrasts
    )
    terms = tuple(
        TermFound(factors=t.factors, statistic=t.statistic, df=t.df, df_error=t.df_error, p_value=t.p_value)
        for t in found.terms
    )
    return FactorialFound(effects=effects, terms=terms, sentence=_sentence(effects, a.alpha))


def _sentence(effects: tuple[EffectFound, ...], alpha: float) -> str:
    told = [e for e in effects if e.p_joint < alpha]
    if not told:
        return f"None of {len(effects)} main effects and interactions can be told from 0, corrected for all of them."
    said = "; ".join(
        f"{' x '.join(f'{f} {x}' for f, x in zip(e.factors, e.levels, strict=True))} "
        f"{e.estimate.value:+.4g} ({formats.p_value(e.p_joint)})"
        for e in told
    )
    crossed = any(len(e.factors) > 1 for e in told)
    tail = (
        " Where factors interact, a main effect is an average over the other: choose by combination." if crossed else ""
    )
    return f"Beyond chance, corrected for {len(effects)} effects: {said}.{tail}"


class FactorialSizeArguments(Frozen):
    """A factorial test to be sized, with equal cells."""

    levels: Annotated[
        tuple[Annotated[int, Field(ge=2, le=50)], ...],
        Field(min_length=2, max_length=10, description="How many levels each factor has."),
    ]
    effect: Annotated[float, Field(gt=0, description="Size to detect, in the metric's unit (proportions: a share).")]
    sd: Annotated[float, Field(gt=0, description="Of one unit within a cell; for a proportion sqrt(p (1 - p)).")]
    interaction_of: Annotated[
        tuple[Annotated[int, Field(ge=0, le=9)], ...],
        Field(min_length=1, max_length=6, description="Positions of factors from 0; one is a main effect."),
    ] = (0, 1)
    order: Order = 2
    power: Annotated[float, Field(gt=0.05, lt=1, description="Chance to detect it.")] = 0.8
    alpha: Alpha = 0.05


class FactorialSizeFound(Frozen):
    """Units of a full factorial test with equal cells.

    Attributes:
        cells: How many combinations.
        per_cell: Units in each.
        total: Units in all.
        power: Reached with whole units.
        contrasts: How many intervals hold jointly.
        times_main: Units over those a main effect of the same size takes.
        sentence: In plain words.
    """

    cells: int
    per_cell: int
    total: int
    power: float
    contrasts: int
    times_main: float
    sentence: str


def _size(a: FactorialSizeArguments) -> FactorialSizeFound:
    from copilot_tools.stats.planning.factorial import factorial_size  # noqa: PLC0415 - scipy, only when run

    found = factorial_size(
        a.levels, a.effect, a.sd, interaction_of=a.interaction_of, order=a.order, power=a.power, alpha=a.alpha
    )
    what = "main effect" if len(a.interaction_of) == 1 else "interaction"
    return FactorialSizeFound(
        **found.model_dump(),
        sentence=f"The {what} takes {formats.count(found.per_cell)} units in each of {found.cells} combinations, "
        f"{formats.count(found.total)} in all: {found.times_main:.3g} times what a main effect of that size takes.",
    )


TOOLS = (
    Tool(
        name="factorial_effects",
        summary="Main effects and interactions of a factorial (multivariate) test, with intervals that hold jointly.",
        when="When several things (headline, image, button) were varied at once and every combination was shown "
        "(2x2, 2x3, 2^k): does each matter, and does it depend on the other? Not for arms that share a "
        "control without crossing (compare_means, compare_proportions).",
        arguments=FactorialArguments,
        result=FactorialFound,
        function=_effects,
        examples=(
            {
                "factors": [
                    {"name": "subject", "levels": ["plain", "bold"]},
                    {"name": "image", "levels": ["none", "photo"]},
                ],
                "cells": [
                    {"levels": ["plain", "none"], "outcome": {"n": 10000, "successes": 1000}},
                    {"levels": ["bold", "none"], "outcome": {"n": 10000, "successes": 1120}},
                    {"levels": ["plain", "photo"], "outcome": {"n": 10000, "successes": 1040}},
                    {"levels": ["bold", "photo"], "outcome": {"n": 10000, "successes": 1010}},
                ],
            },
        ),
    ),
    Tool(
        name="factorial_size",
        summary="How many units a factorial (multivariate) test needs for a main effect or an interaction.",
        when="Before a test that varies several things at once, in combination: how much traffic for each, or to "
        "see whether they boost each other; an interaction takes four times the units of a main effect of its"
        " size. Not for arms against one control (sample_size).",
        arguments=FactorialSizeArguments,
        result=FactorialSizeFound,
        function=_size,
        examples=(
            {"levels": [2, 2], "effect": 0.01, "sd": 0.3},
            {"levels": [2, 3], "effect": 1.5, "sd": 20, "interaction_of": [1]},
        ),
    ),
)
