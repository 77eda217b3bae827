"""Facts of a look: what they say stands on the scale the plan decides on."""

from __future__ import annotations

from copilot_tools.refusals import Refusal
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from expcopilot import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.facts import facts_of
from expcopilot.memory.workspace import Workspace


def test_a_noninferiority_plan_tells_its_direction_on_the_scale_of_its_margin(workspace: Workspace) -> None:
    """Where only the margin's scale has an estimate, the direction is still told: that scale is the one that decides.

    Nobody in control complained, so there is no lift; the margin in points has its estimate all the same.
    """
    complaints = Metric(
        name="complaints",
        role="primary",
        kind="proportion",
        column="complaints",
        direction="decrease",
        margin=Effect(size=0.02, scale="absolute"),
    )
    spec = AnalysisSpec(
        arms=(Arm(name="control"), Arm(name="b")),
        control="control",
        metrics=(complaints,),
        goal="noninferiority",
        minimum_effect=Effect(size=0.05, scale="relative"),
    )
    look = Copilot(workspace, workspace.ledger).look(open_data.typed_counts(["control=5000:0", "b=5000:40"]), spec)
    (comparison,) = look.reading.comparisons
    assert isinstance(comparison.relative, Refusal)
    assert not isinstance(comparison.absolute, Refusal)
    assert facts_of(look)["primary.b.direction"].text == "higher"


def test_a_treatment_called_control_is_not_taken_for_the_control(workspace: Workspace) -> None:
    """In a holdout test the treated arm may be called Control: name, level and effect of each stay its own."""
    orders = Metric(name="orders", role="primary", kind="proportion", column="orders")
    spec = AnalysisSpec(
        arms=(Arm(name="Holdout"), Arm(name="Control")),
        control="Holdout",
        metrics=(orders,),
        minimum_effect=Effect(size=0.01, scale="absolute"),
    )
    look = Copilot(workspace, workspace.ledger).look(
        open_data.typed_counts(["Holdout=1000:61", "Control=1000:98"]), spec
    )
    facts = facts_of(look)
    assert (facts["arm.control"].text, facts["primary.control.level"].text) == ("Holdout", "6.10%")
    assert (facts["arm.control_2"].text, facts["primary.control_2.level"].text) == ("Control", "9.80%")
    assert facts["primary.control_2.effect"].arm == "Control"
