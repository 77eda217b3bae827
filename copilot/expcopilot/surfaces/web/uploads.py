"""A small file sent with a form, on the disk under its own name for as long as it is read; in a folder of nobody's."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.datastructures import UploadFile

__all__ = ["on_disk", "plain_name"]

_LONGEST = 80


def plain_name(name: str, default: str) -> str:
    r"""A file's name as it may stand in a folder: no folder before it, nothing hidden, no sign that moves text.

    Example:
        >>> plain_name("../../etc/.brief.txt", "brief"), plain_name("C:\\x\\Größe 1.csv", "brief")
        ('brief.txt', 'Größe 1.csv')
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in ':*?"<>|').strip(" .")
    stem, dot, ending = kept.rpartition(".")
    stem = (stem if dot else kept).encode()[:_LONGEST].decode(errors="ignore").strip(" .")
    return f"{stem or default}.{ending[:10]}" if dot else stem or default


@contextmanager
def on_disk(upload: UploadFile, default: str) -> Iterator[Path]:
    """The file of an upload; gone when the block ends.

    Args:
        upload: What came.
        default: What it is called where its own name is none.
    """
    with TemporaryDirectory(prefix="expcopilot-") as folder:
        path = Path(folder) / plain_name(upload.filename or "", default)
        with path.open("xb") as file:
            shutil.copyfileobj(upload.file, file)
        yield path
