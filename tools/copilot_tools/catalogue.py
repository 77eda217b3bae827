"""Every tool once, by name. Nothing heavy is imported before a tool is asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from copilot_tools.nearest import closest
from copilot_tools.refusals import Refused
from copilot_tools.tool import Tool

__all__ = ["NAMES", "find", "tools"]

_MODULES: dict[str, tuple[str, ...]] = {
    "copilot_tools.tools.sizing": ("sample_size", "power", "minimum_detectable_effect", "design_effect", "runtime"),
    "copilot_tools.tools.comparing": ("compare_proportions", "compare_means", "compare_ratios"),
    "copilot_tools.tools.equivalence": ("equivalence_test",),
    "copilot_tools.tools.adjusting": ("adjusted_comparison",),
    "copilot_tools.tools.clustering": ("compare_clusters",),
    "copilot_tools.tools.counting": ("proportion_interval", "contingency_table", "compare_counts"),
    "copilot_tools.tools.resampling": ("compare_quantiles", "bootstrap_difference", "permutation_test"),
    "copilot_tools.tools.assignment": ("assign_unit", "assign_units"),
    "copilot_tools.tools.balance": ("sample_ratio", "compare_within_strata"),
    "copilot_tools.tools.error_rates": ("false_positive_risk", "peeking", "adjust_p_values"),
    "copilot_tools.tools.deciding": ("classify_interval", "always_valid_interval"),
    "copilot_tools.tools.claims": ("scan_claims",),
    "copilot_tools.tools.evidence": ("match_evidence",),
    "copilot_tools.tools.copy_checks": ("compare_variants", "check_channel"),
    "copilot_tools.tools.sequential_design": ("group_sequential_design",),
    "copilot_tools.tools.sequential_reading": ("group_sequential_reading",),
    "copilot_tools.tools.sequential_testing": ("sequential_test", "sequential_proportions", "conversion_race"),
    "copilot_tools.tools.across_tests": ("combine_tests", "aa_suite", "synthetic_control"),
    "copilot_tools.tools.personalization": (
        "audit_assignment",
        "activation_analysis",
        "holdout_lift",
        "effect_by_age",
    ),
    "copilot_tools.tools.rollout": ("ramp_step", "free_namespace_slice", "assign_outside_holdout"),
    "copilot_tools.tools.factorial": ("factorial_effects", "factorial_size"),
    "copilot_tools.tools.consistency": ("check_consistency", "lift_concentration", "guardrails_by_segment"),
    "copilot_tools.tools.bayesian": ("bayesian_proportions", "bayesian_means", "fit_prior_to_history"),
}

NAMES: tuple[str, ...] = tuple(name for names in _MODULES.values() for name in names)
"""Names of all tools, by theme."""


def find(name: str) -> Tool[Any, Any]:
    """The tool called ``name``.

    Raises:
        Refused: There is none; the cure names the nearest.

    Example:
        >>> find("runtime").run({"units": 62468, "units_per_week": 20000}).weeks
        4
    """
    for module, names in _MODULES.items():
        if name in names:
            return _load(module)[name]
    raise Refused.because(
        "tool.unknown",
        f"There is no tool {name!r}.",
        closest(name, NAMES, listed="The tools are", shown=str),
        name="tool",
        value=name,
    )


def tools() -> tuple[Tool[Any, Any], ...]:
    """All tools, by theme."""
    return tuple(find(name) for name in NAMES)


@cache
def _load(module: str) -> dict[str, Tool[Any, Any]]:
    found: tuple[Tool[Any, Any], ...] = import_module(module).TOOLS
    return {tool.name: tool for tool in found}
