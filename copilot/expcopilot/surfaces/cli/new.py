"""``expcopilot new``: five questions, one plan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from copilot_tools.wording.plain import visible
from expcopilot.surfaces.cli.session import current, folder, json_option, print_json, progress_note, spelled

if TYPE_CHECKING:
    from expcopilot.flow.steps.from_hypothesis import Begun
    from expcopilot.flow.steps.new_plan import Drafted
    from expcopilot.surfaces.typed_answers import Typed

__all__ = ["command"]

_REVIEW = "Review the file, above all the names of its columns and arms, then check it"


@click.command("new")
@click.option("--channel", type=click.Choice(["landing-page", "email", "push", "ad", "other"]), help="Where it runs.")
@click.option("--change", metavar="TEXT", help="1. What changes.")
@click.option("--audience", metavar="TEXT", help="2. For whom.")
@click.option("--because", metavar="TEXT", help="3. Why you believe it.")
@click.option("--metric", metavar="TEXT", help="4. The one number that decides.")
@click.option("--kind", type=click.Choice(["share", "number"]), help="Yes or no a unit, or an amount a unit.")
@click.option("--matters", metavar="SIZE", help='How big a change would matter: "+5%", "+0.5 points".')
@click.option("--guardrail", metavar="TEXT", multiple=True, help='5. "unsubscribe rate: +0.1 points" may rise by that.')
@click.option("--baseline", metavar="LEVEL", help='The number today: "4%".')
@click.option("--sd", metavar="NUMBER", help="Standard deviation of one unit's amount.")
@click.option("--traffic", metavar="NUMBER", help="Units a week that can enter the test.")
@click.option("--list", "list_size", metavar="NUMBER", help="Units on a fixed list.")
@click.option("--start", metavar="DAY", help="First day somebody can see the change: 2026-03-01.")
@click.option("--looks", metavar="SHARES", help='Look early, at these shares of the units: "25%, 50%, 75%".')
@click.option("--name", default="", metavar="NAME", help="Short name: lower-case letters, digits, dots, dashes.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Plan file to write.")
@click.option("--resume", is_flag=True, help="Go on with the answers kept when you stopped.")
@json_option
def command(
    *,
    channel: str | None,
    name: str,
    out: Path | None,
    resume: bool,
    as_json: bool,
    list_size: str | None,
    **given: Any,
) -> Path:
    """Write a plan by answering five questions: what changes, for whom, why, what decides, what must not get worse.

    Every term is explained by `?`. Every answer is an option, too, so scripts can answer; what is missing is asked in
    a terminal. Ctrl-C keeps the answers; --resume goes on. The plan is one YAML file to review before it is registered.
    With --name of an experiment whose hypothesis was approved, the plan begins with what that says.

    \b
    Examples:
      expcopilot new
      expcopilot new --name checkout
      expcopilot new --channel email --change "The subject line asks a question" \\
        --audience "Customers of the last twelve months" --because "Questions brought more replies in three surveys" \\
        --metric "visit rate" --matters "+5%" --guardrail "unsubscribe rate: +0.1 points" --baseline 10% --list 64000
    """
    from expcopilot.surfaces import typed_answers
    from expcopilot.surfaces.cli import answers

    plans = out.parent if out is not None else _plans()
    draft = plans / typed_answers.DRAFT
    typed: Typed = {key: value for key, value in {**given, "list": list_size}.items() if value}
    typed = {key: list(value) if key == "guardrail" else value for key, value in typed.items()}
    begun = _begun(name, out)
    if resume:
        kept, kept_channel = answers.load_draft(draft)
        typed, channel = {**kept, **typed}, channel or kept_channel
    elif sys.stdin.isatty() and not as_json and not typed:
        _no_other_draft(draft)
    if begun is not None:
        typed, channel = {**typed_answers.begun_typed(begun), **typed}, channel or begun.channel or None
        if not as_json:
            _show_begun(name, begun)
    if sys.stdin.isatty() and not as_json:
        channel = _ask(typed, channel, draft)
    made = _drafted(typed, channel or "other", name, begun)
    path = out or plans / f"{made.plan.experiment}.yaml"
    from expcopilot.memory import plan_files

    plan_files.save(made.plan, path)
    answers.drop_draft(draft)
    if as_json:
        print_json({**made.to_json(), "file": str(path)})
    else:
        _show(made, path)
    return path


def _plans() -> Path:
    """The workspace's folder of plans, so that nobody answers five questions only to hear that there is none."""
    from expcopilot.memory.workspace import Workspace

    return Workspace.find(folder()).plans


def _ask(typed: Typed, channel: str | None, draft: Path) -> str:
    """Ask what is missing; what was answered is kept whatever happens."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.output import create_output

    from expcopilot.surfaces.cli import answers, asking

    session: PromptSession[str] = PromptSession(output=create_output(sys.stderr))
    try:
        chosen = channel or asking.ask_channel(session)
        asking.ask_missing(session, typed, chosen, lambda: answers.save_draft(draft, typed, chosen))
    except (KeyboardInterrupt, EOFError):
        if draft.exists():
            progress_note(f"\nYour answers so far are kept in {draft}. Go on with: {_again(draft)}")
        raise
    return chosen


def _no_other_draft(draft: Path) -> None:
    if draft.exists():
        from copilot_tools.refusals import Refused

        raise Refused.because(
            "new.draft_exists",
            f"Answers from an earlier start are kept in {draft}.",
            f"Go on with `{_again(draft)}`, or remove that file to start anew.",
            value=str(draft),
        )


def _again(draft: Path) -> str:
    """The command that goes on with this draft."""
    given = click.get_current_context().params
    out, name = given["out"], given["name"]
    return (
        spelled("expcopilot new --resume")
        + (f" --name {name}" if name else "")
        + (f" --out {out}" if out is not None and draft.parent == out.parent else "")
    )


def _begun(name: str, out: Path | None) -> Begun | None:
    """What the approved hypothesis of this experiment answers; a plan for elsewhere needs no workspace."""
    from copilot_tools.refusals import Refused

    if not name:
        return None
    try:
        copilot = current()
    except Refused as refused:
        if out is None or {r.code for r in refused.refusals} != {"workspace.not_found"}:
            raise
        return None
    return copilot.begun(name)


def _show_begun(name: str, begun: Begun) -> None:
    """What is taken from the hypothesis, before the rest is asked; on standard error, as the questions are."""
    from expcopilot.surfaces.typed_answers import begun_typed

    progress_note(f"From the approved hypothesis of {name}:")
    further: Typed = {name: begun.answers[name] for name in ("falsifier", "north_star") if name in begun.answers}
    shown: Typed = {**begun_typed(begun), **further}
    for field, text in shown.items():
        told = "; ".join(text) if isinstance(text, list) else text
        progress_note(visible(f"  {field.replace('_', ' ')}: {told}"))
    for sentence in (sentence for sentences in begun.unread.values() for sentence in sentences):
        progress_note(visible(f"  {sentence}"))


def _drafted(typed: Typed, channel: str, name: str, begun: Begun | None) -> Drafted:
    from expcopilot.flow.steps.new_plan import draft_plan
    from expcopilot.surfaces.cli import answers

    told = answers.to_answers(typed, channel=channel, name=name)
    return draft_plan(told) if begun is None else begun.drafted(told)


def _show(made: Drafted, path: Path) -> None:
    from expcopilot.flow.typed import quoted
    from expcopilot.surfaces.cli import show, sizes

    out = show.console()
    show.line(f"A plan for {made.plan.experiment}:", "bold green")
    show.paths("", [show.near(path)])
    show.line(made.plan.question, "bold")
    if made.size is not None:
        sizes.show_size(made.size, made.plan.analysis.primary)
    if made.detectable is not None:
        sizes.show_detectable(made.detectable, made.plan.analysis.primary, assumed=False)
    if made.looking:
        show.line(made.looking)
    if made.warning:
        show.line(made.warning, "yellow")
    if made.unsized:
        show.line(made.unsized, "yellow")
    if made.open:
        show.heading("Still open")
        must = [f"{q.field}: {q.question}" for q in made.open if q.weight == "must"]
        should = [f"{q.field}: {q.question}" for q in made.open if q.weight == "should"]
        out.print(show.listed(must, mark="✕", style="red"))
        out.print(show.listed(should, mark="?", style="yellow"))
    file = quoted(str(show.near(path)))
    open_must = any(q.weight == "must" for q in made.open)
    first = "Answer in the file what is marked ✕, then check it" if open_must else _REVIEW
    freeze = ("Freeze it before the data is seen", f"expcopilot register {file}")
    show.next_steps([(first, f"expcopilot plan check {file}"), *([] if open_must else [freeze])])
