"""The verbs of outside assistants: what they may be told, their drafts checked, what they ask put before a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from copilot_tools.refusals import Refused
from expcopilot.api.copy_desk import CopyDesk
from expcopilot.api.moving import Moving
from expcopilot.flow import role_prompts, told
from expcopilot.flow.moves import Move
from expcopilot.flow.proposing import put
from expcopilot.flow.steps import variants as writing
from expcopilot.flow.steps.sharpen import sharpened
from expcopilot.flow.told import Learning, Told
from expcopilot.language.firewall.drafts import DraftSentence, check_draft
from expcopilot.language.prompts import Rendered
from expcopilot.language.roles.role import Inputs
from expcopilot.language.roles.sharpener import Answered, Sharpened
from expcopilot.memory.workspace import Workspace
from expcopilot.records.prose import Section

if TYPE_CHECKING:
    from expcopilot.flow.graph import Waiting

__all__ = ["Assisting"]


class Assisting(Moving, CopyDesk):
    """What an assistant in another program works with; none of it answers for a person."""

    @classmethod
    def through(cls, folder: str | Path, program: str) -> Self:
        """Open the workspace that holds ``folder``; its person acts through ``program``, as every entry then says.

        Raises:
            Refused: There is none, or its settings or ledger cannot be read.
        """
        workspace = Workspace.find(Path(folder)).through(program)
        return cls(workspace, workspace.ledger)

    def told(self, name: str, *, look: int | None = None) -> Told:
        """What may be told of an experiment's look: facts about enough units, nothing that is closed.

        Raises:
            Refused: No such experiment or look.
        """
        return told.told(self.experiment(name), look)

    def check_draft(
        self, name: str, draft: str, *, look: int | None = None, section: Section | Literal[""] = ""
    ) -> tuple[DraftSentence, ...]:
        """Which sentences of a draft about an experiment its facts cover: facts are looked up, never taken on word.

        Args:
            name: The experiment.
            draft: Its text; facts named in braces, or typed out as they read.
            look: Which look; the last by default.
            section: Where it would stand; where it fits an experiment with, or without, a plan when not given.

        Raises:
            Refused: No such experiment or look.
        """
        known = self.told(name, look=look)
        planned = known.look is None or known.look.plan_digest is not None
        place: Section = section or ("finding" if planned else "exploratory")
        return check_draft(draft, known.facts, verdict_row=known.row, section=place)

    def learnings(self, idea: str = "") -> tuple[Learning, ...]:
        """What was learned: of every experiment read, the newest first; or of those that share words with an idea."""
        found = [lesson for e in self.experiments() if (lesson := told.learned(e)) is not None]
        if not idea:
            return tuple(reversed(found))
        near = [past.name for past in self.similar(idea)]
        return tuple(sorted((f for f in found if f.experiment in near), key=lambda f: near.index(f.experiment)))

    def holes(self, idea: str, given: Mapping[str, Any]) -> Sharpened:
        """What was said of an idea so far, and a question for every hole; nothing is written, no model is asked.

        Args:
            idea: In the person's words.
            given: "channel", and "answers" (field, question, answer).

        Raises:
            Refused: The channel is unknown.
        """
        answers = tuple(Answered.model_validate(a) for a in given.get("answers", ()))
        inputs = role_prompts.sharpener(idea, str(given.get("channel", "")), ())
        return sharpened(inputs.model_copy(update={"answers": answers, "holes": ()}))

    def put(self, name: str, move: Move, given: dict[str, Any], *, channel: str, again: bool = False) -> Waiting | None:
        """Put a move before a person, or find where the same request waits; no model is asked for it.

        Args:
            name: The experiment.
            move: What is wanted.
            given: The move's input, as JSON data.
            channel: Through what it was asked, such as "mcp".
            again: It was put before: it is looked for, and not put anew.

        Raises:
            Refused: As ``Lifecycle.move``; or, with ``again``, it waits no longer.
        """
        with self.lifecycle(model=None) as moves:
            return put(moves, self._fold(name), move, given, channel=channel, again=again)

    def waiting(self, name: str) -> Waiting | None:
        """The gate at which an experiment waits for a person, or None.

        Raises:
            Refused: No such experiment; or what was left open there is refused now.
        """
        self.experiment(name)
        with self.lifecycle(model=None) as moves:
            return moves.resume(name)

    def answer(self, waiting: Waiting, action: Literal["approve", "reject"], *, reason: str = "") -> None:
        """Take down a person's answer to exactly what they saw.

        Raises:
            Refused: It was answered already, has changed, or what was approved can no longer be done.
        """
        with self.lifecycle(model=None) as moves:
            moves.answer(waiting, action, reason=reason)

    def role_prompt(
        self, role: str, *, experiment: str = "", idea: str = "", channel: str = "", question: str = "", brief: str = ""
    ) -> Rendered:
        """A role's prompt with this workspace's facts in it, for an assistant that plays the role.

        Args:
            role: "sharpener", "generator", "claim_checker", "skeptic", "narrator" or "guide".
            experiment: Whose facts; for skeptic, narrator and guide.
            idea: For the sharpener.
            channel: For the sharpener.
            question: For the guide.
            brief: Id of a brief that has copy; for generator and claim checker.

        Raises:
            Refused: Something it needs is missing or unknown.
        """
        return role_prompts.filled(
            role, self._inputs(role, experiment, idea, channel, question, brief), self.workspace.settings.model.prompts
        )

    def _inputs(self, role: str, experiment: str, idea: str, channel: str, question: str, brief: str) -> Inputs:
        needed = {"sharpener": ("idea", idea), "guide": ("question", question)}
        needed |= dict.fromkeys(("generator", "claim_checker"), ("brief", brief))
        name, given = needed.get(role, ("experiment", experiment))
        if not given.strip():
            raise Refused.because(
                "prompt.missing_argument", f"The role {role} needs to know: {name}.", f"Give {name}.", name=name
            )
        match role:
            case "sharpener":
                return role_prompts.sharpener(idea, channel, self.similar(idea))
            case "generator":
                return writing.inputs_of(self.copy(brief, experiment=experiment).brief, self.standards())
            case "claim_checker":
                reviews = self.copy(brief, experiment=experiment).reviews
                return role_prompts.claim_checker((r.variant for r in reviews), self.standards().voice)
        state, known = self.experiment(experiment), self.told(experiment)
        match role:
            case "skeptic":
                return role_prompts.skeptic(state, known)
            case "narrator":
                return role_prompts.narrator(state, known)
            case "guide":
                return role_prompts.guide(state, known, question)
        roles = ", ".join(role_prompts.MUST_NOT)
        raise Refused.because(
            "prompt.unknown_role", f"There is no role {role!r}.", f"Choose one of {roles}.", name="role", value=role
        )
