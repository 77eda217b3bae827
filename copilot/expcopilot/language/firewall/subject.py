"""What the sentences before were about: a result without a name must not take on the name that came last."""

from __future__ import annotations

from collections.abc import Mapping

from expcopilot.language.firewall.clauses import RESULTS
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Blocked, CheckedSentence, Statement

__all__ = ["Subject"]

_OF = {"metric": "metric", "arm": "arm", "part": "part of the audience"}


class Subject:
    """The metric, arm and part named last in a run of sentences. One for each section, or for one streamed answer."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def take(
        self, statement: Statement, passed: CheckedSentence, facts: Mapping[str, Fact]
    ) -> CheckedSentence | Blocked:
        """The sentence, or the statement kept back because in its place it would be read of something else."""
        found = [facts[name] for name in passed.facts]
        reasons = []
        named: dict[str, str] = {}
        for of, called in _OF.items():
            names = [getattr(f, of) for f in found if f.kind == "name" and getattr(f, of)]
            results = {getattr(f, of) for f in found if f.kind in RESULTS and (of == "part" or getattr(f, of))}
            last = self._last.get(of)
            if names:
                named[of] = names[-1]
            elif last is not None and results and results != {last}:
                reasons.append(
                    f"The sentence before names another {called} ({last}); name the one this result belongs to."
                )
        if reasons:
            return Blocked(statement=statement, reasons=tuple(reasons))
        self._last.update(named)
        return passed
