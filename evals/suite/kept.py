"""Outcomes kept as they come, one file a case: what a model was paid for is never lost, and can be scored again."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

from pydantic import ValidationError

from copilot_tools.base import Frozen
from suite.case import Case
from suite.task import Outcome

__all__ = ["Kept", "slug"]


class _Entry(Frozen):
    case: str
    outcome: Outcome


class Kept:
    """The outcomes of one speaker.

    Args:
        folder: Where the outcomes of all speakers are kept.
        speaker: Its name.
    """

    def __init__(self, folder: Path, speaker: str) -> None:
        self._folder = folder / slug(speaker)

    def get(self, task: str, case: Case) -> Outcome | None:
        """What came of a case as it stands today; None where it was not gone through, or was another case then."""
        try:
            entry = _Entry.model_validate_json(self._path(task, case.id).read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return None
        return entry.outcome if entry.case == _digest(case) and not entry.outcome.failed else None

    def put(self, task: str, case: Case, outcome: Outcome) -> None:
        """Keep it; whole, or not at all."""
        path = self._path(task, case.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}")
        half.write_text(_Entry(case=_digest(case), outcome=outcome).model_dump_json(indent=1), encoding="utf-8")
        half.replace(path)

    def drop(self, task: str, case: str) -> None:
        """Forget it: it is gone through anew."""
        self._path(task, case).unlink(missing_ok=True)

    def _path(self, task: str, case: str) -> Path:
        return self._folder / task / f"{case}.json"


def slug(name: str) -> str:
    """A model's name as a file's: readable, and never the same for two names."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _digest(case: Case) -> str:
    return hashlib.sha256(json.dumps(case.to_json(), sort_keys=True).encode()).hexdigest()
