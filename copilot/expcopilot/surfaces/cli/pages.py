"""A readout in the terminal: the same words as every other document, laid out for a screen of any width."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from copilot_tools.wording.plain import REPLACEMENT
from expcopilot.outputs.report.content import (
    Attacks,
    Block,
    Code,
    Facts,
    Folded,
    Headline,
    Items,
    Paragraph,
    Picture,
    Section,
    Table,
    Tone,
)
from expcopilot.outputs.report.view import page
from expcopilot.records.readout import Readout
from expcopilot.surfaces.cli import show

__all__ = ["show_first_screen", "show_section", "show_whole"]

_TONES = {
    Tone.FOR: "green",
    Tone.RESERVED: "yellow",
    Tone.AGAINST: "blue",
    Tone.HARM: "red",
    Tone.OPEN: "yellow",
    Tone.WAITING: "cyan",
    Tone.INVALID: "red",
}
_SEVERITIES = {
    "blocking": ("✕", "red"),
    "serious": ("▲", "yellow"),
    "note": ("•", ""),
    "not assessable": ("?", "dim"),
    "none": ("✓", "dim"),
}
_FIRST_SCREEN = ("guardrails", "null", "looks")


def show_first_screen(readout: Readout) -> None:
    """Print the verdict, why, the number against what matters, guardrails, the case for the null, and the looks.

    What found nothing is counted, and what could not be assessed is named; the sentences on it are in the readout.
    """
    out, content = show.console(), page(readout)
    _headline(out, content.headline)
    for section in content.sections:
        if section.id in _FIRST_SCREEN:
            out.print()
            out.print(show.text(section.title, "bold underline"))
            for block in section.blocks:
                if (brief := _brief(block, section.id, out.width)) is not None:
                    out.print(brief)


def _brief(block: Block, section: str, width: int) -> RenderableType | None:
    """A block as the first screen shows it."""
    if isinstance(block, Folded):
        return show.text(f"{block.title}.", "dim")
    if isinstance(block, Facts) and section == "null":
        return show.text(f"{'; '.join(name for name, _ in block.pairs)}.", "dim")
    if section == "looks" and not isinstance(block, Paragraph):
        return None
    return _block(block, width)


def show_whole(readout: Readout) -> None:
    """Print everything the readout holds."""
    out, content = show.console(), page(readout)
    out.print(show.text(f"{content.experiment} · {content.byline}", "dim"))
    _headline(out, content.headline)
    for section in content.sections:
        _section(out, section)
    out.print()
    out.print(show.text(content.colophon, "dim"))


def show_section(readout: Readout, name: str) -> bool:
    """Print one section of the readout; False where it has none of this name."""
    found = [section for section in page(readout).sections if section.id == name]
    for section in found:
        _section(show.console(), section)
    return bool(found)


def _headline(out: Console, headline: Headline) -> None:
    out.print()
    out.print(show.text(headline.question, "bold"))
    style = _TONES[headline.tone]
    verdict = Text(f"{headline.tone.mark} ", style=f"bold {style}").append_text(show.text(headline.phrase, "bold"))
    out.print(Panel(verdict, border_style=style, expand=False, padding=(0, 1)))
    for stamp in headline.stamps:
        out.print(
            Text("! ", style="yellow").append_text(show.text(f"{stamp.label}. ", "bold")) + show.text(stamp.sentence)
        )
    if not headline.arms:
        for sentence in headline.sentences:
            out.print(show.text(sentence))
    for arm in headline.arms:
        if len(headline.arms) > 1:
            mark = Text(f"{arm.tone.mark} ", style=_TONES[arm.tone])
            out.print(mark.append_text(show.text(f"{arm.name}: {arm.phrase}", "bold")))
        out.print(show.text(arm.sentence))
        if arm.practical:
            out.print(show.listed(arm.practical))
        if arm.caveats:
            out.print(show.listed(arm.caveats, mark="!", style="yellow"))
    _beneath(out, headline)


def _beneath(out: Console, headline: Headline) -> None:
    """What would matter, the finding in words, the picture."""
    if headline.yardstick:
        out.print(show.text(headline.yardstick))
    if headline.prose:
        out.print()
        out.print(show.text(" ".join(headline.prose)))
    if headline.picture is not None:
        out.print()
        out.print(_picture(headline.picture, out.width))


def _section(out: Console, section: Section) -> None:
    out.print()
    out.print(show.text(section.title, "bold underline" if not section.mark else "bold underline yellow"))
    for block in section.blocks:
        out.print(_block(block, out.width))


def _block(block: Block, width: int) -> RenderableType:  # noqa: PLR0911 - one a kind of block
    match block:
        case Paragraph():
            return show.text(block.text, {"strong": "bold", "quiet": "dim"}.get(block.weight, ""))
        case Items():
            return show.listed(block.items)
        case Facts():
            return show.facts(block.pairs)
        case Code():
            return Group(*(Text("  ").append_text(show.text(line, "cyan")) for line in block.lines))
        case Table():
            return _table(block, width)
        case Picture():
            return _picture(block, width)
        case Attacks():
            return _attacks(block)
        case Folded():
            return Group(show.text(block.title, "bold"), *(_block(inner, width) for inner in block.blocks))


def _table(block: Table, width: int) -> RenderableType:
    rows = [[f"{c.text} ({c.note})" if c.note else c.text for c in row] for row in block.rows]
    grid = show.table([(c.title, c.numeric) for c in block.columns], rows, width=width)
    return Group(show.text(block.caption, "dim"), grid)


def _picture(picture: Picture, width: int) -> RenderableType:
    """The strip of characters where it fits; the same in words where it does not."""
    fits = picture.strip and max(map(len, picture.strip)) <= width
    if not fits:
        return show.text(picture.description)
    drawn = [Text(line, no_wrap=True, overflow="crop") for line in _inert_lines(picture.strip)]
    return Group(*drawn, show.text(picture.caption, "dim"))


def _inert_lines(lines: Iterable[str]) -> Iterable[str]:
    """A strip keeps its spaces; its names were made inert when it was drawn, and this makes sure."""
    return ("".join(c if c.isprintable() else REPLACEMENT for c in line) for line in lines)


def _attacks(block: Attacks) -> RenderableType:
    parts: list[RenderableType] = []
    for attack in block.attacks:
        mark, style = _SEVERITIES[attack.severity]
        said = Text(f"{mark} ", style=style).append_text(show.text(attack.title, f"bold {style}".strip()))
        said.append(" " if attack.severity == "none" else f" ({attack.severity}) ", style="dim").append_text(
            show.text(attack.sentence)
        )
        parts.append(said)
        parts.extend(Padding(show.text(detail, "dim"), (0, 0, 0, 4)) for detail in attack.details)
    return Group(*parts)
