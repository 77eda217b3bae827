"""Ledger entries in plain words: what was done, on one line each, the same wherever the record is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from copilot_tools.wording.plain import shortened
from expcopilot.records.entry import Entry, Kind

__all__ = ["KINDS", "log_line"]


def log_line(entry: Entry) -> str:
    """What an entry says, in a line: what a blinded look recorded holds no outcomes, so none is told."""
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

KINDS: dict[Kind, str] = {
    "registered": "plan registered",
    "amended": "plan amended",
    "looked": "look",
    "refused": "refused",
    "closed": "closed",
    "readout": "readout",
    "said": "said",
    "answered": "model asked",
    "proposed": "put before a person",
    "decided": "decision",
    "written": "prose",
    "drafted": "variants",
    "checked": "claims checked",
    "sourced": "quotation",
    "exported": "handed over",
    "surveyed": "many tests read",
}
"""Kind of an entry -> what people call it."""
