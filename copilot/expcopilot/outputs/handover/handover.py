"""What is handed over: approved variants, today's copy, and how units are split among them. All exporters read this."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Annotated

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, refuse_if_any
from copilot_tools.stats.assignment.split import Namespace, Split, WeightedArm
from expcopilot.records.copy import FieldText
from expcopilot.records.digest import digest

__all__ = ["CONTROL", "ApprovedVariant", "Arm", "Handover", "place_of", "safe"]

CONTROL = "control"
"""What the arm with today's copy is called everywhere."""


_LONGEST_ID = 120


class ApprovedVariant(Frozen):
    """One variant as a person approved it.

    Attributes:
        id: Its name within the experiment, such as "v1".
        mechanism: How it tests the hypothesis.
        fields: Its exact text, field by field.
        digest: Of the approved text (``Variant.digest``).
        approved_by: Who approved it.
        approved_at: ISO moment.
        model: The model that drafted it, with its version; "" where a person did.
    """

    id: Annotated[str, Field(min_length=1)]
    mechanism: str = ""
    fields: Annotated[tuple[FieldText, ...], Field(min_length=1)]
    digest: str
    approved_by: Annotated[str, Field(min_length=1)]
    approved_at: str
    model: str = ""


class Handover(Frozen):
    """Everything an exporter may say.

    Attributes:
        experiment: The experiment's name.
        brief: The brief whose copy this is; "" where it is named like the experiment.
        channel: The channel, such as "email".
        language: Of the copy.
        variants: The approved variants, in order.
        control: Today's copy by field; empty where the receiving tool holds it.
        weights: One for each arm, control first; empty for equal shares.
        seed: Salts the split; "" for ``expcopilot/EXPERIMENT``. Keep it, or everybody is dealt anew.
        coverage: Share of the units that take part, (0, 1].
        namespace: Slice of all units that take part, or None.
        unit: The attribute that names a unit in the receiving tool, such as "id".
        live: False throws the kill switch: everybody gets control.
    """

    experiment: Annotated[str, Field(min_length=1, max_length=120)]
    brief: Annotated[str, Field(max_length=120)] = ""
    channel: str
    language: str = "en"
    variants: Annotated[tuple[ApprovedVariant, ...], Field(min_length=1, max_length=50)]
    control: tuple[FieldText, ...] = ()
    weights: tuple[Annotated[float, Field(gt=0, le=1e9)], ...] = ()
    seed: Annotated[str, Field(max_length=500)] = ""
    coverage: Annotated[float, Field(gt=0, le=1)] = 1.0
    namespace: Namespace | None = None
    unit: Annotated[str, Field(min_length=1, max_length=200)] = "id"
    live: bool = True

    @property
    def key(self) -> str:
        """What the hand-over is called in other tools: letters, digits, hyphens and underscores, at most 40.

        A brief named apart from its experiment carries the experiment, and six digits that tell the pair from every
        other: two experiments' briefs of one name never meet in one tool. It hangs on these two names alone, so that
        it stays what it is whatever else the workspace comes to hold.
        """
        if self._apart:
            return f"{safe(self.experiment, 16)}_{safe(self.brief, 16)}-{digest([self.experiment, self.brief])[:6]}"
        return safe(self.experiment, 40)

    @property
    def place(self) -> PurePath:
        """Where its files belong: a folder of the experiment, and in it one of the brief where that is named apart."""
        return place_of(self.experiment, self.brief)

    @property
    def _apart(self) -> bool:
        """Whether the brief has a name of its own."""
        return _named_apart(self.experiment, self.brief)

    @property
    def split(self) -> Split:
        """How units are split: control first, then the variants in order."""
        weights = self.weights or (1.0,) * (len(self.variants) + 1)
        names = (CONTROL, *(v.id for v in self.variants))
        return Split(
            seed=self.seed or f"expcopilot/{self.experiment}",
            arms=tuple(WeightedArm(name=n, weight=w) for n, w in zip(names, weights, strict=True)),
            coverage=self.coverage,
            namespace=self.namespace,
        )

    @property
    def field_names(self) -> tuple[str, ...]:
        """Every field of any text here, in the order in which they first stand."""
        texts = (*(v.fields for v in self.variants), self.control)
        return tuple(dict.fromkeys(field.name for fields in texts for field in fields))

    def arms(self) -> tuple[Arm, ...]:
        """Control and the variants, each with its text and its share.

        Raises:
            Refused: Everything that keeps this from being handed over: weights, names, fields.
        """
        refuse_if_any(self._problems())
        split = self.split
        refuse_if_any(split.problems())
        control = Arm(name=CONTROL, text={f.name: f.text for f in self.control}, share=split.shares[0])
        return (
            control,
            *(
                Arm(name=v.id, text={f.name: f.text for f in v.fields}, share=share, variant=v)
                for v, share in zip(self.variants, split.shares[1:], strict=True)
            ),
        )

    def _problems(self) -> Iterator[Refusal]:
        if self.weights and len(self.weights) != len(self.variants) + 1:
            yield _problem(
                "handover.weights",
                f"There are {len(self.weights)} weights for {len(self.variants) + 1} arms (control and "
                f"{len(self.variants)} variants).",
                "Give one weight for each arm, control first, or none for equal shares.",
                name="weights",
                value=len(self.weights),
            )
            return
        ids = [v.id for v in self.variants]
        for name in dict.fromkeys(i for i in ids if i == CONTROL or ids.count(i) > 1):
            yield _problem(
                "handover.variant_name",
                f"A variant is called {name!r}, which is the name of another arm.",
                "Give each variant an id of its own, and none the id control.",
                name="variants",
                value=name,
            )
        for name in (i for i in ids if len(i) > _LONGEST_ID):
            yield _problem(
                "handover.variant_name",
                f"The id {name[:30]!r}... has {len(name)} characters; at most {_LONGEST_ID}.",
                "Give the variant a shorter id.",
                name="variants",
                value=len(name),
            )
        for who, fields in ((CONTROL, self.control), *((v.id, v.fields) for v in self.variants)):
            names = [f.name for f in fields]
            for name in dict.fromkeys(n for n in names if names.count(n) > 1):
                yield _problem(
                    "handover.field_twice",
                    f"{who} has the field {name!r} twice.",
                    "Keep one text for each field.",
                    name="fields",
                    value=name,
                )


def place_of(experiment: str, brief: str) -> PurePath:
    """Where the files of a brief's hand-overs belong, below the folder of all hand-overs."""
    home = PurePath(safe(experiment, 40))
    return home / safe(brief, 40) if _named_apart(experiment, brief) else home


def _named_apart(experiment: str, brief: str) -> bool:
    return brief not in {"", experiment}


class Arm(Frozen):
    """One arm as exporters write it.

    Attributes:
        name: "control", or the variant's id.
        text: Field -> exact text; empty where the receiving tool holds control's copy.
        share: Configured share of those who take part.
        variant: The variant, None for control.
    """

    name: str
    text: dict[str, str]
    share: float
    variant: ApprovedVariant | None = None


def safe(name: str, width: int) -> str:
    """A name in letters, digits, hyphens and underscores, at most ``width``; different names stay different.

    Where anything had to change, six digits of the name's digest follow it.

    Example:
        >>> safe("spring_sale", 40), safe("Größe & Preis", 40)
        ('spring_sale', 'Gr-e-Preis-d1b156')
    """
    kept = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    if kept and kept == name and len(kept) <= width:
        return kept
    return f"{kept[: width - 7].strip('-')}-{digest(name)[:6]}".strip("-")


def _problem(code: str, reason: str, cure: str, *, name: str, value: str | int) -> Refusal:
    return Refusal(code=code, reason=reason, cure=cure, name=name, value=value)
