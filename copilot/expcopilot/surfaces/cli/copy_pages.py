"""The copy of a brief in the terminal: a table of variants, then each with its exact text, marks and findings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.text import Text

from copilot_tools.wording.plain import shortened
from expcopilot.flow.steps.review import OpenMark, marks_of, one_of_several
from expcopilot.flow.typed import quoted, typed
from expcopilot.records.copy import Review
from expcopilot.records.copybook import Reviewed
from expcopilot.surfaces.cli import show

__all__ = ["as_data", "rejecting", "show_mark", "show_reviewed", "show_shared", "show_text", "show_variant"]
__all__ += ["starting_anew"]

_STANDING = {
    "undecided": "not decided",
    "approved": "approved",
    "rejected": "rejected",
    "edited": "edited since it was approved",
    "reopened": "open again: a source or a mark changed",
}


def as_data(reviewed: Reviewed) -> dict[str, Any]:
    """The copy of a brief as JSON data, each variant with its marks by name."""
    return {
        "brief": reviewed.brief.to_json(),
        "experiment": reviewed.experiment,
        "shared": list(reviewed.shared),
        "notes": list(reviewed.notes),
        "refused": [near.to_json() for near in reviewed.refused],
        "variants": [
            {
                "id": review.variant.id,
                "mechanism": review.variant.mechanism,
                "author": review.variant.author,
                "digest": review.digest,
                "standing": review.standing,
                "open": review.open_marks,
                "fields": {f.name: f.text for f in review.variant.fields},
                "marks": [_mark_data(mark) for mark in marks_of(review)],
                "findings": [list(finding) for finding in review.findings],
                "nearest": [list(pair) for pair in review.nearest],
                "checked": review.checked,
            }
            for review in reviewed.reviews
        ],
    }


def show_reviewed(reviewed: Reviewed, *, saved: Path | None = None) -> None:
    """The whole brief: the table first, then every variant, then what was left out and what to do next.

    Args:
        reviewed: The copy.
        saved: The file it was written to for editing, if it was.
    """
    out = show.console()
    count = len(reviewed.reviews)
    show.heading(f"{reviewed.brief.id}: {count} variant{'' if count == 1 else 's'} for {reviewed.brief.channel}")
    columns = (
        ("Variant", False),
        ("Mechanism", False),
        ("Nearest text", False),
        ("Open", True),
        ("Findings", True),
        ("Approval", False),
    )
    out.print(show.table(columns, [_row(review) for review in reviewed.reviews], width=out.width))
    show.line("Distance: 0 says the same, 1 shares nothing. It says nothing about which variant works.", "dim")
    for review in reviewed.reviews:
        show_variant(review)
    if reviewed.refused:
        show.heading("Left out: too near to another text")
        out.print(
            show.listed(
                f"{n.variant.id} ({n.variant.mechanism}), {n.distance:.2f} from {n.near}: "
                f"“{shortened(n.variant.fields[0].text, 80)}”. {n.why}"
                for n in reviewed.refused
            )
        )
    for note in reviewed.notes:
        show.line(note, "yellow")
    if saved is not None:
        show.paths("Written, for editing:", [show.near(saved)])
        bring = typed(
            "variants", reviewed.brief.id, options=f"--from {quoted(str(show.near(saved)))}", experiment=reviewed.whose
        )
        show.next_steps([("Edit it, then bring it back", bring)])
        return
    show.next_steps(_next(reviewed))


def show_variant(review: Review) -> None:
    """One variant: its exact text, then what is marked in it and what was found."""
    show.heading(f"{review.variant.id} · {review.variant.mechanism} · {_STANDING[review.standing]}")
    show_text(review)
    marks = marks_of(review)
    if marks:
        show.console().print(show.listed((_mark_line(mark) for mark in marks), mark="▸", style="dim"))
    else:
        show.line("Nothing in it claims anything.", "dim")
    for field, severity, sentence in review.findings:
        where = f"{field}: " if field else ""
        show.line(
            f"{'✗' if severity == 'error' else '!'} {where}{sentence}", "red" if severity == "error" else "yellow"
        )
    show.line(f"Digest {review.digest[:12]}", "dim")


def show_mark(review: Review, mark: OpenMark) -> None:
    """One mark of a variant, under the exact text it stands in."""
    show.heading(f"{review.variant.id} · {review.variant.mechanism} · digest {review.digest[:12]}")
    show_text(review)
    show.console().print(show.listed([_mark_line(mark)], mark="▸", style="dim"))


def show_text(review: Review) -> None:
    """The exact text of every field, its lines kept."""
    out = show.console()
    width = max(len(f.name) for f in review.variant.fields)
    for field in review.variant.fields:
        lines = field.text.splitlines() or [""]
        for number, line in enumerate(lines):
            label = field.name if not number else ""
            out.print(Text(f"  {label:<{width}}  ", style="dim").append_text(show.text(line)))


def _row(review: Review) -> Sequence[str]:
    name, distance = review.nearest[0] if review.nearest else ("–", 1.0)
    errors = sum(severity == "error" for _, severity, _ in review.findings)
    warnings = len(review.findings) - errors
    found = ", ".join([*([f"{errors} ✗"] if errors else []), *([f"{warnings} !"] if warnings else [])]) or "–"
    return (
        review.variant.id,
        review.variant.mechanism,
        f"{name} {distance:.2f}" if review.nearest else "–",
        str(review.open_marks),
        found,
        _STANDING[review.standing],
    )


def _mark_line(mark: OpenMark) -> str:
    kind = "sentence" if mark.place.kind == "unclassified" else mark.place.kind.replace("_", "/")
    state = f"OPEN, {mark.status}" if mark.is_open else mark.status
    settled = f" ({mark.reason})" if mark.reason else ""
    return f"{mark.label} {mark.place.field} “{shortened(mark.words, 70)}” · {kind} · {state}{settled}" + (
        f". {mark.why}" if mark.is_open else ""
    )


def _mark_data(mark: OpenMark) -> dict[str, Any]:
    return {
        "mark": mark.label,
        "field": mark.place.field,
        "start": mark.place.start,
        "end": mark.place.end,
        "kind": mark.place.kind,
        "words": mark.words,
        "why": mark.why,
        "status": mark.status,
        "reason": mark.reason,
    }


def show_shared(reviewed: Reviewed) -> None:
    """Say whose copy this is, where another experiment has a brief of the same id."""
    if said := one_of_several(reviewed.brief.id, reviewed.whose, reviewed.shared):
        show.line(said, "yellow")


def rejecting(brief: str, variant: str, experiment: str = "") -> tuple[str, str]:
    """What to type to leave a variant out."""
    command = typed("approve", brief, variant, options='--reject --reason "WHY"', experiment=experiment)
    return "Or leave one out: rejected, it stays here and never leaves", command


def starting_anew(reviewed: Reviewed) -> list[tuple[str, str]]:
    """What to type where nothing is approved and nothing waits."""
    name = reviewed.brief.id
    again = typed("variants", name, options="--again", experiment=reviewed.whose)
    steps = [("Draft afresh: nothing is approved", again)]
    if reviewed.reviews:
        read = typed("approve", name, reviewed.reviews[0].variant.id, experiment=reviewed.whose)
        steps.append(("Or read a rejected one again", read))
    return steps


def _next(reviewed: Reviewed) -> list[tuple[str, str]]:
    """What to type next: first what is open, then who approves, then the file."""
    name, experiment = reviewed.brief.id, reviewed.whose
    undecided = [r for r in reviewed.reviews if r.standing in {"undecided", "edited", "reopened"}]
    for review in reviewed.reviews:
        for mark in marks_of(review):
            if not mark.is_open or review.standing == "rejected":
                continue
            at = partial(typed, "mark", name, review.variant.id, mark.label, experiment=experiment)
            seen = f"--digest {review.digest[:12]}"
            change = ("Or change the words", typed("variants", name, options="--save edit.csv", experiment=experiment))
            others = [change, rejecting(name, review.variant.id, experiment)]
            if mark.place.kind == "unclassified":
                return [("Say what an unclassified sentence is", at(options=f'{seen} --tick "REASON"')), *others]
            return [
                ("Quote a source for a claim", at(options=f'{seen} --source SOURCE --quote "WORDS"')),
                ("Or stand up for it yourself", at(options=f'{seen} --waive "REASON"')),
                *others,
            ]
    if undecided:
        decide = ("Read each exact text and decide", typed("approve", name, experiment=experiment))
        return [decide, rejecting(name, undecided[0].variant.id, experiment)]
    if not any(r.standing == "approved" for r in reviewed.reviews):
        return starting_anew(reviewed)
    return [("Hand it over", typed("export", name, options="--format csv", experiment=experiment))]
