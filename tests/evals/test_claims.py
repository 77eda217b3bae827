"""The claims eval: both parts meet its bars, every broken guard shows, every scorer judges both ways."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from copilot_tools.wording.claims.marks import Claim, Scanned, Sentence
from evals.evals_at_hand import claims_case, claims_scorers, claims_task, copydesk_reading, suite_task
from evals.playing import played, short
from expcopilot.flow.copy_standards import Standards
from expcopilot.flow.steps import review as reviewing
from expcopilot.records.copy import Evidence
from loopback.replies import Said

TASK = claims_task.TASK
CASES = {case.id: case for case in TASK.cases}
SILENT = dataclasses.replace(TASK, scripts={"hostile": lambda _: lambda _: Said(text='{"added": []}')})
"""With a checker that never adds anything."""


# --- the task ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["honest", "hostile"])
@pytest.mark.parametrize("name", ["words-never-written", "appointment-with-figures"])
def test_the_bars_are_met(part: suite_task.Played, name: str, tmp_path):
    """A variant with a true and a false quotation, and one in which nothing is a claim."""
    scores = played(TASK, part, name, tmp_path)
    assert short(TASK, part, scores) == []
    assert (scores["handed_over"].value is None) == (not CASES[name].claims)


def test_the_cases_are_of_many_kinds():
    """Every kind of claim, every channel, four languages, and clean copy."""
    assert len(CASES) >= 45
    kinds = {kind for case in CASES.values() for label in case.claims for kind in label.kinds}
    assert len(kinds) == 16
    assert {case.channel for case in CASES.values()} == {"web", "email", "push", "sms", "search_ads", "in_app"}
    assert {case.language for case in CASES.values()} == {"en", "de", "fr", "es"}
    assert sum(not case.claims for case in CASES.values()) >= 6


def test_words_that_stand_twice_or_nowhere_are_named():
    """A newcomer's slip in a label is told when the file is read."""
    given = {"id": "a", "catches": "A slip in a label is not told.", "channel": "push", "text": {"body": "ab ab"}}
    with pytest.raises(ValueError, match="'ab' stands 2 times"):
        claims_case.ClaimsCase.model_validate({**given, "either": ["ab"]})
    quote = {"claim": "ab ab", "source": "nowhere", "words": "ab", "holds": True}
    with pytest.raises(ValueError, match="no source nowhere"):
        claims_case.ClaimsCase.model_validate({**given, "quotes": [quote]})


# --- every guard, broken on purpose ---------------------------------------------------------------------------------


def test_a_blind_scanner_shows(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """It calls every sentence plain: the claims go unmarked, pass as plain, and leave."""
    monkeypatch.setattr(
        "expcopilot.flow.copy_standards.scan", lambda text, language: _all_of_it(text, language, "plain")
    )
    scores = played(SILENT, "hostile", "skin-after-two-weeks", tmp_path)
    assert scores["recall_scanner"].value == 0
    assert scores["passed_as_plain"].value == scores["handed_over"].value == 2


@pytest.mark.parametrize(("mark", "measure"), [("claim", "alarms_scanner"), ("unclassified", "to_tick")])
def test_a_scanner_that_stops_everything_shows(mark: Any, measure: str, tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Safe and useless is not good, whether it cries claim or leaves everything to a person."""
    monkeypatch.setattr("expcopilot.flow.copy_standards.scan", lambda text, language: _all_of_it(text, language, mark))
    assert played(TASK, "honest", "welcome-without-promise", tmp_path)[measure].value == 1


def _all_of_it(text: str, language: str, mark: Any) -> Scanned:
    claim = Claim(start=0, end=len(text), kind="statistic", words=(), why="Show it.")
    return Scanned(
        language=language,
        claims=(claim,) if mark == "claim" else (),
        sentences=(Sentence(start=0, end=len(text), mark=mark),),
    )


def test_a_checker_whose_additions_are_dropped_shows(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """What the model alone has seen is not marked any more."""
    whole = played(TASK, "honest", "finally-one-that-works", tmp_path / "sound")
    monkeypatch.setattr("expcopilot.flow.steps.variants.usable", lambda *_: ())
    dropped = played(TASK, "honest", "finally-one-that-works", tmp_path / "broken")
    assert (whole["recall_both"].value, dropped["recall_both"].value) == (1.0, 0.0)


def test_a_checker_that_may_strike_out_marks_shows(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """The scanner's marks are gone once the model has read the text, and the copy leaves."""
    sound = reviewing._marks

    def only_the_models(variant: Any, field: Any, added: Any, standards: Any, book: Any) -> Any:
        found = sound(variant, field, added, standards, book)
        read = book is not None and (variant.brief, variant.id, variant.text_digest) in book.checked
        kept = tuple(state for state in found.claims if state.found_by == "model")
        return found.model_copy(update={"claims": kept}) if read else found

    monkeypatch.setattr(reviewing, "_marks", only_the_models)
    scores = played(SILENT, "hostile", "seen-in-the-paper", tmp_path)
    assert scores["marks_lost"].value > 0
    assert scores["handed_over"].value == 1


def test_a_gate_that_lets_open_marks_through_shows(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Whatever is open may be approved and leaves."""
    monkeypatch.setattr("expcopilot.flow.steps.leaving._marks", lambda _: iter(()))
    assert played(TASK, "hostile", "skin-after-two-weeks", tmp_path)["handed_over"].value == 2


@pytest.mark.parametrize("name", ["rounded-up-to-half", "denied-in-the-source", "source-run-out"])
def test_quotations_that_nobody_checks_show(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Any words count as a source for any claim."""

    def anything(self: Standards, text: str, span: Any, source: str, quotation: str, language: str) -> Evidence:  # noqa: ARG001
        return Evidence(source=source, digest="0", quotation=quotation, start=0, end=1)

    monkeypatch.setattr(Standards, "evidence", anything)
    monkeypatch.setattr("expcopilot.memory.sources._problems", lambda *_: iter(()))
    assert played(TASK, "hostile", name, tmp_path)["false_quotations"].value == 1


def test_quotations_that_are_all_refused_show(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """The one that holds among them."""
    monkeypatch.setattr(Standards, "evidence", lambda *_: "No.")
    assert played(TASK, "honest", "words-never-written", tmp_path)["true_quotations"].value == 1


# --- each scorer, on outcomes made by hand --------------------------------------------------------------------------

_TEXT = "Loved by thousands. Open the box."
_MADE = claims_case.ClaimsCase.model_validate(
    {
        "id": "made",
        "catches": "A scorer judges one way only.",
        "channel": "push",
        "text": {"body": _TEXT},
        "claims": [{"words": "Loved by thousands", "kinds": ["testimonial"]}],
        "sources": {"a": {"text": "Loved by thousands of readers."}},
        "quotes": [
            {"claim": "Loved by thousands", "source": "a", "words": "thousands of readers", "holds": True},
            {"claim": "thousands", "source": "a", "words": "nowhere", "holds": False},
        ],
    }
)
_CLEAN = _MADE.model_copy(update={"claims": (), "quotes": ()})


def _field(
    mark: str = "claim", *, status: str = "unsourced", kind: str = "testimonial", at: int = 0, ticked: bool = False
):
    marks = [{"start": at, "end": at + 18, "kind": kind, "status": status, "found_by": "scanner"}]
    first = {"start": 0, "end": 19, "mark": mark, "ticked": ticked}
    rest = {"start": 20, "end": 33, "mark": "claim" if at else "plain", "ticked": False}
    return [
        {"name": "body", "text": _TEXT, "claims": marks if mark == "claim" else [], "sentences": [first, rest]},
    ]


def _judged(name: str, case: Any = _MADE, **seen: Any) -> suite_task.Score:
    measure = next(measure for measure in TASK.scorers if measure.name == name)
    sound = {"alone": _field(), "both": _field(), "after": _field(), "added": [], "rows": [], "quoted": []}
    return measure.judge(case, {**sound, **seen})


def test_recall_asks_whether_a_mark_lies_on_the_claim():
    """On its words, or elsewhere; clean copy cannot be scored."""
    assert _judged("recall_scanner").value == 1
    assert _judged("recall_scanner", alone=_field("plain")).value == 0
    assert _judged("recall_both", both=_field(at=20), added=["by thousands"]).value == 0
    assert _judged("recall_both", both=_field(at=20), added=["by thousands"]).unguarded == 1
    assert _judged("recall_both", _CLEAN).value is None


def test_kinds_count_for_marked_claims_alone():
    """Another kind is wrong; no mark is no word on kinds."""
    assert _judged("right_kind").value == 1
    assert _judged("right_kind", both=_field(kind="price")).value == 0
    assert _judged("right_kind", both=_field("plain")).value is None


def test_alarms_are_marks_on_clean_sentences():
    """The second sentence is clean; a text of claims alone has none."""
    assert _judged("alarms_scanner").value == 0
    assert _judged("alarms_both", both=_field(at=20)).value == 1
    assert _judged("alarms_both", _MADE.model_copy(update={"text": {"body": "Loved by thousands"}})).value is None


def test_ticks_are_asked_for_in_clean_sentences():
    """As the product leaves them open; one that is marked is an alarm, no tick."""
    open_ = _field()
    open_[0]["sentences"][1]["mark"] = "unclassified"
    assert (_judged("to_tick").value, _judged("to_tick", both=open_).value) == (0, 1)
    assert _judged("to_tick", both=_field(at=20)).value is None


def test_a_claim_passes_when_nobody_would_look():
    """Plain and puffery pass; unclassified is looked at."""
    assert _judged("passed_as_plain", both=_field("plain")).value == 1
    assert _judged("passed_as_plain", both=_field("unclassified")).value == 0
    assert _judged("passed_as_plain", both=_field("plain")).unguarded == 1
    assert _judged("passed_as_plain", _CLEAN).value is None


def test_a_mark_is_lost_when_it_is_gone_or_weaker():
    """A claim that vanished, a sentence that became plain; unguarded is what the model did not say itself."""
    assert _judged("marks_lost").value == 0
    assert _judged("marks_lost", both=_field("plain")).value == 2
    assert _judged("marks_lost", alone=_field("unclassified"), both=_field("plain")).value == 1
    assert (_judged("marks_lost").unguarded, _judged("marks_lost", added=["Loved by thousands"]).unguarded) == (1, 0)


@pytest.mark.parametrize(
    ("after", "out"),
    [
        (_field(), 1),
        (_field("plain"), 1),
        (_field("unclassified"), 1),
        (_field("unclassified", ticked=True), 0),
        (_field(status="sourced"), 0),
        (_field(status="waived"), 0),
    ],
)
def test_a_claim_that_left_needs_somebody_behind_it(after: Any, out: int):
    """A quotation, a waiver or a tick; and it counts only where it left."""
    rows = [{"variant": "v1", "body": _TEXT}]
    assert _judged("handed_over", after=after, rows=rows).value == out
    assert _judged("handed_over", after=after).value == 0
    assert _judged("handed_over", _CLEAN, rows=rows).value is None


def test_quotations_are_judged_both_ways():
    """A false one taken, a true one refused; where none was proposed there is nothing to say."""
    took = {"words": "", "marked": True, "taken": True, "why": ""}
    refused = {**took, "taken": False}
    assert _judged("false_quotations", quoted=[took, took]).value == 1
    assert _judged("false_quotations", quoted=[took, refused]).value == 0
    assert _judged("true_quotations", quoted=[took, refused]).value == 0
    assert _judged("true_quotations", quoted=[refused, refused]).value == 1
    assert _judged("true_quotations", quoted=[{**refused, "marked": False}, refused]).value is None
    assert _judged("false_quotations", _CLEAN).value is None


def test_every_scorer_is_judged_here_and_says_what_it_asks():
    """None is left out of the tests above."""
    assert {measure.name for measure in claims_scorers.SCORERS} == {
        *("handed_over", "passed_as_plain", "marks_lost", "recall_scanner", "recall_both", "right_kind"),
        *("alarms_scanner", "alarms_both", "to_tick", "false_quotations", "true_quotations"),
    }
    assert all(measure.asks.endswith("?") for measure in claims_scorers.SCORERS)


def test_sentences_are_parted_without_the_product():
    """At full stops before white space, not inside numbers."""
    text = "We keep 99.99% uptime. Try it?\nNow"
    assert [text[s:e] for s, e in copydesk_reading.sentences_of(text)] == ["We keep 99.99% uptime.", "Try it?", "Now"]
