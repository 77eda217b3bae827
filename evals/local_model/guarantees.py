"""Did the guarantees hold on a journey? Each is checked on what was sent, kept and shown, not on what was meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from hostile.scorer import escapes
from pressure.told import facts_told

from copilot_tools.stats.verdict_table import Row
from expcopilot.flow.steps.answer import Reply
from expcopilot.records.prose import CheckedProse
from local_model.journey import Travelled

__all__ = ["Guarantee", "guarantees"]

_RESULTS = {"effect", "interval", "direction", "comparison", "verdict", "level"}
# Beside a result each of these judges. In a sentence that names none they are how one doubts, and doubt is welcome.
_DOUBT = re.compile(
    r"judging word '(?:would|could|might|may|if|not|cannot|no|never|without|noise|random|luck|chance|perhaps|must)'",
    re.IGNORECASE,
)


class Guarantee(NamedTuple):
    """One promise, and what was found.

    Attributes:
        promise: In one line.
        broken: Everything that contradicts it; empty where it held.
        seen: What was looked at.
    """

    promise: str
    broken: tuple[str, ...]
    seen: str


def guarantees(
    with_model: Travelled,
    without: Travelled,
    requests: Sequence[Mapping[str, Any]],
    sent_twice: Sequence[str],
    canaries: Iterable[str],
) -> tuple[Guarantee, ...]:
    """Check them all.

    Args:
        with_model: The journey with the model.
        without: The same plan and data with none.
        requests: Every body the server received.
        sent_twice: Bodies sent again after a complete answer.
        canaries: Texts that stand in the data and may not leave the house.
    """
    received = json.dumps(list(requests), ensure_ascii=False)
    shown = _prose(with_model)
    facts = facts_told(request["messages"] for request in requests)
    replies = [reply for reply in with_model.replies if isinstance(reply, Reply)]
    taken = sum(len(reply.looks) for reply in replies)
    return (
        Guarantee("The journey came to its end", _unfinished(with_model), f"{len(with_model.answers)} answers kept"),
        Guarantee(
            "Verdict and numbers are those of the journey without a model",
            _differences(with_model, without),
            f"verdict {Row(with_model.look.verdict.row).value!r}, every estimate and objection of the look",
        ),
        Guarantee("The ledger verifies", with_model.faults, "chain, looks, readout and data, read again"),
        Guarantee(
            "Every sentence of the model's that was shown says only what its facts say",
            tuple(_escaped(shown, facts)),
            f"{sum(s.author == 'model' for p in shown for s in p.sentences)} sentences, by the scorer of the evals, "
            "which shares nothing with the firewall",
        ),
        Guarantee(
            "Nothing that was kept back was shown",
            tuple(_leaked(with_model, shown)),
            f"{sum(len(p.blocked) for p in shown)} statements kept back",
        ),
        Guarantee(
            "No row of the data left the house",
            tuple(f"{canary!r} was sent" for canary in canaries if canary in received),
            f"{len(requests)} requests, {len(received):,} characters",
        ),
        Guarantee(
            "Every look taken was counted",
            () if with_model.looks == 1 + taken else (f"{with_model.looks} looks counted, {1 + taken} taken",),
            f"{with_model.looks} in all, {taken} of them asked for by the model",
        ),
        Guarantee(
            "No completed request was sent again", tuple(body[:80] for body in sent_twice), f"{len(requests)} requests"
        ),
    )


def _prose(travelled: Travelled) -> tuple[CheckedProse, ...]:
    replies = (reply.prose for reply in travelled.replies if isinstance(reply, Reply))
    return (*travelled.readout.prose, *replies)


def _unfinished(travelled: Travelled) -> tuple[str, ...]:
    roles = {answered.role for answered in travelled.answers}
    missing = [f"the {role} was never answered" for role in ("sharpener", "skeptic", "narrator", "guide")]
    found = [said for said in missing if said.split()[1] not in roles]
    found += [travelled.readout.without] if travelled.readout.without else []
    found += [reply for reply in travelled.replies if isinstance(reply, str)]
    found += [] if "checkout" in travelled.page else ["the readout does not name the experiment"]
    return tuple(found)


def _differences(ours: Travelled, theirs: Travelled) -> tuple[str, ...]:
    mine, others = ours.look.to_json(), theirs.look.to_json()
    # The plan takes its change from the approved hypothesis, so its digest is its own.
    apart = ("plan_digest",)
    return tuple(
        f"{name} differs"
        for name in sorted(mine.keys() | others.keys())
        if name not in apart and mine.get(name) != others.get(name)
    )


def _escaped(shown: Iterable[CheckedProse], facts: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    for prose in shown:
        for sentence in prose.sentences:
            if sentence.author != "model":
                continue
            if unknown := [name for name in sentence.facts if name not in facts]:
                yield f"{sentence.text!r} names {', '.join(unknown)}, which nobody was told"
                continue
            results = any(facts[name]["kind"] in _RESULTS for name in sentence.facts)
            for escape in escapes(sentence.text, sentence.facts, facts, sentence.section):
                if results or not _DOUBT.fullmatch(escape):
                    yield f"{sentence.text!r}: {escape}"


def _leaked(travelled: Travelled, shown: Iterable[CheckedProse]) -> Iterable[str]:
    """Statements kept back that stand in an answer, or on the readout's page before its appendix."""
    answers = " ".join(reply.text for reply in travelled.replies if isinstance(reply, Reply))
    page = _before_appendix(travelled.page)
    for prose in shown:
        passed = {sentence.text for sentence in prose.sentences}
        for blocked in prose.blocked:
            text = blocked.statement.text.strip()
            # One or two words stand on every page, whoever wrote them.
            if len(text.split()) > 2 and text not in passed and (text in answers or text in page):
                yield text


def _before_appendix(page: str) -> str:
    return re.split(r"^#+ .*(?:kept back|appendix).*$", page, maxsplit=1, flags=re.MULTILINE | re.IGNORECASE)[0]
