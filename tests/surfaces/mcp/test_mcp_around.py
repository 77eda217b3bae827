"""Resources, prompts, instructions, a model-free server, a clean standard output, HTTP, and settings to paste."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult

from assisting import APPROVE, COMMAND, Assistant, lab, size
from expcopilot.flow.role_prompts import MUST_NOT
from expcopilot.surfaces.cli.mcp import _token
from expcopilot.surfaces.mcp.answers import LIMIT
from tests_plan import FINISHED


@pytest.fixture(scope="module")
def read(assistant):
    """An experiment that was registered and read, through the assistant."""
    assistant.told("register_plan", plan=FINISHED.replace("experiment: checkout", "experiment: october"))
    assistant.told("analyze", experiment="october", counts=["control=10000:520", "one-page=10100:640"])
    return assistant


def test_the_instructions_ask_for_checked_drafts(assistant):
    """A server says at once that drafts go through the check and numbers come from facts."""
    said = assistant.client.instructions
    assert "`check_draft`" in said
    assert "check_prose" in said
    assert "only from `facts`" in said


def test_resources_tell_what_there_is(read):
    """Listed as they are now; each is read, fits, and counts the looks; a name there is not is refused in words."""
    listed = {str(r.uri) for r in read.do(read.client.list_resources()).resources}
    assert {"expcopilot://experiments", "expcopilot://learnings", "expcopilot://readouts/october"} <= listed
    for uri in listed:
        (content,) = read.do(read.client.read_resource(uri)).contents
        assert len(content.text.encode()) <= LIMIT
        told = json.loads(content.text)
        assert told["said"]
        assert {"result", "part"} & set(told)
    told = json.loads(read.do(read.client.read_resource("expcopilot://readouts/october")).contents[0].text)
    assert told["looks"] == {"taken": 1, "with_outcomes": 1}
    templates = {t.uri_template for t in read.do(read.client.list_resource_templates()).resource_templates}
    assert templates == {f"expcopilot://{kind}/{{name}}" for kind in ("experiments", "plans", "readouts")}
    for bad in ("expcopilot://plans/nothing", "expcopilot://readouts/..%2F..%2Fetc", "expcopilot://nothing"):
        with pytest.raises(MCPError):
            read.do(read.client.read_resource(bad))


def test_prompts_are_the_roles_and_say_what_they_must_not_do(read):
    """Every role of the prompts folder is offered, filled with this workspace's facts, with its limits."""
    fields = {"subject": "Autumn is here", "preheader": "Nine in ten like it.", "body": "See what to plant."}
    brief = {"brief": "autumn", "channel": "email", "change": "c", "audience": "a", "because": "b"}
    read.told("bring_variants", **brief, variants=[{"id": "v1", "mechanism": "m", "fields": fields}])
    listed = {p.name: p for p in read.do(read.client.list_prompts()).prompts}
    assert set(listed) == set(MUST_NOT)
    given = {
        "sharpener": {"idea": "A shorter form"},
        "generator": {"brief": "autumn"},
        "claim_checker": {"brief": "autumn"},
        "skeptic": {"experiment": "october"},
        "narrator": {"experiment": "october"},
        "guide": {"experiment": "october", "question": "Why?"},
    }
    for role, arguments in given.items():
        (message,) = read.do(read.client.get_prompt(role, arguments)).messages
        assert f"must not {MUST_NOT[role]}" in message.content.text
        assert "Rules of the house" in message.content.text
    skeptic = read.do(read.client.get_prompt("skeptic", given["skeptic"])).messages[0].content.text
    assert "+21.9%" not in skeptic  # the skeptic is not told how the test came out
    with pytest.raises(MCPError, match="no experiment 'nothing'"):
        read.do(read.client.get_prompt("narrator", {"experiment": "nothing"}))


def test_standard_output_carries_the_protocol_alone(tmp_path):
    """Every line the real command writes is a JSON-RPC message; nothing else, also around refusals and a look."""
    place = lab(tmp_path / "lab")
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        *(
            {"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
            for n, (name, arguments) in enumerate(
                [
                    ("analyze", {"experiment": "running", "file": "running.csv"}),
                    ("status", {"experiment": "nothing"}),
                    ("nothing", {}),
                ],
                start=2,
            )
        ),
    ]
    process = subprocess.Popen(
        [COMMAND, "-C", str(place), "mcp", "--few"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    found = {}
    with process:
        for message in messages:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            if "id" in message:
                line = json.loads(process.stdout.readline())
                assert line["jsonrpc"] == "2.0"
                found[line["id"]] = line
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(60) == 0
    assert found[2]["result"]["structuredContent"]["looks"] == {"taken": 1, "with_outcomes": 0}
    assert found[3]["result"]["isError"]
    assert found[4]["result"]["structuredContent"]["refused"][0]["code"] == "tool.unknown"


class Served:
    """The real command over HTTP, on a free port."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        words = [COMMAND, "-C", str(folder), "mcp", "--http", "--port", "0", "--few", "--json", *options]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
        assert self.process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += self.process.stdout.readline()
        told = json.loads(text)
        self.url, self.token = told["url"], told.get("token")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def served(folder):
    server = Served(folder)
    yield server
    server.stop()


@asynccontextmanager
async def over_http(served):
    """A client's streams to the server, with its token; the connections are closed behind it."""
    headers = {"Authorization": f"Bearer {served.token}"}
    async with (
        httpx.AsyncClient(headers=headers, timeout=60) as client,
        streamable_http_client(served.url, http_client=client) as streams,
    ):
        yield streams


def test_over_http_a_session_calls_and_answers_a_gate(served, folder):
    """With the token a session lists, calls and answers a form; answers fit as over standard streams."""
    (folder / "plans" / "web.yaml").write_text(
        (folder / "plans" / "running.yaml").read_text().replace("running", "web")
    )
    person = lambda _: ElicitResult(action="accept", content=dict(APPROVE))  # noqa: E731 - one line
    with Assistant(lambda: over_http(served), person) as session:
        assert len(session.do(session.client.list_tools()).tools) < 40
        assert size(session.call("experiments")) < LIMIT
        told = session.told("register_plan", file="plans/web.yaml")
        assert told["result"]["state"] == "approved"
        assert len(session.asked) == 1


@pytest.mark.parametrize("given", [None, "Bearer wrong", "Basic QTpC", "Bearer"])
def test_over_http_nobody_else_comes_in(served, given):
    """Without the token, or with another, there is 401 and not a word of the workspace."""
    headers = {"Accept": "application/json, text/event-stream", **({"Authorization": given} if given else {})}
    found = httpx.post(served.url, headers=headers, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert found.status_code == 401
    assert "checkout" not in found.text


@pytest.mark.parametrize(
    ("header", "value", "status"), [("Host", "evil.example", 421), ("Origin", "http://evil.example", 403)]
)
def test_over_http_a_page_elsewhere_cannot_reach_it(served, header, value, status):
    """A name that is bound to loopback, or a page of another origin, is turned away though it has the token."""
    headers = {
        "Authorization": f"Bearer {served.token}",
        "Accept": "application/json, text/event-stream",
        header: value,
    }
    found = httpx.post(served.url, headers=headers, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert found.status_code == status


def test_a_token_of_ones_own_is_taken_and_not_shown(monkeypatch, tmp_path):
    """From a variable or a file, which goes first; without either a new one is made each time."""
    monkeypatch.setenv("EXPCOPILOT_MCP_TOKEN", "in-the-variable-0123456789")
    file = tmp_path / "token"
    file.write_text("in-the-file-0123456789-0123\n", encoding="utf-8")
    assert _token(None) == ("in-the-variable-0123456789", False)
    assert _token(file) == ("in-the-file-0123456789-0123", False)
    monkeypatch.delenv("EXPCOPILOT_MCP_TOKEN")
    made, fresh = _token(None)
    assert fresh
    assert len(made) >= 40
    assert made != _token(None)[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--http", "--host", "0.0.0.0"], "--beyond-loopback"),  # noqa: S104 - refused
        (["--http", "--host", "example.com"], "is no address"),
        (["--http", "--port", "0", "--token-file", "short"], "at least 24"),
        (["--http", "--port", "0", "--token-file", "nothing"], "cannot be read"),
        (["--beyond-loopback"], "belong to --http"),
        (["--data", "nothing"], "There is no folder"),
    ],
)
def test_a_wrong_start_is_refused(run, place, options, words):
    """What would open more than was meant, or nothing, is refused in words, and nothing listens."""
    (place / "short").write_text("secret\n", encoding="utf-8")
    refused = run("mcp", *options)
    assert refused.exit_code == 2
    assert words in " ".join(refused.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("client", "key"), [("claude-desktop", "mcpServers"), ("cursor", "mcpServers"), ("vscode", "servers")]
)
def test_settings_to_paste_start_this_very_server(run, folder, client, key):
    """What is printed is JSON alone, with absolute paths, and its command serves this workspace."""
    printed = run("-C", folder, "mcp", "config", "--client", client, "--data", folder / "plans")
    server = json.loads(printed.stdout)[key]["expcopilot"]
    assert Path(server["command"]).is_absolute()
    assert os.access(server["command"], os.X_OK)
    assert server["args"] == ["-C", str(folder), "mcp", "--data", str(folder / "plans")]
    assert "Paste it into" in printed.stderr


def test_no_model_is_needed_anywhere(folder):
    """The workspace these sessions worked in names no language model."""
    assert "model" not in tomllib.loads((folder / "expcopilot.toml").read_text())
