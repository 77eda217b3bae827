"""The worked examples of the prompts, read out of their files and turned into the records they stand for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from expcopilot.language.prompts import prompt_folder
from expcopilot.language.roles.claim_checker import CLAIM_CHECKER, ClaimCheckerInputs, CopySentence, Mark
from expcopilot.language.roles.generator import GENERATOR, ChannelField, GeneratorInputs, SourceFact
from expcopilot.language.roles.guide import GUIDE, GuideInputs
from expcopilot.language.roles.narrator import NARRATOR, NarratorInputs
from expcopilot.language.roles.sharpener import SHARPENER, Answered, PastExperiment, SharpenerInputs
from expcopilot.language.roles.skeptic import SKEPTIC, SkepticInputs
from expcopilot.records.fact import Fact

ROLES = {role.name: role for role in (SHARPENER, SKEPTIC, NARRATOR, CLAIM_CHECKER, GENERATOR, GUIDE)}
SPEAKING = ("narrator", "skeptic", "guide")

_EXAMPLE = re.compile(
    r'<(?P<bad>bad_)?example name="(?P<name>[^"]*)"(?: row="(?P<row>[^"]*)")?(?: of="(?P<of>[^"]*)")?>\n'
    r"(?P<body>.*?)</(?:bad_)?example>",
    re.DOTALL,
)


@dataclass(frozen=True)
class Example:
    """One worked example: what the role was told, what it answered, and whether that is held up or held off."""

    role: str
    name: str
    bad: bool
    inputs: object
    answer: object
    row: str

    def __str__(self):
        return f"{self.role}: {self.name}"


def text_of(role):
    """The text of a role's newest prompt."""
    newest = max((prompt_folder() / role).glob("v*.md.j2"), key=lambda path: int(path.name[1:].split(".")[0]))
    return newest.read_text(encoding="utf-8")


def examples(role):
    """The examples of one role's prompt, in order; ``of`` takes the inputs of an earlier one."""
    found, bodies = [], {}
    for match in _EXAMPLE.finditer(text_of(role)):
        told = {**(bodies[match["of"]] if match["of"] else {}), **_tags(match["body"])}
        bodies[match["name"]] = told
        answer = ROLES[role].answer.model_validate_json(told["answer"])
        inputs = _inputs(role, told, match["row"] or "")
        found.append(Example(role, match["name"], bool(match["bad"]), inputs, answer, match["row"] or ""))
    return found


def good(*roles):
    """The examples held up as good."""
    return [example for role in roles for example in examples(role) if not example.bad]


def bad(*roles):
    """The examples held off as bad."""
    return [example for role in roles for example in examples(role) if example.bad]


def blocks(role, tag):
    """Every block of a tag outside the examples, as (attributes, text)."""
    text = _EXAMPLE.sub("", text_of(role))
    return re.findall(rf"<{tag}([^>\n]*)>\n(.*?)</{tag}>", text, re.DOTALL)


def statements(example):
    """What an answer says, each statement with its section."""
    if example.role == "guide":
        return example.answer.spoken(facts(example))
    return example.answer.spoken()


def facts(example):
    """The facts of an example, by id."""
    return {fact.id: fact for fact in example.inputs.facts}


def _tags(body):
    return {tag: text.strip() for tag, text in re.findall(r"<([a-z_]+)>\n?(.*?)</\1>", body, re.DOTALL)}


def _lines(told, tag):
    text = told.get(tag, "(none)")
    return [] if text == "(none)" else [json.loads(line) for line in text.splitlines()]


def _facts(told):
    return tuple(Fact(text=line.pop("reads"), **line) for line in _lines(told, "facts"))


def _inputs(role, told, row):
    match role:
        case "sharpener":
            return SharpenerInputs(
                idea=told["idea"],
                people="visitors",
                metrics=tuple(_lines(told, "metrics")),
                answers=tuple(Answered(**line) for line in _lines(told, "answers")),
                similar=tuple(PastExperiment(**line) for line in _lines(told, "similar")),
            )
        case "skeptic":
            return SkepticInputs(question=told["question"], facts=_facts(told))
        case "narrator":
            return NarratorInputs(facts=_facts(told), verdict_row=row)
        case "guide":
            return GuideInputs(question=told["question"], stage="read", facts=_facts(told), verdict_row=row)
        case "claim_checker":
            return ClaimCheckerInputs(
                sentences=tuple(
                    CopySentence(
                        sentence=line["sentence"], text=line["text"], marks=tuple(Mark(**m) for m in line["marks"])
                    )
                    for line in _lines(told, "sentences")
                )
            )
        case "generator":
            return GeneratorInputs(
                change="the change",
                audience="the audience",
                because=told["because"],
                channel="email",
                fields=tuple(ChannelField(**line) for line in _lines(told, "fields")),
                facts=tuple(SourceFact(**line) for line in _lines(told, "facts")),
                k=int(told["k"]),
                mechanisms=tuple(_lines(told, "mechanisms")),
            )
    raise AssertionError(role)
