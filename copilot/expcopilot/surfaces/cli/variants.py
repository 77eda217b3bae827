"""``expcopilot variants``: from a brief to variants with their distances and marks, for a person to go through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from expcopilot.surfaces.cli.session import current, experiment_option, json_option, model_option, print_json

if TYPE_CHECKING:
    from expcopilot.api import Copilot
    from expcopilot.records.copybook import Reviewed

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_ENDINGS = {".txt", ".md", ".markdown", ".yaml", ".yml", ".json"}


@click.command("variants")
@click.argument("brief", required=False, default="")
@click.option(
    "--from",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take variants from a CSV file: one row a variant, one column a field. Replaces those of the same id.",
)
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Write them as a CSV file, for editing.")
@click.option("--again", is_flag=True, help="Have them drafted afresh, in place of those that stand.")
@click.option("--channel", default="", help="With an experiment's name: draft from its approved hypothesis.")
@click.option("-k", "k", type=click.IntRange(1, 50), default=3, show_default=True, help="How many, with --channel.")
@click.option("--in", "briefs", type=_FILE, help="Many briefs: CSV, JSON Lines, Parquet or Excel, a row each.")
@click.option("--out", type=_FILE, help="With --in: where the variants go, a row each; the ending says the format.")
@click.option("--review", type=_FILE, help="With --in: a CSV file to decide in; `expcopilot approve` reads it back.")
@click.option("--batch", is_flag=True, help="With --in: by Message Batches, at half the price, within a day.")
@click.option("--cancel", is_flag=True, help="With --in: end the open batches, and write what was done of them.")
@click.option("--concurrency", type=int, default=8, show_default=True, help="With --in: requests under way at once.")
@click.option("--settle", type=click.FloatRange(0), default=5.0, hidden=True)  # seconds; see BatchJob
@click.option("--budget", type=float, help="With --in: US dollars the run may cost, all its attempts together.")
@click.option("--retry", is_flag=True, help="With --in: ask again only for rows that stand with an error in --out.")
@click.option("--check-claims", is_flag=True, help="With --in: a model, too, reads each variant for claims.")
@experiment_option
@model_option
@json_option
def command(
    *,
    briefs: Path | None,
    out: Path | None,
    review: Path | None,
    batch: bool,
    cancel: bool,
    concurrency: int,
    settle: float,
    budget: float | None,
    retry: bool,
    check_claims: bool,
    experiment: str,
    brief: str,
    file: Path | None,
    save: Path | None,
    again: bool,
    channel: str,
    k: int,
    no_model: bool,
    as_json: bool,
) -> None:
    """Draft the variants of BRIEF, or bring your own, and show what is open in each.

    BRIEF is a text, Markdown or YAML file that says Channel, Change, Audience and Because; or the id of a brief that
    was drafted before; or, with --channel, an experiment with an approved hypothesis.

    Every sentence is read by the claim scanner. A claim stays open until a quotation stands in a source, or a named
    person waives it; `expcopilot mark` does both. Nothing leaves before a person approves each exact text.

    \b
    Examples:
      expcopilot variants spring.txt                        # drafted by the language model
      expcopilot variants spring.txt --from written.csv     # written by you
      expcopilot variants spring                            # where it stands
      expcopilot variants spring --save edit.csv            # to edit; bring it back with --from
      expcopilot variants --in briefs.csv --out variants.csv --review review.csv --budget 5
      expcopilot variants --in briefs.csv --out variants.csv --retry
    """
    if briefs is not None or out is not None:
        if briefs is None or out is None or brief or file or save or again or channel or no_model or experiment:
            raise click.UsageError("Many briefs take --in and --out, and of the others none that is for one BRIEF.")
        from expcopilot.flow.batch.run import BatchJob
        from expcopilot.surfaces.cli import batch as many

        mode: Literal["live", "batch", "cancel"] = "cancel" if cancel else "batch" if batch else "live"
        job = BatchJob(briefs, out, review, mode, concurrency, budget, settle, retry=retry, check_claims=check_claims)
        many.run(job, as_json=as_json)
        return
    if not brief:
        raise click.UsageError("Name a BRIEF, or many with --in and --out.")
    if review is not None or batch or cancel or budget is not None or retry or check_claims:
        named = "--review, --batch, --cancel, --budget, --retry and --check-claims"
        raise click.UsageError(f"{named} are for many briefs: --in and --out.")
    if file is not None and again:
        raise click.UsageError("--from brings variants and --again drafts them: one at a time.")
    copilot = current()
    model: Literal["configured"] | None = None if no_model else "configured"
    reviewed = _reviewed(copilot, brief, file, channel, k, experiment, again=again, model=model)
    if save is not None:
        from expcopilot.memory import variant_files

        variants = [review.variant for review in reviewed.reviews]
        fields = list(dict.fromkeys(f.name for v in variants for f in v.fields))
        variant_files.save(save, variants, fields)
    if as_json:
        from expcopilot.surfaces.cli.copy_pages import as_data

        print_json(as_data(reviewed))
        return
    from expcopilot.surfaces.cli import copy_pages

    copy_pages.show_reviewed(reviewed, saved=save)


def _reviewed(
    copilot: Copilot,
    named: str,
    file: Path | None,
    channel: str,
    k: int,
    experiment: str,
    *,
    again: bool,
    model: Literal["configured"] | None,
) -> Reviewed:
    path = Path(named)
    if experiment and (path.suffix.lower() in _ENDINGS or path.is_file() or channel):
        raise click.UsageError("--experiment is for a brief's id; a brief in a file names its own.")
    if path.suffix.lower() in _ENDINGS or path.is_file():
        brief = copilot.read_brief(path)
    elif channel:
        brief = copilot.brief_of(named, channel=channel, k=k)
    else:
        stands = copilot.copy(named, experiment=experiment)
        if file is None and not again:
            return stands
        brief = stands.brief
    if file is not None:
        return copilot.import_variants(brief, copilot.read_variants(file, brief), model=model)
    return copilot.draft_variants(brief, model=model, again=again)
