"""``expcopilot log``: everything that was recorded, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from copilot_tools.wording.plain import shortened
from expcopilot.surfaces.cli.session import current, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.records.entry import Entry

__all__ = ["command"]


@click.command("log")
@click.argument("name", required=False)
@json_option
def command(*, name: str | None, as_json: bool) -> None:
    """List what was recorded, of the experiment NAME or of the whole workspace: who did what, when.

    Nothing in the ledger is ever changed or removed; attempts that were refused stand there too. What a blinded look
    recorded holds no outcomes.

    \b
    Example:
      expcopilot log checkout
    """
    entries = current().log(name)
    if as_json:
        print_json([entry.to_json() for entry in entries])
        return
    from expcopilot.surfaces.cli import show

    if not entries:
        show.line("Nothing has been recorded yet.")
        show.next_steps([("Write a plan", "expcopilot new")])
        return
    out = show.console()
    columns = (("#", True), ("When (UTC)", False), ("Experiment", False), ("What", False), ("Who", False))
    rows = [(str(e.position), e.time[:16].replace("T", " "), e.experiment or "–", _what(e), e.actor) for e in entries]
    out.print(show.table(columns, rows, width=out.width))
    show.line(f"Head {entries[-1].digest}" if name is None else f"Last entry {entries[-1].digest}", "dim")


def _what(entry: Entry) -> str:
    return _WORDS[entry.kind](entry.payload)


def _looked(payload: Mapping[str, Any]) -> str:
    cuts = f", cut by {', '.join(payload['cuts'])}" if payload.get("cuts") else ""
    return f"look {payload['number']} ({payload['kind']}{cuts}): {payload['verdict']['phrase']}"


def _refused(payload: Mapping[str, Any]) -> str:
    return f"refused {payload['command']}: {payload['refusals'][0]['reason']}" + (
        f" (and {len(payload['refusals']) - 1} more)" if len(payload["refusals"]) > 1 else ""
    )


def _sourced(payload: Mapping[str, Any]) -> str:
    at = f"{payload['place']['variant']} {payload['place']['field']}"
    if payload["source"]:
        return f"quotation from {payload['source']} for {at}"
    return f"quotation for {at} taken back" + (f": {payload['reason']}" if payload.get("reason") else "")


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "registered": lambda p: f"registered plan {p['digest'][:12]}" + (", post hoc" if p["post_hoc"] else ""),
    "amended": lambda p: f"amended {', '.join(p['changed'])}: {p['reason']}",
    "looked": _looked,
    "refused": _refused,
    "closed": lambda p: f"closed early: {p['reason']}" if p["early"] else "closed",
    "readout": lambda p: f"readout of look {p['look']}, {len(p['files'])} documents",
    "said": lambda p: f"{p['speaker']}: {shortened(p['text'], 160)}",
    "answered": lambda p: f"{p['role']} asked ({p['model']})",
    "proposed": lambda p: f"asked: {p['question']}",
    "decided": lambda p: (
        f"decided on the {p['gate'].replace('_', ' ')}: {p['action']}" + (f" ({p['reason']})" if p["reason"] else "")
    ),
    "written": lambda p: f"prose for look {p['look']}" + (f": none, {p['without']}" if p["without"] else ""),
    "drafted": lambda p: f"{len(p['variants'])} variants of {p['brief']['id']}",
    "checked": lambda p: f"claims of {p['brief']} {p['variant']} checked, {len(p['added'])} added",
    "sourced": _sourced,
    "exported": lambda p: f"{p['brief']} handed over as {p['format']}, {len(p['variants'])} variants",
    "surveyed": lambda p: f"read {p['tests']:,} experiments in {p['source']} by {p['by']}",
}
