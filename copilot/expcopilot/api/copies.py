"""The verbs on the copy of many briefs at once, on copy written in place, and on what was handed over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from copilot_tools.refusals import Refused
from expcopilot.api.copy_deciding import CopyDeciding
from expcopilot.api.copywriting import Copywriting
from expcopilot.flow.steps import approve_copy as deciding
from expcopilot.flow.steps import leaving
from expcopilot.flow.steps.hand_over import Form, Handed
from expcopilot.flow.steps.review import reviewed
from expcopilot.flow.worded import Chosen
from expcopilot.memory import variant_files
from expcopilot.outputs.handover.handover import place_of
from expcopilot.records.copy import VariantApproval
from expcopilot.records.copybook import CopyBook, Exported, Reviewed

__all__ = ["Copies", "HandedOver", "HandedTogether"]


class HandedOver(NamedTuple):
    """A hand-over of a brief's copy that is on record.

    Attributes:
        record: What left: form, texts and files with their digests.
        by: Who handed it over.
        at: ISO moment.
        files: Those of its files that lie where hand-overs of the workspace do, unchanged: name -> path.
    """

    record: Exported
    by: str
    at: str
    files: dict[str, Path]


class HandedTogether(NamedTuple):
    """What came of handing over many briefs.

    Attributes:
        handed: One hand-over a brief, each on record.
        left: Ids of the briefs that stayed, because something in them is open or nothing is approved.
    """

    handed: tuple[Handed, ...]
    left: tuple[str, ...]


class Copies(Copywriting, CopyDeciding):
    """Copy of one experiment that has many briefs: its record is read once, not once a brief."""

    def write_variant(
        self,
        experiment: str,
        brief: str,
        texts: Mapping[str, str],
        *,
        variant: str = "",
        digest: str = "",
        model: Chosen = "configured",
    ) -> Reviewed:
        """Take a variant a person wrote field by field; or other words for one that stands, which opens it again.

        Args:
            experiment: Whose copy it is.
            brief: The brief's id.
            texts: Field -> text; with ``mechanism``, too. A field left out or empty is not in the variant.
            variant: The variant that is changed; "" for a new one.
            digest: Of the variant the person saw, where one is changed.
            model: Who reads it for claims the scanner missed; none is needed.

        Raises:
            Refused: There is no such brief or variant; it has changed since it was seen; or there is no text.
        """
        with self._recorded(experiment, "import"):
            book, standards = self._book(experiment), self.standards()
            self._beside(book, brief, experiment)
            stands = book.drafted[brief]
            given, number = dict(texts), len(stands.variants) + 1
            if variant:
                review = deciding.review_of(book, brief, variant, standards, whose=experiment)
                deciding.refuse_if_changed(review, digest)
                before = review.variant
                given = {"mechanism": before.mechanism, **given, "id": variant, "facts": ";".join(before.facts)}
            else:
                taken = {v.id for v in stands.variants}
                given["id"] = next(f"v{n}" for n in range(number, number + len(taken) + 1) if f"v{n}" not in taken)
            made = variant_files.written(given, stands.brief, standards.field_names(stands.brief))
        return self.import_variants(stands.brief, (made,), model=model)

    def briefs(self, experiment: str) -> tuple[str, ...]:
        """Ids of the briefs an experiment has copy for, in order of first appearance; empty where there is none."""
        return tuple(self._book(experiment).drafted)

    def copies(self, experiment: str, briefs: Iterable[str]) -> tuple[Reviewed, ...]:
        """Where the copy of several briefs stands today; ids without copy are left out."""
        return tuple(self._several(self._book(experiment), briefs))

    def decisions(self, experiment: str) -> dict[tuple[str, str], VariantApproval]:
        """(brief, variant) -> what a person decided last on it, whatever its text was then."""
        return {place: decided[-1] for place, decided in self._book(experiment).decisions.items() if decided}

    def handed_over(self, experiment: str, brief: str) -> tuple[HandedOver, ...]:
        """Every hand-over of a brief's copy, the newest first."""
        folder = self.workspace.folder / "handover" / place_of(experiment, brief)
        entries = [e for e in self.ledger.entries(experiment) if e.kind == "exported" and e.payload["brief"] == brief]
        found = [(Exported.model_validate(e.payload), e) for e in entries]
        return tuple(HandedOver(record, e.actor, e.time, _there(folder, record)) for record, e in reversed(found))

    def handed_together(self, experiment: str, briefs: Iterable[str]) -> dict[str, tuple[Path, ...]]:
        """Form -> the files of each brief's newest hand-over in it, as they left, where they are still there."""
        wanted, found = set(briefs), dict[tuple[str, str], Exported]()
        for entry in self.ledger.entries(experiment):
            if entry.kind == "exported" and entry.payload["brief"] in wanted:
                record = Exported.model_validate(entry.payload)
                found[record.format, record.brief] = record
        forms: dict[str, tuple[Path, ...]] = {}
        for (form, brief), record in found.items():
            there = _there(self.workspace.folder / "handover" / place_of(experiment, brief), record)
            forms[form] = (*forms.get(form, ()), *there.values())
        return forms

    def handed_file(self, experiment: str, brief: str, digest: str) -> Path:
        """A file that was handed over, as it left.

        Args:
            experiment: The experiment.
            brief: The brief's id.
            digest: SHA-256 of the file, as the record has it.

        Raises:
            Refused: ``export.no_file``: no hand-over of this copy has it, or it was moved or changed since.
        """
        for handed in self.handed_over(experiment, brief):
            for name, known in handed.record.files:
                if known == digest and name in handed.files:
                    return handed.files[name]
        raise Refused.because(
            "export.no_file",
            "This file is not there as it was handed over: it was moved or changed since, or never left from here.",
            "Hand the copy over again; each hand-over is on record.",
            name="file",
            value=digest[:64],
        )

    def export_ready(self, experiment: str, briefs: Iterable[str], form: Form) -> HandedTogether:
        """Hand over every brief that may leave: something is approved, nothing open but what was rejected.

        Raises:
            Refused: ``export.nothing``: none of them may.
        """
        handed: list[Handed] = []
        left: list[str] = []
        book, model = self._book(experiment), self._generator(experiment)
        for stands in self._several(book, briefs):
            approved = any(r.standing == "approved" for r in stands.reviews)
            if approved and not leaving.open_places(stands):
                with self._recorded(experiment, "export"):
                    handed.append(self._handed(book, stands, form, None, model=model))
            else:
                left.append(stands.brief.id)
        if not handed:
            raise Refused.because(
                "export.nothing",
                "No brief of these may leave yet: each holds something that is open, or nothing that is approved.",
                "Settle what is marked, and approve or reject each exact text.",
                name="briefs",
                value=len(left),
            )
        return HandedTogether(tuple(handed), tuple(left))

    def _several(self, book: CopyBook, briefs: Iterable[str]) -> Iterator[Reviewed]:
        """Briefs of one book reviewed, whoever else has briefs of these ids looked up once."""
        standards = self.standards()
        homes = self._homes() if len(self.ledger.experiments()) > 1 else {}
        for brief in dict.fromkeys(briefs):
            if brief in book.drafted:
                shared = tuple(name for name in homes.get(brief, ()) if name != book.experiment)
                yield reviewed(book.drafted[brief].brief, book, standards, shared=shared)


def _there(folder: Path, record: Exported) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for name, digest in record.files:
        path = folder / Path(name).name
        try:
            if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                found[name] = path
        except OSError:
            continue
    return found
