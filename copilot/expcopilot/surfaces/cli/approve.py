"""``expcopilot approve``: a person reads the exact text of each variant and decides; or a review file is read back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from expcopilot.surfaces.cli.session import current, experiment_option, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.api import Copilot
    from expcopilot.records.copy import Review

__all__ = ["command"]

_ANSWERS: dict[str, Literal["approve", "reject", "skip"]] = {"y": "approve", "n": "reject", "s": "skip"}
_SHOWN = 20
"""Refused rows of a review file that a person is told one by one."""


@click.command("approve")
@click.argument("brief")
@click.argument("variant", required=False)
@click.option("--digest", default="", help="Approve without being asked: the first characters of the text you read.")
@click.option("--reject", is_flag=True, help="Reject it instead: it stays, and never leaves.")
@click.option("--reason", default="", help="In your words; stands beside your name.")
@experiment_option
@json_option
def command(
    *, brief: str, variant: str | None, digest: str, reject: bool, reason: str, experiment: str, as_json: bool
) -> None:
    """Approve VARIANT of BRIEF, or go through all of them; or read back the review FILE of a batch.

    You are shown the exact text and asked; your approval covers that text and falls when it changes. A variant in which
    anything is open cannot be approved, and is said why. In a script, give the --digest of the text you have read.

    A review file has a row a variant, with columns brief, variant, digest, approve (yes or no), by and reason.

    \b
    Examples:
      expcopilot approve spring                      # one after the other
      expcopilot approve spring v2 --reject --reason "Too loud for us"
      expcopilot approve spring v1 --digest 3fa94c1b
      expcopilot approve review.csv
    """
    copilot = current()
    if variant is None and Path(brief).suffix.lower() == ".csv":
        _read_back(copilot, Path(brief), as_json=as_json)
        return
    if digest and variant is None:
        raise click.UsageError("--digest is of one text: name its variant.")
    if as_json and not digest:
        raise click.UsageError("With --json nobody is asked: give the --digest of the text you have read.")
    reviews = _chosen(copilot, brief, variant, experiment)
    decided: dict[str, str] = {}
    for review in reviews:
        name = review.variant.id
        if digest:
            action: Literal["approve", "reject"] = "reject" if reject else "approve"
            copilot.approve_variant(brief, name, digest, action, reason=reason, experiment=experiment)
            decided[name] = "approved" if action == "approve" else "rejected"
        else:
            decided[name] = _asked(copilot, review, experiment, reject=reject, reason=reason)
    if as_json:
        print_json({"brief": brief, "decided": decided})
        return
    _tell(brief, experiment, decided)


def _chosen(copilot: Copilot, brief: str, variant: str | None, experiment: str) -> list[Review]:
    from expcopilot.flow.steps.approve_copy import find_review

    reviewed = copilot.copy(brief, experiment=experiment)
    if variant is not None:
        return [find_review(reviewed, variant)]
    return [r for r in reviewed.reviews if r.standing not in {"approved", "rejected"}]


def _asked(copilot: Copilot, review: Review, experiment: str, *, reject: bool, reason: str) -> str:
    """Show the exact text, ask, and record the answer for exactly that text."""
    from copilot_tools.refusals import Refused
    from expcopilot.surfaces.cli import copy_pages, show

    copy_pages.show_variant(review)
    errors = any(severity == "error" for _, severity, _ in review.findings)
    if (review.open_marks or errors) and not reject:
        show.line(f"{review.variant.id} cannot be approved yet: something in it is open.", "yellow")
        return "open"
    show.line(f"You decide as {copilot.workspace.actor}.")
    what = "Reject it? [y/s]" if reject else "Approve exactly this text? [y approves, n rejects, s leaves it for later]"
    typed = click.prompt(what, type=click.Choice(["y", "s"] if reject else ["y", "n", "s"]), show_choices=False)
    action = _ANSWERS[typed]
    if action == "skip":
        return "left"
    if reject:
        action = "reject"
    try:
        brief, name = review.variant.brief, review.variant.id
        copilot.approve_variant(brief, name, review.digest, action, reason=reason, experiment=experiment)
    except Refused as refused:
        if {r.code for r in refused.refusals} != {"copy.changed"}:
            raise
        show.refused(refused.refusals)  # somebody edited it while this person was reading; the others are still asked
        return "changed"
    return "approved" if action == "approve" else "rejected"


def _tell(brief: str, experiment: str, decided: dict[str, str]) -> None:
    from expcopilot.flow.typed import typed
    from expcopilot.surfaces.cli import copy_pages, show

    if not decided:
        show.line("Everything is decided already.", "bold")
    for name, what in decided.items():
        show.line(f"{name}: {what}.", "bold green" if what == "approved" else "bold")
    waits = [name for name, what in decided.items() if what in {"open", "left", "changed"}]
    if waits:
        steps = [(f"See what is open in {', '.join(waits)}", typed("variants", brief, experiment=experiment))]
        show.next_steps([*steps, copy_pages.rejecting(brief, waits[0], experiment)])
    else:
        show.next_steps([("Hand it over", typed("export", brief, options="--format csv", experiment=experiment))])


def _read_back(copilot: Copilot, path: Path, *, as_json: bool) -> None:
    from expcopilot.memory import review_files

    decided, refused = copilot.approve_reviewed(review_files.load(path))
    if as_json:
        print_json(_as_data(decided, refused))
    else:
        from expcopilot.surfaces.cli import show

        rows = [(a, sum(d.action == a for d in decided)) for a in ("approve", "reject")]
        show.line("; ".join(f"{a}: {n}" for a, n in rows) + f"; refused: {len(refused)}", "bold")
        for row, failure in refused[:_SHOWN]:
            show.line(f"Row {row.number}, {row.brief} {row.variant}: {'; '.join(map(str, failure.refusals))}", "yellow")
        if len(refused) > _SHOWN:
            show.line(f"... and {len(refused) - _SHOWN:,} more; --json names them all.", "yellow")
    if refused:
        raise click.exceptions.Exit(1)


def _as_data(decided: Any, refused: Any) -> dict[str, Any]:
    return {
        "decided": [row.to_json() for row in decided],
        "refused": [{**row.to_json(), "refusals": [r.to_json() for r in failure.refusals]} for row, failure in refused],
    }
