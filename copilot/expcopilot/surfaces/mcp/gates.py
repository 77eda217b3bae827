"""Gates through MCP: what needs a person is shown to them by elicitation, whole, and only they can answer it.

The answer is no argument of the tool: the server asks the host's person for it, so no model can fill it in. Where the
client cannot ask, or the settings say "human surface only", what waits is left for the terminal or the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import anyio.to_thread
from mcp.server.elicitation import AcceptedElicitation, CancelledElicitation, DeclinedElicitation
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import build_resolver_plans, find_resolved_parameters, resolve_arguments
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import BaseModel, Field, PrivateAttr

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.surfaces.mcp.answers import refusal
from expcopilot.surfaces.mcp.room import Place, Room, client_name
from expcopilot.surfaces.mcp.verbs import Answer, Offered, Verb

__all__ = ["Asked", "Done", "Gate", "Gated"]

LONGEST = 40_000
"""Characters of a text that is put before a person in a client's form; a longer one is read where it scrolls."""

_ALLOW = "allow"


class Approval(BaseModel):
    """The form a person fills in."""

    decision: Literal["approve", "reject"] = Field(
        title="Your decision", description="Approve exactly the text shown, or reject it."
    )
    reason: str = Field(default="", title="Reason", description="In your words, if you like; it is recorded.")


class Signed(BaseModel):
    """The form where a reason must stand beside the name."""

    decision: Literal["approve", "reject"] = Field(
        title="Your decision", description="Approve to take responsibility for it; reject to leave it open."
    )
    reason: str = Field(min_length=3, title="Reason", description="Why, in your words; it stands beside your name.")


@dataclass(frozen=True)
class Asked:
    """What is put before a person.

    Attributes:
        gate: What is asked, such as "plan".
        experiment: Whose.
        question: One sentence.
        text: Exactly what would be approved, with its digest.
        digest: Of it.
        elsewhere: What a person types to answer it in the terminal.
        token: What the gate needs to take the answer down.
        signed: Whether a reason must be given.
    """

    gate: str
    experiment: str
    question: str
    text: str
    digest: str
    elsewhere: str
    token: Any = None
    signed: bool = False


@dataclass(frozen=True)
class Done:
    """What was done without asking: nothing in it needs a person."""

    answer: Answer


@dataclass(frozen=True)
class Gate:
    """A verb that stops before a person.

    Attributes:
        verb: Its words and arguments; its ``run`` is not used.
        put: (room, arguments, again) -> what is asked; or what was done, where nothing needs a person. With ``again``
            the answer has come, and what was asked is only looked for.
        settle: Takes a person's answer down: (room, what was asked, action, reason) -> what followed.
    """

    verb: Verb
    put: Callable[[Room, Any, bool], Asked | Done]
    settle: Callable[[Room, Asked, Literal["approve", "reject"], str], Answer]


@dataclass(frozen=True)
class _Held:
    """Nobody was asked, and why."""

    why: str


def _put(gate: Gate, place: Place, arguments: Frozen, context: Context[Any, Any]) -> Asked | Done:
    again = context.input_responses is not None or context.request_state is not None
    with place.opened(client_name(context)) as room:
        return gate.put(room, arguments, again)


def _ask(
    asked: Annotated[Asked | Done, Resolve(_put)], place: Place, context: Context[Any, Any]
) -> Elicit[Any] | _Held:
    if isinstance(asked, Done):
        return _Held("")
    client = client_name(context)
    with place.opened(client) as room:
        policy, actor = room.copilot.workspace.settings.gates.elicitation, room.copilot.workspace.actor
    if policy != _ALLOW:
        return _Held(f"The settings of this workspace say {policy!r}: people answer in the terminal or the page.")
    if not _can_ask(context):
        return _Held(f"{client} cannot ask its person.")
    if len(asked.text) > LONGEST:
        return _Held("The text is too long for a form; it is read in the terminal or the page.")
    about = f"{asked.experiment}: your decision" if asked.experiment else "Your decision"
    message = f"{about}\n{asked.question}\n\n{asked.text}\n\nRecorded as decided by {actor}."
    return Elicit(message, Signed if asked.signed else Approval)


def _can_ask(context: Context[Any, Any]) -> bool:
    known = context.client_capabilities
    elicitation = known.elicitation if known is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _decided(
    asked: Annotated[Asked | Done, Resolve(_put)],
    given: Annotated[AcceptedElicitation[Any] | DeclinedElicitation | CancelledElicitation, Resolve(_ask)],
) -> None:
    """The shape the SDK fills: what was asked by code, the answer by a person, neither by a model."""


_RESOLVED = find_resolved_parameters(_decided)
_PLANS = build_resolver_plans(_RESOLVED, {"gate", "place", "arguments"})


class Gated(Offered):
    """A gate as MCP offers it."""

    _gate: Gate = PrivateAttr()

    @classmethod
    def at(cls, gate: Gate, place: Place) -> Gated:
        """Offer a gate in a workspace."""
        offered = cls.of(gate.verb, place)
        assert isinstance(offered, Gated)  # noqa: S101 - made by this very class
        offered._gate = gate  # noqa: SLF001 - of this very class
        return offered

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> CallToolResult | InputRequiredResult:
        """Put it before a person and take down what they said; refusals are values."""
        del convert_result
        client = client_name(context)
        try:
            wanted = self._checked(arguments)
        except Refused as refused:
            return refusal(self.name, refused)
        given = {"gate": self._gate, "place": self._place, "arguments": wanted}
        unanswered = ""
        found: dict[str, Any] | InputRequiredResult
        try:
            found = await resolve_arguments(_RESOLVED, _PLANS, given, context)
        except Refused as refused:
            return await anyio.to_thread.run_sync(self._refused, refused, wanted, client)
        except (MCPError, ToolError) as error:
            # The client said it could ask, and could not, or sent what no form holds: the gate is left as it stands.
            unanswered = f"{client} could not bring an answer ({error})."
            found = {}
        except Exception as error:  # noqa: BLE001 - every mistake becomes one plain sentence
            return self._mistake(error)
        if isinstance(found, InputRequiredResult):
            return found
        return await anyio.to_thread.run_sync(self._settled, wanted, found, unanswered, client)

    def _refused(self, refused: Refused, wanted: Any, client: str) -> CallToolResult:
        named = str(getattr(wanted, "experiment", "") or "")
        try:
            with self._place.opened(client) as room:
                return refusal(self.name, refused, room.looks(named) if named else None)
        except Refused:
            return refusal(self.name, refused)

    def _settled(self, wanted: Any, found: dict[str, Any], unanswered: str, client: str) -> CallToolResult:
        try:
            with self._place.opened(client) as room:
                asked = found["asked"] if found else self._gate.put(room, wanted, False)
                if isinstance(asked, Done):
                    return self._fitted(room, asked.answer, "", 0)
                outcome = _Held(unanswered) if not found else found["given"]
                return self._fitted(room, self._answer(room, asked, outcome, client), "", 0)
        except Refused as refused:
            return self._refused(refused, wanted, client)
        except Exception as error:  # noqa: BLE001 - every mistake becomes one plain sentence
            return self._mistake(error)

    def _answer(self, room: Room, asked: Asked, outcome: Any, client: str) -> Answer:
        if isinstance(outcome, DeclinedElicitation):
            return self._gate.settle(room, asked, "reject", f"Declined in {client}.")
        form = outcome.data if isinstance(outcome, AcceptedElicitation) else outcome
        if isinstance(form, Approval | Signed):
            return self._gate.settle(room, asked, form.decision, form.reason)
        why = form.why if isinstance(form, _Held) else f"The question was closed in {client} without an answer."
        return _waiting(asked, why)


def _waiting(asked: Asked, why: str) -> Answer:
    said = f"It waits for a person. {why} Nothing was done; you cannot answer it."
    result = {
        "state": "waiting for a person",
        "gate": asked.gate,
        "question": asked.question,
        "digest": asked.digest,
        "answer_in": [f"the terminal: `{asked.elsewhere}`", "the page: `expcopilot web`"],
    }
    return Answer(said, result, asked.experiment)
