"""From a brief to variants: written by a model or brought by a person, checked for claims, kept far apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.wording.claims.marks import Claim
from expcopilot.flow.copy_sentences import placed
from expcopilot.flow.copy_standards import Standards, apart, whole
from expcopilot.flow.speech import Speech
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.language.roles.claim_checker import CLAIM_CHECKER, ClaimCheckerInputs, usable
from expcopilot.language.roles.generator import GENERATOR, ChannelField, DraftVariant, GeneratorInputs, SourceFact
from expcopilot.records.copy import Brief, FieldText, Variant
from expcopilot.records.copybook import Checked, CopyBook, Drafted, NearDuplicate
from expcopilot.records.entry import Draft, Entry

__all__ = [
    "checked_draft",
    "checked_key",
    "drafted",
    "drafted_draft",
    "drafted_key",
    "experiment_of",
    "home_of",
    "homes",
    "imported",
    "inputs_of",
    "near_duplicates",
]


class _Near(NamedTuple):
    variant: Variant
    near: str
    distance: float
    why: str


def experiment_of(brief: Brief) -> str:
    """The experiment whose record a brief's copy belongs to."""
    return brief.experiment or brief.id


def homes(entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """Brief's id -> the experiments that hold copy for it, over a whole ledger."""
    found: dict[str, dict[str, None]] = {}
    for entry in entries:
        if entry.kind == "drafted":
            found.setdefault(str(entry.payload["brief"]["id"]), {})[entry.experiment] = None
    return {brief: tuple(experiments) for brief, experiments in found.items()}


def home_of(brief: str, homes: Mapping[str, tuple[str, ...]]) -> str:
    """The experiment a brief's copy belongs to; the brief's own name where there is no copy of it.

    Raises:
        Refused: ``copy.which_experiment``: more than one experiment has a brief of that name.
    """
    found = sorted(homes.get(brief, (brief,)))
    if len(found) > 1:
        raise Refused.because(
            "copy.which_experiment",
            f"{brief!r} is a brief of {len(found)} experiments: {', '.join(found[:8])}.",
            "Say whose copy is meant: `--experiment NAME`; or give one of the briefs another id.",
            name="brief",
            value=brief,
        )
    return found[0]


def drafted(brief: Brief, speech: Speech, standards: Standards, *, again: int = 0) -> Drafted:
    """Have variants written. Near-duplicates are drafted once more with the reason, then refused and shown.

    Args:
        brief: What is wanted.
        speech: The model at work; what it answered before is found and not asked again.
        standards: The channel, the facts and the voice copy is written by.
        again: How often a person asked for fresh drafts.

    Raises:
        Refused: The channel or a fact of the brief is unknown.
        ModelFailed: The model brought nothing usable.
    """
    inputs = inputs_of(brief, standards)
    answer = speech.ask(experiment_of(brief), GENERATOR.question(inputs, again=again))
    made = [v for n, d in enumerate(answer.variants[: brief.k], 1) if (v := _variant(brief, inputs, d, f"v{n}"))]
    kept, near = near_duplicates(made, brief)
    notes: list[str] = []
    refused: Sequence[_Near] = near
    if near:
        anew = inputs.model_copy(
            update={
                "k": len(near),
                "mechanisms": tuple(dict.fromkeys(n.variant.mechanism for n in near)),
                "keep_away": (*inputs.keep_away, *(whole(v) for v in (*kept, *(n.variant for n in near)))),
                "redraft": tuple(f"{n.variant.mechanism}: too near to {n.near}. {n.why}" for n in near),
            }
        )
        try:
            second = speech.ask(experiment_of(brief), GENERATOR.question(anew, again=again))
        except ModelFailed as failure:
            notes.append(f"Near-duplicates were not drafted anew: {failure.refusals[0].reason}")
        else:
            pairs = zip(near, second.variants, strict=False)
            fresh = [v for n, d in pairs if (v := _variant(brief, anew, d, n.variant.id))]
            kept, refused = near_duplicates(fresh, brief, beside=kept)
            unused = {n.variant.id for n in near} - {v.id for v in fresh}
            refused = (*refused, *(n for n in near if n.variant.id in unused))
    kept = sorted(kept, key=lambda v: int(v.id[1:]))
    if len(kept) < brief.k:
        notes.insert(
            0, f"{len(kept)} of {brief.k} variants stand; the others could not be used or said the same again."
        )
    return Drafted(
        brief=brief,
        variants=tuple(kept),
        refused=tuple(NearDuplicate(variant=n.variant, near=n.near, distance=n.distance, why=n.why) for n in refused),
        again=again,
        missing=" ".join(notes),
    )


def imported(brief: Brief, variants: Iterable[Variant], book: CopyBook, standards: Standards) -> Drafted:
    """Take variants a person wrote, in place of those of the same name; the others stand as they were.

    Near-duplicates are refused and shown; one that stood before stays as it was.

    Raises:
        Refused: The channel is unknown, or a variant has a field it does not know.
    """
    standards.fields(brief)
    before = book.drafted.get(brief.id)
    given = {v.id: v for v in variants}
    alike = (brief.channel, brief.language)
    same = {v.id: v for v in (before.variants if before else ()) if (v.channel, v.language) == alike}
    standing = [v for v in same.values() if v.id not in given]
    kept, near = near_duplicates(
        [same[v.id] if _same_text(same.get(v.id), v) else v for v in given.values()], brief, beside=standing
    )
    kept += [same[n.variant.id] for n in near if n.variant.id in same]
    order = {name: n for n, name in enumerate([*same, *(i for i in given if i not in same)])}
    left = len(near)
    note = f"{left} of {len(given)} said the same as another text and {'was' if left == 1 else 'were'} left out."
    return Drafted(
        brief=brief,
        variants=tuple(sorted(kept, key=lambda v: order[v.id])),
        refused=tuple(NearDuplicate(variant=n.variant, near=n.near, distance=n.distance, why=n.why) for n in near),
        again=before.again if before else 0,
        missing=note if near else "",
    )


def drafted_draft(book: CopyBook, record: Drafted, *, actor: str) -> tuple[Draft, ...]:
    """The entry that keeps drafts; none where exactly they stand already.

    Raises:
        Refused: The brief's copy belongs to another experiment.
    """
    experiment = experiment_of(record.brief)
    if experiment != book.experiment:
        raise Refused.because(
            "copy.experiment",
            f"The brief {record.brief.id!r} belongs to {experiment!r}, not to {book.experiment!r}.",
            "Give the brief the experiment it belongs to.",
            name="experiment",
            value=experiment,
        )
    if book.drafted.get(record.brief.id) == record:
        return ()
    key = drafted_key(record.brief, book.drafts.get(record.brief.id, 0))
    return (Draft(experiment=experiment, kind="drafted", actor=actor, payload=record.to_json(), key=key),)


def drafted_key(brief: Brief, number: int) -> str:
    """Under which a brief's drafts are on the ledger: its entries count from 0, and the last one stands."""
    return f"drafted/{experiment_of(brief)}/{brief.id}/{number}"


def checked_draft(variant: Variant, experiment: str, speech: Speech, standards: Standards, *, actor: str) -> Draft:
    """Have a model read a variant for claims the scanner missed; it may only add.

    Raises:
        ModelFailed: The model brought nothing usable; the scanner's marks stand.
    """
    sentences = placed((variant,))
    inputs = ClaimCheckerInputs(sentences=tuple(s.read for s in sentences), style_guide=standards.voice)
    answer = speech.ask(experiment, CLAIM_CHECKER.question(inputs)) if sentences else None
    added = []
    for claim in usable(inputs, answer) if answer else ():
        read, name, start = sentences[claim.sentence]
        at = start + read.text.index(claim.span)
        why = " ".join(claim.why.split()) or "A model marked it; what would show it, it did not say."
        added.append((name, Claim(start=at, end=at + len(claim.span), kind=claim.kind, words=(claim.span,), why=why)))
    record = Checked(
        brief=variant.brief, variant=variant.id, digest=variant.text_digest, added=tuple(dict.fromkeys(added))
    )
    key = checked_key(variant, experiment)
    return Draft(experiment=experiment, kind="checked", actor=actor, payload=record.to_json(), key=key)


def checked_key(variant: Variant, experiment: str) -> str:
    """Under which a check is on the ledger: one a text."""
    return f"checked/{experiment}/{variant.brief}/{variant.id}/{variant.text_digest}"


def near_duplicates(
    made: Sequence[Variant], brief: Brief, *, beside: Sequence[Variant] = ()
) -> tuple[list[Variant], list[_Near]]:
    """Which variants may stand beside each other, the control and earlier copy; and which say the same again."""
    kept, near = list(beside), []
    fixed = [("control", " \n".join(f.text for f in brief.control))] if brief.control else []
    fixed += [(f"earlier copy {n}", text) for n, text in enumerate(brief.keep_away, 1)]
    for variant in made:
        others = [*fixed, *((v.id, whole(v)) for v in kept)]
        judged = [(name, apart(whole(variant), text, brief.language)) for name, text in others if text.strip()]
        if found := min((j for j in judged if j[1].near), key=lambda j: j[1].distance, default=None):
            near.append(_Near(variant, found[0], found[1].distance, found[1].why))
        else:
            kept.append(variant)
    return kept, near


def inputs_of(brief: Brief, standards: Standards) -> GeneratorInputs:
    """What the generator is told of a brief."""
    fields = tuple(
        ChannelField(name=f.name, max_characters=f.max_characters, note=f.note) for f in standards.fields(brief)
    )
    control = (" \n".join(f.text for f in brief.control),) if brief.control else ()
    return GeneratorInputs(
        change=brief.change,
        audience=brief.audience,
        because=brief.because,
        channel=brief.channel,
        fields=fields,
        brand_voice=standards.voice,
        facts=tuple(SourceFact(id=f.id, text=f.text) for f in standards.facts(brief)),
        k=brief.k,
        mechanisms=brief.mechanisms or standards.mechanisms(brief),
        keep_away=(*control, *brief.keep_away),
        language=brief.language,
        notes=brief.notes,
    )


def _variant(brief: Brief, inputs: GeneratorInputs, draft: DraftVariant, name: str) -> Variant | None:
    """A draft as a variant, its fields in the channel's order; None where it is not one.

    A field is missing or empty; or its mechanism, which leaves the house with it, is none of those asked for.
    """
    texts = {f.name: f.text.strip() for f in draft.fields}
    wanted = [f.name for f in inputs.fields]
    if set(texts) - set(wanted) or not all(texts.get(n) for n in wanted):
        return None
    if draft.mechanism.strip() not in inputs.mechanisms:
        return None
    known = {f.id for f in inputs.facts}
    return Variant(
        id=name,
        brief=brief.id,
        channel=brief.channel,
        mechanism=draft.mechanism.strip(),
        fields=tuple(FieldText(name=n, text=texts[n]) for n in wanted),
        facts=tuple(f for f in draft.facts if f in known),
        author="model",
        language=brief.language,
    )


def _same_text(before: Variant | None, now: Variant) -> bool:
    """An edited file holds the variants nobody touched, too: those keep their author."""
    if before is None or (before.digest, before.facts) != (now.digest, now.facts):
        return False
    return before.mechanism == now.mechanism
