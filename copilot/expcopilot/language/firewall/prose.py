"""What one role wrote, after the firewall. Only here is CheckedProse built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from expcopilot.language.firewall.check import by_code, check
from expcopilot.language.firewall.subject import Subject
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Blocked, CheckedProse, CheckedSentence, Section, Statement

__all__ = ["checked_prose"]


def checked_prose(
    role: str,
    statements: Iterable[Statement],
    facts: Mapping[str, Fact],
    fallbacks: Mapping[Section, str] | None = None,
    *,
    verdict_row: str = "",
    language: str = "english",
) -> CheckedProse:
    """Check every statement; where one is kept back, a plain sentence made by code stands in its place.

    Args:
        role: Who wrote the statements.
        statements: In the order of the page.
        facts: Every fact, by id.
        fallbacks: Per section one sentence by code, with slots. It stands where the section's first blocked statement
            stood, once; a section that ends up with no sentence at all gets it at the end.
        verdict_row: The row of the verdict table the experiment stands on.
        language: Folder of the vocabulary.

    Raises:
        KeyError: A fallback names a fact that is not there: a fault of the program.
    """
    spare = dict(fallbacks or {})
    sentences: list[CheckedSentence] = []
    blocked: list[Blocked] = []
    subjects: dict[Section, Subject] = {}
    for statement in statements:
        found = check(statement, facts, verdict_row=verdict_row, language=language)
        subject = subjects.setdefault(statement.section, Subject())
        if isinstance(found, CheckedSentence):
            found = subject.take(statement, found, facts)
        if isinstance(found, CheckedSentence):
            sentences.append(found)
            continue
        blocked.append(found)
        stand_in = spare.pop(statement.section, None)
        if stand_in is not None:
            sentences.append(by_code(stand_in, statement.section, facts))
            subjects[statement.section] = Subject()
    spoken = {s.section for s in sentences}
    sentences += [by_code(text, section, facts) for section, text in spare.items() if section not in spoken]
    return CheckedProse(role=role, sentences=tuple(sentences), blocked=tuple(blocked))
