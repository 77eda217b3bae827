"""A plan as its file: brought, edited as text, attested, amended; the terminal works on the same file."""

from __future__ import annotations

from typing import NamedTuple

from starlette.datastructures import UploadFile
from starlette.responses import Response

from copilot_tools.refusals import Refused
from expcopilot.flow.moves import Move, require
from expcopilot.flow.typed import quoted
from expcopilot.memory import plan_files
from expcopilot.surfaces.web.proposing import propose
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["ROUTES", "typed_file"]

_LARGEST = 400_000


class FileForm(NamedTuple):
    """A plan file to edit.

    Attributes:
        name: The experiment.
        text: The file, or the plan in force where there is none.
        seen: Digest of the file; "" where there is none.
        amends: Whether a registered plan is changed.
        differs: Whether the file says something else than the plan in force already.
    """

    name: str
    text: str
    seen: str
    amends: bool
    differs: bool


def typed_file(name: str) -> str:
    """The plan file of an experiment as it is typed in a conversation."""
    return quoted(f"plans/{name}.yaml")


def _bring(visit: Visit) -> Response:
    file = visit.copilot.begin_plan(_text(visit))
    return visit.go(experiment_at(file.name.removesuffix(".yaml"), below="plan"))


def _edit(visit: Visit) -> Response:
    name, copilot = visit.named, visit.copilot
    state = copilot.experiment(name) if name in copilot.ledger.experiments() else None
    if state is None or state.plan is None:
        copilot.begun(name)  # refuses where a plan is no move now
    else:
        require(state, Move.AMEND)
    file = copilot.plan_file(name)
    in_force = state.plan if state is not None else None
    if file is None and in_force is None:
        return visit.go(experiment_at(name, below="plan"))
    form = FileForm(
        name,
        file.text if file else plan_files.render(in_force) if in_force else "",
        file.digest if file else "",
        in_force is not None,
        file is not None and in_force is not None and (file.plan is None or file.plan.digest != in_force.digest),
    )
    return visit.page("plan_file.html.jinja", form=form)


def _save(visit: Visit) -> Response:
    visit.copilot.keep_plan(visit.named, _text(visit), seen=visit.said("seen"))
    return visit.go(experiment_at(visit.named, below="plan"))


def _amend(visit: Visit) -> Response:
    name, reason = visit.named, visit.reason()
    file = visit.copilot.keep_plan(name, _text(visit), seen=visit.said("seen"))
    if file.plan is None:
        raise AssertionError("a text that holds no plan is not kept")
    given = {"plan": file.plan.to_json(), "reason": reason}
    return visit.go(propose(visit, name, Move.AMEND, given, words=f"/amend {typed_file(name)} {reason}"))


def _attest(visit: Visit) -> Response:
    said = {field: visit.said(field) for field in ("where", "when", "by")}
    visit.copilot.attest_plan(visit.named, said, seen=visit.said("seen"))
    return visit.go(experiment_at(visit.named, below="plan"))


def _text(visit: Visit) -> str:
    """The text that was pasted, or the file that was chosen.

    Raises:
        Refused: Neither was, or the file is no text.
    """
    chosen = visit.form.get("file")
    if isinstance(chosen, UploadFile) and chosen.filename:
        try:
            return chosen.file.read(_LARGEST).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused.because(
                "plan.unreadable", "The file is no UTF-8 text.", "Save it as UTF-8 text.", name="file"
            ) from None
    text = visit.form.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Refused.because("web.no_file", "No plan was given.", "Choose a file, or paste its text.", name="text")
    return text.replace("\r\n", "\n").strip("\n") + "\n"


ROUTES = [
    does("/plan/file", _bring),
    shows("/e/{name}/plan/file", _edit),
    does("/e/{name}/plan/file", _save),
    does("/e/{name}/plan/amend", _amend),
    does("/e/{name}/plan/attest", _attest),
]
