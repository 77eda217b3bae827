"""Goes through the product: a variant is read by the scanner, then by the checker, and a person hurries it out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copydesk.desk import hurried, plain, quote, wrote
from copydesk.shelf import shelve
from suite.task import Outcome
from suite.workspaces import object_in, opened, outcome

from claims.case import ClaimsCase
from expcopilot.records.copy import Brief, FieldText, Variant

__all__ = ["perform"]


def perform(case: ClaimsCase, table: Mapping[str, Any], folder: Path) -> Outcome:
    """One variant, from the desk to the files that leave."""
    with opened(folder, table) as copilot:
        shelve(copilot.workspace.folder, case.sources, case.language)
        brief = Brief(
            id="copy",
            channel=case.channel,
            change="The copy is written anew",
            audience="Whoever reads it",
            because="It may be plainer",
            language=case.language,
        )
        variant = Variant(
            id="v1",
            brief=brief.id,
            channel=case.channel,
            mechanism="own",
            fields=tuple(FieldText(name=name, text=text) for name, text in case.text.items()),
            author="person",
            language=case.language,
        )
        (alone,) = plain(copilot.import_variants(brief, [variant], model=None))
        (both,) = plain(copilot.import_variants(brief, [variant]))
        quoted = [quote(copilot, brief.id, "v1", q.claim, q.source, q.words) for q in case.quotes]
        left = hurried(copilot, brief.id, folder.parent / "left")
        return outcome(
            copilot,
            {
                "alone": alone["fields"],
                "both": both["fields"],
                "added": _added(wrote(copilot, "claim_checker")),
                "quoted": quoted,
                "after": left["after"][0]["fields"],
                "rows": left["rows"],
            },
        )


def _added(texts: list[str]) -> list[str]:
    """The words the checker marked, in whichever answer."""
    found: list[str] = []
    for text in texts:
        added = (object_in(text) or {}).get("added", ())
        found += [one["span"] for one in added if isinstance(one, Mapping) and isinstance(one.get("span"), str)]
    return list(dict.fromkeys(found))
