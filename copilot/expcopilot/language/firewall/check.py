"""One statement in; a sentence that may be shown, or the statement kept back with its reasons."""

from __future__ import annotations

from collections.abc import Mapping

from expcopilot.language.firewall.rules import reasons_against
from expcopilot.language.firewall.tokens import SLOT
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Blocked, CheckedSentence, Section, Statement

__all__ = ["by_code", "check", "slots"]


def check(
    statement: Statement, facts: Mapping[str, Fact], *, verdict_row: str = "", language: str = "english"
) -> CheckedSentence | Blocked:
    """Pass a statement, slots filled, or keep it back. Pure, deterministic; no text makes it raise.

    Args:
        statement: As a model proposes it.
        facts: Every fact a reader of this section may be shown, by id.
        verdict_row: The row of the verdict table the experiment stands on; some phrases need one.
        language: Folder of the vocabulary.

    Example:
        >>> effect = Fact(id="primary.b.effect", kind="effect", text="+4.3%", metric="visits", arm="b")
        >>> check(Statement(text="The estimate is {primary.b.effect}."), {effect.id: effect}).text
        'The estimate is +4.3%.'
        >>> check(Statement(text="The estimate is twice {primary.b.effect}."), {effect.id: effect}).reasons[0]
        "'twice' is not in the vocabulary."
    """
    reasons = reasons_against(statement, facts, verdict_row=verdict_row, language=language)
    if reasons:
        return Blocked(statement=statement, reasons=reasons)
    return CheckedSentence(
        text=_filled(statement.text, facts), section=statement.section, facts=slots(statement.text), author="model"
    )


def by_code(text: str, section: Section, facts: Mapping[str, Fact]) -> CheckedSentence:
    """A plain sentence of ours, slots filled; no rule is asked, because no model wrote it.

    Raises:
        KeyError: A slot names no fact: a fault of the program.
    """
    return CheckedSentence(text=_filled(text, facts), section=section, facts=slots(text), author="code")


def slots(text: str) -> tuple[str, ...]:
    """Ids named in a text, in order."""
    return tuple(match[1] for match in SLOT.finditer(text))


def _filled(text: str, facts: Mapping[str, Fact]) -> str:
    text = text.strip()
    pieces: list[str] = []
    at = 0
    for match in SLOT.finditer(text):
        said = facts[match[1]].text
        if said.endswith((".", "?")) and text[match.end() :][:1] in set(".?,;:"):
            said = said[:-1]
        pieces += [text[at : match.start()], said]
        at = match.end()
    whole = "".join([*pieces, text[at:]])
    opening = SLOT.match(text)
    if opening and facts[opening[1]].kind == "name":
        return whole  # a name keeps its own case
    return whole[:1].upper() + whole[1:]
