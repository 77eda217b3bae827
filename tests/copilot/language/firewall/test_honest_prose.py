"""Honest prose the vocabulary was widened on: a guard against losing it again, no measure of strangers' prose."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from expcopilot.language.firewall.check import check
from expcopilot.records.prose import Blocked, Statement


def test_honest_prose_flows(facts, rows):
    """Of the 150 statements the vocabulary was fitted to, at most 2% are kept back."""
    corpus = YAML(typ="safe").load(Path(__file__).with_name("honest_prose.yaml").read_text(encoding="utf-8"))
    statements = [
        (sheet, Statement(text=text, section=section))
        for sheet, sections in corpus.items()
        for section, texts in sections.items()
        for text in texts
    ]
    kept_back = [
        (s.text, found.reasons)
        for sheet, s in statements
        if isinstance(found := check(s, facts[sheet], verdict_row=rows[sheet]), Blocked)
    ]
    assert len(statements) >= 150
    assert len(kept_back) <= 0.02 * len(statements), kept_back
