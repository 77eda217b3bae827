"""Questions over a network where anything may go wrong, again and again, resumed from the ledger."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from copilot_tools.base import Frozen
from expcopilot.language.ask import Question, ask, converse
from expcopilot.language.model.budget import Budget
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import ModelFailed, ToolOffer
from expcopilot.memory.workspace import Workspace
from loopback.recorders import OnLedger
from loopback.replies import Faults, Said
from loopback.server import Loopback

TOOLS = [ToolOffer(name="power", description="Units needed.", schema_={"type": "object", "properties": {}})]
FINAL = {"refused", "truncated", "malformed"}
PATIENCE = 3.0


class Reply(Frozen):
    """An answer."""

    text: str


def script(body):
    """Answers the question that was asked, after one use of a tool where one is on offer."""
    asked = body["messages"][0]["content"][0]["text"].splitlines()
    echo = json.dumps({"text": f"answer to {asked[1] if len(asked) > 1 else asked[0]}"})
    used = any(block["type"] == "tool_result" for turn in body["messages"] for block in turn["content"])
    return Said(text=echo) if used or not body.get("tools") else Said(tools=(("call_1", "power", {}),))


def journey(model, recorder, budget, prompts, *, streamed: bool) -> list[str]:
    """Three questions and a conversation."""
    on_text = (lambda _: None) if streamed else None
    said = []
    for number in range(3):
        question = Question(role="sharpener", variables={"idea": f"idea {number}"}, answer=Reply)
        said.append(ask(question, model, recorder, budget, prompts=prompts, on_text=on_text).text)
    question = Question(role="guide", variables={"question": "How long?"}, answer=Reply)
    said.append(
        converse(
            question, model, recorder, budget, tools=TOOLS, run_tool=lambda _: "8", prompts=prompts, on_text=on_text
        ).text
    )
    return said


WANTED = ["answer to idea 0", "answer to idea 1", "answer to idea 2", "answer to How long?"]


def run(seed: int, folder: Path, prompts) -> str:
    """One run: resumed in a new client and a new ledger connection until it ends; returns how it ended."""
    draw = random.Random(seed)  # noqa: S311 - drawn again from its seed, not a secret
    faults = Faults(seed=seed, rate=draw.uniform(0.1, 0.7))
    Workspace.create(folder / str(seed), person="Ada").close()
    with Loopback(script, faults=faults, silence=PATIENCE + 1) as server:
        for _ in range(40):
            with (
                Workspace.open(folder / str(seed)) as workspace,
                MessagesApi(
                    "claude-opus-5-5", base_url=server.url, timeout=PATIENCE, retries=draw.choice([0, 2]), backoff=0.01
                ) as model,
            ):
                recorder = OnLedger(workspace.ledger)
                budget = Budget(max_cost=10_000.0, spent=recorder.kept)  # 10 MB of answer are dear
                try:
                    ended = "done"
                    assert journey(model, recorder, budget, prompts, streamed=draw.random() < 0.5) == WANTED
                except ModelFailed as failure:
                    if not all(refusal.reason and refusal.cure for refusal in failure.refusals):
                        raise
                    ended = failure.kind
                    resumable = failure.kind == "unreachable" or failure.refusals[0].code in {
                        "model.cut",
                        "model.not_an_answer",
                    }
                    if resumable:
                        continue
                check_books(workspace, server, ended, prompts)
                return ended
    raise AssertionError(f"seed {seed}: no end after 40 resumptions; faults {faults.committed}")


def check_books(workspace, server, ended, prompts) -> None:
    """The ledger is sound and holds each request once; none was sent again; a stop stays where it is, for free."""
    recorder = OnLedger(workspace.ledger)
    assert workspace.ledger.verify().sound
    digests = [kept.request for kept in recorder.kept]
    assert len(set(digests)) == len(digests)
    assert server.sent_twice() == []
    before = len(server.requests)
    with MessagesApi("claude-opus-5-5", base_url=server.url, timeout=PATIENCE, retries=0) as model:
        if ended == "done":
            assert journey(model, recorder, Budget(max_tokens=0), prompts, streamed=False) == WANTED
        else:
            assert ended in FINAL
            with pytest.raises(ModelFailed) as again:
                journey(model, recorder, Budget(max_tokens=0), prompts, streamed=False)
            assert again.value.kind == ended
    assert len(server.requests) == before


def runs(seeds, folder, prompts) -> dict[str, int]:
    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda seed: run(seed, folder, prompts), seeds))
    return {end: ends.count(end) for end in set(ends)}


def test_random_faults(tmp_path, prompts):
    """40 seeded runs: each ends in the right answers or a clear stop; nothing completed is sent again."""
    ends = runs(range(40), tmp_path, prompts)
    assert ends["done"] >= 10
    assert ends.keys() - {"done"}


@pytest.mark.torture
def test_many_random_faults(tmp_path, prompts):
    """The same over 500 seeds, in which every kind of stop occurs."""
    ends = runs(range(1000, 1500), tmp_path, prompts)
    assert ends.keys() == {"done", *FINAL}
