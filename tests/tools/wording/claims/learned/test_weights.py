"""The file of weights is closed: what is damaged, of another format or made for other kinds is refused, by name."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.wording.claims.learned.features import WIDE, at_distance, classes_of, of_places, of_whole, sorts
from copilot_tools.wording.claims.learned.reader import Reader, key
from copilot_tools.wording.claims.learned.weights import packed, shipped, unpacked
from copilot_tools.wording.claims.marks import CLAIM_KINDS
from copilot_tools.wording.claims.quotations import quotations
from copilot_tools.wording.claims.rules import rules_for
from copilot_tools.wording.claims.scan import read_sentences, seen


@pytest.fixture(scope="module")
def content() -> bytes:
    return files("copilot_tools.wording.claims.learned").joinpath("weights.bin").read_bytes()


def changed(content: bytes, **values: object) -> bytes:
    line, _, numbers = content.partition(b"\n")
    return json.dumps(json.loads(line) | values).encode() + b"\n" + numbers


def test_the_shipped_file_is_whole():
    """It knows every kind, and leaves room between a claim and what passes."""
    weights = shipped()
    assert weights.header.kinds == CLAIM_KINDS
    assert len(weights.rows) == weights.header.items
    assert all(b.found < b.unclassified <= b.claim for b in weights.header.bounds.values())
    assert weights.header.bounds["en"].unclassified < weights.header.bounds["en"].claim


def test_it_is_under_two_megabytes(content: bytes):
    """The package stays small."""
    assert len(content) < 2_000_000


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda c: c[:-1], "bytes of numbers"),
        (lambda c: c[:-1] + bytes([c[-1] ^ 1]), "digest"),
        (lambda c: c + b"\0", "bytes of numbers"),
        (lambda _: b"", "not a header"),
        (lambda _: b"PK\x03\x04", "not a header"),
        (lambda c: changed(c, format="expcopilot claim weights 1"), "not a header"),
        (lambda c: changed(c, surprise=1), "not a header"),
        (lambda c: changed(c, kinds=[*CLAIM_KINDS[:-1], "rumour"]), "other kinds"),
        (lambda c: changed(c, items_base=[0]), "other kinds"),
        (lambda c: changed(c, whole=-1), "not a header"),
    ],
)
def test_a_damaged_file_is_refused(content: bytes, damage, said: str):
    """A changed, cut or foreign file is never read as weights that see nothing."""
    with pytest.raises(Refused, match=said) as refused:
        unpacked(damage(content))
    assert refused.value.refusals[0].code == "claims.weights"
    assert "claim-weights" in refused.value.refusals[0].cure


def test_what_is_packed_is_unpacked():
    """Weights come back as they went in, with the counts and the digest filled in."""
    header = shipped().header
    kinds = len(CLAIM_KINDS)
    back = unpacked(packed(header, {7: -3, 2: 5}, {9: tuple(range(kinds)), 4: (-1,) * kinds}))
    assert (back.header.whole, back.header.items) == (2, 2)
    assert back.whole == {2: 5, 7: -3}
    assert back.items[back.rows[9]].tolist() == list(range(kinds))
    assert back.items[-1].tolist() == [0] * kinds


def test_scores_do_not_depend_on_what_was_read_before():
    """A reader that has read much gives a sentence the score a new one gives it."""
    text = "Nobody bakes like us. Only 3 left! Turn left at the mill, then ring twice."
    rules = rules_for("en")
    reads = read_sentences(text, rules)

    def scored(reader: Reader) -> list[tuple[int, list[list[int]]]]:
        found = [reader.scores(seen(text, read, "en", quotations(text))) for read in reads]
        return [(scores.whole, scores.items.tolist()) for scores in found]

    used = Reader(shipped(), "en", rules.words)
    first = scored(used)
    assert scored(used) == first == scored(Reader(shipped(), "en", rules.words))


def test_scores_are_the_sums_of_the_weights_of_the_features_that_training_sees():
    """The reader's short cuts (kept words, checksums that go on, views) give what adding up name by name gives."""
    text = "“We slept for 8 hours!” Nobody bakes like us, and the rest is free of charge. Go."
    rules, weights = rules_for("en"), shipped()
    spoken = quotations(text)
    for read in read_sentences(text, rules):
        own = seen(text, read, "en", spoken)
        words = [sorts(shape, classes_of(rules.words)) for shape in own.shapes]
        whole = {key(name) for name in of_whole(own, words)}
        rows = [[weights.rows[k] for k in whole if k in weights.rows] for _ in words]
        for at in range(len(words)):
            for distance in range(max(-WIDE, -at), min(WIDE, len(words) - 1 - at) + 1):
                names = at_distance("en", distance, words[at + distance])
                rows[at] += [weights.rows[key(name)] for name in names if key(name) in weights.rows]
        for place, name in of_places(own):
            rows[place] += [weights.rows[key(name)]] if key(name) in weights.rows else []
        items = [(weights.items[found].sum(axis=0) + weights.header.items_base).tolist() for found in rows]
        scores = Reader(weights, "en", rules.words).scores(own)
        best = max(row[kind] for row in items for kind in scores.kinds)
        assert scores.items.tolist() == items
        total = weights.header.whole_base + sum(weights.whole.get(k, 0) for k in whole)
        assert scores.whole == total + weights.header.share * best // 16


def test_weights_are_not_read_before_the_first_scan():
    """Importing the scanner loads neither the weights nor numpy nor the stemmer."""
    code = (
        "import sys; import copilot_tools.wording.claims.scan as s;"
        "from copilot_tools.wording.claims.learned.weights import shipped;"
        "print(shipped.cache_info().currsize, 'numpy' in sys.modules, 'snowballstemmer' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False", "False"]
