"""Goes through the product: variants are drafted for a brief and checked, a person in a hurry decides, copy leaves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copydesk.desk import decisions, hurried, plain, wrote
from copydesk.shelf import shelve
from suite.task import Outcome
from suite.workspaces import opened, outcome

from copilot_tools.refusals import Refused
from variants.case import VariantsCase

__all__ = ["perform"]


def perform(case: VariantsCase, table: Mapping[str, Any], folder: Path) -> Outcome:
    """One brief, from the draft to the files that leave."""
    with opened(folder, table) as copilot:
        shelve(copilot.workspace.folder, case.sources, case.language)
        usable = {fact.id: fact.quotation for fact in copilot.standards().library.facts()}
        given = [name for name in case.facts or usable if name in usable]
        told = {
            "facts": {name: usable[name] for name in given},
            "mechanisms": list(case.mechanisms or copilot.standards().mechanisms(case.brief)),
            "sources": {name: source.text for name, source in case.sources.items()},
        }
        try:
            reviewed = copilot.draft_variants(case.brief)
        except Refused as refused:  # nothing usable came: no variant stands, and the reader is told why
            none = {"drafted": [], "notes": [str(refused)], "refused": [], "after": [], "rows": [], "kept_in": ""}
            seen = {**told, **none, "raw": _raw(wrote(copilot, "generator")), "acts": decisions(copilot)}
            return outcome(copilot, seen)
        before = decisions(copilot)
        left = hurried(copilot, case.brief.id, folder.parent / "left")
        by_person = left.pop("acts")
        seen = {
            **told,
            **left,
            "drafted": plain(reviewed),
            "notes": list(reviewed.notes),
            "refused": [one.variant.id for one in reviewed.refused],
            "raw": _raw(wrote(copilot, "generator")),
            "acts": before + abs(decisions(copilot) - before - by_person),
        }
        return outcome(copilot, seen)


def _raw(texts: list[str]) -> list[dict[str, Any]]:
    """The variants the model wrote first, whatever became of them: the first answer that holds a text."""
    for text in texts:
        try:
            data = json.loads(text)
            found = [
                {
                    "mechanism": str(one["mechanism"]),
                    "facts": [str(fact) for fact in one.get("facts", ())],
                    "fields": [{"name": str(f["name"]), "text": str(f["text"])} for f in one["fields"]],
                }
                for one in data["variants"]
            ]
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if any(variant["fields"] for variant in found):
            return found
    return []
