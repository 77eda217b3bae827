"""Concentration of the lift: what is planted is found, noise is not, and shares add up."""

from __future__ import annotations

import numpy as np
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.personalization.concentration import concentration
from copilot_tools.stats.personalization.given import GuardrailCell, Segment
from copilot_tools.stats.personalization.guardrails import guard_segments
from copilot_tools.stats.personalization.parts import Outcome

SIZES = (4000, 8000, 12000, 20000, 6000, 10000)


def segments(rng, lifts, planned=()):
    """Six segments with true lifts in points over a rate of 10%."""
    return [
        Segment(
            name=f"s{i}",
            planned=i in planned,
            control=Outcome(n=n, successes=int(rng.binomial(n, 0.1))),
            treatment=Outcome(n=n, successes=int(rng.binomial(n, 0.1 + lift))),
        )
        for i, (n, lift) in enumerate(zip(SIZES, lifts, strict=True))
    ]


def test_a_lift_that_is_the_same_everywhere_is_not_called_concentrated():
    """Planned and found segments in one test: a segment is set apart in under 5% of clean tests."""
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(400):
        found = concentration(segments(rng, [0.01] * 6, planned=(0, 1)))
        alarms += any(s.standing != "not told from the rest" for s in found.segments)
    assert alarms / 400 <= 0.05 + 2 * 0.011


@pytest.mark.parametrize("planned", [(), (3,)])
def test_a_planted_concentration_is_found(planned):
    """All of the lift in one segment, four points: named in at least 95 of 100 tests, with nearly all of the lift."""
    rng = np.random.default_rng(4)
    hits, shares = 0, []
    for _ in range(150):
        found = concentration(segments(rng, [0, 0, 0, 0.03, 0, 0], planned))
        hits += found.concentrated[:1] == ("s3",)
        if found.segments[3].share_of_lift is not None:
            shares.append(found.segments[3].share_of_lift)
    assert hits / 150 >= 0.95
    assert np.median(shares) > 0.8


def test_shrinkage_brings_shares_nearer_to_the_truth():
    """One lift everywhere: shrunk shares of the lift are closer to shares of units than observed ones, by far."""
    rng = np.random.default_rng(5)
    observed, shrunk = [], []
    for _ in range(100):
        for s in concentration(segments(rng, [0.01] * 6)).segments:
            if s.share_of_lift is not None and s.observed_share is not None:
                observed.append((s.observed_share - s.share_of_units) ** 2)
                shrunk.append((s.share_of_lift - s.share_of_units) ** 2)
    assert np.mean(shrunk) < 0.6 * np.mean(observed)


def test_shares_add_up_and_the_lift_is_that_over_units():
    """Shares of units and of the lift sum to 1 by either way; the lift is the units' average of the effects."""
    found = concentration(segments(np.random.default_rng(6), [0.02, 0.01, 0.03, 0.01, 0.02, 0.02]))
    for field in ("share_of_units", "share_of_lift", "observed_share"):
        assert sum(getattr(s, field) for s in found.segments) == pytest.approx(1)
    assert found.lift == pytest.approx(sum(s.share_of_units * s.effect for s in found.segments))


def test_a_lift_that_may_be_nothing_is_not_shared_out():
    """No lift at all: no shares but the reason why."""
    given = [
        Segment(name=n, control=Outcome(n=5000, successes=500), treatment=Outcome(n=5000, successes=s))
        for n, s in (("a", 505), ("b", 498))
    ]
    found = concentration(given)
    assert found.shares is not None
    assert found.segments[0].share_of_lift is None
    assert "chance explains it" in found.sentence


def test_looking_at_more_segments_takes_more_to_be_found():
    """The same figures: unplanned segments pay for every look, planned ones do not."""
    rng = np.random.default_rng(9)
    given = segments(rng, [0, 0, 0, 0.02, 0, 0])
    alone, among = concentration(given), concentration(given, looked_at=600)
    assert among.segments[3].p_value == pytest.approx(min(1, alone.segments[3].p_value * 100), rel=1e-6)
    planned = [s.model_copy(update={"planned": i == 3}) for i, s in enumerate(given)]
    assert concentration(planned, looked_at=600).segments[3].p_value < alone.segments[3].p_value


def test_bad_segments_are_refused():
    """One alone, one twice, kinds mixed, fewer looked at than listed."""
    a, b = segments(np.random.default_rng(1), [0.01] * 6)[:2]
    mean = Outcome(n=100, mean=1.0, sd=1.0)
    mixed = Segment(name="m", control=mean, treatment=mean)
    for given, looked, word in (([a], None, "at least two"), ([a, a], None, "twice"), ([a, mixed], None, "do not add")):
        with pytest.raises(Refused, match=word):
            concentration(given, looked_at=looked)
    with pytest.raises(Refused, match="looked_at is 1"):
        concentration([a, b], looked_at=1)


def cells(rng, harm=0.0, margin=0.02):
    """Two guardrails, less of one and more of the other being better, in six segments; harm in one of twelve cells."""
    found = []
    for i, n in enumerate(SIZES):
        hurt = harm if i == 2 else 0.0
        found.append(
            GuardrailCell(
                name=f"s{i}",
                guardrail="complaints",
                better="decrease",
                margin=margin,
                control=Outcome(n=n, successes=int(rng.binomial(n, 0.05))),
                treatment=Outcome(n=n, successes=int(rng.binomial(n, 0.05 + hurt))),
            )
        )
        a, b = (rng.standard_normal(), rng.standard_normal())
        found.append(
            GuardrailCell(
                name=f"s{i}",
                guardrail="order",
                margin=3.0,
                control=Outcome(n=n, mean=40 + a * 20 / n**0.5, sd=20),
                treatment=Outcome(n=n, mean=40 + b * 20 / n**0.5, sd=20),
            )
        )
    return found


def test_harm_in_one_segment_is_found_and_clean_segments_stay_quiet():
    """Harm of 1.6 points in one of twelve cells: found in at least 95 of 100; none: an alarm in at most 2.5%."""
    rng = np.random.default_rng(7)
    assert np.mean(["complaints in s2" in guard_segments(cells(rng, 0.016)).harmed for _ in range(150)]) >= 0.95
    assert np.mean([bool(guard_segments(cells(rng)).harmed) for _ in range(400)]) <= 0.025 + 2 * 0.008


def test_a_cell_at_its_margin_is_called_safe_no_more_often_than_alpha():
    """Worse by exactly the margin in one cell: that cell is called safe in at most 2.5% of tests."""
    rng = np.random.default_rng(8)
    safe = [
        guard_segments(cells(rng, 0.02, 0.02)).cells[4].standing in {"safe", "harmed within the margin"}
        for _ in range(400)
    ]
    assert np.mean(safe) <= 0.025 + 2 * 0.008


def test_guardrails_read_every_branch():
    """Safe, harmed within the margin, harmed, open and not assessable, each where it should be."""
    control = Outcome(n=100_000, successes=5000)
    figures = {"safe": 5000, "harmed within the margin": 5400, "harmed": 6600, "open": 5000}
    given = [
        GuardrailCell(
            name=name,
            guardrail="g",
            better="decrease",
            margin=0.0001 if name == "open" else 0.01,
            control=control,
            treatment=Outcome(n=100_000, successes=x),
        )
        for name, x in figures.items()
    ]
    few = Outcome(n=100, successes=1)
    given.append(GuardrailCell(name="not assessable", guardrail="g", margin=0.1, control=few, treatment=few))
    found = guard_segments(given)
    assert [c.standing for c in found.cells] == [c.segment for c in found.cells]
    assert found.harmed == ("g in harmed", "g in harmed within the margin")
    assert not found.all_safe
    assert "below 10" in found.cells[-1].reason
    for bad, word in (([], "no guardrail"), (given[:1] * 2, "twice"), (given[-1:], "too few|below 10")):
        with pytest.raises(Refused, match=word):
            guard_segments(bad)
