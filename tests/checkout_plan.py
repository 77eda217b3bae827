"""A plan file of an experiment that is over: two arms, one share, attested, 20,000 units."""

from __future__ import annotations

__all__ = ["FINISHED"]

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
