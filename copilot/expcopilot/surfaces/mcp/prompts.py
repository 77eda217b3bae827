"""Prompts: the copilot's roles for an assistant to play, with this workspace's facts, and what it must not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import PromptArgument, UserMessage
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from copilot_tools.refusals import Refused
from expcopilot.flow.role_prompts import MUST_NOT
from expcopilot.surfaces.mcp.room import Place

__all__ = ["role_prompts"]

_ROLES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "sharpener": ("From an idea to a testable hypothesis: what was said, and a question for every hole.",
                  ("idea",), ("channel",)),
    "generator": ("Copy variants that test one hypothesis in different ways.", ("brief",), ("experiment",)),
    "claim_checker": ("The claims in copy that the scanner has missed.", ("brief",), ("experiment",)),
    "skeptic": ("The strongest honest case that a result is noise.", ("experiment",), ()),
    "narrator": ("The prose of a readout, in the names of facts.", ("experiment",), ()),
    "guide": ("An answer to a free question about an experiment, in the names of facts.",
              ("experiment", "question"), ()),
}  # fmt: skip
"""Role -> what it does, what it needs to know, what else it may be told."""

_WORDS = {
    "idea": "The idea in the person's words",
    "channel": "landing-page, email, push, ad or other",
    "brief": "Id of a brief whose copy was brought with `bring_variants`",
    "experiment": "Name of the experiment",
    "question": "The question in the person's words",
}
_AFTER = {
    "sharpener": "Put the open questions to the person, then call `sharpen` with their answers.",
    "generator": "Bring what you write with `bring_variants`; it marks every claim.",
    "claim_checker": "Tell the person what you would add; only code and people settle marks.",
}
_CHECKED = "Pass every statement through `check_draft` with the experiment's name, and show only the texts it returns."


def role_prompts(place: Place) -> tuple[Prompt, ...]:
    """The roles as prompts."""
    return tuple(_prompt(role, place) for role in _ROLES)


def _prompt(role: str, place: Place) -> Prompt:
    does, needs, may = _ROLES[role]
    arguments = [PromptArgument(name=n, description=_WORDS[n], required=n in needs) for n in (*needs, *may)]
    return Prompt(
        name=role,
        title=f"Play the {role.replace('_', ' ')}",
        description=f"{does} Whoever plays it must not {MUST_NOT[role]}.",
        arguments=arguments,
        fn=_fill(role, place),
    )


def _fill(role: str, place: Place) -> Callable[..., list[UserMessage]]:
    def fill(**given: Any) -> list[UserMessage]:
        told = {k: str(v) for k, v in given.items() if k in _WORDS}
        try:
            with place.opened() as room:
                found = room.copilot.role_prompt(role, **told)
        except Refused as refused:
            raise MCPError(code=INVALID_PARAMS, message=str(refused)) from None
        parts = [part.text for part in found.system]
        parts += [part for part in (found.context, found.user) if part]
        parts.append(f"Whoever plays this role must not {MUST_NOT[role]}. {_AFTER.get(role, _CHECKED)}")
        return [UserMessage("\n\n".join(parts))]

    return fill
