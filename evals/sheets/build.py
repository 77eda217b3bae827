"""Write ``sheets.yaml``: real experiments where their data is at hand, and seeded ones, each through the whole copilot.

``python -m sheets.build FOLDER`` with the folder that holds cookie_cats.csv, hillstrom.csv and udacity_landing.csv.gz.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.rows.frames import from_frame
from expcopilot import Copilot
from expcopilot.flow.facts import facts_of, for_model
from expcopilot.memory import plan_files
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan

__all__ = ["real", "seeded", "sheet", "units_of"]

_HERE = Path(__file__).parent
_EXAMPLES = _HERE.parents[1] / "examples"
_FIELDS = ("kind", "text", "value", "unit", "metric", "arm", "part", "planned")


def sheet(plan: Plan, look: Look) -> dict[str, Any]:
    """One analysis as plain data: the row of the verdict table, and every fact a model may see."""
    facts = for_model(facts_of(look, plan).values(), look.spec.min_units)
    rows = {f.id: [getattr(f, name) for name in _FIELDS] for f in facts.values() if f.kind != "definition"}
    return {"row": str(look.verdict.row), "facts": rows}


def seeded() -> Iterator[tuple[str, dict[str, Any]]]:
    """The worlds of ``worlds.yaml``, drawn, registered and read."""
    worlds = YAML(typ="safe").load((_HERE / "worlds.yaml").read_text(encoding="utf-8"))
    for name, world in worlds.items():
        plan = Plan.model_validate_json(json.dumps(_plan(name, world)))
        copilot = Copilot.init(tempfile.mkdtemp(), person="Ada")
        copilot.register(plan)
        cuts = () if "committed" in world else ("device",)  # before the committed end nothing may be cut
        look = copilot.analyze(plan.experiment, from_frame(units_of(name, world), name), cuts=cuts)
        yield name, sheet(plan, look)


def real(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The example plans on the published data."""
    for name, data, cuts in (
        ("cookie_cats", "cookie_cats.csv", ("sum_gamerounds",)),
        ("hillstrom", "hillstrom.csv", ("newbie",)),
        ("udacity_landing_policy", "udacity_landing.csv.gz", ()),
    ):
        plan = plan_files.load(_EXAMPLES / f"{name}.yaml")
        copilot = Copilot.init(tempfile.mkdtemp(), person="Ada")
        copilot.register(plan)
        look = copilot.analyze(plan.experiment, open_file(folder / data), cuts=cuts)
        yield name.removesuffix("_policy"), sheet(plan, look)


def units_of(name: str, world: Mapping[str, Any]) -> pd.DataFrame:
    """One row a unit: arm, outcome, guardrail, device; seeded by the world's name."""
    rng = np.random.default_rng(sum(name.encode()))
    frames = []
    for arm, truth in world["arms"].items():
        n = truth["n"]
        device = rng.choice(["desktop", "mobile", "tablet"], n, p=[0.45, 0.48, 0.07])
        level = np.where(device == "mobile", truth["level"] * 1.02, truth["level"] * 0.98)
        if world["kind"] == "proportion":
            outcome = (rng.random(n) < level).astype(float)
        else:
            outcome = np.round(rng.gamma(2.0, level / 2.0), 2)
        guard = (rng.random(n) < truth["guard"]).astype(int)
        frames.append(pd.DataFrame({"arm": arm, "outcome": outcome, "guard": guard, "device": device}))
    units = pd.concat(frames, ignore_index=True)
    units.insert(0, "unit", [f"u{i}" for i in range(len(units))])
    return units


def _plan(name: str, world: Mapping[str, Any]) -> dict[str, Any]:
    arms = world["arms"]
    guard = world["guardrail"]
    primary = {
        "name": world["metric"],
        "role": "primary",
        "kind": world["kind"],
        "column": "outcome",
        "direction": world["direction"],
        "unit": world.get("unit", ""),
    }
    if "noninferiority" in world:
        primary["margin"] = {"size": world["noninferiority"], "scale": "absolute"}
    return {
        "experiment": name.replace("_", "-"),
        "question": world["question"],
        "hypothesis": {part: world[part] for part in ("change", "audience", "because", "falsifier")},
        "design": {
            "committed_units": world.get("committed", int(sum(a["n"] for a in arms.values()) * 0.8)),
            "first_exposure": "2026-03-02",
        },
        "attested": {"where": "the team's planning board", "when": "2026-02-20", "by": "Ada"},
        "analysis": {
            "goal": "noninferiority" if "noninferiority" in world else "superiority",
            "unit": "unit",
            "arm_column": "arm",
            "arms": [{"name": arm} for arm in arms],
            "control": next(iter(arms)),
            "metrics": [
                primary,
                {
                    "name": guard["name"],
                    "role": "guardrail",
                    "kind": "proportion",
                    "column": "guard",
                    "direction": guard["direction"],
                    "margin": {"size": guard["margin"], "scale": "absolute"},
                },
            ],
            "minimum_effect": {"size": world["minimum"], "scale": "absolute"},
        },
    }


def main(folder: Path) -> None:
    """Write the file."""
    writer = YAML()
    writer.default_flow_style = None
    writer.width = 160
    text = io.StringIO()
    writer.dump(dict([*real(folder), *seeded()]), text)
    head = "# Made by sheets/build.py: each fact is [kind, text, value, unit, metric, arm, part, planned].\n"
    (_HERE / "sheets.yaml").write_text(head + text.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
