"""How much of what a model reads stands in a prefix that a provider may cache, measured at a loopback server."""

from __future__ import annotations
