"""The labelled set of claims keeps its own rules, and the score counts what it says it counts."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from copilot_tools.wording.claims.marks import CLAIM_KINDS, Claim, ClaimKind, Mark, Scanned, Sentence
from evals.evals_at_hand import claims_labelled, claims_score

SET = """\
- {text: "Save 40%, guaranteed. Save more.", language: en, why: two kinds,
   spans: [{span: "40%", kind: statistic}, {span: guaranteed, kind: guarantee}, {span: Save, kind: price, nth: 2}]}
- {text: "Read more", language: en, clean: true, why: link}
- {text: "Feel free", language: en, clean: true, why: idiom}
- {text: "Klimaneutral", language: de, unclassified: true, why: not known in German}
"""


def at(text: str, words: str, kind: ClaimKind) -> Claim:
    start = text.index(words)
    return Claim(start=start, end=start + len(words), kind=kind, words=(words,), why="made up")


def scanner(found: dict[str, list[tuple[str, ClaimKind]]], mark: Mark = "plain"):
    """A scanner that finds what it is told to, word for word."""

    def scan(text: str, language: str) -> Scanned:
        claims = tuple(at(text, words, kind) for words, kind in found.get(text, []))
        sentence = Sentence(start=0, end=len(text), mark="claim" if claims else mark)
        return Scanned(language=language, claims=claims, sentences=(sentence,))

    return scan


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SET, encoding="utf-8")
    return path


def rows(page: str) -> dict[str, list[str]]:
    """The table's rows, by name: the cells, each "share part/whole" or "-"."""
    return {
        line[:16].strip(): re.findall(r"[\d.]+ \d+/\d+|(?<=\s)-", line[16:]) for line in page.splitlines() if line[16:]
    }


def test_every_kind_is_counted_where_it_overlaps(small: Path):
    """A label is found by a claim of its kind on any of its words, and by no claim of another kind or place."""
    found = {"Save 40%, guaranteed. Save more.": [("Save 40", "statistic"), ("guaranteed", "price")]}
    table = rows(claims_score.page(claims_score.score(claims_labelled.read(small), scanner(found))))
    assert table["statistic"] == ["1.000 1/1", "1.000 1/1", "-"]
    assert table["guarantee"][0] == "0.000 0/1"
    assert table["price"][0] == "0.000 0/1"
    assert table["health"] == ["-", "-", "-"]


def test_touching_is_not_overlapping(small: Path):
    """A claim that ends where a label begins has not found it, and is stray."""
    found: dict[str, list[tuple[str, ClaimKind]]] = {"Save 40%, guaranteed. Save more.": [(", ", "guarantee")]}
    (finding, *_) = claims_score.score(claims_labelled.read(small), scanner(found))
    assert [label.kind for label in finding.missed] == ["statistic", "guarantee", "price"]
    assert [(c.start, c.end) for c in finding.stray] == [(8, 10)]


def test_precision_counts_labelled_lines_alone(small: Path):
    """A claim beside every label lowers precision; one on a clean line is a false alarm and nothing else."""
    found: dict[str, list[tuple[str, ClaimKind]]] = {
        "Save 40%, guaranteed. Save more.": [("guaranteed", "health"), ("more", "comparative")],
        "Feel free": [("free", "price"), ("Feel", "health")],
    }
    table = rows(claims_score.page(claims_score.score(claims_labelled.read(small), scanner(found))))
    assert table["span precision"][0] == "0.500 1/2"
    assert table["false alarms"] == ["0.500 1/2", "0.500 1/2", "-"]


@pytest.mark.parametrize(("mark", "share"), [("plain", 0), ("puffery", 0), ("unclassified", 1)])
def test_a_line_nobody_can_classify_must_stay_open(small: Path, mark: Mark, share: int):
    """What the scanner cannot know in a language counts as open only when a person will see it."""
    table = rows(claims_score.page(claims_score.score(claims_labelled.read(small), scanner({}, mark))))
    assert table["left open"] == [f"{share}.000 {share}/1", "-", f"{share}.000 {share}/1"]


def test_the_exit_status_says_whether_the_bars_are_reached(capsys):
    """A scanner that marks exactly what was labelled reaches every bar; a silent one none but the false alarms."""
    lines = {line.text: line for line in claims_labelled.read()}

    def perfect(text: str, language: str) -> Scanned:
        line = lines[text]
        claims = tuple(Claim(start=s.start, end=s.end, kind=s.kind, words=(), why="") for s in line.labels)
        mark: Mark = "claim" if claims else "plain" if line.expected == "clean" else "unclassified"
        return Scanned(language=language, claims=claims, sentences=(Sentence(start=0, end=len(text), mark=mark),))

    assert claims_score.main([], scan=perfect) == 0
    assert "Every bar is reached." in capsys.readouterr().out
    assert claims_score.main([], scan=scanner({})) == 1
    silent = capsys.readouterr().out
    assert all(f"recall of {kind}: 0.000" in silent for kind in CLAIM_KINDS)
    assert "span precision: -" in silent
    assert "false alarms on clean" not in silent


def test_just_under_a_bar_is_short_of_it():
    """One miss in fifty statistics is enough, one in forty-nine is not; one false alarm in twenty is too many."""
    labelled = [
        claims_labelled.Line(f"{n}%", "en", "claims", (claims_labelled.Label(0, 1, "statistic"),), "")
        for n in range(50)
    ]
    clean = [claims_labelled.Line(f"word {n}", "en", "clean", (), "") for n in range(21)]

    def scan(text: str, language: str) -> Scanned:
        told = text != "0%" if text.endswith("%") else text == "word 0"
        return Scanned(language=language, claims=(at(text, text, "statistic"),) if told else ())

    def short(of: list[claims_labelled.Line]) -> list[str]:
        found = claims_score.short_of(claims_score.score(of, scan))
        return [bar.split(":")[0] for bar in found if "statistic" in bar or "alarms" in bar]

    assert short(labelled + clean) == []
    assert short(labelled[:49] + clean) == ["recall of statistic"]
    assert short(labelled + clean[:20]) == ["false alarms on clean lines"]


def test_misses_are_listed_with_their_words(small: Path, capsys):
    """Every miss, stray claim and false alarm is named with its kind, its words and its line."""
    found: dict[str, list[tuple[str, ClaimKind]]] = {
        "Save 40%, guaranteed. Save more.": [("more", "comparative")],
        "Feel free": [("free", "price")],
    }
    assert claims_score.main(["--set", str(small), "--misses"], scan=scanner(found)) == 1
    shown = capsys.readouterr().out
    assert "missed statistic «40%» in en: Save 40%, guaranteed. Save more. (two kinds)" in shown
    assert "stray comparative «more» in en" in shown
    assert "alarm price «free» in en: Feel free (idiom)" in shown
    assert "passed unseen in de: Klimaneutral" in shown


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("{span: guaranteed,", "{span: certain,", "'certain' stands 0 times"),
        (", nth: 2", "", "'Save' stands 2 times"),
        ("nth: 2", "nth: 3", "'Save' stands 2 times"),
        ("kind: statistic", "kind: number", "no such kind as 'number'"),
        ("language: de", "language: it", "language 'it'"),
        ("clean: true, why: link", "why: link", "0 of spans, clean and unclassified"),
        ('"Read more"', '"Feel free"', "2 entries have the text 'Feel free'"),
        ("why: idiom", "because: idiom", "unknown key 'because'"),
    ],
)
def test_a_set_that_breaks_its_rules_is_not_read(small: Path, capsys, was: str, becomes: str, said: str):
    """A label that points nowhere would lower recall in silence: the set is refused, naming the entry."""
    assert was in SET
    small.write_text(SET.replace(was, becomes, 1), encoding="utf-8")
    assert claims_score.main(["--set", str(small)], scan=scanner({})) == 2
    assert said in capsys.readouterr().err


def test_the_set_is_as_large_and_varied_as_it_says():
    """At least 600 lines, 170 of them clean, 35 lines of every kind, 40 of each other language; README counts them."""
    lines = claims_labelled.read()
    with_kind = Counter(kind for line in lines for kind in {label.kind for label in line.labels})
    spans = Counter(label.kind for line in lines for label in line.labels)
    languages = Counter((line.language, line.expected) for line in lines)
    assert len(lines) >= 600
    assert sum(line.expected == "clean" for line in lines) >= 170
    assert min(with_kind[kind] for kind in CLAIM_KINDS) >= 35
    assert all(
        sum(languages[code, e] for e in ("claims", "clean", "unclassified")) >= 40 for code in ("de", "fr", "es")
    )
    told = claims_labelled.LABELLED.with_name("README.md").read_text(encoding="utf-8")
    for kind in CLAIM_KINDS:
        assert f"| {kind} | {with_kind[kind]} | {spans[kind]} |" in told
    for code in ("en", "de", "fr", "es"):
        of = [languages[code, expected] for expected in ("claims", "clean", "unclassified")]
        assert f"| {code} | {sum(of)} | {of[0]} | {of[1]} | {of[2]} |" in told


def test_other_languages_are_labelled_with_the_kinds_known_there():
    """German, French and Spanish lines carry numbers, superlatives, guarantees, prices and urgency, and no more."""
    kinds = {label.kind for line in claims_labelled.read() if line.language != "en" for label in line.labels}
    assert kinds == {"statistic", "superlative", "guarantee", "price", "scarcity"}
