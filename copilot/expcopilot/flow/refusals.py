"""Refused attempts on record: every attempt counts."""

from __future__ import annotations

import uuid

from copilot_tools.refusals import Refused
from expcopilot.records.entry import Draft
from expcopilot.records.events import RefusedCommand

__all__ = ["refusal_draft"]


def refusal_draft(experiment: str, command: str, refused: Refused, *, actor: str) -> Draft:
    """The entry that keeps a refused attempt, each under a key of its own.

    Args:
        experiment: Whose record it belongs to.
        command: What was attempted.
        refused: Why it was refused.
        actor: Who attempted it.
    """
    record = RefusedCommand(command=command, refusals=refused.refusals)
    key = f"refused/{uuid.uuid4().hex}"
    return Draft(experiment=experiment, kind="refused", actor=actor, payload=record.to_json(), key=key)
