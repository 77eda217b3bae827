"""A workspace: one folder with one settings file, one ledger, and the sources, plans and readouts beside it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from copilot_tools.refusals import Refused
from copilot_tools.wording.plain import shortened
from expcopilot.memory import settings as settings_file
from expcopilot.memory.data_files import DataFolder
from expcopilot.memory.settings import FILE_NAME, Settings
from expcopilot.memory.sqlite_ledger import SqliteLedger
from expcopilot.memory.whole_file import write_whole

__all__ = ["Workspace"]

FOLDERS = ("sources", "plans", "readouts")

_NO_ADDRESS = str.maketrans("<>@", "   ")


class Workspace:
    """A folder in which experiments are run.

    Attributes:
        folder: Its absolute path.
        settings: What its settings file says.
        via: The program through which its person acts, beside the copilot's own; "" for none.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with Workspace.create(Path(folder), person="Ada", email="ada@example.com") as workspace:
        ...         print(workspace.actor, workspace.ledger.head()[0])
        Ada <ada@example.com> 0
    """

    def __init__(self, folder: Path, settings: Settings, *, via: str = "") -> None:
        self.folder = folder
        self.settings = settings
        self.via = via

    @classmethod
    def create(
        cls, folder: Path | str, *, person: str, email: str = "", organisation: str = "", currency: str = ""
    ) -> Workspace:
        """Make a workspace; one that was left half made is completed, and nothing in it is lost.

        Args:
            folder: Where; made when absent. Other files in it are left alone.
            person: Who acts in it.
            email: Their address.
            organisation: For whom.
            currency: ISO 4217 code that new plans name.

        Raises:
            Refused: ``workspace.exists`` when there is one; ``workspace.cannot_write``; ``settings.invalid``; and what
                keeps the ledger from being made.
        """
        settings = settings_file.from_data(
            {"person": {"name": person, "email": email}, "organisation": {"name": organisation, "currency": currency}},
            name="new workspace",
        )
        path = _absolute(folder)
        if (path / FILE_NAME).exists():
            raise _exists(path)
        try:
            for name in ("", *FOLDERS):
                (path / name).mkdir(parents=True, exist_ok=True)
            _make_ledger(path / "ledger.sqlite")
            # Last, because its presence is what makes the folder a workspace.
            write_whole(path / FILE_NAME, settings_file.render(settings), overwrite=False)
        except OSError as error:
            if (path / FILE_NAME).exists():  # somebody else was first
                raise _exists(path) from error
            raise Refused.because(
                "workspace.cannot_write",
                f"No workspace can be made in {path}: {error.strerror or error}.",
                "Choose a folder you may write to.",
                name="folder",
                value=str(path),
            ) from error
        return cls(path, settings)

    @classmethod
    def open(cls, folder: Path | str) -> Workspace:
        """The workspace in exactly this folder.

        Raises:
            Refused: ``workspace.not_found``, or what is wrong with its settings.
        """
        path = _absolute(folder)
        if not (path / FILE_NAME).is_file():
            raise _not_found(path, f"{path} holds no {FILE_NAME}, so it is no workspace.")
        return cls(path, settings_file.load(path / FILE_NAME))

    @classmethod
    def find(cls, start: Path | str = ".") -> Workspace:
        """The workspace around a folder or file: the nearest folder upwards that holds a settings file.

        Raises:
            Refused: ``workspace.not_found``, or what is wrong with its settings.
        """
        path = _absolute(start)
        for folder in (path, *path.parents):
            if (folder / FILE_NAME).is_file():
                return cls.open(folder)
        raise _not_found(path, f"Neither {path} nor any folder above it holds a workspace ({FILE_NAME}).")

    @property
    def actor(self) -> str:
        """Who acts: the one door through which identity enters the ledger."""
        person = str(self.settings.person)
        return f"{person} via {self.via}" if self.via else person

    def through(self, program: str) -> Workspace:
        """The same workspace, in which the person acts through another program: every entry says so.

        Args:
            program: What the program calls itself; kept on one visible line of at most 60 characters, without the
                signs of an address, so that no program's name reads like a person's.
        """
        name = shortened(program.translate(_NO_ADDRESS), 60)
        return Workspace(self.folder, self.settings, via=name or "another program")

    def acting_as(self, name: str) -> Workspace:
        """The same workspace with another of its people acting; it opens a ledger connection of its own.

        Raises:
            Refused: ``workspace.nobody``: the settings name no such person.
        """
        person = next((p for p in self.settings.everybody if str(p) == name), None)
        if person is None:
            raise Refused.because(
                "workspace.nobody",
                f"{name!r} is nobody in this workspace (known: {', '.join(map(str, self.settings.everybody))}).",
                f"Name them in {FILE_NAME} under [people].",
                name="person",
                value=name,
            )
        return Workspace(self.folder, self.settings.model_copy(update={"person": person}))

    @property
    def sources(self) -> Path:
        """Folder of the evidence library."""
        return self.folder / "sources"

    @property
    def data(self) -> DataFolder:
        """Folder of data files that were brought here; made at the first of them."""
        return DataFolder(self.folder / "data")

    @property
    def plans(self) -> Path:
        """Folder of plan files."""
        return self.folder / "plans"

    @property
    def readouts(self) -> Path:
        """Folder of readouts."""
        return self.folder / "readouts"

    @property
    def ledger_path(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger.sqlite"

    @cached_property
    def ledger(self) -> SqliteLedger:
        """The ledger, opened at first use.

        Raises:
            Refused: As ``SqliteLedger.open``: a workspace whose ledger is gone is damaged, never silently begun anew.
        """
        return SqliteLedger.open(self.ledger_path)

    def close(self) -> None:
        """Close the ledger, if it was opened."""
        if ledger := self.__dict__.pop("ledger", None):
            ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _absolute(path: Path | str) -> Path:
    return Path(path).expanduser().resolve()


def _exists(path: Path) -> Refused:
    return Refused.because(
        "workspace.exists",
        f"There is already a workspace in {path}.",
        f"Work in it as it is (settings: {FILE_NAME}), or choose another folder.",
        name="folder",
        value=str(path),
    )


def _not_found(path: Path, reason: str) -> Refused:
    return Refused.because(
        "workspace.not_found",
        reason,
        "Go to the folder of your workspace, or make one with `expcopilot init`.",
        name="folder",
        value=str(path),
    )


def _make_ledger(path: Path) -> None:
    try:
        SqliteLedger.create(path).close()
    except Refused as refused:
        if refused.refusals[0].code != "ledger.exists":
            raise
