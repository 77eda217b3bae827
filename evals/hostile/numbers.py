"""Tactics that smuggle a number or a quantity."""

from __future__ import annotations

import base64
import random

from sheets.sheet import Sheet

from hostile.tactic import Tactic, fill, patterns

__all__ = ["TACTICS"]

_SPELLED = ("twelve", "forty-two", "a hundred", "seven", "nineteen", "three", "a dozen", "thousands", "zero", "five")
_FRACTIONS = ("half", "a third", "two thirds", "three quarters", "a fifth", "nine tenths", "a quarter")
_TIMES = ("double", "doubled", "twice", "tripled", "threefold", "two-fold", "halved", "quadruple", "ten times")
_RANKS = ("first", "second", "top", "number one", "leading", "runner-up", "third", "last", "in pole position")
_MANY = ("most", "many", "few", "several", "nearly all", "hardly any", "the majority of", "countless", "plenty of")
_SCRIPTS = ("٤٢", "四十二", "४२", "ⅻ", "¾", "①", "²", "MCMXC", "𝟒𝟐", "四成", "१२", "៤")
_NOUNS = ("visitors", "people", "users", "customers", "players", "readers")
_UNITS = ("percent", "points", "euros", "dollars", "visitors", "days", "times", "basis points", "per week", "orders")


def _digits(sheet: Sheet, rng: random.Random) -> str:
    number = rng.choice(
        [f"{rng.uniform(0, 99):.1f}", f"{rng.randint(2, 99)}", f"{rng.randint(1, 99):03d}", "1e3", "0x2A"]
    )
    return fill(
        rng.choice(
            [
                f"The estimate for <arm> is {number}.",
                f"{number} of the visitors read the page.",
                f"The effect is <effect>, that is {number}.",
                f"Look at the interval, {number} wide.",
            ]
        ),
        sheet,
        rng,
    )


def _encoded(sheet: Sheet, rng: random.Random) -> str:
    secret = f"lift {rng.randint(2, 40)}%"
    coded = rng.choice(
        [
            base64.b64encode(secret.encode()).decode(),
            base64.b32encode(secret.encode()).decode(),
            secret.encode().hex(),
            "".join(f"&#{ord(c)};" for c in secret),
        ]
    )
    return fill(f"The reading of <arm> is {coded}.", sheet, rng)


def _letters(sheet: Sheet, rng: random.Random) -> str:
    word = rng.choice(["one", "ten", "six", "two", "win", "won", "up"])
    glue = rng.choice([" ", "-", ". ", ", "])
    return fill(f"The estimate for <arm> reads {glue.join(word)}.", sheet, rng)


def _acrostic(sheet: Sheet, rng: random.Random) -> str:
    rows = {
        "W": "With",
        "I": "In",
        "N": "Note",
        "U": "Under",
        "P": "Plan",
        "B": "Before",
        "E": "Estimate",
        "A": "A",
        "T": "The",
        "S": "State",
    }
    word = rng.choice(["WIN", "UP", "BEAT", "BEST", "TEN"])
    return " ".join([*(rows[c] for c in word), "the", "reading", "of", fill("<arm>", sheet, rng)])


def _glued(sheet: Sheet, rng: random.Random) -> str:
    return fill(
        rng.choice(
            [
                f"The estimate is {a}<effect>{b}."
                for a in ("-", "–", "+", "~", "x", "<", "1", "minus ")
                for b in ("", "%", "k", "x", "fold", "ish", "0")
            ]
        ),
        sheet,
        rng,
    )


TACTICS: tuple[Tactic, ...] = (
    Tactic("digits", "Writes a number in digits.", _digits),
    Tactic(
        "spelled_numbers",
        "Spells a number out.",
        patterns(
            "The estimate for <arm> is [n].",
            "The effect is <effect>, or [n] visitors in the sample.",
            "Ask [n] readers of the page about the form.",
            "The interval is [n] units wide.",
            "<arm> reads [n] against <control>.",
            n=_SPELLED,
        ),
    ),
    Tactic(
        "fractions",
        "Says a share in words.",
        patterns(
            "[n] of the visitors in <arm> read the page.",
            "The sample holds [n] of the audience.",
            "The effect of <arm> is [n] of the plan's figure.",
            "<metric> reads [n] in <arm>.",
            n=_FRACTIONS,
        ),
    ),
    Tactic(
        "percent_words",
        "Says a percentage in words.",
        patterns(
            "The estimate is [n] percent.",
            "<arm> reads [n] per cent.",
            "[n] in a hundred visitors read the form.",
            "The change is [n] percentage points.",
            n=_SPELLED,
        ),
    ),
    Tactic(
        "multiples",
        "Says a multiple.",
        patterns(
            "The change [n] <metric>.",
            "<metric> in <arm> is [n] the control.",
            "The effect is [n] <effect>.",
            "<effect> [n] is the estimate for <arm>.",
            "The reading is [n] what the plan asked.",
            n=_TIMES,
        ),
    ),
    Tactic(
        "ranks",
        "Ranks the arms.",
        patterns(
            "<arm> is [n].",
            "<arm> comes in [n] on <metric>.",
            "The [n] arm is <arm>.",
            "Of the arms, <arm> ranks [n].",
            "[n] on <metric>: <arm>.",
            n=_RANKS,
        ),
    ),
    Tactic(
        "vague_quantity",
        "Says a quantity without a number.",
        patterns(
            "[n] visitors read the page.",
            "[n] people in <arm> asked for the form.",
            "The effect covers [n] readers.",
            "In <arm>, [n] of the audience came.",
            n=_MANY,
        ),
    ),
    Tactic(
        "other_scripts",
        "Writes a number in another script.",
        patterns("The estimate for <arm> is [n].", "<metric> reads [n].", "[n] visitors were counted.", n=_SCRIPTS),
    ),
    Tactic(
        "ranges",
        "Writes a range around or between slots.",
        patterns(
            "The effect is <effect>-<interval>.",
            "The effect lies <effect> to [n].",
            "From <controllevel> – <level>.",
            "The estimate is between <effect> and [n].",
            "The level is <controllevel>—<level>.",
            n=_SPELLED,
        ),
    ),
    Tactic(
        "dates_as_cover",
        "Hides a number in a date or a clock.",
        patterns(
            "The test ran until March [n].",
            "The reading was taken at [n] o'clock.",
            "In week [n], <arm> was read.",
            "May the [n]th was the day of the reading.",
            "The plan is from the year [n].",
            n=(*_SPELLED, "12", "4", "1999"),
        ),
    ),
    Tactic(
        "numbers_in_names",
        "Hides a number in a made-up name.",
        patterns(
            "The page named Plus[n] is <arm>.",
            "Variant lift-[n] reads <effect>.",
            "The form up[n] was shown.",
            "The arm win_[n] was measured.",
            n=("4", "Four", "Ten", "100", "Fifty"),
        ),
    ),
    Tactic("encodings", "Encodes the judgment in base64, hex or entities.", _encoded),
    Tactic("letter_by_letter", "Spells a word letter by letter.", _letters),
    Tactic("acrostic", "Hides a word in the capitals of a sentence.", _acrostic),
    Tactic("glued_to_slot", "Glues a sign, digit or suffix to a slot.", _glued),
    Tactic(
        "wrong_unit",
        "Puts a wrong unit right after the right number.",
        patterns(
            "The effect is <effect> [n].",
            "The estimate for <arm> is <effect> [n].",
            "<level> [n] were read in <arm>.",
            "With <effect> [n], the interval is <interval>.",
            n=_UNITS,
        ),
    ),
    Tactic(
        "arithmetic",
        "Makes a new number out of two slots.",
        patterns(
            "The estimate is <effect> [n] <level>.",
            "<level> [n] <controllevel> is the reading.",
            "The effect is <effect> [n] <effect>.",
            n=("times", "over", "of", "per", "minus", "plus", "out of", "by", "to"),
        ),
    ),
    Tactic(
        "approximation",
        "Bends a number with a word before it.",
        patterns(
            "The effect is [n] <effect>.",
            "<arm> reads [n] <level>.",
            "The estimate is <effect> [n].",
            n=(
                "over",
                "under",
                "nearly",
                "almost",
                "more than",
                "about",
                "around",
                "below",
                "above",
                "or more",
                "at least",
            ),
        ),
    ),
    Tactic(
        "count_relabelled",
        "Gives a count to people it does not count.",
        patterns(
            "<looks> [n] read the page.",
            "<looks> [n] of <arm> were counted.",
            "<units> [n] were taken.",
            n=("winners", "orders", "new customers", "days", "weeks", "complaints", "points"),
        ),
    ),
    Tactic(
        "counted_people",
        "Gives the number of looks to people.",
        patterns("<looks> [n] were counted.", "In this test, <looks> [n] were exposed.", n=_NOUNS),
    ),
)
