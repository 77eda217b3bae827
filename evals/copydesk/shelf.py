"""Sources as a case names them, put into a workspace's library."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from copilot_tools.base import Frozen

__all__ = ["SourceFile", "shelve"]

_LONG = dt.date(2099, 12, 31)


class SourceFile(Frozen):
    """A source of the library.

    Attributes:
        text: What it says.
        kind: What it is, as the library knows kinds: "terms", "survey", "price list", "product sheet", "note" ...
        facts: Name -> the words of it that copy may state; the product's id of one is SOURCE.NAME.
        expires: Last day on which it counts.
    """

    text: Annotated[str, Field(min_length=10)]
    kind: str = "note"
    facts: dict[str, str] = {}
    expires: dt.date = _LONG


def shelve(workspace: Path, sources: Mapping[str, SourceFile], language: str) -> None:
    """Write them, each with Ada as its owner, under the name the case gives it."""
    for name, source in sources.items():
        card = [
            "owner: Ada",
            f"kind: {source.kind}",
            f"expires: {source.expires}",
            f"language: {language}",
            f"facts: {json.dumps(source.facts, ensure_ascii=False)}",
        ]
        text = "\n".join(["---", *card, "---", source.text, ""])
        (workspace / "sources" / f"{name}.md").write_text(text, encoding="utf-8")
