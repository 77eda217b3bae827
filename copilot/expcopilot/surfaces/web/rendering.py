"""Templates, filled: every value escaped, nothing undefined, hidden characters shown for what they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape

from copilot_tools.wording.plain import visible
from expcopilot.outputs.report.html import TEMPLATES

__all__ = ["ASSETS", "render"]

ASSETS = Path(__file__).parent / "assets"


@cache
def _environment() -> Environment:
    own = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(
        loader=ChoiceLoader([own, PrefixLoader({"readout": FileSystemLoader(TEMPLATES)})]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["drawn"] = _drawn
    environment.filters["urlencode"] = lambda value: quote(str(value), safe="")  # a slash in a name parts no address
    environment.filters["exact"] = _exact
    return environment


def _shown(value: object) -> object:
    """Every text that is not markup of our own, with what hides or turns text made visible; its lines stay lines."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return visible(value) if "\n" not in value else "\n".join(_line(line) for line in value.splitlines())


def _line(line: str) -> str:
    """One line of several: how far it is indented is part of what it says."""
    return " " * (len(line) - len(line.lstrip(" "))) + visible(line)


def _exact(value: object) -> Markup:
    """Text that is sent back by a form, escaped and otherwise as it is: showing it must not change it."""
    return escape(str(value))


def _drawn(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - drawn by our own modules, which escape every name


def render(template: str, **context: Any) -> str:
    """A template of the page, filled.

    Args:
        template: Its file name; ``readout/...`` for those of a readout.
        context: What it shows.
    """
    return _environment().get_template(template).render(**context)
