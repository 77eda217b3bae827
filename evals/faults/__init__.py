"""Planted faults: experiments made unit by unit, clean or with one fault, and how many of them the product calls."""

from __future__ import annotations
