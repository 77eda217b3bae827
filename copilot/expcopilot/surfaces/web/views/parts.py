"""A part of an experiment's record on its page: a title, a template, and what the template shows."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Part"]


class Part(NamedTuple):
    """One panel of the record.

    Attributes:
        id: Its place on the page, for links.
        title: Its heading.
        template: How it is laid out; the template finds ``shown``.
        shown: What it shows.
    """

    id: str
    title: str
    template: str
    shown: Any
