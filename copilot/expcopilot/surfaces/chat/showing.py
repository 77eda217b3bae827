"""What a conversation shows without changing anything: help, where things stand, why, the case for the null, costs."""

from __future__ import annotations

from rich.table import Table

from expcopilot.flow import gates
from expcopilot.flow.costs import by_role
from expcopilot.flow.spoken import case_in_short, why_in_short
from expcopilot.flow.status import status as stands
from expcopilot.flow.why import Why
from expcopilot.surfaces.chat.room import Room
from expcopilot.surfaces.cli import pages, show
from expcopilot.surfaces.slash import SLASH

__all__ = ["case", "cost", "experiments", "help_page", "status", "why"]

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
    show.line(f"{state.name}: {state.stage}", "bold")
    pairs = list(stands(state))
    if gates.pending(state) is None:
        unread = state.stage == "closed" and not state.looks
        after = [name for name, _ in pairs].index("Next") + 1
        pairs.insert(after, ("Type", _UNREAD if unread else _TYPE_NEXT[state.stage]))
    show.console().print(show.facts(pairs))


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
    return why_in_short(found)


def case(room: Room) -> str:
    """Print the case for the null of the last look; returns it in short."""
    readout = room.copilot.readout(room.name)
    pages.show_section(readout, "null")
    return case_in_short(readout.look)


def cost(room: Room, *, model: bool) -> None:
    """Print what the language model was used for."""
    answers = [a.record for state in room.copilot.experiments() for a in state.answers]
    if not answers:
        show.line("Nothing: no language model is set up here." if not model else "Nothing so far.")
        return
    columns = (("Role", False), ("Answers", True), ("Tokens in", True), ("Tokens out", True), ("US dollars", True))
    out = show.console()
    out.print(show.table(columns, by_role(answers), width=out.width))
    dates = sorted({a.prices for a in answers if a.prices})
    show.line(f"At the prices of {', '.join(dates)}." if dates else "No price is known for this model.", "dim")
