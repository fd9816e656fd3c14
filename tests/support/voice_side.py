"""The words in which journeys tell of the voice service, the phones and the promise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from typing_extensions import override

from bot.sandbox.voice_api.acts import Act, Deed
from bot.sandbox.voice_api.models import Call
from tests.support.faulty_line import FaultyLine, Seen
from tests.support.world import World


def bodies(world: World) -> list[dict[str, Any]]:
    """What the bot asked of the voice service, request by request."""
    return [json.loads(seen.body) for seen in world.line.posts]


def asked(world: World, method: str) -> list[str]:
    """The addresses the bot asked for with that method."""
    return [seen.path for seen in world.line.seen if seen.method == method]


def stands(world: World) -> tuple[str, str | None]:
    """State and result of the newest call."""
    call = world.call()
    return call["state"], call["result"]


def at_the_service(world: World) -> Call:
    """The newest call as the voice service has it."""
    return world.voice.service.get(world.call()["voice_call_id"])


def how_often_told(world: World, words: str) -> int:
    """How many messages of the whole workspace say that."""
    return sum(words in message.text for message in world.workspace.messages)


async def by_hand(world: World, deed: Deed, digit: str = "") -> None:
    """Do something with the phone that rings, and let everybody hear of it."""
    (ringing,) = world.voice.service.active()
    await world.voice.service.act(ringing.call_id, Act(deed=deed, digit=digit))
    await world.clock.settle()


async def deliver(world: World, event: str, *, token: str = "", **fields: Any) -> int:
    """Post a webhook by hand to the newest request's address; the bot's status."""
    told = {"event": event, "timestamp": "2026-11-23T10:00:01Z", **fields}
    path = token or urlsplit(bodies(world)[-1]["callback_url"]).path
    return (await post_all(world, [(path, json.dumps(told).encode())]))[0]


async def deliver_again(world: World, deliveries: Iterable[Seen], *, times: int = 1) -> list[int]:
    """Repeat webhooks that came by, all at once if `times` is more than one."""
    return await post_all(world, [(one.path, one.body) for one in deliveries] * times)


async def post_all(world: World, posts: Iterable[tuple[str, bytes]]) -> list[int]:
    """Post to the bot, side by side; its statuses."""
    async with aiohttp.ClientSession() as http:

        async def post(path: str, body: bytes) -> int:
            async with http.post(world.hooks.target + path, data=body) as answer:
                return answer.status

        statuses = await asyncio.gather(*(post(path, body) for path, body in posts))
    await world.clock.settle()
    return statuses


def keeps_the_promise(world: World, *, times: int = 1) -> None:
    """One request rang one phone at most `times` times, and shows on exactly one card.

    `times` is 1 plus the retries of the sender's rule plus how often a person pressed Call
    again. Every call of the world must have a phone number of its own.
    """
    calls = world.rows()
    numbers = [body["phone_number"] for body in _parsed(world.line.accepted)]
    assert all(numbers.count(call["phone_number"]) <= times for call in calls)
    tokens = [body["callback_url"] for body in bodies(world) if "callback_url" in body]
    assert len(set(tokens)) == len(tokens), "a token was used twice"
    assert sorted(call["thread_ts"] for call in calls) == sorted(_cards(world))
    keys = [key for message in world.workspace.messages if (key := _key(message.metadata))]
    assert len(set(keys)) == len(keys), "something was posted twice"
    for call in calls:
        assert call["attempts"] == len(_sent(world, call["id"]))


def _parsed(requests: Iterable[Seen]) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in requests]


def _cards(world: World) -> list[str]:
    return [card.ts for card in world.cards()]


def _key(metadata: dict[str, Any] | None) -> str:
    return str(((metadata or {}).get("event_payload") or {}).get("key") or "")


def _sent(world: World, call_id: int) -> list[dict[str, Any]]:
    """The attempts of a call that count: they may have rung, or were refused for good."""
    attempts = [one for one in world.rows("attempt_log") if one["call_id"] == call_id]
    sent = [one for one in attempts if one["sent_at"]]
    return [one for one in sent if one["state"] != "rejected" or one["result"] == "refused"]


class SilentLine(FaultyLine):
    """A line that takes connections and says nothing until `release`, then hangs up.

    Its address is https: a client waits for the handshake before the first byte of its request.
    """

    @override
    async def start(self) -> None:
        self._server = await asyncio.start_server(self._keep_waiting, "127.0.0.1", 0)
        self.url = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _keep_waiting(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._hold()
        writer.close()

    @override
    async def close(self) -> None:
        self.release()
        self._server.close()


async def nobody_shakes_hands(world: World) -> None:
    """Put a silent line in place of the one to the voice service, before the bot starts."""
    await world.line.close()
    world.line = SilentLine(target="")
    await world.line.start()
