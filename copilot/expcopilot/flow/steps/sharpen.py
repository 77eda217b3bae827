"""From an idea to a hypothesis with its holes named, put before a person: with a model, or by fixed questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from copilot_tools.refusals import Refused
from expcopilot.flow.gates import approved, propose
from expcopilot.flow.steps.new_plan import channel as channel_of
from expcopilot.language.roles.experimenter import about_ai, holes
from expcopilot.language.roles.grounding import Grounded, grounded
from expcopilot.language.roles.sharpener import (
    SHARPENER,
    Answered,
    GuardrailIdea,
    PastExperiment,
    Sharpened,
    SharpenerInputs,
)
from expcopilot.records.entry import Draft
from expcopilot.records.experiment import Experiment
from expcopilot.records.gate import Proposal

if TYPE_CHECKING:
    from expcopilot.flow.graph import Deps

__all__ = ["approved_hypothesis", "direction_in", "idea_said", "sharpen", "sharpened", "similar"]

_SIMILAR_AT_MOST = 3
_COMMON = frozenset({"and", "are", "for", "from", "has", "have", "into", "our", "should", "that", "the", "with"})
_FALLS = re.compile(r"\b(?:fall|drop|decrease|lower|less|fewer|down|shrink|sink)", re.IGNORECASE)
_RISES = re.compile(r"\b(?:rise|grow|increase|higher|more|up)", re.IGNORECASE)
_NONE = re.compile(r"(?:none|nothing|no|n/a)[.!]?", re.IGNORECASE)


def sharpen(experiment: Experiment, deps: Deps, turn: str, given: dict[str, Any]) -> tuple[Draft, ...]:
    """Sharpen an idea and ask a person whether that is the hypothesis.

    Args:
        experiment: Still an idea.
        deps: What steps may use; without a model the questions are the fixed ones.
        turn: The turn's name.
        given: "idea", and where known "channel", "metrics" (names) and "answers" (field, question, answer).

    Raises:
        Refused: There is no idea, or the channel is unknown.
        ModelFailed: The model brought nothing usable; the same turn asked again goes on with what it did answer.
    """
    idea = idea_said(str(given.get("idea", "")))
    others = [e for e in _experiments(deps) if e.name != experiment.name]
    template = channel_of(str(given["channel"])) if given.get("channel") else None
    inputs = SharpenerInputs(
        idea=idea,
        channel=template.label if template else "",
        people=template.people if template else "people",
        metrics=tuple(dict.fromkeys([*map(str, given.get("metrics", ())), *_metrics(others)])),
        answers=tuple(Answered.model_validate(a) for a in given.get("answers", ())),
        similar=similar(idea, others),
    )
    speech = deps.speech()
    plain = sharpened(inputs)
    if speech is None:
        found, author = Grounded(draft=plain), "person"
    else:
        told = inputs.model_copy(update={"holes": plain.questions})
        found = grounded(speech.ask(experiment.name, SHARPENER.question(told)), inputs)
        # What a person answered stands in their words: the model's would be another answer that nobody gave.
        held: dict[str, object] = {a.field: said for a in inputs.answers if (said := getattr(plain, a.field, None))}
        unasked = tuple(q for q in found.draft.questions if q.field not in held)  # asked of its draft, answered since
        found = found.model_copy(update={"draft": found.draft.model_copy(update={**held, "questions": unasked})})
        author = SHARPENER.name
    content = {
        "idea": idea,
        "channel": str(given.get("channel", "")),
        "answers": [a.to_json() for a in inputs.answers],
        "sharpened": found.draft.model_copy(update={"questions": ()}).to_json(),
        "questions": [q.to_json() for q in found.draft.questions],
        "removed": [r.to_json() for r in found.removed],
    }
    left = len(found.draft.questions)
    open_ = f" {left} question{'s are' if left != 1 else ' is'} still open." if left else ""
    question = f"Is this the hypothesis?{open_}"
    proposal = Proposal(gate="hypothesis", question=question, content=content, author=author)
    return (propose(experiment, proposal, actor=deps.actor, turn=turn),)


def idea_said(text: str) -> str:
    """An idea as it was said, without the blanks around it.

    Raises:
        Refused: Nothing was said.
    """
    if not (idea := text.strip()):
        raise Refused.because(
            "sharpen.no_idea",
            "There is no idea to sharpen.",
            "Say in a sentence or two what should change, for whom, and why it should work.",
            name="idea",
            value="",
        )
    return idea


def sharpened(inputs: SharpenerInputs) -> Sharpened:
    """What a person has said so far, without a model: their answers in their places, a question for every hole."""
    said = {a.field: a.answer.strip() for a in inputs.answers if a.answer.strip()}
    fields: dict[str, Any] = {
        name: text
        for name, text in said.items()
        if name in Sharpened.model_fields and name not in {"direction", "guardrails"}
    }
    if direction := direction_in(said.get("direction", "")):
        fields["direction"] = direction
    if "guardrails" in said:
        fields["guardrails"] = tuple(_guardrails(said["guardrails"]))
    draft = Sharpened(**fields)
    text = " ".join((inputs.idea, *said.values()))
    asked = [q for q in (*holes(draft), *about_ai(text)) if q.field not in said or q.field == "direction"]
    return draft.model_copy(update={"questions": tuple(asked)})


def approved_hypothesis(experiment: Experiment) -> Sharpened | None:
    """The hypothesis a person approved last, for the plan to begin with; None where none stands."""
    stamped = approved(experiment, "hypothesis")
    return Sharpened.model_validate(stamped.record.content["sharpened"]) if stamped else None


def direction_in(text: str) -> Literal["increase", "decrease"] | None:
    """Which way a text points; None where it says neither, or both."""
    falls, rises = bool(_FALLS.search(text)), bool(_RISES.search(text))
    return None if falls == rises else "decrease" if falls else "increase"


def _guardrails(text: str) -> Iterator[GuardrailIdea]:
    """One for each line or part between semicolons; what follows a colon is its margin; "none" names none."""
    for part in filter(None, (p.strip() for p in re.split(r"[;\n]", text))):
        if _NONE.fullmatch(part):
            continue
        name, _, margin = part.partition(":")
        yield GuardrailIdea(metric=name.strip() or part, margin=margin.strip() or None)


def _experiments(deps: Deps) -> Iterator[Experiment]:
    entries = tuple(deps.ledger.entries())
    for name in deps.ledger.experiments():
        yield Experiment.fold(name, entries)


def _metrics(experiments: Iterable[Experiment]) -> Iterator[str]:
    for experiment in experiments:
        if experiment.plan is not None:
            yield from (m.name for m in experiment.plan.analysis.metrics)


def similar(idea: str, experiments: Iterable[Experiment]) -> tuple[PastExperiment, ...]:
    """Experiments whose outcomes were read and that share words with the idea, the closest first; at most three."""
    wanted = _words(idea)
    ranked: list[tuple[float, PastExperiment]] = []
    for experiment in experiments:
        plan = experiment.plan
        if plan is None or not experiment.outcome_looks:
            continue
        theirs = _words(f"{plan.question} {plan.hypothesis.change}")
        share = len(wanted & theirs) / max(len(wanted | theirs), 1)
        verdict = experiment.outcome_looks[-1].record.verdict.phrase
        if len(wanted & theirs) > 1:
            ranked.append((share, PastExperiment(name=experiment.name, question=plan.question, verdict=verdict)))
    ranked.sort(key=lambda pair: -pair[0])
    return tuple(past for _, past in ranked[:_SIMILAR_AT_MOST])


def _words(text: str) -> frozenset[str]:
    return frozenset(w.removesuffix("s") for w in re.findall(r"[^\W\d_]{3,}", text.lower()) if w not in _COMMON)
