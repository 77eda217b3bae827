"""Records: one canonical form, a chain that shows changes, an experiment that is the fold of its entries."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import json
import math
import pkgutil

import pytest

import expcopilot.records
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import ArmResult, Comparison, Estimate, Interval, Objection, Slice
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.decision import ArmVerdict, Verdict
from copilot_tools.stats.evidence import Evidence, Extreme, MetricCell, Missing, Quality, SourceInfo, UnitCell
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.reading import Guardrail, Reading, TrajectoryPoint
from copilot_tools.stats.spec import AnalysisSpec, Arm, Cap, Effect, Exposure, Metric, Segment
from copilot_tools.stats.verdict_table import Row
from copilot_tools.wording.claims.marks import Claim, Sentence
from expcopilot.records.answer import Answered, ToolCall, Usage
from expcopilot.records.copy import (
    Brief,
    ClaimState,
    FieldMarks,
    FieldText,
    Review,
    Variant,
    VariantApproval,
    Waiver,
)
from expcopilot.records.copy import Evidence as Quoted
from expcopilot.records.copybook import Checked, Drafted, Exported, NearDuplicate, Reviewed, Sourced, place_of
from expcopilot.records.digest import canonical, digest
from expcopilot.records.entry import GENESIS, Draft, Entry
from expcopilot.records.events import (
    Amendment,
    Closing,
    ReadoutMade,
    RefusedCommand,
    Registration,
    Said,
    Survey,
    Written,
)
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.fact import Fact
from expcopilot.records.gate import Decision, Proposal
from expcopilot.records.look import Look
from expcopilot.records.plan import Attestation, Design, Hypothesis, Plan
from expcopilot.records.prose import Blocked, CheckedProse, CheckedSentence, Statement
from expcopilot.records.readout import ChangeLine, LookLine, Readout
from expcopilot.records.verification import Verification

DAY = dt.date(2026, 2, 3)
REFUSAL = Refusal(code="data.too_few_units", reason="Too few.", cure="Wait.", name="n", value=1)

SPEC = AnalysisSpec(
    unit="user",
    arm_column="arm",
    arms=(Arm(name="control", weight=2), Arm(name="no", label="Nein 🎉")),
    control="control",
    metrics=(
        Metric(name="signup", role="primary", kind="proportion", column="signed_up"),
        Metric(
            name="spend",
            role="guardrail",
            kind="mean",
            column="spend",
            margin=Effect(size=0.1, scale="relative"),
            covariate="history",
            cap=Cap(quantile=0.999),
        ),
    ),
    minimum_effect=Effect(size=0.01, scale="absolute"),
    segments=(Segment(column="country", predicted="stronger abroad"),),
    exposure=Exposure(column="page", expected={"control": "old"}),
    sides=1,
)

PLAN = Plan(
    experiment="cta-2026",
    question="Does the new button bring more sign-ups?",
    hypothesis=Hypothesis(change="a button", audience="visitors", because="it is seen", falsifier="no rise"),
    design=Design(committed_units=2_000, committed_days=14.5, first_exposure=DAY),
    analysis=SPEC,
    attested=Attestation(where="the wiki", when=DAY, by="Grace"),
)

ESTIMATE = Estimate(
    value=0.1 + 0.2,
    standard_error=1e-17,
    interval=Interval(low=-0.25, high=math.inf, level=0.95),
    p_value=None,
    statistic=-3.164,
    scale="relative",
    method="score",
)

COMPARISON = Comparison(
    metric="signup",
    slice=Slice(dimension="country", level="Österreich"),
    control=ArmResult(arm="control", n=1_000, value=0.1, standard_error=0.01),
    treatment=ArmResult(arm="no", n=500, value=0.12, standard_error=0.01),
    absolute=ESTIMATE,
    relative=REFUSAL,
)

EVIDENCE = Evidence(
    source=SourceInfo(kind="rows", name="a.csv", digest="0" * 64, columns={"user": "VARCHAR"}, sketch=(1, 2**63 - 1)),
    units=(UnitCell(arm="control", units=1_000), UnitCell(arm="no", units=500)),
    cells=(MetricCell(metric="signup", arm="no", moments=Moments.of([[0.1], [0.7]])),),
    quality=Quality(rows=1_500, missing=(Missing(metric="spend", arm="no", missing=3, units=500),)),
    extremes=(Extreme(metric="spend", arm="no", largest=((9.5, 1.0), (2.0, 0.0))),),
    days=(DAY, DAY),
)

VERDICT = Verdict(
    row=Row.INCONCLUSIVE,
    phrase="inconclusive",
    sentence="Because.",
    arms=(ArmVerdict(arm="no", row=Row.INCONCLUSIVE, phrase="inconclusive", sentence="Because."),),
)


def look(number: int, *, outcomes: bool) -> Look:
    guardrail = Guardrail(
        metric="spend",
        arm="no",
        margin=0.1,
        scale="relative",
        effect=REFUSAL,
        always_valid=Interval(low=-math.inf, high=0.2, level=0.95),
        alarm=False,
        safe=False,
    )
    point = TrajectoryPoint(day=DAY.isoformat(), arm="no", units=9, effect=ESTIMATE)
    return Look(
        number=number,
        kind="outcome" if outcomes else "blinded",
        spec=SPEC,
        plan_digest=PLAN.digest,
        evidence=EVIDENCE,
        circumstances=Circumstances(committed_units=2_000, outcome_looks=(1_500,)),
        reading=Reading(
            comparisons=(COMPARISON,) if outcomes else (), guardrails=(guardrail,), trajectory=(point,) * outcomes
        ),
        objections=(Objection(id="looks", title="Looks", severity="none", value=0.05, unit="risk", sentence="One."),),
        verdict=VERDICT,
    )


EVENTS: dict[str, Frozen] = {
    "registered": Registration(plan=PLAN, digest=PLAN.digest),
    "amended": Amendment(
        plan=PLAN.model_copy(update={"notes": "longer"}),
        digest="1" * 64,
        reason="a holiday",
        changed=("notes",),
        after_outcomes=False,
    ),
    "looked": look(1, outcomes=True),
    "closed": Closing(early=True, reason="budget"),
    "readout": ReadoutMade(look=1, digest="2" * 64, files=("cta.html",)),
    "refused": RefusedCommand(command="analyze", refusals=(REFUSAL,)),
    "surveyed": Survey(source="many.csv", digest="3" * 64, by="test", tests=9, metric="clicks"),
}


def chain(*events: tuple[str, Frozen], experiment: str = "cta-2026") -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for position, (kind, record) in enumerate(events, start=1):
        draft = Draft(experiment=experiment, kind=kind, actor="Ada", payload=record.to_json(), key=f"key-{position}")
        previous = entries[-1].digest if entries else GENESIS
        time = f"2026-02-03T00:00:{position:02}.000000Z"
        entries.append(Entry.chained(draft, position=position, time=time, previous=previous))
    return tuple(entries)


ENTRIES = chain(*EVENTS.items())
LINE = {"time": "2026-02-03T00:00:00.000000Z", "actor": "Ada"}
STATEMENT = Statement(text="The estimate is {primary.b.effect}.", section="finding")
SENTENCE = CheckedSentence(text="It is +1%.", section="finding", facts=("primary.b.effect",), author="model")
BLOCKED = Blocked(statement=STATEMENT, reasons=("A digit stands outside a slot.",))
BRIEF = Brief(id="mail", channel="email", change="a question", audience="readers", because="questions are opened")
VARIANT = Variant(
    id="v1",
    brief="mail",
    channel="email",
    mechanism="curiosity",
    fields=(FieldText(name="subject", text="Save 41.3% – nur heute"),),
    author="person",
)
CLAIM = Claim(start=0, end=10, kind="price", words=("Save", "41.3%"), why="It names a saving.")
WAIVER = Waiver(by="Ada", reason="It is our price list.", at=LINE["time"])
QUOTED = Quoted(source="prices", digest="1" * 64, quotation="41.3%", start=4, end=9, expires="2027-01-01")
MARKED = FieldMarks(
    name="subject",
    sentences=(Sentence(start=0, end=22, mark="claim"),),
    claims=(ClaimState(claim=CLAIM, status="waived", waiver=WAIVER, evidence=QUOTED),),
    ticked=((0, WAIVER),),
)
NEAR = NearDuplicate(variant=VARIANT, near="control", distance=0.1, why="They share most words.")
PLACE = place_of(VARIANT, "subject", 0, 10, "price")
SAMPLES: tuple[Frozen, ...] = (
    BRIEF,
    VARIANT,
    *VARIANT.fields,
    WAIVER,
    QUOTED,
    MARKED,
    *MARKED.claims,
    Review(variant=VARIANT, digest=VARIANT.digest, marks=(MARKED,), findings=(("subject", "warning", "Long."),)),
    VariantApproval(variant="v1", brief="mail", digest="1" * 64, action="approve", by="Ada", at=LINE["time"]),
    NEAR,
    Reviewed(brief=BRIEF, reviews=(), refused=(NEAR,), notes=("One of two.",)),
    Drafted(brief=BRIEF, variants=(VARIANT,), refused=(NEAR,)),
    Checked(brief="mail", variant="v1", digest=VARIANT.digest, added=(("subject", CLAIM),)),
    PLACE,
    Sourced(place=PLACE, source="prices", quotation="41.3%", by="Ada"),
    Exported(brief="mail", format="csv", variants=(("v1", VARIANT.digest),), files=(("mail.csv", "2" * 64),)),
    Fact(id="primary.b.effect", kind="effect", text="+1%", value=0.01, unit="relative", metric="orders", arm="b"),
    Said(turn="t1", speaker="person", text="How long must it run?"),
    Answered(
        request="0" * 64,
        role="narrator",
        prompt="narrator/v1",
        prompt_digest="1" * 64,
        model="scripted",
        text="{}",
        stop="end",
        usage=Usage(input_tokens=10, output_tokens=2),
        tool_calls=(ToolCall(id="1", name="power", input={"n": 10}),),
    ),
    ToolCall(id="1", name="power", input={"n": 10}),
    Usage(input_tokens=10),
    Proposal(gate="plan", question="Freeze this plan?", content={"a": 1}, author="person"),
    Decision(gate="plan", digest="2" * 64, action="approve"),
    STATEMENT,
    SENTENCE,
    BLOCKED,
    CheckedProse(role="narrator", sentences=(SENTENCE,), blocked=(BLOCKED,)),
    Written(look=1, prose=(CheckedProse(role="narrator", sentences=(SENTENCE,), blocked=(BLOCKED,)),)),
    *EVENTS.values(),
    look(2, outcomes=False),
    PLAN,
    PLAN.hypothesis,
    PLAN.design,
    PLAN.attested,
    Draft(experiment="", kind="refused", actor="Ada", payload={"a": [1, None, "ü"]}, key="k"),
    ENTRIES[0],
    Experiment.fold("cta-2026", ENTRIES),
    Stamped[Closing](position=1, record=EVENTS["closed"], **LINE),
    LookLine(number=1, kind="outcome", units=1_500, verdict="inconclusive", **LINE),
    ChangeLine(what="registered", digest=PLAN.digest, **LINE),
    Readout(
        experiment="cta-2026",
        question=PLAN.question,
        plan=PLAN,
        look=look(1, outcomes=True),
        looked_at=LINE["time"],
        looked_by="Ada",
        looks=(LookLine(number=1, kind="outcome", units=1_500, verdict="inconclusive", **LINE),),
        changes=(ChangeLine(what="registered", digest=PLAN.digest, **LINE),),
        ledger_head="4" * 64,
        ledger_position=7,
        recompute=("expcopilot verify",),
    ),
    Verification(entries=7, head="5" * 64, looks=1, sources=1, readouts=1, faults=("One.",)),
)


def every_record() -> set[type[Frozen]]:
    modules = [
        importlib.import_module(m.name)
        for m in pkgutil.iter_modules(expcopilot.records.__path__, "expcopilot.records.")
    ]
    return {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Frozen) and kind.__module__ == module.__name__
    }


def test_every_record_has_a_sample():
    """No record escapes the round trip below."""
    covered = {kind for sample in SAMPLES for kind in type(sample).__mro__}
    assert every_record() - covered == set()


@pytest.mark.parametrize("record", SAMPLES, ids=lambda record: type(record).__name__)
def test_round_trip(record):
    """A record written as JSON text and read back is the same record, with the same digest."""
    text = canonical(record.to_json())
    again = type(record).model_validate(json.loads(text))
    assert again == record
    assert canonical(again.to_json()) == text


@pytest.mark.parametrize("record", SAMPLES, ids=lambda record: type(record).__name__)
def test_closed(record):
    """A record refuses keys it does not know, and does not change."""
    with pytest.raises(ValueError, match="Extra inputs"):
        type(record).model_validate({**record.to_json(), "surprise": 1})
    name = next(iter(type(record).model_fields))
    with pytest.raises(ValueError, match="frozen"):
        setattr(record, name, getattr(record, name))


def test_digest_is_over_content():
    """Order of keys does not count; every value does; the published SHA-256 of a known text is met."""
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert digest([1, 2]) != digest([2, 1])
    # Independently: printf "[]" | sha256sum.
    assert digest([]) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    assert canonical({"b": "ü", "a": 0.1}) == '{"a":0.1,"b":"ü"}'


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_canonical_has_no_nan(value):
    """What is no number has no canonical form."""
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": value})


def test_plan_digest_notices_every_field():
    """Whatever changes in a plan changes its digest."""
    changes = {
        "question": "Why?",
        "notes": "n",
        "north_star": "s",
        "attested": None,
        "analysis": SPEC.model_copy(update={"alpha": 0.01}),
        "design": Design(committed_units=2_001, committed_days=14.5, first_exposure=DAY),
    }
    digests = {PLAN.model_copy(update={name: value}).digest for name, value in changes.items()}
    assert len(digests | {PLAN.digest}) == len(changes) + 1
    assert Plan.model_validate(PLAN.to_json()).digest == PLAN.digest


def test_chain_intact():
    """Each entry fits its digest and names the one before."""
    assert all(entry.intact() for entry in ENTRIES)
    assert [entry.previous for entry in ENTRIES] == [GENESIS, *(entry.digest for entry in ENTRIES[:-1])]


@pytest.mark.parametrize(
    "change",
    [
        {"position": 9},
        {"experiment": "other"},
        {"kind": "amended"},
        {"time": "2020-01-01T00:00:00.000000Z"},
        {"actor": "Mallory"},
        {"payload": {}},
        {"key": "other"},
        {"previous": "f" * 64},
        {"digest": "f" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_altered_entry(change):
    """An entry altered in any field no longer fits its digest."""
    assert not ENTRIES[0].model_copy(update=change).intact()


def test_fold():
    """The fold keeps every record with its stamp, and reads the plan in force from the last amendment."""
    experiment = Experiment.fold("cta-2026", ENTRIES)
    assert experiment.registration is not None
    assert experiment.registration.record == EVENTS["registered"]
    assert [
        s.record for s in (*experiment.amendments, *experiment.looks, *experiment.readouts, *experiment.refused)
    ] == [EVENTS[kind] for kind in ("amended", "looked", "readout", "refused")]
    assert experiment.closing == Stamped[Closing](
        position=4, time=ENTRIES[3].time, actor="Ada", record=EVENTS["closed"]
    )
    assert experiment.plan == EVENTS["amended"].plan
    assert experiment.position == len(ENTRIES)


def test_fold_is_one_entry_after_another():
    """Folding all at once and going from entry to entry end in the same experiment."""
    state = Experiment(name="cta-2026")
    for entry in ENTRIES:
        if entry.experiment == "cta-2026":
            state = state.after(entry)
    assert state.looks
    assert Experiment.fold("cta-2026", ENTRIES) == state


def test_fold_takes_only_its_own():
    """Entries of other experiments do not reach the fold."""
    assert Experiment.fold("other", ENTRIES) == Experiment(name="other")
    assert Experiment.fold("other", ()).plan is None


def test_stage():
    """The stage follows what happened, and only outcomes make an experiment read."""
    steps = [
        ("refused", EVENTS["refused"]),
        ("registered", EVENTS["registered"]),
        ("looked", look(1, outcomes=False)),
        ("looked", look(2, outcomes=True)),
        ("closed", EVENTS["closed"]),
    ]
    stages = [Experiment.fold("cta-2026", chain(*steps[:n])).stage for n in range(len(steps) + 1)]
    assert stages == ["idea", "idea", "registered", "running", "read", "closed"]
    assert [s.record.number for s in Experiment.fold("cta-2026", chain(*steps)).outcome_looks] == [2]
