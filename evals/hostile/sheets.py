"""Fact sheets the tactics work on: plain data, so that any firewall can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

__all__ = ["Sheet", "sheets"]

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
    def control(self) -> str:
        """Id of the control's name."""
        return "arm.control"

    @property
    def treatments(self) -> list[str]:
        """Ids of the treatments' names."""
        return [i for i in self.ids("name") if i.startswith("arm.") and i != self.control]


def sheets(path: Path | None = None) -> list[Sheet]:
    """The sheets shipped, or those of another file of the same form."""
    read = YAML(typ="safe").load((path or Path(__file__).with_name("sheets.yaml")).read_text(encoding="utf-8"))
    return [
        Sheet(
            name,
            body["row"],
            {i: dict(zip(_FIELDS, values, strict=True)) for i, values in body["facts"].items()},
        )
        for name, body in read.items()
    ]
