"""What a person decides on copy: a mark settled, a text approved, rejected or changed, approved copy handed over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from starlette.responses import FileResponse, Response

from copilot_tools.refusals import Refused
from expcopilot.flow.steps.hand_over import Form
from expcopilot.memory import variant_files
from expcopilot.outputs.handover.files import FORMS
from expcopilot.outputs.handover.handover import safe
from expcopilot.surfaces.web.uploads import on_disk
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import copy_at

__all__ = ["ROUTES", "form_of", "lines_of"]

_TEXT = "text."


def lines_of(text: str) -> str:
    """A field of a form as it was written: browsers send line ends of their own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def form_of(visit: Visit) -> Form:
    """The form of a hand-over that was chosen.

    Raises:
        Refused: ``export.form``: there is none of this name.
    """
    chosen = visit.said("form")
    if chosen not in FORMS:
        raise Refused.because(
            "export.form",
            f"There is no form {chosen[:40]!r} of a hand-over.",
            f"Choose one of {', '.join(FORMS)}.",
            name="form",
            value=chosen[:40],
        )
    return chosen


def _decide(visit: Visit) -> Response:
    """One of the forms of a brief's page; which, its button says."""
    chosen = visit.said("do")
    if chosen not in _VERBS:
        raise Refused.because(
            "web.no_such_choice",
            "Nothing of that name can be done here.",
            "Load the page again and press one of its buttons.",
            name="do",
            value=chosen[:40],
        )
    name, brief = visit.named, visit.of_address("brief")
    _VERBS[chosen](visit, name, brief)
    return visit.go(copy_at(name, brief, visit.said("at")[:20]))


def _quote(visit: Visit, name: str, brief: str) -> None:
    variant, mark, digest = _seen(visit)
    quotation = lines_of(visit.said("quotation"))
    visit.copilot.source_claim(
        brief, variant, mark, digest, source=visit.said("source"), quotation=quotation, experiment=name
    )


def _settle(verb: Literal["waive", "tick", "undo_mark"]) -> Callable[[Visit, str, str], None]:
    def settle(visit: Visit, name: str, brief: str) -> None:
        getattr(visit.copilot, verb)(brief, *_seen(visit), reason=visit.reason(), experiment=name)

    return settle


def _answer(action: Literal["approve", "reject"]) -> Callable[[Visit, str, str], None]:
    def answer(visit: Visit, name: str, brief: str) -> None:
        variant, _, digest = _seen(visit)
        visit.copilot.approve_variant(brief, variant, digest, action, reason=visit.reason(), experiment=name)

    return answer


def _seen(visit: Visit) -> tuple[str, str, str]:
    """The variant, the mark and the digest of the text that was on the page."""
    return visit.said("variant"), visit.said("mark"), visit.said("digest")


def _write(visit: Visit, name: str, brief: str) -> None:
    texts = {key.removeprefix(_TEXT): lines_of(str(v)) for key, v in visit.form.items() if key.startswith(_TEXT)}
    given = texts | ({"mechanism": said} if (said := visit.said("mechanism")) else {})
    visit.copilot.write_variant(name, brief, given, variant=visit.said("variant"), digest=visit.said("digest"))


def _draft_again(visit: Visit, name: str, brief: str) -> None:
    visit.copilot.draft_variants(visit.copilot.copy(brief, experiment=name).brief, again=True)


def _hand_over(visit: Visit, name: str, brief: str) -> None:
    visit.copilot.export(brief, form_of(visit), experiment=name)


_VERBS: dict[str, Callable[[Visit, str, str], None]] = {
    "source": _quote,
    "waive": _settle("waive"),
    "tick": _settle("tick"),
    "undo": _settle("undo_mark"),
    "approve": _answer("approve"),
    "reject": _answer("reject"),
    "write": _write,
    "again": _draft_again,
    "export": _hand_over,
}


def _bring(visit: Visit) -> Response:
    """Variants in a CSV file: those of the same id are replaced."""
    name, brief = visit.named, visit.of_address("brief")
    stands = visit.copilot.copy(brief, experiment=name).brief
    with on_disk(visit.file("file"), "variants") as path:
        visit.copilot.import_variants(stands, visit.copilot.read_variants(path, stands))
    return visit.go(copy_at(name, brief))


def _for_editing(visit: Visit) -> Response:
    """The variants as the CSV file that is brought back when it was edited."""
    name, brief = visit.named, visit.of_address("brief")
    reviewed = visit.copilot.copy(brief, experiment=name)
    variants = [review.variant for review in reviewed.reviews]
    fields = visit.copilot.standards().field_names(reviewed.brief)
    with TemporaryDirectory(prefix="expcopilot-") as folder:
        data = variant_files.save(Path(folder) / "variants.csv", variants, fields).read_bytes()
    named = f'attachment; filename="{safe(brief, 40)}-variants.csv"'
    return Response(data, media_type="text/csv; charset=utf-8", headers={"content-disposition": named})


def _file(visit: Visit) -> Response:
    """A file that was handed over, as it left."""
    path = visit.copilot.handed_file(visit.named, visit.of_address("brief"), visit.of_address("digest"))
    return FileResponse(path, filename=path.name, media_type="application/octet-stream")


ROUTES = [
    does("/e/{name}/copy/{brief}", _decide),
    does("/e/{name}/copy/{brief}/own-variants", _bring),
    shows("/e/{name}/copy/{brief}/variants.csv", _for_editing),
    shows("/e/{name}/copy/{brief}/handed/{digest}", _file),
]
