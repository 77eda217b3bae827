"""Copy at its gates: marks stay open until a source or a named person settles them, and approval covers exact text."""

from __future__ import annotations

import pytest

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.flow.gates import pending
from expcopilot.flow.steps.approve_copy import find_review
from expcopilot.flow.steps.review import marks_of
from expcopilot.memory.review_files import ReviewRow
from writing import FACT, SOURCE, TEXT, brief, library, seen, variant, written

UNCLEAR = ("Take a break", "Коробка ждёт тебя.")


@pytest.fixture
def copilot(workspace):
    library(workspace.folder)
    return Copilot(workspace, workspace.ledger)


def marks(reviewed, name):
    return {m.label: m for m in marks_of(find_review(reviewed, name))}


def codes(refused):
    return sorted(r.code for r in refused.value.refusals)


def approve(copilot, name, **given):
    digest = find_review(copilot.copy("spring"), name).digest
    return copilot.approve_variant("spring", name, digest, **given)


def test_a_claim_stays_open_until_a_quotation_stands_in_a_source(copilot):
    """A quotation with one letter changed does not do; the same words do, at the place where they stand."""
    reviewed = written(copilot, "v2")
    label = next(label for label, m in marks(reviewed, "v2").items() if m.place.field == "body" and m.is_open)
    with pytest.raises(Refused) as refused:
        copilot.source_claim(
            "spring", "v2", label, seen(copilot, "v2"), source="pause-terms", quotation=FACT.replace("those", "thosе")
        )
    assert codes(refused) == ["copy.not_sourced"]
    with pytest.raises(Refused):
        copilot.source_claim("spring", "v2", label, seen(copilot, "v2"), source="price-list", quotation=FACT)
    settled = copilot.source_claim("spring", "v2", label, seen(copilot, "v2"), source="pause-terms", quotation=FACT)
    assert marks(settled, "v2")[label].status == "sourced"
    state = next(c for f in find_review(settled, "v2").marks for c in f.claims if c.status == "sourced")
    assert state.evidence is not None
    assert SOURCE[state.evidence.start : state.evidence.end] == state.evidence.quotation


def test_a_changed_source_reopens_what_rested_on_it(copilot):
    """Approved copy whose source is edited is open again, claim and approval both."""
    reviewed = written(copilot, "v2")
    for label, mark in marks(reviewed, "v2").items():
        assert mark.is_open
        copilot.source_claim("spring", "v2", label, seen(copilot, "v2"), source="pause-terms", quotation=FACT)
    approve(copilot, "v2")
    assert copilot.copy("spring").reviews[0].standing == "approved"
    path = copilot.workspace.folder / "sources" / "pause-terms.md"
    path.write_text(path.read_text().replace("41.3%", "31.3%"), encoding="utf-8")
    review = copilot.copy("spring").reviews[0]
    assert review.standing == "reopened"
    assert review.open_marks
    with pytest.raises(Refused) as refused:
        copilot.export("spring", "csv")
    assert "copy.reopened" in codes(refused)
    assert "copy.unsourced" in codes(refused)
    path.write_text(path.read_text().replace("31.3%", "41.3%"), encoding="utf-8")
    assert copilot.copy("spring").reviews[0].standing == "approved"


def test_an_expired_source_reopens_what_rested_on_it(copilot):
    """The day after its last day a source counts for nothing."""
    written(copilot, "v2")
    for label in marks(copilot.copy("spring"), "v2"):
        copilot.source_claim("spring", "v2", label, seen(copilot, "v2"), source="pause-terms", quotation=FACT)
    approve(copilot, "v2")
    path = copilot.workspace.folder / "sources" / "pause-terms.md"
    path.write_text(path.read_text().replace("2099-01-01", "2020-01-01"), encoding="utf-8")
    review = copilot.copy("spring").reviews[0]
    assert (review.standing, review.open_marks > 0) == ("reopened", True)
    assert "2020-01-01" in next(iter(marks(copilot.copy("spring"), "v2").values())).reason


def test_a_waiver_stands_beside_a_name_and_falls_with_the_text(copilot):
    """Without a reason there is none; an edit of the same field makes it void; taken back, the claim is open."""
    written(copilot, "v2")
    with pytest.raises(Refused) as refused:
        copilot.waive("spring", "v2", "C1", seen(copilot, "v2"), reason="  ")
    assert codes(refused) == ["copy.no_reason"]
    waived = marks(copilot.waive("spring", "v2", "C1", seen(copilot, "v2"), reason="Legal agreed", by="Grace"), "v2")[
        "C1"
    ]
    assert (waived.status, waived.reason) == ("waived", "Grace: Legal agreed")
    position = copilot.ledger.head()[0]
    copilot.waive("spring", "v2", "C1", seen(copilot, "v2"), reason="Legal agreed", by="Grace")
    assert copilot.ledger.head()[0] == position, "the same waiver twice is one"
    edited = written(copilot, "v2", v2=("Over 45% come back", TEXT["v2"][1]))
    assert marks(edited, "v2")["C1"].is_open
    back = written(copilot, "v2")
    assert not marks(back, "v2")["C1"].is_open, "the exact text was waived; it stands again with the text"
    undone = copilot.undo_mark("spring", "v2", "C1", seen(copilot, "v2"), reason="Legal changed its mind")
    assert marks(undone, "v2")["C1"].is_open


def test_an_unclassified_sentence_waits_for_a_person(copilot):
    """It cannot be sourced; ticked with a reason it is settled; the approval is then possible."""
    written(copilot, "v1", v1=UNCLEAR)
    assert marks(copilot.copy("spring"), "v1")["S1"].status == "unclassified"
    with pytest.raises(Refused) as refused:
        approve(copilot, "v1")
    assert codes(refused) == ["copy.unclassified"]
    with pytest.raises(Refused) as refused:
        copilot.source_claim("spring", "v1", "S1", seen(copilot, "v1"), source="pause-terms", quotation=FACT)
    assert codes(refused) == ["copy.not_a_claim"]
    ticked = copilot.tick("spring", "v1", "S1", seen(copilot, "v1"), reason="A play on words")
    assert find_review(ticked, "v1").open_marks == 0
    assert find_review(approve(copilot, "v1"), "v1").standing == "approved"


def test_an_approval_covers_exactly_the_text_that_was_seen(copilot):
    """Another digest, a short one and a text edited since are refused; put back, the old text stands approved again."""
    written(copilot, "v1")
    with pytest.raises(Refused) as refused:
        copilot.approve_variant("spring", "v1", "0" * 64)
    assert codes(refused) == ["copy.changed"]
    with pytest.raises(Refused):
        copilot.approve_variant("spring", "v1", find_review(copilot.copy("spring"), "v1").digest[:5])
    read = find_review(copilot.copy("spring"), "v1").digest
    copilot.approve_variant("spring", "v1", read[:12], by="Grace")
    approved = copilot.copy("spring").reviews[0]
    assert approved.approval is not None
    assert (approved.standing, approved.approval.by) == ("approved", "Grace")
    written(copilot, "v1", v1=("Take a break", "Put the box on hold. Choose a day in the calendar."))
    assert copilot.copy("spring").reviews[0].standing == "edited"
    with pytest.raises(Refused) as refused:
        copilot.approve_variant("spring", "v1", read)
    assert codes(refused) == ["copy.changed"]
    written(copilot, "v1")
    assert copilot.copy("spring").reviews[0].standing == "approved"


def test_a_person_may_change_their_mind(copilot):
    """Approve, reject, approve again: the last answer stands, each is on record, and repeating one adds nothing."""
    written(copilot, "v1")
    for action, standing in (("approve", "approved"), ("reject", "rejected"), ("reject", "rejected")) * 2:
        approve(copilot, "v1", action=action)
        assert copilot.copy("spring").reviews[0].standing == standing
    decided = [e.payload["action"] for e in copilot.ledger.entries("spring") if e.kind == "decided"]
    assert decided == ["approve", "reject", "approve", "reject"]


def test_export_names_every_open_place_and_nothing_else(copilot):
    """One unsourced claim, one unclassified sentence, one unapproved variant, one edited after approval: each named."""
    odd = ("Recipes", UNCLEAR[1])
    written(copilot, "v1", "v2", "v3")
    copilot.import_variants(brief(), [variant("v4", *odd)], model=None)
    approve(copilot, "v1")
    approve(copilot, "v3")
    written(copilot, "v3", v3=(TEXT["v3"][0], "Open the app and read the menu."))
    with pytest.raises(Refused) as refused:
        copilot.export("spring", "csv")
    found = {(r.code, str(r.name).partition(".")[0]) for r in refused.value.refusals}
    expected = {("copy.unsourced", "v2"), ("copy.unapproved", "v2"), ("copy.edited", "v3")}
    assert found == expected | {("copy.unclassified", "v4"), ("copy.unapproved", "v4")}
    assert not (copilot.workspace.folder / "handover").exists()
    assert any("characters 1 to" in r.reason for r in refused.value.refusals)
    for name in ("v2", "v4"):
        approve(copilot, name, action="reject")
    approve(copilot, "v3")
    handed = copilot.export("spring", "csv")
    assert [name for name, _ in handed.variants] == ["v1", "v3"]
    assert handed.rejected == ("v2", "v4")


def test_the_gates_of_copy_and_of_the_plan_do_not_hold_each_other_up(copilot):
    """A hypothesis that waits still waits after copy of the same experiment was approved."""
    copilot.sharpen("spring", "A pause should keep more subscribers", channel="push", model=None)
    asked = pending(copilot.experiment("spring"))
    assert asked is not None
    written(copilot, "v1")
    approve(copilot, "v1")
    assert pending(copilot.experiment("spring")) == asked
    copilot.decide("spring", "approve")
    assert pending(copilot.experiment("spring")) is None
    assert copilot.copy("spring").reviews[0].standing == "approved"
    assert copilot.verify().sound


def test_unknown_names_are_answered_with_the_nearest(copilot):
    """A brief, variant or mark that is not there is a refusal with what is."""
    with pytest.raises(Refused, match="no copy for a brief"):
        copilot.copy("sprint")
    written(copilot, "v1", "v2")
    with pytest.raises(Refused, match="it has v1, v2"):
        copilot.approve_variant("spring", "v22", "0" * 12)
    with pytest.raises(Refused, match="has no mark"):
        copilot.waive("spring", "v2", "C99", seen(copilot, "v2"), reason="because")
    assert "sprint" not in copilot.ledger.experiments()


def test_a_changed_mechanism_reopens_an_approval(copilot):
    """What a variant is called leaves with it: another name is not the one that was approved; the old one is again."""
    written(copilot, "v1")
    approve(copilot, "v1")
    copilot.import_variants(brief(), [variant("v1", mechanism="clinically proven")], model=None)
    assert copilot.copy("spring").reviews[0].standing == "edited"
    with pytest.raises(Refused, match="mechanism") as refused:
        copilot.export("spring", "csv")
    assert codes(refused) == ["copy.edited"]
    written(copilot, "v1")
    assert copilot.copy("spring").reviews[0].standing == "approved"


@pytest.mark.parametrize(("title", "leaves"), [("Here is your menu", True), ("The best box in town", False)])
def test_todays_copy_leaves_only_where_nothing_in_it_is_open(copilot, title, leaves):
    """Nobody approves the control: with a claim in it, the receiving tool serves its own, and the hand-over says so."""
    wanted = brief(control=[{"name": "title", "text": title}])
    copilot.import_variants(wanted, [variant("v1")], model=None)
    approve(copilot, "v1")
    handed = copilot.export("spring", "csv")
    text = "".join(
        (copilot.workspace.folder / "handover" / "spring" / name).read_text() for name, _ in handed.record.files
    )
    assert (title in text) is leaves
    assert bool(handed.notes) is not leaves


def test_a_brief_of_another_experiment_is_found_by_its_name(copilot):
    """Every verb finds it without being told; a name that stands in two experiments is not guessed at."""
    copilot.import_variants(brief(experiment="season"), [variant("v1", *UNCLEAR)], model=None)
    copilot.tick("spring", "v1", "S1", seen(copilot, "v1"), reason="A play on words")
    assert approve(copilot, "v1").reviews[0].standing == "approved"
    assert [name for name, _ in copilot.export("spring", "csv").variants] == ["v1"]
    assert copilot.ledger.experiments() == ("season",)
    digest = copilot.copy("spring").reviews[0].digest
    row = ReviewRow(number=1, brief="spring", variant="v1", digest=digest, action="reject", by="Grace")
    done, refused = copilot.approve_reviewed([row])
    assert (done, refused) == ((row,), ())
    assert copilot.copy("spring", experiment="season").reviews[0].standing == "rejected"
    copilot.import_variants(brief(experiment="autumn"), [variant("v1")], model=None)
    with pytest.raises(Refused, match="autumn, season"):
        copilot.copy("spring")
    assert copilot.copy("spring", experiment="autumn").reviews[0].standing == "undecided"


@pytest.mark.parametrize(
    "name", ["   ", "\u200b", "\u3164", "...", "Ada\nGrace", "Ada\u202eecarG", "A" * 201, "A\x1b[2J"]
)
def test_who_decides_has_a_name(copilot, name):
    """A waiver, a tick, a quotation and an approval each stand beside one line with a letter or digit in it."""
    written(copilot, "v1", "v2", v1=UNCLEAR)
    settle = [
        lambda: copilot.waive("spring", "v2", "C1", seen(copilot, "v2"), reason="Legal agreed", by=name),
        lambda: copilot.tick("spring", "v1", "S1", seen(copilot, "v1"), reason="A play on words", by=name),
        lambda: copilot.source_claim(
            "spring", "v2", "C1", seen(copilot, "v2"), source="pause-terms", quotation=FACT, by=name
        ),
        lambda: approve(copilot, "v2", action="reject", by=name),
    ]
    for call in settle:
        with pytest.raises(Refused) as refused:
            call()
        assert codes(refused) == ["copy.no_name"]
    assert [e for e in copilot.ledger.entries("spring") if e.kind in {"decided", "sourced"}] == []


@pytest.mark.parametrize("reason", ["\u200b", "!!!", "x" * 2_001, "fine\x00"])
def test_a_reason_says_something(copilot, reason):
    """Signs alone, nothing that is seen, or more than anybody reads is no reason; an approval needs none."""
    written(copilot, "v1", "v2")
    for call in (
        lambda: copilot.waive("spring", "v2", "C1", seen(copilot, "v2"), reason=reason),
        lambda: approve(copilot, "v1", reason=reason),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert codes(refused) == ["copy.no_reason"]
    said = approve(copilot, "v1", reason="Read it\ntwice").reviews[0].approval
    assert said is not None
    assert said.reason == "Read it twice"
