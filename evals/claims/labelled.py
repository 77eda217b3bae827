"""The labelled set: lines of copy, each with its claims at their place, or clean, or left to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

from copilot_tools.wording.claims.marks import CLAIM_KINDS, ClaimKind

__all__ = ["LABELLED", "Label", "Line", "UnreadableError", "read"]

LABELLED = Path(__file__).with_name("labelled.yaml")
_LANGUAGES = frozenset({"en", "de", "fr", "es"})
_KEYS = frozenset({"text", "language", "spans", "clean", "unclassified", "why"})
_SPAN_KEYS = frozenset({"span", "kind", "nth"})


class UnreadableError(ValueError):
    """A set that does not say what it must; names every entry that is wrong."""


@dataclass(frozen=True)
class Label:
    """Words that carry a claim: code points [start, end) of the line, and the kind."""

    start: int
    end: int
    kind: ClaimKind


@dataclass(frozen=True)
class Line:
    """One line of copy.

    Attributes:
        text: As it would be sent.
        language: "en", "de", "fr" or "es".
        expected: "claims" (labels is not empty), "clean" (no claim at all), or "unclassified" (a claim of a kind that
            the scanner does not know in this language, so the sentence must stay open for a person).
        labels: In order of their place; may overlap.
        why: What the line is there for.
    """

    text: str
    language: str
    expected: Literal["claims", "clean", "unclassified"]
    labels: tuple[Label, ...]
    why: str


def read(path: Path = LABELLED) -> tuple[Line, ...]:
    """Read a labelled set and hold it to its own rules.

    Raises:
        UnreadableError: Naming every entry with an unknown key, kind or language, a span that stands in its text
            nowhere or more than once without ``nth``, no or two expectations, or the text of another entry.
    """
    entries = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UnreadableError(f"{path.name} is not a list of entries")
    faults = [f"entry {n}: {fault}" for n, entry in enumerate(entries, 1) for fault in _faults(entry)]
    texts = Counter(str(entry.get("text")) for entry in entries)
    faults += [f"{n} entries have the text {text!r}" for text, n in texts.items() if n > 1]
    if faults:
        raise UnreadableError(f"{path.name}: " + "; ".join(faults))
    return tuple(_line(entry) for entry in entries)


def _faults(entry: dict[str, Any]) -> Iterator[str]:
    for key in sorted(set(map(str, entry)) - _KEYS):
        yield f"unknown key {key!r}"
    for key in ("text", "why"):
        if not (isinstance(entry.get(key), str) and entry[key].strip()):
            yield f"no {key}"
            return
    if entry.get("language") not in _LANGUAGES:
        yield f"language {entry.get('language')!r}"
    marks = [key for key in ("spans", "clean", "unclassified") if entry.get(key)]
    if len(marks) != 1:
        yield f"{len(marks)} of spans, clean and unclassified; exactly one must be there"
    for span in entry.get("spans") or ():
        words, kind = span.get("span"), span.get("kind")
        places = _places(entry["text"], words) if isinstance(words, str) and words else []
        if set(span) - _SPAN_KEYS or kind not in CLAIM_KINDS:
            yield f"span {words!r}: unknown key, or no such kind as {kind!r}"
        if ("nth" not in span and len(places) != 1) or not 1 <= span.get("nth", 1) <= len(places):
            yield f"span {words!r} stands {len(places)} times in {entry['text']!r}; say which with nth"


def _line(entry: dict[str, Any]) -> Line:
    text = entry["text"]
    labels = []
    for span in entry.get("spans") or ():
        start = _places(text, span["span"])[span.get("nth", 1) - 1]
        labels.append(Label(start, start + len(span["span"]), span["kind"]))
    expected: Literal["claims", "clean", "unclassified"] = (
        "claims" if labels else "clean" if entry.get("clean") else "unclassified"
    )
    ordered = tuple(sorted(labels, key=lambda label: (label.start, label.end)))
    return Line(text=text, language=entry["language"], expected=expected, labels=ordered, why=entry["why"])


def _places(text: str, words: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(words, at)]
