"""A role's prompt filled in for whoever plays it: the copilot's own model, or an assistant in another program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from copilot_tools.refusals import Refused
from expcopilot.flow.copy_sentences import placed
from expcopilot.flow.moves import next_step
from expcopilot.flow.steps.new_plan import channel as channel_of
from expcopilot.flow.steps.sharpen import sharpened
from expcopilot.flow.told import Told
from expcopilot.language.prompts import Prompts, Rendered
from expcopilot.language.roles.claim_checker import ClaimCheckerInputs
from expcopilot.language.roles.guide import GuideInputs
from expcopilot.language.roles.narrator import NarratorInputs
from expcopilot.language.roles.role import Inputs
from expcopilot.language.roles.sharpener import PastExperiment, SharpenerInputs
from expcopilot.language.roles.skeptic import MAY_SEE, SkepticInputs
from expcopilot.records.copy import Variant
from expcopilot.records.experiment import Experiment

__all__ = ["MUST_NOT", "claim_checker", "filled", "guide", "narrator", "sharpener", "skeptic"]

MUST_NOT: dict[str, str] = {
    "sharpener": "say whether the idea will work, fill a hole the person left, or approve the hypothesis",
    "generator": "say which variant will win, state what no source says, or approve copy",
    "claim_checker": "take a mark away, waive a claim, or call copy safe",
    "skeptic": "say how the test came out, weigh the objections away, or call anything certain",
    "narrator": "say whether a result is significant, large or worth acting on, or recommend shipping",
    "guide": "judge a result, move a verdict, open outcomes early, or decide for a person",
}
"""Role -> what whoever plays it must not do; code or a person does that."""


def filled(role: str, inputs: Inputs, versions: Mapping[str, int]) -> Rendered:
    """A role's prompt with its variables in place, as the settings choose its version.

    Raises:
        Refused: There is no such prompt, or it does not fit.
    """
    return Prompts(versions=dict(versions)).find(role).render(inputs.variables())


def sharpener(idea: str, channel: str, similar: tuple[PastExperiment, ...]) -> SharpenerInputs:
    """What the sharpener is told.

    Raises:
        Refused: The channel is unknown.
    """
    template = channel_of(channel) if channel else None
    said: dict[str, Any] = {"channel": template.label, "people": template.people} if template else {}
    inputs = SharpenerInputs(idea=idea, similar=similar, **said)
    return inputs.model_copy(update={"holes": sharpened(inputs).questions})


def claim_checker(variants: Iterable[Variant], voice: str) -> ClaimCheckerInputs:
    """What the claim checker is told: every sentence of the copy, with the marks the scanner gave it."""
    return ClaimCheckerInputs(sentences=tuple(s.read for s in placed(variants)), style_guide=voice)


def skeptic(state: Experiment, known: Told) -> SkepticInputs:
    """What the skeptic is told: objections, and names; nothing that says how the test came out.

    Raises:
        Refused: Nothing was looked at yet.
    """
    _looked(state, known)
    raised = [f for f in known.facts.values() if f.id.startswith("objection.")]
    names = [f for f in known.facts.values() if f.kind in MAY_SEE - {"objection"}]
    return SkepticInputs(question=state.plan.question if state.plan else "", facts=(*raised, *names))


def narrator(state: Experiment, known: Told) -> NarratorInputs:
    """What the narrator is told.

    Raises:
        Refused: Nothing was looked at yet.
    """
    _looked(state, known)
    return NarratorInputs(facts=tuple(known.facts.values()), verdict_row=known.row)


def guide(state: Experiment, known: Told, question: str) -> GuideInputs:
    """What the guide is told."""
    return GuideInputs(
        question=question,
        stage=f"{state.stage}: {next_step(state)}",
        facts=tuple(known.facts.values()),
        verdict_row=known.row,
    )


def _looked(state: Experiment, known: Told) -> None:
    if known.look is None:
        raise Refused.because(
            "look.no_look",
            f"No data of {state.name!r} has been read yet, so there is nothing to word.",
            f"Read it first: `expcopilot analyze {state.name} DATA`.",
            name="experiment",
            value=state.name,
        )
