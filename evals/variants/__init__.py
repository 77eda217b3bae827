"""Variants: briefs with a library of sources, and what was drafted, kept apart and handed over for them."""

from __future__ import annotations
