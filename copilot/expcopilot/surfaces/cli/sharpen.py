"""``expcopilot sharpen``: from an idea to a hypothesis, with a question for every hole, for a person to approve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import click

from expcopilot.surfaces.cli.session import current, json_option, model_option, print_json

if TYPE_CHECKING:
    from expcopilot.api import Copilot
    from expcopilot.flow.graph import Waiting

__all__ = ["command", "show_hypothesis"]

_ASKED = (
    *("change", "audience", "because", "metric", "direction", "size", "falsifier", "north_star", "guardrails"),
    *("holdout", "assignment"),
)


@click.command("sharpen")
@click.argument("name")
@click.argument("idea", required=False, default="")
@click.option("--channel", default="", help="landing-page, email, push, ad or other.")
@click.option(
    "--answer", "answers", metavar="FIELD=TEXT", multiple=True, help=f"Answer a question: {', '.join(_ASKED)}."
)
@click.option("--approve", is_flag=True, help="Yes, that is the hypothesis: exactly as it was shown.")
@click.option("--drop", is_flag=True, help="No; it is dropped.")
@model_option
@json_option
def command(
    *,
    name: str,
    idea: str,
    channel: str,
    answers: tuple[str, ...],
    approve: bool,
    drop: bool,
    no_model: bool,
    as_json: bool,
) -> None:
    """Sharpen IDEA into the hypothesis of the experiment NAME; answer its questions; approve it.

    A language model drafts, where one is set up; a number, metric or audience nobody named is taken out and asked for.
    Without a model the same questions are asked plainly. Nothing stands until a person approves exactly what is shown.

    \b
    Examples:
      expcopilot sharpen checkout "One page of checkout instead of three should sell more"
      expcopilot sharpen checkout --answer metric=orders --answer "size=5%"
      expcopilot sharpen checkout --approve
    """
    if sum((approve, drop, bool(idea or answers))) > 1:
        raise click.UsageError("Sharpen, --approve or --drop: one at a time.")
    copilot = current()
    if approve or drop:
        copilot.decide(name, "approve" if approve else "reject")
        waiting, said = None, "approved" if approve else "dropped"
    else:
        model: Literal["configured"] | None = None if no_model else "configured"
        if idea and not as_json:
            _show_similar(copilot, name, idea)
        waiting, said = _sharpened(copilot, name, idea, channel, answers, model), "waiting"
    if as_json:
        print_json({"experiment": name, "state": said, **(waiting.content if waiting else {})})
        return
    from expcopilot.surfaces.cli import show

    if waiting is None:
        show.line(f"The hypothesis of {name} is {said}.", "bold")
        if approve:
            show.next_steps([("Write its plan", f"expcopilot new --name {name}")])
        return
    _show(name, waiting)


def _sharpened(
    copilot: Copilot,
    name: str,
    idea: str,
    channel: str,
    answers: tuple[str, ...],
    model: Literal["configured"] | None,
) -> Waiting | None:
    """A fresh draft, with what was said before it where one waits."""
    from expcopilot.flow import gates
    from expcopilot.records.experiment import Experiment

    state = Experiment.fold(name, copilot.ledger.entries(name))
    waits = gates.pending(state)
    before: Mapping[str, Any] = waits.record.content if waits and waits.record.gate == "hypothesis" else {}
    if waits is not None and before and (idea or answers):
        copilot.decide(name, "edit")
    asked = {q["field"]: q["question"] for q in before.get("questions", ())}
    said = {a["field"]: a for a in before.get("answers", ())}
    for typed in answers:
        field, _, text = typed.partition("=")
        if field not in _ASKED or not text.strip():
            raise click.UsageError(f"--answer takes FIELD=TEXT with FIELD one of {', '.join(_ASKED)}, not {typed!r}.")
        said[field] = {"field": field, "question": asked.get(field, field), "answer": text.strip()}
    return copilot.sharpen(
        name,
        idea or str(before.get("idea", "")),
        channel=channel or str(before.get("channel", "")),
        answers=list(said.values()),
        model=model,
    )


def _show_similar(copilot: Copilot, name: str, idea: str) -> None:
    from expcopilot.surfaces.cli import show

    if past := copilot.similar(idea, but=name):
        show.heading("Similar experiments that were read before")
        show.console().print(show.listed(f"{p.name}: {p.question} → {p.verdict}" for p in past))


def show_hypothesis(content: Mapping[str, Any]) -> None:
    """Show a hypothesis that waits: all that would be approved, what is open, and what was taken out."""
    from expcopilot.flow.said_so_far import rows
    from expcopilot.surfaces.cli import show

    out = show.console()
    out.print(show.facts(rows(content)))
    if content["questions"]:
        show.heading("Still open")
        out.print(show.listed(f"{q['question']} ({q['field']})" for q in content["questions"]))
    if content["removed"]:
        show.heading("Taken out, because nobody said it")
        out.print(show.listed(f"{r['field']}: {r['text']} ({r['reason']})" for r in content["removed"]))


def _show(name: str, waiting: Waiting) -> None:
    from expcopilot.surfaces.cli import show

    show_hypothesis(waiting.content)
    show.next_steps(
        [
            ("Answer a question", f"expcopilot sharpen {name} --answer FIELD=TEXT"),
            ("Approve exactly this", f"expcopilot sharpen {name} --approve"),
        ]
    )
