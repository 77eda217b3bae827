"""What the data is like before outcomes are looked at, and what the plan's policy does about it.

Rows without an arm go first. Contradictions with the exposure and units in two arms are both counted on the data as
found, so that neither policy hides what the other is about; repeated rows and activation follow on what is left. A step
whose policy is "refuse" removes nothing; if it finds offenders, the outcomes stay closed, so that nobody chooses a
policy by its result.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from copilot_tools.stats.evidence import Quality
from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import literal
from copilot_tools.stats.sources.tables.table import shown
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["Analysed", "apply_policy"]


@dataclass(frozen=True, slots=True)
class Analysed:
    """The rows that are analysed, one a unit, as a view in the engine.

    Attributes:
        working: The working table it looks at.
        relation: Name of the view.
        quality: What was found and done; missing cells are the scan's to add.
        closed: Why no outcome may be read, one phrase a reason; empty when they may.
        whole: Whether every row of the working table is analysed.
    """

    working: Working
    relation: str
    quality: Quality
    closed: tuple[str, ...]
    whole: bool = False

    def drop(self) -> None:
        """Take the view, and what it leans on, out of the engine; the working table stays."""
        w = self.working
        w.connection.execute(f"DROP VIEW IF EXISTS {self.relation}")
        for helper in (_two_arms_name(w), _repeated_name(w)):
            w.connection.execute(f"DROP TABLE IF EXISTS {helper}")


def _two_arms_name(working: Working) -> str:
    return f"{working.name}_two_arms"


def _repeated_name(working: Working) -> str:
    return f"{working.name}_repeated"


@dataclass
class _Steps:
    """The conditions gathered so far, and what was found on the way."""

    working: Working
    spec: AnalysisSpec
    kept: list[str] = field(default_factory=lambda: ["arm IS NOT NULL"])
    said: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        return " AND ".join(self.kept) or "TRUE"

    def one(self, query: str) -> int:
        row = self.working.connection.execute(query).fetchone()
        return int(row[0] or 0) if row else 0

    def by_arm(self, query: str) -> dict[str, int]:
        found = {str(arm): int(count) for arm, count in self.working.connection.execute(query).fetchall()}
        return {a: found.get(a, 0) for a in self.spec.arm_names}


def apply_policy(working: Working, spec: AnalysisSpec) -> Analysed:
    """Count what is wrong with the data, apply the plan's policy, and leave the analysed rows in a view."""
    steps = _Steps(working, spec)
    w = working.name
    facts = working.facts
    arms = facts.counted(spec.arm_column) if facts is not None else None
    rows = facts.rows if facts is not None else steps.one(f"SELECT count(*) FROM {w}")
    if arms is not None and None not in arms:
        steps.kept.clear()  # no row is without an arm: none needs to be looked at for it
    if arms is not None and (working.unique or not working.unit):
        before = {a: arms.get(a, 0) for a in spec.arm_names}
    else:
        units = "count(*)" if working.unique or not working.unit else "count(DISTINCT unit)"
        before = steps.by_arm(f"SELECT arm, {units} FROM {w} WHERE arm IS NOT NULL GROUP BY arm")
    missing_arm = _missing_arm(steps, None if arms is None else arms.get(None, 0))
    as_found = steps.where
    contradictions = _contradictions(steps)
    two_arms = _two_arms(steps, as_found) if working.unit else None
    repeated = _repeated(steps) if working.unit else None
    not_activated = _activation(steps)
    name = f"{w}_analysed"
    working.connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {w} WHERE {steps.where}")
    if steps.closed:
        steps.said.append(
            f"No outcome was read: the plan's policy does not say what to do about {_listed(steps.closed)}."
        )
    quality = Quality(
        rows=rows,
        missing_arm=missing_arm,
        duplicate_rows=repeated,
        two_arms=two_arms,
        contradictions=contradictions,
        not_activated=not_activated,
        units_before_policy=before,
        treatment=tuple(steps.said),
    )
    return Analysed(working=working, relation=name, quality=quality, closed=tuple(steps.closed), whole=not steps.kept)


def _plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _listed(phrases: list[str]) -> str:
    return ", ".join(phrases[:-1]) + " and " + phrases[-1] if len(phrases) > 1 else phrases[0]


def _missing_arm(steps: _Steps, known: int | None) -> int:
    found = known
    if found is None:
        found = steps.one(f"SELECT count(*) FROM {steps.working.name} WHERE arm IS NULL")
    if found:
        what = _plural(found, "row without an arm", "rows without an arm")
        if steps.spec.policy.missing_arm == "refuse":
            steps.closed.append(what)
        else:
            steps.said.append(f"{what} {'was' if found == 1 else 'were'} left out.")
    return found


def _contradictions(steps: _Steps) -> dict[str, int] | None:
    """Rows whose exposure is another than their arm's. An empty exposure contradicts nothing."""
    exposure = steps.spec.exposure
    if exposure is None:
        return None
    pairs = [f"(arm = {literal(a)} AND shown <> {literal(v)})" for a, v in exposure.expected.items()]
    against = f"coalesce({' OR '.join(pairs) or 'FALSE'}, FALSE)"
    found = steps.by_arm(
        f"SELECT arm, count(*) FROM {steps.working.name} WHERE {steps.where} AND {against} GROUP BY arm"
    )
    total = sum(found.values())
    if total:
        what = _plural(total, "row", "rows") + f" whose {exposure.column} contradicts the arm"
        if steps.spec.policy.contradictions == "refuse":
            steps.closed.append(what)
        else:
            steps.kept.append(f"NOT {against}")
            listed = ", ".join(f"{c:,} in {steps.spec.arm(a).text}" for a, c in found.items() if c)
            steps.said.append(f"{what} {'was' if total == 1 else 'were'} left out ({listed}).")
    return found


def _two_arms(steps: _Steps, as_found: str) -> int:
    if steps.working.unique:
        return 0
    connection, w = steps.working.connection, steps.working.name
    table = _two_arms_name(steps.working)
    connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT unit FROM {w} WHERE {as_found} "
        "GROUP BY unit HAVING min(arm) <> max(arm)"
    )
    found = steps.one(f"SELECT count(*) FROM {table}")
    if not found:
        return 0
    policy = steps.spec.policy
    share = found / steps.one(f"SELECT count(DISTINCT unit) FROM {w} WHERE {as_found}")
    what = _plural(found, "unit", "units") + " found in more than one arm"
    if policy.two_arms == "refuse" and share > policy.two_arms_tolerance:
        steps.closed.append(what)
        return found
    steps.kept.append(f"unit NOT IN (SELECT unit FROM {table})")
    tolerated = f", {share:.2%} of all units, which the plan tolerates," if policy.two_arms == "refuse" else ""
    steps.said.append(f"{what}{tolerated} {'was' if found == 1 else 'were'} left out with all rows.")
    return found


def _repeated(steps: _Steps) -> dict[str, int]:
    """Rows beyond the first of a unit in an arm. They never count as units, whatever the policy."""
    if steps.working.unique:
        return dict.fromkeys(steps.spec.arm_names, 0)
    connection, w = steps.working.connection, steps.working.name
    table = _repeated_name(steps.working)
    found = steps.by_arm(f"SELECT arm, count(*) - count(DISTINCT unit) FROM {w} WHERE {steps.where} GROUP BY arm")
    total = sum(found.values())
    if not total:
        return found
    connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS WITH several AS "
        f"(SELECT unit, arm FROM {w} WHERE {steps.where} GROUP BY unit, arm HAVING count(*) > 1) "
        f"SELECT place FROM (SELECT rowid AS place, row_number() OVER (PARTITION BY unit, arm "
        f"ORDER BY {steps.working.in_order}) AS nth FROM {w} SEMI JOIN several USING (unit, arm) WHERE {steps.where}) "
        "WHERE nth > 1"
    )
    steps.kept.append(f"rowid NOT IN (SELECT place FROM {table})")
    what = _plural(total, "row that repeats a unit of the same arm", "rows that repeat a unit of the same arm")
    if steps.spec.policy.duplicates == "refuse":
        steps.closed.append(what)
    else:
        order = f"the earliest by {steps.spec.time_column}" if steps.working.time else "the first in the file"
        if not steps.working.time and not steps.working.table.ordered:
            order = "one of rows that are all the same"
        steps.said.append(f"{what} {'was' if total == 1 else 'were'} left out; of each unit, {order} was kept.")
    return found


def _activation(steps: _Steps) -> int | None:
    if not steps.working.active:
        return None
    found = steps.one(f"SELECT count(*) FROM {steps.working.name} WHERE {steps.where} AND active = 0")
    steps.kept.append("active = 1")
    if found:
        steps.said.append(
            f"{_plural(found, 'unit', 'units')} that could not be affected (by {shown(steps.spec.activation)}) "
            f"{'was' if found == 1 else 'were'} left out."
        )
    return found
