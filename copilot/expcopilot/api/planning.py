"""The verbs before the data: check a plan, freeze it, change it in the open; and the end, at its time or early."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.validation import refusals_of
from expcopilot.api.desk import Desk
from expcopilot.flow.steps import close as closing
from expcopilot.flow.steps import register as registering
from expcopilot.flow.steps.check_plan import Question, check_plan
from expcopilot.flow.steps.from_hypothesis import Begun, begun_with
from expcopilot.flow.steps.new_plan import Answers, Drafted
from expcopilot.flow.steps.sizing import PLACEHOLDERS, Sizing, sizing
from expcopilot.records.experiment import Experiment
from expcopilot.records.plan import Plan

__all__ = ["Planning"]


class Planning(Desk):
    """Plans and their ends."""

    def check(self, plan: Plan) -> tuple[Question, ...]:
        """What a plan leaves open, as questions."""
        return check_plan(plan)

    def begun(self, name: str) -> Begun | None:
        """What the approved hypothesis of an experiment answers of its plan; None where there is none.

        Raises:
            Refused: A plan is no move now: it is registered already, or something waits for a decision first.
        """
        return begun_with(self._fold(name)) if name in self.ledger.experiments() else None

    def new(self, name: str = "", **answers: Any) -> Drafted:
        """Draft a plan and size it; nothing is written: ``register`` freezes it.

        Args:
            name: The experiment. Where it has an approved hypothesis, the plan begins with what that says.
            answers: Fields of ``flow.steps.new_plan.Answers``; they go before the hypothesis.

        Raises:
            Refused: Something is missing or contradicts itself, every problem together; or a plan is no move now.
        """
        begun, told = self._told(name, answers)
        return begun.drafted(told)

    def size(self, name: str = "", **answers: Any) -> Sizing:
        """Size a plan while it is written: as ``new``, but words that nobody has typed yet may be missing.

        Args:
            name: The experiment. Where it has an approved hypothesis, the plan begins with what that says.
            answers: Fields of ``flow.steps.new_plan.Answers``; ``matters`` is needed.

        Raises:
            Refused: As ``new``.
        """
        begun, told = self._told(name, answers, missing=PLACEHOLDERS)
        return sizing(told, begun.drafted(told))

    def _told(self, name: str, given: dict[str, Any], *, missing: Mapping[str, Any] = {}) -> tuple[Begun, Answers]:
        """What a person answered, before what their hypothesis says, before what stands for missing words."""
        begun = self.begun(name) or Begun()
        currency = self.workspace.settings.organisation.currency
        told = {"channel": begun.channel or "other", "currency": currency, **missing, **begun.answers, **given}
        try:
            return begun, Answers.model_validate({**told, "name": name})
        except ValidationError as error:
            raise Refused(*refusals_of(error)) from None

    def register(self, plan: Plan) -> Experiment:
        """Freeze a plan: digest, who, when.

        Raises:
            Refused: Registered already, or something that must be decided before the data is open.
        """
        with self._recorded(plan.experiment, "register"):
            state = self._fold(plan.experiment)
            draft = registering.register(state, plan, actor=self.workspace.actor, today=self._today())
            return self._append(state, draft)

    def amend(self, plan: Plan, *, reason: str) -> Experiment:
        """Change a registered plan in the open.

        Raises:
            Refused: Not registered, closed, unchanged, without a reason, or incomplete.
        """
        with self._recorded(plan.experiment, "amend"):
            state = self._fold(plan.experiment)
            return self._append(
                state, registering.amend(state, plan, actor=self.workspace.actor, reason=reason, today=self._today())
            )

    def close(self, name: str, *, early: bool = False, reason: str = "") -> Experiment:
        """Close an experiment at its end, or early with a reason.

        Raises:
            Refused: Not registered, closed already, no reason, or the end is not reached.
        """
        with self._recorded(name, "close"):
            state = self.experiment(name)
            return self._append(state, closing.close(state, actor=self.workspace.actor, early=early, reason=reason))
