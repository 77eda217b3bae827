"""The largest values that were kept: what attacks on averages read."""

from __future__ import annotations

from copilot_tools.stats.evidence import Evidence

__all__ = ["largest_values"]


def largest_values(evidence: Evidence, metric: str, arm: str) -> tuple[tuple[float, ...], ...]:
    """The largest values of a metric in an arm, as rows of its columns, largest first; empty where none were kept."""
    return next((e.largest for e in evidence.extremes if (e.metric, e.arm) == (metric, arm)), ())
