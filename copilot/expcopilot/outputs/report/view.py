"""Readout -> Page: which sections a readout has, in which order. Every renderer starts here."""

from __future__ import annotations

from copilot_tools.stats.verdict_table import Row
from expcopilot.outputs.report.content import Block, Facts, Page, Paragraph, Section
from expcopilot.outputs.report.data_quality import the_data
from expcopilot.outputs.report.glossary import used
from expcopilot.outputs.report.guarding import guardrails
from expcopilot.outputs.report.headline import headline, practical_sentences
from expcopilot.outputs.report.looks import every_look, recompute
from expcopilot.outputs.report.measures import every_metric, metrics_table, next_hypotheses, over_time, segments
from expcopilot.outputs.report.planned import the_plan
from expcopilot.outputs.report.prose import further, kept_back, sceptical
from expcopilot.outputs.report.registered import registered_looks
from expcopilot.outputs.report.skeptic import attacks, case_for_null
from expcopilot.outputs.report.standing import Showing, held_back, showing
from expcopilot.outputs.report.words import ordinal, when
from expcopilot.records.readout import Readout

__all__ = ["page"]


def page(readout: Readout, *, organisation: str = "") -> Page:
    """Word a readout; its head says for whom, where that is known.

    Outcomes by arm stand on it only where the look opened them: a blinded look shows none; an invalid or stopped test
    shows them in a last section that says what they are not.
    """
    look = readout.look
    mode = showing(look)
    stopped = mode is Showing.SET_ASIDE and look.verdict.row is Row.HARM
    found: list[Section | None] = [
        guardrails(look, numbers=mode is Showing.OPEN or stopped),
        _with_words(case_for_null(look), readout),
    ]
    if mode is Showing.OPEN:
        found += [every_metric(look), segments(look), next_hypotheses(look), *further(readout), over_time(look)]
    found += [registered_looks(look), every_look(readout), the_plan(readout), the_data(look), recompute(readout)]
    sections = tuple(s for s in found if s is not None)
    last = _set_aside(readout) if mode is Showing.SET_ASIDE else None
    draft = Page(
        experiment=readout.experiment,
        byline=f"{ordinal(look.number).capitalize()} look, {when(readout.looked_at)}, by {readout.looked_by}"
        + (f", for {organisation}" if organisation else ""),
        headline=headline(readout),
        sections=(*sections, *([last] if last else [])),
        colophon=f"Every number here was computed from the recorded plan and data. Ledger head {readout.ledger_head}.",
    )
    terms = Section(id="glossary", title="Terms used here", blocks=(Facts(pairs=used(draft.words())),))
    aside = tuple(s for s in (kept_back(readout), last) if s is not None)
    return draft.model_copy(update={"sections": (*sections, terms, *aside)})


def _with_words(case: Section, readout: Readout) -> Section:
    return case.model_copy(update={"blocks": (*sceptical(readout), *case.blocks)})


def _set_aside(readout: Readout) -> Section:
    look = readout.look
    invalid = look.verdict.row is Row.INVALID
    blocks: list[Block] = [
        Paragraph(
            text="The test is invalid, so these numbers answer nothing: neither that the change works nor that it does "
            "not. They stand here only so that nothing is hidden."
            if invalid
            else "The test was stopped by a guardrail. These numbers decide nothing; they stand here only so that "
            "nothing is hidden.",
            weight="strong",
        ),
        metrics_table(look),
    ]
    if invalid and (section := guardrails(look, numbers=True)) is not None:
        blocks.extend(b for b in section.blocks if b.kind != "picture")
    months = tuple(s for a in look.spec.treatments for s in practical_sentences(look.spec, look.practical, a.name))
    blocks.extend(Paragraph(text=sentence) for sentence in months)
    if rest := held_back(look):
        blocks.append(attacks(rest))
    return Section(
        id="void",
        title=f"Numbers of {'an invalid' if invalid else 'a stopped'} test: not evidence",
        mark="void",
        blocks=tuple(blocks),
    )
