"""The reading of a group-sequential test at a look: continue or stop, and what the effect is once it has stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Bound, Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import Interval
from copilot_tools.stats import formats
from copilot_tools.tool import Tool
from copilot_tools.tools.questions import Direction
from copilot_tools.tools.sequential_design import DesignArguments, planned

if TYPE_CHECKING:
    from copilot_tools.stats.sequential.monitoring import Reading

__all__ = ["TOOLS"]


class SeenArguments(Frozen):
    """One look that was taken, on all data so far: z, or the estimate with its standard error."""

    information: Annotated[
        float, Field(gt=0, le=100, description="Units so far over units planned; above 1 where more came in.")
    ]
    z: Annotated[
        float | None, Field(ge=-1000, le=1000, description="Estimate over standard error, treatment minus control.")
    ] = None
    estimate: Annotated[float | None, Field(description="Treatment minus control, in the metric's unit.")] = None
    standard_error: Annotated[float | None, Field(gt=0, description="Of the estimate, in its unit.")] = None

    @model_validator(mode="after")
    def _one(self) -> SeenArguments:
        by_z = self.z is not None and self.estimate is None and self.standard_error is None
        by_estimate = self.z is None and self.estimate is not None and self.standard_error is not None
        if not by_z and not by_estimate:
            raise ValueError("give either z, or estimate together with standard_error")
        if by_estimate and abs(self.statistic) > 1000:
            raise ValueError(f"estimate over standard_error is {self.statistic:.3g}, beyond 1000")
        return self

    @property
    def statistic(self) -> float:
        """The z."""
        return self.z if self.z is not None else (self.estimate or 0.0) / (self.standard_error or 1.0)


class ReadingArguments(Frozen):
    """A design as it was registered, and all looks so far."""

    design: Annotated[DesignArguments, Field(description="As registered before the first unit entered.")]
    seen: Annotated[
        tuple[SeenArguments, ...], Field(min_length=1, max_length=200, description="All looks so far, in order.")
    ]
    final: Annotated[bool, Field(description="The present look is the last although units are short of the plan.")] = (
        False
    )
    direction: Direction = "increase"


class ReadLook(Frozen):
    """A look as it was to be judged at the information there was.

    Attributes:
        information: As given.
        z: As given.
        efficacy_z: How far z must go, in the desired direction (two-sided: in either), to stop; "inf" where it cannot.
        futility_z: Where z short of this stops for futility (two-sided: abs(z)); None where no rule applies.
        alpha_spent: Type I error used up by then.
        interval: Repeated interval, in the metric's unit: holds at all looks together.
    """

    information: float
    z: float
    efficacy_z: Bound
    futility_z: Bound | None
    alpha_spent: float
    interval: Interval


class SequentialReading(Frozen):
    """What the looks so far mean.

    Attributes:
        action: Continue, or stop and why.
        stopped_at: The look that stopped it, from 1; None while it goes on.
        overruled: Looks whose non-binding futility boundary was crossed and passed over.
        looks: Each look as it was to be judged.
        p_value: Of no effect after the stop, by stage-wise ordering; None while it goes on.
        estimate: Median-unbiased effect after the stop, in the metric's unit (of the stopping look's standard error
            where only z was given).
        plain_estimate: The unadjusted effect at the stop, biased by it.
        interval: Around ``estimate``, by stage-wise ordering.
        not_estimated: Why there is no estimate after this stop, or None.
        unit: "the metric's unit", or "standard errors of that look".
        sentence: In plain words.
        standing: What this is not.
    """

    action: Literal["continue", "stop: efficacy", "stop: opposite direction", "stop: futility", "end: no effect shown"]
    stopped_at: int | None
    overruled: tuple[int, ...]
    looks: tuple[ReadLook, ...]
    p_value: float | None
    estimate: float | None
    plain_estimate: float | None
    interval: Interval | None
    not_estimated: Refusal | None
    unit: str
    sentence: str
    standing: str = (
        "A reading of typed figures by a design that is taken to have been fixed beforehand, with looks whose timing "
        "did not follow the effects seen; a verdict takes a registered plan and its checks."
    )


def _read(a: ReadingArguments) -> SequentialReading:
    from copilot_tools.stats.sequential.monitoring import Estimated, SeenLook, read  # noqa: PLC0415 - scipy

    sign = 1 if a.direction == "increase" else -1
    seen = tuple(
        SeenLook(information=s.information, z=sign * s.statistic, standard_error=s.standard_error or 1.0)
        for s in a.seen
    )
    found = read(planned(a.design), seen, final=a.final)
    after = found.estimated if isinstance(found.estimated, Estimated) else None
    at = len(seen) if found.stopped_at is None else found.stopped_at
    unit = "standard errors of that look" if a.seen[at - 1].standard_error is None else "the metric's unit"
    return SequentialReading(
        action=found.action,
        stopped_at=found.stopped_at,
        overruled=found.overruled,
        looks=tuple(
            ReadLook(
                information=look.information,
                z=sign * look.z,
                efficacy_z=look.efficacy_z,
                futility_z=look.futility_z,
                alpha_spent=look.alpha_spent,
                interval=look.interval.toward(sign),
            )
            for look in found.looks
        ),
        p_value=None if after is None else after.p_value,
        estimate=None if after is None else sign * after.median_unbiased,
        plain_estimate=None if after is None else sign * after.plain,
        interval=None if after is None else after.interval.toward(sign),
        not_estimated=found.estimated if isinstance(found.estimated, Refusal) else None,
        unit=unit,
        sentence=_sentence(found, sign, unit),
    )


_SAID = {
    "continue": "no boundary is crossed: continue",
    "stop: efficacy": "the efficacy boundary is crossed: stop, there is an effect in the desired direction",
    "stop: opposite direction": "the boundary is crossed against the desired direction: stop",
    "stop: futility": "the futility boundary is crossed: stop, the effect planned for is out of reach",
    "end: no effect shown": "the test ends without an effect shown",
}


def _sentence(found: Reading, sign: int, unit: str) -> str:
    from copilot_tools.stats.sequential.monitoring import Estimated  # noqa: PLC0415 - scipy, only when run

    number = len(found.looks) if found.stopped_at is None else found.stopped_at
    look = found.looks[number - 1]
    repeated = formats.bare_interval(look.interval.toward(sign))
    head = (
        f"At look {number}, with {formats.share(look.information)} of the planned information, z = "
        f"{formats.signed(sign * look.z, 2).removeprefix('+')} and {_SAID[found.action]}. The repeated {repeated} (in "
        f"{unit}) holds at all looks together."
    )
    if isinstance(found.estimated, Refusal):
        return f"{head} {found.estimated}"
    if not isinstance(found.estimated, Estimated):
        return head
    after = found.estimated
    return (
        f"{head} Allowing for the stop, the effect is {_signed(sign * after.median_unbiased)} "
        f"({formats.bare_interval(after.interval.toward(sign))}, {formats.p_value(after.p_value)}); unadjusted it "
        f"would be {_signed(sign * after.plain)}."
    )


def _signed(value: float) -> str:
    return f"{value:+.4g}".replace("-", formats.MINUS)


TOOLS = (
    Tool(
        name="group_sequential_reading",
        summary="Continue or stop at a look of a group-sequential test, with intervals and estimate that allow for it.",
        when="At each look or checkpoint of a test whose looks were agreed beforehand (a group-sequential design):"
        " go on or stop, and once it stopped the interval and estimate, since plain ones are then biased. Not"
        " for a design chosen after the data: that protects nothing.",
        arguments=ReadingArguments,
        result=SequentialReading,
        function=_read,
        examples=(
            {
                "design": {"looks": 3},
                "seen": [
                    {"information": 0.35, "estimate": 0.012, "standard_error": 0.0085},
                    {"information": 0.7, "estimate": 0.017, "standard_error": 0.006},
                ],
            },
            {
                "design": {"looks": 5, "rule": "classical-pocock", "sides": 1, "futility": {}},
                "seen": [{"information": 0.2, "z": 0.4}, {"information": 0.4, "z": -0.2}],
                "direction": "decrease",
            },
        ),
    ),
)
