"""What roles wrote, as content: only checked prose stands on the page, and what was kept back stands in an appendix."""

from __future__ import annotations

from expcopilot.outputs.report.content import Block, Facts, Items, Paragraph, Section
from expcopilot.outputs.report.words import counted
from expcopilot.records import prose
from expcopilot.records.readout import Readout

__all__ = ["further", "kept_back", "narrated", "sceptical"]

_LONGEST = 400
_TITLES: dict[prose.Section, str] = {
    "exploratory": "What was not planned, in words",
    "next": "What to ask next, in words",
}
_WORDED = "Worded by a language model; every number, direction and verdict in it was put there by the tools."


def narrated(readout: Readout) -> tuple[str, ...]:
    """The finding in words, to stand under the verdict; and the one line that says why words are missing."""
    return (*_spoken(readout, "finding"), *([readout.without] if readout.without else []))


def sceptical(readout: Readout) -> tuple[Block, ...]:
    """The case for the null in words, to stand at its head."""
    said = _spoken(readout, "skeptic")
    return (Paragraph(text=" ".join(said)), Paragraph(text=_WORDED, weight="quiet")) if said else ()


def further(readout: Readout) -> tuple[Section, ...]:
    """What was said on what nobody planned, and on what to ask next."""
    return tuple(
        Section(
            id=f"words-{name}",
            title=title,
            mark="exploratory" if name == "exploratory" else "",
            blocks=(Items(items=said), Paragraph(text=_WORDED, weight="quiet")),
        )
        for name, title in _TITLES.items()
        if (said := _spoken(readout, name))
    )


def kept_back(readout: Readout) -> Section | None:
    """Every statement that did not pass, with the reasons; None where all did."""
    found = [(p.role, b) for p in readout.prose for b in p.blocked]
    if not found:
        return None
    one = len(found) == 1
    opening = (
        f"A language model proposed {counted(len(found), 'sentence')} that did not pass the gate. "
        f"{'It is' if one else 'They are'} no part of this readout and {'says' if one else 'say'} nothing about the "
        f"test; {'it stands' if one else 'they stand'} here so that nothing is hidden."
    )
    pairs = tuple((f"{role} wrote: “{_short(b.statement.text)}”", _reasons(b)) for role, b in found)
    return Section(
        id="kept-back",
        title="What was kept back",
        mark="void",
        blocks=(Paragraph(text=opening, weight="strong"), Facts(pairs=pairs)),
    )


def _spoken(readout: Readout, section: prose.Section) -> tuple[str, ...]:
    """A section's sentences; none where only code's stand-in is left, because the page says the same already."""
    said = [s for p in readout.prose for s in p.sentences if s.section == section]
    return tuple(s.text for s in said) if any(s.author == "model" for s in said) else ()


def _reasons(blocked: prose.Blocked) -> str:
    return _short(f"Kept back: {' '.join(blocked.reasons)}")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
