"""Why a model brought no usable answer, and what to do: one sentence each, for every way it can go wrong."""

from __future__ import annotations

from copilot_tools.refusals import Refusal
from expcopilot.language.model.protocol import Failure, ModelFailed
from expcopilot.records.answer import Usage

__all__ = ["TRANSIENT", "by_status", "failed", "key_missing", "not_an_answer", "timed_out", "unreachable"]

WITHOUT = "Everything but drafting and rephrasing works without a model."

TRANSIENT = frozenset({"overloaded_error", "api_error", "rate_limit_error", "timeout_error"})
"""Types of error that a server sends in the middle of an answer and that pass by themselves."""


def failed(kind: Failure, code: str, reason: str, cure: str, *, usage: Usage | None = None) -> ModelFailed:
    """Build the failure."""
    return ModelFailed(kind, Refusal(code=f"model.{code}", reason=reason[:1].upper() + reason[1:], cure=cure), usage)


def key_missing() -> ModelFailed:
    """No key, and no server of one's own."""
    return failed(
        "not_configured",
        "key_missing",
        "No model is configured: there is no API key.",
        f"Set the environment variable ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL for a server of your own. {WITHOUT}",
    )


def timed_out(server: str, seconds: float, usage: Usage | None = None) -> ModelFailed:
    """The server kept silent, or went on for too long."""
    return failed(
        "unreachable",
        "timeout",
        f"{server} did not answer within {seconds:g} seconds.",
        "Try again; if it keeps happening, raise the model's timeout in the settings.",
        usage=usage,
    )


def unreachable(server: str, usage: Usage | None = None) -> ModelFailed:
    """No connection, or one that broke."""
    return failed(
        "unreachable",
        "unreachable",
        f"{server} cannot be reached, or the connection broke.",
        f"Check the network, the proxy and the model's base URL, then try again. {WITHOUT}",
        usage=usage,
    )


def not_an_answer(server: str, what: str, usage: Usage | None = None) -> ModelFailed:
    """What came back is no answer of the Messages API."""
    return failed(
        "malformed",
        "not_an_answer",
        f"{server} sent no answer: {what}.",
        "Check that the model's base URL is that of a Messages API server; if it is, try again.",
        usage=usage,
    )


def by_status(
    status: int, kind: str | None, said: str, *, server: str, model: str, wait: str | None = None, usage: Usage | None
) -> ModelFailed:
    """The failure behind an error the server answered with, after every retry.

    Args:
        status: HTTP status; 200 for an error in the middle of a streamed answer.
        kind: The server's own type of error, where it names one.
        said: What the server says of it.
        server: How the server is named to a person.
        model: The model asked for.
        wait: Seconds the server asks to wait, where it does.
        usage: Tokens spent, where known.
    """
    told = f" It says: {said}" if said else ""
    if status == 429 or kind == "rate_limit_error":
        when = f"in {wait} seconds" if wait else "in a minute"
        return failed(
            "unreachable",
            "rate_limited",
            f"{server} allows no more requests for now.",
            f"Try again {when}; nothing is lost. For more at once, raise the limit of your account.",
            usage=usage,
        )
    if status in {503, 529} or kind == "overloaded_error":
        return failed(
            "unreachable", "overloaded", f"{server} is overloaded.", "Try again in a few minutes.", usage=usage
        )
    if status in {408, 504} or kind == "timeout_error":
        return failed("unreachable", "timeout", f"{server} took too long.", "Try again.", usage=usage)
    if status >= 500 or kind == "api_error":
        return failed(
            "unreachable",
            "server_error",
            f"{server} failed (status {status}).",
            "Try again; if it keeps happening, look at the server's status page or log.",
            usage=usage,
        )
    return _rejected(status, kind, told, server, model, usage)


def _rejected(status: int, kind: str | None, told: str, server: str, model: str, usage: Usage | None) -> ModelFailed:
    """The server will not take this request until something is changed."""
    if status == 401 or kind == "authentication_error":
        # What a gateway says of a key may hold the key.
        code, reason = "key_rejected", f"{server} does not accept the API key."
        cure = "Set ANTHROPIC_API_KEY to a key that is valid there."
    elif status == 402 or kind == "billing_error":
        code, reason = "billing", f"{server} wants the account paid first."
        cure = "Add credit or mend the payment method in the account's billing settings."
    elif status == 403 or kind == "permission_error":
        code, reason = "not_permitted", f"The API key may not use {model!r} at {server}."
        cure = "Give the key that permission, or name another model in the settings."
    elif status == 404 or kind == "not_found_error":
        code, reason = "unknown_model", f"{server} knows no model {model!r}, or has no Messages API at this address."
        cure = "Check the model's name and the base URL in the settings."
    elif status == 413:
        code, reason = "too_large", f"The request is too large for {server}."
        cure = "Leave out or shorten the longest source or text, then try again."
    else:
        code, reason = "rejected", f"{server} does not take the request for {model!r} (status {status}).{told}"
        cure = "Check that this model and server support structured answers and tools, or name another in the settings."
    return failed("not_configured", code, reason, cure, usage=usage)
