"""Plan files: one reviewable YAML 1.2 document (so an arm may be called ``no``), checked whole, written whole."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.validation import refusals_of
from expcopilot.memory.whole_file import write_whole
from expcopilot.records.plan import Plan

__all__ = ["load", "parse", "read", "render", "save", "write"]

_HEADER = """\
# The plan of one experiment: everything decided before the data is seen.
# Check it with `expcopilot plan check FILE`, freeze it with `expcopilot register FILE`.
"""


def load(path: Path) -> Plan:
    """Read a plan file.

    Raises:
        Refused: The file is missing, is no YAML, or is no plan; every problem together.
    """
    return parse(read(path), name=path.name)


def read(path: Path) -> str:
    """What a plan file holds, be it a plan or not.

    Raises:
        Refused: The file is missing, or no text that may be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refused.because(
            "plan.no_file",
            f"There is no plan file {path.name!r} here.",
            "Check the path, or make a plan with `expcopilot new`.",
            name="plan",
            value=str(path),
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused.because(
            "plan.unreadable",
            f"The plan file {path.name!r} cannot be read: {error}.",
            "Save it as UTF-8 text and make sure you may read it.",
            name="plan",
            value=str(path),
        ) from None


def parse(text: str, *, name: str = "plan") -> Plan:
    """Turn a plan file's text into a plan.

    Raises:
        Refused: With every problem found, each naming its place.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415 - 0.1 s that most commands do not need
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        data: Any = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        where = getattr(error, "problem_mark", None)
        place = f" at line {where.line + 1}, column {where.column + 1}" if where else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise Refused.because(
            "plan.not_yaml",
            f"{name} cannot be read{place}: {problem}.",
            "Mend that line; indent with spaces, not tabs.",
        ) from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # What YAML calls a date or a number, and is none: 2025-02-30.
        raise Refused.because(
            "plan.not_yaml",
            f"{name} cannot be read: {error}.",
            "Correct that value; text that looks like a date or a number stands in quotes.",
        ) from None
    if not isinstance(data, dict):
        raise Refused.because(
            "plan.not_a_plan",
            f"{name} holds no plan: it should be a list of `key: value` lines.",
            "Start from `expcopilot new`.",
        )
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        raise Refused(*refusals_of(error, given=data, model=Plan)) from None


def render(plan: Plan) -> str:
    """The plan as YAML text, every default left out that says nothing."""
    from ruamel.yaml import YAML  # noqa: PLC0415

    writer = YAML()
    writer.default_flow_style = False
    writer.width = 110
    writer.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    writer.dump(plan.model_dump(mode="json", exclude_defaults=True), out)
    return _HEADER + out.getvalue()


def save(plan: Plan, path: Path) -> Path:
    """Write the plan file; refuses to overwrite one.

    Raises:
        Refused: There is a file already, or it cannot be written.
    """
    return write(render(plan), path)


def write(text: str, path: Path) -> Path:
    """Write a plan file's text as it is; refuses to overwrite one.

    Raises:
        Refused: There is a file already, or it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_whole(path, text, overwrite=False)
    except OSError as error:
        if not path.exists():
            raise Refused.because(
                "plan.cannot_write",
                f"The plan file {path.name!r} cannot be written: {error.strerror or error}.",
                "Choose a folder you may write to.",
                name="plan",
                value=str(path),
            ) from error
        raise Refused.because(
            "plan.exists",
            f"There is already a plan file {path.name!r}.",
            "Choose another name, or edit that file.",
            name="plan",
            value=str(path),
        ) from None
