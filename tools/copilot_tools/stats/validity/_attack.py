"""How an attack words what it found: one shape for found, nothing found and not assessable."""

from __future__ import annotations

from typing import NamedTuple

from copilot_tools.results import Objection, Severity
from copilot_tools.stats.validity.levels import LEVELS, Level

__all__ = ["Attack", "listed", "plural"]


class Attack(NamedTuple):
    """One attack: its stable id (the file's name with dashes) and its title."""

    id: str
    title: str

    @property
    def level(self) -> Level:
        """When it speaks up."""
        return LEVELS[self.id]

    def finds(
        self,
        severity: Severity,
        sentence: str,
        *,
        value: float,
        unit: str,
        details: tuple[str, ...] = (),
        units: int | None = None,
    ) -> Objection:
        """What was found (or that nothing was: severity "none"), with its number."""
        return Objection(
            id=self.id,
            title=self.title,
            severity=severity,
            value=value,
            unit=unit,
            sentence=sentence,
            details=details,
            units=units,
        )

    def cannot(self, missing: str, details: tuple[str, ...] = ()) -> Objection:
        """Not assessable, because of ``missing`` (a clause that follows "because")."""
        sentence = f"Not assessable with this data, because {missing.rstrip('.')}."
        return Objection(id=self.id, title=self.title, severity="not assessable", sentence=sentence, details=details)


def plural(n: float, one: str, many: str | None = None) -> str:
    """A count n in words, such as 1 -> "1 unit", 2000 -> "2,000 units"."""
    return f"{n:,.0f} {one if n == 1 else many or one + 's'}"


def listed(words: tuple[str, ...] | list[str], at_most: int = 5) -> str:
    """Words as in a sentence, at_most of them by name: "a, b and c"; "a, b, c, d, e and 3 more"."""
    shown = list(words[:at_most])
    if len(words) > at_most:
        shown.append(f"{len(words) - at_most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
