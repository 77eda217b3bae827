"""The readout's documents: JSON, Markdown, HTML and brief, from one page; written whole or not at all."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from copilot_tools.refusals import Refused
from expcopilot.memory.whole_file import write_whole
from expcopilot.outputs.report import brief, html, markdown
from expcopilot.outputs.report.view import page
from expcopilot.records.readout import Readout

__all__ = ["file_stem", "to_brief", "to_html", "to_json", "to_markdown", "write"]


def to_json(readout: Readout) -> str:
    """The readout's own JSON and nothing else: keys sorted, two spaces, ending in a line break."""
    return json.dumps(readout.to_json(), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_markdown(readout: Readout, *, organisation: str = "") -> str:
    """The readout as Markdown; names and cells come out inert."""
    return markdown.render(page(readout, organisation=organisation))


def to_html(readout: Readout, *, organisation: str = "") -> str:
    """The readout as one HTML document that opens offline: no script, no request, pictures inside."""
    return html.render(page(readout, organisation=organisation))


def to_brief(readout: Readout) -> str:
    """Five lines to paste into a chat or a slide."""
    return brief.render(readout)


def file_stem(readout: Readout) -> str:
    """The files' common name: experiment and look, in characters every file system takes."""
    safe = re.sub(r"[^a-z0-9._-]+", "-", readout.experiment.lower()).strip("-.")[:80] or "readout"
    return f"{safe}-look-{readout.look.number}"


def write(readout: Readout, folder: str | os.PathLike[str], *, organisation: str = "") -> tuple[Path, ...]:
    """Write HTML, Markdown, JSON and brief into ``folder`` and return their paths.

    ``organisation`` stands in the head of the pages people read; it is a setting and no part of the record.

    All four are rendered before the first is written, and each takes its name only when it is complete, so that a kill
    leaves no half document.

    Raises:
        Refused: The folder cannot be made or written to.
    """
    target = Path(folder)
    stem = file_stem(readout)
    documents = {
        f"{stem}.html": to_html(readout, organisation=organisation),
        f"{stem}.md": to_markdown(readout, organisation=organisation),
        f"{stem}.json": to_json(readout),
        f"{stem}.txt": to_brief(readout),
    }
    try:
        target.mkdir(parents=True, exist_ok=True)
        return tuple(write_whole(target / name, content) for name, content in documents.items())
    except OSError as error:
        raise Refused.because(
            "readout.cannot_write",
            f"The readout cannot be written into {target}: {error.strerror or error}.",
            "Name a folder that you may write to.",
            name="folder",
            value=str(target),
        ) from error
