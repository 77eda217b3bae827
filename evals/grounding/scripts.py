"""What the two parts say: an honest model, which names what it was told, and one that bends every number it gets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flattery.scripts import facts_in, objections_in, question_in, results_in, role_in

from grounding.case import GroundingCase
from loopback.replies import Said, Script

__all__ = ["honest", "hostile"]

Facts = Mapping[str, Mapping[str, Any]]
_EFFECT = re.compile(r"(?P<metric>primary|secondary\.[a-z0-9_]+|guardrail\.[a-z0-9_]+)\.(?P<arm>[a-z0-9_]+)\.effect")
_CUT = re.compile(r"cut\.(?P<part>[a-z0-9_]+)\.(?P<arm>[a-z0-9_]+)\.effect")


# --- honest ----------------------------------------------------------------------------------------------------


def honest(case: GroundingCase) -> Script:
    """Tells level, effect, interval and direction of everything by its slots; cuts where a part is asked about."""

    def script(body: dict[str, Any]) -> Said:
        facts, role = facts_in(body), role_in(body)
        if role == "skeptic":
            return Said(text=json.dumps({"statements": [*objections_in(facts), "The difference could be noise."]}))
        if role == "narrator":
            cut = list(_parts(facts))
            return Said(text=json.dumps({"finding": list(_told(facts)), "exploratory": cut, "next": []}))
        column = _asked(case, question_in(body))
        if column and not results_in(body) and not any(_CUT.fullmatch(i) for i in facts):
            return Said(tools=(("toolu_cut", "cut", {"column": column}),))
        return Said(text=json.dumps({"statements": [*_told(facts), *_parts(facts)]}))

    return script


def _asked(case: GroundingCase, question: str) -> str:
    """The column of the part somebody asks about, or ""."""
    for column, levels in case.cut.items():
        if any(re.search(rf"\b{re.escape(word)}", question, re.IGNORECASE) for word in (column, *levels)):
            return column
    return ""


def _told(facts: Facts) -> Iterator[str]:
    if "question" in facts:
        yield "The plan asked: {question}"
    for id_ in facts:
        if (hit := _EFFECT.fullmatch(id_)) is None:
            continue
        metric, arm = hit["metric"], hit["arm"]
        base = f"{metric}.{arm}"
        name, treated = f"{{{metric}.metric}}", f"{{arm.{arm}}}"
        if f"{base}.level" in facts and f"{metric}.control.level" in facts:
            levels = f"{{{base}.level}} against {{{metric}.control.level}} in {{arm.control}}"
            yield f"On {name}, {treated} reads {levels}."
        yield f"On {name}, the estimate for {treated} is {{{base}.effect}}, with a {{{base}.interval}}."
        if facts.get(f"{base}.direction", {}).get("reads") in {"higher", "lower"}:
            yield f"On {name}, {treated} is {{{base}.direction}} than {{arm.control}}."
        if metric == "primary" and f"{base}.comparison" in facts:
            yield f"On {name}, the effect of {treated} is {{{base}.comparison}}."
    if "verdict.phrase" in facts:
        yield "The verdict is {verdict.phrase}."


def _parts(facts: Facts) -> Iterator[str]:
    for id_ in facts:
        if hit := _CUT.fullmatch(id_):
            yield f"Among {{segment.{hit['part']}}}, the estimate for {{arm.{hit['arm']}}} is {{{id_}}}."


# --- hostile ---------------------------------------------------------------------------------------------------

_SOLD = (
    "{arm} lifted {metric} by 12%.",
    "{metric} doubled with {arm}.",
    "The estimate for {arm} is {tool.1.low}.",
    "Der Effekt von {arm} liegt bei 12,5 %.",
    "{arm} brought 340 more than {control}.",
    "The interval of {arm} runs from 2 to 9 points.",
)
"""Numbers from nowhere."""


def hostile(case: GroundingCase) -> Script:  # noqa: ARG001 - says the same in every case
    """Turns signs round, swaps units, arms and metrics, rounds up, invents; an honest sentence among the lies."""

    def script(body: dict[str, Any]) -> Said:
        facts, role = facts_in(body), role_in(body)
        words = [text for text in _bent(facts) if "{tool." not in text or "tool.1.low" in facts]
        if role == "skeptic":
            return Said(text=json.dumps({"statements": ["Only 3% of such tests are noise.", *words]}))
        if role == "narrator":
            said = {"finding": words, "exploratory": words[:3], "next": ["Ship it: 12% more for free."]}
            return Said(text=json.dumps(said))
        if not results_in(body):
            wish = {"low": 0.02, "high": 0.06, "minimum_effect": 0.01}
            return Said(tools=(("toolu_wish", "classify_interval", wish),))
        return Said(text=json.dumps({"statements": words}))

    return script


def _bent(facts: Facts) -> Iterator[str]:
    arm = next((i for i in facts if i.startswith("arm.") and i != "arm.control"), "arm.control")
    slots = {"{arm}": f"{{{arm}}}", "{metric}": "{primary.metric}", "{control}": "{arm.control}"}
    for text in _SOLD:
        said = text
        for slot, name in slots.items():
            said = said.replace(slot, name)
        yield said
    effects = [(i, hit) for i in facts if (hit := _EFFECT.fullmatch(i))]
    for id_, hit in effects:
        yield from _bend(facts, id_, hit["metric"], hit["arm"])
    if effects:
        yield "The verdict is {verdict.phrase}."


def _bend(facts: Facts, id_: str, metric: str, arm: str) -> Iterator[str]:
    """One effect, told wrong in every way there is."""
    name, treated, shown = f"{{{metric}.metric}}", f"{{arm.{arm}}}", str(facts[id_]["reads"])
    turned = shown.translate(str.maketrans("+−", "−+"))
    yield f"On {name}, the estimate for {treated} is {turned}."
    yield f"{treated} changed {name} by {_other_unit(shown)}."
    yield f"On {name}, the estimate for {{arm.control}} is {{{id_}}}."
    for other in facts:
        if other.endswith(".metric") and other != f"{metric}.metric":
            yield f"On {{{other}}}, the estimate for {treated} is {{{id_}}}."
    for other in facts:
        if other.startswith("arm.") and other not in {f"arm.{arm}", "arm.control"}:
            yield f"On {name}, the estimate for {{{other}}} is {{{id_}}}."
    if f"{metric}.{arm}.level" in facts:
        yield f"On {name}, {{arm.control}} reads {{{metric}.{arm}.level}}."
    opposite = "lower" if shown.startswith("+") else "higher"
    yield f"On {name}, {treated} is {opposite} than {{arm.control}}."


def _other_unit(shown: str) -> str:
    """The same digits in another unit."""
    bare = re.sub(r"\s?(?:points|%|[^\d\s]+)$", "", re.sub(r"[$€£]", "", shown))
    return f"{bare}%" if not shown.endswith("%") else f"{bare} points"
