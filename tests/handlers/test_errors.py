"""The edge of every listener: nobody waits in vain, nobody reads a stack trace."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from slack_bolt.context.ack.async_ack import AsyncAck
from structlog.testing import capture_logs

from bot.domain.errors import StoreUnavailable
from bot.slack.answers import NOT_SAVED
from handlers import errors
from handlers.errors import (
    TOO_SLOW,
    Refuse,
    guarded,
    refuse_command,
    refuse_form,
    refuse_press,
    unexpected,
)


def an_ack() -> AsyncAck:
    """Bolt's own, which keeps what it was told."""
    return AsyncAck()  # type: ignore[no-untyped-call]


async def cannot_save(ack: AsyncAck, **_: Any) -> None:
    """A listener whose database is locked."""
    raise StoreUnavailable("locked while saving +14155550123")


async def never_ends(ack: AsyncAck, **_: Any) -> None:
    """A listener that hangs."""
    await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "LISTENER_SECONDS", 0.01)


@pytest.mark.parametrize(
    ("refuse", "listener", "shown"),
    [
        (refuse_command, cannot_save, {"text": NOT_SAVED}),
        (refuse_command, never_ends, {"text": TOO_SLOW}),
        (
            refuse_form("to"),
            cannot_save,
            {"response_action": "errors", "errors": {"to": NOT_SAVED}},
        ),
        (
            refuse_form("to"),
            never_ends,
            {"response_action": "errors", "errors": {"to": TOO_SLOW}},
        ),
    ],
)
async def test_a_failure_is_answered_with_a_sentence(
    refuse: Refuse, listener: Any, shown: dict[str, Any]
) -> None:
    """In the command's answer or under the form's first field; logged by its kind alone."""
    ack = an_ack()
    with capture_logs() as logs:
        await guarded(listener, refuse)(ack=ack)
    assert ack.response is not None
    body = ack.response.body
    assert {key: value for key, value in _read(body).items() if key in shown} == shown
    kind = "StoreUnavailable" if listener is cannot_save else "TimeoutError"
    assert logs == [{"event": "listener.refused", "error": kind, "log_level": "warning"}]


async def test_a_press_is_acknowledged_and_told_by_its_response_url() -> None:
    """A button has no place for words: it must not spin for ever, nor leave silence."""
    ack = an_ack()
    told: list[tuple[str, str]] = []

    async def press(ack: AsyncAck, body: dict[str, Any]) -> None:
        await cannot_save(ack=ack)

    refuse = refuse_press(lambda url, why: told.append((url, why)))
    await guarded(press, refuse)(ack=ack, body={"response_url": "https://hooks.example/r"})
    assert told == [("https://hooks.example/r", NOT_SAVED)]
    assert ack.response is not None
    assert (ack.response.status, ack.response.body) == (200, "")


async def test_a_mistake_of_ours_is_not_hidden_as_something_else() -> None:
    """Only what is known is answered; anything else goes to Bolt's error handler."""

    async def mistaken(ack: AsyncAck) -> None:
        raise KeyError("channel")

    with pytest.raises(KeyError):
        await guarded(mistaken, refuse_command)(ack=an_ack())


async def test_what_nobody_expected_is_logged_without_its_words() -> None:
    """Slack gets a 500 and tries again; the log has the kind, not the number."""
    with capture_logs() as logs:
        response = await unexpected(ValueError("+14155550123"))
    assert response.status == 500
    assert [(line["event"], line["error"]) for line in logs] == [("listener.failed", "ValueError")]
    assert "+1415" not in str(logs)


async def test_bolt_still_finds_the_arguments_by_name() -> None:
    """The wrapper has the listener's own signature, so that Bolt injects what it asks for."""
    seen: list[str] = []

    async def listener(ack: AsyncAck, command: str) -> None:
        seen.append(command)

    wrapped = guarded(listener, refuse_command)
    await wrapped(ack=an_ack(), command="/robocall")
    assert seen == ["/robocall"]
    assert wrapped.__wrapped__ is listener  # type: ignore[attr-defined]  # set by functools.wraps


def _read(body: Any) -> dict[str, Any]:
    """The body of a response: a sentence alone is a command's text."""
    if isinstance(body, dict):
        return body
    try:
        read: dict[str, Any] = json.loads(body)
    except ValueError:
        return {"text": body}
    return read
