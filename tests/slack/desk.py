"""A sender between a real database and the embedded Slack, with a clock that is pushed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.call import Call
from bot.domain.call_state import CallState
from bot.domain.timeline import EventName
from bot.domain.voice_event import Source
from bot.ports import Event, OutboxItem, Store, Transaction
from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import SlackServer
from bot.sandbox.slack.messages import Message
from bot.slack.notifier import OutboxSender
from storage.database import Database
from tests.slack.examples import a_request

DESK = "C0FRONTDESK"
OFFICE = "C0GENERAL"
WITHOUT_BOT = "C0OWNERS"
BEN = "U0BEN"

SCOPES = ("chat:write", "users:read", "channels:history", "groups:history", "im:history")


def manifest(*scopes: str) -> dict[str, Any]:
    """An app that may do just that."""
    return {
        "display_information": {"name": "Robocall"},
        "features": {"bot_user": {"display_name": "Robocall"}},
        "oauth_config": {"scopes": {"bot": list(scopes)}},
        "settings": {},
    }


@dataclass
class Desk:
    """What a test of the sender needs at hand."""

    slack: SlackServer
    store: Database
    clock: PushedClock
    sender: OutboxSender
    calls: int = field(default=0)

    async def asks(self, *, channel: str = DESK, response_url: str = "", **request: Any) -> int:
        """Ben asks for a call; its card waits in the outbox."""
        now, self.calls = self.clock.now(), self.calls + 1
        wanted = a_request(channel=channel, requested_by=BEN, **request)

        def work(tx: Transaction) -> int:
            call_id = tx.add_call(
                wanted,
                state=CallState.QUEUED,
                created_at=now,
                due_at=now,
                expires_at=now + timedelta(hours=1),
                response_url=response_url,
            )
            assert call_id is not None
            tx.show_card(call_id, now=now)
            return call_id

        return await self.store.write(work)

    async def happens(self, call_id: int, name: str = EventName.ANSWERED, **detail: Any) -> None:
        """Something happens to a call and is told in its thread."""
        now = self.clock.now()
        event = Event(call_id=call_id, source=Source.BOT, event=name, created_at=now, detail=detail)

        def work(tx: Transaction) -> None:
            event_id = tx.add_event(event)
            assert event_id is not None
            tx.show_reply(call_id, event_id, now=now)

        await self.store.write(work)

    async def changes(self, call_id: int, **changes: Any) -> None:
        """The call is changed and its card is to show it."""
        now = self.clock.now()

        def work(tx: Transaction) -> None:
            tx.update_call(call_id, **changes)
            tx.show_card(call_id, now=now)

        await self.store.write(work)

    async def sends(self, *, after: float = 0) -> None:
        """Push the clock and let the sender send what it may."""
        await self.clock.advance(after)
        await self.sender.drain(self.clock.now())

    async def sends_for(self, seconds: int) -> None:
        """Let that many seconds pass, with a look at the outbox in each."""
        for _ in range(seconds):
            await self.sends(after=1)

    async def call(self, call_id: int) -> Call:
        """The call as it is stored."""
        call = await self.store.read(lambda tx: tx.call(call_id))
        assert call is not None
        return call

    async def waiting(self) -> list[OutboxItem]:
        """The heads of the outbox, whenever they may go."""
        far = self.clock.now() + timedelta(days=9)
        return await self.store.read(lambda tx: tx.outbox_pending(now=far, limit=100))

    def posted(self, channel: str = DESK) -> list[Message]:
        """Everything that stands in a channel, threads included."""
        return [m for m in self.slack.workspace.messages.of(channel) if not m.is_deleted]

    def direct(self) -> list[Message]:
        """What Ben reads in his direct messages with the bot."""
        return self.posted(self.slack.workspace.direct(BEN).channel_id)

    def requests(self, name: str) -> list[dict[str, Any]]:
        """What was asked of a Web API method."""
        return [each.request for each in self.slack.workspace.exchanges if each.name == name]


def client_for(slack: SlackServer, http: aiohttp.ClientSession) -> AsyncWebClient:
    """Slack's own client; it repeats nothing by itself."""
    return AsyncWebClient(
        token=slack.bot_token, base_url=slack.api_url, session=http, retry_handlers=[]
    )


def sender_for(
    slack: SlackServer,
    store: Store,
    clock: PushedClock,
    http: aiohttp.ClientSession,
    **more: Any,
) -> OutboxSender:
    """A sender that talks to the embedded Slack."""
    return OutboxSender(
        store=store,
        clock=clock,
        client=client_for(slack, http),
        http=http,
        installation="test",
        response_hosts={"127.0.0.1"},
        **more,
    )
