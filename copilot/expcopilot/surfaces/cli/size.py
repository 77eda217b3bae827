"""``expcopilot size``: how many units, how many whole weeks; or how small an effect a fixed list can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from expcopilot.surfaces.cli.session import json_option, print_json

if TYPE_CHECKING:
    from copilot_tools.stats.planning.design import TrialDesign
    from copilot_tools.stats.planning.outcomes import Outcome

__all__ = ["command"]


@click.command("size")
@click.option("--baseline", metavar="SHARE", help='A share of units: the level today, such as "4%".')
@click.option("--mean", metavar="NUMBER", help="An amount a unit: its mean today.")
@click.option("--sd", metavar="NUMBER", help="An amount a unit: its standard deviation.")
@click.option(
    "--effect", metavar="SIZE", help='Smallest effect that matters: "+5%" of today, or "0.2 points" of a share.'
)
@click.option("--arms", default="2", show_default=True, metavar="N", help="Arms in all, control included.")
@click.option("--alpha", default="5%", show_default=True, metavar="SHARE", help="Type I error rate over all arms.")
@click.option("--power", default="80%", show_default=True, metavar="SHARE", help="Wanted chance of finding the effect.")
@click.option("--sides", type=click.Choice(["1", "2"]), default="2", show_default=True, help="One- or two-sided.")
@click.option("--traffic-per-week", metavar="NUMBER", help="Units a week that can enter the test.")
@click.option("--list", "list_size", metavar="N", help="Units on a fixed list: how small an effect can it show?")
@click.option("--variance-reduction", metavar="SHARE", help="Share of the variance a covariate removes (CUPED).")
@json_option
def command(*, as_json: bool, **given: Any) -> None:
    """Answer the first question everyone has: how many units, how many whole weeks.

    With --list the question is turned around: how small an effect can this list show. Sizes are over all arms; a small
    table around the answer shows what half or twice the effect would take.

    \b
    Examples:
      expcopilot size --baseline 4% --effect +5% --traffic-per-week 20,000
      expcopilot size --mean 12.40 --sd 30 --effect +3% --arms 3
      expcopilot size --baseline 10% --list 64,000
    """
    from copilot_tools.refusals import Refused
    from copilot_tools.stats.planning.detectable import minimum_detectable_effect
    from copilot_tools.stats.planning.size import sample_size
    from copilot_tools.stats.spec import Metric
    from expcopilot.surfaces import parsing

    outcome = _outcome(given)
    design = _design(given)
    kind: Literal["proportion", "mean"] = "proportion" if outcome.kind == "proportion" else "mean"
    power = parsing.share("--power", given["power"])
    weekly = parsing.count("--traffic-per-week", given["traffic_per_week"]) if given["traffic_per_week"] else None
    if not given["effect"] and not given["list_size"]:
        raise Refused.because(
            "size.no_question",
            "Neither an effect nor a list was given.",
            'Add --effect "+5%" to hear how many units it takes, or --list N to hear what they can show.',
            name="effect",
        )
    size, found, direction = None, None, None
    if given["effect"]:
        asked = parsing.size("--effect", given["effect"], kind)
        direction = asked.direction or "increase"
        size = sample_size(
            outcome, asked.effect, power=power, direction=direction, design=design, units_per_week=weekly
        )
    if given["list_size"]:
        units = parsing.count("--list", given["list_size"])
        found = minimum_detectable_effect(
            outcome, units, power=power, direction=direction or "increase", design=design, weeks_of=weekly
        )
    if as_json:
        answers = {"sample_size": size, "minimum_detectable_effect": found}
        print_json({name: answer.to_json() for name, answer in answers.items() if answer is not None})
        return
    from expcopilot.surfaces.cli import sizes

    metric = Metric(name="the metric", role="primary", kind=kind, column="metric", direction=direction or "increase")
    if size is not None:
        sizes.show_size(size, metric)
    if found is not None:
        sizes.show_detectable(found, metric, assumed=size is None)


def _outcome(given: dict[str, Any]) -> Outcome:
    """A share or an amount, never both."""
    from copilot_tools import checks
    from copilot_tools.refusals import Refused
    from copilot_tools.stats.planning.outcomes import Mean, Proportion
    from expcopilot.surfaces import parsing

    if bool(given["baseline"]) == bool(given["sd"]):
        raise Refused.because(
            "size.outcome",
            "Give the level today: either a share or an amount"
            + (", not both." if given["baseline"] else ", but neither was given."),
            "For a share (yes or no a unit) --baseline 4%; for an amount --mean 12.40 --sd 30.",
            name="baseline",
        )
    if given["baseline"]:
        if given["mean"]:
            raise Refused.because(
                "size.outcome",
                "--mean belongs to an amount, --baseline to a share.",
                "Leave one of them out.",
                name="mean",
                value=given["mean"],
            )
        return Proportion(baseline=parsing.share("--baseline", given["baseline"]))
    sd = checks.positive("--sd", parsing.number("--sd", given["sd"]))
    return Mean(baseline=parsing.number("--mean", given["mean"]) if given["mean"] else None, sd=sd)


def _design(given: dict[str, Any]) -> TrialDesign:
    from copilot_tools import checks
    from copilot_tools.stats.planning.design import TrialDesign
    from expcopilot.surfaces import parsing

    arms = checks.count("--arms", parsing.number("--arms", given["arms"]), at_least=2)
    alpha = checks.between("--alpha", parsing.share("--alpha", given["alpha"]), 0, 0.5)
    removed = parsing.share("--variance-reduction", given["variance_reduction"]) if given["variance_reduction"] else 0.0
    return TrialDesign(
        alpha=alpha,
        sides=1 if given["sides"] == "1" else 2,
        weights=(1.0,) * min(arms, 101),
        covariate_correlation=removed**0.5,
    )
