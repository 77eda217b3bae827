"""Ledger heads printed on readouts: kept outside the ledger, they show whether it was cut off or written anew."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["heads_on"]


def heads_on(folder: Path) -> dict[int, str]:
    """Ledger position -> digest, from every readout's JSON document in a folder; other files are passed over."""
    heads: dict[int, str] = {}
    for file in sorted(folder.rglob("*.json")):
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if not isinstance(said, dict):
            continue
        position, digest = said.get("ledger_position"), said.get("ledger_head")
        if isinstance(position, int) and isinstance(digest, str):
            heads[position] = digest
    return heads
