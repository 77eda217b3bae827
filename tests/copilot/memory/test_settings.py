"""The settings file: what it takes, and how each mistake in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_tools.refusals import Refused
from expcopilot.memory.settings import Organisation, Person, Settings, load, render

GOOD = '[person]\nname = "Ada"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "expcopilot.toml"


def test_defaults(path):
    """Only the name is needed."""
    path.write_text(GOOD)
    assert load(path) == Settings(person=Person(name="Ada"))


@pytest.mark.parametrize(
    "name", ["Ada", 'Ada "Countess" Lovelace', "back\\slash", "Zoë 🎉", "[person]", "# no comment"]
)
def test_round_trip(path, name):
    """What is written is read back, whatever the name holds."""
    settings = Settings(
        person=Person(name=name, email="a@b"), organisation=Organisation(name=name[::-1], currency="USD")
    )
    path.write_text(render(settings), encoding="utf-8")
    assert load(path) == settings


def test_others_tables_are_left_alone(path):
    """Tables that are not ours may hold anything."""
    path.write_text(GOOD + '[models.default]\nname = "x"\n[tool]\na = [1, 2]\n[[person_list]]\nx = 1\n')
    assert load(path).person.name == "Ada"


def test_byte_order_mark(path):
    """A byte order mark, as some editors write it, does no harm."""
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load(path).person.name == "Ada"


@pytest.mark.parametrize(
    ("text", "code", "name", "says"),
    [
        ("[person\n", "settings.not_toml", "settings", "line 1"),
        ("", "settings.missing", "person", "[person]"),
        ("[person]\n", "settings.missing", "person.name", "missing"),
        ('[persn]\nname = "Ada"\n', "settings.missing", "person", "[persn]"),
        ('person = "Ada"\n', "settings.invalid", "person", "a table"),
        ("[person]\nname = 7\n", "settings.invalid", "person.name", "text in quotes"),
        ('[person]\nname = ""\n', "settings.invalid", "person.name", "at least one character"),
        (f'[person]\nname = "{"x" * 201}"\n', "settings.invalid", "person.name", "at most 200"),
        ('[person]\nname = "Ada\\u001b[31m"\n', "settings.invalid", "person.name", "visible"),
        ('[person]\nname = "Ada\\u202e"\n', "settings.invalid", "person.name", "visible"),
        ('[person]\nname = " Ada"\n', "settings.invalid", "person.name", "blank"),
        (GOOD + 'email = "ada"\n', "settings.invalid", "person.email", "ada@example.com"),
        (GOOD + '[organisation]\ncurrency = "Euro"\n', "settings.invalid", "organisation.currency", "EUR"),
        (GOOD + 'e-mail = "a@b"\n', "settings.unknown_key", "person.e-mail", "'email'"),
        (GOOD + "[organisation]\nlogo = 1\n", "settings.unknown_key", "organisation.logo", "currency"),
        ('curency = "EUR"\n' + GOOD, "settings.unknown_key", "curency", "[organisation]"),
    ],
)
def test_mistakes(path, text, code, name, says):
    """Each mistake is one refusal that names its place and says what to write."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load(path)
    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.name) == (code, name)
    assert says in str(refusal)
    assert refusal.cure
    assert "expcopilot.toml" in refusal.reason


def test_all_mistakes_together(path):
    """Every mistake is reported at once."""
    path.write_text('nam = "x"\n[person]\nname = 7\nmail = "a@b"\n[organisation]\ncurrency = "Euro"\n')
    with pytest.raises(Refused) as refused:
        load(path)
    assert {r.name for r in refused.value.refusals} == {"nam", "person.name", "person.mail", "organisation.currency"}


@pytest.mark.parametrize("content", [b"\xff\xfe[\x00p\x00", None])
def test_unreadable(path, content):
    """A file that is no UTF-8 text, or no file at all, is refused."""
    path.write_bytes(content) if content else path.mkdir()
    with pytest.raises(Refused) as refused:
        load(path)
    assert refused.value.refusals[0].code == "settings.unreadable"


def test_people(path):
    """Others who work here are named in a list, and everybody is the person first and each other once."""
    path.write_text(
        '[person]\nname = "Ada"\n[people]\nothers = [{name = "Ben", email = "ben@example.com"}, {name = "Ada"}]\n',
        encoding="utf-8",
    )
    settings = load(path)
    assert [str(p) for p in settings.everybody] == ["Ada", "Ben <ben@example.com>"]


def test_people_are_named_well(path):
    """Nobody without a name, and no key that is no setting, passes in the list of people."""
    path.write_text('[person]\nname = "Ada"\n[people]\nothers = [{name = ""}]\n', encoding="utf-8")
    with pytest.raises(Refused, match=r"people\.others\.0\.name"):
        load(path)
    path.write_text('[person]\nname = "Ada"\n[people]\nguests = []\n', encoding="utf-8")
    with pytest.raises(Refused, match="guests"):
        load(path)
