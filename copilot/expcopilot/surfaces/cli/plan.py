"""``expcopilot plan check`` and ``plan show``: what a plan says, and what it leaves open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.records.plan import Plan

__all__ = ["command", "is_plan_file"]


def is_plan_file(given: str) -> bool:
    """Whether a person who typed this means a file rather than an experiment's name."""
    return given.endswith((".yaml", ".yml", ".json")) or "/" in given or "\\" in given or Path(given).is_file()


@click.group("plan")
def command() -> None:
    """Check a plan for what is missing or vague, or show it.

    A plan is one YAML file: hypothesis, the one number that decides, what would matter, what must not get worse, how
    many units, and what to do with bad data. It is read by people first.

    \b
    Examples:
      expcopilot plan check plans/checkout.yaml
      expcopilot plan show checkout
    """


@command.command("check")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def check(*, file: Path, as_json: bool) -> None:
    """Turn what is missing or vague in FILE into questions.

    Questions marked "must" stop a registration; exit code 2 while there is one.

    \b
    Example:
      expcopilot plan check plans/checkout.yaml
    """
    from expcopilot import load_plan
    from expcopilot.flow.steps.check_plan import check_plan

    plan = load_plan(file)
    questions = check_plan(plan)
    must = [q for q in questions if q.weight == "must"]
    if as_json:
        print_json(
            {
                "experiment": plan.experiment,
                "digest": plan.digest,
                "ready": not must,
                "questions": [q.to_json() for q in questions],
            }
        )
    else:
        from expcopilot.surfaces.cli import show

        out = show.console()
        if must:
            show.line(f"{file.name} cannot be registered yet. Answer these in the file:", "bold")
            out.print(show.listed((f"{q.field}: {q.question}" for q in must), mark="✕", style="red"))
        else:
            show.line(f"{file.name} can be registered.", "bold green")
        should = [q for q in questions if q.weight == "should"]
        if should:
            show.line("Better answered, too:")
            out.print(show.listed((f"{q.field}: {q.question}" for q in should), mark="?", style="yellow"))
        if not must:
            show.next_steps([("Freeze it before the data is seen", f"expcopilot register {file}")])
    if must:
        click.get_current_context().exit(2)


@command.command("show")
@click.argument("name", metavar="NAME|FILE")
@json_option
def show_plan(*, name: str, as_json: bool) -> None:
    """Show a registered experiment's plan, or a plan file, as it would be registered.

    \b
    Example:
      expcopilot plan show checkout
    """
    plan, standing = _find(name)
    if as_json:
        print_json({"plan": plan.to_json(), "digest": plan.digest, "registered": bool(standing)})
        return
    from expcopilot.memory import plan_files
    from expcopilot.outputs.report.registered import boundary_lines
    from expcopilot.surfaces.cli import show

    out = show.console()
    show.line(plan.question, "bold")
    show.line(standing or "Not registered: a plan file.", "dim")
    show.line(f"Digest {plan.digest}", "dim")
    out.print()
    show.document(plan_files.render(plan))
    if lines := boundary_lines(plan):
        show.heading("Registered looks")
        out.print(show.listed(lines))


def _find(name: str) -> tuple[Plan, str]:
    """The plan, and how it stands in the ledger."""
    if is_plan_file(name):
        from expcopilot import load_plan

        return load_plan(Path(name)), ""
    from copilot_tools.refusals import Refused

    experiment = current().experiment(name)
    plan, registration = experiment.plan, experiment.registration
    if plan is None or registration is None:
        raise Refused.because(
            "experiment.no_plan",
            f"{name!r} has no registered plan: it was only looked at quickly.",
            "Write one with `expcopilot new`.",
            name="experiment",
            value=name,
        )
    amended = len(experiment.amendments)
    times = f", amended {amended} {'time' if amended == 1 else 'times'} since" if amended else ""
    return plan, f"Registered on {registration.time[:10]} by {registration.actor}{times}."
