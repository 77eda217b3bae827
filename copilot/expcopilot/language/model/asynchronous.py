"""The same Messages API for many requests at once: one event loop, one pool of connections."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import Answer, Request
from expcopilot.language.model.reading import read_answer
from expcopilot.records.answer import Usage

__all__ = ["AsyncMessages"]


class AsyncMessages:
    """Requests under way side by side; the SDK retries each as ``MessagesApi`` says.

    Args:
        api: Server, key, model and bounds.
        connections: How many requests may be under way at once.
    """

    def __init__(self, api: MessagesApi, connections: int) -> None:
        self._api = api
        self._client: Any = api.asynchronous(connections)

    async def answer(self, request: Request) -> Answer:
        """Send a request and wait for the whole answer.

        Raises:
            ModelFailed: As ``MessagesApi.answer``.
            ValueError: A request that cannot be sent.
        """
        body = self._api.body(request)
        try:
            message = await self._client.messages.create(**body)
        except Exception as error:  # noqa: BLE001 - failure() raises again what it does not know
            raise self._api.failure(error) from None
        return read_answer(message, request, server=self._api.server, model=self._api.name, before=Usage())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()
