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
    from expcopilot.api import Copilot
    from expcopilot.memory.plan_files import load as load_plan
    from expcopilot.records.plan import Plan

__all__ = ["Copilot", "Plan", "Refusal", "Refused", "__version__", "load_plan"]

__version__ = version("expcopilot")

# Loaded when first asked for, so that `expcopilot --help` stays light.
_WHERE = {
    "Copilot": ("expcopilot.api", "Copilot"),
    "Plan": ("expcopilot.records.plan", "Plan"),
    "Refusal": ("copilot_tools.refusals", "Refusal"),
    "Refused": ("copilot_tools.refusals", "Refused"),
    "load_plan": ("expcopilot.memory.plan_files", "load"),
}


def __getattr__(name: str) -> Any:
    try:
        module, attribute = _WHERE[name]
    except KeyError:
        raise AttributeError(f"module 'expcopilot' has no attribute {name!r}") from None
    return getattr(import_module(module), attribute)
