"""The measure of distance agrees with readers, on pairs it was not tuned on."""

from __future__ import annotations

import collections

import pytest

from evals.evals_at_hand import distinctness_score as score


def test_it_agrees_on_the_half_not_used_for_tuning():
    """At least nine in ten pairs of that half are judged as labelled; both labels are there in number."""
    tune, report = score.halves(score.pairs())
    assert len(tune) + len(report) == len(score.pairs()) >= 100
    assert not set(tune) & set(report)
    assert min(collections.Counter(p.near for p in report).values()) >= 30
    assert score.agreement(report).share >= 0.9


def test_it_agrees_on_pairs_written_after_the_freeze():
    """Pairs that nobody had seen when words, weights and bound were frozen agree as well."""
    fresh = score.pairs("fresh.yaml")
    assert len(fresh) >= 60
    assert not {frozenset(p[1:3]) for p in fresh} & {frozenset(p[1:3]) for p in score.pairs()}
    assert score.agreement(fresh).share >= 0.9


def test_it_agrees_on_whole_variants():
    """Variants of several fields that share product and button are told apart, and reworded ones are found."""
    whole = score.pairs("whole.yaml")
    assert collections.Counter(p.near for p in whole) == {True: 6, False: 12}
    assert score.agreement(whole).share >= 0.9


@pytest.mark.parametrize("kind", ["punctuation", "order", "unrelated"])
def test_plain_cases_are_all_right(kind):
    """Punctuation and order never hide a duplicate, and a common phrase never makes one."""
    assert not score.agreement(p for p in score.pairs() if p.kind == kind).wrong


def test_the_score_can_fail():
    """Labels turned round agree where the right ones do not."""
    listed = score.pairs()
    turned = tuple(p._replace(near=not p.near) for p in listed)
    assert score.agreement(turned).share == pytest.approx(1 - score.agreement(listed).share)
