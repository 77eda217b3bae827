"""Five answers and a channel's template -> a whole plan, sized where the answers allow it. Pure: nothing is written."""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.planning.design import design_of
from copilot_tools.stats.planning.detectable import DetectableEffect, minimum_detectable_effect
from copilot_tools.stats.planning.outcomes import Mean, Outcome, Proportion
from copilot_tools.stats.planning.runtime import runtime
from copilot_tools.stats.planning.size import SampleSize, sample_size
from copilot_tools.stats.sequential.registered import design_of_looks
from copilot_tools.stats.spec import AnalysisSpec, Arm, Dialect, Effect, Looks, Metric
from copilot_tools.validation import refusals_of
from expcopilot.flow.steps.check_plan import Question, check_plan
from expcopilot.records.plan import MOST, Design, Hypothesis, Plan

__all__ = ["CHANNELS", "Answers", "AskedQuestion", "Channel", "Drafted", "GuardrailAnswer", "channel", "draft_plan"]
__all__ += ["inflation_of", "name_of", "outcome_of", "questions"]

CHANNELS = ("landing-page", "email", "push", "ad", "other")

_WEEKS_A_MONTH = 365.25 / 12 / 7


class Channel(Frozen):
    """What an experiment in one channel usually looks like: suggestions, never more.

    Attributes:
        label: What people call it.
        people: What its units are called, in the plural.
        unit: Usual name of the column that identifies a unit.
        arm_column: Usual name of the arm's column.
        window_days: Days after exposure that usually count.
        fixed_list: The units are a list, not a stream.
        metric: A metric often decided by.
        example_change: An example.
        example_because: An example.
        guardrail: An example, as typed.
        north_star: How its metric usually serves the company.
        note: What goes wrong most often here.
    """

    label: str
    people: str
    unit: str
    arm_column: str
    window_days: float
    fixed_list: bool = False
    metric: str
    example_change: str
    example_because: str
    guardrail: str
    north_star: str
    note: str


class AskedQuestion(Frozen):
    """One question as it is put to a person.

    Attributes:
        field: The answer's name.
        title: A heading above it, or "".
        ask: The question.
        example: An answer as it might be typed.
        explain: What the term means, one line.
        doubt: What to ask back, once, when the answer is vague; "" when it cannot be.
    """

    field: str
    title: str
    ask: str
    example: str
    explain: str
    doubt: str


class GuardrailAnswer(Frozen):
    """What must not get worse.

    Attributes:
        name: The metric's name.
        kind: A share of units, or a number a unit.
        margin: How much worse is tolerated.
        direction: Which way is better.
    """

    name: Annotated[str, Field(min_length=1)]
    kind: Literal["proportion", "mean"]
    margin: Effect
    direction: Literal["increase", "decrease"]


class Answers(Frozen):
    """What a person answered.

    Attributes:
        channel: Where the experiment runs.
        name: Short name; made from ``change`` when not given.
        change: What changes.
        audience: For whom.
        because: Why it should work.
        metric: Name of the number that decides.
        kind: A share of units, or a number a unit.
        direction: Which way is better.
        matters: Smallest change that would matter.
        guardrails: What must not get worse.
        baseline: The number's level today (a share for a proportion), where known.
        sd: Standard deviation of one unit's value, for a number a unit.
        traffic_per_week: Units a week that can enter the test, over all arms.
        list_size: Units on a fixed list.
        start: First day of exposure.
        currency: ISO 4217 code of money, or "".
        falsifier: What result would prove it wrong; made from ``matters`` when not given.
        north_star: How the number serves the company; the channel's usual words when not given.
        looks: Shares of the units at which to look at the outcomes before the end; none for one look, at the end.
    """

    channel: Literal["landing-page", "email", "push", "ad", "other"] = "other"
    name: str = ""
    change: Annotated[str, Field(min_length=1)]
    audience: Annotated[str, Field(min_length=1)]
    because: Annotated[str, Field(min_length=1)]
    metric: Annotated[str, Field(min_length=1)]
    kind: Literal["proportion", "mean"] = "proportion"
    direction: Literal["increase", "decrease"] = "increase"
    matters: Effect
    guardrails: tuple[GuardrailAnswer, ...] = ()
    baseline: float | None = None
    sd: Annotated[float, Field(gt=0)] | None = None
    traffic_per_week: Annotated[float, Field(gt=0, le=MOST / 10)] | None = None
    list_size: Annotated[int, Field(ge=4, le=MOST)] | None = None
    start: dt.date | None = None
    currency: str = ""
    falsifier: str = ""
    north_star: str = ""
    looks: tuple[float, ...] = ()


class Drafted(Frozen):
    """A plan made from answers.

    Attributes:
        plan: The plan.
        size: How many units it needs, where baseline and spread are known; what a fixed list would need, too.
        detectable: The smallest effect a fixed list can show.
        unsized: Why there is no size, or "".
        looking: What the registered looks cost, or "".
        warning: What speaks against running it like this, or "".
        open: What the plan leaves open.
        note: What goes wrong most often in this channel.
    """

    plan: Plan
    size: SampleSize | None = None
    detectable: DetectableEffect | None = None
    unsized: str = ""
    looking: str = ""
    warning: str = ""
    open: tuple[Question, ...] = ()
    note: str = ""


@functools.cache
def _data(file: str) -> Any:
    from ruamel.yaml import YAML  # noqa: PLC0415 - 0.1 s that most commands do not need

    return YAML(typ="safe", pure=True).load(files("expcopilot.flow.steps").joinpath(file).read_text(encoding="utf-8"))


def channel(name: str) -> Channel:
    """The template of a channel.

    Raises:
        Refused: There is none of this name.

    Example:
        >>> channel("email").people
        'customers'
    """
    if name not in CHANNELS:
        raise Refused.because(
            "plan.unknown_channel",
            f"There is no channel {name!r}.",
            f"Choose one of {', '.join(CHANNELS)}.",
            name="channel",
            value=name,
        )
    return Channel.model_validate(_data("channels.yaml")[name])


def questions(of: Channel, *, metric: str = "") -> tuple[AskedQuestion, ...]:
    """The five questions and those that size the test, in the words of a channel."""
    words = {**of.model_dump(), "metric_name": metric or "it"}
    return tuple(
        AskedQuestion(**{key: text.format(**words) for key, text in question.items()})
        for question in _data("questions.yaml")
    )


def name_of(change: str, fallback: str = "experiment") -> str:
    """A short name for an experiment from what changes.

    Example:
        >>> name_of("The headline names the price, not the brand!")
        'the-headline-names-the-price-not-the'
    """
    words = re.findall(r"[a-z0-9]+", change.lower())
    name = ""
    for word in words:
        if len(name) + len(word) > 39:
            break
        name = f"{name}-{word}" if name else word
    return name or f"{fallback}-test"


def draft_plan(answers: Answers) -> Drafted:
    """Make the plan.

    Raises:
        Refused: The answers contradict each other; every problem together.
    """
    template = channel(answers.channel)
    try:
        spec = _analysis(answers, template)
        plan = Plan(
            experiment=answers.name or name_of(answers.change, answers.channel),
            question=_question(answers),
            hypothesis=Hypothesis(
                change=answers.change,
                audience=answers.audience,
                because=answers.because,
                falsifier=answers.falsifier or _falsifier(answers),
            ),
            north_star=answers.north_star or template.north_star,
            design=Design(first_exposure=answers.start),
            analysis=spec,
        )
    except ValidationError as error:
        raise Refused(*refusals_of(error)) from None
    outcome = outcome_of(answers)
    sized, detectable, unsized = None, None, ""
    if isinstance(outcome, Refusal):
        unsized = str(outcome)
    else:
        design = design_of(spec)
        sized = sample_size(
            outcome,
            answers.matters,
            power=spec.power,
            direction=answers.direction,
            design=design,
            units_per_week=answers.traffic_per_week,
        )
        if answers.list_size is not None:
            # With looks a list of this size shows what a shorter one shows with one look.
            detectable = minimum_detectable_effect(
                outcome,
                max(math.floor(answers.list_size / inflation_of(spec)), 4),
                power=spec.power,
                direction=answers.direction,
                design=design,
            )
    plan = plan.model_copy(update={"design": _design(answers, sized, inflation_of(spec))})
    return Drafted(
        plan=plan,
        size=sized,
        detectable=detectable,
        unsized=unsized,
        looking=_looking(spec, sized, plan.design),
        warning=_short_list(answers, sized, inflation_of(spec)),
        open=check_plan(plan),
        note=template.note.strip(),
    )


def inflation_of(spec: AnalysisSpec) -> float:
    """How many times the units of a test with one look this one needs."""
    return 1.0 if spec.looks is None else design_of_looks(spec).inflation


def _inflated(size: SampleSize, inflation: float) -> int:
    return sum(math.ceil(n * inflation - 1e-9) for n in size.per_arm)


def _looking(spec: AnalysisSpec, size: SampleSize | None, design: Design) -> str:
    """What looking early costs, said where the size is said."""
    if spec.looks is None:
        return ""
    shares = ", ".join(f"{share * 100:.4g}%" for share in spec.looks.shares)
    costs = f"Looking early at {shares} of the units"
    if size is None or design.committed_units is None:
        return f"{costs} takes {(inflation_of(spec) - 1) * 100:.1f}% more units for the same power."
    if design.committed_units == _inflated(size, inflation_of(spec)):
        return (
            f"{costs} takes {(inflation_of(spec) - 1) * 100:.1f}% more units for the same power: the plan commits to "
            f"{design.committed_units:,} instead of {size.total:,}, and may stop before."
        )
    return f"{costs} takes as much power as a list {(1 - 1 / inflation_of(spec)) * 100:.1f}% shorter."


def _short_list(answers: Answers, size: SampleSize | None, inflation: float) -> str:
    """A list too short for what matters is better known before than after."""
    if size is None or answers.list_size is None or answers.list_size >= _inflated(size, inflation):
        return ""
    return (
        f"The list of {answers.list_size:,} is shorter than the {_inflated(size, inflation):,} units that a change of "
        f"{_words(answers)} takes: a change that just matters would often be missed. Take a longer list, a larger "
        "change, or a metric that varies less."
    )


def _analysis(answers: Answers, template: Channel) -> AnalysisSpec:
    primary = Metric(
        name=answers.metric,
        role="primary",
        kind=answers.kind,
        column=_column(answers.metric),
        direction=answers.direction,
        window_days=template.window_days,
    )
    guardrails = tuple(
        Metric(
            name=g.name,
            role="guardrail",
            kind=g.kind,
            column=_column(g.name),
            direction=g.direction,
            margin=g.margin,
            window_days=template.window_days,
        )
        for g in answers.guardrails
    )
    return AnalysisSpec(
        unit=template.unit,
        arm_column=template.arm_column,
        arms=(Arm(name="control"), Arm(name="treatment")),
        control="control",
        metrics=(primary, *guardrails),
        minimum_effect=answers.matters,
        dialect=Dialect(currency=answers.currency or None),
        looks=Looks(shares=answers.looks) if answers.looks else None,
    )


def _column(name: str) -> str:
    """A likely column name: the metric's name in lower case, words joined by underscores."""
    return re.sub(r"\W+", "_", name.lower()).strip("_") or name


def _question(answers: Answers) -> str:
    verb = "raise" if answers.direction == "increase" else "lower"
    change = answers.change.strip().rstrip(".!?")
    return f"{change}: does that {verb} {answers.metric} by at least {_words(answers)}?"


def _falsifier(answers: Answers) -> str:
    verb = "rise" if answers.direction == "increase" else "fall"
    return f"The whole interval lies below what matters: {answers.metric} does not {verb} by {_words(answers)}."


def _words(answers: Answers) -> str:
    size = answers.matters.size * 100
    if answers.matters.scale == "relative":
        return f"{size:.4g}%"
    return f"{size:.4g} percentage points" if answers.kind == "proportion" else f"{answers.matters.size:.4g}"


def outcome_of(answers: Answers) -> Outcome | Refusal:
    """What sizing needs to know of the metric, or what is missing for it."""
    missing = []
    needs_level = answers.kind == "proportion" or answers.matters.scale == "relative"
    if answers.baseline is None and needs_level:
        missing.append(f"the level of {answers.metric} today")
    if answers.kind == "mean" and answers.sd is None:
        missing.append("the standard deviation of one unit's value")
    if missing:
        return Refusal(
            code="plan.unsized",
            reason=f"The size cannot be computed without {' and '.join(missing)}.",
            cure="Look it up, then run `expcopilot size` and write the size into the plan as design.committed_units.",
        )
    try:
        if answers.kind == "mean" and answers.sd is not None:
            return Mean(baseline=answers.baseline, sd=answers.sd)
        return Proportion.model_validate({"baseline": answers.baseline})
    except ValidationError as error:
        raise Refused(*refusals_of(error)) from None


def _design(answers: Answers, size: SampleSize | None, inflation: float) -> Design:
    """The committed end: the whole list, or the size (with what looking early costs) and whole weeks of traffic."""
    if answers.list_size is not None:
        return Design(committed_units=answers.list_size, first_exposure=answers.start)
    traffic = answers.traffic_per_week
    units = None if size is None else _inflated(size, inflation)
    days = None if units is None or traffic is None else runtime(units, traffic).days
    return Design(
        committed_units=units,
        committed_days=days,
        first_exposure=answers.start,
        traffic_per_month=None if traffic is None else round(traffic * _WEEKS_A_MONTH),
    )
