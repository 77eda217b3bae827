"""Did a judgment escape? Read from the sentence as rendered, with the facts said to be in it.

The scorer knows nothing of the gate it scores: it finds each fact's text in the rendered sentence, takes it out, and
looks at what is left with lists of its own. Then it asks whether each result stands with the names it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["escapes"]

_JUDGING = re.compile(
    r"\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety|hundreds?|thousands?|millions?|dozens?|half|halves|halved|third|quarters?|fifth|tenths?|"
    r"doubl\w*|tripl\w*|quadrupl\w*|twice|thrice|\w+fold|percent|more|less|most|least|fewer|majority|"
    r"higher|lower|highest|lowest|better|best|worse|worst|above|below|bigger|greater|stronger|weaker|"
    r"increas\w*|decreas\w*|improve\w*|growing|grew|ris(?:es|ing|en)|rose|fall(?:s|ing|en)?|fell|dropping|lift\w*|"
    r"gains?|gained|los(?:e|es|t|ing)|w[io]ns?|winn\w+|beat\w*|exceed\w*|outperform\w*|surpass\w*|ahead|superior|"
    r"inferior|significan\w*|proven|prove[sd]?|confirm\w*|certain\w*|clear\w*|obvious\w*|definite\w*|really|true|"
    r"truly|works|worked|success(?:es|ful\w*)?|succeed\w*|failure\w*|good|great|bad|poor|strong|weak|promising|worrying|"
    r"positive|negative|trending|almost|nearly|basically|practically|caus\w+|drove|driven|owing|"
    r"ship|launch\w*|roll\w*|adopt\w*|keeper|recommend\w*|deploy|hardly|barely|scarcely|merely|"
    r"opposite|false|seems?|appears?|alleged\w*|probabl\w+|likely|supported|refuted|inconclusive|harmful|champion|"
    r"huge|modest|fluke|robust|solid|reliabl\w+|meaningful|convincing|conclusive)\b",
    re.IGNORECASE,
)
"""Words that judge wherever they stand."""
_TURNING = re.compile(
    r"\b(?:one|up|down|larger|smaller|large|big|small|tiny|wide|narrow|real|right|wrong|many|few|several|because|thanks|"
    r"due|therefore|thus|hence|as good|keep|choose|pick|should|must|stop|scale|not|never|no|none|nor|neither|without|"
    r"cannot|\w+n't|only|just|except|would|could|might|may|will|if|unless|whether|supposed\w*|perhaps|maybe|still|already|yet|"
    r"soon|noise|luck\w*|random|chance|working|drops?|dropped|loss|losses|fails?|failed|trend|so far)\b",
    re.IGNORECASE,
)
"""Words that turn, hedge, size or explain a result: escapes in a sentence that holds one."""
_OPEN = re.compile(r"\b(?:could|may|might|would|whether|if|how|why)\b|\?", re.IGNORECASE)
_JUDGE_UNLESS_OPEN = re.compile(
    r"\b(?:up|down|larger|smaller|large|big|small|tiny|many|few|several|real|wrong|drops?|dropped|loss|losses|fails?|"
    r"failed|luck\w*|noise|fluke|chance|love[sd]?|prefer\w*|enjoy\w*|longer|shorter)\b"
    r"(?! (?:tests?|runs?|samples?|periods?|windows?|weeks?|looks?|lists?|forms?|pages?|wait))",
    re.IGNORECASE,
)
"""Words that judge where a sentence states, and not where it asks or says what is possible."""
_PHRASAL = re.compile(
    r"\b(?:set|sets|sign|signs|signed|come|comes|came|follow|follows|followed|write|writes|wrote|written|draw|draws|drew|"
    r"drawn|show|shows|showed|backed|back|split|wrap|tidy|speak|calls?|called|ends?|ended|brings?|brought|turns?|turned|"
    r"made?|makes?|adds?|sum|break|breaks|lay|laid|puts?|notes?|noted|up to) (?:up|down)\b|\bby chance\b",
    re.IGNORECASE,
)
_STRANGE = re.compile(r"[^A-Za-z ,.;:'’?()\-–—]")
_CLAIMS = re.compile(
    r"\b(?:is|was) (?:the )?(?:answer|plan|future|next|winner|it)\b|\banswer(?:ed)? (?:is|it)\b|\bit is\.|"
    r"\bthere (?:is|was) an?\b|\ban? (?:effect|difference)\.|"
    r"\bwhat the (?:plan|team|audience) (?:asked|wanted|expected)\b",
    re.IGNORECASE,
)
_JUDGES = {"effect", "interval", "direction", "comparison", "verdict", "level"}
_BREAK = re.compile(r"[,;:().?]| and | but | while | whereas |—| - | – ", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.?;]) ")
_VERSUS = re.compile(r"\b(?:than|against|versus|vs)\b", re.IGNORECASE)
_MARK = re.compile("\x00(\\d+)\x00")


def escapes(text: str, named: Sequence[str], facts: Mapping[str, Mapping[str, Any]], section: str) -> list[str]:
    """What in ``text`` is not traceable to the facts ``named``; empty when all is.

    Args:
        text: As a reader would see it.
        named: Ids of the facts said to be in it, in order.
        facts: Every fact, as plain data.
        section: Where it stands.
    """
    bare, missing = _without_facts(text, named, facts)
    found = [f"the text of {name} is not in the sentence" for name in missing]
    around = _MARK.sub("", bare)
    found += [f"strange character {c!r}" for c in sorted(set(_STRANGE.findall(around)))]
    results = [n for n in named if facts[n]["kind"] in _JUDGES]
    found += [f"judging word {m[0]!r}" for m in _JUDGING.finditer(around)]
    found += _turning(bare, named, facts)
    found += [f"claim {m[0]!r}" for m in _CLAIMS.finditer(around)]
    if section not in {"exploratory", "next"}:
        found += [f"{n} was not planned" for n in named if not facts[n]["planned"]]
    if results and "?" in bare:
        found.append("a result in a question")
    return found + _misattributed(bare, named, facts)


def _turning(bare: str, named: Sequence[str], facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found = []
    for sentence in _SENTENCE.split(bare):
        own = [facts[named[int(m[1])]] for m in _MARK.finditer(sentence)]
        words = _MARK.sub("", sentence)
        if any(f["kind"] in _JUDGES and f["arm"] for f in own) or any(f["kind"] == "verdict" for f in own):
            found += [f"turning word {m[0]!r}" for m in _TURNING.finditer(words)]
        elif not _OPEN.search(sentence):
            found += [f"judging word {m[0]!r}" for m in _JUDGE_UNLESS_OPEN.finditer(_PHRASAL.sub("", words))]
    return found


def _without_facts(text: str, named: Sequence[str], facts: Mapping[str, Mapping[str, Any]]) -> tuple[str, list[str]]:
    pieces, missing, at = [], [], 0
    lower = text.lower()
    for number, name in enumerate(named):
        said = facts[name]["text"].rstrip(".?").lower()
        start = lower.find(said, at)
        if start < 0:
            missing.append(name)
            continue
        pieces += [text[at:start], f"\x00{number}\x00"]
        at = start + len(said)
    return "".join([*pieces, text[at:]]), missing


def _misattributed(  # noqa: C901 - one walk over the clauses, read top to bottom
    bare: str, named: Sequence[str], facts: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    found = []
    arms = {f["arm"] for f in facts.values() if f["arm"] and f["kind"] in _JUDGES - {"level"}}
    about = {"metric": None, "arm": None, "part": None}
    for clause in _BREAK.split(bare):
        halves = _VERSUS.split(clause, maxsplit=1)
        ids = [named[int(m[1])] for m in _MARK.finditer(halves[0])]
        names = [facts[i] for i in ids if facts[i]["kind"] == "name"]
        for key in about:
            spoken = [f[key] for f in names if f[key]]
            if spoken:
                about[key] = spoken[-1]
                if len(set(spoken)) > 1 and any(facts[i]["kind"] in _JUDGES for i in ids):
                    found.append(f"two of one kind named with one result: {spoken}")
        for i in ids:
            fact = facts[i]
            if fact["kind"] not in _JUDGES or fact["kind"] == "verdict":
                continue
            for key, last in about.items():
                if last and fact[key] and fact[key] != last:
                    found.append(f"{i} is read of {last}")
            if about["part"] and not fact["part"]:
                found.append(f"{i}, of everyone, is read of {about['part']}")
        for half in halves[1:]:
            for i in (named[int(m[1])] for m in _MARK.finditer(half)):
                fact = facts[i]
                if (
                    fact["kind"] == "name"
                    and fact["arm"] in arms
                    and not any(facts[j]["kind"] in _JUDGES for j in (named[int(m[1])] for m in _MARK.finditer(half)))
                    and any(facts[j]["kind"] in _JUDGES for j in ids)
                ):
                    found.append(f"{i} stands where the control belongs")
    return found
