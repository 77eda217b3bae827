"""Brief files: what copy is wanted, as YAML or as plain text and Markdown with a label before each part.

A text brief is what people write anyway: ``Change: ...`` on a line, or a heading ``## Audience`` over a paragraph.
Nothing in it is guessed: what stands under no known label is refused, not dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from copilot_tools.nearest import nearest
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.validation import refusals_of
from expcopilot.memory.small_file import read_small
from expcopilot.records.copy import Brief

__all__ = ["LABELS", "load", "parse_data", "parse_fields", "parse_text"]

_LARGEST = 200_000
"""Bytes a brief may have: some fifty pages, far more than anybody reads before writing ten words."""

LABELS: dict[str, str] = {
    "id": "id",
    "name": "id",
    "brief": "id",
    "experiment": "experiment",
    "channel": "channel",
    "change": "change",
    "what changes": "change",
    "hypothesis": "change",
    "audience": "audience",
    "for whom": "audience",
    "because": "because",
    "why": "because",
    "k": "k",
    "variants": "k",
    "how many": "k",
    "mechanisms": "mechanisms",
    "angles": "mechanisms",
    "control": "control",
    "today": "control",
    "current copy": "control",
    "keep away": "keep_away",
    "keep away from": "keep_away",
    "earlier copy": "keep_away",
    "facts": "facts",
    "language": "language",
    "notes": "notes",
}
"""Label of a text brief, in lower case -> field of ``Brief``."""

_LISTS = frozenset({"mechanisms", "keep_away", "facts"})
_LABEL = re.compile(r"^\s*(?:\*\*)?(?P<label>[A-Za-z][A-Za-z _-]{0,30}?)(?:\*\*)?\s*:(?:\*\*)?(?:\s+(?P<rest>.*))?$")
_HEADING = re.compile(r"^#{1,6}\s+(?P<label>.+?)\s*#*\s*:?\s*$")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


def load(path: Path) -> Brief:
    """Read a brief; its name is the file's where the brief has none.

    Raises:
        Refused: ``brief.unreadable``, ``brief.too_large``, ``brief.not_yaml``, ``brief.unlabelled``, or every field
            that is missing or wrong, together.
    """
    text = read_small(
        path,
        kind="brief",
        called="The brief",
        most_bytes=_LARGEST,
        unreadable="Save it as UTF-8 text, and make sure you may read it.",
        too_large="Keep what a copywriter needs; put studies and price lists into the folder of sources.",
    )
    if path.suffix.lower() in {".yaml", ".yml", ".json"}:
        return parse_data(_yaml(text, path.name), name=path.name, stem=path.stem)
    return parse_text(text, name=path.name, stem=path.stem)


def parse_data(data: Any, *, name: str = "brief", stem: str = "") -> Brief:
    """A brief given as data: the fields of ``Brief``, its control as a mapping of field to text.

    Args:
        data: What the file or row holds.
        name: What messages call the place it comes from.
        stem: Id where the data names none.

    Raises:
        Refused: Every problem together.
    """
    if not isinstance(data, dict):
        raise Refused.because(
            "brief.not_a_brief",
            f"{name} holds no brief: it should be a list of `key: value` lines.",
            "Give at least channel, change, audience and because.",
            name="brief",
        )
    given = {str(key): value for key, value in data.items() if value is not None}
    if stem:
        given.setdefault("id", stem)
    for key in _LISTS & given.keys():
        given[key] = [given[key]] if isinstance(given[key], str) else given[key]
    if isinstance(control := given.get("control"), dict):
        given["control"] = [{"name": str(field), "text": text} for field, text in control.items()]
    try:
        brief = Brief.model_validate(given)
    except ValidationError as error:
        raise Refused(*refusals_of(error, given=given, model=Brief)) from None
    refuse_if_any(_empty(brief))
    return brief


def parse_fields(fields: Mapping[str, str]) -> Brief:
    """A brief from a form: each field of ``Brief`` as somebody typed it, lists and today's copy a line each.

    Raises:
        Refused: As ``parse_data``; ``brief.control`` for today's copy without fields.
    """
    given: dict[str, Any] = {}
    for field, text in fields.items():
        if not text.strip():
            continue
        lines = text.splitlines()
        if field in _LISTS:
            given[field] = _items(lines)
        elif field == "control":
            given[field] = _control(lines, "This brief")
        else:
            given[field] = " ".join(text.split()) if field != "notes" else text.strip()
    return parse_data(given)


def parse_text(text: str, *, name: str = "brief", stem: str = "") -> Brief:
    r"""A brief written as text: ``Label: words``, or a heading with words under it.

    Raises:
        Refused: ``brief.unlabelled`` for words under no label; and as ``parse_data``.

    Example:
        >>> lines = "Channel: push\nChange: ask, do not tell\nAudience: new users\nBecause: people answer questions"
        >>> brief = parse_text(lines, stem="ask")
        >>> brief.channel, brief.k
        ('push', 3)
    """
    parts, problems = _parts(text, name)
    refuse_if_any(problems)
    given: dict[str, Any] = {}
    for field, lines in parts.items():
        whole = "\n".join(lines).strip()
        if not whole:
            continue
        if field in _LISTS:
            given[field] = _items(lines)
        elif field == "control":
            given[field] = _control(lines, name)
        else:
            given[field] = " ".join(whole.split()) if field != "notes" else whole
    return parse_data(given, name=name, stem=stem)


def _parts(text: str, name: str) -> tuple[dict[str, list[str]], list[Refusal]]:
    """Field -> its lines, and what stands under no label."""
    parts: dict[str, list[str]] = {}
    problems: list[Refusal] = []
    here: str | None = None
    rows = text.splitlines()
    title = next((number for number, row in enumerate(rows, 1) if row.strip()), 0)
    for number, line in enumerate(rows, 1):
        heading = _HEADING.match(line)
        label = heading or _LABEL.match(line)
        known = LABELS.get(_said(label["label"])) if label else None
        if label and known and not (here == "control" and known == "control"):
            here = known
            rest = (label.groupdict().get("rest") or "").strip()
            parts.setdefault(here, []).extend([rest] if rest else [])
        elif heading and not parts and number == title:
            continue  # a title over the whole brief
        elif line.strip() and (here is None or heading or (label and _slip(label["label"]))):
            problems.append(_unlabelled(line.strip(), number, label["label"] if label else "", name))
        elif here is not None:
            parts[here].append(line)
    return parts, problems


def _said(label: str) -> str:
    return " ".join(label.lower().replace("_", " ").split())


def _slip(label: str) -> bool:
    """Whether a label nobody knows is one that somebody mistyped: then its words would stand under another."""
    said = _said(label)
    return bool(said) and said not in LABELS and bool(nearest(said, LABELS, cutoff=_ALIKE))


_ALIKE = 0.8
"""How alike a word before a colon must be to a label to be one mistyped: "becuase" .86, "chanel" .92, "title" .44."""


def _unlabelled(line: str, number: int, label: str, name: str) -> Refusal:
    close = nearest(_said(label), LABELS) if label else ()
    meant = f"{close[0].capitalize()}:" if close else ""
    text = " If it is text and no label, begin the line with a dash." if _slip(label) else ""
    return Refusal(
        code="brief.unlabelled",
        reason=f"{name}, line {number}: {line[:60]!r} stands under no label that a brief knows.",
        cure=f"Did you mean `{meant}`?{text}"
        if close
        else "Put Change:, Audience:, Because:, Channel: or Notes: before it.",
        name="brief",
        value=line[:60],
    )


def _items(lines: list[str]) -> list[str]:
    """One item a bullet or line; a single line may hold several between semicolons."""
    rows = [_BULLET.sub("", line).strip() for line in lines if line.strip()]
    if len(rows) == 1:
        rows = [part.strip() for part in rows[0].split(";")]
    return [row.strip('"“”') for row in rows if row]


def _control(lines: list[str], name: str) -> dict[str, str]:
    fields: dict[str, list[str]] = {}
    field = ""
    for line in lines:
        bare = _BULLET.sub("", line)
        label = re.match(r"^\s*([A-Za-z][\w .-]{0,40}?)\s*:\s*(.*)$", bare)
        if label:
            field = "_".join(label[1].lower().split())
            fields[field] = [label[2].strip()]
        elif line.strip() and field:
            fields[field].append(line.strip())
        elif line.strip():
            raise Refused.because(
                "brief.control",
                f"{name}: today's copy must name its fields, but {line.strip()[:60]!r} names none.",
                "Write one line a field, such as `subject: Your cart is waiting`.",
                name="control",
                value=line.strip()[:60],
            )
    return {name: "\n".join(said).strip() for name, said in fields.items()}


def _empty(brief: Brief) -> list[Refusal]:
    missing = [name for name in ("change", "audience", "because", "channel") if not getattr(brief, name).strip()]
    return [
        Refusal(code="input.missing", reason=f"{name} is empty.", cure=f"Say {name} in a sentence.", name=name)
        for name in missing
    ]


def _yaml(text: str, name: str) -> Any:
    from ruamel.yaml import YAML  # noqa: PLC0415 - 0.1 s that most commands do not need
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        where = getattr(error, "problem_mark", None)
        place = f" at line {where.line + 1}" if where else ""
        raise Refused.because(
            "brief.not_yaml",
            f"{name} cannot be read{place}: {getattr(error, 'problem', None) or 'it is not YAML'}.",
            "Mend that line; text that holds a colon stands in quotes.",
            name="brief",
        ) from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise Refused.because(
            "brief.not_yaml",
            f"{name} cannot be read: {error}.",
            "Text that looks like a date or a number stands in quotes.",
            name="brief",
        ) from None
