"""What each section says, read off the page model that every renderer shares."""

from __future__ import annotations

import re

from copilot.outputs.sample_readouts import (
    ALL,
    blinded,
    decrease_ratio,
    harmful,
    noninferior,
    not_assessable,
    quick_look,
    spec,
    three_arms,
)
from copilot_tools.results import Objection
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.decision import Caveat
from expcopilot.outputs.report import to_brief, to_markdown
from expcopilot.outputs.report.content import Tone
from expcopilot.outputs.report.glossary import TERMS, used
from expcopilot.outputs.report.looks import looks_sentence
from expcopilot.outputs.report.standing import arm_tone, stamps
from expcopilot.outputs.report.view import page
from expcopilot.outputs.report.words import listed, when
from expcopilot.outputs.report.yardstick import yardstick


def section(readout, name):
    found = [s for s in page(readout).sections if s.id == name]
    return found[0] if found else None


def words_of(part):
    return " ".join(_strings(part.model_dump()))


def _strings(data):
    if isinstance(data, dict):
        for value in data.values():
            yield from _strings(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _strings(value)
    else:
        yield str(data)


def test_sections_stand_in_order():
    """A full readout has its sections in the order a reader needs them."""
    assert [s.id for s in page(harmful()).sections] == [
        "guardrails",
        "null",
        "metrics",
        "segments",
        "next",
        "time",
        "looks",
        "plan",
        "data",
        "recompute",
        "glossary",
    ]


def test_case_for_the_null_is_worst_first_and_complete():
    """Every objection is there; serious before note before not assessable; what found nothing is folded."""
    part = section(harmful(), "null")
    kinds = [b.kind for b in part.blocks]
    raised = next(b for b in part.blocks if b.kind == "attacks")
    blind = next(b for b in part.blocks if b.kind == "facts")
    folded = part.blocks[-1]
    assert [a.severity for a in raised.attacks] == ["serious", "serious", "note"]
    assert blind.pairs == (("Novelty and drift", "The data has no day of exposure."),)
    assert [a.severity for a in folded.blocks[0].attacks] == ["none", "none"]
    assert kinds[-1] == "folded"
    assert "two serious objections, one note, one attack not assessable and two attacks that found nothing" in words_of(
        part
    )


def test_a_cut_after_assignment_is_marked():
    """It stands among the next hypotheses, with the severity the objection gives it."""
    part = section(harmful(), "next")
    assert part.title == "Next hypotheses, not conclusions"
    assert part.mark == "exploratory"
    words = words_of(part)
    assert "Conditioned on something measured after assignment (serious): rounds_band" in words
    assert "platform" not in words


def test_planned_segments_stand_with_their_prediction():
    """What was predicted, then what came; the unplanned cut is not among them."""
    words = words_of(section(harmful(), "segments"))
    assert "Predicted for platform: a larger gain on iOS" in words
    assert "platform = iOS" in words
    assert "rounds_band" not in words


def test_a_planned_segment_without_reading_is_said():
    """A segment the data does not have is not passed over."""
    made = harmful()
    reading = made.look.reading.model_copy(update={"cuts": ()})
    shut = made.model_copy(update={"look": made.look.model_copy(update={"reading": reading})})
    assert "Not assessable: there is no reading by platform" in words_of(section(shut, "segments"))


def test_what_cannot_be_assessed_says_why():
    """The primary metric's refusal stands in its row and on the first screen, its cure with it."""
    words = words_of(section(not_assessable(), "metrics"))
    assert "not assessable" in words
    assert "Every unit of gate_30 has the same value" in words
    assert page(not_assessable()).headline.tone is Tone.INVALID


def test_an_estimate_stands_with_its_test():
    """The statistic stands beside its p-value, as it was computed; a tiny p-value is said to be tiny."""
    look = harmful().look
    found = {c.metric: c.absolute for c in look.reading.comparisons}
    words = words_of(section(harmful(), "metrics"))
    for estimate in found.values():
        assert f"z = {abs(estimate.statistic):.2f}" in words.replace("−", "")
        assert (f"p = {estimate.p_value:.4f}".replace("0.", ".", 1) in words) == (1e-4 <= estimate.p_value < 0.1)


def test_a_decrease_goal_points_the_right_way():
    """What matters is a fall, better is to the left, and a fall that reaches it is supported."""
    head = page(decrease_ratio()).headline
    assert head.tone is Tone.FOR
    assert head.yardstick == "What would matter: −5.0% or lower."
    assert "← better" in head.picture.svg
    assert "worse →" in head.picture.svg
    assert "Better is to the left." in head.picture.description


def test_a_noninferiority_plan_is_measured_against_its_margin():
    """The mark is the tolerated worsening, on the worse side."""
    measure = yardstick(noninferior().look.spec)
    assert measure.mark.at == -0.01
    assert measure.sentence == "Tolerated: worse by less than 1.00 points."
    assert "band-worse" in page(noninferior()).headline.picture.svg


def test_simultaneous_intervals_and_cuped_are_named():
    """Several arms and a covariate are said in words."""
    words = words_of(section(three_arms(), "metrics"))
    assert "hold jointly over all treatment arms (Dunnett)" in words
    assert "removed 0.21% of the variance" in words


def test_money_carries_the_declared_currency():
    """The plan's currency stands at every monthly amount."""
    made = harmful()
    euros = made.look.spec.model_copy(update={"dialect": made.look.spec.dialect.model_copy(update={"currency": "EUR"})})
    shown = made.model_copy(update={"look": made.look.model_copy(update={"spec": euros})})
    assert "In money: −€984 a month (−€1,594 to −€374)." in to_brief(shown)


def test_looks_are_counted_in_words():
    """How often the data was opened and at how many looks outcomes were shown."""
    made = harmful()
    assert looks_sentence(made) == "The data was opened twice; outcomes by arm were shown at one of these looks."
    assert looks_sentence(blinded()).endswith("shown at none of these looks.")
    once = made.model_copy(update={"looks": made.looks[1:]})
    assert looks_sentence(once) == "The data was opened once, and outcomes by arm were shown."
    several = tuple(made.looks[1].model_copy(update={"units": n}) for n in range(100, 114))
    many = made.model_copy(update={"looks": several})
    assert looks_sentence(many) == "The data was opened 14 times; outcomes by arm were shown at each of these looks."
    again = made.model_copy(update={"looks": (*several, several[-1])})
    assert looks_sentence(again).endswith(
        "of these looks, one of them on as many units as before: the same look again."
    )


def test_plan_amendments_and_data_are_told():
    """Registration, amendment with its reason, units by arm, faults and what the policy did."""
    plan = words_of(section(harmful(), "plan"))
    for expected in ("registered", "The platform column arrived.", "half a point", "5.0% over all treatment arms"):
        assert expected in plan
    data = words_of(section(harmful(), "data"))
    for expected in ("90,189", "49.56%", "3 repeated rows", "gate_30 3"):
        assert expected in data


def test_a_quick_look_has_no_plan_section():
    """What was analysed stands in its place, and says that nobody planned it."""
    part = section(quick_look(), "plan")
    assert part.title == "What was analysed"
    assert "There is no registered plan." in words_of(part)


def test_ledger_head_and_commands_stand_in_full():
    """All 64 digits, and each command."""
    words = words_of(section(harmful(), "recompute"))
    assert harmful().ledger_head in words
    assert all(command in words for command in harmful().recompute)


def test_glossary_explains_only_what_is_used():
    """A term is explained where it stands on the page, and only there."""
    three = dict(used(page(three_arms()).words()))
    two = dict(used(page(noninferior()).words()))
    assert "Dunnett" in three
    assert "Dunnett" not in two
    assert "Non-inferiority" in two
    assert len({term for term, _, _ in TERMS}) == len(TERMS)
    assert all(line.endswith(".") for _, _, line in TERMS)


def test_supported_with_a_reservation_is_not_plainly_for():
    """A guardrail not shown safe, an early opening, a disqualifying stamp: each changes the verdict's tone."""
    arm = decrease_ratio().look.verdict.arms[0]
    assert arm_tone(arm, ()) is Tone.FOR
    beside = arm.model_copy(update={"caveats": (Caveat(id="guardrail", sentence="x"),)})
    assert arm_tone(beside, ()) is Tone.RESERVED
    assert arm_tone(arm, (Caveat(id="unblinded", sentence="x"),)) is Tone.RESERVED
    assert arm_tone(arm, (Caveat(id="quick_look", sentence="x", disqualifies=True),)) is Tone.OPEN


def test_stamps_do_not_depend_on_the_verdict():
    """A verdict that carries no stamps (invalid, not yet) does not hide how the reading stands."""
    standing = Circumstances(
        planned=False, post_hoc="registered after the data was seen.", unblinded=("Opened on day 3.",)
    )
    made = blinded()
    look = made.look.model_copy(update={"circumstances": standing})
    assert [s.label for s in stamps(look)] == ["Quick look: exploratory", "Post hoc", "Opened early"]


def test_brief_has_exactly_five_lines():
    """Question, verdict, result, what speaks against it, standing: one line each, whatever the names hold."""
    for make in ALL.values():
        lines = to_brief(make()).split("\n")
        assert lines.pop() == ""
        assert [re.match(r"[A-Z][a-z ]+:", line).group() for line in lines] in (
            ["Question:", "Verdict:", "Result:", "Against it:", "Standing:"],
            ["Question:", "Verdict:", "Result:", "Checks:", "Standing:"],
        )


def test_brief_gives_the_worst_objection():
    """The worst is the one that is said; the others are counted."""
    made = harmful()
    worst = Objection(id="simpson", title="reversal", severity="serious", sentence="The sign turns in every stratum.")
    look = made.look.model_copy(update={"objections": (*made.look.objections[1:4], worst)})
    assert "The sign turns in every stratum." in to_brief(made.model_copy(update={"look": look}))


def test_words_for_people():
    """Lists and moments read as people write them; what is no moment stands as it is."""
    assert (listed(()), listed(("a",)), listed(("a", "b", "c"))) == ("", "a", "a, b and c")
    assert when("2024-05-02T11:30:11+02:00") == "2024-05-02 09:30 UTC"
    assert when("last Tuesday") == "last Tuesday"


def test_a_plan_without_segments_or_guardrails_has_no_such_section():
    """Nothing is said where nothing was planned."""
    ids = {s.id for s in page(decrease_ratio()).sections}
    assert not ids & {"guardrails", "segments", "next", "time"}
    assert spec().guardrails
    assert "## Guardrails" not in to_markdown(decrease_ratio())


def test_a_blinded_look_without_an_alarm_says_so():
    """Before the end the page names the units by arm, and that no guardrail raised an alarm."""
    shut = blinded()
    quiet = shut.look.model_copy(update={"reading": shut.look.reading.model_copy(update={"guardrails": ()})})
    shown = shut.model_copy(update={"look": quiet})
    assert "No guardrail alarm" in words_of(section(shown, "guardrails"))
    assert "Units by arm so far" in " ".join(page(shown).headline.sentences)


def test_two_arms_are_both():
    """Joint intervals of two treatment arms read as English."""
    assert "hold for both treatment arms together" in page(three_arms()).headline.picture.caption
