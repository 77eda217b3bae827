"""How four languages say numbers, shares and bounds: data for reading quantities. No rule stands here."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["WORDS", "Words"]


class Words(NamedTuple):
    """A language's words for numbers.

    Attributes:
        group: The mark between groups of three digits.
        numbers: Word -> value; words of one number stand side by side, joined by a space, a hyphen or ``joiner``.
        scales: Word -> factor: "hundred", "thousand", "million".
        joiner: The word inside a number: "and" in "two hundred and five".
        halves: Words for one half, as a pattern.
        fractions: Pattern of a word -> its denominator: "thirds?" -> 3.
        ones: Words that may stand before a fraction for "one": "a third".
        multiples: Pattern -> factor: "twice" -> 2.
        several: Pattern -> the least it can mean: "thousands" -> 2000.
        bounds: Bound -> patterns of what says it, before the number; the longest match counts.
        of: What stands between a share and what it is a share of.
        out_of: What makes a share of two numbers: "3 in 4".
        to: What joins the ends of a range.
        and_half: What adds one half: "two and a half".
    """

    group: str
    numbers: dict[str, float]
    scales: dict[str, float]
    joiner: str
    halves: str
    fractions: dict[str, int]
    ones: str
    multiples: dict[str, float]
    several: dict[str, float]
    bounds: dict[str, str]
    of: str
    out_of: str
    to: str
    and_half: str


def _counted(words: str, first: int = 0, step: int = 1) -> dict[str, float]:
    return {word: float(first + step * i) for i, word in enumerate(words.split())}


_EN_FOLD = _counted("two three four five six seven eight nine ten eleven twelve", 2) | {
    "hundred": 100.0,
    "thousand": 1e3,
}
_EN = Words(
    group=",",
    numbers=_counted(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen"
    )
    | _counted("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10)
    | {"dozen": 12.0},
    scales={"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12},
    joiner="and",
    halves=r"half|halves|halved|halving",
    fractions={"thirds?": 3, "quarters?": 4, "fifths?": 5, "sixths?": 6, "eighths?": 8, "tenths?": 10},
    ones="an|a|one",
    multiples={
        r"twice|doubl(?:e|es|ed|ing)": 2.0,
        r"thrice|tripl(?:e|es|ed|ing)": 3.0,
        r"quadrupl(?:e|es|ed|ing)": 4.0,
        r"quintupl(?:e|es|ed|ing)": 5.0,
        **{rf"{word}-?fold": value for word, value in _EN_FOLD.items()},
    },
    several={
        "dozens": 24.0,
        "hundreds": 200.0,
        "thousands": 2e3,
        "tens of thousands": 2e4,
        "hundreds of thousands": 2e5,
        "millions": 2e6,
        "billions": 2e9,
    },
    bounds={
        "at least": r"at least|no (?:less|fewer) than|not less than|a minimum of|minimum",
        "over": r"over|more than|above|in excess of|upwards? of|exceeding|exceeds|greater than|beyond|>",
        "at most": r"at most|no more than|not more than|no longer than|a maximum of|maximum|within|≤",
        "under": r"under|less than|fewer than|below|<",
        "up to": r"up to|as (?:much|many|high) as",
        "about": r"about|around|roughly|approximately|approx\.?|some|circa|ca\.|~|≈",
        "from": r"from|starting at",
        "nearly": r"nearly|almost|close to|just under|just below|not quite",
    },
    of="of",
    out_of="in every|out of every|of every|out of|in",
    to="to|and",
    and_half="and a half",
)

_DE_ONES = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn"
_DE_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
_DE = Words(
    group=".",
    numbers=_counted(f"{_DE_ONES} siebzehn achtzehn neunzehn")
    | _counted(_DE_TENS, 20, 10)
    | {
        f"{one}und{ten}": 20.0 + 10 * t + o
        for t, ten in enumerate(_DE_TENS.split())
        for o, one in enumerate(["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"], 1)
    }
    | {"dutzend": 12.0},
    scales={"hundert": 100.0, "tausend": 1e3, "million": 1e6, "millionen": 1e6, "milliarde": 1e9, "milliarden": 1e9},
    joiner="und",
    halves=r"hälfte|halbe[rns]?|halbiert",
    fractions={"drittel": 3, "viertel": 4, "fünftel": 5, "zehntel": 10},
    ones="einem|einen|eine|ein",
    multiples={
        r"doppelt\w{0,2}|zweimal|zweifach\w{0,2}|verdoppel\w{1,3}": 2.0,
        r"dreimal|dreifach\w{0,2}|verdreifach\w{1,3}": 3.0,
        **{
            rf"{word}(?:mal|fach\w{{0,2}})": value
            for word, value in _counted("vier fünf sechs sieben acht neun zehn elf zwölf", 4).items()
        },
        r"hundert(?:mal|fach\w{0,2})": 100.0,
    },
    several={"dutzende": 24.0, "hunderte": 200.0, "tausende": 2e3, "zehntausende": 2e4, "hunderttausende": 2e5},
    bounds={
        "at least": r"mindestens|wenigstens|nicht weniger als",
        "over": r"über|mehr als|oberhalb von",
        "at most": r"höchstens|maximal|nicht mehr als|innerhalb von|binnen",
        "under": r"unter|weniger als",
        "up to": r"bis zu",
        "about": r"rund|etwa|ungefähr|circa|ca\.|zirka|um die",
        "from": r"ab",
        "nearly": r"fast|knapp|beinahe|nahezu",
    },
    of="aller|der|des|von",
    out_of="von|aus",
    to="bis|und",
    and_half="einhalb",
)

_FR_ONES = "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
_FR = Words(
    group=".",
    numbers=_counted(_FR_ONES) | _counted("vingt trente quarante cinquante soixante", 20, 10) | {"douzaine": 12.0},
    scales={"cent": 100.0, "cents": 100.0, "mille": 1e3, "million": 1e6, "millions": 1e6, "milliard": 1e9},
    joiner="et",
    halves=r"moitié|demie?",
    fractions={"tiers": 3, "quarts?": 4, "cinquièmes?": 5, "dixièmes?": 10},
    ones="une|un|le",
    multiples={
        r"doubl(?:e|es|é|ée)": 2.0,
        r"tripl(?:e|es|é|ée)": 3.0,
        r"quadrupl(?:e|é|ée)": 4.0,
        r"décupl(?:e|é|ée)": 10.0,
    },
    several={"des centaines": 200.0, "des milliers": 2e3},
    bounds={
        "at least": r"au moins|au minimum|pas moins de",
        "over": r"plus de|plus d'|au-delà de",
        "at most": r"au plus|au maximum|pas plus de",
        "under": r"moins de|en dessous de",
        "up to": r"jusqu'à",
        "about": r"environ|autour de|à peu près",
        "from": r"à partir de|dès",
        "nearly": r"presque|près de|quasiment",
    },
    of="des|de la|de|du",
    out_of="sur",
    to="à|et",
    and_half="et demie?",
)

_ES_ONES = "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
_ES = Words(
    group=".",
    numbers=_counted(_ES_ONES)
    | _counted("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa", 20, 10)
    | {"docena": 12.0},
    scales={"cien": 100.0, "ciento": 100.0, "mil": 1e3, "millón": 1e6, "millones": 1e6},
    joiner="y",
    halves=r"mitad|medio|media",
    fractions={"tercios?": 3, "cuartos?": 4, "quintos?": 5, "décimos?": 10},
    ones="una|un",
    multiples={r"(?:el )?doble|duplica\w{0,2}": 2.0, r"(?:el )?triple|triplica\w{0,2}": 3.0},
    several={"cientos": 200.0, "miles": 2e3},
    bounds={
        "at least": r"al menos|como mínimo|por lo menos|no menos de",
        "over": r"más de|por encima de",
        "at most": r"como máximo|no más de|a lo sumo",
        "under": r"menos de|por debajo de",
        "up to": r"hasta",
        "about": r"alrededor de|aproximadamente|unos|unas|cerca de",
        "from": r"desde|a partir de",
        "nearly": r"casi",
    },
    of="de los|de las|de la|del|de",
    out_of="de cada",
    to="a|y",
    and_half="y medi[oa]",
)

WORDS: dict[str, Words] = {"en": _EN, "de": _DE, "fr": _FR, "es": _ES}
"""Language -> its words."""
