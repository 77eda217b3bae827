"""How much honest prose the firewall keeps back, and how much is left after the one repair turn a model is given.

``python -m honest.measure`` prints both shares for each set. A set is a folder of ``NAME.yaml`` (statements by sheet
and section, written without sight of the vocabulary after it was frozen) and ``NAME.repaired.yaml`` (one new version of
each statement that was kept back then, written from the reasons alone).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from sheets.sheet import analyses

from expcopilot.language.firewall.check import check
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Blocked, Statement

__all__ = ["Share", "kept_back", "measure", "sets"]

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Share:
    """What became of a set.

    Attributes:
        statements: How many were written.
        at_first: How many are kept back as written.
        after_repair: How many of these are kept back in their repaired version, too, or have none.
    """

    statements: int
    at_first: int
    after_repair: int


def sets() -> list[Path]:
    """The folders of statements, oldest first."""
    return sorted(path for path in _HERE.iterdir() if path.is_dir() and any(path.glob("*.yaml")))


def measure(folder: Path) -> Share:
    """Both shares for one set, against the firewall as it is now."""
    written = [p for p in sorted(folder.glob("*.yaml")) if not p.name.endswith(".repaired.yaml")]
    total = first = after = 0
    for path in written:
        count, blocked = kept_back(path)
        _, still = kept_back(path.with_suffix(".repaired.yaml"))
        total, first = total + count, first + len(blocked)
        after += min(len(still), len(blocked))
    return Share(total, first, after)


def kept_back(path: Path) -> tuple[int, list[Blocked]]:
    """How many statements a file holds, and those the firewall keeps back."""
    sheets = {s.name: s for s in analyses()}
    facts = {name: {i: Fact(id=i, **f) for i, f in s.facts.items()} for name, s in sheets.items()}
    count, blocked = 0, []
    for name, sections in YAML(typ="safe").load(path.read_text(encoding="utf-8")).items():
        for section, texts in sections.items():
            for text in texts:
                count += 1
                found = check(Statement(text=text, section=section), facts[name], verdict_row=sheets[name].row)
                if isinstance(found, Blocked):
                    blocked.append(found)
    return count, blocked


if __name__ == "__main__":
    for folder in sets():
        share = measure(folder)
        sys.stdout.write(
            f"{folder.name}: {share.statements} statements, {share.at_first} kept back at first "
            f"({share.at_first / share.statements:.1%}), {share.after_repair} after one repair turn "
            f"({share.after_repair / share.statements:.1%})\n"
        )
