"""Who plays the model: a script, a server that speaks the Messages API, or a small model in this process.

All of them are reached the same way, by the provider's own client over HTTP, from a workspace whose settings name them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, get_args

from loopback.replies import Said, Script
from loopback.server import Loopback
from suite.case import Case
from suite.task import Played, Task

__all__ = ["PARTS", "Served", "Speaker", "scripted", "served", "speaking"]

PARTS: tuple[Played, ...] = get_args(Played)


class Speaker(Protocol):
    """Somebody who plays the model."""

    @property
    def name(self) -> str:
        """As it stands in the results."""
        ...

    def at(self, task: Task[Any], case: Case) -> AbstractContextManager[Mapping[str, Any] | None]:
        """The ``[model]`` table for one case; None where this speaker has no part in the task."""
        ...


@dataclass(frozen=True)
class _Scripted:
    name: Played

    @contextmanager
    def at(self, task: Task[Any], case: Case) -> Iterator[Mapping[str, Any] | None]:
        part = task.scripts.get(self.name)
        if part is None:
            yield None
            return
        with Loopback(part(case)) as server:
            yield {"name": f"{self.name}-script", "base_url": server.url, "key_env": "", "timeout": 30.0}


def scripted(part: Played) -> Speaker:
    """A script of each task that plays a part, behind a server on the loopback interface."""
    return _Scripted(part)


@dataclass(frozen=True)
class Served:
    """A model behind a server.

    Attributes:
        name: The model, as its server calls it.
        base_url: The server; "" for the provider's own.
        key_env: Variable that holds the key; "" for the provider's own.
        timeout: Seconds of silence before the server counts as gone.
        case_cost: US dollars that one case may spend, or None.
        price: US dollars per million tokens ("input", "output"), over the product's table; or None.
    """

    name: str
    base_url: str = ""
    key_env: str = ""
    timeout: float = 120.0
    case_cost: float | None = None
    price: Mapping[str, float] | None = None

    @contextmanager
    def at(self, task: Task[Any], case: Case) -> Iterator[Mapping[str, Any] | None]:  # noqa: ARG002 - the same for all
        """The table; the server must be there."""
        table: dict[str, Any] = {"name": self.name, "timeout": self.timeout}
        table |= {"base_url": self.base_url} if self.base_url else {}
        table |= {"key_env": self.key_env} if self.key_env else {}
        table |= {"max_cost": self.case_cost} if self.case_cost is not None else {}
        table |= {"prices": {self.name: dict(self.price)}} if self.price is not None else {}
        yield table


def served(name: str, **given: Any) -> Served:
    """A model behind a server of the Messages API."""
    return Served(name, **given)


@contextmanager
def speaking(name: str, script: Script, *, price: Mapping[str, float] | None = None) -> Iterator[Served]:
    """A model in this process, or of another provider, put behind a server of its own while the block lasts.

    What it fails with is told on standard error, each failure once: the product only learns that nobody answered.
    """
    told: set[str] = set()

    def telling(body: dict[str, Any]) -> Said:
        try:
            return script(body)
        except Exception as error:
            said = f"{name} failed. {type(error).__name__}: {' '.join(str(error).split())[:300]}\n"
            if said not in told:
                told.add(said)
                sys.stderr.write(said)
            raise

    with Loopback(telling, lean=True) as server:
        yield Served(name, base_url=server.url, timeout=1_800.0, price=price)
