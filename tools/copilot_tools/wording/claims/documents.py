"""Copy as it lies in files: scan what a reader sees of Markdown or HTML, and say where in the source it stands."""

from __future__ import annotations

from copilot_tools.wording.claims.marks import Scanned
from copilot_tools.wording.claims.scan import Tell, scan
from copilot_tools.wording.markup import Format, visible_text

__all__ = ["scan_document"]


def scan_document(source: str, language: str = "en", form: Format = "text", tell: Tell = lambda _: None) -> Scanned:
    """Mark every sentence a reader sees, and every claim in it; places are code points of ``source``.

    ``tell`` is told how far it is, as ``scan`` tells it.

    A span may hold markup: that of "**50**% off" begins at the 5 and ends at the last f.

    Raises:
        Refused: There are no rules for the language.

    Example:
        >>> found = scan_document("<p>Save <b>50</b>% off</p>", form="html").claims[0]
        >>> found.kind, (found.start, found.end)
        ('price', (3, 22))
    """
    if form == "text":
        return scan(source, language, tell)
    seen = visible_text(source, form)
    found = scan(seen.text, language, tell)
    claims = tuple(
        c.model_copy(update=dict(zip(("start", "end"), seen.span(c.start, c.end), strict=True))) for c in found.claims
    )
    sentences = tuple(
        s.model_copy(update=dict(zip(("start", "end"), seen.span(s.start, s.end), strict=True)))
        for s in found.sentences
    )
    return Scanned(language=found.language, claims=claims, sentences=sentences)
