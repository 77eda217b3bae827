"""Train the claim scanner's second reader: ``PYTHONPATH=evals python -m claims.train [--write]``; make claim-weights.

The lines of ``training/`` are cut into five parts by line. Each part is scanned by the product's own scanner with
weights learned from the other four; that is what is printed, and what the bounds are chosen on. Then the weights are
learned once more from all lines. The lines of ``labelled.yaml`` are learned from, too, but not for what the rules
find in them, because the rules were tuned on them; and nothing is measured there.

Sums are added up in another order by more threads, so one thread gives the same bytes each time: OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from claims import score
from claims.examples import FOLDS, Example, examples, fold, lines_at_hand
from claims.fitting import fitted, names_of, table
from claims.labelled import Label, Line
from copilot_tools.wording.claims.learned import weights as files
from copilot_tools.wording.claims.learned.reader import Reader, key
from copilot_tools.wording.claims.learned.weights import Bounds, Header, Weights
from copilot_tools.wording.claims.marks import CLAIM_KINDS, Scanned
from copilot_tools.wording.claims.quotations import quotations
from copilot_tools.wording.claims.rules import rules_for
from copilot_tools.wording.claims.scan import kept, read_sentences, scan_with, seen
from copilot_tools.wording.claims.unclaimed import without_claim

__all__ = ["ALARMS", "PASSING", "cross_validated", "digest", "learned", "main"]

SHIPPED = Path(files.__file__).with_name("weights.bin")
UNIT = 32
"""A weight of 1 is so many units in the file."""
ALARMS = 0.042
"""The share of clean lines that may be taken for claims; under the 5% that is wanted, because it is chosen here."""
PASSING = 0.03
"""The share of lines with claims that may pass as plain, at most."""
MARGIN = 48
"""So far below "unclassified" a rule's find is still left to a person: 1.5 in log-odds."""
ITEM = 0.0
"""The log-odds from which on a word belongs to a claim, in a sentence that surely holds one."""
SHARE = 5
"""How much of the best word's score counts for the sentence, in sixteenths."""
CERTAIN = 20
"""In so many lines at least a rule must have been right to be believed whatever the score."""
WRONG = 0.02
"""And for each of them in at most so many sentences wrong."""
_LEAST = 2
"""In so many sentences a feature must stand."""
_ROWS = 60_000
"""So many features of words are kept, the heaviest: the file stays under 2 MB."""


def digest(lines: Iterable[Line]) -> str:
    """SHA-256 of what is learned from: texts, languages, labels."""
    told = [(e.text, e.language, e.expected, [(x.start, x.end, x.kind) for x in e.labels]) for e in lines]
    return hashlib.sha256(repr(sorted(told)).encode()).hexdigest()


def learned(found: Sequence[Example], bounds: Mapping[str, Bounds] | None = None, data: str = "") -> bytes:
    """The file of weights learned from these sentences."""
    names = names_of((set(e.whole) for e in found if e.counts.any()), _LEAST)
    ours = [e for e in found if e.counts.any()]
    target = np.array([[float(e.labels.any())] for e in ours])
    whole = fitted(names, table((e.whole for e in ours), names), target, np.ones_like(target), penalty=5, prior=0.5)
    names = names_of(({*e.whole, *(n for place in e.places for n in place)} for e in found), _LEAST)
    rows = table((place + e.whole for e in found for place in e.places), names)
    targets = np.concatenate([e.labels for e in found]).astype(float)
    counts = np.concatenate([np.repeat(e.counts[None], len(e.places), axis=0) for e in found]).astype(float)
    items = fitted(names, rows, targets, counts, penalty=0.3)
    wide = Bounds(claim=0, unclassified=0, found=0, item=int(ITEM * UNIT))
    header = Header(
        kinds=CLAIM_KINDS,
        whole=0,
        items=0,
        whole_base=round(float(whole.base[0]) * UNIT),
        items_base=tuple(round(float(x) * UNIT) for x in items.base),
        share=SHARE,
        bounds=dict(bounds or {"en": wide, "other": wide}),
        certain=_certain(found),
        data=data,
        digest="",
    )
    small = np.clip(np.rint(whole.weights[:, 0] * UNIT), -127, 127).astype(int)
    every = np.clip(np.rint(items.weights * UNIT), -127, 127).astype(int)
    heavy = np.argsort(-np.abs(every).max(axis=1), kind="stable")[:_ROWS]
    return files.packed(
        header,
        {key(name): int(w) for name, w in zip(whole.names, small, strict=True) if w},
        {key(items.names[at]): tuple(every[at].tolist()) for at in sorted(heavy.tolist()) if every[at].any()},
    )


def _certain(found: Iterable[Example]) -> tuple[str, ...]:
    """Rules with finds in many lines, and hardly any without a claim."""
    right, wrong = defaultdict[str, set[str]](set), Counter[str]()
    for e in found:
        for source in e.rules:
            if e.labels.any():
                right[source].add(e.line.text)
            elif e.counts.any():
                wrong[source] += 1
    return tuple(
        sorted(
            source for source, texts in right.items() if len(texts) >= CERTAIN and wrong[source] <= WRONG * len(texts)
        )
    )


class _Sentence(NamedTuple):
    """One sentence of a line, scored by weights that have not seen it.

    Attributes:
        score: What the reader gives it.
        labels: The labels that lie in it, with any part of theirs.
        certain: Whether a rule that is believed whatever the score finds something in it.
        ruled: Whether any rule does.
        asks: Whether it is left to a person whatever the score.
    """

    score: int
    labels: frozenset[Label]
    certain: bool
    ruled: bool
    asks: bool


def _scored(lines: Iterable[Line], weights: Weights) -> dict[str, tuple[_Sentence, ...]]:
    """The sentences of each line."""
    readers = {code: Reader(weights, code, rules_for(code).words) for code in ("en", "de", "fr", "es")}
    found = {}
    for line in lines:
        rules, spoken = rules_for(line.language), quotations(line.text)
        own = []
        for read in read_sentences(line.text, rules):
            if read.row:
                finds = [m.pattern.source for m in kept(read.matches, read.lifted)]
                own.append(
                    _Sentence(
                        readers[line.language].scores(seen(line.text, read, line.language, spoken)).whole,
                        frozenset(x for x in line.labels if x.start < read.span.end and read.span.start < x.end),
                        certain=not set(weights.header.certain).isdisjoint(finds),
                        ruled=bool(finds),
                        asks=without_claim(line.text, read, rules)[0] == "unclassified",
                    )
                )
        found[line.text] = tuple(own)
    return found


def _bounds(lines: Iterable[Line], scored: Mapping[str, Sequence[_Sentence]]) -> Bounds:
    """The bounds at which as few clean lines are claims, and as few lines with claims pass, as is wanted."""
    ours = list(lines)
    clean = [scored[line.text] for line in ours if line.expected == "clean"]
    held = [scored[line.text] for line in ours if line.expected == "claims"]

    def alarms(bound: int) -> int:
        return sum(any(s.certain or s.score >= bound for s in line) for line in clean)

    def passing(bound: int) -> int:
        return sum(not _opened(line, bound) >= {label for s in line for label in s.labels} for line in held)

    claim = bisect_left(_SCORES, True, key=lambda bound: alarms(bound) <= ALARMS * len(clean))
    above = bisect_left(_SCORES, True, key=lambda bound: passing(bound) > PASSING * len(held))
    low = min(_SCORES[0] + above - 1, _SCORES[0] + claim)
    return Bounds(claim=_SCORES[0] + claim, unclassified=low, found=low - MARGIN, item=int(ITEM * UNIT))


def _opened(line: Iterable[_Sentence], bound: int) -> set[Label]:
    """The labels somebody will look at with this bound: in a sentence that is left to a person, or is a claim."""
    return {
        label
        for s in line
        if s.asks or s.certain or s.score >= bound or (s.ruled and s.score >= bound - MARGIN)
        for label in s.labels
    }


def _as_far(bounds: Bounds, english: Bounds) -> Bounds:
    """Bounds for the other languages: open at least as far below a claim as in English.

    Nearly every sentence there is left to a person anyway, so that the lines cannot say how far is far enough.
    """
    low = min(bounds.unclassified, bounds.claim - (english.claim - english.unclassified))
    return bounds.model_copy(update={"unclassified": low, "found": low - MARGIN})


_SCORES = range(-2000, 4000)
"""Bounds to choose from."""


def cross_validated(
    lines: Sequence[Line], found: Sequence[Example], beside: Sequence[Example]
) -> tuple[dict[str, Bounds], Callable[[str, str], Scanned]]:
    """Bounds chosen on, and a scanner for, these lines alone, each scanned with weights that have not seen it."""
    parts: list[Weights] = []
    scored: dict[str, tuple[_Sentence, ...]] = {}
    for part in range(FOLDS):
        parts.append(files.unpacked(learned([e for e in found if fold(e.line) != part] + list(beside))))
        scored |= _scored((line for line in lines if fold(line) == part), parts[part])
    bounds = {
        name: _bounds((line for line in lines if (line.language == "en") == (name == "en")), scored)
        for name in ("en", "other")
    }
    bounds["other"] = _as_far(bounds["other"], bounds["en"])
    bounded = [Weights(w.header.model_copy(update={"bounds": bounds}), w.whole, w.rows, w.items) for w in parts]
    places = {line.text: fold(line) for line in lines}
    return bounds, lambda text, language: scan_with(text, language, bounded[places[text]])


def main(arguments: Sequence[str] | None = None) -> int:
    """Cross-validate, print the table, and write the weights if asked to."""
    parser = argparse.ArgumentParser(prog="claims.train", description="Train the claim scanner's second reader.")
    parser.add_argument("--write", action="store_true", help="write the weights into the package")
    parser.add_argument("--to", type=Path, default=SHIPPED, help="write them to this file instead")
    parser.add_argument("--misses", action="store_true", help="list every miss, stray claim and false alarm")
    chosen = parser.parse_args(arguments)
    lines, others = lines_at_hand()
    found, beside = list(examples(lines)), list(examples(others, with_rules=False))
    bounds, scan = cross_validated(lines, found, beside)
    findings = score.score(lines, scan)
    sys.stdout.write(score.page(findings) + "\n")
    if chosen.misses:
        sys.stdout.write("\n".join(score.misses(findings)) + "\n")
    content = learned([*found, *beside], bounds, digest([*lines, *others]))
    header = files.unpacked(content).header
    sys.stdout.write(f"\n{len(lines)} lines, {header.whole} + {header.items} features, {len(content)} bytes\n")
    sys.stdout.write(f"{dict(header.bounds)}, {len(header.certain)} certain rules\n")
    if chosen.write:
        chosen.to.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
