"""``expcopilot mark``: settle one mark of one variant: quote a source, waive the claim, or tick the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from expcopilot.surfaces.cli.session import current, experiment_option, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.api import Copilot
    from expcopilot.records.copy import Review
    from expcopilot.records.copybook import Reviewed

__all__ = ["command"]


@click.command("mark")
@click.argument("brief")
@click.argument("variant")
@click.argument("mark")
@click.option("--source", metavar="SOURCE", help="The source that carries the claim; with --quote.")
@click.option("--quote", metavar="WORDS", help="The words, exactly as they stand in the source.")
@click.option("--waive", metavar="REASON", help="Let the claim stand without a source, under your name.")
@click.option("--tick", metavar="REASON", help="Say what an unclassified sentence is, under your name.")
@click.option("--undo", metavar="REASON", help="Take back the waiver, the tick or the quotation that settles it.")
@click.option("--digest", default="", help="Decide without being asked: the first characters of the text you read.")
@experiment_option
@json_option
def command(
    *,
    brief: str,
    variant: str,
    mark: str,
    source: str | None,
    quote: str | None,
    waive: str | None,
    tick: str | None,
    undo: str | None,
    digest: str,
    experiment: str,
    as_json: bool,
) -> None:
    """Settle MARK (such as C1 or S1) in VARIANT of BRIEF.

    A quotation must stand in the source word for word, with the numbers of the claim in it; code decides that. A waiver
    or a tick stands beside your name and your reason, and falls when the text changes.

    You are shown the text and asked: C1 is the first claim of exactly that text. In a script, or where you have read it
    already, give its --digest; where the text has changed since, nothing is decided.

    \b
    Examples:
      expcopilot mark spring v1 C1 --source pause-terms --quote "are not charged while paused"
      expcopilot mark spring v1 C2 --waive "Legal agreed on 3 March" --digest 3fa94c1b
      expcopilot mark spring v2 S1 --tick "A play on words, nobody takes it for a fact"
      expcopilot mark spring v1 C1 --undo "The terms are being rewritten"
    """
    given = [text for text in (quote, waive, tick, undo) if text is not None]
    if len(given) != 1 or (source is None) != (quote is None):
        raise click.UsageError("Give one of --source with --quote, --waive, --tick or --undo.")
    is_sentence = mark.strip().lower().startswith("s")
    if (waive is not None and is_sentence) or (tick is not None and not is_sentence):
        raise click.UsageError("A claim (C1, C2, ...) is waived, an unclassified sentence (S1, S2, ...) is ticked.")
    if as_json and not digest:
        raise click.UsageError("With --json nobody is asked: give the --digest of the text you have read.")
    copilot = current()
    seen = digest or _asked(copilot, brief, variant, mark, experiment)
    if not seen:
        return
    if quote is not None:
        reviewed = copilot.source_claim(
            brief, variant, mark, seen, source=source or "", quotation=quote, experiment=experiment
        )
    else:
        verb = copilot.waive if waive is not None else copilot.tick if tick is not None else copilot.undo_mark
        reviewed = verb(brief, variant, mark, seen, reason=given[0], experiment=experiment)
    from expcopilot.flow.steps.approve_copy import find_review

    review = find_review(reviewed, variant)
    if as_json:
        told = {"brief": brief, "experiment": reviewed.experiment, "variant": variant, "mark": mark}
        print_json({**told, "open": review.open_marks, "already": reviewed.already})
        return
    _tell(reviewed, review)


def _asked(copilot: Copilot, brief: str, variant: str, mark: str, experiment: str) -> str:
    """Show the exact text and the mark, and ask; the digest of what was seen, or "" where it is left."""
    from expcopilot.flow.steps.approve_copy import find_mark, find_review
    from expcopilot.surfaces.cli import copy_pages, show

    reviewed = copilot.copy(brief, experiment=experiment)
    review = find_review(reviewed, variant)
    found = find_mark(review, mark)
    copy_pages.show_shared(reviewed)
    copy_pages.show_mark(review, found)
    show.line(f"You decide as {copilot.workspace.actor}.")
    typed = click.prompt(
        f"Settle {found.label} of exactly this text? [y/n]", type=click.Choice(["y", "n"]), show_choices=False
    )
    if typed == "n":
        show.line("Left as it was.")
    return review.digest if typed == "y" else ""


def _tell(reviewed: Reviewed, review: Review) -> None:
    from expcopilot.flow.typed import typed
    from expcopilot.surfaces.cli import copy_pages, show

    copy_pages.show_variant(review)
    if reviewed.already:
        show.line(reviewed.already, "yellow")
    if review.open_marks:
        return
    if review.standing == "approved":
        step = ("Hand it over", typed("export", review.variant.brief, options="--format csv", experiment=review.whose))
    else:
        decide = typed("approve", review.variant.brief, review.variant.id, experiment=review.whose)
        step = ("Approve exactly this text", decide)
    show.next_steps([step])
