"""What every call works with: the workspace, opened for this call in the name of its person, via the client's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expcopilot.api import Copilot
from expcopilot.surfaces.mcp.files import Folders

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context

__all__ = ["Place", "Room", "client_name"]


@dataclass(frozen=True)
class Place:
    """Where the server works.

    Attributes:
        workspace: The workspace's folder.
        data: Further folders whose files may be read.
    """

    workspace: Path
    data: tuple[Path, ...] = ()

    @contextmanager
    def opened(self, client: str = "MCP") -> Iterator[Room]:
        """The workspace for one call, its settings and its ledger read anew; closed again after it.

        Raises:
            Refused: It is gone, or cannot be read.
        """
        copilot = Copilot.through(self.workspace, client)
        try:
            yield Room(copilot, Folders(self.workspace, self.data))
        finally:
            copilot.workspace.close()


@dataclass(frozen=True)
class Room:
    """One call.

    Attributes:
        copilot: The workspace's verbs, in the name of its person via the client.
        folders: Whose files may be read.
    """

    copilot: Copilot
    folders: Folders

    def looks(self, experiment: str) -> dict[str, int] | None:
        """Looks taken at an experiment so far, and how many showed outcomes; None where there is no such one."""
        if experiment not in self.copilot.ledger.experiments():
            return None
        state = self.copilot.experiment(experiment)
        return {"taken": len(state.looks), "with_outcomes": len(state.outcome_looks)}


def client_name(context: Context[Any, Any]) -> str:
    """What the program at the other end calls itself; "an MCP client" where it does not say."""
    try:
        known = context.session.client_params
    except ValueError:  # no request: called from Python
        known = None
    info = known.client_info if known is not None else None
    return (info.title or info.name) if info is not None and (info.title or info.name) else "an MCP client"
