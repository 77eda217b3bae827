"""Experiment Copilot: registered plans, deterministic statistics, the case for the null, readouts anyone can recompute.

Example:
    >>> from expcopilot import Plan, Refused
    >>> Plan.model_fields["question"].is_required()
    True
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copilot_tools.refusals import Refusal, Refused
    from copilot_tools.stats.sources.rows.frames import from_frame, from_relation
    from copilot_tools.stats.spec import Effect, Metric
    from expcopilot.api import Copilot
    from expcopilot.flow.open_data import counts, events, rows, typed_counts
    from expcopilot.flow.quick import quick_spec
    from expcopilot.memory.plan_files import load as load_plan
    from expcopilot.records.plan import Plan

__version__ = version("expcopilot")

# Loaded when first asked for, so that `expcopilot --help` stays light.
_WHERE = {
    "Copilot": "expcopilot.api:Copilot",
    "Effect": "copilot_tools.stats.spec:Effect",
    "Metric": "copilot_tools.stats.spec:Metric",
    "Plan": "expcopilot.records.plan:Plan",
    "Refusal": "copilot_tools.refusals:Refusal",
    "Refused": "copilot_tools.refusals:Refused",
    "counts": "expcopilot.flow.open_data:counts",
    "events": "expcopilot.flow.open_data:events",
    "from_frame": "copilot_tools.stats.sources.rows.frames:from_frame",
    "from_relation": "copilot_tools.stats.sources.rows.frames:from_relation",
    "load_plan": "expcopilot.memory.plan_files:load",
    "quick_spec": "expcopilot.flow.quick:quick_spec",
    "rows": "expcopilot.flow.open_data:rows",
    "typed_counts": "expcopilot.flow.open_data:typed_counts",
}

__all__ = [
    "Copilot",
    "Effect",
    "Metric",
    "Plan",
    "Refusal",
    "Refused",
    "__version__",
    "counts",
    "events",
    "from_frame",
    "from_relation",
    "load_plan",
    "quick_spec",
    "rows",
    "typed_counts",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'expcopilot' has no attribute {name!r}")
    module, attribute = _WHERE[name].split(":")
    return getattr(import_module(module), attribute)
