"""The brand's style guide in a workspace: ``style.toml`` or ``style.md`` beside the settings; none is no rule."""

from __future__ import annotations

from pathlib import Path

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.wording.brand import Style, read_style

__all__ = ["NAMES", "load"]

NAMES = ("style.toml", "style.md")
_LARGEST = 400_000


def load(folder: Path) -> Style:
    """Read the style guide of a workspace; without one, nothing is asked of copy.

    Raises:
        Refused: ``style.two``, ``style.unreadable``, or what is wrong in it, naming the file.
    """
    there = [folder / name for name in NAMES if (folder / name).is_file()]
    if not there:
        return Style()
    if len(there) > 1:
        raise Refused.because(
            "style.two",
            "There are two style guides, style.toml and style.md, and nobody can tell which one counts.",
            "Keep one of them.",
            name="style",
        )
    (path,) = there
    try:
        if path.stat().st_size > _LARGEST:
            return read_style(" " * _LARGEST)  # refuses, in the words of whoever knows how long it may be
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused.because(
            "style.unreadable",
            f"The style guide {path.name} cannot be read: {error}.",
            "Save it as UTF-8 text, and make sure you may read it.",
            name="style",
            value=str(path),
        ) from None
    try:
        return read_style(text, markdown=path.suffix == ".md")
    except Refused as refused:
        raise Refused(*(_named(r, path.name) for r in refused.refusals)) from None


def _named(refusal: Refusal, name: str) -> Refusal:
    return refusal.model_copy(update={"reason": f"{name}: {refusal.reason}"})
