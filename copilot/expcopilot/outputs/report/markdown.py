"""Page -> Markdown (CommonMark with GitHub's tables): readable as it stands, inert whatever the names hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copilot_tools.wording.plain import markdown as md
from expcopilot.outputs.report.content import (
    Attacks,
    Block,
    Cell,
    Code,
    Facts,
    Folded,
    Headline,
    Items,
    Page,
    Paragraph,
    Picture,
    Table,
)

__all__ = ["render"]

_SIGNS = {"blocking": "✕", "serious": "▲", "note": "•", "not assessable": "?", "none": "✓"}


def render(page: Page) -> str:
    """The whole page."""
    parts = [f"# {md(page.headline.question)}", f"{md(page.experiment)} · {md(page.byline)}"]
    parts.extend(_headline(page.headline))
    for section in page.sections:
        parts.append(f"## {md(section.title)}")
        for block in section.blocks:
            parts.extend(_block(block))
    parts.append("---")
    parts.append(md(page.colophon))
    return "\n\n".join(parts) + "\n"


def _headline(headline: Headline) -> Iterator[str]:
    for stamp in headline.stamps:
        yield f"> **{md(stamp.label)}.** {md(stamp.sentence)}"
    yield f"**{headline.tone.mark} {md(headline.phrase)}**"
    if not headline.arms:
        yield from (md(s) for s in headline.sentences)
    for arm in headline.arms:
        if len(headline.arms) > 1:
            yield f"**{arm.tone.mark} “{md(arm.name)}”: {md(arm.phrase)}**"
        yield md(arm.sentence)
        facts = [f"{md(headline.metric)}: **{md(arm.effect)}** ({md(arm.interval)})", *map(md, arm.practical)]
        facts.extend(md(c) for c in arm.caveats)
        yield "\n".join(f"- {f}" for f in facts)
    if headline.yardstick:
        yield md(headline.yardstick)
    if headline.prose:
        yield " ".join(md(s) for s in headline.prose)
    if headline.picture is not None:
        yield from _picture(headline.picture)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield f"**{md(block.text)}**" if block.weight == "strong" else md(block.text)
        case Items():
            yield "\n".join(f"- {md(i)}" for i in block.items)
        case Facts():
            yield "\n".join(f"- **{md(name)}:** {md(value)}" for name, value in block.pairs)
        case Code():
            longest = max((len(run) for line in block.lines for run in re.findall("`+", line)), default=0)
            fence = "`" * max(3, longest + 1)
            yield "\n".join((f"{fence}sh", *block.lines, fence))
        case Table():
            yield _table(block)
        case Picture():
            yield from _picture(block)
        case Attacks():
            yield _attacks(block)
        case Folded():
            yield f"### {md(block.title)}"
            for inner in block.blocks:
                yield from _block(inner)


def _picture(picture: Picture) -> Iterator[str]:
    yield f"*{md(picture.title)}.* {md(picture.description)}"
    if picture.strip:
        yield "\n".join(("```text", *picture.strip, "```"))
    if picture.caption:
        yield md(picture.caption)


def _cell(cell: Cell) -> str:
    return f"{md(cell.text)} ({md(cell.note)})" if cell.note else md(cell.text)


def _table(table: Table) -> str:
    lines = [
        f"| {' | '.join(md(c.title) for c in table.columns)} |",
        f"| {' | '.join('---:' if c.numeric else '---' for c in table.columns)} |",
        *(f"| {' | '.join(_cell(c) for c in row)} |" for row in table.rows),
    ]
    return f"*{md(table.caption)}*\n\n" + "\n".join(lines)


def _attacks(block: Attacks) -> str:
    lines = []
    for a in block.attacks:
        lines.append(f"- {_SIGNS[a.severity]} **{md(a.title)}** ({a.severity}): {md(a.sentence)}")
        lines.extend(f"  - {md(d)}" for d in a.details)
    return "\n".join(lines)
