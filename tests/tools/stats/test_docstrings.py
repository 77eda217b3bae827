"""Every public function of the statistics says what it does, when it is for, what it takes and refuses, and whence."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

import copilot_tools.stats

ROOT = Path(copilot_tools.stats.__file__).parent
STATISTICS = {"across", "assignment", "inference", "personalization", "planning", "sequential", "validity"}
"""Rooms whose functions are methods of the field: each has a when and a reference. The others fetch, hold and show."""

NO_REFERENCE = {
    # What is here is arithmetic or bookkeeping of our own; the methods it calls name their papers.
    "inference/_values.py",
    "inference/arms.py",
    "inference/compare.py",
    "inference/levels.py",
    "inference/pair_estimates.py",
    "inference/tails.py",
    "inference/bayes/readings.py",
    "planning/assumed.py",
    "planning/contrast.py",
    "planning/design.py",
    "planning/detectable.py",
    "planning/runtime.py",
    "planning/size.py",
    "validity/_attack.py",
    "validity/_by_part.py",
    "validity/_contrast.py",
    "validity/_extremes.py",
    "validity/_primary.py",
    "validity/_set_aside.py",
    "validity/case.py",
    "validity/too_small.py",
    # Counting against what was registered: nothing is estimated.
    "validity/contradictions.py",
    "validity/duplicates.py",
    "validity/missing_by_arm.py",
    "validity/multiplicity.py",
    "validity/shared_units.py",
    "validity/two_arms.py",
    "validity/unblinded.py",
}
SHOWN = {"formats.py"}
"""Functions that only write a number as people read it: their one argument is the number."""

WHEN = re.compile(
    r"\b([Uu]se[ds]?|[Ww]hen|[Ww]here|[Bb]efore|[Aa]fter|[Ww]hile|[Oo]nce|[Ff]or|[Bb]etween|[Ww]hether)\b"
)
OWN_WHEN = re.compile(r"\b(Used? |[Ww]hen |[Ww]here |Before |Not |is for|are for|[Ii]n place of)")
WHENCE = re.compile(r"References?:|\b(1[89]|20)\d\d\b|RFC \d+")
UNIT_OR_BOUND = re.compile(
    r"[(\[<>=]|\b(above|below|at least|at most|between|positive|from|or|up to|any|0|1|2|None|finite|"
    r"not negative|error rate|increasing|ascending|as|of|in)\b",
)


class Public(NamedTuple):
    """One function that a module names in ``__all__``."""

    file: str
    node: ast.FunctionDef
    module: str

    @property
    def doc(self) -> str:
        """Its docstring."""
        return ast.get_docstring(self.node) or ""

    @property
    def statistic(self) -> bool:
        """Whether it is a method of the field."""
        return self.file.split("/")[0] in STATISTICS

    @property
    def numbers(self) -> list[str]:
        """Names of its arguments that are numbers, or hold nothing but numbers."""
        given = self.node.args
        return [
            a.arg
            for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)
            if a.annotation is not None and re.search(r"\b(int|float)\b", ast.unparse(a.annotation))
        ]

    @property
    def refuses(self) -> bool:
        """Whether it raises, or checks its arguments, in its own body."""
        calls = (ast.unparse(n.func) for n in ast.walk(self.node) if isinstance(n, ast.Call))
        return any(isinstance(n, ast.Raise) for n in ast.walk(self.node)) or any(
            c.startswith(("checks.", "refuse_if_any")) for c in calls
        )

    def described(self, name: str) -> str:
        """What ``Args:`` says of an argument; "" where it has no line there."""
        found = re.search(rf"^    {name}: (.*(?:\n {{8}}.*)*)", self.doc, re.MULTILINE)
        return found[1] if found else ""

    def problems(self) -> list[str]:
        """What is missing."""
        first, found = self.doc.split("\n")[0], []
        if not first.rstrip('"').endswith((".", "?", ":")) or len(first) < 15:
            found.append("its first line is no sentence")
        for name in self.numbers:
            if not re.search(rf"\b{name}\b", self.doc) and self.file not in SHOWN:
                found.append(f"{name} is not described")
            elif (said := self.described(name)) and not UNIT_OR_BOUND.search(said):
                found.append(f"{name} has neither unit nor bound")
        if self.refuses and not re.search(r"Raises:|[Rr]efus", self.doc):
            found.append("what it refuses is not said")
        if self.statistic and not self.file.split("/")[-1].startswith("_"):
            # What a module says of its method holds for its functions.
            whole = f"{self.doc}\n{self.module}"
            if not WHEN.search(whole):
                found.append("when to use it is not said")
            if not WHENCE.search(whole) and self.file not in NO_REFERENCE:
                found.append("it has no reference")
        return found


def functions(text: str, file: str) -> list[Public]:
    """Public functions of a module's text."""
    tree = ast.parse(text)
    named: list[str] = next(
        (
            ast.literal_eval(s.value)
            for s in tree.body
            if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) and s.targets[0].id == "__all__"
        ),
        [],
    )
    module = ast.get_docstring(tree) or ""
    return [Public(file, s, module) for s in tree.body if isinstance(s, ast.FunctionDef) and s.name in named]


FILES = sorted(f.relative_to(ROOT).as_posix() for f in ROOT.rglob("*.py"))


@pytest.mark.parametrize("file", FILES)
def test_public_functions_say_what_they_are(file: str) -> None:
    """What, when, arguments with their bounds, refusals and source: nothing is missing."""
    found = functions((ROOT / file).read_text(encoding="utf-8"), file)
    assert {f"{p.node.name}: {problem}" for p in found for problem in p.problems()} == set()


def run_by_tools() -> set[tuple[str, str]]:
    """File and name of everything that the catalogue's tools take from the statistics."""
    found = set()
    for file in (ROOT.parent / "tools").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("copilot_tools.stats."):
                parts = node.module.split(".")[2:]
                found |= {("/".join(parts) + ".py", alias.name) for alias in node.names}
    return found


def test_what_tools_run_says_itself_when_to_use_it() -> None:
    """A function behind a tool says in its own words when it is for, and when something else is."""
    entries, seen = run_by_tools(), 0
    for file in FILES:
        for public in functions((ROOT / file).read_text(encoding="utf-8"), file):
            if (file, public.node.name) in entries and file not in SHOWN:
                seen += 1
                words = re.split(r"\n\n(?:Args|Raises|Returns|Example|References):", public.doc)[0]
                assert OWN_WHEN.search(words), f"{file}: {public.node.name}"
    assert seen > 50


def test_the_exceptions_are_needed() -> None:
    """Each excepted file is there and really has a function without a reference."""
    for file in NO_REFERENCE:
        found = functions((ROOT / file).read_text(encoding="utf-8"), file)
        assert any(not WHENCE.search(f"{p.doc}\n{p.module}") for p in found), file


def test_there_are_many_of_them() -> None:
    """The check sees the functions it is meant for."""
    found = [p for f in FILES for p in functions((ROOT / f).read_text(encoding="utf-8"), f)]
    assert len(found) > 300
    assert sum(p.statistic for p in found) > 200


BARE = '''"""A module."""

__all__ = ["mean"]


def mean(values: list[float], alpha: float) -> float:
    """Mean."""
    if not values:
        raise ValueError
    return sum(values) / len(values) * alpha
'''


def test_the_check_can_fail() -> None:
    """A bare function lacks everything."""
    (found,) = functions(BARE, "inference/bare.py")
    assert found.problems() == [
        "its first line is no sentence",
        "values is not described",
        "alpha is not described",
        "what it refuses is not said",
        "when to use it is not said",
        "it has no reference",
    ]
    without_bound = BARE.replace('"""Mean."""', '"""Mean of values.\n\n    Args:\n        alpha: Rate.\n    """')
    (found,) = functions(without_bound, "inference/bare.py")
    assert "alpha has neither unit nor bound" in found.problems()
