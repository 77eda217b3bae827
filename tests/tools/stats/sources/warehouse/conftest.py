"""A Postgres for the tests of this folder, and an empty schema in it for each."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from postgres_server import Server, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server of this run."""
    with running() as made:
        yield made


@pytest.fixture
def postgres(server: Server) -> Iterator[psycopg.Connection]:
    """A connection to it, in an empty schema of the test's own."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '5s'")  # a session left open by a test must fail the next, not hang it
        connection.execute("DROP SCHEMA IF EXISTS lab CASCADE; CREATE SCHEMA lab")
        yield connection
