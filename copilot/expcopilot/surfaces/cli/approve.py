"""``expcopilot approve``: a person reads the exact text of each variant and decides; or a review file is read back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from expcopilot.surfaces.cli.session import current, experiment_option, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.api import Copilot
    from expcopilot.records.copy import Review
    from expcopilot.records.copybook import Reviewed

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
    from expcopilot.flow.steps.approve_copy import already, find_review

    reviewed = copilot.copy(brief, experiment=experiment)
    reviews = [find_review(reviewed, variant)] if variant is not None else _undecided(reviewed)
    if not as_json:
        from expcopilot.surfaces.cli import copy_pages

        copy_pages.show_shared(reviewed)
    wanted = "rejected" if reject else "approved"
    decided: dict[str, str] = {}
    stood: dict[str, str] = {}
    for review in reviews:
        name = review.variant.id
        if digest:
            copilot.approve_variant(
                brief, name, digest, "reject" if reject else "approve", reason=reason, experiment=experiment
            )
            decided[name] = wanted
        elif review.standing != wanted:
            decided[name] = _asked(copilot, review, experiment, reject=reject, reason=reason)
        if review.standing == wanted:
            stood[name] = already(review)
    if as_json:
        print_json({"brief": brief, "experiment": reviewed.experiment, "decided": decided, "already": stood})
        return
    _tell(reviewed, decided, stood)


def _undecided(reviewed: Reviewed) -> list[Review]:
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


def _tell(reviewed: Reviewed, decided: dict[str, str], stood: dict[str, str]) -> None:
    from expcopilot.surfaces.cli import show

    if not decided and not stood:
        show.line("Everything is decided already.", "bold")
    for name, what in decided.items():
        if name not in stood:
            show.line(f"{name}: {what}.", "bold green" if what == "approved" else "bold")
    for sentence in stood.values():
        show.line(sentence, "yellow")
    show.next_steps(_next(reviewed, decided))


def _next(reviewed: Reviewed, decided: dict[str, str]) -> list[tuple[str, str]]:
    """What to type next: what is open, who has yet to be decided upon, the file; or anew, where nothing is approved."""
    from expcopilot.flow.typed import typed
    from expcopilot.surfaces.cli import copy_pages

    brief, whose = reviewed.brief.id, reviewed.whose
    standings = {r.variant.id: r.standing for r in reviewed.reviews} | decided
    waits = [name for name, what in decided.items() if what in {"open", "changed"}]
    if waits:
        seen = (f"See what is open in {', '.join(waits)}", typed("variants", brief, experiment=whose))
        return [seen, copy_pages.rejecting(brief, waits[0], whose)]
    left = [name for name, what in standings.items() if what not in {"approved", "rejected"}]
    if left:
        decide = (f"Read {', '.join(left)} and decide", typed("approve", brief, experiment=whose))
        return [decide, copy_pages.rejecting(brief, left[0], whose)]
    if "approved" not in standings.values():
        return copy_pages.starting_anew(reviewed)
    return [("Hand it over", typed("export", brief, options="--format csv", experiment=whose))]


def _read_back(copilot: Copilot, path: Path, *, as_json: bool) -> None:
    from expcopilot.memory import review_files

    decided, refused = copilot.approve_reviewed(review_files.load(path))
    if as_json:
        print_json(_as_data(decided, refused))
    else:
        from expcopilot.surfaces.cli import show

        rows = [(a, sum(d.action == a for d in decided)) for a in ("approve", "reject")]
        show.line("; ".join(f"{a}: {n}" for a, n in rows) + f"; refused: {len(refused)}", "bold")
        if again := sum(row.already for row in decided):
            show.line(f"{again:,} of them {'was' if again == 1 else 'were'} decided so already: nothing was added.")
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
