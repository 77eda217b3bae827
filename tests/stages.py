"""A workspace with an experiment at every stage of its life, as a marketer would find it after some weeks."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric, Segment
from expcopilot.api import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.moves import Move
from expcopilot.flow.steps.review import marks_of
from expcopilot.memory import plan_files
from expcopilot.records.copy import Brief, FieldText, Variant
from expcopilot.records.plan import Attestation, Design, Hypothesis, Plan
from loopback.replies import Said
from speaking import honest
from tests_plan import today

__all__ = ["IDEA", "SOURCE", "VARIANTS", "orders_file", "says", "staged"]

IDEA = (
    "Our checkout form has nine fields. A form with three fields should bring more orders, because people tell us that "
    "the long form scares them away."
)
SOURCE = """\
Pause terms and May figures

Subscribers can pause for one, two or three months and are not charged while paused. In May, 41.3% of those who paused
came back on their own. Deliveries start again on the day the subscriber chose.
"""
VARIANTS = (
    ("ease", "Need a break?", "Put the box on hold. Tap the calendar and choose a day."),
    ("proof", "Over 40% come back", "In May, 41.3% of those who paused came back on their own."),
    ("curiosity", "Lentil stew or plum cake?", "Next week's menu is out. Look inside before you decide."),
)
_ROLES = {"hypothesis sharpener": "sharpener", "skeptic": "skeptic", "narrator": "narrator", "guide": "guide"}


def says(body: dict) -> Said:
    """An honest model, as a script of the loopback server: every role of the product."""
    system = " ".join(part["text"] for part in body["system"])
    first = body["messages"][0]["content"]
    told = first if isinstance(first, str) else " ".join(block.get("text", "") for block in first)
    if "Your role: the variant generator" in system:
        return Said(text=json.dumps({"variants": _drafted(" ".join(block.get("text", "") for block in _last(body)))}))
    if "Your role: the claim checker" in system:
        return Said(text=json.dumps({"added": []}))
    role = next(role for title, role in _ROLES.items() if f"Your role: the {title}" in system)
    if role == "sharpener":
        return Said(text=json.dumps(_SHARPENED))
    if role == "narrator":
        return Said(text=json.dumps(_narrated(told)))
    return Said(text=honest(role, told))


_SHARPENED = {
    "change": "A form with three fields",
    "because": "people tell us that the long form scares them away",
    "metric": "orders",
    "direction": "increase",
}


def _narrated(told: str) -> dict:
    """The finding in the names of the facts that there are."""
    arms = dict.fromkeys(re.findall(r'"primary\.([a-z0-9_]+)\.effect"', told))
    finding = [f"On {{primary.metric}}, the estimate for {{arm.{arm}}} is {{primary.{arm}.effect}}." for arm in arms]
    return {"finding": [*finding, "The verdict is {verdict.phrase}."], "exploratory": [], "next": []}


def _last(body: dict) -> list[dict]:
    said = body["messages"][-1]["content"]
    return [{"text": said}] if isinstance(said, str) else said


def _drafted(told: str) -> list[dict]:
    """The variants, under the mechanisms that were asked for."""
    listed = re.search(r"<mechanisms fence=.*?>\n(.*?)\n</mechanisms", told, re.DOTALL)
    names = [json.loads(line) for line in (listed[1] if listed else "").splitlines()]
    asked = re.search(r"Write (\d+) variant", told)
    begins = len(told) % len(VARIANTS) if asked and int(asked[1]) == 1 else 0
    return [
        {"mechanism": name, "fields": [{"name": "title", "text": title}, {"name": "body", "text": text}], "facts": []}
        for name, (_, title, text) in zip(names, (*VARIANTS[begins:], *VARIANTS[:begins]), strict=False)
    ][: int(asked[1]) if asked else None]


def orders_file(path: Path, *, units: int = 20_000, lift: float = 0.016, seed: int = 3, base: float = 0.08) -> Path:
    """Visitors, an arm each, whether they ordered, what they spent, and on which device."""
    chance = np.random.default_rng(seed)
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["visitor", "arm", "ordered", "minutes", "device"])
        for number in range(units):
            treated = number % 2
            ordered = int(chance.random() < base + lift * treated)
            device = "mobile" if chance.random() < 0.6 else "desktop"
            minutes = round(float(4 + chance.gamma(2, 1.5) - 0.2 * treated), 2)
            writer.writerow([f"{path.stem}-{number}", "short" if treated else "control", ordered, minutes, device])
    return path


def plan_of(name: str, question: str, change: str, *, units: int = 20_000, start: dt.date | None = None) -> Plan:
    """A plan for that file: orders decide, minutes in the checkout must not get worse."""
    return Plan(
        experiment=name,
        question=question,
        hypothesis=Hypothesis(
            change=change,
            audience="Everybody who opens the checkout",
            because="Interviews say that the long form scares people away",
            falsifier="Orders do not rise by at least one percentage point",
        ),
        north_star="Orders are what the shop lives on",
        design=Design(
            committed_units=units, first_exposure=start or today(), traffic_per_month=40_000, value_per_unit=32
        ),
        analysis=AnalysisSpec(
            unit="visitor",
            arm_column="arm",
            arms=(Arm(name="control", label="Nine fields"), Arm(name="short", label="Three fields")),
            control="control",
            metrics=(
                Metric(name="orders", role="primary", kind="proportion", column="ordered"),
                Metric(
                    name="minutes in the checkout",
                    role="guardrail",
                    kind="mean",
                    column="minutes",
                    direction="decrease",
                    margin=Effect(size=0.5, scale="absolute"),
                ),
            ),
            minimum_effect=Effect(size=0.01, scale="absolute"),
            segments=(Segment(column="device", predicted="More on phones, where typing costs most"),),
        ),
    )


def staged(copilot: Copilot) -> None:
    """Experiments from idea to learned, copy half settled, sources, and a gate that waits."""
    folder = copilot.workspace.folder
    _learned(copilot)
    _read(copilot, "short-form", orders_file(folder / "data" / "short-form.csv"), units=20_000)
    _read(copilot, "trust-badges", orders_file(folder / "data" / "trust-badges.csv", lift=0.002, seed=5), units=20_000)
    few = orders_file(folder / "data" / "delivery-date.csv", units=6_000, lift=0.01, seed=8)
    copilot.register(
        plan_of("delivery-date", "Does naming the delivery date bring more orders?", "The date stands above the button")
    )
    copilot.analyze("delivery-date", open_data.rows(few))
    copilot.register(
        plan_of(
            "guest-checkout", "Does checkout without an account bring more orders?", "Nobody has to open an account"
        )
    )
    _copy(copilot)
    plan = plan_of("progress-bar", "Does a progress bar bring more orders?", "A bar shows how far it is")
    plan_files.save(plan, copilot.workspace.plans / "progress-bar.yaml")
    _asks(copilot, "three-fields", f"/sharpen {IDEA}", Move.SHARPEN, {"idea": IDEA, "channel": "landing-page"})
    _asks(copilot, "progress-bar", "/register plans/progress-bar.yaml", Move.REGISTER, {"plan": plan.to_json()})


def _asks(copilot: Copilot, name: str, words: str, move: Move, given: dict[str, Any]) -> None:
    """A person's line, and the gate it comes to."""
    copilot.say(name, f"turn-{name}", "person", words)
    with copilot.lifecycle() as moves:
        moves.move(name, f"turn-{name}", move, given)


def _learned(copilot: Copilot) -> None:
    plan = plan_of(
        "free-returns", "Do free returns bring more orders?", "Returns cost nothing", start=dt.date(2026, 1, 8)
    )
    told = Attestation(where="the minutes of the growth meeting", when=dt.date(2026, 1, 5), by="Grace")
    copilot.register(plan.model_copy(update={"attested": told}))
    file = orders_file(copilot.workspace.folder / "data" / "free-returns.csv", lift=0.0, seed=11)
    copilot.analyze("free-returns", open_data.rows(file))
    copilot.write_readout("free-returns")
    copilot.close("free-returns")


def _read(copilot: Copilot, name: str, file: Path, *, units: int) -> None:
    asked = {
        "short-form": "Do three fields bring more orders than nine?",
        "trust-badges": "Do badges bring more orders?",
    }
    change = {"short-form": "The form asks for three fields", "trust-badges": "Badges stand beside the button"}
    copilot.register(plan_of(name, asked[name], change[name], units=units))
    copilot.analyze(name, open_data.rows(file))
    copilot.write_readout(name)


def _copy(copilot: Copilot) -> None:
    (copilot.workspace.sources / "pause-terms.md").write_text(
        f"---\nowner: Ada\nkind: terms\nexpires: 2099-01-01\n---\n{SOURCE}", encoding="utf-8"
    )
    brief = Brief(
        id="pause-push",
        channel="push",
        change="The message names the pause instead of the discount",
        audience="Subscribers who have not ordered for a month",
        because="Many subscribers only want a break",
        control=(FieldText(name="title", text="We miss you"), FieldText(name="body", text="Come back and save 20%.")),
        experiment="guest-checkout",
    )
    made = [
        Variant(
            id=f"v{number}",
            brief=brief.id,
            channel="push",
            mechanism=mechanism,
            fields=(FieldText(name="title", text=title), FieldText(name="body", text=text)),
            author="person",
        )
        for number, (mechanism, title, text) in enumerate(VARIANTS, 1)
    ]
    copilot.import_variants(brief, made)
    for review in copilot.copy(brief.id, experiment="guest-checkout").reviews:
        for mark in marks_of(review):
            if review.variant.id == "v2" and mark.label == "C1":
                said = {"reason": "The May figures, checked by Grace", "experiment": "guest-checkout"}
                copilot.waive(brief.id, "v2", mark.label, review.digest, **said)
