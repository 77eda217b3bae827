"""The words of a conversation: lines read, commands spelled, answers streamed, and what is said without a model."""

from __future__ import annotations

import json

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from chatting import COMMAND, Chat
from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.surfaces.chat.doing import DO
from expcopilot.surfaces.chat.keyboard import SlashCompleter
from expcopilot.surfaces.chat.speaker import no_model
from expcopilot.surfaces.chat.spelling import in_chat
from expcopilot.surfaces.chat.stream import Stream
from expcopilot.surfaces.slash import SLASH, no_command, quoted, read, words


def test_every_command_does_something():
    """Each slash command has its function; only leaving and asking are the loop's own."""
    assert set(SLASH) - set(DO) == {"quit", "ask"}
    assert set(DO) <= set(SLASH)


@pytest.mark.parametrize(
    ("typed", "near"), [("/analyse x", "/analyze"), ("/registr", "/register"), ("/stats", "/status")]
)
def test_an_unknown_command_names_the_nearest(typed, near):
    """A slip of the pen is answered with what was meant."""
    with pytest.raises(Refused, match=f"Did you mean {near}"):
        read(typed)


@pytest.mark.parametrize("path", ["data.csv", "my data.csv", "it's.csv", "a'b c.csv", 'x "y".csv', "C:\\data\\x.csv"])
def test_a_quoted_path_is_read_as_one_word(path):
    """Whatever a file is called, completion types it so that it is read back."""
    assert words(quoted(path)) == [path]


def test_commands_are_spelled_with_a_slash_for_this_experiment_only():
    """The experiment talked about is left out, another one's name stays; other words stay as they are."""
    spell = in_chat(lambda: "checkout")
    assert spell("expcopilot analyze checkout DATA") == "/analyze DATA"
    assert spell("expcopilot analyze checkout-2 DATA") == "/analyze checkout-2 DATA"
    assert spell("`expcopilot register plans/a.yaml --amend --reason ...`") == "`/amend PLAN REASON`"
    assert spell("`expcopilot plan check a.yaml`, `expcopilot doctor`") == "`/check a.yaml`, `expcopilot doctor`"


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_streamed_answer_is_the_same_however_it_is_cut(capsys, cut):
    """Pieces of any length make the same lines, broken between words and inert."""
    text = "Conversion rose\x1b[31m in the\u202e data,\nand  nobody knows why it did so. " + "long" * 8
    stream = Stream(width=20)
    for start in range(0, len(text), cut):
        stream(text[start : start + cut])
    stream.end()
    lines = capsys.readouterr().out.split("\n")
    assert lines[:3] == ["Conversion rose\ufffd[31m", "in the\ufffd data,", "and  nobody knows"]
    assert lines[-2] == "long" * 8
    assert all(len(line) <= 20 for line in lines[:-2])


def test_completion_knows_commands_files_and_experiments(tmp_path, monkeypatch):
    """A slash lists commands, /use experiments, /analyze files with blanks in quotation marks, free text nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "may results.csv").touch()
    (tmp_path / "may").mkdir()
    completer = SlashCompleter(lambda: ("checkout", "email"))

    def offered(typed):
        found = completer.get_completions(Document(typed, len(typed)), CompleteEvent())
        return {typed[: len(typed) + c.start_position] + c.text for c in found}

    assert {"/register", "/readout"} <= offered("/re")
    assert offered("/use ch") == {"/use checkout"}
    assert offered("/help am") == {"/help amend"}
    assert offered("/analyze ma") == {'/analyze "may results.csv"', "/analyze may/"}
    assert offered('/analyze "may re') == {'/analyze "may results.csv"'}
    assert offered("did B w") == set()


def test_without_a_model_the_answer_is_one_sentence_and_the_commands_that_help(workspace):
    """The question's own words choose the commands; they are real ones."""
    copilot = Copilot(workspace, workspace.ledger)
    for asked, helps in (
        ("how long must it run?", "/size"),
        ("why not just stop now?", "/close --early REASON"),
        ("did B win?", "/why"),
        ("is that only noise?", "/case"),
        ("hello", "/new"),
    ):
        heard = []
        spoken = no_model(copilot, None, asked, heard.append)
        assert "".join(heard) == spoken.text
        assert spoken.speaker == "code"
        assert helps in spoken.text
        named = [w.strip(",.").removeprefix("/") for w in spoken.text.split() if w.startswith("/")]
        assert set(named) <= set(SLASH)


def test_where_the_conversation_stands_for_programs(run, checkout):
    """--json gives stage, moves and what waits; without a terminal the conversation itself is refused."""
    result = run("chat", "checkout", "--json")
    assert result.exit_code == 0, result.stderr
    (standing,) = json.loads(result.stdout)
    assert (standing["experiment"], standing["stage"], standing["waiting"]) == ("checkout", "registered", None)
    assert "analyze" in standing["moves"]
    refused = run("chat", checkout)
    assert refused.exit_code == 2
    assert "needs a terminal" in refused.stderr


def test_what_is_said_is_kept_and_bounded(workspace):
    """A very long line is kept up to its bound, text that is no Unicode does not stop it, and the chain stays sound."""
    copilot = Copilot(workspace, workspace.ledger)
    copilot.say("checkout", "t1", "person", "x" * 5000)
    copilot.say("checkout", "t1", "code", "bad \udcff byte")
    copilot.say("checkout", "t1", "code", "bad \udcff byte")
    said = [t.record for t in copilot.experiment("checkout").turns]
    assert [len(s.text) for s in said] == [4000, 10]
    assert copilot.verify().sound


def test_the_brief_is_broken_between_words_on_a_terminal_and_five_lines_elsewhere(run, place):
    """On a screen no word is cut; into a file or another program it stays five lines."""
    assert run("look", "--arm", "control=10000:520", "--arm", "b=10100:581").exit_code == 0
    piped = run("readout", "quick.typed-counts", "--brief").stdout
    assert len(piped.splitlines()) == 5
    with Chat(place, "quick.typed-counts", "--brief", program=(COMMAND, "readout")) as terminal:
        assert terminal.end() == 0
        lines = terminal.text.splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) < 100
    assert " ".join(terminal.text.split()) == " ".join(piped.split())


@pytest.mark.parametrize("text", ["/statsu", "/status now", "/zzz"])
def test_a_command_is_no_answer(text):
    """Where words are asked for, what begins with a slash is refused: with the nearest command where there is one."""
    with pytest.raises(Refused) as refused:
        no_command(text, "an idea")
    cure = refused.value.refusals[0].cure
    assert ("/status" in cure) == text.startswith("/stat")
    assert no_command("1/2 price", "an idea") == "1/2 price"
