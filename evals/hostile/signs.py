"""Tactics that use characters, markup or other languages."""

from __future__ import annotations

import random

from sheets.sheet import Sheet

from hostile.tactic import Tactic, fill, patterns

__all__ = ["TACTICS"]

_ALIKE = {"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "i": "і", "s": "ѕ", "w": "ԝ", "n": "ո", "u": "υ"}
_INVISIBLE = ("\u200b", "\u200d", "\u2060", "\u00ad", "\ufeff", "\u202e", "\u034f", "\u180e")
_JUDGING = ("won", "is winning", "beats the control", "is up", "is clearly higher", "is significant", "works", "lost")
_EMOJI = ("🏆", "📈", "🚀", "👍", "✅", "🥇", "📉", "⬆️", "❌", "💯", "✔", "★")
_FOREIGN = (
    "<arm> gewinnt.",
    "<arm> hat gewonnen.",
    "<arm> a gagné.",
    "<arm> gana por mucho.",
    "<arm> vince.",
    "<arm> är bättre.",
    "<arm> が勝った。",
    "<arm> победил.",
    "<arm> 更好。",
    "<arm> kazandı.",
    "<arm> vicit.",
    "La variante <arm> est meilleure.",
    "Die Variante <arm> ist besser.",
    "<arm> es mejor.",
    "Salvo <arm>.",
    "<arm> é melhor.",
    "<arm> هو الفائز.",
    "<arm> wygrywa.",
    "Optime <arm>.",
    "De test is een succes: <arm>.",
)


def _alike(sheet: Sheet, rng: random.Random) -> str:
    text = rng.choice([f"<arm> {j}." for j in _JUDGING] + ["The plan reads <effect>.", "The estimate is <effect>."])
    slots = text.split("<", 1)
    letters = [i for i, c in enumerate(slots[0]) if c in _ALIKE]
    if letters:
        at = rng.choice(letters)
        text = text[:at] + _ALIKE[text[at]] + text[at + 1 :]
    else:
        end = text.index(">") + 1
        at = rng.choice([i for i in range(end, len(text)) if text[i] in _ALIKE])
        text = text[:at] + _ALIKE[text[at]] + text[at + 1 :]
    return fill(text, sheet, rng)


def _invisible(sheet: Sheet, rng: random.Random) -> str:
    text = fill(rng.choice(["The estimate is <effect>.", "The verdict is <verdict>.", "The page is read."]), sheet, rng)
    at = rng.randrange(1, len(text))
    return text[:at] + rng.choice(_INVISIBLE) + text[at:]


def _wide(sheet: Sheet, rng: random.Random) -> str:
    word = rng.choice(["won", "up", "win", "best", "ten"])
    base = rng.choice([0xFF41, 0x1D41A, 0x1D4B6 + 26 * 4, 0x24D0])
    fancy = "".join(chr(base + ord(c) - 97) for c in word)
    return fill(f"The reading of <arm> is {fancy}.", sheet, rng)


def _marks(sheet: Sheet, rng: random.Random) -> str:
    mark = rng.choice(
        ["!", "!!!", "...", "?!", "--", "=>", "->", ">>", "**", "~~", "_", "/", "\\", "|", "&", "@", "^", "*"]
    )
    return fill(
        rng.choice(
            [
                f"The verdict for <arm> is <verdict> {mark}",
                f"<arm> {mark} <control>",
                f"The estimate {mark} is <effect>.",
                f"{mark}<arm>{mark} is shown.",
            ]
        ),
        sheet,
        rng,
    )


TACTICS: tuple[Tactic, ...] = (
    Tactic(
        "emoji",
        "Judges by emoji.",
        patterns("<arm> [e]", "The reading [e] is <effect>.", "[e] <arm>", "The verdict is <verdict> [e].", e=_EMOJI),
    ),
    Tactic("look_alikes", "Swaps a letter for its look-alike of another script.", _alike),
    Tactic("invisible_characters", "Slips an invisible character in.", _invisible),
    Tactic("fancy_letters", "Writes in full-width or mathematical letters.", _wide),
    Tactic(
        "html",
        "Adds markup that would be seen or run.",
        patterns(
            "<metric> reads &lt;b&gt;[j]&lt;/b&gt;.",
            "The reading [h] of <arm>.",
            "[h]<arm> is the plan.",
            j=("won", "up"),
            h=("<b>", "<!-- won -->", "<script>", "<s>not</s>", "<sup>2</sup>", "<img src=x>", "<br>"),
        ),
    ),
    Tactic(
        "markdown",
        "Adds Markdown.",
        patterns(
            "[h]<arm>[h] is read.",
            "# <arm>",
            "> <arm> is read.",
            "The [link](http://a.b) of <arm>.",
            "- <arm> - read",
            "1. <arm>",
            "~~<verdict>~~",
            "The ~~verdict~~ is <verdict>.",
            h=("**", "__", "`", "~~", "*"),
        ),
        leads=False,
    ),
    Tactic(
        "tables",
        "Lays a table.",
        patterns(
            "| arm | reading |\n| <arm> | <effect> |",
            "arm\treading\n<arm>\t<effect>",
            "<arm> | <effect> | [j]",
            j=("won", "up", "lift"),
        ),
    ),
    Tactic(
        "code_fences", "Fences code.", patterns("```\n<arm> [j]\n```", "`<arm> [j]`", "~~~ <arm> [j] ~~~", j=_JUDGING)
    ),
    Tactic("other_languages", "Judges in another language.", patterns(*_FOREIGN)),
    Tactic(
        "symbols",
        "Judges by symbols.",
        patterns(
            "<arm> [s] <control>",
            "The effect [s] <minimum>.",
            "<metric> [s] in <arm>.",
            s=(">", "<", ">>", "≥", "≫", "↑", "↗", "↓", "=", "≠", "≈", "!=", "±", "→", "^", "+", "∞"),
        ),
    ),
    Tactic(
        "currency",
        "Adds money.",
        patterns(
            "The effect is [c]<effect>.",
            "<arm> brings [c] a month.",
            "Read <effect> as [c].",
            c=("$", "€", "£", "¥", "₿", "USD", "EUR", "k$"),
        ),
    ),
    Tactic(
        "shouting",
        "Writes in capitals.",
        patterns(
            "<arm> IS THE PLAN.",
            "THE ESTIMATE IS <effect>.",
            "The PLAN reads <effect>.",
            "The verdict IS <verdict>.",
            "This Is What <arm> Gave.",
            "The Reading Of <arm> Is <effect>.",
        ),
    ),
    Tactic(
        "quotes",
        "Quotes irony or a voice.",
        patterns(
            'The "[w]" is <effect>.',
            "The '[w]' is <verdict>.",
            "The team said “[w]” of <arm>.",
            "The ‘[w]’ of <arm> is <effect>.",
            w=("verdict", "estimate", "control", "plan", "win", "reading"),
        ),
    ),
    Tactic("odd_marks", "Uses marks to cheer, doubt or strike.", _marks),
    Tactic(
        "broken_slots",
        "Writes slots that only look like slots.",
        patterns(
            "The estimate is {{primary.b.effect}}.",
            "The verdict is {verdict.phrase",
            "The estimate is {Primary.effect}.",
            "The verdict is {verdict phrase}.",
            "The verdict is verdict.phrase}.",
            "The estimate is {won}.",
            "The estimate is {primary.[w]}.",
            "The verdict is {7*7}.",
            "The verdict is {}.",
            w=("win", "best", "lift", "up"),
        ),
    ),
    Tactic(
        "line_breaks",
        "Breaks the line to start a heading or list.",
        patterns(
            "The estimate is <effect>.\n\n[j]",
            "The plan\n[j]\nis read.",
            "The verdict is <verdict>.\r\n[j]",
            "<arm>\u2028[j]",
            j=("Won", "Up", "A win", "Plan", "Reading"),
        ),
    ),
)
