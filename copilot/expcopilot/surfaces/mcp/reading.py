"""Verbs that read the record and add nothing to it: where an experiment stands, what its looks found, and why."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from copilot_tools.base import Frozen
from expcopilot.flow.gates import pending
from expcopilot.flow.told import Told, rests_on_enough
from expcopilot.outputs.report.skeptic import attacks
from expcopilot.outputs.report.standing import shown_objections
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Section
from expcopilot.surfaces.mcp.room import Room
from expcopilot.surfaces.mcp.summaries import looks_of, plan_of, readout_of, seen, status_of
from expcopilot.surfaces.mcp.verbs import Answer, Verb

__all__ = ["READING", "Name", "Nothing", "OfExperiment", "OfLook"]

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Nothing(Frozen):
    """No arguments."""


class OfExperiment(Frozen):
    """An experiment.

    Attributes:
        experiment: Its name, as `experiments` lists it.
    """

    experiment: Name


class OfLook(OfExperiment):
    """An experiment's look.

    Attributes:
        experiment: Its name, as `experiments` lists it.
        look: Number of the look; the last one when left out.
    """

    look: Annotated[int, Field(ge=1)] | None = None


class FactsWanted(OfLook):
    """Which facts.

    Attributes:
        experiment: Its name, as `experiments` lists it.
        look: Number of the look; the last one when left out.
        about: Only facts whose id begins so, such as "primary" or "objection"; "" for all but definitions.
    """

    about: Annotated[str, Field(max_length=200)] = ""


class DraftGiven(OfLook):
    """A draft about an experiment.

    Attributes:
        experiment: Its name, as `experiments` lists it.
        draft: What you mean to write. Facts stand in it in braces, as {primary.b.effect}, or exactly as they read.
        look: Number of the look it is about; the last one when left out.
        section: Where it would stand: "finding", "skeptic", "exploratory", "next" or "answer". What was not planned
            passes only as exploratory or next.
    """

    draft: Annotated[str, Field(min_length=1, max_length=20_000)]
    section: Section | None = None


class QuestionAsked(OfExperiment):
    """A question.

    Attributes:
        experiment: Its name, as `experiments` lists it.
        question: In the person's words.
    """

    question: Annotated[str, Field(min_length=1, max_length=4000)]


class IdeaGiven(Frozen):
    """An idea.

    Attributes:
        idea: Only what was learned near this idea; "" for everything, the newest first.
    """

    idea: Annotated[str, Field(max_length=4000)] = ""


class LogWanted(Frozen):
    """Whose record.

    Attributes:
        experiment: Of one experiment; "" for all.
    """

    experiment: Annotated[str, Field(max_length=200)] = ""


def _experiments(room: Room, _: Nothing) -> Answer:
    found = [
        {
            "experiment": s.name,
            "stage": s.stage,
            "question": s.plan.question if s.plan else "",
            "verdict": s.looks[-1].record.verdict.phrase if s.looks else "",
            "looks": len(s.looks),
            "waits_for_a_person": pending(s) is not None,
        }
        for s in room.copilot.experiments()
        if s.name
    ]
    return Answer(f"The experiments of this workspace: {len(found)}.", {"experiments": found})


def _status(room: Room, wanted: OfExperiment) -> Answer:
    state = room.copilot.experiment(wanted.experiment)
    told = {**status_of(state), "looks": looks_of(state)}
    return Answer(f"Where {state.name} stands, what can be done next, and every look taken.", told, state.name)


def _show_plan(room: Room, wanted: OfExperiment) -> Answer:
    state = room.copilot.experiment(wanted.experiment)
    said = f"The plan of {state.name} in force." if state.plan else f"{state.name} has no registered plan."
    return Answer(said, plan_of(state), state.name)


def _facts(room: Room, wanted: FactsWanted) -> Answer:
    known = room.copilot.told(wanted.experiment, look=wanted.look)
    chosen = [f for f in known.facts.values() if _is_about(f, wanted.about)]
    of = f"look {known.look.number}" if known.look else "the plan; no data was read yet"
    said = f"Facts of {wanted.experiment}, from {of}: name them in braces, and code writes them."
    return Answer(said, {"facts": [seen(f) for f in chosen], "verdict_row": known.row}, wanted.experiment)


def _is_about(fact: Fact, about: str) -> bool:
    return fact.id.startswith(about) if about else fact.kind != "definition"


def _readout(room: Room, wanted: OfLook) -> Answer:
    told = readout_of(room, wanted.experiment, wanted.look)
    said = f"The readout of {wanted.experiment}, look {told['look']['number']}: every number is a fact made by code."
    return Answer(said, told, wanted.experiment)


def _why(room: Room, wanted: OfLook) -> Answer:
    why = room.copilot.why(wanted.experiment, look=wanted.look)
    look = _look(room.copilot.told(wanted.experiment, look=wanted.look))
    told = why.to_json()
    if not rests_on_enough(look):
        told |= {"sentence": "", "arms": [{**a, "ends": "", "changes": []} for a in told["arms"]]}
    said = f"Why the verdict of look {why.look} is what it is, and what would change it. No wording does."
    return Answer(said, told, wanted.experiment)


def _case(room: Room, wanted: OfLook) -> Answer:
    look = _look(room.copilot.told(wanted.experiment, look=wanted.look))
    enough = [o for o in shown_objections(look) if o.units is None or o.units >= look.spec.min_units]
    told = [a.model_dump(mode="json") for a in attacks(enough).attacks]
    said = f"The case for the null at look {look.number}: the strongest honest reasons why it is noise, worst first."
    return Answer(said, {"attacks": told}, wanted.experiment)


def _look(known: Told) -> Any:
    if known.look is None:
        raise AssertionError("a readout of no look is refused before")
    return known.look


def _answer(room: Room, wanted: QuestionAsked) -> Answer:
    state = room.copilot.experiment(wanted.experiment)
    enough = not state.looks or rests_on_enough(state.looks[-1].record)
    sentences = room.copilot.plain_answer(state.name, wanted.question) if enough else ()
    said = (
        "What the record says to this, written by code alone."
        if sentences
        else "The record has no ready answer to this: use `facts`, `why` or `case_for_null`, and say what is not known."
    )
    return Answer(said, {"sentences": list(sentences)}, state.name)


def _check_draft(room: Room, wanted: DraftGiven) -> Answer:
    found = room.copilot.check_draft(wanted.experiment, wanted.draft, look=wanted.look, section=wanted.section or "")
    bad = [s for s in found if not s.covered]
    said = f"{len(found) - len(bad)} of {len(found)} sentences are covered by facts. " + (
        "Leave out or mend the others before anybody reads them." if bad else "Use the texts as they stand here."
    )
    sentences = [{k: v for k, v in s.to_json().items() if v or k == "covered"} for s in found]
    result = {"covered": len(found) - len(bad), "not_covered": len(bad), "sentences": sentences}
    return Answer(said, result, wanted.experiment)


def _learnings(room: Room, wanted: IdeaGiven) -> Answer:
    found = [lesson.to_json() for lesson in room.copilot.learnings(wanted.idea)]
    near = " near this idea" if wanted.idea else ""
    return Answer(f"What was learned{near}: {len(found)} experiments whose outcomes were read.", {"learnings": found})


def _log(room: Room, wanted: LogWanted) -> Answer:
    entries = [
        {"position": e.position, "time": e.time[:19], "by": e.actor, "what": e.kind, "experiment": e.experiment}
        for e in room.copilot.log(wanted.experiment or None)
    ]
    of = f" of {wanted.experiment}" if wanted.experiment else ""
    return Answer(f"The record{of}: {len(entries)} entries, oldest first.", {"entries": entries}, wanted.experiment)


def _verify(room: Room, _: Nothing) -> Answer:
    found = room.copilot.verify()
    said = (
        "Everything was read again and recomputed: no difference."
        if found.sound
        else "Something differs from what was recorded: tell the person, and trust no readout until it is explained."
    )
    return Answer(said, {**found.to_json(), "sound": found.sound})


_CHECKOUT = {"experiment": "checkout"}

READING: tuple[Verb, ...] = (
    Verb("experiments", "List the experiments of the workspace.", "First, or to find a name.", Nothing, _experiments),
    Verb(
        "status",
        "Where an experiment stands: stage, next step, what waits for a person, every look taken.",
        "Before anything is done with an experiment.",
        OfExperiment,
        _status,
        (_CHECKOUT,),
    ),
    Verb("show_plan", "The registered plan of an experiment.", "To read it, or to change it.", OfExperiment, _show_plan,
         (_CHECKOUT,)),
    Verb("facts", "The named facts of an experiment's look.", "Before anything is written about a result.",
         FactsWanted, _facts, ({**_CHECKOUT, "about": "primary"},)),
    Verb("readout", "A readout in words and facts.", "To tell somebody how an experiment came out.", OfLook, _readout,
         (_CHECKOUT,)),
    Verb("why", "Why the verdict is what it is, and what would change it.", "Somebody doubts or presses a verdict.",
         OfLook, _why, (_CHECKOUT,)),
    Verb("case_for_null", "The strongest honest case that a result is noise.", "Always beside a result.", OfLook, _case,
         (_CHECKOUT,)),
    Verb("answer_question", "What the record says to a common question, by code alone: why not stop, did it win.",
         "A person asks in their own words.", QuestionAsked, _answer,
         ({**_CHECKOUT, "question": "Why can we not stop now?"},)),
    Verb("check_draft", "Which sentences of a draft about an experiment its facts cover, and how they then read.",
         "Before any text about a result reaches a person. `check_prose` takes facts; this looks them up.",
         DraftGiven, _check_draft,
         ({**_CHECKOUT, "draft": "The verdict is {verdict.phrase}. The new page clearly won."},)),
    Verb("learnings", "What earlier experiments taught.", "Before a new idea is sharpened.", IdeaGiven, _learnings,
         ({"idea": "A shorter form in the checkout"},)),
    Verb("log", "The record: what happened, when, by whom.", "To see who did or decided what.", LogWanted, _log,
         (_CHECKOUT,)),
    Verb("verify", "Read everything again, recompute it, and name any difference.", "A result is to be relied upon.",
         Nothing, _verify),
)  # fmt: skip
"""Verbs that add nothing to the record."""
