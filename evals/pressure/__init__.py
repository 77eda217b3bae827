"""Pressure on verdicts: analyses of every kind, wordings that press, a model that always complies, and a scorer."""

from __future__ import annotations
