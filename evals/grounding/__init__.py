"""Grounding: every number, sign, unit, arm and metric that is shown is held against the data itself."""

from __future__ import annotations
