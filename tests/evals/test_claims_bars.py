"""The product's own scanner against the labelled lines: what it is held to, measured on lines it has not learned."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata

import pytest

from copilot_tools.wording.claims.learned.weights import shipped
from copilot_tools.wording.claims.scan import scan
from evals.evals_at_hand import claims_examples, claims_labelled, claims_score, claims_train


def rate(page: str, name: str) -> float:
    """The first rate of that row of the score's table."""
    row = next(line for line in page.splitlines() if line[:16].strip() == name)
    return float(row[16:].split()[0])


def share(findings, name: str) -> float:
    """The same, of a page not yet printed."""
    return rate(claims_score.page(findings), name)


def test_the_shipped_weights_are_those_of_the_lines_at_hand():
    """A line added or a label changed without training anew is found at once: the file says what it learned from."""
    lines, others = claims_examples.lines_at_hand()
    assert len(lines) >= 7_000
    assert shipped().header.data == claims_train.digest([*lines, *others])


@pytest.mark.parametrize("kept", ["unseen.yaml", "unseen_second.yaml"])
def test_nothing_is_learned_from_lines_that_measure(kept):
    """No line of a set kept for measuring stands among those learned from, however it is spelled."""

    def bare(text: str) -> str:
        return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))

    lines, others = claims_examples.lines_at_hand()
    unseen = claims_labelled.read(claims_labelled.LABELLED.with_name(kept))
    assert {bare(line.text) for line in unseen}.isdisjoint(bare(line.text) for line in [*lines, *others])


def test_no_line_is_measured_with_weights_that_have_seen_it():
    """Parts are cut by line, not by sentence, and every part has its share."""
    lines, others = claims_examples.lines_at_hand()
    assert {line.text for line in lines}.isdisjoint(line.text for line in others)
    parts = [claims_examples.fold(line) for line in lines]
    assert set(parts) == set(range(claims_examples.FOLDS))
    assert min(map(parts.count, parts)) >= len(lines) * 0.8 / claims_examples.FOLDS
    sentences = list(claims_examples.examples(lines[:200]))
    assert all(claims_examples.fold(e.line) == claims_examples.fold(lines[lines.index(e.line)]) for e in sentences)


def test_what_was_learned_is_known():
    """On the set it has learned from, the scanner misses little, cries wolf rarely, and lets next to nothing pass.

    This says that scanner and weights fit together, not how well unseen copy is read: see the cross-validation below.
    """
    findings = claims_score.score(claims_labelled.read(), scan)
    assert share(findings, "false alarms") < 0.05
    assert share(findings, "passed as plain") < 0.02
    assert share(findings, "left open") == 1
    assert all(share(findings, kind) >= 0.85 for kind in ("statistic", "superlative", "comparative", "price"))


@pytest.mark.calibrate
def test_training_anew_gives_the_shipped_file_and_the_documented_figures(tmp_path):
    """Byte for byte the same; on lines not learned from few false alarms, and hardly a claim passes as plain."""
    evals = claims_train.SHIPPED.parents[5] / "evals"
    done = subprocess.run(
        [sys.executable, "-m", "claims.train", "--write", "--to", str(tmp_path / "again.bin")],
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(evals)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert rate(done.stdout, "false alarms") < 0.05
    assert rate(done.stdout, "passed as plain") <= 0.03
    assert rate(done.stdout, "span precision") >= 0.90
    assert all(rate(done.stdout, f"+ {kind}") >= 0.95 for kind in ("statistic", "superlative", "comparative", "price"))
    assert (tmp_path / "again.bin").read_bytes() == claims_train.SHIPPED.read_bytes()
