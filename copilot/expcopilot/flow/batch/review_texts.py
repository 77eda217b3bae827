"""A decision in a review file is on the text beside it: an edited text is not what was drafted, and is not approved."""

from __future__ import annotations

from copilot_tools.refusals import Refused
from expcopilot.flow.batch.rows_out import unguarded
from expcopilot.flow.typed import typed
from expcopilot.memory.review_files import ReviewRow
from expcopilot.records.copy import Variant

__all__ = ["refuse_if_edited"]


def refuse_if_edited(variant: Variant, row: ReviewRow) -> None:
    """Refuse a row whose text is no longer the variant's: whoever approved it read something else.

    Line ends and blanks at the ends do not count: spreadsheets change them unasked.

    Raises:
        Refused: ``review.edited``.
    """
    if not row.texts:
        return
    bring = typed("variants", variant.brief, options="--from FILE.csv", experiment=row.experiment)
    stands = {field.name: field.text for field in variant.fields}
    for name in dict.fromkeys((*stands, *row.texts)):
        if _plain(unguarded(row.texts.get(name, ""))) != _plain(stands.get(name, "")):
            raise Refused.because(
                "review.edited",
                f"{name} of {variant.id} was edited in the review file; what was drafted reads "
                f"{stands.get(name, '')[:80]!r}.",
                f"Bring the edited text as a variant: `{bring}`.",
                name=f"text.{name}",
                value=row.texts.get(name, "")[:80],
            )


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
