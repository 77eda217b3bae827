"""An experiment in which one text stands wherever a person, a file or a model can put one; harmless or hostile."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import partial

from pydantic import ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric, Segment
from expcopilot.api import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.moves import Move
from expcopilot.flow.steps.review import marks_of
from expcopilot.memory.adding_sources import add_source
from expcopilot.records.copy import Brief, FieldText, Variant
from expcopilot.records.plan import Attestation, Design, Hypothesis, Plan
from tests_plan import today

__all__ = ["Filled", "file_name", "fill"]


class Filled:
    """What of a text found a place, and what was refused.

    Attributes:
        name: The experiment.
        brief: Its brief's id, or "" where none could be made.
        done: Steps that took the text.
        refused: Steps that refused it, with the first reason: a refusal shows the text, too.
    """

    def __init__(self, name: str) -> None:
        self.name, self.brief = name, ""
        self.done: list[str] = []
        self.refused: dict[str, str] = {}

    def tries(self, step: str, act: Callable[[], object]) -> bool:
        """Take a step; a refusal is an answer, anything else a fault."""
        try:
            act()
        except Refused as refused:
            self.refused[step] = refused.refusals[0].reason
            return False
        except ValidationError as error:  # what a plan file says of it in words
            self.refused[step] = str(error)
            return False
        self.done.append(step)
        return True


def file_name(text: str, ending: str) -> str:
    """The text as far as a file's name can hold it."""
    bare = text.replace("/", "\u2215").replace("\x00", "").encode()[:120].decode(errors="ignore")
    return f"{bare or 'x'}{ending}"


def fill(copilot: Copilot, name: str, text: str, second: str = "", third: str = "", *, close: bool = True) -> Filled:
    """Take an experiment from idea to close with this text everywhere.

    Args:
        copilot: A workspace without a model.
        name: The experiment.
        text: Any text.
        second: Another, of the copy that stands today: copy that says the same is left out.
        third: Another, of a second variant.
        close: Close it at the end; a gate waits there otherwise, with the text in it.
    """
    made = Filled(name)
    answers = [{"field": f, "question": f"{text}?", "answer": text} for f in ("audience", "metric")]
    made.tries("say", lambda: copilot.say(name, "turn-1", "person", text))
    made.tries("idea", lambda: copilot.sharpen(name, text, model=None, answers=answers))
    made.tries("decide", lambda: copilot.decide(name, "approve", reason=text))
    if not made.tries("register", lambda: copilot.register(_plan(name, text))):
        copilot.register(_plan(name, "harmless"))
    planned = _plan(name, text if "register" in made.done else "harmless")
    data = copilot.workspace.folder / "data" / file_name(text, ".csv")
    data.parent.mkdir(exist_ok=True)
    data.write_text(_data(planned, text), encoding="utf-8", newline="")
    made.tries("early", lambda: copilot.analyze(name, lambda: open_data.rows(data), unblind=text))
    made.tries("cut", lambda: copilot.analyze(name, lambda: open_data.rows(data), cuts=(f"s {text}",)))
    if not copilot.experiment(name).looks:
        made.tries("look", lambda: copilot.analyze(name, open_data.rows(data)))  # refused with zero bytes in its names
    made.tries("readout", lambda: copilot.write_readout(name))
    made.tries("source", lambda: _source(copilot, name, text))
    _copy(copilot, made, text, second, third)
    if close:
        made.tries("close", lambda: copilot.close(name))
    else:
        changed = planned.model_copy(update={"question": f"{planned.question} Changed."})
        made.tries("amend", lambda: _propose_amendment(copilot, changed, text))
    return made


def _plan(name: str, text: str) -> Plan:
    long = f"{text} and enough words to say something"
    column = " ".join(text.split())
    analysis = AnalysisSpec(
        unit="id",
        arm_column="arm",
        arms=(Arm(name="control", label=f"{text} 1"), Arm(name=text or "b", label=f"{text} 2")),
        control="control",
        metrics=(
            Metric(name=text or "m", role="primary", kind="proportion", column=f"m {column}"),
            Metric(
                name=f"g {text}",
                role="guardrail",
                kind="mean",
                column=f"g {column}",
                margin=Effect(size=5, scale="absolute"),
            ),
        ),
        minimum_effect=Effect(size=0.01, scale="absolute"),
        segments=(Segment(column=f"s {column}", predicted=text),),
    )
    return Plan(
        experiment=name,
        question=long,
        hypothesis=Hypothesis(change=long, audience=long, because=long, falsifier=long),
        north_star=long,
        design=Design(committed_units=400, traffic_per_month=4000, first_exposure=today(), flag=text),
        analysis=analysis,
        attested=Attestation(where=long, when=today(), by=text or "x"),
    )


def _data(plan: Plan, text: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    treatment = plan.analysis.arms[1].name
    columns = [metric.column for metric in plan.analysis.metrics]
    writer.writerow(["id", "arm", *columns, *(s.column for s in plan.analysis.segments)])
    for i in range(400):
        treated = i % 2 == 1
        won = int(i % 5 == 0 or (treated and i % 3 == 0))
        writer.writerow([f"{text}{i}", treatment if treated else "control", won, i % 7, text if i % 3 else "other"])
    return out.getvalue()


def _source(copilot: Copilot, name: str, text: str) -> None:
    file = copilot.workspace.folder / f"{name}-terms.txt"
    file.write_text(f"{text}\n41.3% of those who paused came back. {text}\n", encoding="utf-8")
    said = {"owner": " ".join(text.split()) or "x", "kind": "terms", "title": " ".join(text.split())[:150]}
    add_source(copilot.workspace.sources, file, said)


def _copy(copilot: Copilot, made: Filled, text: str, second: str, third: str) -> None:
    fields = ("title", "body")
    brief = Brief(
        id=f"{made.name} {text}"[:120],
        channel="push",
        change=text or "x",
        audience=text or "x",
        because=text or "x",
        notes=text,
        control=tuple(FieldText(name=f, text=f"Come back and save on every order today {second}") for f in fields),
        keep_away=(f"Nobody else ships vegetables so early {second}",),
        mechanisms=(text or "x",),
        experiment=made.name,
    )
    words = {
        "v1": (f"Pause whenever {text}", f"{text} In May 41.3% of those who paused returned by themselves."),
        "v2": ("Take a break", f"Put the box on hold; tap the calendar. {third}"),
        "v3": ("Take a break", f"Put the box on hold; tap the calendar! {third}"),  # left out: says the same
    }
    variants = [
        Variant(
            id=number,
            brief=brief.id,
            channel="push",
            mechanism=text or "x",
            fields=tuple(FieldText(name=f, text=t) for f, t in zip(fields, texts, strict=True)),
            author="person",
        )
        for number, texts in words.items()
    ]
    if not made.tries("variants", lambda: copilot.import_variants(brief, variants, model=None)):
        return
    made.brief = brief.id
    for review in copilot.copy(brief.id, experiment=made.name).reviews:
        who = (brief.id, review.variant.id)
        for mark in marks_of(review)[:2]:
            act = copilot.waive if mark.label.startswith("C") else copilot.tick
            said = {"reason": text, "experiment": made.name}
            made.tries("settle", partial(act, *who, mark.label, review.digest, **said))
        made.tries(
            "reject",
            partial(copilot.approve_variant, *who, review.digest, "reject", reason=text, experiment=made.name),
        )


def _propose_amendment(copilot: Copilot, plan: Plan, reason: str) -> None:
    with copilot.lifecycle(model=None) as moves:
        moves.move(plan.experiment, "turn-amend", Move.AMEND, {"plan": plan.to_json(), "reason": reason})
