from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.support.slack_side import delivered
from tests.support.world import DESK, World

ANN = "+14155550130"
FORM = "application/x-www-form-urlencoded"


def signed(world: World, body: bytes, *, ago: int = 0, version: str = "v0") -> dict[str, str]:
    """The headers with which Slack would send this body, `ago` seconds ago."""
    stamp = str(int(time.time()) - ago)
    base = f"{version}:{stamp}:".encode() + body
    mac = hmac.new(world.slack.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"{version}={mac}"}


async def posted(
    world: World, body: bytes | io.BytesIO, headers: Mapping[str, str], *, kind: str = FORM
) -> tuple[int, str]:
    """What a stranger gets who posts this to the bot."""
    assert world.bot is not None
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{world.bot.url}/slack/events", data=body, headers={"Content-Type": kind, **headers}
        ) as answer,
    ):
        return answer.status, await answer.text()


async def a_command(world: World) -> bytes:
    """The body of a real command, as Slack delivered it, with another trigger."""
    await world.person().command("/robocall", "help", DESK)
    told: dict[str, Any] = delivered(world, "/robocall")[-1].request
    return urlencode({**told, "text": f"{ANN} Hello", "trigger_id": "1.2.forged"}).encode()


FORGED: dict[str, dict[str, str]] = {
    "no headers": {"X-Slack-Request-Timestamp": "", "X-Slack-Signature": ""},
    "no signature": {"X-Slack-Signature": ""},
    "a short signature": {"X-Slack-Signature": "v0=12ab"},
    "a wrong signature": {"X-Slack-Signature": "v0=" + "0" * 64},
    "another version": {"X-Slack-Signature": "v1=" + "0" * 64},
    "capitals": {"X-Slack-Signature": "V0=" + "A" * 64},
    "not ASCII": {"X-Slack-Signature": "v0=" + "ä" * 64},
    "full-width digits": {"X-Slack-Signature": "v0=" + "\uff11" * 64},
    "a stamp in words": {"X-Slack-Request-Timestamp": "abc"},
    "no stamp": {"X-Slack-Request-Timestamp": ""},
    "nan": {"X-Slack-Request-Timestamp": "nan"},
    "infinity": {"X-Slack-Request-Timestamp": "inf"},
    "a fraction": {"X-Slack-Request-Timestamp": "1.5"},
    "a negative stamp": {"X-Slack-Request-Timestamp": "-1"},
    "5000 digits": {"X-Slack-Request-Timestamp": "9" * 5000},
    "digits of another script": {"X-Slack-Request-Timestamp": "\u0661\u0667" + "\u0660" * 8},
}


async def test_a_forged_request_is_refused(world: World) -> None:
    """401 without a word, never a stack trace, and nothing is done (A1, A2)."""
    await world.start_bot(over_http=True)
    body = await a_command(world)
    for name, forged in FORGED.items():
        answer = await posted(world, body, {**signed(world, body), **forged})
        assert answer == (401, ""), name
    await world.pass_time(10)
    assert world.rows() == []


async def test_the_very_same_request_is_taken_with_its_true_signature(world: World) -> None:
    """So what refuses the forged ones is the forgery; sent again, it is still one call."""
    await world.start_bot(over_http=True)
    body = await a_command(world)
    headers = signed(world, body)
    assert (await posted(world, body, headers))[0] == 200
    assert (await posted(world, body, headers))[0] == 200
    await world.pass_time(30)
    assert world.heard(ANN) == ["Hello"]


async def test_old_requests_are_refused(world: World) -> None:
    """Five minutes, in both directions (S23)."""
    await world.start_bot(over_http=True)
    body = await a_command(world)
    for ago, status in ((360, 401), (302, 401), (-302, 401), (290, 200), (-290, 200)):
        assert (await posted(world, body, signed(world, body, ago=ago)))[0] == status, ago


async def test_a_changed_body_is_refused(world: World) -> None:
    """The signature is over the bytes: another number under the same one is a forgery."""
    await world.start_bot(over_http=True)
    body = await a_command(world)
    changed = body.replace(b"0130", b"0199")
    assert changed != body
    assert (await posted(world, changed, signed(world, body)))[0] == 401


NONSENSE = [
    (b"\xff\xfe\xfd", FORM),
    (b"", FORM),
    (b"payload=%7Bnot json", FORM),
    (b"payload=%5B%5D", FORM),
    (b"payload=null", FORM),
    (b"{", "application/json"),
    (b"[]", "application/json"),
    (b"null", "application/json"),
    (b"[" * 5000, "application/json"),
    (json.dumps({"type": "event_callback", "event": 7}).encode(), "application/json"),
    (b"command=%2Frobocall", FORM),
]


async def test_nonsense_from_strangers_is_never_a_server_error(world: World) -> None:
    """Unsigned it is a 401, whatever it is."""
    await world.start_bot(over_http=True)
    for body, kind in NONSENSE:
        assert (await posted(world, body, {}, kind=kind))[0] == 401
    assert world.rows() == []


async def test_a_huge_body_is_refused_unread(world: World) -> None:
    """A megabyte and more is nothing Slack ever sends."""
    await world.start_bot(over_http=True)
    status, _ = await posted(world, io.BytesIO(b"x" * (1024 * 1024 + 1)), {})
    assert status == 413


async def test_requests_of_another_workspace_are_ignored(world: World) -> None:
    """With a true signature, but for a team that installed the app too (S21): no effect."""
    await world.start_bot(over_http=True)
    await a_command(world)
    told = {**delivered(world, "/robocall")[-1].request, "team_id": "T0STRANGER"}
    body = urlencode({**told, "text": f"{ANN} Hello", "trigger_id": "1.2.other"}).encode()
    assert await posted(world, body, signed(world, body)) == (200, "")
    await world.pass_time(10)
    assert world.rows() == []


async def test_other_methods_are_none_of_slacks(world: World) -> None:
    """Only POST is a delivery; without a signature not even that is told."""
    bot = await world.start_bot(over_http=True)
    async with aiohttp.ClientSession() as http:
        for method in ("GET", "PUT", "DELETE"):
            async with http.request(method, f"{bot.url}/slack/events") as answer:
                assert answer.status == 401


async def test_in_socket_mode_nobody_can_post(world: World) -> None:
    """There is no such address then."""
    await world.start_bot()
    body = await a_command(world)
    assert (await posted(world, body, signed(world, body)))[0] == 404
