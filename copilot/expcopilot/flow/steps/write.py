"""Prose for a readout: the skeptic words the case for the null, the narrator words the finding, the firewall decides.

The skeptic is asked first and alone, with the objections and nothing that says how the test came out. What either
writes changes nothing: verdict and numbers stand in the look, and the prose names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from copilot_tools.refusals import Refused
from expcopilot.flow.speech import Speech, tellable
from expcopilot.language.firewall.check import slots
from expcopilot.language.firewall.prose import checked_prose
from expcopilot.language.model.protocol import Failure, ModelFailed
from expcopilot.language.roles.narrator import NARRATOR, NarratorInputs
from expcopilot.language.roles.skeptic import MAY_SEE, SKEPTIC, SkepticInputs
from expcopilot.outputs.report.standing import Showing, showing
from expcopilot.records.entry import Draft
from expcopilot.records.events import Written
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.fact import Fact
from expcopilot.records.look import Look
from expcopilot.records.prose import CheckedProse, Section, Statement

__all__ = ["Outcome", "draft_of", "unwritten", "write"]

_ORDER = ("blocking", "serious", "note")
_NO_OBJECTION = "None of the attacks that could be made with this data found anything."
_WHY: dict[Failure, str] = {
    "refused": "it declined to answer",
    "truncated": "its answer was cut off",
    "unreachable": "it could not be reached",
    "over_budget": "the budget of this experiment does not allow another request",
    "malformed": "its answer could not be used",
    "not_configured": "it is not set up completely",
}


class Outcome(NamedTuple):
    """What came of asking for prose.

    Attributes:
        written: What stands on the readout.
        failure: What kept a role from writing, in full, or None.
    """

    written: Written
    failure: Refused | None


def write(experiment: Experiment, stamped: Stamped[Look], speech: Speech) -> Outcome | None:
    """Have the prose of one look's readout written; None where no outcome stands in the open, so nothing is worded.

    Never raises because of the model: what could not be written is left out, and said.

    Args:
        experiment: The experiment.
        stamped: The look.
        speech: The model and its books.

    Raises:
        Refused: The ledger cannot be written.
    """
    look = stamped.record
    if showing(look) is not Showing.OPEN:
        return None
    plan = experiment.plan_of(look.plan_digest)
    facts = tellable(look, plan, entry=stamped.position)
    question = plan.question if plan else ""
    prose: list[CheckedProse] = []
    try:
        prose.append(_skeptic(experiment.name, question, look, facts, speech))
        prose.append(_narrator(experiment.name, look, facts, speech))
    except ModelFailed as failure:
        return unwritten(look, failure, prose)
    except Refused as refused:
        if any(r.code.startswith("ledger.") for r in refused.refusals):
            raise
        return Outcome(
            _without(look, prose, "its prompts or prices, as the settings have them, cannot be used"), refused
        )
    return Outcome(Written(look=look.number, prose=tuple(prose)), None)


def unwritten(look: Look, failure: ModelFailed, prose: Sequence[CheckedProse] = ()) -> Outcome:
    """What stands on the readout when the model failed: what was written before, and one line on what is missing."""
    return Outcome(_without(look, prose, _WHY[failure.kind]), failure)


def draft_of(experiment: Experiment, written: Written, *, actor: str) -> Draft | None:
    """The entry that keeps it; None where the same stands there already."""
    if experiment.written_for(written.look) == written:
        return None
    return Draft(
        experiment=experiment.name,
        kind="written",
        actor=actor,
        payload=written.to_json(),
        key=f"written/{experiment.name}/{written.look}/{len(experiment.written) + 1}",
    )


def _without(look: Look, prose: Sequence[CheckedProse], why: str) -> Written:
    what = "The narrator's prose is missing" if prose else "This readout has no prose by a language model"
    return Written(look=look.number, prose=tuple(prose), without=f"{what}: {why}. Nothing else depends on it.")


def _skeptic(experiment: str, question: str, look: Look, facts: Mapping[str, Fact], speech: Speech) -> CheckedProse:
    """The case for the null in words; caveats and stamps stay out, because they tell how the test came out."""
    objections = sorted((o for o in look.objections if o.severity in _ORDER), key=lambda o: _ORDER.index(o.severity))
    raised = [facts[id_] for o in objections if (id_ := f"objection.{o.id.replace('-', '_')}") in facts]
    names = [f for f in facts.values() if f.kind in MAY_SEE - {"objection"}]
    told = (*raised, *names)
    answer = speech.ask(experiment, SKEPTIC.question(SkepticInputs(question=question, facts=told)))
    stand_in = f"The strongest objection: {{{raised[0].id}}}" if raised else _NO_OBJECTION
    weights = {f"objection.{o.id.replace('-', '_')}": _ORDER.index(o.severity) for o in objections}
    spoken = _worst_first(answer.spoken(), [f.id for f in raised], weights)
    return checked_prose("skeptic", spoken, {f.id: f for f in told}, {"skeptic": stand_in})


def _worst_first(
    spoken: Sequence[Statement], raised: Sequence[str], weights: Mapping[str, int]
) -> tuple[Statement, ...]:
    """What a skeptic said, the worst first: where it began with something milder, the bare objections stand in order.

    Its doubts keep their places after them; its own words around an objection ("The strongest is this:") go, because
    they were about another order.
    """
    named = [[name for name in slots(one.text) if name in weights] for one in spoken]
    first = next((names[0] for names in named if names), None)
    if first is None or weights[first] <= weights[raised[0]]:
        return tuple(spoken)
    told = {name for names in named for name in names} | {raised[0]}
    bare = [Statement(text=f"{{{name}}}", section="skeptic") for name in raised if name in told]
    return (*bare, *(one for one, names in zip(spoken, named, strict=True) if not names))


def _narrator(experiment: str, look: Look, facts: Mapping[str, Fact], speech: Speech) -> CheckedProse:
    row = look.verdict.row.value if look.plan_digest else ""
    answer = speech.ask(experiment, NARRATOR.question(NarratorInputs(facts=tuple(facts.values()), verdict_row=row)))
    sentence = Fact(id="verdict.sentence", kind="verdict", text=look.verdict.sentence, tool="decide")
    section: Section = "finding" if look.plan_digest else "exploratory"
    return checked_prose(
        "narrator",
        answer.spoken(),
        {**facts, sentence.id: sentence},
        {section: f"{{{sentence.id}}}"},
        verdict_row=row,
    )
