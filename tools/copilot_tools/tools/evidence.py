"""The tool that holds a claim against a quotation from a source: verbatim, number by number, by stated rules."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.tool import Tool
from copilot_tools.wording.quantities import Quantity

__all__ = ["TOOLS"]

Language = Literal["en", "de", "fr", "es"]
Day = Annotated[str, Field(pattern=r"^$|^\d{4}-\d{2}-\d{2}$")]


class EvidenceArguments(Frozen):
    """A claim, the words said to carry it, and the source they are said to stand in."""

    claim: Annotated[str, Field(min_length=1, max_length=20_000, description="The sentence in which the claim stands.")]
    quotation: Annotated[str, Field(max_length=20_000, description="The words as they stand in the source.")]
    source: Annotated[str, Field(max_length=2_000_000, description="The source's whole text.")]
    start: Annotated[int, Field(ge=0, description="First code point of the claim in its sentence.")] = 0
    end: Annotated[int | None, Field(ge=0, description="One past its last; the sentence's end if left out.")] = None
    apart: Annotated[
        tuple[tuple[int, int], ...],
        Field(
            max_length=200, description="Places (start, end) of the sentence's other claims, each with own evidence."
        ),
    ] = ()
    language: Annotated[Language, Field(description="Of the claim.")] = "en"
    source_language: Annotated[Language, Field(description="Of the source.")] = "en"
    expires: Annotated[Day, Field(description="Last day on which the source counts, YYYY-MM-DD.")] = ""
    today: Annotated[Day, Field(description="The day of asking, YYYY-MM-DD; needed where the source expires.")] = ""

    @model_validator(mode="after")
    def _fitting(self) -> EvidenceArguments:
        end = len(self.claim) if self.end is None else self.end
        if not self.start < end <= len(self.claim):
            raise ValueError(f"start and end must name a stretch of the claim's {len(self.claim)} characters")
        if any(not 0 <= first < last <= len(self.claim) for first, last in self.apart):
            raise ValueError(f"each of apart must name a stretch of the claim's {len(self.claim)} characters")
        if self.expires and not self.today:
            raise ValueError("today is needed where the source expires")
        for day in filter(None, (self.expires, self.today)):
            date.fromisoformat(day)
        return self


class Evidence(Frozen):
    """Whether the quotation carries the claim.

    Attributes:
        sourced: Whether it does.
        code: "sourced", or what failed: "expired", "claim_unreadable", "not_verbatim", "cut", "unasserted", "opposite",
            "quantity", "unrelated".
        why: One plain sentence.
        start: First code point of the quotation in the source; None where it does not stand there.
        end: One past its last.
        quotation: The source's words there, as they stand.
        quantities: The claim's quantities that were looked for.
    """

    sourced: bool
    code: str
    why: str
    start: int | None
    end: int | None
    quotation: str
    quantities: tuple[Quantity, ...]


def _match(a: EvidenceArguments) -> Evidence:
    from copilot_tools.wording.quotes import match_quotation  # noqa: PLC0415 - patterns, only when run

    match = match_quotation(
        a.claim,
        a.quotation,
        a.source,
        span=(a.start, len(a.claim) if a.end is None else a.end),
        apart=a.apart,
        language=a.language,
        source_language=a.source_language,
        expires=date.fromisoformat(a.expires) if a.expires else None,
        today=date.fromisoformat(a.today) if a.today else None,
    )
    place = match.place
    return Evidence(
        sourced=match.sourced,
        code=match.code,
        why=match.why,
        start=place.start if place else None,
        end=place.end if place else None,
        quotation=place.quotation if place else "",
        quantities=match.quantities,
    )


TOOLS = (
    Tool(
        name="match_evidence",
        summary="Does a quotation stand verbatim in a source, speak of the claim, and hold its numbers?",
        when="When a claim in an ad or other copy is to be backed up by a study, report or blog post: does the "
        "quotation hold for it? Nothing else makes a claim sourced. Not to find the claims (scan_claims).",
        arguments=EvidenceArguments,
        result=Evidence,
        function=_match,
        examples=(
            {
                "claim": "Over 40% of shoppers finish in a minute.",
                "quotation": "41.3% of shoppers finished within a minute",
                "source": "In May 2026, 41.3% of shoppers finished within a minute (n = 2,113).",
                "start": 0,
                "end": 20,
            },
            {
                "claim": "Half of all shoppers",
                "quotation": "41.3% of shoppers",
                "source": "41.3% of shoppers finished.",
                "start": 0,
                "expires": "2026-12-31",
                "today": "2026-11-22",
            },
        ),
    ),
)
