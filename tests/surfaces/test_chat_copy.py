"""Copy in the conversation: the same commands, about the experiment talked about, in a real terminal."""

from __future__ import annotations

from pathlib import Path

from chatting import Chat
from expcopilot.api import Copilot
from expcopilot.flow.steps.approve_copy import find_review
from expcopilot.flow.steps.review import marks_of
from expcopilot.records.copybook import Reviewed
from writing import BRIEF, CSV


def copy_of(place: Path) -> Reviewed:
    """Where the copy stands, as another process sees it."""
    copilot = Copilot.open(place)
    try:
        return copilot.copy("spring")
    finally:
        copilot.workspace.close()


def test_variants_are_brought_settled_and_approved_in_a_chat(place: Path) -> None:
    """/variants, /mark, /approve and /export need no brief's name once it is talked about."""
    (place / "spring.txt").write_text(BRIEF, encoding="utf-8")
    (place / "written.csv").write_text(CSV, encoding="utf-8")
    with Chat(place) as chat:
        chat.ready()
        assert "3 variants for push" in chat.say("/variants spring.txt --from written.csv")
        chat.say("/use spring")
        assert "has no source" in chat.say("/export")
        open_marks = [m.label for m in marks_of(find_review(copy_of(place), "v2"))]
        assert len(open_marks) > 1
        for mark in open_marks:
            chat.keys(f'/mark v2 {mark} {"--waive" if mark[0] == "C" else "--tick"} "Our May figures"\r')
            chat.until(f"Settle {mark} of exactly this text?")
            chat.keys("y\r")
            assert "Our May figures" in chat.ready()
        chat.keys("/approve v2\r")
        chat.until("Approve exactly this text?")
        chat.keys("y\r")
        assert "v2: approved" in chat.ready()
        assert "approved" in chat.say("/variants")
        assert chat.leave() == 0
    copilot = Copilot.open(place)
    assert {r.variant.id: r.standing for r in copilot.copy("spring").reviews} == {
        "v1": "undecided",
        "v2": "approved",
        "v3": "undecided",
    }
    copilot.workspace.close()
