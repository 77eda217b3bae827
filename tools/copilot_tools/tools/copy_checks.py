"""Tools about copy: how far apart variants are, from what there was too, and whether their channel takes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.tool import Tool
from copilot_tools.wording.channel_checks import Finding
from copilot_tools.wording.distinctness import LONGEST, NEAR, Apart, apart
from copilot_tools.wording.distinctness import distances as distances_of
from copilot_tools.wording.mechanisms import shown

__all__ = ["TOOLS"]

Language = Annotated[Literal["en", "de", "fr", "es"], Field(description="Language of the copy.")]
Copy = Annotated[str, Field(min_length=1, max_length=LONGEST)]


class CompareArguments(Frozen):
    """Variants, and what they should keep away from."""

    variants: Annotated[tuple[Copy, ...], Field(min_length=1, max_length=50, description="The variants' texts.")]
    control: Annotated[Copy | None, Field(description="Today's copy.")] = None
    earlier: Annotated[
        tuple[Copy, ...], Field(max_length=200, description="Earlier or competitors' copy to keep away from.")
    ] = ()
    language: Language = "en"


class NearestText(Frozen):
    """What a variant is nearest to.

    Attributes:
        variant: The variant, such as "variant 1"; counted from 1.
        nearest: The nearest other text: "variant 2", "control", "earlier 1"; "" where there is no other.
        distance: From 0 (the same message) to 1 (nothing in common); None where there is no other.
        near: Whether the two are near-duplicates.
        shows: Titles of the mechanisms the variant shows.
        why: The distance in plain words; "" where there is no other.
    """

    variant: str
    nearest: str
    distance: float | None
    near: bool
    shows: tuple[str, ...]
    why: str


class NearDuplicate(Frozen):
    """Two texts that say the same thing.

    Attributes:
        first: A variant.
        second: Another variant, the control or earlier copy.
        distance: Below ``threshold``.
        why: In plain words.
    """

    first: str
    second: str
    distance: float
    why: str


class VariantDistances(Frozen):
    """How far the texts are apart.

    Attributes:
        names: The texts in the order of the matrix: variants, control, earlier copy.
        distances: Distance of every text from every other, each from 0 to 1; symmetric.
        threshold: Texts nearer than this are near-duplicates.
        nearest: For each variant the nearest other text.
        near_duplicates: Pairs with at least one variant, nearest first.
        sentence: The finding in plain words.
    """

    names: tuple[str, ...]
    distances: tuple[tuple[float, ...], ...]
    threshold: float
    nearest: tuple[NearestText, ...]
    near_duplicates: tuple[NearDuplicate, ...]
    sentence: str


def _compare(a: CompareArguments) -> VariantDistances:
    variants = len(a.variants)
    texts = [*a.variants, *([a.control] if a.control is not None else []), *a.earlier]
    names = [f"variant {n}" for n in range(1, variants + 1)]
    names += ["control"] * (a.control is not None) + [f"earlier {n}" for n in range(1, len(a.earlier) + 1)]
    matrix = distances_of(texts, a.language)

    def judged(i: int, j: int) -> Apart:
        return apart(texts[i], texts[j], a.language)

    nearest = []
    for i in range(variants):
        j = min((k for k in range(len(texts)) if k != i), key=lambda k, i=i: matrix[i][k], default=None)  # type: ignore[misc]
        found = judged(i, j) if j is not None else None
        nearest.append(
            NearestText(
                variant=names[i],
                nearest=names[j] if j is not None else "",
                distance=found.distance if found else None,
                near=found.near if found else False,
                shows=tuple(s.title for s in shown(texts[i], a.language)),
                why=found.why if found else "",
            )
        )
    pairs = sorted(
        (matrix[i][j], i, j) for i in range(variants) for j in range(i + 1, len(texts)) if matrix[i][j] < NEAR
    )
    near = tuple(NearDuplicate(first=names[i], second=names[j], distance=d, why=judged(i, j).why) for d, i, j in pairs)
    if len(texts) == 1:
        sentence = "There is only one text; nothing to compare it with."
    elif near:
        listed = "; ".join(f"{pair.first} and {pair.second} ({pair.distance:.2f})" for pair in near[:5])
        beyond = f"; and {len(near) - 5} more" if len(near) > 5 else ""
        sentence = f"Near-duplicates, which would test one thing twice: {listed}{beyond}."
    else:
        least = min(n.distance for n in nearest if n.distance is not None)
        sentence = f"No near-duplicates: no variant is nearer than {least:.2f} to another text (the bound is {NEAR:g})."
    return VariantDistances(
        names=tuple(names),
        distances=matrix,
        threshold=NEAR,
        nearest=tuple(nearest),
        near_duplicates=near,
        sentence=sentence,
    )


class ChannelArguments(Frozen):
    """Copy for one channel, by field."""

    channel: Annotated[
        str, Field(min_length=1, max_length=80, description="web, email, push, sms, search_ads or in_app.")
    ]
    fields: Annotated[
        dict[str, str], Field(min_length=1, max_length=100, description="Text by name of field, such as subject.")
    ]
    language: Language = "en"


class ChannelFindings(Frozen):
    """What speaks against sending copy through its channel.

    Attributes:
        channel: Name of the channel.
        errors: How many findings keep it from going out.
        warnings: How many somebody should look at.
        findings: In the order of the fields.
        reading: How hard the copy is to read, or why that was not assessed.
        sentence: In plain words.
    """

    channel: str
    errors: int
    warnings: int
    findings: tuple[Finding, ...]
    reading: str
    sentence: str


def _channel(a: ChannelArguments) -> ChannelFindings:
    from copilot_tools.wording.accessibility import visible_text  # noqa: PLC0415 - only when run
    from copilot_tools.wording.channel_checks import check_channel  # noqa: PLC0415
    from copilot_tools.wording.channels import channel  # noqa: PLC0415
    from copilot_tools.wording.reading import reading  # noqa: PLC0415

    where = channel(a.channel)
    findings = check_channel(a.channel, a.fields, a.language)
    errors = sum(f.severity == "error" for f in findings)
    warnings = len(findings) - errors
    texts = [a.fields[f.name] for f in where.fields if a.fields.get(f.name, "").strip()]
    read = reading("\n\n".join(visible_text(text) for text in texts), a.language)
    kind = "school grade" if read.scale == "grade" else "reading ease"
    said = read.reason if read.value is None else f"{kind} {read.value:g} ({read.formula})"
    counted = f"{errors} error{'s' * (errors != 1)} and {warnings} warning{'s' * (warnings != 1)}"
    sentence = f"{where.title}: {counted}." if findings else f"{where.title}: nothing found."
    return ChannelFindings(
        channel=where.name, errors=errors, warnings=warnings, findings=findings, reading=said, sentence=sentence
    )


TOOLS = (
    Tool(
        name="compare_variants",
        summary="How far apart are variants of copy, from each other, from the control and from earlier copy?",
        when="Before testing several subject lines or other variants: do they say the same? Near-duplicates test "
        "one thing twice. Not to read which one won (compare_proportions), nor to guess which will.",
        arguments=CompareArguments,
        result=VariantDistances,
        function=_compare,
        examples=(
            {
                "variants": ["Join 10,000 teams who plan with Tempo", "Plan your week in five minutes"],
                "control": "Thousands of teams already plan with Tempo",
            },
        ),
    ),
    Tool(
        name="check_channel",
        summary="Does a channel take this copy: lengths, places left open, accessibility, reading level?",
        when="Before a push notification, mail, SMS or ad is approved or handed over to the tool that sends it: "
        "will it be cut off, and can everybody read it? Not for what it claims (scan_claims), and it approves"
        " nothing.",
        arguments=ChannelArguments,
        result=ChannelFindings,
        function=_channel,
        examples=(
            {
                "channel": "email",
                "fields": {
                    "subject": "Your week, planned",
                    "body": "Tempo plans your week. [Plan it now](https://x.y)",
                },
            },
        ),
    ),
)
