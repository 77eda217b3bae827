"""What is said about a source: its owner, kind, expiry and facts, in ``sources.toml`` or in the file's front matter."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.validation import refusals_of

__all__ = ["CARD_FILE", "KINDS", "Card", "card_from", "front_matter", "load_cards", "render_card"]

CARD_FILE = "sources.toml"

Kind = Literal[
    "study",
    "survey",
    "terms",
    "price list",
    "product sheet",
    "review",
    "certificate",
    "press",
    "session-replay note",
    "funnel note",
    "note",
]
KINDS: tuple[str, ...] = Kind.__args__  # type: ignore[attr-defined]
_NAME = r"[a-z0-9][a-z0-9_-]{0,79}"


def _line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("must be one line of visible characters, with no blank at either end")
    return text


Line = Annotated[str, Field(max_length=200), AfterValidator(_line)]


class Card(Frozen):
    """What a person said about a source.

    Attributes:
        owner: Who answers for it.
        kind: What it is; session-replay and funnel notes are evidence for hypotheses and offer no facts for copy.
        expires: Last day on which it counts, or None.
        title: What people call it, or "".
        language: In which it is written.
        id: Its short name; "" for its file's name.
        facts: Fact name -> quotation that may be used in copy; empty: every sentence that holds a quantity.
        digest: Of its text when it was added, or "": a text that has changed since does not count.
    """

    owner: Annotated[Line, Field(min_length=1)]
    kind: Kind
    expires: date | None = None
    title: Line = ""
    language: Literal["en", "de", "fr", "es"] = "en"
    id: Annotated[str, Field(pattern=rf"^$|^{_NAME}$")] = ""
    facts: dict[Annotated[str, Field(pattern=rf"^{_NAME}$")], Annotated[str, Field(min_length=1, max_length=2000)]] = {}
    digest: Annotated[str, Field(pattern=r"^$|^[0-9a-f]{64}$")] = ""


def card_from(data: Any, where: str) -> Card:
    """A card from plain data.

    Raises:
        Refused: Every problem, each naming ``where`` it stands.
    """
    try:
        return Card.model_validate(data)
    except ValidationError as error:
        found = refusals_of(error, given=data if isinstance(data, dict) else {}, model=Card)
        raise Refused(
            *(r.model_copy(update={"code": "source.bad_card", "reason": f"{where}: {r.reason}"}) for r in found)
        ) from None


_FRONT = re.compile(r"---[ \t]*\r?\n(.*?\r?\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def front_matter(text: str, where: str) -> tuple[dict[str, Any] | None, str]:
    """The YAML between two lines ``---`` at the beginning (None: there is none), and the text after it.

    Raises:
        Refused: ``source.bad_card``: it is no YAML, or no list of keys.
    """
    found = _FRONT.match(text)
    if found is None:
        return None, text
    from ruamel.yaml import YAML  # noqa: PLC0415 - slow to import
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        yaml = YAML(typ="safe", pure=True)
        yaml.Constructor = _lenient_dates(yaml.Constructor)
        data = yaml.load(found[1]) if len(found[1]) <= _MOST_FRONT else None
    except (YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        data = None
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise Refused.because(
            "source.bad_card",
            f"The front matter of {where!r} cannot be read as `key: value` lines.",
            "Write `owner:`, `kind:` and `expires:`, each on a line of its own, between two lines `---`.",
            name="source",
            value=where,
        )
    return data, text[found.end() :]


_MOST_FRONT = 100_000


def _lenient_dates(constructor: Any) -> Any:
    """A constructor that leaves a day which no calendar has as it is written: whoever reads the card says so."""

    def day(made: Any, node: Any) -> Any:
        try:
            return made.construct_yaml_timestamp(node)
        except ValueError:
            return node.value

    lenient = type("LenientDates", (constructor,), {})
    lenient.add_constructor("tag:yaml.org,2002:timestamp", day)  # type: ignore[attr-defined]
    return lenient


def load_cards(path: Path) -> dict[str, Any]:
    """The tables of ``sources.toml`` by file name, unchecked one by one; empty where there is no such file.

    Raises:
        Refused: ``source.bad_cards``: the file cannot be read.
    """
    if path.is_symlink():
        raise _bad_cards(path, "it is a link")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _bad_cards(path, str(error)) from error
    return data


def _bad_cards(path: Path, problem: str) -> Refused:
    return Refused.because(
        "source.bad_cards",
        f"The file {path.name} cannot be understood: {problem}.",
        'Mend that line; a source is a table such as ["study.md"] with owner = "Ada" and kind = "study".',
        name=path.name,
    )


def render_card(file: str, card: Card) -> str:
    """A card as a table of ``sources.toml``."""
    said: Mapping[str, Any] = card.model_dump(mode="json", exclude_defaults=True)
    lines = [f"[{_quoted(file)}]"]
    lines += [
        f"{key} = {value if key == 'expires' else _quoted(value)}" for key, value in said.items() if key != "facts"
    ]
    if card.facts:
        lines += ["", f"[{_quoted(file)}.facts]", *_pairs(card.facts.items())]
    return "\n".join(lines) + "\n"


def _pairs(pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (f"{_quoted(key)} = {_quoted(value)}" for key, value in pairs)


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string but for U+007F, which JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
