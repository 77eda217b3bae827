"""Columns, arms and metrics of the file that scans are measured on."""
# ruff: noqa: INP001 - beside scripts, not a package

from __future__ import annotations

__all__ = ["ARMS", "METRICS", "SEGMENTS", "TIME", "UNIT"]

UNIT, TIME = "user", "first_seen"
ARMS = ("control", "blue", "green")
SEGMENTS = {"country": 20, "device": 3, "tier": 5, "source": 12}
"""Column -> names it holds; with 28 days they make 68 slices."""
METRICS = {
    "bought": (None, None, None),
    "spend": (None, "spend_before", None),
    "visits": (None, "visits_before", None),
    "views": (None, "views_before", None),
    "seconds": (None, "seconds_before", None),
    "clicks": ("views", "clicks_before", "views_before"),
}
"""Column -> denominator, covariate and the covariate's denominator, where there are any."""
