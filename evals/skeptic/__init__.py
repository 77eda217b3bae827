"""The skeptic: experiments with a flaw planted, or none, and what the written case for the null says of it."""

from __future__ import annotations
