"""What the claim scanner found, said to people, to programs, to code scanning (SARIF) and on a pull request (GitHub).

References:
    OASIS (2023), Static Analysis Results Interchange Format (SARIF) 2.1.0 plus errata 01.
    GitHub Actions, workflow commands: ``::warning file=...,line=...::message``.
"""

from __future__ import annotations

import bisect
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import quote

import click

from copilot_tools.wording.claims.documents import scan_document
from copilot_tools.wording.claims.marks import CLAIM_KINDS, Claim, Scanned, Sentence
from copilot_tools.wording.plain import shortened, visible
from expcopilot.surfaces.cli.claims_files import Copy, copies
from expcopilot.surfaces.cli.session import print_json

__all__ = ["Report", "Scan", "Tell", "scan_file", "show"]

Tell = Callable[[str, int], None]
"""Told how far a scan is: the file, and characters read since it was told last."""

_LINE = re.compile(r"\r\n|[\n\r]")
_UNCLASSIFIED = "unclassified"


@dataclass(frozen=True)
class Scan:
    """One piece of copy and what was found in it."""

    copy: Copy
    found: Scanned
    _lines: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lines", [0, *(m.end() for m in _LINE.finditer(self.copy.text))])

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column (both from 1, columns in code points) of an offset, counted in the file by whole lines."""
        line = bisect.bisect_right(self._lines, offset) - 1
        return self.copy.first_line + line, offset - self._lines[line] + 1

    @property
    def open_sentences(self) -> tuple[Sentence, ...]:
        """Those a person must classify."""
        return tuple(s for s in self.found.sentences if s.mark == _UNCLASSIFIED)

    @property
    def findings(self) -> Iterator[tuple[str, Claim | Sentence]]:
        """(kind, where) of every claim and every unclassified sentence, in order of their place."""
        every: list[tuple[str, Claim | Sentence]] = [(c.kind, c) for c in self.found.claims]
        every += [(_UNCLASSIFIED, s) for s in self.open_sentences]
        yield from sorted(every, key=lambda f: f[1].start)


@dataclass(frozen=True)
class Report:
    """All that was scanned."""

    scans: tuple[Scan, ...]

    @cached_property
    def kinds(self) -> Counter[str]:
        """How many findings of each kind."""
        return Counter(kind for scan in self.scans for kind, _ in scan.findings)

    @property
    def open(self) -> bool:
        """Whether anything needs a source or a person."""
        return bool(self.kinds)


def scan_file(file: str, column: str | None, language: str, tell: Tell = lambda _file, _read: None) -> list[Scan]:
    """Scan one file.

    Args:
        file: Its path, or "-".
        column: Of a CSV file, the column that holds the copy.
        language: What the copy is written in.
        tell: Called as it goes on with the file's name and the characters read since.

    Raises:
        Refused: It cannot be read, or has no such column.
    """
    found: list[Scan] = []
    tell(file, 0)
    for copy in copies(file, column):
        far = _Far(lambda read: tell(file, read), len(copy.text))
        found.append(Scan(copy, scan_document(copy.text, language, copy.form, far.at)))
        far.at(1.0)
    return found


@dataclass
class _Far:
    """How far the scan of one piece of copy is: told as shares, passed on as characters since the last time."""

    tell: Callable[[int], None]
    characters: int
    told: int = 0

    def at(self, share: float) -> None:
        """A share of its work is done."""
        if (now := int(share * self.characters)) > self.told:
            self.tell(now - self.told)
            self.told = now


def show(report: Report, form: Literal["text", "json", "sarif", "github"]) -> None:
    """Print the report on standard output."""
    if form == "json":
        print_json({"scans": [_as_json(scan) for scan in report.scans], "summary": dict(report.kinds)})
    elif form == "sarif":
        click.echo(json.dumps(_sarif(report), ensure_ascii=False, indent=2))
    elif form == "github":
        for line in _annotations(report):
            click.echo(line)
    else:
        _for_people(report)


def _as_json(scan: Scan) -> dict[str, Any]:
    def located(found: Claim | Sentence) -> dict[str, Any]:
        line, column = scan.place(found.start)
        return {**found.to_json(), "line": line, "column": column, "text": scan.copy.text[found.start : found.end]}

    return {
        "file": scan.copy.file,
        "row": scan.copy.row or None,
        "language": scan.found.language,
        "claims": [located(c) for c in scan.found.claims],
        "sentences": [located(s) for s in scan.found.sentences],
    }


def _for_people(report: Report) -> None:
    from expcopilot.surfaces.cli import show as shown

    out = shown.console()
    for scan in report.scans:
        for kind, found in scan.findings:
            line, column = scan.place(found.start)
            row = f" (row {scan.copy.row})" if scan.copy.row else ""
            words = shortened(scan.copy.text[found.start : found.end], 120)
            out.print(shown.text(f"{scan.copy.file}:{line}:{column}{row} {kind}: “{words}”", "bold"), soft_wrap=True)
            out.print(shown.listed([found.why], mark=" "))
    pieces = sum(len(scan.found.sentences) for scan in report.scans)
    if not report.open:
        shown.line(f"No claim in {pieces:,} {'sentence' if pieces == 1 else 'sentences'}; nothing is open.")
        return
    order = [*CLAIM_KINDS, _UNCLASSIFIED]
    counted = sorted(report.kinds.items(), key=lambda item: order.index(item[0]))
    shown.heading(f"{report.kinds.total():,} open in {pieces:,} sentences")
    out.print(shown.facts((kind, f"{number:,}") for kind, number in counted))


def _annotations(report: Report) -> Iterator[str]:
    """One workflow command a finding; everything in it is escaped, so that no copy can issue a command of its own."""
    for scan in report.scans:
        for kind, found in scan.findings:
            (line, column), (end_line, end_column) = scan.place(found.start), scan.place(found.end)
            where = f"file={_property(visible(scan.copy.file))},line={line},endLine={end_line},col={column}"
            if end_line == line:
                where += f",endColumn={end_column}"
            words = shortened(scan.copy.text[found.start : found.end], 120)
            title = _property("Unclassified sentence" if kind == _UNCLASSIFIED else f"Claim: {kind}")
            yield f"::warning {where},title={title}::{_message(f'“{words}” {found.why}')}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _sarif(report: Report) -> dict[str, Any]:
    from expcopilot import __version__

    rules = [*CLAIM_KINDS, _UNCLASSIFIED]
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "expcopilot",
                        "version": __version__,
                        "rules": [
                            {
                                "id": f"claim/{kind}" if kind != _UNCLASSIFIED else kind,
                                "shortDescription": {"text": _described(kind)},
                                "defaultConfiguration": {"level": "warning"},
                            }
                            for kind in rules
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(scan, kind, found, rules.index(kind))
                    for scan in report.scans
                    for kind, found in scan.findings
                ],
            }
        ],
    }


def _described(kind: str) -> str:
    if kind == _UNCLASSIFIED:
        return "A sentence that a person must classify."
    return f"A claim ({kind.replace('_', ' and ')}) that needs a source."


def _result(scan: Scan, kind: str, found: Claim | Sentence, rule: int) -> dict[str, Any]:
    (line, column), (end_line, end_column) = scan.place(found.start), scan.place(found.end)
    words = scan.copy.text[found.start : found.end]
    region: dict[str, Any] = {
        "startLine": line,
        "endLine": end_line,
        "snippet": {"text": words},
    }
    if not scan.copy.row:  # in a cell, columns would be those of the cell, not of the file
        region |= {"startColumn": column, "endColumn": end_column}
    path = PurePath(scan.copy.file).as_posix()
    uri = "stdin" if path == "-" else quote(path)
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
    if scan.copy.row:
        location["logicalLocations"] = [{"name": f"row {scan.copy.row}"}]
    return {
        "ruleId": f"claim/{kind}" if kind != _UNCLASSIFIED else kind,
        "ruleIndex": rule,
        "level": "warning",
        "message": {"text": f"“{shortened(words, 200)}” {found.why}"},
        "locations": [location],
    }
