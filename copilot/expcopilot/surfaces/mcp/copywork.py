"""Verbs on copy: brought, marked, sourced and handed over."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.flow.steps.approve_copy import find_review
from expcopilot.flow.steps.review import marks_of
from expcopilot.memory import brief_files
from expcopilot.records.copy import FieldText, Review, Variant
from expcopilot.records.copybook import Reviewed
from expcopilot.surfaces.mcp.answers import Ask
from expcopilot.surfaces.mcp.reading import Nothing
from expcopilot.surfaces.mcp.room import Room
from expcopilot.surfaces.mcp.verbs import Answer, Verb

__all__ = ["COPY", "OfBrief", "OfMark", "OfVariant", "review_of"]

Id = Annotated[str, Field(min_length=1, max_length=120)]
Long = Annotated[str, Field(max_length=20_000)]


class OfBrief(Frozen):
    """A brief's copy.

    Attributes:
        brief: The brief's id.
        experiment: Whose copy, where briefs of two experiments share the id.
    """

    brief: Id
    experiment: Annotated[str, Field(max_length=120)] = ""


class OfVariant(OfBrief):
    """One variant.

    Attributes:
        brief: The brief's id.
        experiment: Whose copy, where briefs of two experiments share the id.
        variant: The variant's id, such as "v1".
    """

    variant: Id


class OfMark(OfVariant):
    """One mark of a variant.

    Attributes:
        brief: The brief's id.
        experiment: Whose copy, where briefs of two experiments share the id.
        variant: The variant's id, such as "v1".
        mark: As `copy_status` names it: "C1" a claim, "S1" a sentence nobody could classify.
    """

    mark: Annotated[str, Field(pattern=r"^[CScs]\d{1,4}$")]


class Sourcing(OfMark):
    """A quotation for a claim.

    Attributes:
        brief: The brief's id.
        experiment: Whose copy, where briefs of two experiments share the id.
        variant: The variant's id, such as "v1".
        mark: The claim, such as "C1".
        source: Id of the source, as `sources` lists it.
        quotation: The words exactly as they stand there, with the claim's numbers in them.
    """

    source: Id
    quotation: Long


class VariantGiven(Frozen):
    """A variant as it was written.

    Attributes:
        id: Such as "v1"; one that stands already is replaced, and open again.
        mechanism: The reason why it could move this audience.
        fields: Field of the channel -> text.
        facts: Ids of the source facts its claims rest on.
    """

    id: Id
    mechanism: Annotated[str, Field(max_length=300)]
    fields: dict[Id, Long]
    facts: tuple[Id, ...] = ()


class CopyBrought(Frozen):
    """Copy for a brief.

    Attributes:
        brief: The brief's id.
        experiment: Whose copy it is; the brief's id when left out.
        channel: Such as "email" or "landing-page".
        change: What changes.
        audience: For whom.
        because: Why it should work.
        control: Today's copy: field -> text.
        language: "en", "de", "fr" or "es".
        variants: The variants.
    """

    brief: Id
    experiment: Annotated[str, Field(max_length=120)] = ""
    channel: Id
    change: Long
    audience: Long
    because: Long
    control: dict[Id, Long] = {}
    language: Literal["en", "de", "fr", "es"] = "en"
    variants: Annotated[tuple[VariantGiven, ...], Field(min_length=1, max_length=50)]


class HandOver(OfBrief):
    """Approved copy, and for whom.

    Attributes:
        brief: The brief's id.
        experiment: Whose copy, where briefs of two experiments share the id.
        form: "csv" for people; for tools "braze-blocks", "braze-catalog", "growthbook" or "flagd".
    """

    form: Literal["csv", "braze-blocks", "braze-catalog", "growthbook", "flagd"] = "csv"


def _standing(reviewed: Reviewed) -> dict[str, Any]:
    return {
        "brief": reviewed.brief.id,
        "experiment": reviewed.experiment,
        "variants": [_variant(review) for review in reviewed.reviews],
        "left_out": [{"variant": n.variant.id, "near": n.near, "why": n.why} for n in reviewed.refused],
        "notes": [n for n in (*reviewed.notes, reviewed.already) if n],
    }


def _variant(review: Review) -> dict[str, Any]:
    return {
        "variant": review.variant.id,
        "standing": review.standing,
        "digest": review.digest[:12],
        "open": review.open_marks,
        "marks": [
            {"mark": m.label, "words": m.words, "status": m.status, "why": m.reason or m.why} for m in marks_of(review)
        ],
        "findings": [f"{field}: {said}" if field else said for field, _, said in review.findings],
        "fields": {f.name: f.text for f in review.variant.fields},
        "mechanism": review.variant.mechanism,
        "by": review.approval.by if review.approval else "",
    }


def _status(room: Room, wanted: OfBrief) -> Answer:
    reviewed = room.copilot.copy(wanted.brief, experiment=wanted.experiment)
    return _answer(reviewed, "Where each variant stands, and every claim in it.")


def _answer(reviewed: Reviewed, said: str) -> Answer:
    left = sum(review.open_marks for review in reviewed.reviews)
    rest = {"brief": reviewed.brief.id, "experiment": reviewed.experiment}
    return Answer(f"{said} Open marks: {left}.", _standing(reviewed), reviewed.experiment, Ask("copy_status", rest))


def _bring(room: Room, given: CopyBrought) -> Answer:
    told = given.model_dump(exclude={"variants", "brief"})
    brief = brief_files.parse_data({**told, "id": given.brief, "k": len(given.variants)})
    names = room.copilot.standards().field_names(brief)
    written = []
    for one in given.variants:
        if set(one.fields) != set(names):
            raise Refused.because(
                "copy.fields",
                f"{one.id} has the fields {', '.join(one.fields)}, but the channel {brief.channel!r} has "
                f"{', '.join(names)}.",
                "Write a text for exactly these fields.",
                name="fields",
                value=one.id,
            )
        written.append(
            Variant(
                id=one.id,
                brief=brief.id,
                channel=brief.channel,
                mechanism=one.mechanism,
                fields=tuple(FieldText(name=name, text=one.fields[name]) for name in names),
                facts=one.facts,
                author="model",
                language=brief.language,
            )
        )
    reviewed = room.copilot.import_variants(brief, written, model=None)
    return _answer(reviewed, "Taken, and read for claims. Nothing leaves before each is settled and approved.")


def _source(room: Room, given: Sourcing) -> Answer:
    review = review_of(room, given)
    reviewed = room.copilot.source_claim(
        given.brief,
        given.variant,
        given.mark,
        review.digest,
        source=given.source,
        quotation=given.quotation,
        experiment=given.experiment,
    )
    return _answer(reviewed, "The quotation stands there word for word and carries the claim's numbers.")


def _sources(room: Room, _: Nothing) -> Answer:
    found = [
        {
            "source": s.id,
            "standing": s.standing,
            "title": s.card.title if s.card else "",
            "kind": s.card.kind if s.card else "",
            "owner": s.card.owner if s.card else "",
            "expires": s.card.expires.isoformat() if s.card and s.card.expires else "",
        }
        for s in room.copilot.library().sources
    ]
    return Answer(f"The evidence library: {len(found)} sources. Only what is usable counts.", {"sources": found})


def _export(room: Room, given: HandOver) -> Answer:
    handed = room.copilot.export(given.brief, given.form, experiment=given.experiment)
    told = {"folder": handed.folder, "files": [name for name, _ in handed.record.files], "notes": list(handed.notes)}
    return Answer("Approved copy was handed over as files; that it left is on record.", told)


def review_of(room: Room, wanted: OfVariant) -> Review:
    """The variant as it stands.

    Raises:
        Refused: There is no such brief or variant.
    """
    return find_review(room.copilot.copy(wanted.brief, experiment=wanted.experiment), wanted.variant)


_SPRING = {"brief": "spring"}
_V1 = {**_SPRING, "variant": "v1"}

COPY: tuple[Verb, ...] = (
    Verb(
        "copy_status",
        "Where the copy of a brief stands: each text, its claims by kind, what is open, who approved.",
        "Before copy is changed, sourced, approved or handed over.",
        OfBrief,
        _status,
        (_SPRING,),
    ),
    Verb(
        "bring_variants",
        "Take variants you wrote: every claim in them is marked, near-duplicates are left out.",
        "You have drafted copy for an experiment. State only what a source says.",
        CopyBrought,
        _bring,
        (
            {
                **_SPRING,
                "channel": "email",
                "change": "The subject names the season",
                "audience": "Subscribers",
                "because": "Readers plan by season",
                "variants": [
                    {
                        "id": "v1",
                        "mechanism": "recognition",
                        "fields": {
                            "subject": "Is your garden ready for spring?",
                            "preheader": "A short list for the first warm weekend",
                            "body": "Here is what to plant first.",
                        },
                    }
                ],
            },
        ),
        writes=True,
    ),
    Verb(
        "source_claim",
        "Bind a claim to a quotation; code decides whether it stands there and carries the claim's numbers.",
        "A claim is unsourced and a source says it in so many words.",
        Sourcing,
        _source,
        ({**_V1, "mark": "C1", "source": "survey", "quotation": "Nine in ten subscribers plant in April."},),
        writes=True,
    ),
    Verb(
        "sources",
        "The evidence library: which sources there are and whether each counts today.",
        "Before a claim is written or sourced.",
        Nothing,
        _sources,
    ),
    Verb(
        "export_copy",
        "Hand approved copy over as files; refused while anything in it is open.",
        "Every variant is approved or rejected.",
        HandOver,
        _export,
        ({**_SPRING, "form": "csv"},),
        writes=True,
    ),
)
"""Verbs on copy."""
