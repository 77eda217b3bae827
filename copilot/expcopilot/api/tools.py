"""The tools a person or an agent may call by name: the catalogue's, and those that need the copilot's own rules."""

from __future__ import annotations

from typing import Any

from copilot_tools import catalogue
from copilot_tools.tool import Tool

__all__ = ["find_tool", "tools"]


def tools() -> tuple[Tool[Any, Any], ...]:
    """Every tool, the catalogue's first."""
    from expcopilot.language.firewall.check_prose import CHECK_PROSE  # noqa: PLC0415 - reads the vocabulary

    return (*catalogue.tools(), CHECK_PROSE)


def find_tool(name: str) -> Tool[Any, Any]:
    """One tool by name.

    Raises:
        Refused: There is none of that name; the nearest are named.
    """
    from expcopilot.language.firewall.check_prose import CHECK_PROSE  # noqa: PLC0415

    return CHECK_PROSE if name == CHECK_PROSE.name else catalogue.find(name)
