"""The checkout experiment as tests run it: a plan that leaves nothing open, and a plan file of one that is over."""

from __future__ import annotations

import datetime as dt

from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from expcopilot.records.plan import Attestation, Design, Hypothesis, Plan

__all__ = ["CONVERSION", "FINISHED", "LATENCY", "plan", "today"]

CONVERSION = Metric(name="conversion", role="primary", kind="proportion", column="converted")
LATENCY = Metric(
    name="latency",
    role="guardrail",
    kind="mean",
    column="latency",
    direction="decrease",
    margin=Effect(size=10, scale="absolute"),
)
"""A guardrail for those who want one."""


def today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()


def plan(
    name: str = "checkout",
    *,
    units: int = 20_000,
    start: dt.date | None = None,
    attested: dt.date | None = None,
    **analysis: object,
) -> Plan:
    """Does the short form bring more orders? Begun today unless told otherwise; ``analysis`` replaces its fields."""
    base = {
        "unit": "user",
        "arm_column": "arm",
        "arms": (Arm(name="control"), Arm(name="b")),
        "control": "control",
        "metrics": (CONVERSION,),
        "minimum_effect": Effect(size=0.01, scale="absolute"),
    }
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
        design=Design(
            committed_units=units, first_exposure=start or today(), traffic_per_month=100_000, value_per_unit=20
        ),
        analysis=AnalysisSpec.model_validate(base | analysis),
        attested=Attestation(where="the wiki page", when=attested, by="Grace") if attested else None,
    )


FINISHED = """\
experiment: checkout
question: Does one page of checkout sell more than three?
hypothesis:
  change: Checkout takes one page instead of three.
  audience: Everybody who opens the checkout.
  because: A third of all carts are left on the second page.
  falsifier: Orders do not rise by at least a tenth.
north_star: Orders are what the company lives on.
design:
  committed_units: 20000
  traffic_per_month: 40000
analysis:
  arms:
    - name: control
    - name: one-page
      label: One page
  control: control
  metrics:
    - name: orders
      role: primary
      kind: proportion
      column: orders
  minimum_effect:
    size: 0.1
    scale: relative
attested:
  where: the minutes of the growth meeting
  when: 2025-01-07
  by: Ada
"""
"""A plan file: two arms, one share, attested, 20,000 units."""
