"""The verb that keeps evidence: a file taken into the source library, confirmed after a change, or renewed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from copilot_tools.refusals import Refused
from expcopilot.api.desk import Desk
from expcopilot.memory.adding_sources import add_source
from expcopilot.memory.source_cards import CARD_FILE, load_cards
from expcopilot.memory.sources import Source, SourceLibrary

__all__ = ["SourceKeeping"]


class SourceKeeping(Desk):
    """The evidence library of a workspace, and what is said about each source."""

    def library(self) -> SourceLibrary:
        """The evidence library as it counts today; ask again to see changes.

        Raises:
            Refused: Its folder cannot be read.
        """
        return SourceLibrary(self.workspace.sources, self.today())

    def add_source(self, file: Path, said: Mapping[str, Any]) -> Source:
        """Take a file into the library; or confirm it after its text has changed; or renew it with a later last day.

        What was said of it before and is not said again stays. Nobody named answers for it: the person who acts does.

        Args:
            file: The file, in the folder of sources or elsewhere.
            said: Fields of a card, as plain data: owner, kind, expires, title, id, language, facts.

        Raises:
            Refused: ``source.expires_past``; or as ``memory.adding_sources.add_source``.
        """
        today, folder = self.today(), self.workspace.sources
        _refuse_if_past(said.get("expires"), today)
        owner = said.get("owner") or _owner_before(folder, file) or self.workspace.settings.person.name
        name = add_source(folder, file, {**said, "owner": owner})
        return SourceLibrary(folder, today).find(name)


def _refuse_if_past(expires: object, today: date) -> None:
    """Refuse a last day that is over: the source would count for nothing. What is no date, its card refuses."""
    try:
        last = date.fromisoformat(expires) if isinstance(expires, str) else None
    except ValueError:
        return
    if last is not None and last < today:
        raise Refused.because(
            "source.expires_past",
            f"expires is {last.isoformat()}, but must be today ({today.isoformat()}) or later: the source would "
            "count for nothing.",
            "Give the last day on which its owner stands by it; leave it out where there is none.",
            name="expires",
            value=last.isoformat(),
        )


def _owner_before(folder: Path, file: Path) -> str:
    card = load_cards(folder / CARD_FILE).get(file.name)
    owner = card.get("owner") if isinstance(card, dict) else None
    return owner if isinstance(owner, str) else ""
