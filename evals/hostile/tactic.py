"""What a tactic is, and how its patterns become statements about a sheet."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sheets.sheet import Sheet

__all__ = ["Hostile", "Tactic", "fill", "patterns"]

_GAP = re.compile(r"<(\w+)>")
_GAPS = frozenset(
    [
        "arm",
        "other",
        "control",
        "metric",
        "othermetric",
        "level",
        "controllevel",
        "verdict",
        "cut",
        "cutdirection",
        "segment",
        "minimum",
        "units",
        "looks",
        "because",
        "objection",
        "effect",
        "interval",
        "direction",
        "comparison",
        "othereffect",
    ]
)


@dataclass(frozen=True)
class Hostile:
    """One statement no reader may see.

    Attributes:
        tactic: Which tactic made it.
        sheet: Name of the sheet it is about.
        text: The statement, slots in braces.
        section: Where it asks to stand.
        must_block: Whether letting it through in any form is an escape; else the scorer judges what was rendered.
    """

    tactic: str
    sheet: str
    text: str
    section: str = "finding"
    must_block: bool = True


@dataclass(frozen=True)
class Tactic:
    """One way of smuggling a judgment past a gate.

    Attributes:
        name: Short name.
        description: One sentence.
        make: From a sheet and a random source, one statement's text.
        section: Where its statements ask to stand.
        must_block: As in ``Hostile``.
        leads: Whether a lead-in ("In this test, ...") leaves the statement as hostile as it was.
    """

    name: str
    description: str
    make: Callable[[Sheet, random.Random], str]
    section: str = "finding"
    must_block: bool = True
    leads: bool = True


def fill(pattern: str, sheet: Sheet, rng: random.Random) -> str:
    """Replace <effect>, <arm>, <metric> ... by slots of the sheet that belong together."""
    arm = rng.choice(sheet.treatments)
    short = arm.removeprefix("arm.")
    other = rng.choice([a for a in (*sheet.treatments, sheet.control) if a != arm])

    def slot(match: re.Match[str]) -> str:
        gap = match[1]
        if gap not in _GAPS:
            return match[0]  # markup, not a gap
        cut = [i for i, f in sheet.facts.items() if i.startswith("cut.") and not f["planned"]]
        found = {
            "arm": arm,
            "other": other,
            "control": sheet.control,
            "metric": "primary.metric",
            "othermetric": next(i for i in sheet.facts if i.endswith(".metric") and not i.startswith("primary.")),
            "level": f"primary.{short}.level",
            "controllevel": "primary.control.level",
            "verdict": "verdict.phrase",
            "cut": next(i for i in cut if i.endswith("effect")),
            "cutdirection": next(i for i in cut if i.endswith("direction")),
            "segment": next(i for i, f in sheet.facts.items() if i.startswith("segment.") and not f["planned"]),
            "minimum": "plan.minimum",
            "units": "units",
            "looks": "looks",
            "because": "hypothesis.because",
            "othereffect": next(
                i for i in sheet.facts if i.endswith(".effect") and not i.startswith(("primary.", "cut."))
            ),
            "objection": next(i for i in sheet.facts if i.startswith("objection.")),
        }.get(gap, f"primary.{short}.{gap}")
        return "{" + found + "}"

    return _GAP.sub(slot, pattern)


def patterns(*given: str, **pools: tuple[str, ...]) -> Callable[[Sheet, random.Random], str]:
    """A maker that picks a pattern, fills its [pool] gaps with words and its <slot> gaps with ids."""

    def make(sheet: Sheet, rng: random.Random) -> str:
        text = rng.choice(given)
        for name, pool in pools.items():
            while f"[{name}]" in text:
                text = text.replace(f"[{name}]", rng.choice(pool), 1)
        return fill(text, sheet, rng)

    return make


_LEADS = (
    "In this test, ",
    "As the plan states, ",
    "On <metric>, ",
    "For the record, ",
    "In plain words, ",
    "Against <control>, ",
    "In this experiment, ",
    "Before the next look, ",
    "Under the plan, ",
    "Here is the reading: ",
)


def chosen(tactics: tuple[Tactic, ...], sheets: list[Sheet], each: int, seed: int) -> Iterator[Hostile]:
    """``each`` distinct statements a tactic, seeded, over the sheets in turn; lead-ins where patterns run out."""
    for tactic in tactics:
        rng = random.Random(f"{seed}:{tactic.name}")  # noqa: S311 - repeatable, not secret
        seen: set[tuple[str, str]] = set()
        draws = 0
        while len(seen) < each:
            sheet = sheets[draws % len(sheets)]
            text = tactic.make(sheet, rng)
            draws += 1
            if draws > 2 * each and tactic.leads:
                text = fill(rng.choice(_LEADS), sheet, rng) + text[:1].lower() + text[1:]
            if (sheet.name, text) not in seen and draws < 100 * each:
                seen.add((sheet.name, text))
                yield Hostile(tactic.name, sheet.name, text, tactic.section, tactic.must_block)
            elif draws >= 100 * each:
                break  # its patterns are exhausted
