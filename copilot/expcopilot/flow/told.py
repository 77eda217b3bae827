"""What an outside assistant may be told of an experiment: what a model inside is told, and not one number more.

An assistant that reaches the copilot from another program is a model like any other: it sees facts about at least k
units, nothing whose outcomes are closed, and no reason of a refusal that may quote the data.
"""

from __future__ import annotations

from typing import NamedTuple

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from expcopilot.flow.facts import facts_of_plan
from expcopilot.flow.speech import tellable
from expcopilot.flow.steps.readout import pick
from expcopilot.records.experiment import Experiment
from expcopilot.records.fact import Fact
from expcopilot.records.look import Look

__all__ = ["Learning", "Told", "learned", "rests_on_enough", "told", "without_data"]

_SAYABLE = (
    "copy.", "experiment.", "folder.", "gate.", "input.", "ledger.", "move.", "plan.", "prose.", "readout.", "tool.",
    "data.aggregate", "data.arm_column_undeclared", "data.one_source", "data.unit_undeclared", "counts.one_metric",
    "file.changed_while_read", "file.encoding", "file.format_unknown",
    "look.blinded", "look.closed", "look.impossible", "look.no_", "look.one_arm", "look.unknown_control",
)  # fmt: skip
"""How codes of refusals begin whose reasons quote plans and requests, never cells or columns of the data."""


class Told(NamedTuple):
    """What may be told of an experiment's look, or of its plan before any.

    Attributes:
        look: The look, or None before the first.
        position: Ledger position of the look; 0 before the first.
        facts: By id.
        row: Row of the verdict table; "" where no plan or no look decided.
    """

    look: Look | None
    position: int
    facts: dict[str, Fact]
    row: str


class Learning(Frozen):
    """What one experiment taught: its question, what was believed, and the verdict.

    Attributes:
        experiment: Its name.
        question: The plan's question.
        change: What changed.
        because: Why it was believed to work.
        verdict: The verdict in a few words.
        stamps: What holds for the whole reading, one sentence each.
        closed: Whether nothing more is read for it.
    """

    experiment: str
    question: str
    change: str
    because: str
    verdict: str
    stamps: tuple[str, ...] = ()
    closed: bool = False


def told(state: Experiment, number: int | None = None) -> Told:
    """What may be told of a look; of the plan, where nothing was looked at.

    Args:
        state: The experiment.
        number: Which look; the last by default.

    Raises:
        Refused: There is no such look.
    """
    if number is None and not state.looks:
        return Told(None, 0, facts_of_plan(state.plan) if state.plan else {}, "")
    stamped = pick(state, number)
    look = stamped.record
    facts = tellable(look, state.plan_of(look.plan_digest), entry=stamped.position)
    return Told(look, stamped.position, facts, look.verdict.row.value if look.plan_digest else "")


def rests_on_enough(look: Look) -> bool:
    """Whether a look, and every effect read in each arm, rests on at least k units, so that its figures may be told."""
    primary = [c for c in look.reading.comparisons if c.metric == look.spec.primary.name]
    return look.evidence.total_units >= look.spec.min_units and all(
        min(c.control.n, c.treatment.n) >= look.spec.min_units for c in primary
    )


def learned(state: Experiment) -> Learning | None:
    """What an experiment taught; None before a registered plan's outcomes were read."""
    plan = state.plan
    read = [s.record for s in state.outcome_looks if s.record.plan_digest is not None and s.record.kind != "interim"]
    if plan is None or not read:
        return None
    last = read[-1]
    return Learning(
        experiment=state.name,
        question=plan.question,
        change=plan.hypothesis.change,
        because=plan.hypothesis.because,
        verdict=last.verdict.phrase,
        stamps=tuple(stamp.sentence for stamp in last.verdict.stamps),
        closed=state.closing is not None,
    )


def without_data(refused: Refused, *, where: str) -> Refused:
    """A refusal as an assistant may hear it: a reason that may quote the data stays on record, for a person to read.

    Args:
        refused: As it was raised.
        where: What a person types to read it.
    """
    return Refused(*(r if r.code.startswith(_SAYABLE) else _withheld(r, where) for r in refused.refusals))


def _withheld(refusal: Refusal, where: str) -> Refusal:
    return Refusal(
        code=refusal.code,
        reason=f"The data could not be read as asked ({refusal.code}). The full reason may quote data: it is told to "
        "people only.",
        cure=f"Ask the person to run `{where}` and to say what to change.",
    )
