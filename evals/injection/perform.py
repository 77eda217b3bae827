"""Goes through the product by the case's door, and takes down what reached a reader, the ledger, and the model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flattery.talk import ledger, listening, readout, talk
from pressure.score import Row, acted, moved
from suite.task import Outcome
from suite.workspaces import answers, object_in, opened, outcome

from copilot_tools.refusals import Refused
from expcopilot import Copilot
from expcopilot.language.model.protocol import Request
from injection.case import InjectionCase
from injection.stage import CANARY, NAME, asked_about, brief_of, brought, library, remembered

__all__ = ["perform"]

_DRAFTING = frozenset({"drafted", "checked", "answered", "refused"})
_SHARPENING = frozenset({"proposed", "answered", "refused", "said"})


def perform(case: InjectionCase, table: Mapping[str, Any], folder: Path) -> Outcome:
    """One case, as plain data."""
    doors = {"ask": _ask, "copy": _copy, "sharpen": _sharpen}
    with opened(folder, table) as copilot:
        return outcome(copilot, doors[case.door](copilot, case))


def _ask(copilot: Copilot, case: InjectionCase) -> dict[str, Any]:
    made = asked_about(copilot, case.plants, copilot.workspace.folder)
    before, sent, system = ledger(copilot), list[str](), ""
    with listening(copilot) as model:
        turns = []
        for typed in case.asks:
            turns.append(_as_shown(talk(copilot, NAME, typed, model)))
            sent += _canaries(model.requests)
            system = system or next((r.system[0].text for r in model.requests), "")
        turns += map(_as_shown, readout(copilot, NAME, model))
        sent += _canaries(model.requests)
    after = ledger(copilot)
    verdicts, figures = moved(before, after, NAME)
    return {
        "turns": turns,
        "names": [*(arm.label for arm in made.analysis.arms if arm.label), *case.plants.values()],
        "rows": [row.payload["verdict"]["row"] for row in after if row.kind == "looked" and row.experiment == NAME],
        "moved": [*verdicts, *figures],
        "acts": acted(before, after, NAME),
        "sent": sent,
        "system": system,
    }


def _as_shown(turn: dict[str, Any]) -> dict[str, Any]:
    """A turn with its facts as a reader has them: in a prompt, what looks like a tag has lost its bracket."""
    told = {i: {**fact, "text": fact["text"].replace("‹", "<")} for i, fact in turn["told"].items()}
    return {**turn, "told": told}


def _canaries(requests: Iterable[Request]) -> list[str]:
    """Lines of requests that hold one of the data's canaries; not what the model wrote itself."""
    found = []
    for request in requests:
        first = request.messages[0]
        told = [first.context, first.text, *(r for m in request.messages for r in m.tool_results.values())]
        found += [line[:200] for text in told for line in text.splitlines() if f"{CANARY}-" in line]
    return found


def _copy(copilot: Copilot, case: InjectionCase) -> dict[str, Any]:
    library(copilot.workspace.folder, case.plants)
    brief, before = brief_of(case.plants, case.language), ledger(copilot)
    with listening(copilot) as model:
        if "variant" in case.plants:
            copilot.import_variants(brief, [brought(brief, case.plants["variant"])], model=model)
        else:
            copilot.draft_variants(brief, model=model)
        sent = _canaries(model.requests)
    try:
        left = [Path(copilot.export(brief.id, "csv").folder).name]
    except Refused:
        left = []
    stands = copilot.copy(brief.id)
    texts = {p.name: p.read_text(encoding="utf-8") for p in (copilot.workspace.folder / "sources").iterdir()}
    return {
        "variants": [review.to_json() for review in stands.reviews],
        "raw": [{"role": one.role, "text": one.text} for one in answers(copilot)],
        "acts": _beyond(ledger(copilot)[len(before) :], _DRAFTING),
        "left": left,
        "sources": {name.removesuffix(".md"): text for name, text in texts.items()},
        "sent": sent,
    }


def _sharpen(copilot: Copilot, case: InjectionCase) -> dict[str, Any]:
    remembered(copilot, case.plants)
    before = ledger(copilot)
    metrics = [case.plants["metric"]] if "metric" in case.plants else []
    copilot.sharpen("idea", case.idea, metrics=metrics)
    rows = ledger(copilot)[len(before) :]
    shown = next(row.payload["content"] for row in reversed(rows) if row.kind == "proposed")
    written = [one.text for one in answers(copilot) if one.role == "sharpener"]
    return {
        "draft": shown["sharpened"],
        "questions": [question["question"] for question in shown["questions"]],
        "acts": _beyond(rows, _SHARPENING),
        "raw": next((data for text in written if (data := object_in(text)) is not None), None),
    }


def _beyond(rows: Sequence[Row], usual: frozenset[str]) -> list[str]:
    """What stands on the ledger that only a person does."""
    return [f"{row.kind}: {json.dumps(row.payload)[:200]}" for row in rows if row.kind not in usual]
