"""What comes next, as every surface says it."""

from __future__ import annotations

from expcopilot.api import Copilot
from expcopilot.flow.moves import Move, legal_moves, next_step
from expcopilot.flow.open_data import typed_counts
from tests_plan import plan


def test_what_is_done_is_not_asked_for_again(tmp_path):
    """Each stage names its own next step; a readout that is written is not asked for until the data is read again."""
    copilot = Copilot.init(tmp_path / "w", person="Ada")
    name = copilot.register(plan()).name
    said = [next_step(copilot.experiment(name))]
    for arms in (("control=10000:1000", "b=10000:1150"), ("control=10100:1010", "b=10100:1160")):
        copilot.analyze(name, typed_counts(arms))
        said.append(next_step(copilot.experiment(name)))
        copilot.write_readout(name, model=None)
        said.append(next_step(copilot.experiment(name)))
    assert Move.ANALYZE in legal_moves(copilot.experiment(name))
    copilot.close(name)
    assert Move.ANALYZE not in legal_moves(copilot.experiment(name))
    said.append(next_step(copilot.experiment(name)))
    write, close = "Write the readout, then close the experiment.", "The readout is written. Close the experiment."
    assert said[0] == "Run the test; then read its data."
    assert said[1:5] == [write, close, write, close]
    assert said[5].startswith("The readout stands.")


def test_an_approved_hypothesis_is_not_asked_for_again(tmp_path):
    """Once the hypothesis is approved its plan comes next; while it waits, the decision does."""
    copilot = Copilot.init(tmp_path / "w", person="Ada")
    waiting = copilot.sharpen("cta", "A shorter form will bring more orders", model=None)
    assert waiting is not None
    assert next_step(copilot.experiment("cta")) == f"Decide: {waiting.question}"
    copilot.decide("cta", "approve")
    assert next_step(copilot.experiment("cta")).startswith("The hypothesis is approved. Write its plan")
