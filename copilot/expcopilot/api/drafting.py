"""The verbs on plan files that are not registered: one file an experiment, which terminal and page share."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.validation import refusals_of
from expcopilot.api.planning import Planning
from expcopilot.api.wording import Wording
from expcopilot.memory import plan_files
from expcopilot.memory.whole_file import write_whole
from expcopilot.records.digest import digest
from expcopilot.records.plan import EXPERIMENT_NAME, Attestation, Plan

__all__ = ["Drafting", "PlanFile"]

_LARGEST = 200_000


class PlanFile(Frozen):
    """A plan file of the workspace, as it stands on the disk.

    Attributes:
        name: Its file name.
        text: What it holds.
        digest: Of the text: what somebody has seen who changes it.
        plan: The plan it holds; None where it holds none.
        faults: Why it holds none.
    """

    name: str
    text: str
    digest: str
    plan: Plan | None
    faults: tuple[Refusal, ...] = ()


class Drafting(Planning, Wording):
    """Plan files, written, changed and found again."""

    def plan_file(self, name: str) -> PlanFile | None:
        """The plan file of an experiment, also one edited by hand; None where there is none.

        Raises:
            Refused: It cannot be read.
        """
        path = self._plan_path(name)
        if path is None or not path.exists():
            return None
        text = plan_files.read(path)
        plan: Plan | None
        faults: tuple[Refusal, ...] = ()
        try:
            plan = _plan_of(text, path.name, name)
        except Refused as refused:
            plan, faults = None, refused.refusals
        return PlanFile(name=path.name, text=text, digest=digest(text), plan=plan, faults=faults)

    def plan_name(self, name: str) -> str:
        """The name, where a plan may have it: it is the name of a file, too.

        Raises:
            Refused: It may not.
        """
        if not EXPERIMENT_NAME.fullmatch(name):
            raise Refused.because(
                "plan.name",
                f"No plan can be called {name[:80]!r}.",
                "Use at most 80 lower-case letters, digits, dots and dashes, and begin with a letter or digit.",
                name="experiment",
                value=name[:80],
            )
        return name

    def begin_plan(self, plan: Plan | str) -> PlanFile:
        """Keep a new plan as the plan file of its experiment, and say so in the record.

        Args:
            plan: The plan, or a plan file's text, kept as it is.

        Raises:
            Refused: The text holds no plan, a plan is no move now, or there is such a file already.
        """
        text = plan_files.render(plan) if isinstance(plan, Plan) else plan
        made = plan if isinstance(plan, Plan) else _plan_of(text, "plan", "")
        name = made.experiment
        self.begun(name)  # refuses where a plan is no move now
        path = self.workspace.plans / f"{name}.yaml"
        plan_files.write(text, path)
        turn = uuid.uuid4().hex[:12]
        self.say(name, turn, "person", "/new")
        self.say(name, turn, "code", f"A plan for {name}: {path.relative_to(self.workspace.folder)}")
        return self._kept(name)

    def keep_plan(self, name: str, plan: Plan | str, *, seen: str) -> PlanFile:
        """Change the plan file of an experiment.

        Args:
            name: The experiment.
            plan: The plan, or a plan file's text, kept as it is.
            seen: Digest of the text that was changed; "" where there was no file.

        Raises:
            Refused: The text holds no plan of this experiment, or the file was changed by somebody else meanwhile.
        """
        text = plan_files.render(plan) if isinstance(plan, Plan) else plan
        _plan_of(text, f"{self.plan_name(name)}.yaml", name)
        before = self.plan_file(name)
        if (before.digest if before else "") != seen:
            raise Refused.because(
                "plan.file_changed",
                f"The plan file {name}.yaml was changed since you opened it, in a terminal or on another page.",
                "Open it again, then make your change.",
                name="plan",
                value=f"{name}.yaml",
            )
        path = self.workspace.plans / f"{name}.yaml"
        if before is None:
            plan_files.write(text, path)
        elif before.text != text:
            write_whole(path, text)
        return self._kept(name)

    def attest_plan(self, name: str, said: Mapping[str, str], *, seen: str) -> PlanFile:
        """Write into a plan file where, when and by whom it was decided before the test; nothing said takes that out.

        Args:
            name: The experiment.
            said: "where", "when" (YYYY-MM-DD) and "by".
            seen: Digest of the file that was looked at.

        Raises:
            Refused: There is no plan, it was changed meanwhile, or something of the three is missing.
        """
        file = self.plan_file(name)
        if file is None or file.plan is None:
            raise Refused.because(
                "plan.no_file",
                f"{name!r} has no plan file that holds a plan.",
                "Write its plan first.",
                name="plan",
                value=name,
            )
        try:
            attested = Attestation.model_validate(dict(said)) if any(said.values()) else None
        except ValidationError as error:
            raise Refused(*refusals_of(error)) from None
        return self.keep_plan(name, file.plan.model_copy(update={"attested": attested}), seen=seen)

    def _kept(self, name: str) -> PlanFile:
        kept = self.plan_file(name)
        if kept is None:
            raise AssertionError("a file that was just written is there")
        return kept

    def _plan_path(self, name: str) -> Path | None:
        """Only a name that a plan may have leads to a file."""
        return self.workspace.plans / f"{name}.yaml" if EXPERIMENT_NAME.fullmatch(name) else None


def _plan_of(text: str, file: str, name: str) -> Plan:
    """The plan in a text.

    Raises:
        Refused: It holds none, or that of another experiment.
    """
    if len(text) > _LARGEST:
        raise Refused.because(
            "plan.too_large",
            f"{file} holds {len(text):,} characters, but a plan has at most {_LARGEST:,}.",
            "Check that it is the plan file.",
            name="plan",
            value=len(text),
        )
    plan = plan_files.parse(text, name=file)
    if name and plan.experiment != name:
        raise Refused.because(
            "plan.other_experiment",
            f"This is the plan of {plan.experiment!r}, not of {name!r}.",
            f"Write `experiment: {name}` into it, or begin a new plan with it.",
            name="experiment",
            value=plan.experiment,
        )
    return plan
