"""``expcopilot register``: freeze a plan, or amend it in the open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.records.experiment import Experiment

__all__ = ["command", "show_frozen"]


@click.command("register")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--amend", is_flag=True, help="Change a registered plan, in the open; needs --reason.")
@click.option("--reason", default="", metavar="TEXT", help="Why the plan is amended; stands on the readout.")
@json_option
def command(*, file: Path, amend: bool, reason: str, as_json: bool) -> None:
    """Freeze the plan in FILE: its digest, who, and when go into the ledger, before the data is seen.

    A plan registered after its first exposure, or after its data was looked at, is taken too, but stamped post hoc:
    nothing read from it is ever "supported".

    \b
    Examples:
      expcopilot register plans/checkout.yaml
      expcopilot register plans/checkout.yaml --amend --reason "Traffic is half of what we expected"
    """
    if reason and not amend:
        raise click.UsageError("--reason explains an amendment: add --amend, or leave it out.")
    from expcopilot import load_plan

    plan = load_plan(file)
    copilot = current()
    experiment = copilot.amend(plan, reason=reason) if amend else copilot.register(plan)
    registration = experiment.registration
    late = registration.record.post_hoc if registration else ""
    last = experiment.amendments[-1].record if amend else None
    after = bool(last and last.after_outcomes)
    if as_json:
        print_json(
            {
                "experiment": experiment.name,
                "digest": plan.digest,
                "position": experiment.position,
                "post_hoc": late,
                "amended": list(last.changed) if last else [],
                "after_outcomes": after,
            }
        )
        return
    show_frozen(experiment)


def show_frozen(experiment: Experiment) -> None:
    """Say that the plan in force was registered, or amended, and how that is stamped."""
    from expcopilot.surfaces.cli import show

    last = experiment.amendments[-1] if experiment.amendments else None
    frozen = last or experiment.registration
    if frozen is None:
        raise AssertionError("only what is registered is shown as registered")
    did = f"Amended ({', '.join(last.record.changed)})" if last else "Registered"
    late = experiment.registration.record.post_hoc if experiment.registration else ""
    show.line(f"{did}: {experiment.name}", "bold green")
    show.line(f"Digest {frozen.record.digest}, ledger entry {frozen.position}.", "dim")
    if late:
        show.line(f"Stamped post hoc, because {late}", "yellow")
    if last and last.record.after_outcomes:
        show.line("Outcomes had been seen before this change, so readings from now on are post hoc.", "yellow")
    show.next_steps([("When there is data, read it", f"expcopilot analyze {experiment.name} DATA")])
