"""Attacks by whoever plays the assistant: other files through a plan, borrowed names, swapped arms, long answers."""

from __future__ import annotations

import json

import pytest
from mcp_types import ElicitResult

from assisting import APPROVE, Assistant, lab, size
from chatting import plan_text
from expcopilot import Copilot
from expcopilot.surfaces.mcp.answers import LIMIT
from expcopilot.surfaces.mcp.room import Place
from expcopilot.surfaces.mcp.server import CopilotServer

_VARIANT = {"brief": "swapped", "channel": "email", "change": "c", "audience": "a", "because": "b"}
_FIRST = {"subject": "Summer is here", "preheader": "A list", "body": "See what to plant."}
_OTHER = {"subject": "Winter is here", "preheader": "A list", "body": "See what to burn."}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("counts.yaml", "secret-arm: 419\nsecret-arm: 420\n"),
        ("keys.yaml", "secret-person:\n  orders: 77\n"),
        ("values.yaml", "experiment: x\nanalysis: secret-value\n"),
        ("alias.yaml", "*secret-name\n"),
        ("rows.json", '{"experiment": "x", "secret-person": {"orders": 77}}'),
        ("plans/rows.csv", "secret-column: 1\nsecret-column: 2\n"),
    ],
)
def test_no_other_file_is_read_as_a_plan(assistant, folder, name, text):
    """What is wrong with a plan is told in its own words; so only plan files are read as one."""
    (folder / name).write_text(text, encoding="utf-8")
    for tool, more in (("check_plan", {}), ("register_plan", {}), ("amend_plan", {"reason": "r"})):
        found = assistant.refused(tool, file=name, **more)
        assert [r["code"] for r in found] == ["folder.no_plan"]
        assert "secret-" not in json.dumps(found)


def test_a_plan_that_leads_out_of_its_folder_is_not_read(assistant, folder):
    """A link in the folder of plans to another file of the workspace is that other file."""
    (folder / "other.yaml").write_text("secret-key: 1\n", encoding="utf-8")
    (folder / "plans" / "linked.yaml").symlink_to(folder / "other.yaml")
    (refusal,) = assistant.refused("check_plan", file="plans/linked.yaml")
    assert refusal["code"] == "folder.no_plan"


def test_a_program_cannot_sign_as_a_person(folder):
    """What a client calls itself stands behind the person's name, and cannot read like another person's."""
    approve = lambda _: ElicitResult(action="accept", content=dict(APPROVE))  # noqa: E731 - one line
    server = CopilotServer(Place(folder), calculators=False)
    (folder / "plans" / "signed.yaml").write_text(plan_text("signed"), encoding="utf-8")
    with Assistant(server, approve, name="Bob <bob@example.com>") as session:
        told = session.told("register_plan", file="plans/signed.yaml")["result"]
    assert told["by"].startswith("Ada <ada@example.com> via Bob ")
    assert told["by"].count("<") == told["by"].count("@") == 1


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_text_swapped_behind_the_form_is_not_approved(tmp_path, mode):
    """The variant is replaced while the person reads: their approval covers what they saw, so nothing is approved."""
    place = lab(tmp_path / "lab")
    with Assistant(CopilotServer(Place(place), calculators=False)) as other:

        def swaps(_):
            other.told("bring_variants", **_VARIANT, variants=[{"id": "v1", "mechanism": "m", "fields": _OTHER}])
            return ElicitResult(action="accept", content={"decision": "approve", "reason": "Read"})

        with Assistant(CopilotServer(Place(place), calculators=False), swaps, mode=mode) as session:
            session.told("bring_variants", **_VARIANT, variants=[{"id": "v1", "mechanism": "m", "fields": _FIRST}])
            (refusal, *_) = session.refused("approve_variant", brief="swapped", variant="v1")
            assert refusal["code"].startswith("copy.")
            (variant,) = session.told("copy_status", brief="swapped")["result"]["variants"]
    assert (variant["standing"], variant["fields"]["subject"]) == ("undecided", _OTHER["subject"])


def test_longest_names_and_hidden_characters_are_refused_in_little(assistant):
    """A name longer than a file's, and a key whose characters all have to be spelled out."""
    (refusal,) = assistant.refused("quick_look", file="x" * 900, arms=["a", "b"], metric="x", kind="mean")
    assert refusal["code"] == "folder.no_file"
    for character in ("\x01", "\u202e", "\U000e0041"):
        found = assistant.call("experiments", **{character * 3000: 1})
        assert found.is_error
        assert size(found) < LIMIT


@pytest.fixture(scope="module")
def colours(assistant, folder):
    """A quick look of two arms with opposite outcomes: blue orders more than control, red less."""
    shares = {"control": 20, "blue": 35, "red": 10}
    rows = [f"{arm}{n},{arm},{int(n % 100 < share)}" for arm, share in shares.items() for n in range(2000)]
    (folder / "colours.csv").write_text("\n".join(["user,arm,orders", *rows, ""]), encoding="utf-8")
    asked = {"arm_column": "arm", "unit": "user", "arms": list(shares), "metric": "orders", "kind": "proportion"}
    assistant.told("quick_look", file="colours.csv", **asked)
    return "quick.colours"


@pytest.mark.parametrize(
    "draft",
    [
        "Worse than control on orders: red and blue.",
        "On orders, red is worse than control and blue is worse than control.",
        "So is blue.",
        "The same holds for blue.",
        "This also holds for blue.",
        "The verdict is blue.",
        "We have blue.",
        "We keep blue.",
        "Blue goes live.",
        "Blue is the one.",
        "Orders because of blue.",
        "6,000 orders",
        "Orders: 6,000.",
        "1 look, 6,000 orders.",
        "1 in 6,000",
        "The looks are 6,000.",
        "Looks: 6,000",
        "The units are 1.",
        "Blue has 6,000 units.",
        "The units of blue are 6,000.",
        "6,000 of blue",
        "6,000 units saw blue.",
        "On orders, {arm.blue} reads {primary.red.lift}.",
        "On orders, blue is lower.",
        "On orders, blue is not higher.",
        "Blau gewinnt klar.",
        "| arm | orders |\n|---|---|\n| blue | -50.0% |",
    ],
)
def test_no_false_or_judging_sentence_is_covered(assistant, colours, draft):
    """Figures and words that are all right each for itself, put together wrongly, in every place of a readout."""
    for section in ("finding", "skeptic", "exploratory", "next", "answer"):
        told = assistant.told("check_draft", experiment=colours, draft=draft, section=section)["result"]
        assert told["covered"] == 0, (section, told)


@pytest.mark.parametrize(
    "draft",
    [
        "On orders, blue is higher.",
        "On orders, red is worse than control.",
        "6,000 units were counted.",
        "Orders were read at 6,000 units.",
        "The blue page was shown to visitors.",
    ],
)
def test_honest_sentences_with_the_same_words_are_covered(assistant, colours, draft):
    """What stops the false ones lets the true ones through."""
    told = assistant.told("check_draft", experiment=colours, draft=draft)["result"]
    assert told["not_covered"] == 0, told


@pytest.mark.parametrize("changed", ["sorted", "units renamed", "columns renamed", "arms renamed", "one row changed"])
def test_a_copy_of_blinded_data_stays_closed(assistant, folder, changed):
    """After the first counted look the units are known: no copy of them is read for outcomes, however it is dressed."""
    if not Copilot.open(folder).experiment("running").looks:
        assistant.told("analyze", experiment="running", file="running.csv")
    header, *rows = (folder / "running.csv").read_text(encoding="utf-8").split()
    asked = {"arm_column": "arm", "unit": "user", "arms": ["control", "one-page"], "metric": "orders"}
    match changed:
        case "sorted":
            rows.sort(reverse=True)
        case "units renamed":
            rows = [f"x{row}" for row in rows]
        case "columns renamed":
            header = "id,group,bought"
            asked |= {"arm_column": "group", "unit": "id", "metric": "bought"}
        case "arms renamed":
            rows = [row.replace("one-page", "b").replace("control", "a") for row in rows]
            asked |= {"arms": ["a", "b"], "control": "a"}
        case "one row changed":
            rows[0] = "u9999,one-page,1"
    (folder / "copy.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    (refusal,) = assistant.refused("quick_look", file="copy.csv", kind="proportion", **asked)
    assert refusal["code"] == "look.blinded"
