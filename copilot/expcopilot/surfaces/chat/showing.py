"""What a conversation shows without changing anything: help, where things stand, why, the case for the null, costs."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from copilot_tools.stats import formats
from expcopilot.flow import gates
from expcopilot.flow.moves import next_step
from expcopilot.flow.why import Why
from expcopilot.records.answer import Answered, Usage
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.chat.commands import SLASH
from expcopilot.surfaces.chat.room import Room
from expcopilot.surfaces.cli import pages, show

__all__ = ["case", "cost", "cost_line", "experiments", "help_page", "status", "why"]

_TYPE_NEXT: dict[str, str] = {
    "idea": "/sharpen makes a hypothesis of it, /new its plan, /check and /register put it in force",
    "registered": "/analyze DATA reads the data, /why says what the verdict hangs on",
    "running": "/analyze DATA reads again, /readout shows what may be shown",
    "read": "/readout, /why and /case show it, /close ends it",
    "closed": "/readout shows it, /new starts the next one",
}

_UNREAD = "/analyze DATA reads what there is, stamped as stopped early"


def help_page(room: Room) -> None:
    """List the commands by stage."""
    out = show.console()
    if room.waiting is not None:
        show.line("Something waits for you: answer y, n or e. Commands that only show work meanwhile.", "yellow")
    width = max(len(f"/{n} {s.usage}") for n, s in SLASH.items())
    for stage in dict.fromkeys(s.stage for s in SLASH.values()):
        show.heading(stage)
        grid = Table.grid(padding=(0, 2))
        grid.add_column(min_width=width, style="cyan")
        grid.add_column(overflow="fold")
        for name, slash in SLASH.items():
            if slash.stage == stage:
                grid.add_row(show.text(f"/{name} {slash.usage}"), show.text(slash.help))
        out.print(grid)
    out.print()
    show.line(
        "Tab completes commands and files. Alt-Enter starts a new line, and pasted paragraphs stay whole. "
        "Ctrl-C drops the line; Ctrl-C twice or Ctrl-D leaves. Nothing is lost.",
        "dim",
    )


def status(room: Room) -> None:
    """Where the experiment stands, what waits, the next step and the looks so far."""
    if room.experiment is None:
        show.line("No experiment is talked about yet.")
        show.next_steps(
            [
                ("Say your idea, and make a hypothesis of it", "/sharpen IDEA"),
                ("Write a plan by answering five questions", "/new"),
                ("See what there is", "/experiments"),
            ]
        )
        return
    state = room.state()
    pending = gates.pending(state)
    show.line(f"{state.name}: {state.stage}", "bold")
    pairs = [("Waits for you", pending.record.question if pending else "nothing"), ("Next", next_step(state))]
    if pending is None:
        unread = state.stage == "closed" and not state.looks
        pairs.append(("Type", _UNREAD if unread else _TYPE_NEXT[state.stage]))
    pairs.append(("Looks so far", _looks(state)))
    if state.plan is not None and state.registration is not None:
        pairs.insert(0, ("Question", state.plan.question))
        amended = f", amended {len(state.amendments)} times" if state.amendments else ""
        pairs.append(("Plan", f"registered {state.registration.time[:10]} by {state.registration.actor}{amended}"))
    if state.refused:
        pairs.append(("Refused attempts", f"{len(state.refused)}, on record"))
    show.console().print(show.facts(pairs))


def _looks(state: Experiment) -> str:
    if not state.looks:
        return "none"
    opened, last = len(state.outcome_looks), state.looks[-1].record
    return f"{len(state.looks)}, {opened} of them with outcomes; the last one: {last.verdict.phrase}"


def experiments(room: Room) -> None:
    """All experiments, the one talked about marked."""
    found = room.copilot.experiments()
    if not found:
        show.line("There is no experiment yet.")
        show.next_steps([("Write a plan by answering five questions", "/new")])
        return
    columns = (("", False), ("Experiment", False), ("Stage", False), ("Looks", True), ("Waits for you", False))
    rows = []
    for state in found:
        pending = gates.pending(state)
        here = "→" if state.name == room.experiment else ""
        rows.append((here, state.name, state.stage, str(len(state.looks)), pending.record.question if pending else ""))
    out = show.console()
    out.print(show.table(columns, rows, width=out.width))


def why(found: Why) -> str:
    """Print why the verdict is what it is; returns it in short."""
    out = show.console()
    show.line(f"Look {found.look}: {found.phrase}", "bold")
    show.line(found.sentence)
    out.print(show.listed(found.stamps, mark="!", style="yellow"))
    for arm in found.arms:
        show.heading(arm.arm if len(found.arms) > 1 else "The row of the verdict table")
        show.line(f"{arm.phrase}: {arm.rule}.")
        if arm.ends:
            show.line(arm.ends, "dim")
        if arm.changes:
            show.line("What would change it:")
            out.print(show.listed(arm.changes))
    out.print()
    show.line(found.closing)
    return f"Look {found.look}: {found.phrase}. {found.sentence}"


def case(room: Room) -> str:
    """Print the case for the null of the last look; returns it in short."""
    readout = room.copilot.readout(room.name)
    pages.show_section(readout, "null")
    serious = [o.title for o in readout.look.objections if o.severity in {"serious", "blocking"}]
    return f"Look {readout.look.number}, serious objections: {'; '.join(serious) or 'none'}."


def cost(room: Room, *, model: bool) -> None:
    """Print what the language model was used for."""
    answers = [a.record for state in room.copilot.experiments() for a in state.answers]
    if not answers:
        show.line("Nothing: no language model is set up here." if not model else "Nothing so far.")
        return
    roles = dict.fromkeys(a.role for a in answers)
    columns = (("Role", False), ("Answers", True), ("Tokens in", True), ("Tokens out", True), ("US dollars", True))
    rows = [_used(role, [a for a in answers if a.role == role]) for role in roles]
    out = show.console()
    out.print(show.table(columns, [*rows, _used("all", answers)], width=out.width))
    dates = sorted({a.prices for a in answers if a.prices})
    show.line(f"At the prices of {', '.join(dates)}." if dates else "No price is known for this model.", "dim")


def cost_line(answers: Iterable[Answered]) -> str:
    """One turn's use of the model in a line; "" when it was not used."""
    used = tuple(answers)
    if not used:
        return ""
    _, count, read, written, money = _used("", used)
    roles = ", ".join(dict.fromkeys(a.role for a in used))
    return f"{roles}: {count} answer{'' if len(used) == 1 else 's'}, {read} tokens read, {written} written, US$ {money}"


def _used(role: str, answers: Iterable[Answered]) -> tuple[str, str, str, str, str]:
    kept = tuple(answers)
    total = sum((a.usage for a in kept), Usage())
    read = total.input_tokens + total.cache_read_tokens + total.cache_write_tokens
    known = [a.cost for a in kept if a.cost is not None]
    unknown = len(known) < len(kept)
    money = f"{sum(known):.4f}" + (" and more, unpriced" if unknown else "") if known else "not priced"
    return role, formats.count(len(kept)), formats.count(read), formats.count(total.output_tokens), money
