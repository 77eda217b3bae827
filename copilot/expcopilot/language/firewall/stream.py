"""Streamed chat through the same gate, sentence by sentence: nothing unfinished is ever shown."""

from __future__ import annotations

from collections.abc import Mapping

from expcopilot.language.firewall.check import check
from expcopilot.language.firewall.rules import LONGEST
from expcopilot.language.firewall.subject import Subject
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Blocked, CheckedSentence, Section, Statement

__all__ = ["SentenceSplitter", "StreamGate"]


class SentenceSplitter:
    """Chunks in, finished sentences out.

    Example:
        >>> splitter = SentenceSplitter()
        >>> splitter.feed("The plan asks about {primary.me")
        []
        >>> splitter.feed("tric}. The interval")
        ['The plan asks about {primary.metric}.']
        >>> splitter.finish()
        ['The interval']
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, chunk: str) -> list[str]:
        """Take a chunk; return the sentences it finished. A sentence is finished once something follows its end."""
        self._held += chunk
        found = []
        while True:
            end = _sentence_end(self._held)
            if end < 0:
                break
            found.append(self._held[:end].strip())
            self._held = self._held[end:].lstrip(" ")
        if len(self._held) > 4 * LONGEST:
            # Too long for any sentence that passes: handed on so that it is blocked, and not kept in memory.
            found.append(self._held)
            self._held = ""
        return [sentence for sentence in found if sentence]

    def finish(self) -> list[str]:
        """The last sentence, when the stream ended as it should. After a cut, call ``drop`` instead."""
        left, self._held = self._held.strip(), ""
        return [left] if left else []

    def drop(self) -> str:
        """What was begun and never finished, for the record; it is not shown."""
        left, self._held = self._held, ""
        return left


def _sentence_end(text: str) -> int:
    # A full stop inside braces belongs to the name of a fact; a line's end ends a sentence.
    depth = 0
    for at, character in enumerate(text):
        if character == "\n":
            return at + 1
        if character == "{":
            depth = 1
        elif character == "}":
            depth = 0
        elif depth == 0 and character in ".?!" and text[at + 1 : at + 2].isspace():
            return at + 1
    return -1


class StreamGate:
    """The firewall over a stream: each finished sentence passes or is kept back, in order."""

    def __init__(
        self,
        facts: Mapping[str, Fact],
        *,
        section: Section = "answer",
        verdict_row: str = "",
        language: str = "english",
    ) -> None:
        self._facts = facts
        self._section: Section = section
        self._row = verdict_row
        self._language = language
        self._splitter = SentenceSplitter()
        self._subject = Subject()

    def feed(self, chunk: str) -> list[CheckedSentence | Blocked]:
        """Check the sentences a chunk finished."""
        return [self._checked(sentence) for sentence in self._splitter.feed(chunk)]

    def finish(self) -> list[CheckedSentence | Blocked]:
        """Check the last sentence of a stream that ended as it should."""
        return [self._checked(sentence) for sentence in self._splitter.finish()]

    def drop(self) -> str:
        """After a cut stream: what was begun and is not shown."""
        return self._splitter.drop()

    def _checked(self, sentence: str) -> CheckedSentence | Blocked:
        statement = Statement(text=sentence, section=self._section)
        found = check(statement, self._facts, verdict_row=self._row, language=self._language)
        if isinstance(found, CheckedSentence):
            return self._subject.take(statement, found, self._facts)
        return found
