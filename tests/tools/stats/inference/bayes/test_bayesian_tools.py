"""The three Bayesian tools, through JSON: what a person or a model sees."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from copilot_tools.catalogue import find
from copilot_tools.refusals import Refusal, Refused

CONTROL, B, C = (
    {"name": "control", "n": 500, "successes": 16},
    {"name": "b", "n": 500, "successes": 25},
    {"name": "c", "n": 480, "successes": 20},
)
MEAN_CONTROL, MEAN_B, MEAN_C = (
    {"name": "control", "n": 900, "mean": 20.0, "sd": 15.0},
    {"name": "b", "n": 950, "mean": 21.0, "sd": 16.0},
    {"name": "c", "n": 910, "mean": 20.5, "sd": 15.0},
)


def rates(*treatments, **options):
    """Run bayesian_proportions."""
    return find("bayesian_proportions").run({"control": CONTROL, "treatments": list(treatments), **options})


def means(*treatments, **options):
    """Run bayesian_means."""
    return find("bayesian_means").run({"control": MEAN_CONTROL, "treatments": list(treatments), **options})


def test_the_frequentist_answer_stands_beside():
    """The same comparison by the catalogue's own test, and the caveat with the number of looks."""
    found = rates(B, looks=10, metric="signup")
    beside = find("compare_proportions").run({"control": CONTROL, "treatments": [B], "adjustment": "none"})
    assert found.frequentist[0].absolute.p_value == pytest.approx(beside.comparisons[0].absolute.p_value, rel=1e-12)
    assert found.false_alarms == pytest.approx(0.3417, abs=1e-4)
    assert "34.2%" in found.caveat
    assert "10 equally spaced looks" in found.caveat
    assert "92.2%" in found.sentences[0]
    assert "never in it" in found.standing
    assert "verdict" not in type(found).model_fields


def test_chances_and_thompson_shares_add_up():
    """Chance to be best over the arms is 1, Thompson's shares are those chances, or keep what every arm is promised."""
    found = rates(B, C)
    assert math.fsum(a.chance_best for a in found.arms) == pytest.approx(1, abs=1e-12)
    assert found.thompson == pytest.approx([a.chance_best for a in found.arms])
    kept = rates(B, C, least_share=0.2).thompson
    assert min(kept) >= 0.2
    assert math.fsum(kept) == pytest.approx(1)
    assert "not a test" in found.exploration


@pytest.mark.parametrize(
    "prior", [{"kind": "flat"}, {"kind": "normal", "sd": 0.05}, {"kind": "mixture", "null_share": 0.5, "sd": 0.1}]
)
def test_every_prior_through_json(prior):
    """One and two treatments under each prior; with one treatment, best and better are the same thing."""
    one, two = means(MEAN_B, prior=prior), means(MEAN_B, MEAN_C, prior=prior)
    assert one.arms[1].chance_best == pytest.approx(one.effects[0].absolute.chance_better, abs=1e-12)
    assert one.effects[0] == two.effects[0]
    assert math.fsum(a.chance_best for a in two.arms) == pytest.approx(1, abs=1e-8)
    assert type(two).model_validate(two.to_json()) == two
    null = one.effects[0].absolute.chance_null
    assert (null > 0) == (prior["kind"] == "mixture")
    assert ("no effect at all" in one.sentences[0]) == (null > 0)
    if prior["kind"] != "flat":
        assert abs(one.effects[0].absolute.shrunken) < abs(one.effects[0].absolute.observed)


def test_a_fitted_prior_goes_straight_in():
    """What fit_prior_to_history returns is what bayesian_proportions takes."""
    past = [{"estimate": 0.03 * math.sin(k), "standard_error": 0.01} for k in range(20)]
    fitted = find("fit_prior_to_history").run({"experiments": past})
    found = rates(B, effect_prior=fitted.to_json()["prior"])
    flat = rates(B, effect_prior={"kind": "flat"})
    assert 0.5 < found.effects[0].absolute.chance_better < flat.effects[0].absolute.chance_better
    assert "past experiments suggest" in fitted.sentence


def test_decrease_goals():
    """Where fewer successes are better the losing arm wins, with the same figures and signs as given."""
    up, down = rates(B), rates(B, direction="decrease")
    assert down.effects[0].absolute.chance_better == pytest.approx(1 - up.effects[0].absolute.chance_better, abs=1e-12)
    assert down.effects[0].absolute.loss_if_chosen == pytest.approx(up.effects[0].absolute.loss_if_not, rel=1e-9)
    assert down.effects[0].absolute.shrunken == up.effects[0].absolute.shrunken > 0


def test_no_conversions_at_all_are_answered_absolutely():
    """Zero successes in both arms: a symmetric posterior, no lift, and a sentence that says why."""
    none = {"name": "b", "n": 500, "successes": 0}
    found = find("bayesian_proportions").run({"control": {**none, "name": "control"}, "treatments": [none]})
    assert found.effects[0].absolute.chance_better == pytest.approx(0.5, abs=1e-12)
    assert isinstance(found.effects[0].relative, Refusal)
    assert "no useful bound" in found.sentences[0]


@pytest.mark.parametrize(
    ("tool", "given", "words"),
    [
        ("bayesian_proportions", {"control": CONTROL, "treatments": [CONTROL]}, "share a name"),
        ("bayesian_proportions", {"control": CONTROL, "treatments": [B], "threshold": 0.4}, "threshold"),
        ("bayesian_proportions", {"control": CONTROL, "treatments": [B, C], "least_share": 0.4}, "cannot keep"),
        ("bayesian_proportions", {"control": CONTROL, "treatments": [B], "prior_successes": 2.0,
                                  "effect_prior": {"kind": "normal", "sd": 0.1}}, "not both"),
        ("bayesian_proportions", {"control": {"name": "a", "n": 50, "successes": 9}, "treatments": [B],
                                  "effect_prior": {"kind": "normal", "sd": 0.1}}, "10 or more of each"),
        ("bayesian_means", {"control": {**MEAN_CONTROL, "sd": 0.0}, "treatments": [MEAN_B]}, "same value"),
        ("bayesian_means", {"control": {**MEAN_CONTROL, "n": 3}, "treatments": [MEAN_B]}, "at least 4"),
        ("bayesian_means", {"control": MEAN_CONTROL, "treatments": [MEAN_B],
                            "prior": {"kind": "normal", "sd": 0.0}}, "above 0"),
        ("fit_prior_to_history", {"experiments": [{"estimate": 0.1, "standard_error": 0.1}]}, "at least 10"),
    ],
)  # fmt: skip
def test_bad_questions_are_refused(tool, given, words):
    """Each refusal names what is wrong."""
    with pytest.raises(Refused, match=words):
        find(tool).run(given)


def test_the_verdict_never_sees_a_posterior():
    """Deciding loads nothing of the Bayesian room, and offering its tools loads no scipy."""
    decides = "import sys, copilot_tools.stats.decision, copilot_tools.stats.reading, copilot_tools.stats.validity.case"
    offers = "import sys, copilot_tools.tools.bayesian"
    for line, absent in ((decides, "copilot_tools.stats.inference.bayes"), (offers, "scipy")):
        code = f"{line}; sys.exit(any(m.startswith({absent!r}) for m in sys.modules))"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0, line
