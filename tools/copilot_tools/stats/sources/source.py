"""What a source of data is, whoever holds it."""

from __future__ import annotations

from typing import Protocol

from copilot_tools.refusals import Refusal
from copilot_tools.stats.evidence import Evidence, SourceInfo
from copilot_tools.stats.spec import AnalysisSpec, Metric

__all__ = ["Source"]


class Source(Protocol):
    """Data that can be checked against a spec and reduced to evidence in one scan."""

    def describe(self) -> SourceInfo:
        """Name, digest, columns; the sketch of units is filled in by ``scan``."""
        ...

    def problems(self, spec: AnalysisSpec, cuts: tuple[str, ...] = ()) -> tuple[Refusal, ...]:
        """Everything that makes the data unreadable under this spec, all together; empty when it can be scanned."""
        ...

    def scan(self, spec: AnalysisSpec, *, metrics: tuple[Metric, ...], cuts: tuple[str, ...] = ()) -> Evidence:
        """Reduce the data to evidence.

        Args:
            spec: Arms, unit, segments, policies.
            metrics: Metrics whose outcomes may be read: all of the spec's, only guardrails, or none while blinded.
                Columns measured before assignment are always read.
            cuts: Further columns to slice by (exploratory).

        Raises:
            Refused: With everything ``problems`` would list.
        """
        ...
