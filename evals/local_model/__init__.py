"""A real small model behind the product's own settings: the whole journey, and whether every guarantee held."""

from __future__ import annotations
