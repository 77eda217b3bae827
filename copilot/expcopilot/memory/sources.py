"""The source library of a workspace: files of evidence, who answers for each, until when it counts, what may be used.

The folder ``sources/`` holds the files. What a person says about one stands in its front matter or in
``sources.toml``. A file nobody answers for is listed and counts for nothing. Whether a quotation carries a claim is
decided by ``copilot_tools.wording.quotes``; here it is found which source it is, and whether that still counts.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from copilot_tools.base import Frozen
from copilot_tools.nearest import closest
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.wording.quantities import quantities
from copilot_tools.wording.quotes import Match, find_quotation, match_quotation
from copilot_tools.wording.text import sentences
from expcopilot.memory.source_cards import CARD_FILE, Card, card_from, front_matter, load_cards
from expcopilot.memory.source_text import read_source
from expcopilot.records.copy import Evidence

__all__ = ["Bound", "Source", "SourceFact", "SourceLibrary", "Standing", "text_digest"]

Standing = Literal["usable", "expired", "changed", "undeclared", "unreadable"]
"""undeclared: nobody answers for it. changed: its text is not the one that was added."""

_MOST_FILES = 2_000
_MOST_FACTS = 40
_INTERNAL = frozenset({"session-replay note", "funnel note"})


class Source(Frozen):
    """One file of the library, as it is today.

    Attributes:
        id: Its short name.
        file: Its path inside the folder, with "/".
        card: What a person says about it; None where nobody does.
        digest: SHA-256 of its text, or "" where it cannot be read.
        characters: Code points of its text.
        standing: Whether it counts.
        problems: Why it does not, or what is wrong with its facts.
    """

    id: str
    file: str
    card: Card | None = None
    digest: str = ""
    characters: int = 0
    standing: Standing
    problems: tuple[Refusal, ...] = ()


class SourceFact(Frozen):
    """Something that may be stated because a source says so.

    Attributes:
        id: "SOURCE.FACT".
        source: Id of the source.
        quotation: As it stands there.
        start: First code point in the source's text.
        end: One past its last.
    """

    id: str
    source: str
    quotation: str
    start: int
    end: int


class Bound(Frozen):
    """A claim held against a source.

    Attributes:
        evidence: What carries it, or None.
        why: One plain sentence either way.
        match: What the tool found; None where there was no source to ask.
    """

    evidence: Evidence | None
    why: str
    match: Match | None = None


def text_digest(text: str) -> str:
    """SHA-256 of a source's text, 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class SourceLibrary:
    """The sources of one folder, read once; make a new one to see changes.

    Attributes:
        folder: The folder.
        today: The day against which expiry is held.
        sources: All of them, by file name.
    """

    def __init__(self, folder: Path, today: date) -> None:
        """Read a folder; one that is not there is an empty library.

        Raises:
            Refused: ``source.bad_cards``, ``source.too_many`` or ``source.folder_is_link``: nothing can be listed.
        """
        self.folder = folder
        self.today = today
        self._texts: dict[str, str] = {}
        self.sources: tuple[Source, ...] = tuple(self._read())
        self._by_id = {source.id: source for source in self.sources}

    def find(self, name: str) -> Source:
        """The source called ``name``: its id or its file.

        Raises:
            Refused: ``source.unknown``; the cure names the nearest.
        """
        for source in self.sources:
            if name in {source.id, source.file}:
                return source
        raise Refused.because(
            "source.unknown",
            f"There is no source {name!r}.",
            closest(name, [s.id for s in self.sources], listed="The sources are"),
            name="source",
            value=name,
        )

    def text(self, source_id: str) -> str:
        """The text of a source; "" where it cannot be read."""
        return self._texts.get(source_id, "")

    def facts(self, *, purpose: Literal["copy", "hypothesis"] = "copy") -> tuple[SourceFact, ...]:
        """What usable sources allow to be stated, in the order of their files.

        Declared facts that stand verbatim in their source; where none is declared, every sentence with a quantity (at
        most 40 a source). Session-replay and funnel notes are for hypotheses alone.
        """
        found: list[SourceFact] = []
        for source in self.sources:
            if source.standing == "usable" and source.card:
                if purpose == "copy" and source.card.kind in _INTERNAL:
                    continue
                found.extend(_declared(source, self.text(source.id)) or _stated(source, self.text(source.id)))
        return tuple(found)

    def fact(self, fact_id: str) -> SourceFact | None:
        """The fact of that id, if it may be used today."""
        return next((fact for fact in self.facts(purpose="hypothesis") if fact.id == fact_id), None)

    def bind(
        self,
        claim: str,
        quotation: str,
        source: str,
        *,
        span: tuple[int, int] | None = None,
        apart: Sequence[tuple[int, int]] = (),
        language: str = "en",
    ) -> Bound:
        """Hold a claim against a quotation from a source. Proposals may come from anybody; this decides.

        Args:
            claim: The sentence in which the claim stands.
            quotation: The words said to stand in the source.
            source: Id or file of the source.
            span: The claim's code points in ``claim``; all of it when None.
            apart: Places of the sentence's other claims, which need evidence of their own.
            language: Of the claim.
        """
        try:
            found = self.find(source)
        except Refused as refused:
            return Bound(evidence=None, why=str(refused.refusals[0]))
        if found.card is None or found.standing != "usable":
            return Bound(evidence=None, why=_why_unusable(found))
        match = match_quotation(
            claim, quotation, self.text(found.id), span=span, apart=apart, language=language,
            source_language=found.card.language, expires=found.card.expires, today=self.today,
        )  # fmt: skip
        if not match.sourced or match.place is None:
            return Bound(evidence=None, why=match.why, match=match)
        place = match.place
        evidence = Evidence(
            source=found.id, digest=found.digest, quotation=place.quotation, start=place.start, end=place.end,
            expires=found.card.expires.isoformat() if found.card.expires else "",
        )  # fmt: skip
        return Bound(evidence=evidence, why=match.why, match=match)

    def why_stale(self, evidence: Evidence) -> str:
        """Why evidence taken earlier no longer counts: its source is gone, changed or expired; "" while it does."""
        source = self._by_id.get(evidence.source)
        if source is None:
            return f"The source {evidence.source!r} is no longer in the library."
        if source.digest and source.digest != evidence.digest:
            return f"The text of the source {source.id!r} has changed since it was quoted."
        return "" if source.standing == "usable" else _why_unusable(source)

    def _read(self) -> Iterator[Source]:
        if self.folder.is_symlink():
            raise Refused.because(
                "source.folder_is_link",
                f"The folder {self.folder.name!r} of sources is a link, which could lead anywhere.",
                "Put the sources themselves into the workspace.",
                name="sources",
                value=str(self.folder),
            )
        cards = load_cards(self.folder / CARD_FILE)
        names = _files(self.folder)
        read = [self._source(name, cards.get(name), there=name in names) for name in sorted({*names, *cards})]
        files: dict[str, list[str]] = {}
        for source, _ in read:
            files.setdefault(source.id, []).append(source.file)
        for source, text in read:
            if len(same := files[source.id]) > 1:
                # Not the first of them either: a file put beside a source must not speak in its name.
                yield Source(id=source.id, file=source.file, standing="unreadable", problems=(_same_id(source, same),))
                continue
            if source.standing != "unreadable":
                self._texts[source.id] = text
            yield source

    def _source(self, name: str, given: Any, *, there: bool) -> tuple[Source, str]:
        plain = _id_of(name)
        try:
            path = _inside(self.folder, name, there=there)
            text = read_source(path, name)
            front: dict[str, Any] | None = None
            if path.suffix.lower() in {".md", ".markdown", ".txt"}:
                front, text = front_matter(text, name)
            card = _one_card(given, front, name)
        except Refused as refused:
            return Source(id=plain, file=name, standing="unreadable", problems=refused.refusals), ""
        source_id = (card.id if card else "") or plain
        digest = text_digest(text)
        problems = tuple(_problems(name, card, digest, text, self.today))
        standing: Standing = next((_STANDINGS[p.code] for p in problems if p.code in _STANDINGS), "usable")
        source = Source(
            id=source_id, file=name, card=card, digest=digest, characters=len(text), standing=standing,
            problems=problems,
        )  # fmt: skip
        return source, text


def _same_id(source: Source, files: list[str]) -> Refusal:
    return Refusal(
        code="source.same_id",
        reason=f"{' and '.join(map(repr, files[:4]))} have one id, {source.id!r}: nobody can tell which is meant.",
        cure="Give each an `id` of its own.", name="source", value=source.file,
    )  # fmt: skip


_STANDINGS: dict[str, Standing] = {
    "source.undeclared": "undeclared",
    "source.changed": "changed",
    "source.expired": "expired",
}


def _problems(name: str, card: Card | None, digest: str, text: str, today: date) -> Iterator[Refusal]:
    if card is None:
        yield Refusal(
            code="source.undeclared",
            reason=f"Nobody answers for {name!r}, so nothing in it counts.",
            cure=f"Say who does: `expcopilot sources add sources/{name} --owner NAME --kind KIND`.",
            name="source",
            value=name,
        )
        return
    if card.digest and card.digest != digest:
        yield Refusal(
            code="source.changed",
            reason=f"The text of {name!r} is not the one that was added.",
            cure=f"Read it, then confirm it: `expcopilot sources add sources/{name} --owner {card.owner!r} --kind "
            f"{card.kind!r}`.",
            name="source",
            value=name,
        )
    if card.expires and today > card.expires:
        yield Refusal(
            code="source.expired",
            reason=f"{name!r} counted until {card.expires.isoformat()}.",
            cure="Find a newer source, or have its owner renew it: "
            f"`expcopilot sources add {shlex.quote(f'sources/{name}')} --expires YYYY-MM-DD`, or in its front matter "
            "where it has one.",
            name="source",
            value=name,
        )
    for fact, quotation in card.facts.items():
        if not find_quotation(quotation, text):
            yield Refusal(
                code="source.fact_not_verbatim",
                reason=f"The fact {fact!r} of {name!r} does not stand in it word for word.",
                cure="Copy it from `expcopilot sources show`.",
                name=fact,
                value=quotation[:80],
            )


def _why_unusable(source: Source) -> str:
    return str(source.problems[0]) if source.problems else f"The source {source.id!r} does not count today."


def _one_card(given: Any, front: dict[str, Any] | None, name: str) -> Card | None:
    if given is not None and front is not None:
        raise Refused.because(
            "source.two_cards",
            f"{name!r} is described twice: in its front matter and in {CARD_FILE}.",
            "Keep one of them.",
            name="source",
            value=name,
        )
    if given is not None:
        return card_from(given, f"{CARD_FILE}, {name!r}")
    return card_from(front, f"The front matter of {name!r}") if front is not None else None


def _files(folder: Path) -> frozenset[str]:
    found: set[str] = set()
    if folder.is_dir():
        for path in folder.rglob("*"):
            relative = path.relative_to(folder)
            if any(part.startswith(".") for part in relative.parts) or relative.as_posix() == CARD_FILE:
                continue
            if path.is_symlink() or path.is_file():
                found.add(relative.as_posix())
            if len(found) > _MOST_FILES:
                raise Refused.because(
                    "source.too_many",
                    f"The folder {folder.name!r} holds more than {_MOST_FILES:,} files.",
                    "Keep only sources there.",
                    name="sources",
                    value=str(folder),
                )
    return frozenset(found)


def _inside(folder: Path, name: str, *, there: bool) -> Path:
    """The file's path, if it lies in the folder by itself and not through a link or a trick."""
    parts = re.split(r"[/\\]", name)
    path = folder.joinpath(*parts) if name.isprintable() else folder
    tricky = not name.isprintable() or "" in parts or ".." in parts or "." in parts or ":" in parts[0]
    linked = not tricky and any(
        p.is_symlink() for p in (path, *path.parents) if p.is_relative_to(folder) and p != folder
    )
    if tricky or linked or not path.resolve().is_relative_to(folder.resolve()):
        raise Refused.because(
            "source.outside",
            f"The source {name!r} {'is a link' if linked else 'does not lie in the folder of sources'}.",
            "Put the file itself into the folder `sources`.",
            name="source",
            value=name,
        )
    if not there:
        raise Refused.because(
            "source.no_file",
            f"{CARD_FILE} describes {name!r}, but there is no such file.",
            "Put the file there, or remove its table.",
            name="source",
            value=name,
        )
    return path


def _id_of(name: str) -> str:
    stem = name.rsplit(".", 1)[0].lower()
    return re.sub(r"[^a-z0-9_]+", "-", stem).strip("-") or "source"


def _declared(source: Source, text: str) -> list[SourceFact]:
    found = []
    for name, quotation in source.card.facts.items() if source.card else ():
        if places := find_quotation(quotation, text):
            place = places[0]
            found.append(
                SourceFact(
                    id=f"{source.id}.{name}",
                    source=source.id,
                    quotation=place.quotation,
                    start=place.start,
                    end=place.end,
                )
            )
    return found


def _stated(source: Source, text: str) -> list[SourceFact]:
    """Every sentence with a quantity, numbered; none where facts are declared, even wrongly."""
    if source.card is None or source.card.facts:
        return []
    found: list[SourceFact] = []
    for span in sentences(text):
        said = text[span.start : span.end]
        if len(said) <= _LONGEST_FACT and quantities(said, source.card.language):
            number = len(found) + 1
            found.append(
                SourceFact(id=f"{source.id}.{number}", source=source.id, quotation=said, start=span.start, end=span.end)
            )
        if len(found) >= _MOST_FACTS:
            break
    return found


_LONGEST_FACT = 400
