"""The door to any server that speaks the Messages API. The only file that imports anthropic."""

from __future__ import annotations

import json
import logging
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from expcopilot.language.model import failures
from expcopilot.language.model.payload import payload
from expcopilot.language.model.protocol import Answer, ModelFailed, Request
from expcopilot.language.model.reading import longest_text, read_answer, read_usage
from expcopilot.language.model.wire import Bounds, is_network_error
from expcopilot.records.answer import Usage

if TYPE_CHECKING:
    import anthropic

__all__ = ["MessagesApi"]

_PLACEHOLDER = "no-key-needed"
_LONGEST_SAID = 200


class MessagesApi:
    """A ``Model`` behind a Messages API: Anthropic's, a gateway, or a server of one's own. Safe under threads.

    The SDK retries what never began (429, 408, 409, 5xx, no connection), waiting as long as the server asks for, up to
    ``longest_wait``; here a stream that was cut or failed in the middle is asked for again, which the SDK does not do.
    Nothing is logged, and no failure holds the key.

    Args:
        name: The model, such as "claude-sonnet-5-5".
        key: API key; by default what the SDK finds in the environment (ANTHROPIC_API_KEY, ...).
        base_url: Server; by default ANTHROPIC_BASE_URL, else Anthropic's. With one and without a key, a placeholder is
            sent: a server of one's own asks for none.
        timeout: Seconds of silence before a server counts as gone.
        longest: Seconds a whole answer may take.
        retries: How often the SDK tries again.
        attempts: How often a streamed answer may begin.
        backoff: Seconds before the second attempt at a stream; doubled each time, up to 8.
        longest_wait: Seconds a server may ask to wait; asked for more, the request fails and says so.
        largest: Bytes an answer may have on the wire.
        effort: How much the model should think ("low", "medium", "high" ...), where it knows that; None for its own.
    """

    def __init__(
        self,
        name: str,
        *,
        key: str | None = None,
        base_url: str | None = None,
        timeout: float = 120.0,
        longest: float = 600.0,
        retries: int = 4,
        attempts: int = 3,
        backoff: float = 0.5,
        longest_wait: float = 60.0,
        largest: int = 16_000_000,
        effort: str | None = None,
    ) -> None:
        self._name = name
        self._key = key
        self._base_url = base_url or os.environ.get("ANTHROPIC_BASE_URL") or None
        self._timeout = timeout
        self._retries = retries
        self._backoff = backoff
        self._bounds = Bounds(longest=longest, longest_wait=longest_wait, largest=largest)
        self._effort = effort
        self._opening = threading.Lock()
        self.attempts = attempts

    @property
    def name(self) -> str:
        """The model's name, as asked for."""
        return self._name

    @property
    def server(self) -> str:
        """How the server is named to a person."""
        return f"the model's server {urlsplit(self._base_url).hostname}" if self._base_url else "Anthropic's API"

    def answer(self, request: Request, *, on_text: Callable[[str], None] | None = None) -> Answer:
        """Send a request and wait for the whole answer; see ``Model.answer``.

        Raises:
            ModelFailed: "not_configured" when nothing can be answered until something is changed (no key, unknown
                model, unpaid account, request not accepted); "unreachable" after every retry; "truncated" for a stream
                that was cut each time; "malformed" for what is no answer.
            ValueError: A request that cannot be sent (see ``payload``).
        """
        client = self._opened()
        body = payload(request, self._name, self._sdk.transform_schema, self._effort)
        if on_text is not None:
            return self._streamed(client, body, request, on_text)
        try:
            message = client.messages.create(**body)
        except Exception as error:  # noqa: BLE001 - _failure raises again what it does not know
            raise self._failure(error, Usage()) from None
        return read_answer(message, request, server=self.server, model=self._name, before=Usage())

    def body(self, request: Request) -> dict[str, Any]:
        """A request as it goes over the wire.

        Raises:
            ValueError: A request that cannot be sent (see ``payload``).
        """
        return payload(request, self._name, self._sdk.transform_schema, self._effort)

    def failure(self, error: Exception, used: Usage | None = None) -> ModelFailed:
        """What an exception of the SDK's means; one that is none of its own is raised again.

        Args:
            error: What a call on a client of ``asynchronous`` raised.
            used: Tokens spent before it.
        """
        return self._failure(error, used or Usage())

    def batch_line(self, line: bytes) -> Any:
        """One line of a batch's results as the SDK's record, unchecked.

        Raises:
            ValueError: It is no JSON object.
        """
        data = json.loads(line)
        if not isinstance(data, dict):
            raise ValueError("a line of results is no JSON object")  # noqa: TRY004 - as any other line that is none
        return self._sdk.types.messages.MessageBatchIndividualResponse.construct(**data)

    @property
    def largest(self) -> int:
        """Bytes an answer may have on the wire."""
        return self._bounds.largest

    def asynchronous(self, connections: int) -> anthropic.AsyncAnthropic:
        """An asynchronous client of the same server, key, bounds and retries; to be closed by whoever asked for it.

        Args:
            connections: How many may be open at once.

        Raises:
            ModelFailed: "not_configured" when there is no key.
        """
        sync, sdk = self._opened(), self._sdk
        import httpx2  # noqa: PLC0415 - comes with anthropic, which is imported late

        return sdk.AsyncAnthropic(  # type: ignore[no-any-return]
            api_key=sync.api_key,
            auth_token=None if sync.api_key else sync.auth_token,
            base_url=self._base_url,
            timeout=self._timeout,
            max_retries=self._retries,
            http_client=sdk.DefaultAsyncHttpxClient(
                timeout=self._timeout,
                limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
                event_hooks={"response": [self._bounds.hold_async]},
            ),
        )

    def close(self) -> None:
        """Let go of the connections."""
        if client := self.__dict__.pop("_client", None):
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _streamed(
        self, client: anthropic.Anthropic, body: Any, request: Request, on_text: Callable[[str], None]
    ) -> Answer:
        before, shown = Usage(), False
        cut: _Cut | None = None
        for attempt in range(self.attempts):
            if attempt:
                # Jitter, so that many clients cut off together do not come back together.
                time.sleep(min(self._backoff * 2 ** (attempt - 1), 8.0) * random.uniform(0.75, 1.0))  # noqa: S311
            if shown:
                on_text("")
                shown = False
            try:
                with self._begun(client, body, before) as stream:
                    length = 0
                    for piece in self._pieces(stream):
                        if piece:
                            shown = True
                            on_text(piece)
                        length += len(piece)
                        if length > longest_text(request):
                            break
                    message = stream.current_message_snapshot
                    if length > longest_text(request):
                        message.stop_reason = "max_tokens"
                        message.usage.output_tokens = _usage_so_far(stream).output_tokens
            except _Cut as found:
                cut, before = found, before + found.usage
                continue
            return read_answer(message, request, server=self.server, model=self._name, before=before)
        raise (cut or _Cut(None)).failure(self.server, self._name, before)

    def _begun(self, client: anthropic.Anthropic, body: Any, before: Usage) -> _Begun:
        return _Begun(client.messages.stream(**body), lambda error: self._failure(error, before))

    def _pieces(self, stream: Any) -> Iterator[str]:
        """The text as it arrives; a generator, so that what its reader raises is not taken for the server's fault."""
        sdk = self._sdk
        said_why = False
        try:
            for event in stream:
                if event.type == "text":
                    yield event.text
                said_why = said_why or (event.type == "message_delta" and bool(event.delta.stop_reason))
        except sdk.APIStatusError as error:
            usage = _usage_so_far(stream)
            if error.type in failures.TRANSIENT:
                raise _Cut(error, usage) from None
            raise self._failure(error, usage) from None
        except Exception as error:  # noqa: BLE001 - a broken connection, half a line of JSON, events out of order
            raise _Cut(error, _usage_so_far(stream)) from None
        if "text/event-stream" not in stream.response.headers.get("content-type", ""):
            raise failures.not_an_answer(self.server, "it is no stream of events")
        if not said_why:
            raise _Cut(None, _usage_so_far(stream))

    def _failure(self, error: Exception, before: Usage) -> ModelFailed:
        sdk = self._sdk
        if isinstance(error, sdk.APITimeoutError):
            return failures.timed_out(self.server, self._timeout, before)
        if isinstance(error, sdk.APIConnectionError):
            return failures.unreachable(self.server, before)
        if isinstance(error, sdk.APIStatusError):
            return failures.by_status(
                error.status_code,
                error.type,
                self._said(error.api_message or ""),
                server=self.server,
                model=self._name,
                wait=error.response.headers.get("retry-after"),
                usage=before,
            )
        if isinstance(error, sdk.CredentialsError) or (isinstance(error, TypeError) and "authentication" in str(error)):
            return failures.key_missing()
        if isinstance(error, sdk.AnthropicError | ValueError | RuntimeError | TypeError | AttributeError):
            return failures.not_an_answer(self.server, "it cannot be read as JSON of the Messages API", before)
        raise error

    def _said(self, message: str) -> str:
        """What a server says of an error, short and without the key, which some repeat."""
        key = self._client.api_key or self._client.auth_token
        said = re.sub(r"\s+", " ", message.replace(key, "[key]") if key else message).strip()
        return said if len(said) <= _LONGEST_SAID else said[:_LONGEST_SAID] + "..."

    @cached_property
    def _sdk(self) -> Any:
        import anthropic  # noqa: PLC0415 - 2.3 seconds that only who talks to a model should spend

        return anthropic

    def _opened(self) -> anthropic.Anthropic:
        with self._opening:
            return self._client

    @cached_property
    def _client(self) -> anthropic.Anthropic:
        sdk = self._sdk
        quiet = logging.getLogger("anthropic")
        if quiet.level == logging.NOTSET:
            # At debug level the SDK logs whole requests; that is for whoever asks for it by ANTHROPIC_LOG.
            quiet.setLevel(logging.WARNING)
        key = self._key
        environment = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
        if key is None and self._base_url and not any(os.environ.get(name) for name in environment):
            key = _PLACEHOLDER
        try:
            return sdk.Anthropic(  # type: ignore[no-any-return]
                api_key=key,
                base_url=self._base_url,
                timeout=self._timeout,
                max_retries=self._retries,
                http_client=sdk.DefaultHttpxClient(
                    timeout=self._timeout, event_hooks={"response": [self._bounds.hold]}
                ),
            )
        except sdk.AnthropicError:
            raise failures.key_missing() from None


class _Begun:
    """A stream, whose failures to begin are told apart from those in its middle."""

    def __init__(self, manager: Any, failure: Callable[[Exception], ModelFailed]) -> None:
        self._manager = manager
        self._failure = failure

    def __enter__(self) -> Any:
        try:
            return self._manager.__enter__()
        except Exception as error:  # noqa: BLE001 - _failure raises again what it does not know
            raise self._failure(error) from None

    def __exit__(self, *raised: object) -> None:
        self._manager.__exit__(*raised)


class _Cut(Exception):  # noqa: N818 - an outcome
    """A stream that ended before the answer did."""

    def __init__(self, error: Exception | None, usage: Usage | None = None) -> None:
        super().__init__()
        self.error = error
        self.usage = usage or Usage()

    def failure(self, server: str, model: str, usage: Usage) -> ModelFailed:
        """The failure once no attempt is left."""
        kind = getattr(self.error, "type", None)
        if isinstance(kind, str):
            return failures.by_status(200, kind, "", server=server, model=model, usage=usage)
        if self.error is not None and not is_network_error(self.error):
            return failures.not_an_answer(server, "its events cannot be read", usage)
        return failures.failed(
            "truncated",
            "cut",
            f"{server} broke off its answer each time.",
            "Try again; if it keeps happening, check the network and any proxy on the way.",
            usage=usage,
        )


def _usage_so_far(stream: Any) -> Usage:
    """What an unfinished answer used: a server counts what it wrote only at the end, so that is estimated till then."""
    try:
        message = stream.current_message_snapshot
    except AssertionError:  # how the SDK says that the message has not begun
        return Usage()
    usage = read_usage(message)
    written = sum(len(getattr(block, "text", None) or "") for block in message.content) // 4
    return usage.model_copy(update={"output_tokens": max(usage.output_tokens, written)})
