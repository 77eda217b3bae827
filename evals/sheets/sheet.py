"""Fact sheets as plain data, so that statements can be tried on any firewall."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

__all__ = ["Sheet", "analyses", "sheets"]

_FIELDS = ("kind", "text", "value", "unit", "metric", "arm", "part", "planned")


@dataclass(frozen=True)
class Sheet:
    """One experiment's facts.

    Attributes:
        name: Of the experiment.
        row: Row of the verdict table it stands on.
        facts: By id, each a mapping with kind, text, value, unit, metric, arm, part, planned.
    """

    name: str
    row: str
    facts: dict[str, dict[str, Any]]

    def ids(self, *kinds: str, planned: bool | None = True) -> list[str]:
        """Ids of these kinds, in order; ``planned`` None takes both."""
        return [i for i, f in self.facts.items() if f["kind"] in kinds and planned in {None, f["planned"]}]

    def of(self, kind: str, *, primary: bool = True) -> str:
        """One id of a kind: of a treatment's primary metric, or of another metric."""
        return next(i for i in self.ids(kind) if i.startswith("primary.") == primary and "control" not in i)

    @property
    def full(self) -> bool:
        """Whether it has all that a statement may point to: an effect, another metric, a cut and an objection."""
        ends = [i.rpartition(".")[2] for i in self.facts if i.startswith("cut.")]
        others = [i for i in self.facts if i.startswith(("secondary.", "guardrail.")) and i.endswith(".effect")]
        return "direction" in ends and "effect" in ends and bool(others and self.ids("objection", "comparison"))

    @property
    def control(self) -> str:
        """Id of the control's name."""
        return "arm.control"

    @property
    def treatments(self) -> list[str]:
        """Ids of the treatments' names."""
        return [i for i in self.ids("name") if i.startswith("arm.") and i != self.control]


def sheets(path: Path) -> list[Sheet]:
    """The sheets of a file in the form of ``sheets.yaml``."""
    read = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return [
        Sheet(
            name,
            body["row"],
            {i: dict(zip(_FIELDS, values, strict=True)) for i, values in body["facts"].items()},
        )
        for name, body in read.items()
    ]


@cache
def analyses() -> tuple[Sheet, ...]:
    """The sheets of real and seeded experiments that ``build.py`` wrote."""
    return tuple(sheets(Path(__file__).with_name("sheets.yaml")))
