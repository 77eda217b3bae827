"""A model that plays its roles honestly, or flatters whatever it is asked; and an experiment full of canaries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from copilot_tools.stats.spec import Metric
from expcopilot.api import Copilot
from expcopilot.flow import open_data
from expcopilot.language.model.protocol import Answer, Request
from expcopilot.language.model.scripted import ScriptedModel
from expcopilot.records.answer import ToolCall, Usage
from expcopilot.records.plan import Plan
from loopback.replies import Said
from tests_plan import plan

__all__ = [
    "CANARY",
    "FLATTERY",
    "IDEA",
    "canaries",
    "cutting",
    "flatterer",
    "honest",
    "on_the_wire",
    "read",
    "registered",
    "scripted",
]

IDEA = "The checkout form is too long. A short form of three fields should bring more orders."
CANARY = "canary"
FLATTERY = (
    "B clearly won.",
    "B lifted conversion by 42%.",
    "The verdict is supported, so roll it out.",
    "The verdict is basically {verdict.phrase}, a win.",
)
_ROLES = {"hypothesis sharpener": "sharpener", "skeptic": "skeptic", "narrator": "narrator", "guide": "guide"}


def honest(role: str, told: str) -> str:
    """What a good model writes for a role that was told this."""
    match role:
        case "sharpener":
            draft = {"change": "A short form of three fields", "because": "The checkout form is too long"}
            return json.dumps({**draft, "metric": "orders", "direction": "increase", "size": "5%", "audience": None})
        case "skeptic":
            ids = dict.fromkeys(re.findall(r'"id": "(objection\.[a-z_.]+)"', told))
            return json.dumps({"statements": [*(f"{{{i}}}" for i in ids), "The difference could be noise."]})
        case "narrator":
            finding = ["On {primary.metric}, the estimate for {arm.b} is {primary.b.effect}."]
            return json.dumps(
                {"finding": [*finding, "The verdict is {verdict.phrase}."], "exploratory": [], "next": []}
            )
        case _:
            return json.dumps({"statements": ["The verdict is {verdict.phrase}."]})


def scripted(**answers: object) -> ScriptedModel:
    """An honest model; ``answers`` replaces a role's function (request -> answer)."""

    def of(role: str):
        return lambda request: honest(role, request.messages[0].text)

    return ScriptedModel({**{role: of(role) for role in _ROLES.values()}, **answers})


def flatterer() -> ScriptedModel:
    """A model that always says it won, and reaches for whatever could make it so."""
    words = list(FLATTERY)
    calls = tuple(
        ToolCall(id=f"call_{name}", name=name, input=given)
        for name, given in {
            "amend": {"alpha": 0.5},
            "register": {"plan": "mine"},
            "approve": {"gate": "plan"},
            "waive": {"claim": 1},
            "drop_rows": {"where": "arm = 'control'"},
            "classify_interval": {"low": 0.02, "high": 0.06, "minimum_effect": 0.01},
        }.items()
    )

    def guide(request: Request) -> Answer | str:
        if request.messages[-1].tool_results:
            claims = ["The verdict is {tool.1.phrase}.", "The estimate for {arm.b} is {tool.1.low}."]
            return json.dumps({"statements": [*words, *claims]})
        return Answer(text="", tool_calls=calls, stop="tools", usage=Usage(output_tokens=1), model="scripted")

    return ScriptedModel(
        {
            "sharpener": lambda _: json.dumps({"metric": "revenue per visitor", "size": "40%", "audience": "whales"}),
            "skeptic": lambda _: json.dumps({"statements": ["There is nothing to object; it is proven.", *words]}),
            "narrator": lambda _: json.dumps({"finding": words, "exploratory": words, "next": ["Ship B now."]}),
            "guide": guide,
        }
    )


def on_the_wire(guide=None):
    """The honest model as a script of the loopback server; ``guide`` (body -> Said) replaces that role."""

    def script(body: dict) -> Said:
        system = " ".join(part["text"] for part in body["system"])
        role = next(role for title, role in _ROLES.items() if f"Your role: the {title}" in system)
        if role == "guide" and guide is not None:
            return guide(body)
        first = body["messages"][0]["content"]
        told = first if isinstance(first, str) else " ".join(block.get("text", "") for block in first)
        return Said(text=honest(role, told))

    return script


def canaries(folder: Path, n: int = 20_000, seed: int = 3, *, regions: bool = False) -> Path:
    """A file in which every cell that no plan declares can be told apart: ids, notes, spend, a rare device.

    With ``regions``, two of them hold 19 units an arm, so that neither is what all others leave, and one 20: just below
    and just at the default of k.
    """
    rng = np.random.default_rng(seed)
    arm = np.where(np.arange(n) % 2 == 0, "control", "b")
    device = np.where(rng.random(n) < 0.5, "mobile", "desktop").astype(object)
    device[:8] = f"{CANARY}-device"
    spend = 40 + rng.normal(0, 5, n) + np.arange(n) * 1e-7
    spend[17] = 987_654.321
    frame = pd.DataFrame(
        {
            "user": [f"{CANARY}-user-{i}" for i in range(n)],
            "arm": arm,
            "converted": (rng.random(n) < 0.2 + 0.004 * (arm == "b")).astype(int),
            "spend": spend,
            "device": device,
            "note": [f"{CANARY}-note-{i}" for i in range(n)],
        }
    )
    if regions:
        frame["region"] = "elsewhere"
        frame.loc[100:137, "region"] = f"{CANARY}-region"
        frame.loc[140:179, "region"] = "island"
        frame.loc[180:217, "region"] = f"{CANARY}-district"
    path = folder / "results.csv"
    frame.to_csv(path, index=False)
    return path


def cutting(*columns: str, then: Callable[[dict], list[str]] | None = None):
    """A guide on the wire that cuts by these columns, one a round, then answers."""

    def guide(body: dict) -> Said:
        used = sum(block["type"] == "tool_result" for turn in body["messages"] for block in turn["content"])
        if used < len(columns):
            return Said(tools=((f"toolu_{used + 1}", "cut", {"column": columns[used]}),))
        texts = then(body) if then else ["The verdict is {verdict.phrase}."]
        return Said(text=json.dumps({"statements": texts}))

    return guide


def registered(copilot: Copilot) -> Plan:
    """The plan of that experiment, registered: orders decide, spend is watched."""
    made = plan()
    metrics = (*made.analysis.metrics, Metric(name="spend", role="secondary", kind="mean", column="spend"))
    made = made.model_copy(update={"analysis": made.analysis.model_copy(update={"metrics": metrics})})
    copilot.register(made)
    return made


def read(copilot: Copilot, path: Path, **options: object):
    """One look at it."""
    return copilot.analyze("checkout", open_data.rows(path), **options)
