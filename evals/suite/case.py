"""What a case is, and the typed files it stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from copilot_tools.base import Frozen
from copilot_tools.validation import refusals_of

__all__ = ["Case", "UnreadableCaseError", "read"]


class Case(Frozen):
    """One situation in which a promise could break; each task adds what it needs.

    Attributes:
        id: Its name in the file, lower case, words joined by hyphens.
        catches: What would be wrong if it failed, in one sentence.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    catches: Annotated[str, Field(pattern=r"^[A-Z].*\.$", min_length=20, max_length=200)]


class UnreadableCaseError(ValueError):
    """A file of cases that cannot be used; says where, what, and what to do."""


C = TypeVar("C", bound=Case)


def read(path: Path, kind: type[C]) -> tuple[C, ...]:
    """The cases of a file: a mapping from each id to its fields, in the file's order.

    Raises:
        UnreadableCaseError: No YAML, no mapping, an id twice, or a case that is not of its kind.
    """
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, YAMLError) as error:
        raise UnreadableCaseError(f"{_named(path)} cannot be read: {_in_short(error)}") from error
    if not isinstance(data, dict) or not data:
        raise UnreadableCaseError(f"{_named(path)} must be a mapping from ids to cases.")
    return tuple(_case(path, str(id_), given, kind) for id_, given in data.items())


def _case(path: Path, id_: str, given: Any, kind: type[C]) -> C:
    if not isinstance(given, dict):
        raise UnreadableCaseError(f"{_named(path)}, {id_}: a case is a mapping; it begins with catches: <a sentence>.")
    whole = {"id": id_, **given}
    try:
        return kind.model_validate(whole)
    except ValidationError as error:
        refusals = refusals_of(error, given=whole, model=kind)
        said = " ".join(f"{r.reason} {r.cure}" if r.code == "input.unknown_key" else r.reason for r in refusals)
        fields = f"evals/{kind.__module__.replace('.', '/')}.py"
        raise UnreadableCaseError(f"{_named(path)}, {id_}: {said} {fields} says what each field means.") from error


def _named(path: Path) -> str:
    """The file with its folder, since every task has a cases.yaml."""
    return f"{path.parent.name}/{path.name}"


def _in_short(error: Exception) -> str:
    """What is wrong and in which line, without the parser's own advice."""
    if isinstance(error, MarkedYAMLError) and error.problem and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}."
    return str(error)
