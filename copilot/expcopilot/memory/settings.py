"""The settings file of a workspace, ``expcopilot.toml``: who acts here, for whom, in which currency, with which model.

Tables that are not ours are left alone; a key we do not know inside a table that is ours is refused, so that a slip of
the pen never passes for a setting.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from copilot_tools.base import Frozen
from copilot_tools.nearest import nearest
from copilot_tools.refusals import Refusal, Refused, refuse_if_any

__all__ = ["FILE_NAME", "Gates", "ModelTable", "Organisation", "People", "Person", "Settings", "load", "render"]

FILE_NAME = "expcopilot.toml"


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("must be one line of visible characters, with no blank at either end")
    return text


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Line = Annotated[str, Field(max_length=200), AfterValidator(_printable)]


class Person(Frozen):
    """Who acts in this workspace: stands beside every ledger entry.

    Attributes:
        name: As colleagues know them.
        email: Address, or "".
    """

    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
    email: Annotated[Line, Field(pattern=r"^$|^[^@\s<>]+@[^@\s<>]+$")] = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.email else self.name


class Organisation(Frozen):
    """For whom the experiments run.

    Attributes:
        name: As it stands in the head of a readout, or "".
        currency: ISO 4217 code that new plans name, or "".
    """

    name: Line = ""
    currency: Annotated[str, Field(pattern=r"^$|^[A-Z]{3}$")] = ""


class People(Frozen):
    """Who else works here, and may be somebody in the page.

    Attributes:
        others: Everybody but the person of ``[person]``.
    """

    others: Annotated[tuple[Person, ...], BeforeValidator(_tuple)] = ()


class ModelTable(Frozen):
    """Which language model, where, and what it may spend. A key never stands here, only the name of what holds it.

    Attributes:
        name: The model, such as "claude-sonnet-5-5"; "" for none: everything but drafting and rephrasing works so.
        base_url: Server that speaks the Messages API, or "" for ANTHROPIC_BASE_URL, else Anthropic's.
        key_env: Environment variable that holds the key, or "" for ANTHROPIC_API_KEY and what else the SDK looks for.
        timeout: Seconds of silence before a server counts as gone.
        effort: How much the model should think, where it knows that; "" for its own.
        max_cost: US dollars an experiment may spend, or None.
        max_tokens: Tokens an experiment may spend, or None.
        prices: Model name -> US dollars per million tokens (input, output, cache_read, cache_write), over the table's.
        prompts: Role -> version of its prompt, in place of the newest.
    """

    name: str = ""
    base_url: str = ""
    key_env: str = ""
    timeout: Annotated[float, Field(gt=0)] = 120.0
    effort: str = ""
    max_cost: Annotated[float, Field(ge=0)] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    prices: dict[str, dict[str, Any]] = {}
    prompts: dict[str, int] = {}


class Gates(Frozen):
    """Where a person may answer what needs a person.

    Attributes:
        elicitation: "allow" lets an assistant's program put a gate before its person (MCP elicitation), and records the
            answer as given through that program; "human surface only" takes answers in the terminal and the page alone.
    """

    elicitation: Literal["allow", "human surface only"] = "allow"


class Settings(Frozen):
    """Everything in the settings file that is read here."""

    person: Person
    people: People = People()
    organisation: Organisation = Organisation()
    model: ModelTable = ModelTable()
    gates: Gates = Gates()

    @property
    def everybody(self) -> tuple[Person, ...]:
        """All people of the workspace, the one of ``[person]`` first."""
        return (self.person, *(p for p in self.people.others if p != self.person))


_TABLES: dict[str, type[Frozen]] = {
    "person": Person,
    "people": People,
    "organisation": Organisation,
    "model": ModelTable,
    "gates": Gates,
}

_EXPECTED = {
    "string_type": "text in quotes",
    "string_too_short": "at least one character",
    "string_too_long": "at most 200 characters",
    "model_type": "a table of keys",
    "tuple_type": 'a list, such as [{ name = "Ben Okri" }]',
    "extra_forbidden": "left out: there is no such setting",
}
_PATTERNS = {
    "person.email": "an address such as ada@example.com",
    "organisation.currency": "three letters such as EUR",
}

_TEMPLATE = """\
# Settings of this Experiment Copilot workspace. Lines that start with # are comments.

[person]
# Who acts here. The name stands beside everything that is recorded, and on every readout.
name = {name}
# Optional.
email = {email}

# Who else works here, and may enter the page (`expcopilot web`) under their own name. Optional.
# [people]
# others = [{{ name = "Ben Okri", email = "ben@example.com" }}]

[organisation]
# For whom the experiments run; stands in the head of every readout. Optional.
name = {organisation}
# Currency new plans name, and readouts count money in: an ISO 4217 code such as "EUR" or "USD". Optional.
currency = {currency}

# A language model that sharpens, answers and words what the tools found; everything else works without one.
# Its key comes from the environment (ANTHROPIC_API_KEY) and never stands in this file.
# [model]
# name = "claude-sonnet-5-5"
# base_url = ""                 # a Messages API server of your own
# max_cost = 5.0                # US dollars an experiment may spend
# max_tokens = 500000           # tokens an experiment may spend

# Where a person answers what needs a person, when an assistant asks through `expcopilot mcp`.
# [gates]
# elicitation = "allow"         # or "human surface only": in the terminal and the page alone
"""


def render(settings: Settings) -> str:
    """The settings as a commented TOML file."""
    return _TEMPLATE.format(
        name=_quoted(settings.person.name),
        email=_quoted(settings.person.email),
        organisation=_quoted(settings.organisation.name),
        currency=_quoted(settings.organisation.currency),
    )


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string as long as it holds no control character, which ``Line`` refuses.
    return json.dumps(text, ensure_ascii=False)


def load(path: Path) -> Settings:
    """Read a settings file.

    Raises:
        Refused: ``settings.unreadable``, ``settings.not_toml``, or everything wrong in it together:
            ``settings.unknown_key``, ``settings.missing``, ``settings.invalid``.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused.because(
            "settings.unreadable",
            f"The settings file {path} cannot be read: {error}.",
            "Save it as UTF-8 text, and make sure you may read it.",
            name="settings",
            value=str(path),
        ) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused.because(
            "settings.not_toml",
            f"The settings file {path} cannot be understood: {error}.",
            'Mend that line; a setting reads `name = "Ada Lovelace"`.',
            name="settings",
            value=str(path),
        ) from error
    return from_data(data, name=path.name)


def from_data(data: dict[str, Any], *, name: str) -> Settings:
    """Check settings given as data.

    Args:
        data: Tables by name.
        name: What messages call the place they come from.

    Raises:
        Refused: Everything wrong in them together.
    """
    unknown = tuple(_unknown_keys(data, name))
    ours = {
        table: {k: v for k, v in data[table].items() if k in model.model_fields}
        if isinstance(data[table], dict)
        else data[table]
        for table, model in _TABLES.items()
        if table in data
    }
    try:
        settings = Settings.model_validate(ours, strict=True)
    except ValidationError as error:
        raise Refused(*unknown, *_problems(error, data, name)) from error
    refuse_if_any(unknown)
    return settings


def _unknown_keys(data: dict[str, Any], name: str) -> Iterator[Refusal]:
    for key, value in data.items():
        if key in _TABLES:
            if isinstance(value, dict):
                for inner in value.keys() - _TABLES[key].model_fields.keys():
                    yield _unknown(f"{key}.{inner}", inner, _TABLES[key].model_fields, name, f"[{key}]")
        elif not isinstance(value, dict | list):
            known = [field for model in _TABLES.values() for field in model.model_fields]
            yield _unknown(key, key, known, name, "the file's top, before any table")


def _unknown(dotted: str, key: str, known: Any, name: str, where: str) -> Refusal:
    if dotted.startswith("model.") and "key" in key.lower():
        return Refusal(
            code="settings.unknown_key",
            reason=f"{name}: {key!r} in [model] is no setting; a key does not belong in this file.",
            cure="Put the key into the environment variable ANTHROPIC_API_KEY, or name another one as key_env.",
            name=dotted,
        )
    close = nearest(key, known)
    homes = ", ".join(f"[{table}]" for table, model in _TABLES.items() if close and close[0] in model.model_fields)
    return Refusal(
        code="settings.unknown_key",
        reason=f"{name}: there is no setting {key!r} in {where}.",
        cure=f"Did you mean {close[0]!r} in {homes}?" if close else f"Known here: {', '.join(dict.fromkeys(known))}.",
        name=dotted,
    )


def _problems(error: ValidationError, data: dict[str, Any], name: str) -> Iterator[Refusal]:
    for problem in error.errors():
        dotted = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "missing":
            close = nearest(dotted, (k for k in data if k not in _TABLES))
            hint = f" There is a [{close[0]}]: is [{dotted}] meant?" if close else ""
            yield Refusal(
                code="settings.missing",
                reason=f"{name}: {dotted} is missing.{hint}",
                cure='Every entry names who made it: add `name = "..."` under [person].',
                name=dotted,
            )
            continue
        expected = _PATTERNS.get(dotted) if problem["type"] == "string_pattern_mismatch" else None
        expected = expected or _EXPECTED.get(problem["type"]) or problem["msg"].removeprefix("Value error, must be ")
        yield Refusal(
            code="settings.invalid",
            reason=f"{name}: {dotted} is {problem['input']!r}, but must be {expected}.",
            cure=f"Correct {dotted}.",
            name=dotted,
            value=problem["input"] if isinstance(problem["input"], str | int | float | bool) else None,
        )
