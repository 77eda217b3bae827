"""``expcopilot register``: freeze a plan, or amend it in the open."""

from __future__ import annotations

from pathlib import Path

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

__all__ = ["command"]


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
    from expcopilot.memory import plan_files

    plan = plan_files.load(file)
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
    from expcopilot.surfaces.cli import show

    did = f"Amended ({', '.join(last.changed)})" if last else "Registered"
    show.line(f"{did}: {experiment.name}", "bold green")
    show.line(f"Digest {plan.digest}, ledger entry {experiment.position}.", "dim")
    if late:
        show.line(f"Stamped post hoc, because {late}", "yellow")
    if after:
        show.line("Outcomes had been seen before this change, so readings from now on are post hoc.", "yellow")
    show.next_steps([("When there is data, read it", f"expcopilot analyze {experiment.name} DATA")])
