"""How much of a labelled set the claim scanner finds: ``PYTHONPATH=evals python -m claims.score [--misses]``.

Recall by kind: a labelled span is found when a claim of its kind overlaps it; it is found or open when a sentence it
lies in is a claim or unclassified. Span precision: the share of the scanner's claims on lines with labels that overlap
a label of any kind. False alarms: the share of clean lines with a claim. Passed as plain: the share of lines with
labels one of which lies in plain or puffed sentences alone, so that nobody would look at it. To be ticked: the share of
clean lines without a claim, but with a sentence left to a person. Left open: the share of lines whose claim the scanner
cannot know in that language and that nevertheless do not pass as plain or puffery. The bars are the project's
acceptance; the exit status is 1 when one of them is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from claims.labelled import LABELLED, Label, Line, UnreadableError, read
from copilot_tools.wording.claims.marks import CLAIM_KINDS, Claim, ClaimKind, Scanned

__all__ = ["Finding", "Share", "main", "misses", "page", "recall_bar", "score", "short_of"]

Scan = Callable[[str, str], Scanned]
"""The scanner: text and language in, claims and sentences out."""

_STRICT: frozenset[ClaimKind] = frozenset({"statistic", "superlative", "comparative", "guarantee", "price"})
_PRECISION_BAR = 0.90
_ALARM_BAR = 0.05
_ROW = "{:<16}" + "{:>15}" * 5


class Share(NamedTuple):
    """How many of how many."""

    part: int
    whole: int

    def __str__(self) -> str:
        """The share and its counts; "-" where there was nothing to count."""
        return f"{self.part / self.whole:.3f} {self.part}/{self.whole}" if self.whole else "-"


@dataclass(frozen=True)
class Finding:
    """What the scanner made of one line.

    Attributes:
        line: The line and its labels.
        claims: What the scanner found.
        missed: Labels with no claim of their kind on them.
        stray: Claims that lie on no label of any kind; on a clean or unclassified line, all of them.
        open: Whether a sentence of it is a claim or unclassified, so that it cannot leave unseen.
        passed: Labels whose every sentence is marked plain or puffery.
    """

    line: Line
    claims: tuple[Claim, ...]
    missed: tuple[Label, ...]
    stray: tuple[Claim, ...]
    open: bool
    passed: tuple[Label, ...] = ()


def recall_bar(kind: ClaimKind) -> float:
    """The least recall a kind must reach."""
    return 0.98 if kind in _STRICT else 0.90


def score(lines: Iterable[Line], scan: Scan) -> tuple[Finding, ...]:
    """Put every line before the scanner."""
    return tuple(_finding(line, scan(line.text, line.language)) for line in lines)


def _finding(line: Line, scanned: Scanned) -> Finding:
    return Finding(
        line=line,
        claims=scanned.claims,
        missed=tuple(
            label for label in line.labels if not any(c.kind == label.kind and _meet(c, label) for c in scanned.claims)
        ),
        stray=tuple(c for c in scanned.claims if not any(_meet(c, label) for label in line.labels)),
        open=any(sentence.mark in _OPEN for sentence in scanned.sentences),
        passed=tuple(
            label
            for label in line.labels
            if not any(s.mark in _OPEN and s.start < label.end and label.start < s.end for s in scanned.sentences)
        ),
    )


_OPEN = frozenset({"claim", "unclassified"})


def _meet(claim: Claim, label: Label) -> bool:
    return claim.start < label.end and label.start < claim.end


def _recall(findings: Iterable[Finding], kind: ClaimKind) -> Share:
    ours = list(findings)
    whole = sum(label.kind == kind for f in ours for label in f.line.labels)
    return Share(whole - sum(label.kind == kind for f in ours for label in f.missed), whole)


def _precision(findings: Iterable[Finding]) -> Share:
    labelled = [f for f in findings if f.line.expected == "claims"]
    whole = sum(len(f.claims) for f in labelled)
    return Share(whole - sum(len(f.stray) for f in labelled), whole)


def _alarms(findings: Iterable[Finding]) -> Share:
    clean = [f for f in findings if f.line.expected == "clean"]
    return Share(sum(bool(f.claims) for f in clean), len(clean))


def _seen(findings: Iterable[Finding], kind: ClaimKind) -> Share:
    """Labels that do not pass as plain: found, or left to a person."""
    ours = list(findings)
    whole = sum(label.kind == kind for f in ours for label in f.line.labels)
    return Share(whole - sum(label.kind == kind for f in ours for label in f.passed), whole)


def _passed(findings: Iterable[Finding]) -> Share:
    labelled = [f for f in findings if f.line.expected == "claims"]
    return Share(sum(bool(f.passed) for f in labelled), len(labelled))


def _ticks(findings: Iterable[Finding]) -> Share:
    clean = [f for f in findings if f.line.expected == "clean"]
    return Share(sum(f.open and not f.claims for f in clean), len(clean))


def _left_open(findings: Iterable[Finding]) -> Share:
    unknown = [f for f in findings if f.line.expected == "unclassified"]
    return Share(sum(f.open for f in unknown), len(unknown))


def short_of(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The bars that are missed, over all languages together; a bar with nothing to count is missed, too."""
    short = []
    for kind in CLAIM_KINDS:
        recall = _recall(findings, kind)
        if not recall.whole or recall.part / recall.whole < recall_bar(kind):
            short.append(f"recall of {kind}: {recall}, at least {recall_bar(kind):.2f} wanted")
    precision, alarms, left_open = _precision(findings), _alarms(findings), _left_open(findings)
    if not precision.whole or precision.part / precision.whole < _PRECISION_BAR:
        short.append(f"span precision: {precision}, at least {_PRECISION_BAR:.2f} wanted")
    if not alarms.whole or alarms.part / alarms.whole >= _ALARM_BAR:
        short.append(f"false alarms on clean lines: {alarms}, under {_ALARM_BAR:.2f} wanted")
    if left_open.part < left_open.whole:
        short.append(f"left open: {left_open}, all wanted")
    return tuple(short)


def page(findings: Sequence[Finding]) -> str:
    """The table: a row a kind, a column a language, and the rates below."""
    languages = [code for code in ("en", "de", "fr", "es") if any(f.line.language == code for f in findings)]
    columns = [list(findings)] + [[f for f in findings if f.line.language == code] for code in languages]

    def row(name: str, shares: Iterable[Share]) -> str:
        cells = [str(share) for share in shares]
        return _ROW.format(name, *cells, *[""] * (5 - len(cells))).rstrip()

    head = _ROW.format("recall", "all", *languages, *[""] * (4 - len(languages))).rstrip()
    rows = [row(kind, (_recall(column, kind) for column in columns)) for kind in CLAIM_KINDS]
    rates = [
        row("span precision", map(_precision, columns)),
        row("false alarms", map(_alarms, columns)),
        row("passed as plain", map(_passed, columns)),
        row("to be ticked", map(_ticks, columns)),
        row("left open", map(_left_open, columns)),
    ]
    kinds = [row(f"+ {kind}", (_seen(column, kind) for column in columns)) for kind in CLAIM_KINDS]
    return "\n".join([head, *rows, "", *rates, "", head.replace("recall", "found or open", 1), *kinds])


def misses(findings: Iterable[Finding]) -> Iterator[str]:
    """Every miss, stray claim and false alarm, a line each."""
    for f in findings:
        text = f.line.text
        for label in f.missed:
            yield f"missed {label.kind} «{text[label.start : label.end]}» in {f.line.language}: {text} ({f.line.why})"
        for claim in f.stray:
            where = "alarm" if f.line.expected == "clean" else "stray"
            yield f"{where} {claim.kind} «{text[claim.start : claim.end]}» in {f.line.language}: {text} ({f.line.why})"
        if f.line.expected == "unclassified" and not f.open:
            yield f"passed unseen in {f.line.language}: {text} ({f.line.why})"


def main(arguments: Sequence[str] | None = None, scan: Scan | None = None) -> int:
    """Read a set, scan it, print the table.

    Args:
        arguments: As on the command line.
        scan: Another scanner than the product's.

    Returns:
        0 when every bar is reached, 1 when not, 2 when the set cannot be read.
    """
    parser = argparse.ArgumentParser(prog="claims.score", description="Score the claim scanner on a labelled set.")
    parser.add_argument("--set", type=Path, default=LABELLED, help="a labelled set (default: labelled.yaml)")
    parser.add_argument("--misses", action="store_true", help="list every miss, stray claim and false alarm")
    chosen = parser.parse_args(arguments)
    try:
        lines = read(chosen.set)
    except (OSError, UnreadableError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    if scan is None:
        from copilot_tools.wording.claims.scan import scan as of_the_product  # noqa: PLC0415  # only when it is asked

        scan = of_the_product
    findings = score(lines, scan)
    short = short_of(findings)
    parts = [page(findings), "", *(short or ("Every bar is reached.",))]
    if chosen.misses:
        parts += ["", *misses(findings)]
    sys.stdout.write("\n".join(parts) + "\n")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
