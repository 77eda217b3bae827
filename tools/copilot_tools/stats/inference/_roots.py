"""The root finder of the statistics, under the name the inference room knows it by."""

from __future__ import annotations

from copilot_tools.stats.roots import root

__all__ = ["root"]
