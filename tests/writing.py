"""A marketer's workspace for tests of copy: a brief, a source, variants, and a model that writes and checks them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from expcopilot.api import Copilot
from expcopilot.records.copy import Brief, FieldText, Variant
from loopback.replies import Said

__all__ = ["BRIEF", "CSV", "FACT", "SOURCE", "TEXT", "brief", "library", "on_the_wire", "seen", "variant", "written"]

BRIEF = """\
# Spring pause

Channel: push
Change: The message names the pause instead of the discount
Audience: Subscribers who have not ordered for a month
Because: Many subscribers only want a break
Variants: 3

## Keep away
- Come back and save

## Notes
No exclamation marks.
"""

SOURCE = """\
Pause terms

Subscribers can pause for one, two or three months and are not charged while paused. In May, 41.3% of those who paused
came back on their own.
"""
FACT = "41.3% of those who paused came back on their own"

TEXT = {
    "v1": ("Take a break", "Put the box on hold. Tap the calendar and choose a day."),
    "v2": ("Over 40% come back", "Over 40% of those who paused came back on their own."),
    "v3": ("Here is your menu", "Open the app and see the menu."),
}

CSV = "id,mechanism,title,body\n" + "".join(f'{i},own,"{t}","{b}"\n' for i, (t, b) in TEXT.items())


def brief(**changed: object) -> Brief:
    """The brief as a record."""
    given = {
        "id": "spring",
        "channel": "push",
        "change": "The message names the pause instead of the discount",
        "audience": "Subscribers who have not ordered for a month",
        "because": "Many subscribers only want a break",
    }
    return Brief.model_validate({**given, **changed})


def variant(name: str = "v1", title: str = "", body: str = "", **changed: object) -> Variant:
    """One variant a person wrote."""
    texts = (title or TEXT[name][0], body or TEXT[name][1])
    fields = tuple(FieldText(name=n, text=t) for n, t in zip(("title", "body"), texts, strict=True))
    given = {"id": name, "brief": "spring", "channel": "push", "mechanism": "own", "fields": fields, "author": "person"}
    return Variant.model_validate({**given, **changed})


def library(folder: Path) -> None:
    """The pause terms, among the workspace's sources."""
    (folder / "sources" / "pause-terms.md").write_text(
        f"---\nowner: Ada\nkind: terms\nexpires: 2099-01-01\n---\n{SOURCE}", encoding="utf-8"
    )


def written(copilot: Copilot, *names: str, **texts: tuple[str, str]):
    """Variants brought to the brief ``spring``; ``texts`` replaces title and body of one."""
    made = [variant(n, *texts.get(n, TEXT[n])) for n in names or TEXT]
    return copilot.import_variants(brief(), made, model=None)


def seen(copilot: Copilot, variant: str, brief: str = "spring", experiment: str = "") -> str:
    """The digest of a variant as it stands now: what a person who has just read it would name."""
    reviews = copilot.copy(brief, experiment=experiment).reviews
    return next(r.digest for r in reviews if r.variant.id == variant)


def on_the_wire(draft=None, check=None):
    """A model as a script of the loopback server: ``draft`` (user turn -> variants), ``check`` (user turn -> added)."""

    def script(body: dict) -> Said:
        system = " ".join(part["text"] for part in body["system"])
        told = body["messages"][-1]["content"]
        told = told if isinstance(told, str) else " ".join(block.get("text", "") for block in told)
        if "Your role: the variant generator" in system:
            return Said(text=json.dumps({"variants": draft(told) if draft else _drafts(told)}))
        if "Your role: the claim checker" in system:
            return Said(text=json.dumps({"added": check(told) if check else []}))
        raise AssertionError(f"no script for {system[:200]!r}")

    return script


def _drafts(told: str) -> list[dict]:
    """Three honest variants, a mechanism each of those to be covered."""
    listed = re.search(r"<mechanisms fence=.*?>\n(.*?)\n</mechanisms", told, re.DOTALL)
    names = [json.loads(line) for line in (listed[1] if listed else "").splitlines()]
    rows = zip(TEXT.values(), names, strict=False)
    return [
        {"mechanism": name, "fields": [{"name": "title", "text": t}, {"name": "body", "text": b}], "facts": []}
        for (t, b), name in rows
    ]
