"""Delivering to the app: three seconds to acknowledge, events again when nobody did.

Commands and interactions are delivered once; the person who caused them sees
`operation_timeout` or `dispatch_failed`. Events come again at once, after a minute and after five
(slack-facts 1.4 and 4).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from bot.sandbox.clock import within
from bot.sandbox.slack.people import APP_ID, BOT_USER_ID, TEAM_ID
from bot.sandbox.slack.traffic import Exchange
from bot.sandbox.slack.workspace import Workspace

ACK_SECONDS = 3.0
REAL_SECONDS = 10.0
"""The bound where the clock stands still: a test whose app never answers must end."""
REDELIVERIES = (0.0, 60.0, 300.0)
VERIFICATION_TOKEN = "verification-token-of-the-embedded-slack"  # noqa: S105 - opens nothing

OPERATION_TIMEOUT = "operation_timeout"
DISPATCH_FAILED = "dispatch_failed"


class DeliveryFailed(Exception):
    """The app could not be reached, or answered something else than 200.

    `reason` is Slack's word for it in `X-Slack-Retry-Reason`; `may_retry` is False when the app
    asked not to get this delivery again.
    """

    def __init__(self, reason: str, *, may_retry: bool = True) -> None:
        """Remember the reason."""
        super().__init__(reason)
        self.reason = reason
        self.may_retry = may_retry


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One delivery: `kind` is slash_commands, interactive or events_api."""

    kind: str
    payload: dict[str, Any]
    retry_num: int = 0
    retry_reason: str = ""


class Transport(Protocol):
    """The way to the app: Socket Mode or signed HTTP."""

    async def send(self, envelope: Envelope) -> dict[str, Any]:
        """Deliver and wait for the acknowledgement; its body. Raises `DeliveryFailed`."""


class Deliveries:
    """Everything that goes from Slack to the app."""

    def __init__(self, workspace: Workspace, transport: Transport) -> None:
        """Deliver for that workspace over that transport."""
        self.transport = transport
        self._workspace = workspace
        self._tasks: set[asyncio.Task[None]] = set()
        self._event_count = itertools.count(1)

    async def deliver(self, envelope: Envelope, *, name: str) -> Exchange:
        """Deliver once; the exchange holds the acknowledgement or the error the person sees."""
        exchange = self._workspace.record("to_app", name, envelope.payload)
        exchange.retry_num = envelope.retry_num
        try:
            answer = await self._acknowledged(envelope)
        except DeliveryFailed as failure:
            is_event = envelope.kind == "events_api"
            exchange.is_given_up = not failure.may_retry
            word = failure.reason if is_event else DISPATCH_FAILED
            self._workspace.answered(exchange, None, error=word)
            return exchange
        self._workspace.answered(
            exchange, answer, error=OPERATION_TIMEOUT if answer is None else None
        )
        return exchange

    async def _acknowledged(self, envelope: Envelope) -> dict[str, Any] | None:
        """The body of the acknowledgement; None when it did not come in time."""
        sending = self.transport.send(envelope)
        with suppress(TimeoutError):
            async with asyncio.timeout(REAL_SECONDS):
                return await within(self._workspace.clock, sending, ACK_SECONDS)
        return None

    def send_event(self, event: dict[str, Any]) -> None:
        """Deliver an event in the background, if the app has subscribed to it."""
        if self._is_subscribed(event):
            self._start(self._deliver_event(self._wrap(event)))

    def _is_subscribed(self, event: dict[str, Any]) -> bool:
        name = event["type"]
        if name == "message":
            suffix = {"channel": "channels", "group": "groups"}.get(event["channel_type"], "im")
            name = f"message.{suffix}"
        return name in self._workspace.manifest.events

    def _wrap(self, event: dict[str, Any]) -> dict[str, Any]:
        now = self._workspace.clock.now()
        number = next(self._event_count)
        ts = self._workspace.messages.next_ts(now)
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "event": {"event_ts": ts, **event},
            "type": "event_callback",
            "event_id": f"Ev{number:08d}",
            "event_time": int(now.timestamp()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"EC{number:08d}",
        }

    async def _deliver_event(self, payload: dict[str, Any]) -> None:
        reason = ""
        for retry_num, wait in enumerate((0.0, *REDELIVERIES)):
            if wait:
                await self._workspace.clock.sleep(wait)
            envelope = Envelope(
                kind="events_api", payload=payload, retry_num=retry_num, retry_reason=reason
            )
            exchange = await self.deliver(envelope, name=payload["event"]["type"])
            if exchange.error is None or exchange.is_given_up:
                return
            reason = "timeout" if exchange.error == OPERATION_TIMEOUT else exchange.error

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Give up what is still under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
