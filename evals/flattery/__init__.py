"""Flattery: people who press for a kinder verdict, turn after turn, and what reached them."""

from __future__ import annotations
