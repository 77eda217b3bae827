"""Settings to paste into a client: the command of this very installation, and this workspace."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["CLIENTS", "client_config", "launch"]

CLIENTS: dict[str, tuple[str, str]] = {
    "claude-desktop": (
        "mcpServers",
        "Settings > Developer > Edit Config (claude_desktop_config.json), then restart Claude Desktop",
    ),
    "cursor": ("mcpServers", "~/.cursor/mcp.json for all projects, or .cursor/mcp.json in one"),
    "vscode": ("servers", ".vscode/mcp.json in the project, or the command 'MCP: Open User Configuration'"),
}
"""Client -> the key its servers stand under, and where its settings are."""


def launch(workspace: Path, data: Iterable[Path] = (), *, few: bool = False) -> tuple[str, list[str]]:
    """The command that starts the server from anywhere, and its arguments; every path is absolute."""
    beside = Path(sys.executable).with_name("expcopilot.exe" if sys.platform == "win32" else "expcopilot")
    command, first = (
        (beside, []) if beside.is_file() else (Path(sys.executable), ["-m", "expcopilot.surfaces.cli.main"])
    )
    allowed = [word for folder in data for word in ("--data", str(folder.expanduser().resolve()))]
    return str(command), [*first, "-C", str(workspace), "mcp", *allowed, *(["--few"] if few else [])]


def client_config(client: str, workspace: Path, data: Iterable[Path] = (), *, few: bool = False) -> dict[str, Any]:
    """What to paste for a client of ``CLIENTS``."""
    command, arguments = launch(workspace, data, few=few)
    server: dict[str, Any] = {"command": command, "args": arguments}
    if client == "vscode":
        server = {"type": "stdio", **server}
    return {CLIENTS[client][0]: {"expcopilot": server}}
