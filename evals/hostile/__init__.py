"""Hostile statements, by named tactic, and a scorer of rendered sentences. Shares nothing with the firewall."""

from __future__ import annotations
