"""A registered look that stops early: told as an overstatement, judged by the precision the test was to reach."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm, t

from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.decision import decide
from copilot_tools.stats.reading import Reading, read, read_interim
from copilot_tools.stats.sequential.registered import registered_look, z_toward
from copilot_tools.stats.spec import Effect, Looks, Metric
from copilot_tools.stats.validity.exaggeration import design_errors, exaggeration
from tools.stats.validity.planted import counts, draw, evidence_of, spec_of

VISIT = Metric(name="visit", role="primary", kind="proportion", column="visited")


def _read(
    control: tuple[int, int],
    treatment: tuple[int, int],
    m: float,
    *,
    last: bool = False,
    looks: Looks = Looks(shares=(0.5,)),  # noqa: B008 - frozen
):
    """A reading at the last of the registered looks, half of the committed units being in, or at the end of them."""
    spec = spec_of(metrics=(VISIT,), minimum_effect=Effect(size=m, scale="absolute"), looks=looks)
    evidence = counts({"control": {"all": control}, "variant b": {"all": treatment}}, "part", "visit")
    units = control[1] + treatment[1]
    standing = Circumstances(
        committed_units=units if last else 2 * units,
        information=(1.0,) if last else looks.shares,
        look_due=not last,
    )
    look = registered_look(spec, standing, last=last)
    return spec, read(spec, evidence, registered=look)


def test_a_sound_early_stop_is_not_serious_and_names_both_estimates() -> None:
    """A test sized for its effect that stops at half of its units: judged by its end, with the estimate looks leave."""
    pocock = Looks(shares=(0.1, 0.2, 0.3, 0.4, 0.5), spending="pocock")
    spec, reading = _read((2000, 10_000), (2150, 10_000), 0.01, looks=pocock)
    (after,) = reading.stage_wise
    assert after.value is not None
    assert after.value < 0.0141 < after.plain
    found = exaggeration(spec, reading)
    assert found.severity in {"none", "note"}
    assert "at its committed end" in found.sentence
    assert "variant b crossed its boundary early" in found.details[0]
    assert "+1.50 points as read, +1.40 points by the stage-wise" in found.details[0]
    effect = reading.comparisons[0].absolute
    assert isinstance(effect, Estimate)
    end = design_errors(0.01, effect.standard_error * math.sqrt(0.5), 1.959964)
    assert found.value == pytest.approx(end.type_m, rel=1e-6)
    assert design_errors(0.01, effect.standard_error, reading.registered.boundary).type_m > found.value


def test_an_overstatement_by_a_quarter_is_a_note() -> None:
    """Where the median-unbiased estimate is far below the plain one, that alone is a note, however sound the design."""
    spec, reading = _read((2000, 10_000), (2240, 10_000), 0.02)
    (after,) = reading.stage_wise
    assert exaggeration(spec, reading).severity == "none"
    less = reading.model_copy(update={"stage_wise": (after.model_copy(update={"value": after.plain / 1.3}),)})
    assert exaggeration(spec, less).severity == "note"
    gone = reading.model_copy(update={"stage_wise": (after.model_copy(update={"value": -0.001}),)})
    assert exaggeration(spec, gone).severity == "note"


def test_a_design_too_small_stays_serious_wherever_it_stops() -> None:
    """A test that could not have found what matters at its end either is called, at a look and at the end."""
    for last in (False, True):
        spec, reading = _read((100, 1000), (170, 1000), 0.01, last=last)
        found = exaggeration(spec, reading)
        assert found.severity == "serious"
        assert ("at its committed end" in found.sentence) is not last


def test_without_looks_nothing_has_changed() -> None:
    """A plan without looks is judged by the precision it reached, as before, and has no stage-wise line."""
    spec = spec_of(metrics=(VISIT,), minimum_effect=Effect(size=0.01, scale="absolute"))
    evidence = counts({"control": {"all": (100, 1000)}, "variant b": {"all": (140, 1000)}}, "part", "visit")
    found = exaggeration(spec, read(spec, evidence))
    assert (found.severity, found.details) == ("serious", ())
    assert "this precise" in found.sentence


def test_futility_is_judged_by_the_statistic_that_boundaries_are_held_against() -> None:
    """The advice reads the pooled z of a proportion, not the estimate over its own standard error, for either goal."""
    spec = spec_of(
        metrics=(VISIT,),
        minimum_effect=Effect(size=0.02, scale="absolute"),
        looks=Looks(shares=(0.5,), futility="nonbinding"),
    )
    evidence = counts({"control": {"all": (40, 300)}, "variant b": {"all": (41, 150)}}, "part", "visit")
    standing = Circumstances(
        committed_units=900, information=(0.5,), look_due=True, outcome_looks=(450,), metrics_looked=1
    )
    look = registered_look(spec, standing, last=False)
    assert look is not None
    reading = read_interim(spec, evidence, look)
    effect = reading.comparisons[0].absolute
    assert isinstance(effect, Estimate)
    z = z_toward(spec, effect)
    assert z == pytest.approx(effect.statistic)
    assert abs(effect.value / effect.standard_error - z) > 0.05
    between = (z + effect.value / effect.standard_error) / 2
    for bound, advised in ((between, z < between), (z + 0.001, True), (z - 0.001, False)):
        at = reading.model_copy(
            update={"registered": look.model_copy(update={"futility": bound, "boundaries": (8.0,)})}
        )
        assert bool(_advice(spec, standing, at)) is advised


def _advice(spec, standing: Circumstances, reading: Reading) -> tuple[str, ...]:
    # The boundary is moved out, so that the look goes on whatever the effect; its interval must then hold zero.
    wide = reading.comparisons[0].model_copy(update={"absolute": _wide(reading.comparisons[0].absolute)})
    moved = reading.model_copy(update={"comparisons": (wide,)})
    verdict = decide(spec, standing, 450, moved, ())
    assert verdict.row == "continue"
    return tuple(c.id for c in verdict.arms[0].caveats)


def _wide(effect: Estimate | Refusal) -> Estimate:
    assert isinstance(effect, Estimate)
    return effect.model_copy(update={"interval": effect.interval.model_copy(update={"low": -0.5, "high": 0.5})})


def test_a_mean_of_few_units_is_judged_by_its_t() -> None:
    """The t statistic of few units stands for the normal deviate with the same tail."""
    spend = Metric(name="spend", role="primary", kind="mean", column="spent")
    spec = spec_of(metrics=(spend,))
    evidence = evidence_of(spec, draw(np.random.default_rng(4), 24))
    effect = read(spec, evidence).comparisons[0].absolute
    assert isinstance(effect, Estimate)
    assert effect.df is not None
    assert effect.statistic is not None
    expected = norm.isf(t.sf(effect.statistic, effect.df))
    assert z_toward(spec, effect) == pytest.approx(expected, rel=1e-9)
    assert abs(expected) < abs(effect.statistic)
