"""What all visits share: the workspace's folder, its people's desks, the door, and the turns that are running."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from expcopilot.api import Copilot
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.surfaces.web.identity import Door
from expcopilot.surfaces.web.last_check import LastCheck
from expcopilot.surfaces.web.one_at_a_time import OneAtATime
from expcopilot.surfaces.web.turns import Turns
from expcopilot.surfaces.web.workers import Workers

__all__ = ["Office"]


class Office:
    """One workspace, open to its people.

    Attributes:
        folder: The workspace's.
        door: Who may come in.
        reading: Through which data is read, one file at a time.
        check: The last time everything was verified here.
        turns: Answers on their way.
        workers: Runs of many briefs that are worked on.
    """

    def __init__(self, folder: str | Path) -> None:
        """Open a workspace.

        Raises:
            Refused: There is none, or it cannot be read.
        """
        first = Copilot.open(folder)
        self.folder = first.workspace.folder
        self.door = Door(self.folder)
        self.reading = OneAtATime()
        self.check = LastCheck()
        self.turns = Turns()
        self.workers = Workers(self.folder)
        self._desks = {first.workspace.actor: first}
        self._lock = threading.Lock()
        self._model: MessagesApi | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Who may come in, as they stand in the record."""
        first = next(iter(self._desks.values()))
        return tuple(map(str, first.workspace.settings.everybody))

    def copilot(self, person: str) -> Copilot:
        """The workspace with this person acting.

        Raises:
            Refused: The settings name no such person.
        """
        with self._lock:
            if person not in self._desks:
                self._desks[person] = Copilot.open(self.folder, person=person)
            return self._desks[person]

    def model(self) -> MessagesApi | None:
        """The workspace's language model, one for all turns: its connections are kept; None where none is set up.

        Raises:
            ModelFailed: The settings name a variable for its key, and that is empty.
        """
        with self._lock:
            if self._model is None:
                self._model = next(iter(self._desks.values())).model()
            return self._model

    def close(self) -> None:
        """End the turns that run, and close every connection."""
        self.turns.close()
        self.workers.close()
        with self._lock:
            if self._model is not None:
                self._model.close()
            for desk in self._desks.values():
                desk.workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
