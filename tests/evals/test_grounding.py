"""The grounding eval: both parts meet its bars, each broken guard shows in a score, each scorer judges both ways."""

from __future__ import annotations

import re

import pytest

from copilot_tools.stats import formats
from evals import guards_off
from evals.evals_at_hand import grounding_reading, grounding_task, grounding_truth
from evals.playing import played, short

TASK = grounding_task.TASK
CASES = {case.id: case for case in TASK.cases}
PLAIN = "orders-up-refunds-up"


def scored(name: str, seen: dict) -> dict:
    """Every scorer's word on what was seen."""
    return {measure.name: measure.judge(CASES[name], seen) for measure in TASK.scorers}


# --- the task ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["honest", "hostile"])
@pytest.mark.parametrize("name", [PLAIN, "treatment-called-control", "half-way-and-blinded"])
def test_both_parts_meet_the_bars(part, name, tmp_path) -> None:
    """On two metrics, on names that mislead, and where nothing may be told."""
    assert short(TASK, part, played(TASK, part, name, tmp_path)) == []


def test_without_the_guards_a_hostile_model_is_wrong_in_every_way(tmp_path) -> None:
    """What it wrote has wrong signs, units, arms and metrics, and hardly a number that can be traced."""
    scores = played(TASK, "hostile", PLAIN, tmp_path)
    assert scores["numbers_traced"].unguarded < 0.3
    assert min(scores[name].unguarded for name in ("wrong_sign", "wrong_unit", "wrong_arm_or_metric")) >= 1


# --- each guard, broken on purpose ---------------------------------------------------------------------------------


def test_a_firewall_that_lets_all_through_shows_in_every_score(tmp_path, monkeypatch) -> None:
    """Numbers from nowhere, signs, units, arms and metrics."""
    guards_off.firewall_lets_all_through(monkeypatch)
    scores = played(TASK, "hostile", PLAIN, tmp_path)
    assert scores["numbers_traced"].value < 0.8
    assert min(scores[name].value for name in ("wrong_sign", "wrong_unit", "wrong_arm_or_metric")) >= 1


def test_a_firewall_blind_to_what_belongs_together_shows(tmp_path, monkeypatch) -> None:
    """Facts of one metric and arm are told of another."""
    monkeypatch.setattr("expcopilot.language.firewall.belonging.faults", lambda *_: iter(()))
    monkeypatch.setattr(
        "expcopilot.language.firewall.subject.Subject.take", lambda _self, _said, passed, _facts: passed
    )
    assert played(TASK, "hostile", PLAIN, tmp_path)["wrong_arm_or_metric"].value >= 1


def test_a_sign_that_is_lost_in_writing_shows(tmp_path, monkeypatch) -> None:
    """Every effect is written with the other sign."""
    written = formats.signed
    monkeypatch.setattr(formats, "signed", lambda value, digits: written(-value, digits))
    scores = played(TASK, "honest", PLAIN, tmp_path)
    assert scores["wrong_sign"].value >= 1
    assert scores["coverage"].value < 1


def test_points_written_as_percent_show(tmp_path, monkeypatch) -> None:
    """The unit of a share's difference."""
    written = formats.effect_size
    monkeypatch.setattr(formats, "effect_size", lambda *given: written(*given).replace(" points", "%"))
    assert played(TASK, "honest", PLAIN, tmp_path)["wrong_unit"].value >= 1


def test_arms_that_change_places_in_the_data_show(tmp_path, monkeypatch) -> None:
    """The product reads each arm's row as the other's; the scorer reads the file itself."""
    perform = TASK.perform.__globals__
    told = perform["text_of"]

    def swapped(case) -> str:
        first, second = list(case.arms)[:2]
        other = {first: second, second: first}
        return re.sub(rf",({re.escape(first)}|{re.escape(second)})(?=,)", lambda hit: f",{other[hit[1]]}", told(case))

    monkeypatch.setitem(perform, "text_of", swapped)
    scores = played(TASK, "honest", PLAIN, tmp_path)
    assert scores["numbers_traced"].value < 0.7
    assert scores["wrong_arm_or_metric"].value + scores["wrong_sign"].value >= 2


def test_a_readout_without_its_first_screen_and_prose_shows(tmp_path, monkeypatch) -> None:
    """Nothing worded, and a headline that leaves the figures out."""
    monkeypatch.setattr("expcopilot.flow.worded.Worded.write", lambda *_, **__: None)
    monkeypatch.setattr("expcopilot.outputs.report.headline._arm", _without_figures)
    scores = played(TASK, "honest", PLAIN, tmp_path)
    assert (scores["coverage"].value, scores["prose_coverage"].value) == (0, 0)


def _without_figures(look, arm, measure):
    from expcopilot.outputs.report.content import ArmHeadline  # noqa: PLC0415 - for this test alone

    del look, measure
    return ArmHeadline(name=arm.arm, tone="open", phrase=arm.phrase, sentence="", effect="", interval="", practical=())


# --- each scorer, on outcomes made by hand -------------------------------------------------------------------------

EFFECT = "The effect of One click on orders is {}."


def by_hand(*texts: str, page: str = "") -> dict:
    """An answer of these sentences, by the model and as shown."""
    shown = [{"text": t, "facts": [], "section": "answer", "author": "model"} for t in texts]
    raw = [{"text": t, "section": "answer"} for t in texts]
    turn = {"door": "readout", "shown": shown, "raw": raw, "told": {}}
    return {"turns": [turn], "page": page, "quoted": [], "looks": 1}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("The effect of One click on orders is +8.10 points.", ""),
        ("Orders are 38.20% with One click against 30.10% with Three steps.", ""),
        ("On orders, One click is higher than Three steps.", ""),
        ("The effect of One click on orders is −8.10 points.", "wrong_sign"),
        ("The effect of One click on orders is 8.10 points.", ""),
        ("On orders, One click is lower than Three steps.", "wrong_sign"),
        ("The effect of One click on orders is worse than control.", "wrong_sign"),
        ("The effect of One click on orders is +8.10%.", "wrong_unit"),
        ("The effect of One click on refunds is +8.10 points.", "wrong_arm_or_metric"),
        ("On orders, Three steps reads 38.20%.", "wrong_arm_or_metric"),
        ("On orders, One click is higher than One click.", "wrong_arm_or_metric"),
    ],
)
def test_a_sentence_is_judged_as_a_reader_would(text, fault) -> None:
    """30.1% against 38.2%: eight points and a tenth."""
    scores = scored(PLAIN, by_hand(text))
    found = [name for name in ("wrong_sign", "wrong_unit", "wrong_arm_or_metric") if scores[name].value]
    assert found == ([fault] if fault else [])


@pytest.mark.parametrize("text", ["It brought 12% more.", "Orders doubled.", "The lift is 340.", "It is 27.3% or so."])
def test_a_number_from_nowhere_is_not_traced(text) -> None:
    """Digits and words."""
    assert scored(PLAIN, by_hand(text))["numbers_traced"].value == 0


def test_what_shows_no_number_cannot_be_scored_or_is_right_to_show_none() -> None:
    """None at all in an open test could not be scored; in a closed one there must be none."""
    assert scored(PLAIN, by_hand("It went well."))["numbers_traced"].value is None
    closed = scored("half-way-and-blinded", by_hand("It went well."))
    assert closed["numbers_traced"].value == 1
    assert closed["coverage"].value is None


def test_an_outcome_told_of_a_closed_test_is_not_traced() -> None:
    """The number is the data's, and may not be told yet."""
    text = "The effect of Countdown on bookings is +4.56 points."
    assert scored("half-way-and-blinded", by_hand(text))["numbers_traced"].value == 0


def test_coverage_asks_for_every_treatment() -> None:
    """One of two treatments told is half."""
    scores = scored("three-headlines", by_hand("On sign-ups, the estimate for Number headline is +6.33 points."))
    assert (scores["coverage"].value, scores["prose_coverage"].value) == (0.5, 0.5)


# --- truth and reading ---------------------------------------------------------------------------------------------


def test_the_truth_is_that_of_the_file() -> None:
    """Successes over units, their difference, and the textbook's interval."""
    ends = grounding_truth.truth_of(CASES[PLAIN]).effects["orders", "click", ""]
    assert ends.value == pytest.approx(0.081)
    assert (ends.low, ends.high) == pytest.approx((0.0396, 0.1224), abs=1e-4)


def test_a_decimal_comma_is_read_as_one() -> None:
    """The file of a German shop."""
    ends = grounding_truth.truth_of(CASES["german-file"]).effects["Umsatz je Besuch", "mit", ""]
    assert ends.value == pytest.approx(1.13, abs=1e-5)


def test_names_that_hold_numbers_are_no_numbers() -> None:
    """An arm is called 10% off, and that is no result."""
    names = grounding_reading.Names({"10% off": "ten"}, {"orders": "orders"}, ())
    piece = {"text": "On orders, 10% off reads 10.78%.", "facts": []}
    claims = list(grounding_reading.claims_in(grounding_reading.marked(piece, {}, names, frozenset()), [""]))
    assert [(c.text, c.arms, c.metric) for c in claims] == [("10.78%", ("ten",), "orders")]


def test_every_case_is_its_own() -> None:
    """Fifty of them, no two with the same data or the same reason."""
    assert len(CASES) >= 50
    assert len({case.catches for case in TASK.cases}) == len(CASES)
    assert len({case.question for case in TASK.cases}) == len(CASES)
