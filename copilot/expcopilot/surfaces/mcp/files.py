"""Which files may be read: those inside folders a person allowed, wherever a path, a link or an address points."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.warehouse.address import is_address

__all__ = ["Folders"]

_PATTERN = frozenset("*?[]{}")


class Folders:
    """The workspace's folder, and those that were named when the server was started.

    Args:
        workspace: Relative paths are looked for here first.
        others: Further folders.
    """

    def __init__(self, workspace: Path, others: Iterable[Path] = ()) -> None:
        self.roots = tuple(dict.fromkeys(p.expanduser().resolve() for p in (workspace, *others)))

    def find(self, given: str) -> Path:
        """The file a path names, links followed.

        Raises:
            Refused: It is an address, a pattern, or no file; or it lies outside of every folder that is allowed.
        """
        if is_address(given) or "://" in given:
            raise Refused.because(
                "folder.address",
                "Only files are read here, and this is an address.",
                "Ask the person to read it in the terminal: `expcopilot analyze NAME ADDRESS`.",
                name="file",
                value=given.partition("://")[0],
            )
        if not given.strip() or "\0" in given or _PATTERN & set(given):
            raise self._outside(given, "is no name of one file")
        typed = Path(given).expanduser()
        candidates = [typed] if typed.is_absolute() else [root / typed for root in self.roots]
        inside = []
        for candidate in candidates:
            try:
                real = candidate.resolve()
            except (OSError, RuntimeError):
                continue
            if any(real.is_relative_to(root) for root in self.roots):
                inside.append(real)
        if not inside:
            raise self._outside(given, "lies outside of the folders that may be read")
        for real in inside:
            try:
                if real.is_file():
                    return real
            except OSError:  # a name longer than any file's
                continue
        raise Refused.because(
            "folder.no_file",
            f"There is no file {given!r} in the folders that may be read.",
            f"Name one inside of: {self}.",
            name="file",
            value=given,
        )

    def __str__(self) -> str:
        return ", ".join(map(str, self.roots))

    def _outside(self, given: str, why: str) -> Refused:
        # The same words whether it exists or not: what lies outside is nobody's to ask about.
        return Refused.because(
            "folder.outside",
            f"{given!r} {why}.",
            f"Name a file inside of: {self}. The person can allow another folder: `expcopilot mcp --data FOLDER`.",
            name="file",
            value=given,
        )
