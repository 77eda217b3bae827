"""Addresses of pages: every name quoted, so that none leads elsewhere."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Scope

__all__ = ["Counted", "batch_at", "copy_at", "experiment_at", "name_of", "segmented"]

_SLASH = "\x1f"
"""Stands for a slash within a name while an address is matched; no name holds it."""


class Counted(Convertor[int]):
    """A number in an address, ``{look:integer}``: of few digits, because Python itself refuses to read thousands."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_string(self, value: int) -> str:
        """As it stands in an address."""
        return str(value)


register_url_convertor("integer", Counted())


def experiment_at(name: str, place: str = "", *, below: str = "") -> str:
    """The address of an experiment's page.

    Args:
        name: The experiment.
        place: An id on that page, or "".
        below: A page below it, such as "plan".

    Example:
        >>> experiment_at("checkout", "gate")
        '/e/checkout#gate'
        >>> experiment_at("a/b c", below="plan")
        '/e/a%2Fb%20c/plan'
    """
    return f"/e/{quote(name, safe='')}" + (f"/{below}" if below else "") + (f"#{place}" if place else "")


def copy_at(experiment: str, brief: str, place: str = "", *, below: str = "") -> str:
    """The address of the page of a brief's copy, or of one below it."""
    last = f"copy/{quote(brief, safe='')}" + (f"/{below}" if below else "")
    return experiment_at(experiment, place, below=last)


def batch_at(run: str, place: str = "") -> str:
    """The address of a run of many briefs."""
    return f"/batch/{quote(run, safe='')}" + (f"#{place}" if place else "")


def segmented(scope: Scope) -> Scope:
    """A request's scope in which a slash within a name parts nothing: ``/e/a%2Fb`` is the page of "a/b"."""
    raw = scope.get("raw_path") or b""
    if b"%2f" not in raw.lower():
        return scope
    path = raw.decode("latin-1").partition("?")[0]
    return {**scope, "path": unquote(re.sub("(?i)%2f", quote(_SLASH), path))}


def name_of(part: object) -> str:
    """A name out of a matched address."""
    return str(part).replace(_SLASH, "/")
