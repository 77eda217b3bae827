"""A mark is settled in the text somebody read: named by its digest, taken back by name, and kept in one pass."""

from __future__ import annotations

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.wording.claims.marks import Claim
from expcopilot.api import Copilot
from expcopilot.flow import gates
from expcopilot.flow.batch.review_decisions import decide_rows
from expcopilot.flow.steps.approve_copy import find_review
from expcopilot.flow.steps.review import marks_of
from expcopilot.memory.review_files import ReviewRow
from expcopilot.records.copybook import Checked, CopyBook
from expcopilot.records.entry import Draft
from expcopilot.records.gate import Proposal
from writing import FACT, TEXT, brief, library, seen, variant, written


@pytest.fixture
def copilot(workspace):
    library(workspace.folder)
    return Copilot(workspace, workspace.ledger)


def status(copilot, name, label):
    return {m.label: m for m in marks_of(find_review(copilot.copy("spring"), name))}[label].status


def codes(refused):
    return sorted(r.code for r in refused.value.refusals)


@pytest.mark.parametrize("verb", ["waive", "source_claim", "undo_mark"])
def test_a_mark_settled_while_the_text_changed_underneath_is_refused(copilot, verb):
    """C1 of another text is another claim: the digest that was read no longer names the variant, nothing is decided."""
    written(copilot, "v2")
    read = seen(copilot, "v2")
    written(copilot, "v2", v2=("The best box in town", TEXT["v2"][1]))
    said = {"source": "pause-terms", "quotation": FACT} if verb == "source_claim" else {"reason": "Legal agreed"}
    for digest in (read, read[:8], "", seen(copilot, "v2")[:7]):
        with pytest.raises(Refused) as refused:
            getattr(copilot, verb)("spring", "v2", "C1", digest, **said)
        assert codes(refused) == ["copy.changed"]
    assert status(copilot, "v2", "C1") == "unsourced"
    kinds = [e.kind for e in copilot.ledger.entries("spring") if e.kind in {"decided", "sourced"}]
    assert kinds == []


def test_a_text_that_changes_between_reading_and_writing_is_noticed(copilot, workspace, monkeypatch):
    """Another process brings a new text in the very moment a waiver is written down: decided anew, and refused."""
    written(copilot, "v2")
    read, append_if, changed = seen(copilot, "v2"), workspace.ledger.append_if, []

    def beside(head, *drafts):
        if not changed:
            changed.append(1)
            written(copilot, "v2", v2=("Half come back", TEXT["v2"][1]))
        return append_if(head, *drafts)

    monkeypatch.setattr(workspace.ledger, "append_if", beside)
    with pytest.raises(Refused) as refused:
        copilot.waive("spring", "v2", "C1", read, reason="Legal agreed")
    assert codes(refused) == ["copy.changed"]
    assert "decided" not in [e.kind for e in copilot.ledger.entries("spring")]


def test_the_digest_covers_the_mechanism(copilot):
    """The same words under another mechanism test something else: an approval of one is none of the other."""
    written(copilot, "v1")
    read = seen(copilot, "v1")
    copilot.import_variants(brief(), [variant("v1", mechanism="ease")], model=None)
    assert seen(copilot, "v1") != read
    with pytest.raises(Refused) as refused:
        copilot.approve_variant("spring", "v1", read)
    assert codes(refused) == ["copy.changed"]


@pytest.mark.parametrize(("mechanism", "standing"), [("own", "approved"), ("ease", "reopened")])
def test_an_approval_of_an_older_ledger_still_counts(copilot, mechanism, standing):
    """Once a digest covered the text alone, and the basis the mechanism: such an approval stands while both do."""
    written(copilot, "v1")
    review = copilot.copy("spring").reviews[0]
    content = {
        "brief": "spring",
        "variant": "v1",
        "mechanism": "own",
        "digest": review.variant.text_digest,
        "basis": review.basis,
        "fields": [f.to_json() for f in review.variant.fields],
    }
    assert review.variant.text_digest != review.digest
    old = Proposal(gate="variants", question="Approve exactly this text of v1?", content=content, author="person")
    copilot.ledger.append(*gates.settle("spring", old, "approve", answered=(0, ""), actor="Grace"))
    copilot.import_variants(brief(), [variant("v1", mechanism=mechanism)], model=None)
    assert copilot.copy("spring").reviews[0].standing == standing


def test_what_a_model_checked_is_not_asked_again_for_another_mechanism(copilot):
    """A check is of the words alone, as older ledgers keep it."""
    written(copilot, "v1")
    text = copilot.copy("spring").reviews[0].variant.text_digest
    payload = {"brief": "spring", "variant": "v1", "digest": text, "added": []}
    copilot.ledger.append(Draft(experiment="spring", kind="checked", actor="Ada", payload=payload, key="checked/1"))
    copilot.import_variants(brief(), [variant("v1", mechanism="ease")], model=None)
    assert copilot.copy("spring").reviews[0].checked


def test_a_quotation_is_taken_back(copilot):
    """Undone with a name and a reason, the claim is open again; with nothing to undo it says so, and is on record."""
    written(copilot, "v2")
    copilot.source_claim("spring", "v2", "C1", seen(copilot, "v2"), source="pause-terms", quotation=FACT)
    assert status(copilot, "v2", "C1") == "sourced"
    copilot.undo_mark("spring", "v2", "C1", seen(copilot, "v2"), reason="The terms are being rewritten", by="Grace")
    assert status(copilot, "v2", "C1") == "unsourced"
    last = [e.payload for e in copilot.ledger.entries("spring") if e.kind == "sourced"][-1]
    assert (last["by"], last["reason"], last["quotation"]) == ("Grace", "The terms are being rewritten", "")
    with pytest.raises(Refused) as refused:
        copilot.undo_mark("spring", "v2", "C1", seen(copilot, "v2"), reason="Again")
    assert codes(refused) == ["copy.nothing_to_undo"]
    copilot.source_claim("spring", "v2", "C1", seen(copilot, "v2"), source="pause-terms", quotation=FACT)
    assert status(copilot, "v2", "C1") == "sourced"


def test_a_waiver_over_a_quotation_is_taken_back_first(copilot):
    """What stands on top goes first; the quotation under it stands again."""
    written(copilot, "v2")
    copilot.source_claim("spring", "v2", "C1", seen(copilot, "v2"), source="pause-terms", quotation=FACT)
    copilot.waive("spring", "v2", "C1", seen(copilot, "v2"), reason="Legal agreed")
    assert status(copilot, "v2", "C1") == "waived"
    for left in ("sourced", "unsourced"):
        copilot.undo_mark("spring", "v2", "C1", seen(copilot, "v2"), reason="Legal changed its mind")
        assert status(copilot, "v2", "C1") == left


def test_what_a_fact_of_the_variant_carries_is_not_undone(copilot):
    """A fact the variant names is no person's word: the cure is in the variant."""
    fact = next(f.id for f in copilot.standards().facts(brief()) if "41.3%" in f.text)
    title = "41.3% of those who paused came back on their own"
    copilot.import_variants(brief(), [variant("v2", title, title, facts=(fact,))], model=None)
    assert status(copilot, "v2", "C1") == "sourced"
    with pytest.raises(Refused, match="carried by a fact"):
        copilot.undo_mark("spring", "v2", "C1", seen(copilot, "v2"), reason="Not mine")


def test_a_claim_is_not_ticked_and_a_sentence_not_waived(copilot):
    """Each verb settles its own kind of mark, and names the other."""
    written(copilot, "v1", "v2", v1=("Take a break", "Коробка ждёт тебя."))
    with pytest.raises(Refused, match="not ticked"):
        copilot.tick("spring", "v2", "C1", seen(copilot, "v2"), reason="It is plain")
    with pytest.raises(Refused, match="Tick it"):
        copilot.waive("spring", "v1", "S1", seen(copilot, "v1"), reason="Legal agreed")


def test_an_empty_reason_is_called_empty(copilot):
    """Nobody is told that nothing has 0 characters."""
    written(copilot, "v2")
    with pytest.raises(Refused, match="this one is empty"):
        copilot.waive("spring", "v2", "C1", seen(copilot, "v2"), reason="")


def test_hundreds_of_bad_rows_are_one_refusal_and_lose_nothing(copilot, workspace):
    """Every row is answered; the good ones count; the ledger keeps each reason once, with the rows it is of."""
    written(copilot, "v1", "v3")
    given = {"brief": "spring", "by": "Ada"}
    bad = [
        ReviewRow(number=n, variant="v1" if n % 2 else f"x{n}", digest="0" * 64, action="approve", **given)
        for n in range(1, 601)
    ]
    good = ReviewRow(number=601, variant="v3", digest=seen(copilot, "v3"), action="reject", **given)
    reads, entries = [], workspace.ledger.entries

    def counted(experiment=None):
        reads.append(experiment)
        return entries(experiment)

    workspace.ledger.entries = counted
    done, refused = decide_rows([*bad, good], workspace.ledger, copilot.standards(), actor="Ada")
    del workspace.ledger.entries
    assert done == (good,)
    assert [row.number for row, _ in refused] == list(range(1, 601))
    assert len(reads) <= 2, "the record is read once, not once a row"
    (kept,) = [e.payload for e in copilot.ledger.entries("spring") if e.kind == "refused"]
    found = {r["code"]: r for r in kept["refusals"]}
    assert set(found) == {"copy.changed", "copy.no_variant"}
    assert "300 rows" in found["copy.changed"]["reason"]
    assert found["copy.changed"]["value"].startswith("1, 3, 5")
    assert len(str(kept)) < 5_000
    assert copilot.copy("spring").reviews[1].standing == "rejected"


def test_a_second_decision_in_one_file_knows_of_the_first(copilot):
    """Approved, rejected, approved: as three commands would, the last answer stands and each is on record."""
    written(copilot, "v1")
    rows = [
        ReviewRow(number=n, brief="spring", variant="v1", digest=seen(copilot, "v1"), action=action, by="Ada")
        for n, action in enumerate(["approve", "reject", "reject", "approve"], 1)
    ]
    done, refused = copilot.approve_reviewed(rows)
    assert (len(done), refused) == (4, ())
    decided = [e.payload["action"] for e in copilot.ledger.entries("spring") if e.kind == "decided"]
    assert decided == ["approve", "reject", "approve"]
    assert copilot.copy("spring").reviews[0].standing == "approved"


def test_a_book_that_follows_is_the_book_folded_anew(copilot):
    """Taking in what was appended since gives what folding all of it gives."""
    written(copilot, "v1", "v2")
    book = CopyBook.fold("spring", copilot.ledger.entries("spring"))
    copilot.waive("spring", "v2", "C1", seen(copilot, "v2"), reason="Legal agreed")
    copilot.approve_variant("spring", "v1", seen(copilot, "v1"))
    book.follow(e for e in copilot.ledger.entries("spring") if e.position > book.position)
    assert book == CopyBook.fold("spring", copilot.ledger.entries("spring"))


@pytest.mark.parametrize("verb", ["waive", "approve_variant"])
def test_a_mark_added_since_is_not_decided_upon_unseen(copilot, verb):
    """A form names the marks it showed: once a checker adds a claim before C1, C1 is another, and nothing happens."""
    written(copilot, "v2")
    shown = find_review(copilot.copy("spring"), "v2")
    field = shown.variant.fields[1]
    word = field.text.split()[0]
    claim = Claim(start=0, end=len(word), kind="implied", words=(word,), why="It may claim something.")
    checked = Checked(brief="spring", variant="v2", digest=shown.variant.text_digest, added=((field.name, claim),))
    copilot.ledger.append(
        Draft(experiment="spring", kind="checked", actor="Ada", payload=checked.to_json(), key="checked/by-hand")
    )
    assert find_review(copilot.copy("spring"), "v2").seen != shown.seen
    on = ("spring", "v2", "C1", shown.seen) if verb == "waive" else ("spring", "v2", shown.seen, "reject")
    with pytest.raises(Refused) as refused:
        getattr(copilot, verb)(*on, reason="Legal agreed")
    assert codes(refused) == ["copy.marks_changed"]
    assert not [e for e in copilot.ledger.entries("spring") if e.kind == "decided"]
    copilot.approve_variant("spring", "v2", find_review(copilot.copy("spring"), "v2").seen, "reject")
