"""Tools about copy: which sentences of a text make a claim, where, and why each needs a source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.tool import Tool
from copilot_tools.wording.claims.marks import Scanned

__all__ = ["TOOLS"]


class ScanClaimsArguments(Frozen):
    """Copy to scan, as it would be published."""

    text: Annotated[str, Field(max_length=2_000_000, description="The copy; a headline or a whole page.")]
    language: Annotated[Literal["en", "de", "fr", "es"], Field(description="What it is written in.")] = "en"
    format: Annotated[
        Literal["text", "markdown", "html"], Field(description="How it is written; only what readers see is scanned.")
    ] = "text"


def _scan_claims(a: ScanClaimsArguments) -> Scanned:
    from copilot_tools.wording.claims.documents import scan_document  # noqa: PLC0415 - reads the rules

    return scan_document(a.text, a.language, a.format)


TOOLS = (
    Tool(
        name="scan_claims",
        summary="Marks every sentence of copy (claim, puffery, plain, unclassified) and every claim at its place.",
        when="Before a landing page, mail, ad or other copy is shown, approved or handed over: which sentences "
        "make a claim that needs proof, that is a source or a named waiver? Not to check whether a source "
        "proves it (match_evidence), nor for lengths (check_channel).",
        arguments=ScanClaimsArguments,
        result=Scanned,
        function=_scan_claims,
        examples=(
            {"text": "3 in 4 customers sleep better. Only today: 40% off!"},
            {"text": "# Die beste Wahl\n\nJetzt **gratis** testen.", "language": "de", "format": "markdown"},
        ),
    ),
)
