"""Files written whole: whoever reads the name finds all of the old text or all of the new, however the writer ended."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from copilot_tools.refusals import Refused

__all__ = ["staged", "take_name", "write_out", "write_whole"]


def write_whole(path: Path, text: str, *, overwrite: bool = True) -> Path:
    """Write ``text`` as UTF-8, byte for byte: no line ending is translated.

    The text goes into a file beside it, reaches the disk, and only then takes the name. A kill leaves at most that
    hidden file (``.NAME.XXXXXXXX``). Who may read the file follows from the process's umask, as for any new file.

    Args:
        path: The file; its folder must exist.
        text: All that it is to hold.
        overwrite: Whether a file of that name is replaced.

    Raises:
        FileExistsError: There is one, and ``overwrite`` is false.
        OSError: It cannot be written; what stood there before stands there still.
    """
    with staged(path, text) as take:
        return take(overwrite)


def write_out(path: Path, text: str) -> Path:
    """As ``write_whole``, for a file that somebody asked for by name.

    Raises:
        Refused: ``output.cannot_write``.
    """
    try:
        return write_whole(path, text)
    except OSError as error:
        raise Refused.because(
            "output.cannot_write",
            f"{path.name} cannot be written: {error.strerror or error}.",
            "Choose a folder you may write to.",
            name="out",
            value=str(path),
        ) from error


@contextmanager
def staged(path: Path, text: str) -> Iterator[Callable[[bool], Path]]:
    """``text`` on the disk beside ``path``, and what gives it the name; where that is never called, nothing stays.

    What must be on record before a file is there is put on record between the two.

    Args:
        path: The file; its folder must exist.
        text: All that it is to hold.

    Raises:
        OSError: It cannot be written; what stood there before stands there still.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")

    def take(overwrite: bool) -> Path:
        if overwrite:
            beside.replace(path)
        else:
            take_name(beside, path)
        return path

    try:
        with beside.open("xb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        yield take
    finally:
        beside.unlink(missing_ok=True)


def take_name(beside: Path, path: Path) -> None:
    """Give a finished file its name, unless another has it: of two writers at once, one is told.

    Raises:
        FileExistsError: Another has it.
        OSError: It cannot be written.
    """
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: an empty file holds the name against other writers until it is replaced.
        path.open("xb").close()
        beside.replace(path)
