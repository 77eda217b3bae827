"""``python -m suite``: run the tasks, with the cost before it starts and a cap; print the table, write the page.

make evals runs every task with the scripted speakers, no key and no model. With a model:

    python -m suite --model claude-sonnet-5-5 --max-cost 20
    python -m suite --model my-model --base-url http://127.0.0.1:8080 --price 0 0
    python -m suite --through openai/gpt-5 --price 1.25 10 --max-cost 5
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from copilot_tools.refusals import Refused
from suite.case import UnreadableCaseError
from suite.command import Wanted, perform

_OUT = Path("build") / "evals"


@click.command()
@click.option("--task", "tasks", multiple=True, help="Only this task; may be given again.")
@click.option("--case", "cases", multiple=True, help="Only this case; may be given again.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many cases a task, spread evenly over its file.")
@click.option("--model", default="", help="The model's name; without one, scripts play it.")
@click.option("--base-url", default="", help="A server that speaks the Messages API; the provider's own by default.")
@click.option("--key-env", default="", help="The environment variable that holds the key.")
@click.option("--through", default="", help="A model of any provider Inspect knows, such as openai/gpt-5.")
@click.option("--small-model", is_flag=True, help="The small local model (make local-model installs it).")
@click.option("--max-cost", type=click.FloatRange(min=0), help="US dollars that may be spent; asked for with a model.")
@click.option("--price", type=float, nargs=2, metavar="IN OUT", help="US dollars per million tokens read and written.")
@click.option("--yes", is_flag=True, help="Do not ask before money is spent.")
@click.option("--at-once", default=2, show_default=True, type=click.IntRange(1, 32), help="Cases at the same time.")
@click.option("--out", type=click.Path(path_type=Path), default=_OUT, show_default=True, help="Folder of the results.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Results to compare with; evals/suite/baseline.json by default.",
)
@click.option(
    "--go-on", is_flag=True, help="Take the outcomes kept by the last run, score them anew, and run the rest."
)
@click.option("--keep", is_flag=True, help="Make these results the new baseline.")
@click.option("--list", "listing", is_flag=True, help="List tasks, scorers and cases, and run nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print every figure as JSON.")
@click.option("--tasks-from", default="suite.registry:TASKS", hidden=True)
def main(**given: object) -> NoReturn:
    """Hold the promises against a model: scripted ones without a key, or any that speaks the Messages API.

    Exit code 0: every bar is met. 1: a bar is missed, or something is worse than the baseline. 2: it could not run.
    """
    try:
        code = perform(Wanted.model_validate(given))
    except (Refused, UnreadableCaseError) as cannot:
        click.echo(str(cannot), err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        click.echo("Broken off. What was done is kept: the same command with --go-on takes up where it was.", err=True)
        sys.exit(130)
    sys.exit(code)


if __name__ == "__main__":
    main()
