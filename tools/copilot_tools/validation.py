"""From a validation error to refusals a person can act on: where, what was given, what is expected, what to do."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from copilot_tools.nearest import closest
from copilot_tools.refusals import Refusal

__all__ = ["refusals_of"]

Location = tuple[int | str, ...]

_LONGEST = 80


def refusals_of(
    error: ValidationError, *, given: object = None, model: type[BaseModel] | None = None, prefix: str = ""
) -> tuple[Refusal, ...]:
    """Every problem of a failed validation as a refusal, in the order of the fields.

    Args:
        error: What pydantic raised.
        given: The data that was validated; with it a path names only keys and positions that stand in the data.
        model: The model that was validated; with it an unknown key is answered with the nearest known one.
        prefix: Put before every path, such as ``analysis``.

    Returns:
        One refusal a problem, named by its dotted path (``metrics.0.margin.size``; list positions count from 0).
    """
    return tuple(
        _refusal(problem, given, model, prefix)
        for problem in error.errors(include_url=False)
        if not _follows_from_others(problem)
    )


def _follows_from_others(problem: Any) -> bool:
    """A list counted as too short only because some of its items were refused themselves."""
    value = problem.get("input")
    return problem["type"] == "too_short" and isinstance(value, Sized) and len(value) >= problem["ctx"]["min_length"]


def _refusal(problem: Any, given: object, model: type[BaseModel] | None, prefix: str) -> Refusal:
    kind: str = problem["type"]
    context: dict[str, Any] = problem.get("ctx", {})
    location = _as_in_data(problem["loc"], given, missing=kind == "missing")
    path = ".".join([p for p in (prefix,) if p] + [str(part) for part in location])
    value = problem.get("input")
    subject = path or "the input"
    if kind == "missing":
        return Refusal(
            code="input.missing", reason=f"{subject} is missing.", cure=f"Give {subject}.", name=path or None
        )
    if kind == "extra_forbidden":
        return _unknown(location, subject, path, model)
    if kind in {"value_error", "assertion_error"}:
        message = str(context.get("error") or problem["msg"]).rstrip(".")
        reason = f"{subject}: {message}." if path else f"{message[:1].upper()}{message[1:]}."
        return Refusal(
            code="input.inconsistent",
            reason=reason,
            cure=f"Mend it in {subject}.",
            name=path or None,
            value=_plain(value),
        )
    expected = _expected(kind, context)
    if not expected:
        reason, cure = f"{subject} is {_shown(value)}: {problem['msg'].rstrip('.')}.", f"Correct {subject}."
    else:
        shown = _shown(value) if kind != "union_tag_invalid" else f"of kind {context['tag']!r}"
        reason, cure = f"{subject} is {shown}, but must be {expected}.", _cure(kind, subject, expected, value)
    return Refusal(code=f"input.{_family(kind)}", reason=reason, cure=cure, name=path or None, value=_plain(value))


def _cure(kind: str, subject: str, expected: str, value: object) -> str:
    if kind.startswith(("greater_than", "less_than")):
        return f"Give {subject} a value {expected}."
    if isinstance(value, str) and kind in {"float_type", "int_type", "bool_type"}:
        return f"Give {subject} as {expected}, without quotes."
    return f"Give {subject} as {expected}."


def _unknown(location: Location, subject: str, path: str, model: type[BaseModel] | None) -> Refusal:
    cure = f"Remove {subject}, or correct its spelling."
    if model is not None and location:
        known = sorted(_fields(model, location[:-1]))
        if known:
            cure = closest(str(location[-1]), known, listed="Known here:", shown=str)
    return Refusal(code="input.unknown_key", reason=f"{subject} is not a known key.", cure=cure, name=path)


def _as_in_data(location: Location, given: object, *, missing: bool) -> Location:
    """Drop parts that name a variant of a union or a validator, not a key of the data."""
    if given is None:
        return location
    kept: list[int | str] = []
    here: Any = given
    for index, part in enumerate(location):
        if _holds(here, part):
            here = here[part]
        elif not (missing and index == len(location) - 1):
            continue
        kept.append(part)
    return tuple(kept)


def _holds(here: object, part: int | str) -> bool:
    if isinstance(here, Mapping):
        return part in here
    return isinstance(here, Sequence) and not isinstance(here, str) and isinstance(part, int) and part < len(here)


def _fields(model: type[BaseModel], location: Location) -> set[str]:
    """Known keys at ``location``: the union over the variants that may stand there."""
    here: list[Any] = [model]
    for part in location:
        here = [
            inner
            for annotation in here
            for candidate in _models(annotation)
            for inner in ([candidate.model_fields[part].annotation] if part in candidate.model_fields else [])
        ] or [a for annotation in here for a in _items(annotation)]
    return {
        field.alias or name
        for annotation in here
        for m in _models(annotation)
        for name, field in m.model_fields.items()
    }


def _items(annotation: Any) -> Iterator[Any]:
    """What stands inside a list, tuple or mapping annotation."""
    if get_origin(annotation) in {Annotated, Union, types.UnionType}:
        for argument in get_args(annotation):
            yield from _items(argument)
    elif get_origin(annotation) is not None:
        yield from (a for a in get_args(annotation) if a is not Ellipsis)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in {Annotated, Union, types.UnionType}:
        for argument in get_args(annotation):
            yield from _models(argument)


_PLAIN: dict[str, str] = {
    "finite_number": "a finite number (not NaN, not infinite)",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_unicode": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "set_type": "a list without repetitions",
    "dict_type": "a mapping of names to values",
    "mapping_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "model_attributes_type": "a mapping of names to values",
    "none_required": "left empty",
    "date_type": "a date such as 2025-03-31",
    "date_parsing": "a date such as 2025-03-31",
    "date_from_datetime_parsing": "a date such as 2025-03-31",
    "date_from_datetime_inexact": "a date without a time, such as 2025-03-31",
    "datetime_type": "a date and time such as 2025-03-31T09:00:00",
    "datetime_parsing": "a date and time such as 2025-03-31T09:00:00",
    "datetime_from_date_parsing": "a date and time such as 2025-03-31T09:00:00",
}

_WITH_BOUND: dict[str, Callable[[dict[str, Any]], str]] = {
    "greater_than": lambda c: f"above {c['gt']:g}",
    "greater_than_equal": lambda c: f"at least {c['ge']:g}",
    "less_than": lambda c: f"below {c['lt']:g}",
    "less_than_equal": lambda c: f"at most {c['le']:g}",
    "literal_error": lambda c: f"one of {c['expected']}".replace(" or ", ", "),
    "enum": lambda c: f"one of {c['expected']}".replace(" or ", ", "),
    "union_tag_invalid": lambda c: f"one of {c['expected_tags']}",
    "union_tag_not_found": lambda c: f"a mapping that says its {str(c['discriminator']).strip(chr(39))}",
    "too_short": lambda c: f"a list of at least {c['min_length']}",
    "too_long": lambda c: f"a list of at most {c['max_length']}",
    "string_too_short": lambda c: f"text of at least {c['min_length']} character{'s' if c['min_length'] != 1 else ''}",
    "string_too_long": lambda c: f"text of at most {c['max_length']} characters",
    "string_pattern_mismatch": lambda c: f"text of the form {c['pattern']}",
}


def _expected(kind: str, context: dict[str, Any]) -> str:
    if kind in _WITH_BOUND:
        return _WITH_BOUND[kind](context)
    return _PLAIN.get(kind, "")


def _family(kind: str) -> str:
    if kind == "finite_number":
        return "not_finite"
    if kind.startswith(("greater_than", "less_than")) or kind in {"too_short", "too_long"}:
        return "out_of_range"
    if kind in {"literal_error", "enum", "union_tag_invalid"}:
        return "not_a_choice"
    return "wrong_form" if kind.startswith(("string_too", "string_pattern")) else "wrong_type"


def _plain(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    return _shortened(str(value)) if isinstance(value, str) else _shown(value)


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    if isinstance(value, bool):
        return str(value).lower()
    return _shortened(repr(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
