"""One question to a model: render, look whether it was answered before, send, keep the answer, check it, repair once.

A completed request is never sent again: each is known by the digest of everything in it, and each answer is kept the
moment it arrives, usable or not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from copilot_tools.refusals import Refused
from expcopilot.language.answers import Unusable, loop_is_over, read, repair_turn
from expcopilot.language.model.budget import Budget
from expcopilot.language.model.prices import Price
from expcopilot.language.model.protocol import Answer, Message, Model, ModelFailed, Request, ToolOffer
from expcopilot.language.prompts import Prompt, Prompts
from expcopilot.records.answer import Answered, ToolCall
from expcopilot.records.digest import canonical, digest

__all__ = ["Question", "Recorder", "as_kept", "ask", "converse"]

T = TypeVar("T", bound=BaseModel)

MOST_TOKENS = 21_000


@dataclass(frozen=True)
class Question(Generic[T]):
    """What is asked of a role.

    Attributes:
        role: Who is asked; names the prompt.
        variables: What the prompt reads, exactly.
        answer: The record the answer must be.
        max_tokens: Upper bound of the answer's length, thinking included.
        history: Turns before this question, oldest first.
        complaints: What is still wrong with a valid answer, one plain sentence each, addressed to the model. They earn
            one repair turn and no more: the answer with fewer of them is returned, and the caller judges what is left.
        again: How often a person asked for a fresh answer: the same question with another number is another request.
        afresh: How often it was put afresh because what came was of no use: only what was of no use is asked again.
    """

    role: str
    variables: Mapping[str, Any]
    answer: type[T]
    max_tokens: int = 2000
    history: tuple[Message, ...] = ()
    complaints: Callable[[T], Sequence[str]] | None = None
    again: int = 0
    afresh: int = 0


class Recorder(Protocol):
    """Where answers are kept."""

    def find(self, request_digest: str) -> Answered | None:
        """The answer to a request that was completed before, or None."""
        ...

    def keep(self, answered: Answered) -> None:
        """Keep an answer for good, before anything is done with it."""
        ...


def ask(
    question: Question[T],
    model: Model,
    recorder: Recorder,
    budget: Budget,
    *,
    prompts: Prompts | None = None,
    on_text: Callable[[str], None] | None = None,
) -> T:
    """Ask a role one question.

    Args:
        question: What is asked.
        model: Who answers.
        recorder: Where answers are kept and found.
        budget: What may be spent.
        prompts: Where prompts are; the packaged ones by default.
        on_text: As ``Model.answer``; an answer found in the recorder comes as one piece. An empty piece means: forget
            what came before.

    Raises:
        ModelFailed: "refused"; "truncated" or "malformed" after one repair turn; "over_budget" before anything is sent;
            and what the model raises.
        Refused: ``prompt.*`` when the prompt does not fit the question.
    """
    exchange = _Exchange(question, model, recorder, budget, prompts or Prompts(), on_text)
    return exchange.concluded(*exchange.turn(exchange.request()))


def converse(
    question: Question[T],
    model: Model,
    recorder: Recorder,
    budget: Budget,
    *,
    tools: Sequence[ToolOffer],
    run_tool: Callable[[ToolCall], str],
    rounds: int = 8,
    prompts: Prompts | None = None,
    on_text: Callable[[str], None] | None = None,
) -> T:
    """Ask a role a question it may use tools for, a bounded number of times.

    Resumed after a kill, the answers kept are found and the tools they ask for are run again, under the same call ids:
    ``run_tool`` must do what has effects once per id.

    Args:
        question: What is asked.
        model: Who answers.
        recorder: Where answers are kept and found.
        budget: What may be spent.
        tools: What is on offer.
        run_tool: Runs one call and returns its result as text (JSON); a refusal it raises goes to the model as one.
        rounds: How many answers may ask for tools; the one after them must be final.
        prompts: As for ``ask``.
        on_text: As for ``ask``; each round begins with an empty piece.

    Raises:
        ModelFailed: As for ``ask``; "malformed" when the model still asks for tools after the last round.
        Refused: As for ``ask``.
    """
    exchange = _Exchange(question, model, recorder, budget, prompts or Prompts(), on_text, run_tool, rounds)
    return exchange.concluded(*exchange.turn(exchange.request(tuple(tools))))


def as_kept(key: str, role: str, prompt: Prompt, answer: Answer, price: Price | None, *, seconds: float) -> Answered:
    """An answer as it is kept, whoever sent the request.

    Args:
        key: Digest under which the request is found again.
        role: Who was asked.
        prompt: The prompt it was rendered from.
        answer: What came back.
        price: The model's, or None where it is not known.
        seconds: How long it took; 0 in a batch.
    """
    return Answered(
        request=key,
        role=role,
        prompt=prompt.name,
        prompt_digest=prompt.digest,
        model=answer.model,
        text=answer.text,
        tool_calls=answer.tool_calls,
        stop=answer.stop,
        usage=answer.usage,
        cost=price.cost(answer.usage) if price else None,
        prices=price.dated if price else "",
        seconds=round(seconds, 3),
        blocks=answer.blocks,
    )


def _run(call: ToolCall, run_tool: Callable[[ToolCall], str]) -> str:
    try:
        return run_tool(call)
    except ModelFailed:
        raise
    except Refused as refused:
        return canonical({"refused": [refusal.to_json() for refusal in refused.refusals]})


def _turn(answered: Answered) -> Message:
    return Message(speaker="assistant", text=answered.text, tool_calls=answered.tool_calls, blocks=answered.blocks)


@lru_cache(maxsize=64)
def _schema(answer: type[BaseModel]) -> str:
    """The JSON schema of an answer, as text, so that nobody changes it for the next question."""
    return json.dumps(answer.model_json_schema())


class _Exchange(Generic[T]):
    """One question and its repair."""

    def __init__(
        self,
        question: Question[T],
        model: Model,
        recorder: Recorder,
        budget: Budget,
        prompts: Prompts,
        on_text: Callable[[str], None] | None,
        run_tool: Callable[[ToolCall], str] | None = None,
        rounds: int = 0,
    ) -> None:
        self.question = question
        self.model = model
        self.recorder = recorder
        self.budget = budget
        self.prompt: Prompt = prompts.find(question.role)
        self.on_text = on_text
        self.schema = json.loads(_schema(question.answer))
        self.shown = False
        self.run_tool = run_tool
        self.rounds = self.left = rounds

    def request(self, tools: tuple[ToolOffer, ...] = ()) -> Request:
        rendered = self.prompt.render(self.question.variables)
        return Request(
            role=self.question.role,
            system=rendered.system,
            messages=(*self.question.history, Message(speaker="user", text=rendered.user, context=rendered.context)),
            tools=tools,
            answer_schema=self.schema,
            max_tokens=self.question.max_tokens,
        )

    def turn(self, request: Request) -> tuple[Request, Answered]:
        """Send a request and go through the tools its answer asks for; the last request and its answer.

        The rounds are counted over the whole exchange: an answer put right by the repair turn may use what is left.
        """
        answered = self.send(request)
        while self.run_tool is not None and answered.stop == "tools":
            if not self.left:
                raise loop_is_over(self.question.role, self.rounds)
            self.left -= 1
            results = {call.id: _run(call, self.run_tool) for call in answered.tool_calls}
            note = "" if self.left else "That was the last use of tools: answer now with what you have."
            turns = (_turn(answered), Message(speaker="user", text=note, tool_results=results))
            request = request.model_copy(update={"messages": (*request.messages, *turns)})
            answered = self.send(request)
        return request, answered

    def send(self, request: Request) -> Answered:
        """The kept answer of a completed request, else a new one, kept before anything else happens."""
        key = request.digest(self.model.name)
        if self.question.again:
            key = digest({"request": key, "again": self.question.again})
        kept = self.recorder.find(key)
        if kept and self.question.afresh and not self._of_use(kept):
            key = digest({"request": key, "afresh": self.question.afresh})
            kept = self.recorder.find(key)
        if self.shown and self.on_text:
            self.on_text("")
        self.shown = True
        if kept:
            if self.on_text and kept.text:
                self.on_text(kept.text)
            return kept
        begun = time.monotonic()
        with self.budget.reserve(request, self.model, streamed=self.on_text is not None) as reserved:
            answer = self.model.answer(request, on_text=self.on_text)
            reserved.settle(answer.usage)
        price = self.budget.prices.price(answer.model) or self.budget.prices.price(self.model.name)
        made = as_kept(key, request.role, self.prompt, answer, price, seconds=time.monotonic() - begun)
        self.recorder.keep(made)
        return made

    def _of_use(self, answered: Answered) -> bool:
        if answered.stop == "tools":
            return self.left > 0
        try:
            read(answered, self.question.answer)
        except Unusable:
            return False
        return True

    def concluded(self, request: Request, answered: Answered) -> T:
        """The answer as a record, after at most one repair turn."""
        first: T | None = None
        try:
            first = read(answered, self.question.answer)
            complaints = tuple(self.question.complaints(first)) if self.question.complaints else ()
            if not complaints:
                return first
            reason = "\n".join(complaints)
        except Unusable as unusable:
            if not unusable.worth_repairing:
                raise unusable.failure(self.question.role) from None
            complaints, reason = (), unusable.reason
        try:
            second = read(self.turn(self._repair(request, answered, reason))[1], self.question.answer)
        except Unusable as unusable:
            if first is None:
                raise unusable.failure(self.question.role) from None
            return first
        except ModelFailed:
            if first is None:
                raise
            return first
        if first is not None and self.question.complaints and len(self.question.complaints(second)) > len(complaints):
            return first
        return second

    def _repair(self, request: Request, answered: Answered, reason: str) -> Request:
        if answered.stop == "length":
            return request.model_copy(update={"max_tokens": min(2 * request.max_tokens, MOST_TOKENS)})
        turns = repair_turn(_turn(answered), reason, self.schema)
        return request.model_copy(update={"messages": (*request.messages, *turns)})
