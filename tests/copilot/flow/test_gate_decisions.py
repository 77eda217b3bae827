"""Which decision belongs to which question, where the same text is put before a person twice."""

from __future__ import annotations

from expcopilot.api import Copilot
from expcopilot.flow.gates import decision_on, last_proposed


def test_each_question_has_its_own_answer(tmp_path):
    """The same idea declined, then put anew and approved: two questions of one digest, each with its own answer."""
    copilot = Copilot.init(tmp_path / "w", person="Ada")
    for action in ("reject", "approve"):
        assert copilot.sharpen("cta", "A shorter form will bring more orders", model=None) is not None
        asked = last_proposed(copilot.experiment("cta"), "hypothesis")
        assert asked is not None
        assert decision_on(copilot.experiment("cta"), asked) is None
        copilot.decide("cta", action)
    state = copilot.experiment("cta")
    first, second = state.proposals
    assert first.record.digest == second.record.digest
    assert [decision_on(state, p).record.action for p in (first, second)] == ["reject", "approve"]
    assert last_proposed(state, "hypothesis") == second
    assert last_proposed(state, "plan") is None
