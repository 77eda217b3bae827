"""The lifecycle's graph for a LangGraph server, as ``langgraph.json`` names it.

A run's input is a turn: ``{"experiment": ..., "turn": ..., "move": "sharpen", "input": {"idea": ...}}``. It stops at
the gate's interrupt; ``{"digest": ..., "action": "approve"}`` under the interrupt's id resumes it. Whoever reaches the
server acts as the workspace's person, so put it behind your own login.
"""

from __future__ import annotations

import os
from typing import Any

from expcopilot.api import Copilot

__all__ = ["FOLDER", "lifecycle"]

FOLDER = "EXPCOPILOT_WORKSPACE"
"""Environment variable that names the workspace's folder; the working directory's workspace where it is not set."""


def lifecycle() -> Any:
    """The compiled graph; the server brings the checkpoints.

    Raises:
        Refused: There is no workspace, or its settings or ledger cannot be read.
    """
    return Copilot.open(os.environ.get(FOLDER) or ".").graph()
