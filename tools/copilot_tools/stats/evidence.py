"""What a source of data is reduced to: moments per metric, arm and slice, counts of units, and the data's quality.

This is all that is kept; a readout can be recomputed from it after the file has moved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from copilot_tools.base import Frozen, said
from copilot_tools.results import Slice
from copilot_tools.stats.moments import Moments

__all__ = ["ClusterSize", "Evidence", "Extreme", "MetricCell", "Missing", "Quality", "SourceInfo", "UnitCell"]


class SourceInfo(Frozen):
    """Where the data came from, well enough to recognize it again.

    Attributes:
        kind: rows (one a unit), counts (summaries), events (aggregated here), frame (in memory).
        name: File name without its folder, or a description.
        location: Absolute path where there is one, so that ``verify`` can look again.
        digest: SHA-256 of the file's bytes, or of the canonical counts.
        columns: Column name -> type, as read.
        opening: What was said about the file when it was opened (roles of columns, rules), as JSON data: enough to
            open it again the same way.
        sketch: The smallest hashes of the units' names, ascending: enough to recognize the same units in another
            file, too little to list them. Empty for summary counts.
        numbers_hashed: Whether units that are whole numbers were hashed by arithmetic. Older sketches hashed all units
            by MD5; the two do not compare (see ``overlap``).
    """

    kind: Literal["rows", "counts", "events", "frame"]
    name: str
    location: str | None = None
    digest: str
    columns: dict[str, str] = {}
    opening: dict[str, Any] = {}
    sketch: tuple[int, ...] = ()
    numbers_hashed: bool = False

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return said(handler(self), "numbers_hashed")


class MetricCell(Frozen):
    """Moments of one metric's columns (in the order of ``Metric.columns``) in one arm and slice."""

    metric: str
    arm: str
    slice: Slice = Slice()
    moments: Moments


class UnitCell(Frozen):
    """How many units one arm has in one slice."""

    arm: str
    slice: Slice = Slice()
    units: int


class Missing(Frozen):
    """Empty cells of one metric in one arm, before the null policy was applied."""

    metric: str
    arm: str
    missing: int
    units: int


class Extreme(Frozen):
    """The largest values of one metric in one arm, as rows of its block of columns, largest first, at most ten."""

    metric: str
    arm: str
    largest: tuple[tuple[float, ...], ...]


class ClusterSize(Frozen):
    """How many clusters hold so many of the units analysed, and how many of those hold units of several arms."""

    units: int
    clusters: int
    mixed: int


class Quality(Frozen):
    """What the data is like, before outcomes are looked at.

    Attributes:
        rows: Rows read (summary counts: units).
        missing_arm: Rows with an empty arm.
        duplicate_rows: Arm -> rows beyond the first of the same unit in the same arm; None where units are unknown.
        two_arms: Units found in more than one arm; None where units are unknown.
        contradictions: Arm -> rows whose exposure contradicts the arm; None where the plan names no exposure column.
        not_activated: Units left out because they could not have been affected.
        missing: Empty cells per metric and arm; None where rows are unknown.
        units_before_policy: Arm -> units as found, before any policy removed some (what the sample ratio is checked on,
            beside the units analysed).
        treatment: Plain sentences on what the plan's policy did to the data, in order.
    """

    rows: int
    missing_arm: int = 0
    duplicate_rows: dict[str, int] | None = None
    two_arms: int | None = None
    contradictions: dict[str, int] | None = None
    not_activated: int | None = None
    missing: tuple[Missing, ...] | None = None
    units_before_policy: dict[str, int] = {}
    treatment: tuple[str, ...] = ()


class Evidence(Frozen):
    """Everything one scan brings back.

    Attributes:
        source: Where it came from.
        units: Units analysed per arm and slice; the whole is the slice with no dimension.
        cells: Moments per metric, arm and slice.
        before: Moments of columns measured before assignment (the cell's ``metric`` is the column), per arm, whole.
            They are no outcomes, and stand apart so that no metric can pass for one of them by its name.
        quality: The data's quality.
        extremes: Largest values of metrics of kind mean.
        days: First and last day of exposure, where the plan names a time column.
        clusters: Clusters by size, where the plan names them; None where they are unknown.
        neighbours: Per arm, how the primary metric goes with the neighbours' arms: moments over clusters of five sums,
            in which a cluster's k units of this arm, with outcomes y about a common centre c, have a share x of treated
            units among the others of their cluster: k, sum(y - c), k x, x sum(y - c), k x^2.
    """

    source: SourceInfo
    units: tuple[UnitCell, ...]
    cells: tuple[MetricCell, ...] = ()
    before: tuple[MetricCell, ...] = ()
    quality: Quality
    extremes: tuple[Extreme, ...] = ()
    days: tuple[dt.date, dt.date] | None = None
    clusters: tuple[ClusterSize, ...] | None = None
    neighbours: tuple[MetricCell, ...] = ()

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return said(handler(self), "clusters", "neighbours")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Evidence:
        """A changed copy; what was looked up in the original does not answer for it: outcomes left out stay out."""
        copy = super().model_copy(update=update, deep=deep)
        for looked_up in ("_units", "_cells", "dimensions"):
            copy.__dict__.pop(looked_up, None)
        return copy

    @cached_property
    def _units(self) -> dict[tuple[str, str, str], int]:
        return {(u.arm, u.slice.dimension, u.slice.level): u.units for u in self.units}

    @cached_property
    def _cells(self) -> dict[tuple[str, str, str, str], Moments]:
        return {(c.metric, c.arm, c.slice.dimension, c.slice.level): c.moments for c in self.cells}

    def units_of(self, arm: str, part: Slice | None = None) -> int:
        """Units of an arm in a slice (whole by default); 0 where there are none."""
        part = part or Slice()
        return self._units.get((arm, part.dimension, part.level), 0)

    def moments_of(self, metric: str, arm: str, part: Slice | None = None) -> Moments | None:
        """Moments of a metric in an arm and slice (whole by default); None where there are none."""
        part = part or Slice()
        return self._cells.get((metric, arm, part.dimension, part.level))

    @property
    def total_units(self) -> int:
        """Units over all arms."""
        return sum(u.units for u in self.units if u.slice.whole)

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions that are sliced, in order of appearance."""
        return tuple(dict.fromkeys(u.slice.dimension for u in self.units if not u.slice.whole))

    def levels(self, dimension: str) -> tuple[str, ...]:
        """Levels of one dimension, in order of appearance."""
        return tuple(dict.fromkeys(u.slice.level for u in self.units if u.slice.dimension == dimension))

    @property
    def balance(self) -> tuple[str, ...]:
        """Columns measured before assignment whose moments were kept."""
        return tuple(dict.fromkeys(c.metric for c in self.before))

    def before_of(self, column: str, arm: str) -> Moments | None:
        """Moments of a column measured before assignment in an arm; None where there are none."""
        return next((c.moments for c in self.before if c.metric == column and c.arm == arm), None)

    def only_metrics(self, names: Iterable[str]) -> Evidence:
        """The same evidence with the outcomes of no metric but these (pre-assignment columns stay)."""
        kept = set(names)
        return self.model_copy(
            update={
                "cells": tuple(c for c in self.cells if c.metric in kept),
                "extremes": tuple(e for e in self.extremes if e.metric in kept),
                "neighbours": tuple(c for c in self.neighbours if c.metric in kept),
            }
        )
