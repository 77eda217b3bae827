"""What came of one row: its variants and what a model marked in them, the requests it still wants, or why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from expcopilot.flow.batch.asking import Asking, Wanted
from expcopilot.flow.copy_standards import Standards
from expcopilot.flow.speech import Speech
from expcopilot.flow.steps.review import review
from expcopilot.flow.steps.variants import checked_draft, checked_key, drafted, drafted_key, experiment_of
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.memory.ledger import Ledger
from expcopilot.records.copy import Brief, Review, Variant
from expcopilot.records.copybook import Checked, CopyBook, Drafted
from expcopilot.records.entry import Draft

__all__ = ["Came", "Desk"]


@dataclass(frozen=True)
class Came:
    """What came of a row so far.

    Attributes:
        drafted: Its variants; None while the request that brings them is not answered.
        wanted: Requests that must be answered next.
        checks: What the claim checker said of them, as entries of the ledger that are not there yet.
        checked: The same, by variant, together with what is there already.
        unchecked: Variants no model has read for claims although one was to, each with the reason where it failed.
    """

    drafted: Drafted | None = None
    wanted: tuple[Wanted, ...] = ()
    checks: tuple[Draft, ...] = ()
    checked: dict[str, Checked] = field(default_factory=dict)
    unchecked: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Desk:
    """What a row is worked on with.

    Attributes:
        asking: The walk from a question to its answer.
        standards: What copy is written and reviewed by.
        ledger: Where variants and checks are recorded.
        actor: On whose behalf.
        check_claims: Whether a model, too, reads each variant for claims.
    """

    asking: Asking
    standards: Standards
    ledger: Ledger
    actor: str
    check_claims: bool = False

    def came(self, brief: Brief, *, anew: bool) -> Came:
        """What came of a brief.

        Args:
            brief: It.
            anew: Whether it is asked again where all that is kept of it was in vain.

        Raises:
            ModelFailed: The model brought no usable draft.
            Refused: The brief names what is not there: a channel, a fact.
        """
        found = self.asking.walk(lambda asking: self._drafted(brief, asking, anew=anew))
        if isinstance(found, Wanted):
            return Came(wanted=(found,))
        return self._checked(found) if self.check_claims else Came(found)

    def _drafted(self, brief: Brief, walking: Asking, *, anew: bool) -> Drafted:
        """The way of a single brief, walked by one who asks as ``Speech`` does and sends nothing."""
        self.standards.check(brief)
        speech = cast("Speech", walking)
        return walking.attempts(
            lambda number: drafted(brief, speech, self.standards, again=number),
            vain=lambda found: not found.variants,
            anew=anew,
        )

    def _checked(self, found: Drafted) -> Came:
        """Each variant read for claims; all requests of a row are wanted at once."""
        experiment = experiment_of(found.brief)
        wanted: list[Wanted] = []
        entries: list[Draft] = []
        checked: dict[str, Checked] = {}
        unchecked: dict[str, str] = {}
        for variant in found.variants:
            stands = self.ledger.find(checked_key(variant, experiment))
            if stands is not None:
                checked[variant.id] = Checked.model_validate(stands.payload)
                continue
            try:
                came = self.asking.walk(partial(self._check, variant, experiment))
            except ModelFailed as failure:
                unchecked[variant.id] = failure.refusals[0].reason
                continue
            if isinstance(came, Wanted):
                wanted.append(came)
                unchecked[variant.id] = ""
            else:
                entries.append(came)
                checked[variant.id] = Checked.model_validate(came.payload)
        return Came(found, tuple(wanted), tuple(entries), checked, unchecked)

    def _check(self, variant: Variant, experiment: str, walking: Asking) -> Draft:
        return checked_draft(variant, experiment, cast("Speech", walking), self.standards, actor=self.actor)

    def reviews(self, came: Came) -> Sequence[Review]:
        """Every variant of a row reviewed, with the claims a model added."""
        found = came.drafted
        if found is None:
            return ()
        book = CopyBook(experiment_of(found.brief))
        for check in came.checked.values():
            book.checked[check.brief, check.variant, check.digest] = check
        return [review(v, found.brief, self.standards, book=book, others=found.variants) for v in found.variants]

    def standing(self, brief: Brief) -> Drafted | None:
        """The variants that stand on the ledger for a brief of this name."""
        history = self._history(brief)
        return Drafted.model_validate(history[-1]) if history else None

    def entries(self, came: Came) -> tuple[Draft, ...]:
        """What the ledger is to keep of a row: its variants, unless they stand already; and the checks.

        Variants that stood before and that a person has edited since are not put in the place of the edit.
        """
        found = came.drafted
        if found is None:
            return ()
        history, payload = self._history(found.brief), found.to_json()
        edited = bool(history) and any(v["author"] == "person" for v in history[-1]["variants"])
        if history[-1:] == [payload] or (edited and payload in history):
            return came.checks
        experiment, key = experiment_of(found.brief), drafted_key(found.brief, len(history))
        drafts = Draft(experiment=experiment, kind="drafted", actor=self.actor, payload=payload, key=key)
        return (drafts, *came.checks)

    def _history(self, brief: Brief) -> list[dict[str, Any]]:
        """Every entry a brief's variants have had, oldest first. By key: no book is folded."""
        found: list[dict[str, Any]] = []
        while stands := self.ledger.find(drafted_key(brief, len(found))):
            found.append(stands.payload)
        return found
