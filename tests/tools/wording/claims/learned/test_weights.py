"""The file of weights is closed: what is damaged, of another format or made for other kinds is refused, by name."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.wording.claims.learned.reader import Reader
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


def test_the_shipped_file_is_small_and_whole():
    """It stays under 1 MB, knows every kind, and leaves room between a claim and what passes."""
    weights = shipped()
    assert weights.header.kinds == CLAIM_KINDS
    assert len(weights.rows) == weights.header.items
    assert all(bounds.unclassified < bounds.claim for bounds in weights.header.bounds.values())


def test_it_is_under_a_megabyte(content: bytes):
    """The package stays small."""
    assert len(content) < 1_000_000


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda c: c[:-1], "bytes of numbers"),
        (lambda c: c[:-1] + bytes([c[-1] ^ 1]), "digest"),
        (lambda c: c + b"\0", "bytes of numbers"),
        (lambda _: b"", "not a header"),
        (lambda _: b"PK\x03\x04", "not a header"),
        (lambda c: changed(c, format="expcopilot claim weights 2"), "not a header"),
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


def test_weights_are_not_read_before_the_first_scan():
    """Importing the scanner loads neither the weights nor numpy nor the stemmer."""
    code = (
        "import sys; import copilot_tools.wording.claims.scan as s;"
        "from copilot_tools.wording.claims.learned.weights import shipped;"
        "print(shipped.cache_info().currsize, 'numpy' in sys.modules, 'snowballstemmer' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False", "False"]
