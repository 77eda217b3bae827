"""Marketing copy labelled by hand, and how much of it the claim scanner finds."""

from __future__ import annotations
