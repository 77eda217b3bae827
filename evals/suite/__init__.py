"""The promises, measured against any model: cases, tasks, scorers, and one command that runs them."""

from __future__ import annotations
