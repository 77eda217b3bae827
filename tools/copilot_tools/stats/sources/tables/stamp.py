"""Is this still the file that was opened? Its size, time of change and number on the disk say so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from copilot_tools.refusals import Refused

__all__ = ["Stamp"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file is written: bytes, nanoseconds since 1970, inode."""

    size: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """The stamp of a file as it is now.

        Raises:
            Refused: No such file, a folder, or an empty file.
        """
        try:
            stat = path.stat()
        except OSError as error:
            raise Refused.because(
                "file.missing", f"There is no file {path}.", "Check the path and its spelling.", name=str(path)
            ) from error
        if path.is_dir():
            raise Refused.because("file.is_folder", f"{path} is a folder.", "Name one file in it.", name=str(path))
        if stat.st_size == 0:
            raise Refused.because(
                "file.empty", f"{path.name} is empty: 0 bytes.", "Export the data again.", name=path.name, value=0
            )
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ino)

    def check(self, path: Path) -> None:
        """Hold a file against its stamp.

        Raises:
            Refused: It was changed or removed since the stamp was taken.
        """
        if Stamp.of(path) != self:
            raise Refused.because(
                "file.changed_while_read",
                f"{path.name} was changed while it was read.",
                "Wait until whatever writes it has finished, and try again.",
                name=path.name,
            )
