"""A plan that leaves nothing open, for tests that need one."""

from __future__ import annotations

import datetime as dt

from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from expcopilot.records.plan import Design, Hypothesis, Plan

__all__ = ["plan", "today"]


def today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()


def plan(name: str = "checkout", *, units: int = 20_000) -> Plan:
    """Does the short form bring more orders?"""
    return Plan(
        experiment=name,
        question="Does the short form bring more orders?",
        hypothesis=Hypothesis(
            change="A short form of three fields instead of nine",
            audience="Everybody who reaches the checkout",
            because="Interviews say that the long form scares people away",
            falsifier="Conversion is not a point higher",
        ),
        north_star="Orders",
        design=Design(committed_units=units, first_exposure=today(), traffic_per_month=100_000, value_per_unit=20),
        analysis=AnalysisSpec(
            unit="user",
            arm_column="arm",
            arms=(Arm(name="control"), Arm(name="b")),
            control="control",
            metrics=(Metric(name="conversion", role="primary", kind="proportion", column="converted"),),
            minimum_effect=Effect(size=0.01, scale="absolute"),
        ),
    )
