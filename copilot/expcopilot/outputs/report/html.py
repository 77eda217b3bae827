"""Page -> one self-contained HTML document: no script, no request, every value escaped by the template engine."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from expcopilot.outputs.report.content import Page

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["TEMPLATES", "render"]

TEMPLATES = Path(__file__).parent / "templates"
"""How a page is laid out: its blocks and its verdict, and the style of both. Another page may take them."""


@cache
def _environment() -> Environment:
    # It takes a tenth of a second to import, and most commands draw no page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(page: Page) -> str:
    """The whole document."""
    from markupsafe import Markup  # noqa: PLC0415

    sheets = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("blocks.css", "readout.css"))
    style = Markup(sheets)  # noqa: S704 - our own files
    return _environment().get_template("readout.html.jinja").render(page=page, style=style, drawn=_drawn)


def _drawn(svg: str) -> Markup:
    from markupsafe import Markup  # noqa: PLC0415

    return Markup(svg)  # noqa: S704 - drawn by our own modules, which escape every name
