"""What the command does: choose, tell the cost, ask, run, compare, write, and say by its exit code how it went.

0: every bar is met and nothing fell behind the baseline. 1: a bar was missed, something fell behind, or a case broke.
2: it could not run. 130: stopped by hand; what was done is kept.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.metadata
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import click
from pydantic import Field
from rich.console import Console

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.language.model.prices import Price
from suite import costs
from suite.choice import chosen_cases, chosen_tasks, registered
from suite.kept import Kept
from suite.progress import Shown
from suite.report import page, table
from suite.results import Line, Result, Run, bare, lines, load, save
from suite.speakers import PARTS, Speaker, scripted, served, speaking
from suite.task import Task
from suite.working import NOT_PAID, STOPPED, Job, Shop, work

__all__ = ["BASELINE", "Wanted", "perform"]

BASELINE = Path(__file__).resolve().parent / "baseline.json"
_MET, _MISSED, _COULD_NOT, _STOPPED = 0, 1, 2, 130


class Wanted(Frozen):
    """What the command line asked for; see its help."""

    tasks: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    limit: int | None = None
    model: str = ""
    base_url: str = ""
    key_env: str = ""
    through: str = ""
    small_model: bool = False
    max_cost: Annotated[float, Field(ge=0)] | None = None
    price: tuple[float, float] | None = None
    yes: bool = False
    go_on: bool = False
    at_once: int = 2
    out: Path = Path("build") / "evals"
    baseline: Path | None = None
    keep: bool = False
    listing: bool = False
    as_json: bool = False
    tasks_from: str = "suite.registry:TASKS"

    @property
    def name(self) -> str:
        """The model's name; "" for scripts."""
        return self.model or self.through or ("smollm2-135m-instruct" if self.small_model else "")

    @property
    def own_price(self) -> Mapping[str, float] | None:
        """US dollars per million tokens, where they are given or known to be nothing."""
        if self.small_model:
            return {"input": 0.0, "output": 0.0}
        return {"input": self.price[0], "output": self.price[1]} if self.price else None


def perform(wanted: Wanted) -> int:
    """Do it; the exit code.

    Raises:
        Refused: It cannot be done as it was asked for.
    """
    _check(wanted)
    tasks = chosen_tasks(registered(wanted.tasks_from), wanted.tasks)
    cases = chosen_cases(tasks, wanted.cases, wanted.limit)
    tasks = tuple(task for task in tasks if task.name in cases)
    if wanted.listing:
        click.echo(_listed(tasks, cases))
        return _MET
    if not cases:
        raise Refused.because("evals.none", "There is no case to run.", "`make evals ARGS=--list` lists them.")
    baseline = _baseline(wanted)
    with _speakers(wanted, {task: len(ids) for task, ids in cases.items()}, baseline) as speakers:
        if not speakers:
            return _COULD_NOT
        jobs = [
            Job(task.name, speaker, cases[task.name])
            for task in tasks
            for speaker in speakers
            if speaker.name not in PARTS or speaker.name in task.scripts
        ]
        run, faults = _run(wanted, tasks, jobs)
    return _tell(wanted, tasks, run, faults, baseline)


def _check(wanted: Wanted) -> None:
    """Raise what does not go together."""
    speakers = [name for name in (wanted.model, wanted.through, wanted.small_model) if name]
    if len(speakers) > 1:
        raise Refused.because("evals.two_models", "Name one of --model, --through and --small-model.")
    if (wanted.base_url or wanted.key_env) and not wanted.model:
        raise Refused.because(
            "evals.no_model", "--base-url and --key-env belong to --model.", "Name the model as its server calls it."
        )
    if wanted.keep and (wanted.cases or wanted.limit or wanted.name):
        raise Refused.because(
            "evals.keep",
            "Only scripted runs of whole tasks become the baseline.",
            "Leave out --case, --limit and the model; --task may stay.",
        )


def _baseline(wanted: Wanted) -> Run | None:
    path = wanted.baseline or BASELINE
    try:
        return load(path)
    except FileNotFoundError:
        if wanted.baseline is None or wanted.keep:
            return None
        raise Refused.because("evals.baseline", f"There is no file {path} to compare with.", "Name another.") from None
    except (OSError, ValueError) as error:
        raise Refused.because(
            "evals.baseline",
            f"{path} cannot be read as results: {str(error).splitlines()[0]}",
            "Name another with --baseline.",
        ) from error


@contextlib.contextmanager
def _speakers(wanted: Wanted, counts: Mapping[str, int], baseline: Run | None) -> Iterator[Sequence[Speaker]]:
    """Who speaks; nobody, where the person does not want to pay."""
    if not wanted.name:
        yield [scripted(part) for part in PARTS]
        return
    price = costs.priced(wanted.name, wanted.own_price)
    if not _agreed(wanted, counts, baseline, price):
        yield []
    elif wanted.model:
        given = {"base_url": wanted.base_url, "key_env": wanted.key_env, "price": wanted.own_price}
        yield [served(wanted.model, **given)]
    elif wanted.through:
        from suite.through import through  # noqa: PLC0415 - seconds of import that few need

        with through(wanted.through) as model, speaking(wanted.through, model, price=wanted.own_price) as speaker:
            yield [speaker]
    else:
        from local_model.small_model import SmallModel  # noqa: PLC0415 - the same

        with speaking(wanted.name, SmallModel(), price=wanted.own_price) as speaker:
            yield [speaker]


def _agreed(wanted: Wanted, counts: Mapping[str, int], baseline: Run | None, price: Price | None) -> bool:
    """Tell what it will cost; whether it may.

    Raises:
        Refused: ``evals.price_unknown``, ``evals.no_cap`` or ``evals.not_asked``.
    """
    own = costs.load_measured(wanted.out / "measured.json").get(wanted.name, {})
    told = costs.estimate(counts, price, own, baseline)
    click.echo(f"{wanted.name}: {told}", err=True)
    if price is None:
        raise Refused.because(
            "evals.price_unknown",
            f"The price of {wanted.name} is not known, so no cap could be kept.",
            "Give it as --price IN OUT, US dollars per million tokens read and written (0 0 for a server of your own).",
        )
    if not price.input and not price.output:
        return True
    if wanted.max_cost is None:
        raise Refused.because(
            "evals.no_cap", "This spends money, and nothing says how much it may.", "Give --max-cost, in US dollars."
        )
    if told.dollars is not None and told.dollars > wanted.max_cost:
        reached = int(told.cases * wanted.max_cost / told.dollars)
        click.echo(
            f"The cap of ${wanted.max_cost:.2f} is expected after about {reached} of {told.cases} cases.", err=True
        )
    if wanted.yes:
        return True
    if not sys.stdin.isatty():
        raise Refused.because(
            "evals.not_asked", "Nobody is there to be asked.", "Give --yes to spend the money unasked."
        )
    return click.confirm(f"Spend at most ${wanted.max_cost:.2f}?", err=True)


def _run(wanted: Wanted, tasks: Sequence[Task[Any]], jobs: Sequence[Job]) -> tuple[Run, list[str]]:
    """The results, in the tasks' order, and what could not be run."""
    kept, logs = wanted.out / "kept", wanted.out / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    if not wanted.go_on:
        for job in jobs:
            for case in job.cases:
                Kept(kept, job.speaker.name).drop(job.task, case)
    shop = Shop(wanted.tasks_from, logs.resolve(), kept.resolve(), wanted.go_on, wanted.at_once, wanted.max_cost)
    found: dict[tuple[str, str], Result] = {}
    faults = []
    console = Console(stderr=True)
    with Shown(sum(len(job.cases) for job in jobs), console, priced=bool(wanted.name)) as shown:
        for job, came in work(shop, jobs, shown):
            if isinstance(came, Result):
                found[job.task, job.speaker.name] = came
            else:
                faults.append(f"{job.task} with {job.speaker.name} could not be run. {came}")
    ordered = (found.get((job.task, job.speaker.name)) for job in jobs)
    run = Run(
        dated=dt.datetime.now(tz=dt.UTC).isoformat(timespec="minutes"),
        product=importlib.metadata.version("expcopilot"),
        versions={f"{task.name}/{measure.name}": measure.version for task in tasks for measure in task.scorers},
        results=tuple(result for result in ordered if result is not None),
    )
    return run, faults


def _tell(wanted: Wanted, tasks: Sequence[Task[Any]], run: Run, faults: Sequence[str], baseline: Run | None) -> int:
    """Write everything, say the table and what is to be said, and come to the exit code."""
    measures = lines(run, tasks, baseline)
    bad = _bad(run, measures)
    left = _left_out(run)
    remarks = [*faults, *bad, *left]
    save(run, wanted.out / "results.json")
    costs.save_measured(wanted.out / "measured.json", run.results)
    (wanted.out / "table.md").write_text(table(measures), encoding="utf-8")
    (wanted.out / "report.html").write_text(page(run, tasks, measures, remarks), encoding="utf-8")
    if wanted.keep:
        if whole := not faults and not any(one.failed for r in run.results for one in r.judged):
            save(_merged(bare(run), baseline), wanted.baseline or BASELINE)
        click.echo(
            "The new baseline is kept." if whole else "No baseline is kept: not every case was gone through.", err=True
        )
    if wanted.as_json:
        said = {"lines": [{**line.to_json(), "worse": line.worse} for line in measures], "remarks": remarks}
        click.echo(json.dumps({"dated": run.dated, "product": run.product, **said}, ensure_ascii=False))
    else:
        click.echo(table(measures))
        for remark in remarks:
            click.echo(remark)
        click.echo(str(wanted.out / "report.html"))
    if any(one.failed == STOPPED for result in run.results for one in result.judged):
        click.echo("Stopped. The same command with --go-on takes up where it was.", err=True)
        return _STOPPED
    if faults or not any(not one.failed for result in run.results for one in result.judged):
        return _COULD_NOT
    return _MISSED if bad else _MET


def _bad(run: Run, measures: Sequence[Line]) -> list[str]:
    """What makes it fail: cases that broke, bars missed, measures that fell behind."""
    said = [
        f"{result.task}, {one.case}, {result.speaker}: {one.failed}"
        for result in run.results
        for one in result.judged
        if one.broke or (one.failed and result.speaker in PARTS and one.failed != STOPPED)
    ]
    for line in measures:
        where = f"{line.task}, {line.scorer}, {line.speaker}"
        if line.passes is False and line.mean is not None:
            said.append(f"{where}: the bar is missed: {line.mean:.4g}, and the bar is {line.bar:.4g}.")
        if line.worse and line.before is not None and line.step is not None:
            said.append(
                f"{where}: worse than the baseline: {line.before + line.step:.4g}, and it was {line.before:.4g}."
            )
    return said


def _left_out(run: Run) -> list[str]:
    """How many cases say nothing, and why."""
    said = []
    for result in run.results:
        failed = [one.failed for one in result.judged if one.failed and not one.broke]
        said += [
            f"{result.task}, {result.speaker}: {_counted(failed.count(why))} could not be scored. {why}"
            for why in dict.fromkeys(failed)
            if result.speaker not in PARTS or why in {NOT_PAID, STOPPED}
        ]
    return said


def _counted(cases: int) -> str:
    return f"{cases} case{'' if cases == 1 else 's'}"


def _merged(run: Run, baseline: Run | None) -> Run:
    """The new results, and the baseline's of every task that was not run."""
    if baseline is None:
        return run
    ran = {result.task for result in run.results}
    new = {result.task: result for result in run.results}
    results = tuple(new.pop(result.task, result) for result in baseline.results)  # in its order: a diff shows changes
    versions = {key: value for key, value in baseline.versions.items() if key.partition("/")[0] not in ran}
    return run.model_copy(update={"results": (*results, *new.values()), "versions": versions | run.versions})


def _listed(tasks: Sequence[Task[Any]], cases: Mapping[str, Sequence[str]]) -> str:
    said = []
    for task in tasks:
        said += [f"{task.name}: {task.promise}", *(f"  {m.name} (version {m.version}): {m.asks}" for m in task.scorers)]
        said += [f"    {case.id}: {case.catches}" for case in task.cases if case.id in cases[task.name]]
    return "\n".join(said)
