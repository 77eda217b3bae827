"""Data on the page: brought, held against the plan without a value, read by looks that are counted once each."""

from __future__ import annotations

import re
import threading

import pytest

from checkout_rows import write_rows
from tests_plan import CONVERSION, LATENCY, plan
from web_markup import Markup
from webbing import GRACE


@pytest.fixture(scope="module", autouse=True)
def registered(web):
    """One registered experiment for each test that takes looks."""
    copilot = web.copilot()
    for name in ("mapped", "blinded", "doubled", "cut", "counted", "early", "gone", "lender", "borrower"):
        copilot.register(plan(name, units=2_000))
    copilot.register(plan("several", metrics=(CONVERSION, LATENCY)))
    copilot.workspace.close()


def bring(visitor, name, path, called=""):
    """Bring a file as the form does; the page it ends on."""
    with path.open("rb") as stream:
        return visitor.post(f"/e/{name}/data", files={"data": (called or path.name, stream)})


def take(visitor, page, **more):
    """The look form of a mapping screen, sent."""
    (form,) = (f for f in Markup(page.text).forms if f.action.endswith("/look#results"))
    return visitor.client.post(form.action, data={**form.values, **more})


def test_a_file_is_held_against_the_plan(visitor, web, tmp_path):
    """Names, types and counts of the file, the plan's columns found, the arms named; what the look would show."""
    page = bring(visitor, "mapped", write_rows(tmp_path / "good.csv", (137, 211), 500))
    assert page.status_code == 200
    assert page.url.path == "/e/mapped/data/good.csv"
    shown = Markup(page.text)
    cells = {row.all("th")[0].text: [c.text for c in row.all("td")] for row in shown.all("tr") if row.all("td")}
    assert cells["user"][-1] == "0"
    assert "yes/no" in cells["converted"]
    assert "1,000 of the 2,000 committed units are in, so outcomes stay closed" in shown.visible
    assert "Take look number 1" in shown.visible
    assert "u7-control-" not in page.text
    assert web.state("mapped").looks == ()


def test_problems_stand_together_with_what_to_do(visitor, web, tmp_path):
    """Every missing column with its nearest name, every arm that does not fit; no look is offered and none counted."""
    wrong = write_rows(tmp_path / "wrong.csv", (5, 5), 50, header="User,arm,convertd,device", arms=("Control", "c"))
    page = bring(visitor, "mapped", wrong)
    shown = Markup(page.text)
    assert page.status_code == 200
    assert [e.text for e in shown.all(class_="near")] == [
        "missing: did you mean User?",
        "missing: did you mean convertd?",
        "in the plan; the file spells it Control",
    ]
    assert [" ".join(e.text.split()) for e in shown.all("ul", class_="arms")[0].all("li")][1:] == [
        "b in the plan, not in the file",
        "c in the file, not in the plan",
    ]
    assert "amend the plan" in shown.visible
    assert not [f for f in shown.forms if f.action.endswith("/look#results")]
    entries = web.kinds("mapped")
    semicolons = tmp_path / "semicolons.csv"
    semicolons.write_text("user;arm;converted\nu1;control;1\n")
    assert "holds a semicolon" in bring(visitor, "mapped", semicolons).text
    assert web.kinds("mapped") == entries


def test_a_blinded_look_shows_no_outcome_anywhere(visitor, web, tmp_path):
    """Before the committed end no page and no download holds a count, share or difference of outcomes by arm."""
    page = bring(visitor, "blinded", write_rows(tmp_path / "blinded.csv", (137, 211), 500, seed=21))
    done = take(visitor, page)
    assert done.url.path == "/e/blinded"
    assert [s.record.kind for s in web.state("blinded").looks] == ["blinded"]
    outcomes = re.compile(r"\b(137|211|363|289|27\.4|42\.2|0\.274|0\.422|14\.8|348)\b")
    for path in (
        "/e/blinded",
        "/e/blinded/data/blinded.csv",
        "/e/blinded/history",
        "/e/blinded/history.jsonl",
        "/history",
    ):
        text = re.sub(r"\b[0-9a-f]{12,}\b", "", visitor.get(path).text)  # digests and tokens are no outcomes
        assert not outcomes.search(text), (path, outcomes.search(text))
    assert "1 look so far, none of them with outcomes" in Markup(done.text).visible


def test_a_double_click_is_one_look(visitor, web, tmp_path):
    """The same form sent twice at once, and again from the Back button, is one look; another choice is another."""
    page = bring(visitor, "doubled", write_rows(tmp_path / "doubled.csv", (100, 100), 1_000, seed=22))
    (form,) = (f for f in Markup(page.text).forms if f.action.endswith("/look#results"))
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(visitor.client.post(form.action, data=form.values)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [a.status_code for a in answers] == [200] * 3
    assert visitor.client.post(form.action, data=form.values).url.path == "/e/doubled"
    assert web.kinds("doubled") == ["registered", "looked"]
    visitor.client.post(form.action, data={**form.values, "cut": "device"})
    assert web.kinds("doubled") == ["registered", "looked", "looked"]


def test_cuts_are_offered_where_outcomes_are_open(visitor, web, tmp_path):
    """At the committed end a further cut can be asked for: exploratory, and in the record."""
    page = bring(visitor, "cut", write_rows(tmp_path / "cut.csv", (100, 150), 1_000, seed=23))
    assert "opens the outcomes" in page.text
    done = take(visitor, page, cut="device")
    assert done.status_code == 200, Markup(done.text).visible
    assert web.state("cut").looks[-1].record.cuts == ("device",)


def test_opening_early_needs_a_reason_and_is_stamped(visitor, web, tmp_path):
    """Opening early without a reason, or a reason without opening, is refused in place; with both it is stamped."""
    page = bring(visitor, "early", write_rows(tmp_path / "early.csv", (50, 70), 500, seed=24))
    assert take(visitor, page, unblind="yes").status_code == 422
    assert take(visitor, page, reason="The board meets tomorrow").status_code == 422
    assert web.state("early").looks == ()
    take(visitor, page, unblind="yes", reason="The board meets tomorrow")
    (look,) = web.state("early").looks
    assert (look.record.kind, look.record.reason) == ("unblinding", "The board meets tomorrow")


def test_typed_counts_are_a_look(visitor, web):
    """Counts typed per arm are read as one look; what cannot be counts is refused together, and on record."""
    (form,) = (f for f in visitor.markup("/e/counted").forms if f.action == "/e/counted/counts#results")
    refused = visitor.client.post(
        form.action, data={**form.values, "n-0": "ten", "successes-0": "3", "n-1": "5", "successes-1": "9"}
    )
    assert refused.status_code == 422
    assert refused.text.count("refused-reason") >= 2
    assert web.state("counted").refused[-1].record.command == "analyze"
    assert "1 refused attempt" in visitor.markup("/e/counted").visible
    said = {"n-0": "1000", "successes-0": "100", "n-1": "1000", "successes-1": "160"}
    assert visitor.client.post(form.action, data={**form.values, **said}).status_code == 200
    assert web.state("counted").looks[-1].record.shows_outcomes


def test_counts_of_several_metrics_are_not_typed(visitor):
    """Where a plan reads several metrics, no counts are asked for, and a form sent anyway is refused."""
    assert not [f for f in visitor.markup("/e/several").forms if f.action.endswith("/counts#results")]
    answer = visitor.post("/e/several/counts", {"key": "k", "n-0": "5", "successes-0": "1"})
    assert answer.status_code == 422
    assert "the plan reads 2" in answer.text


def test_a_file_where_it_lies(visitor, tmp_path):
    """A file on this computer is named by its path; an address with a password is refused and kept nowhere."""
    path = write_rows(tmp_path / "lies here.csv", (10, 12), 60, seed=25)
    page = visitor.post("/e/mapped/data/at", {"at": str(path)})
    assert page.status_code == 200
    assert "Take look number" in page.text
    assert "There is no file" in visitor.post("/e/mapped/data/at", {"at": "/nowhere/x.csv"}).text
    secret = visitor.post("/e/mapped/data/at", {"at": "postgresql://ada:hunter2@db/shop?table=results"})
    assert secret.status_code == 422
    assert "hunter2" not in secret.text
    assert "hunter2" not in str(secret.url)


def test_events_and_their_rules(visitor, tmp_path):
    """A file of events is declared as such, with rules a column; a rule that cannot be read is a problem in place."""
    path = tmp_path / "events.csv"
    rows = [f"u{i},{'control' if i % 2 else 'b'},{i % 3 == 0:d}" for i in range(200) for _ in range(2)]
    path.write_text("\n".join(["user,arm,converted", *rows]) + "\n")
    bring(visitor, "mapped", path)
    asked = visitor.get("/e/mapped/data/events.csv?holds=events")
    assert "200 of the 2,000 committed units" in Markup(asked.text).visible
    assert "cannot be read" in visitor.get("/e/mapped/data/events.csv?holds=events&aggregate=converted%3Dmost").text


def test_a_quick_look_is_exploratory_and_counted(visitor, web, tmp_path):
    """Without a plan: names and types, the arms of the chosen column, one counted look; twice sent, still one."""
    path = write_rows(
        tmp_path / "shop.csv", (90, 120), 400, seed=27, arms=("control", "v2"), header="visitor,variant,bought,device"
    )
    with path.open("rb") as stream:
        page = visitor.post("/look/data", files={"data": ("shop.csv", stream)})
    assert page.url.path == "/look/data/shop.csv"
    page = visitor.get("/look/data/shop.csv?arm_column=variant")
    (form,) = (f for f in Markup(page.text).forms if f.action == "/look/take#results")
    said = {**form.values, "metric": "bought", "kind": "proportion", "unit": "visitor", "matters": "5%"}
    for _ in range(2):
        done = visitor.client.post("/look/take", data=said)
        assert done.status_code == 200, Markup(done.text).visible
        assert done.url.path == "/e/quick.shop"
    assert "exploratory" in done.text.lower()
    assert web.kinds("quick.shop") == ["looked"]
    vague = visitor.client.post("/look/take", data={**said, "matters": "5", "key": "another"})
    assert vague.status_code == 422
    assert "leaves open of what" in vague.text


def test_a_quick_look_at_closed_data_is_refused_and_recorded(visitor, web, tmp_path):
    """The data of a registered experiment that is still closed is not opened by leaving the plan away."""
    path = write_rows(tmp_path / "gone.csv", (137, 211), 500, seed=26)
    bring(visitor, "gone", path)
    answer = visitor.post(
        "/look/take",
        {"file": "gone.csv", "arm_column": "arm", "metric": "converted", "kind": "proportion", "control": "control"},
    )
    assert answer.status_code == 422
    assert "outcomes stay closed" in answer.text
    assert "refused" in web.kinds("gone") or "refused" in web.kinds()
    assert not re.search(r"\b(137|211|27\.4|42\.2)\b", answer.text)


def test_typed_quick_counts(visitor, web):
    """Counts without a plan are typed arm by arm; lines left empty are no arms."""
    said = {
        "arm-0": "one",
        "n-0": "10000",
        "successes-0": "520",
        "arm-1": "two",
        "n-1": "10100",
        "successes-1": "581",
    }
    done = visitor.post("/look/counts", {**said, "key": "first", "control": "one"})
    assert done.status_code == 200, Markup(done.text).visible
    (name,) = (n for n in web.copilot().ledger.experiments() if n.startswith("quick.typed"))
    assert len(web.state(name).looks) == 1
    assert visitor.post("/look/counts", {"key": "second", "arm-0": "one", "successes-0": "3"}).status_code == 422


def test_whoever_is_in_is_who_looked(web, tmp_path):
    """A look stands in the record under the name of the person of the session."""
    with web.enter(GRACE) as grace:
        page = bring(grace, "mapped", write_rows(tmp_path / "of grace.csv", (10, 20), 100, seed=11))
        assert page.url.path == "/e/mapped/data/of-grace.csv"
        take(grace, page)
    assert web.state("mapped").looks[-1].actor == GRACE


def test_data_of_another_closed_experiment_is_a_problem_before_the_look(visitor, web, tmp_path):
    """A look that would open the units of another experiment still closed is not offered, and says whose they are."""
    path = write_rows(tmp_path / "shared.csv", (100, 150), 1_000, seed=51)
    assert (
        take(visitor, bring(visitor, "lender", write_rows(tmp_path / "part.csv", (100, 150), 900, seed=51))).status_code
        == 200
    )
    assert web.state("lender").looks[-1].record.kind == "blinded"
    page = bring(visitor, "borrower", path)
    assert "This is the data of 'lender'" in Markup(page.text).visible
    assert not [f for f in Markup(page.text).forms if f.action.endswith("/look#results")]
    assert web.kinds("borrower") == ["registered"]
