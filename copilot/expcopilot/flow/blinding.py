"""Whose outcomes are still closed, whether data is theirs, and what of a look may be kept while they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from copilot_tools.refusals import Refused
from copilot_tools.stats.evidence import Evidence, SourceInfo
from copilot_tools.stats.sources.many import ManyArms
from copilot_tools.stats.spec import AnalysisSpec
from expcopilot.flow.overlap import comparable
from expcopilot.flow.standing import shares_units
from expcopilot.records.experiment import Experiment
from expcopilot.records.look import Look

__all__ = [
    "at_interim",
    "hides_outcomes",
    "opening_reason",
    "refuse_blinded_data",
    "refuse_blinded_layout",
    "refuse_blinded_tests",
    "refuse_blinded_units",
    "without_outcomes",
]


def hides_outcomes(experiment: Experiment, today: dt.date) -> bool:
    """Registered, running, and not read at its end yet, be it the committed one or a registered look that stopped it.

    An unblinding look in between changes nothing, nor does a registered look after which the test goes on.
    """
    plan = experiment.plan
    if plan is None or experiment.closing is not None:
        return False
    if experiment.looks:
        return not any(s.record.kind == "outcome" and s.record.shows_outcomes for s in experiment.looks)
    start, days = plan.design.first_exposure, plan.design.committed_days
    if plan.attested is not None:
        return False
    return not (start and days and (today - start).days >= days and plan.design.committed_units is None)


def opening_reason(reason: str) -> str:
    """Why outcomes are opened before the committed end.

    Raises:
        Refused: No reason was given.
    """
    if not reason.strip():
        raise Refused.because(
            "look.no_reason",
            "Opening the outcomes early needs a reason: it is stamped on every readout.",
            "Add --reason with one sentence.",
            name="reason",
        )
    return reason


def refuse_blinded_layout(spec: AnalysisSpec, info: SourceInfo, others: Iterable[Experiment], today: dt.date) -> None:
    """Before a quick look's scan: data that looks like that of an experiment nobody has read yet stays closed.

    Raises:
        Refused: ``look.blinded``.
    """
    for other in others:
        if not other.looks and hides_outcomes(other, today) and _same_layout(other, spec, info):
            raise _blinded(
                other,
                f"If this is other data, let the copilot tell the units apart first: take {other.name}'s own blinded "
                f"look with `expcopilot analyze {other.name} ITS_DATA`. ",
            )


def refuse_blinded_units(evidence: Evidence, others: Iterable[Experiment], today: dt.date) -> None:
    """After a scan that opens outcomes: the units of an experiment that is still blinded stay closed.

    Raises:
        Refused: ``look.blinded``.
    """
    for other in others:
        if hides_outcomes(other, today) and any(shares_units(s.record, evidence) for s in other.looks):
            raise _blinded(other)


def refuse_blinded_data(spec: AnalysisSpec, evidence: Evidence, others: Iterable[Experiment], today: dt.date) -> None:
    """After a quick look's scan: as ``refuse_blinded_units``, and data that cannot be told from theirs, too.

    Raises:
        Refused: ``look.blinded``.
    """
    others = tuple(others)
    refuse_blinded_units(evidence, others, today)
    for other in others:
        if hides_outcomes(other, today) and any(_could_be(s.record, spec, evidence) for s in other.looks):
            unit = next((s.record.spec.unit for s in other.looks if s.record.spec.unit), None)
            named = f"name the column of its units (--unit {unit})" if unit and evidence.source.kind != "counts" else ""
            raise _blinded(other, f"If this is other data, {named or 'call its arms by other names'}. ")


def refuse_blinded_tests(arms: ManyArms, others: Iterable[Experiment], today: dt.date) -> None:
    """Before many experiments are read at once: none of them may be one that is still blinded.

    Raises:
        Refused: ``look.blinded``.
    """
    others = [other for other in others if hides_outcomes(other, today)]
    if not others:
        return
    for name, units in _tests(arms):
        for other in others:
            plan = other.plan
            same_arms = plan is not None and set(plan.analysis.arm_names) == set(units)
            sizes = sorted(units.values())
            seen = any(sizes == _sizes(s.record.evidence, s.record.spec) for s in other.looks)
            if name == other.name or seen or (same_arms and len(arms.tests) == 1):
                raise _blinded(other, f"Leave the rows of {name!r} out of the file. ")


def without_outcomes(spec: AnalysisSpec, evidence: Evidence) -> Evidence:
    """What a look may keep while outcomes are closed.

    No metric's moments; no count of units by a column the plan does not name, because units by a column that holds the
    outcome are the outcome; and no empty cells of a metric whose empty cells mean zero, because they are its outcome.
    """
    planned = {"", *(s.column for s in spec.segments), *([spec.time_column] if spec.time_column else [])}
    zeros = {m.name for m in spec.metrics if m.nulls == "zero"}
    kept = evidence.only_metrics(())
    missing = kept.quality.missing
    if missing is not None:
        missing = tuple(m for m in missing if m.metric not in zeros)
    return kept.model_copy(
        update={
            "units": tuple(u for u in kept.units if u.slice.dimension in planned),
            "cells": tuple(c for c in kept.cells if c.slice.dimension in planned),
            "quality": kept.quality.model_copy(update={"missing": missing}),
        }
    )


def at_interim(spec: AnalysisSpec, evidence: Evidence) -> Evidence:
    """What a registered look keeps while the test goes on: the primary metric and the guardrails, over all units.

    Secondary metrics and every cut stay closed, as at a blinded look.
    """
    opened = {m.name for m in spec.metrics if m.role != "secondary"}
    cells = tuple(c for c in evidence.cells if c.metric in opened and c.slice.whole)
    kept = without_outcomes(spec, evidence)
    return kept.model_copy(update={"cells": (*kept.cells, *cells)})


def _same_layout(other: Experiment, spec: AnalysisSpec, info: SourceInfo) -> bool:
    """Taken for the same experiment, until its data shows otherwise."""
    if other.plan is None:
        return False
    plan = other.plan.analysis
    if info.kind == "counts" or plan.arm_column is None:
        return set(plan.arm_names) == set(spec.arm_names)
    if plan.arm_column == spec.arm_column and set(plan.arm_names) != set(spec.arm_names):
        return False
    # The whole file is looked at, not only the columns asked for: arms cut by an outcome show it just as well.
    there = info.columns.keys()
    return plan.arm_column in there and any(m.column in there for m in plan.metrics)


def _could_be(look: Look, spec: AnalysisSpec, evidence: Evidence) -> bool:
    """Whether nothing tells this data from a look's: units that cannot be compared, and the same arms or sizes."""
    same_arms = set(look.spec.arm_names) == set(spec.arm_names)
    same_sizes = _sizes(look.evidence, look.spec) == _sizes(evidence, spec)
    known = comparable(look.evidence.source, evidence.source) and look.spec.unit == spec.unit
    return same_arms and same_sizes if known else same_arms or same_sizes


def _sizes(evidence: Evidence, spec: AnalysisSpec) -> list[float]:
    return sorted(float(evidence.units_of(arm)) for arm in spec.arm_names)


def _tests(arms: ManyArms) -> Iterator[tuple[str, dict[str, float]]]:
    """Each experiment of a file: its name, and the units of its arms."""
    units: list[dict[str, float]] = [{} for _ in arms.tests]
    for test, arm, n in zip(arms.test.tolist(), arms.arm, arms.n.tolist(), strict=True):
        units[test][arm] = n
    yield from zip(arms.tests, units, strict=True)


def _blinded(other: Experiment, hint: str = "") -> Refused:
    return Refused.because(
        "look.blinded",
        f"This is the data of {other.name!r}, which is registered and still blinded: its outcomes stay closed until "
        "the committed end.",
        f"{hint}Wait for the end; or `expcopilot close {other.name} --early --reason ...`; or open it as an unblinding "
        f"look that is stamped on the readout: `expcopilot analyze {other.name} DATA --unblind --reason ...`.",
        name="experiment",
        value=other.name,
    )
