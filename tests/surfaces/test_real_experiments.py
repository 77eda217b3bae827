"""The accepted results of published experiments, through the installed command and the example plans."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from surfaces.terminal import Shell

pytestmark = pytest.mark.real_data


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.ok("init", ".", "--name", "Ada")
    return shell


def read(shell: Shell, repository: Path, plan: str, name: str, data: Path, *more: str) -> dict[str, Any]:
    shell.ok("register", repository / "examples" / plan)
    answer = shell.ok("analyze", name, data, *more, "--json")
    return look_in(answer)


def look_in(answer: str) -> dict[str, Any]:
    return dict(json.loads(answer)["look"])


def comparison(look: dict[str, Any], metric: str, arm: str) -> dict[str, Any]:
    return next(c for c in look["reading"]["comparisons"] if c["metric"] == metric and c["treatment"]["arm"] == arm)


def objection(look: dict[str, Any], name: str) -> dict[str, Any]:
    return next(o for o in look["objections"] if o["id"] == name)


def test_cookie_cats_is_refuted_harmful(shell: Shell, repository: Path, real_data: Path) -> None:
    """7-day retention falls by .82 points (z = -3.164, p = .00155): the accepted result of the published data."""
    look = read(
        shell, repository, "cookie_cats.yaml", "cookie-cats-gate", real_data / "cookie_cats.csv", "--cut",
        "sum_gamerounds",
    )  # fmt: skip
    effect = comparison(look, "7-day retention", "gate_40")["absolute"]
    assert effect["value"] == pytest.approx(-0.0082, abs=5e-5)
    assert effect["statistic"] == pytest.approx(-3.1644, abs=5e-4)
    assert effect["p_value"] == pytest.approx(0.001554, abs=5e-6)
    assert effect["interval"]["low"] == pytest.approx(-0.0133, abs=5e-5)
    assert effect["interval"]["high"] == pytest.approx(-0.0031, abs=5e-5)
    assert look["verdict"]["phrase"] == "refuted: harmful"
    split = objection(look, "sample-ratio")
    assert split["severity"] == "serious"
    assert split["value"] == pytest.approx(0.0086, abs=5e-5)
    assert "49,854" in objection(look, "outliers")["sentence"]
    assert "after assignment" in objection(look, "post-assignment")["sentence"]


def test_hillstrom_holds_for_both_emails_at_once(shell: Shell, repository: Path, real_data: Path) -> None:
    """Visits 18.28 / 15.14 / 10.62%, simultaneous over two treatments; CUPED says how much variance it removed."""
    look = read(shell, repository, "hillstrom.yaml", "hillstrom-email", real_data / "hillstrom.csv")
    men, women = (comparison(look, "visit", a) for a in ("Mens E-Mail", "Womens E-Mail"))
    assert men["control"]["value"] == pytest.approx(0.1062, abs=5e-5)
    assert men["treatment"]["value"] == pytest.approx(0.1828, abs=5e-5)
    assert women["treatment"]["value"] == pytest.approx(0.1514, abs=5e-5)
    assert men["simultaneous"] == "dunnett"
    assert 2.2 < men["critical_value"] < 2.23  # two comparisons with a shared control, equal arms (Dunnett 1955: 2.21)
    spend = comparison(look, "spend", "Mens E-Mail")
    assert spend["variance_reduction"] == pytest.approx(0.0004, abs=2e-4)
    assert spend["treatment"]["value"] == pytest.approx(1.42, abs=5e-3)


def test_udacity_stops_until_the_policy_is_chosen(shell: Shell, repository: Path, real_data: Path) -> None:
    """791 rows against their arm and 71 users in two arms block the verdict; then the reading follows the policy."""
    data = real_data / "udacity_landing.csv.gz"
    stopped = read(shell, repository, "udacity_landing.yaml", "landing-page", data)
    assert stopped["verdict"]["row"] == "invalid"
    assert "791 rows" in objection(stopped, "contradictions")["sentence"]
    assert "71 units" in objection(stopped, "two-arms")["sentence"]
    assert stopped["reading"]["comparisons"] == []
    assert stopped["evidence"]["cells"] == []
    policy = repository / "examples" / "udacity_landing_policy.yaml"
    shell.ok("register", policy, "--amend", "--reason", "the page a visitor saw is what counts")
    look = look_in(shell.ok("analyze", "landing-page", data, "--json"))
    assert look["verdict"]["row"] == "inconclusive"
    assert look["circumstances"]["post_hoc"] == ""
    said = " ".join(look["evidence"]["quality"]["treatment"])
    assert "791 rows" in said
    assert "71 units" in said


def test_upworthy_in_one_command(shell: Shell, real_data: Path) -> None:
    """2,444 headline tests: broken randomization inside weeks 201326 to 201402, about 1% outside; wins shrink."""
    found = json.loads(
        shell.ok(
            "look", real_data / "upworthy.csv.gz", "--by", "test_id", "--arm-column", "arm", "--n", "impressions",
            "--successes", "clicks", "--in", "week:201326-201402", "--json",
        )
    )  # fmt: skip
    assert found["found"] == 2444
    failed = {where["where"]: where for where in found["failed_sample_ratio"]}
    assert failed["inside"]["share"] > 0.6
    assert failed["outside"]["share"] < 0.02
    wins = found["wins"]
    assert wins["uncorrected"] > wins["benjamini_hochberg"] > wins["bonferroni"] > 0
    with sqlite3.connect(shell.folder / "ledger.sqlite") as ledger:
        assert ledger.execute("SELECT count(*) FROM entries WHERE kind = 'surveyed'").fetchone() == (1,)


@pytest.mark.parametrize(
    ("file", "arm", "successes", "n", "control", "strata"),
    [
        ("berkeley_1973.csv", "applicant", "admitted", "applied", "Male", "department"),
        ("kidney_stones.csv", "treatment", "success", "n", "open_surgery", "stone_size"),
    ],
)
def test_a_reversal_is_named_with_its_strata(
    shell: Shell, real_data: Path, file: str, arm: str, successes: str, n: str, control: str, strata: str
) -> None:
    """Simpson's reversals of Bickel (1975) and Charig (1986), read as counts with strata."""
    answer = shell.ok(
        "look", real_data / file, "--as", "counts", "--arm-column", arm, "--successes", successes, "--n", n,
        "--control", control, "--json",
    )  # fmt: skip
    look = look_in(answer)
    found = objection(look, "simpson")
    assert found["severity"] == "serious"
    assert strata in found["sentence"]
