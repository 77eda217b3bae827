"""``expcopilot mark``: settle one mark of one variant: quote a source, waive the claim, or tick the sentence."""

from __future__ import annotations

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

__all__ = ["command"]


@click.command("mark")
@click.argument("brief")
@click.argument("variant")
@click.argument("mark")
@click.option("--source", default="", metavar="SOURCE", help="The source that carries the claim; with --quote.")
@click.option("--quote", default="", metavar="WORDS", help="The words, exactly as they stand in the source.")
@click.option("--waive", default="", metavar="REASON", help="Let the claim stand without a source, under your name.")
@click.option("--tick", default="", metavar="REASON", help="Say what an unclassified sentence is, under your name.")
@click.option("--undo", default="", metavar="REASON", help="Take an earlier waiver or tick back.")
@json_option
def command(
    *, brief: str, variant: str, mark: str, source: str, quote: str, waive: str, tick: str, undo: str, as_json: bool
) -> None:
    """Settle MARK (such as C1 or S1) in VARIANT of BRIEF.

    A quotation must stand in the source word for word, with the numbers of the claim in it; code decides that. A waiver
    or a tick stands beside your name and your reason, and falls when the text changes.

    \b
    Examples:
      expcopilot mark spring v1 C1 --source pause-terms --quote "are not charged while paused"
      expcopilot mark spring v1 C2 --waive "Legal agreed on 3 March"
      expcopilot mark spring v2 S1 --tick "A play on words, nobody takes it for a fact"
    """
    given = [
        name for name, text in (("--quote", quote), ("--waive", waive), ("--tick", tick), ("--undo", undo)) if text
    ]
    if len(given) != 1 or bool(source) != bool(quote):
        raise click.UsageError("Give one of --source with --quote, --waive, --tick or --undo.")
    is_sentence = mark.strip().lower().startswith("s")
    if (waive and is_sentence) or (tick and not is_sentence):
        raise click.UsageError("A claim (C1, C2, ...) is waived, an unclassified sentence (S1, S2, ...) is ticked.")
    copilot = current()
    if quote:
        reviewed = copilot.source_claim(brief, variant, mark, source=source, quotation=quote)
    else:
        reviewed = copilot.waive(brief, variant, mark, reason=waive or tick or undo, undo=bool(undo))
    from expcopilot.flow.steps.approve_copy import find_review

    review = find_review(reviewed, variant)
    if as_json:
        print_json({"brief": brief, "variant": variant, "mark": mark, "open": review.open_marks})
        return
    from expcopilot.surfaces.cli import copy_pages, show

    copy_pages.show_variant(review)
    if not review.open_marks:
        show.next_steps([("Approve exactly this text", f"expcopilot approve {brief} {variant}")])
