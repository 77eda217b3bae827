"""Data files brought into a workspace: streamed to the disk, whole or not there, never one in another's place."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from copilot_tools.refusals import Refused
from expcopilot.memory.whole_file import take_name

__all__ = ["ENDINGS", "DataFile", "DataFolder"]

ENDINGS = (
    *(".csv", ".csv.gz", ".tsv", ".tsv.gz", ".tab", ".txt", ".txt.gz"),
    *(".parquet", ".pq", ".xlsx", ".xlsm", ".yaml", ".yml", ".json"),
)
"""How names of data files end; the last three hold summary counts."""

_COMING = ".coming-"
_LEFT_SECONDS = 600.0
"""A file on its way in that nobody has written to for so long was left by a kill."""
_LONGEST_NAME = 100
"""Bytes of a name without its ending."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)$")


class DataFile(NamedTuple):
    """A file that is here.

    Attributes:
        name: In the folder.
        size: Bytes.
        changed: When it was brought, in seconds since 1970.
    """

    name: str
    size: int
    changed: float


class DataFolder:
    """The folder of data files of a workspace.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self) -> tuple[DataFile, ...]:
        """What is here, the newest first; a file on its way in is not here yet."""
        found = []
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.path):
                if self._is_ours(entry.name) and entry.is_file(follow_symlinks=False):
                    stat = entry.stat(follow_symlinks=False)
                    found.append(DataFile(entry.name, stat.st_size, stat.st_mtime))
        return tuple(sorted(found, key=lambda file: (-file.changed, file.name)))

    def file(self, name: str) -> Path:
        """The path of a file that is here.

        Raises:
            Refused: ``data.unknown_file``: there is none of this name, and no name leads out of the folder.
        """
        path = self.path / name if self._is_ours(name) else self.path
        if not path.is_file() or path.is_symlink():
            raise Refused.because(
                "data.unknown_file",
                f"There is no data file {name!r} in this workspace.",
                "Bring it again, or choose one of those that are here.",
                name="file",
                value=name,
            )
        return path

    @contextmanager
    def coming(self) -> Iterator[BinaryIO]:
        """A file to write into, which is gone at the end of the block unless ``keep`` gave it a name.

        Raises:
            Refused: ``data.cannot_write``.
        """
        with _explained(self.path):
            self.path.mkdir(exist_ok=True)
            self.sweep()
            stream = (self.path / f"{_COMING}{secrets.token_hex(8)}").open("x+b")
        try:
            with stream:
                yield stream
        finally:
            Path(stream.name).unlink(missing_ok=True)

    def keep(self, stream: BinaryIO, name: str) -> str:
        """Give what was written the name it came with, made safe; returns the name it has now.

        The same bytes under the same name are kept once; other bytes get a number: ``results-2.csv``.

        Args:
            stream: Of ``coming``, written whole.
            name: As the person's computer calls it.

        Raises:
            Refused: ``data.empty``; ``data.ending`` as ``safe_name``; ``data.cannot_write``.
        """
        safe = self.safe_name(name)
        with _explained(self.path):
            stream.flush()
            size = os.fstat(stream.fileno()).st_size
            if size == 0:
                raise Refused.because(
                    "data.empty", f"{safe} is empty: 0 bytes came.", "Export the data again.", name="file", value=0
                )
            os.fsync(stream.fileno())
            digest = _digest(Path(stream.name))
            for candidate in _numbered(safe):
                target = self.path / candidate
                try:
                    take_name(Path(stream.name), target)
                except FileExistsError:
                    if target.is_file() and target.stat().st_size == size and _digest(target) == digest:
                        return candidate
                    continue
                return candidate
        raise AssertionError("there is always another number")  # pragma: no cover

    @staticmethod
    def safe_name(name: str) -> str:
        """A name as it may stand in the folder: no folder, nothing hidden, no sign that means something elsewhere.

        Raises:
            Refused: ``data.ending``: it does not end as a data file does.
        """
        plain = re.split(r"[/\\]", name)[-1].strip()
        ending = max((e for e in ENDINGS if plain.lower().endswith(e)), key=len, default="")
        if not ending:
            raise Refused.because(
                "data.ending",
                f"{plain[:_LONGEST_NAME] or 'A file without a name'!r} is of no format known here.",
                "Bring a .csv (also .gz), .tsv, .parquet or .xlsx file; or summary counts as .csv or .yaml.",
                name="file",
                value=plain[:_LONGEST_NAME],
            )
        stem = re.sub(r"[^\w.-]+", "-", plain[: -len(ending)]).strip("-._")
        stem = stem.encode()[:_LONGEST_NAME].decode(errors="ignore").rstrip("-._") or "data"
        return f"{f'data-{stem}' if _RESERVED.match(stem) else stem}{ending.lower()}"

    def sweep(self) -> None:
        """Remove what a kill left half written."""
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.path):
                if entry.name.startswith(_COMING):
                    with suppress(FileNotFoundError):
                        if time.time() - entry.stat(follow_symlinks=False).st_mtime > _LEFT_SECONDS:
                            Path(entry.path).unlink()

    @staticmethod
    def _is_ours(name: str) -> bool:
        return not name.startswith(".") and not re.search(r"[/\\\x00]", name) and name.lower().endswith(ENDINGS)


def _numbered(name: str) -> Iterator[str]:
    yield name
    ending = max((e for e in ENDINGS if name.endswith(e)), key=len)
    for n in range(2, 1 << 20):
        yield f"{name[: -len(ending)]}-{n}{ending}"


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused.because(
            "data.cannot_write",
            f"The file cannot be kept in {folder.name}: {error.strerror or error}.",
            "Free some space, or make the workspace's folder writable; then bring it again.",
            name="folder",
            value=str(folder),
        ) from error
