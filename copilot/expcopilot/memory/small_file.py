"""Small text files of people, read whole within a bound: briefs, variants, review files, cards of sources."""

from __future__ import annotations

import stat
from pathlib import Path

from copilot_tools.refusals import Refused

__all__ = ["read_small"]


def read_small(path: Path, *, kind: str, called: str, most_bytes: int, unreadable: str, too_large: str) -> str:
    """The text of a UTF-8 file, its byte order mark left out, its line ends as they stand.

    No more than ``most_bytes`` are ever held, whatever the file does while it is read.

    Args:
        path: The file.
        kind: What codes and messages' names begin with: "brief".
        called: What messages call it: "The brief".
        most_bytes: The most it may have.
        unreadable: The cure where it cannot be read.
        too_large: The cure where it has more.

    Raises:
        Refused: ``KIND.unreadable``: not there, no file, not allowed, no UTF-8 text; or ``KIND.too_large``.
    """
    data, problem = b"", ""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            with path.open("rb") as file:
                data = file.read(most_bytes + 1)
        else:
            problem = "it is no file"  # a pipe would wait for ever, a folder holds no text
    except OSError as error:
        problem = error.strerror or str(error)
    if len(data) > most_bytes:
        size = max(path.stat().st_size, len(data))
        raise Refused.because(
            f"{kind}.too_large",
            f"{called} {path.name!r} has {size:,} bytes; at most {most_bytes:,} are read.",
            too_large,
            name=kind,
            value=str(path),
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text, problem = "", f"it is not UTF-8 text (byte {error.start})"
    if "\0" in text:
        problem = "it holds zero bytes, so it is no text"
    if problem:
        raise Refused.because(
            f"{kind}.unreadable",
            f"{called} {path.name!r} cannot be read: {problem}.",
            unreadable,
            name=kind,
            value=str(path),
        )
    return text
