"""Where a table stands: an address with the credentials to reach it, and the name without them that may be kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from copilot_tools.refusals import Refused

__all__ = ["Address", "is_address"]

_SCHEMES = ("postgresql", "postgres")
_START = re.compile(r"^(postgresql|postgres):/{1,2}")
_OURS = ("table", "events", "events_unit", "events_time")
_KEPT = ("service", "target_session_attrs", "sslmode", "host", "port", "user", "dbname", "passfile", "connect_timeout")
"""Parameters of libpq that say where and how, and hold no secret: the name keeps these and no others."""


def is_address(data: str | Path) -> bool:
    """Whether data is given as an address of a warehouse, and not as a file.

    Example:
        >>> is_address("postgresql://db/shop?table=results"), is_address("results.csv")
        (True, False)
    """
    return bool(_START.match(str(data)))


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart.

    Attributes:
        dsn: What libpq connects by, credentials and all; never printed.
        table: The table with one row a unit (or an exposure), with its schema where given.
        name: The address without user's password or any other secret: what the ledger keeps.
        events: Table with one row an event, where the outcomes stand apart from the exposures.
        events_unit: Its unit column; None: named as in the exposures.
        events_time: Its time column; None: named as in the exposures.
    """

    dsn: str = field(repr=False)
    table: str
    name: str
    events: str | None = None
    events_unit: str | None = None
    events_time: str | None = None

    @property
    def holds_secret(self) -> bool:
        """Whether the address itself holds a password, or a parameter that may be one."""
        parts = urlsplit(self.dsn)
        return parts.password is not None or any(k not in _KEPT for k, _ in parse_qsl(parts.query))

    @classmethod
    def parse(cls, text: str | Path) -> Address:
        """Read ``postgresql://user@host:5432/database?table=schema.table`` (``&events=schema.table``).

        A password may stand in it; better ones are PGPASSWORD, ``~/.pgpass`` or a service file, which libpq reads
        itself, so that the address can be typed, kept and opened again.

        Raises:
            Refused: No scheme of a warehouse, no table, or a port that is no number.

        Example:
            >>> Address.parse("postgresql://ada:secret@db:5432/shop?table=ab.results").name
            'postgresql://ada@db:5432/shop?table=ab.results'
        """
        given = _START.sub(r"\1://", str(text))  # a path swallows one of the two slashes
        try:
            parts = urlsplit(given)
            port = parts.port
        except ValueError:
            raise _unreadable("its host or port cannot be read") from None
        if parts.scheme not in _SCHEMES:
            raise _unreadable("it does not begin with postgresql://")
        asked = parse_qsl(parts.query, keep_blank_values=True)
        ours = {k: v for k, v in asked if k in _OURS}
        rest = [(k, v) for k, v in asked if k not in _OURS]
        if not ours.get("table", "").strip():
            raise _unreadable("it names no table")
        user = f"{quote(unquote(parts.username), safe='')}@" if parts.username else ""
        host = (f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "") + (
            f":{port}" if port is not None else ""
        )
        kept = [(k, v) for k, v in rest if k in _KEPT] + [(k, ours[k]) for k in _OURS if k in ours]
        dsn = f"postgresql://{parts.netloc}{parts.path}" + (f"?{urlencode(rest, quote_via=quote)}" if rest else "")
        return cls(
            dsn=dsn,
            table=ours["table"],
            name=f"postgresql://{user}{host}{parts.path}?{urlencode(kept, quote_via=quote, safe='/.')}",
            events=ours.get("events") or None,
            events_unit=ours.get("events_unit") or None,
            events_time=ours.get("events_time") or None,
        )


def _unreadable(why: str) -> Refused:
    """A refusal that repeats nothing of the address: it may hold a password."""
    return Refused.because(
        "warehouse.address",
        f"The address of the table cannot be used: {why}.",
        "Write postgresql://USER@HOST:5432/DATABASE?table=SCHEMA.TABLE; keep the password in PGPASSWORD or ~/.pgpass.",
        name="data",
    )
