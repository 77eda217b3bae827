"""Small files and specs that the tests of row data share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric

BOUGHT = Metric(name="bought", role="primary", kind="proportion", column="bought")
SPEND = Metric(name="spend", kind="mean", column="spend", unit="$")
ROWS = """user,arm,bought,spend,day,country
u1,control,0,0,2025-03-01,DE
u2,control,1,12.5,2025-03-01,FR
u3,b,1,7.25,2025-03-02,DE
u4,b,0,0,2025-03-02,DE
u5,control,1,30,2025-03-03,FR
u6,b,1,1,2025-03-03,FR
"""


def spec(*metrics: Metric, **changes: Any) -> AnalysisSpec:
    """Two arms by user; the changes replace fields."""
    fields: dict[str, Any] = {
        "unit": "user",
        "arm_column": "arm",
        "arms": (Arm(name="control"), Arm(name="b")),
        "control": "control",
        "metrics": metrics or (BOUGHT,),
        "minimum_effect": Effect(size=0.01, scale="absolute"),
    }
    return AnalysisSpec(**(fields | changes))


def write(folder: Path, text: str | bytes, name: str = "data.csv") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(path: Path, plan: AnalysisSpec, *cuts: str) -> dict[str, Refusal]:
    """The problems of a file under a plan, by code; each must name a cure."""
    found = open_file(path, plan.dialect).problems(plan, cuts)
    assert all(p.cure and p.reason.endswith(".") for p in found), found
    return {p.code: p for p in found}
