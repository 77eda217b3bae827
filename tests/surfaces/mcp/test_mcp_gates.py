"""What needs a person: asked by elicitation with the exact text, answered by them alone; else left for elsewhere."""

from __future__ import annotations

import pytest
from mcp_types import ElicitResult

from assisting import APPROVE, Assistant, lab
from chatting import plan_text
from expcopilot import Copilot
from expcopilot.memory import plan_files
from expcopilot.surfaces.mcp.room import Place
from expcopilot.surfaces.mcp.server import CopilotServer

DECLINE, CANCEL = ElicitResult(action="decline"), ElicitResult(action="cancel")


def state_of(folder, name):
    copilot = Copilot.open(folder)
    try:
        return copilot.experiment(name)
    finally:
        copilot.workspace.close()


def written(folder, name):
    (folder / "plans" / f"{name}.yaml").write_text(plan_text(name), encoding="utf-8")
    return {"file": f"plans/{name}.yaml"}


def test_the_exact_text_and_its_digest_are_shown_and_who_approved_is_recorded(assistant, folder):
    """The form holds the whole plan and what its approval covers; the record names the person, and through what."""
    given = written(folder, "shown")
    told = assistant.told("register_plan", **given)
    message = assistant.asked[-1].message
    assert plan_files.render(plan_files.load(folder / given["file"])).strip() in message
    assert told["result"]["digest"] in message
    assert told["result"]["state"] == "approved"
    assert told["result"]["by"] == "Ada <ada@example.com> via Test Desktop"
    state = state_of(folder, "shown")
    assert state.registration.actor == "Ada <ada@example.com> via Test Desktop"
    assert state.decisions[-1].record.reason == APPROVE["reason"]


@pytest.mark.parametrize(
    "answer", [DECLINE, ElicitResult(action="accept", content={"decision": "reject", "reason": ""})]
)
def test_a_no_registers_nothing(assistant, person, folder, answer):
    """Declined or rejected: nothing is registered, the answer is on record, and the plan can be asked about anew."""
    name = f"no-{answer.action}"
    given = written(folder, name)
    person.next.append(lambda _: answer)
    assert assistant.told("register_plan", **given)["result"]["state"] == "rejected"
    state = state_of(folder, name)
    assert state.registration is None
    assert state.decisions[-1].record.action == "reject"
    assert assistant.told("register_plan", **given)["result"]["state"] == "approved"


def test_a_closed_form_leaves_it_waiting_and_it_is_found_again(assistant, person, folder):
    """Cancelled: nothing is decided, it waits, nothing else is legal; asked once more it is answered."""
    given = written(folder, "cancelled")
    person.next.append(lambda _: CANCEL)
    told = assistant.told("register_plan", **given)["result"]
    assert told["state"] == "waiting for a person"
    assert "expcopilot chat cancelled" in told["answer_in"][0]
    assert state_of(folder, "cancelled").decisions == ()
    assert assistant.told("status", experiment="cancelled")["result"]["waits_for_a_person"]["digest"] == told["digest"]
    again = assistant.told("pending_approval", experiment="cancelled")["result"]
    assert (again["state"], again["digest"]) == ("approved", told["digest"])
    assert len(state_of(folder, "cancelled").proposals) == 1


def test_an_answer_no_form_holds_decides_nothing(assistant, person, folder):
    """A host that sends something else than the form asks for has not approved."""
    given = written(folder, "malformed")
    person.next.append(lambda _: ElicitResult(action="accept", content={"decision": "sure"}))
    assert assistant.told("register_plan", **given)["result"]["state"] == "waiting for a person"
    assert state_of(folder, "malformed").registration is None


def test_decided_elsewhere_in_between(assistant, person, folder):
    """Answered in the terminal while the form was open: that answer stands, and the form's is refused."""
    given = written(folder, "raced")

    def slower(_):
        copilot = Copilot.open(folder)
        copilot.decide("raced", "reject")
        copilot.workspace.close()
        return ElicitResult(action="accept", content=dict(APPROVE))

    person.next.append(slower)
    (refusal,) = assistant.refused("register_plan", **given)
    assert refusal["code"] == "gate.nothing_waits"
    assert state_of(folder, "raced").registration is None


def test_a_reason_must_stand_beside_a_waiver(assistant, person):
    """A claim is waived with the person's own reason, which is asked for in the form."""
    brief = {"brief": "summer", "channel": "email", "change": "c", "audience": "a", "because": "b"}
    text = {"subject": "Summer is here", "preheader": "Nine in ten like it.", "body": "See what to plant."}
    assistant.told("bring_variants", **brief, variants=[{"id": "v1", "mechanism": "m", "fields": text}])
    person.next.append(lambda _: ElicitResult(action="accept", content={"decision": "approve", "reason": ""}))
    assert assistant.told("waive_mark", brief="summer", variant="v1", mark="C1")["result"]["state"].startswith(
        "waiting"
    )
    (refusal, *_) = assistant.refused("approve_variant", brief="summer", variant="v1")
    assert refusal["code"].startswith("copy.")
    person.next.append(lambda _: ElicitResult(action="accept", content={"decision": "approve", "reason": "We asked"}))
    assert assistant.told("waive_mark", brief="summer", variant="v1", mark="C1")["result"]["state"] == "waived"
    assert "“Nine in ten”" in assistant.asked[-1].message
    told = assistant.told("approve_variant", brief="summer", variant="v1")["result"]
    assert (told["state"], told["standing"]) == ("approved", "approved")
    assert text["subject"] in assistant.asked[-1].message


def test_an_early_close_asks_and_an_orderly_one_does_not(assistant, folder):
    """Stopping early is put before the person with its reason."""
    written(folder, "stopped")
    assistant.told("register_plan", file="plans/stopped.yaml")
    before = len(assistant.asked)
    told = assistant.told("close_experiment", experiment="stopped", early=True, reason="The shop was down")
    assert told["result"]["state"] == "approved"
    assert "The shop was down" in assistant.asked[before].message
    assert state_of(folder, "stopped").closing.record.early


def test_hostile_text_is_spelled_out_in_the_form(assistant):
    """Nothing in a form is invisible or turns what stands around it."""
    text = plan_text("hostile").replace("Orders are what", "\u202eOrders\u200b <script> are what")
    assert assistant.told("register_plan", plan=text)["result"]["state"] == "approved"
    message = assistant.asked[-1].message
    assert "\u202e" not in message
    assert "<script>" in message


def test_the_handshake_of_old_asks_too(folder):
    """A client of the older protocol is asked in the middle of the call."""
    server = CopilotServer(Place(folder), calculators=False)
    approve = lambda _: ElicitResult(action="accept", content=dict(APPROVE))  # noqa: E731 - one line
    with Assistant(server, approve, mode="legacy", name="Old\u202e Client") as old:
        told = old.told("register_plan", **written(folder, "older"))
        assert told["result"]["state"] == "approved"
        assert told["result"]["by"].endswith("via Old\ufffd Client")
        assert len(old.asked) == 1


@pytest.mark.parametrize("policy", ["no form", "human surface only"])
def test_without_a_form_it_waits_for_the_terminal(tmp_path, policy):
    """A client that cannot ask, or a policy that forbids it: nobody is asked, it waits, and the terminal answers it."""
    place = lab(tmp_path / "lab")
    if policy == "human surface only":
        settings = place / "expcopilot.toml"
        settings.write_text(settings.read_text() + '\n[gates]\nelicitation = "human surface only"\n')
    person = None if policy == "no form" else lambda _: ElicitResult(action="accept", content=dict(APPROVE))
    with Assistant(CopilotServer(Place(place), calculators=False), person) as session:
        told = session.told("register_plan", file="plans/checkout.yaml")
        assert told["result"]["state"] == "waiting for a person"
        assert ("cannot ask" if person is None else "human surface only") in told["said"]
        assert session.asked == []
        assert state_of(place, "checkout").registration is None
        (refusal,) = session.refused("analyze", experiment="checkout", counts=["control=10:1", "one-page=10:2"])
        assert refusal["code"] == "look.no_plan"
        copilot = Copilot.open(place)
        copilot.decide("checkout", "approve")
        copilot.workspace.close()
        assert session.told("status", experiment="checkout")["result"]["stage"] == "registered"
