from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot import logs
from tests.support.logs import logging_put_back
from tests.support.slack_side import opened, requests, sent_to_slack, taken
from tests.support.voice_side import bodies
from tests.support.world import ANSWERS_AND_PRESSES_1, BUSY, KEY, REJECTS, World

RUDE = "<!channel> <!here> <!everyone> <@U0ANA> <!subteam^S1> <http://evil.example|bank> *x* @ana"
ALIVE = re.compile(r"<(!(?!date\^)|@U0ANA|https?:|mailto:|evil)")
SENTENCE = re.compile(r"[^a-z\s].*[.!?:…\"”]\)?$", re.DOTALL)
SHOWN = ("chat.postMessage", "chat.update", "response_url")


async def rude_journey(world: World) -> None:
    """Somebody puts markup wherever people and the voice service can write."""
    ben, form = world.person(), await opened(world)
    await ben.type_in(form, "message", f"Hello {{{{who}}}} {RUDE}")
    await world.clock.settle()
    rude = {
        "to": ANSWERS_AND_PRESSES_1,
        "variables": f"who={RUDE}",
        "keypad": f"1 {RUDE[:30]}: {RUDE}",
        "goal": "1",
    }
    assert (await ben.submit(form, rude)).is_closed
    await world.pass_time(60)
    await world.click("Details")
    for line in (RUDE, f"{BUSY} {RUDE} at=x{RUDE}", f"status {RUDE[:9]}", f'{BUSY} "{RUDE}'):
        await world.command(line)
    world.line.words = RUDE
    world.line.breaks("422_before")
    await world.command(f"{REJECTS} {RUDE}")
    await world.pass_time(30)
    await world.click("Details")
    await world.command("list")
    ben.open_home()
    ben.dm(RUDE)
    await taken(world)
    await world.pass_time(5)


def leaves(payload: Any) -> Iterator[dict[str, Any]]:
    """Every object within a payload."""
    if isinstance(payload, dict):
        yield payload
    for value in payload.values() if isinstance(payload, dict) else payload:
        if isinstance(value, dict | list):
            yield from leaves(value)


@pytest.mark.parametrize("over_http", [False, True])
async def test_nothing_anybody_writes_comes_alive(world: World, over_http: bool) -> None:
    """No ping, link or markup of a person or the voice service, on any surface (S26, A6)."""
    await world.start_bot(over_http=over_http)
    await rude_journey(world)
    surfaces = set()
    for name, payload in sent_to_slack(world):
        surfaces.add(name)
        assert not payload.get("link_names")
        assert payload.get("parse", "none") == "none"
        assert not ALIVE.search(str(payload.get("text", ""))), name
        for leaf in leaves(payload):
            kind = leaf.get("type")
            assert kind not in {"broadcast", "usergroup", "link", "mrkdwn", "section"}, name
            assert (kind, leaf.get("user_id")) != ("user", "U0ANA"), name
    assert surfaces >= {*SHOWN, "views.open", "views.update", "views.publish", "ack of /robocall"}
    for one in requests(world, "chat.postMessage"):
        assert (one.request["unfurl_links"], one.request["unfurl_media"]) in {
            (False, False),
            ("0", "0"),
            ("false", "false"),
        }
    assert "<!channel>" in world.heard(ANSWERS_AND_PRESSES_1)[0]


@pytest.mark.parametrize("over_http", [False, True])
async def test_numbers_are_masked_wherever_others_look(world: World, over_http: bool) -> None:
    """Cards, replies, lists and Home: the number stands only in what its requester alone reads."""
    await world.start_bot(over_http=over_http)
    await rude_journey(world)
    digits = ANSWERS_AND_PRESSES_1.removeprefix("+1")
    for name in ("chat.postMessage", "chat.update", "views.publish"):
        assert requests(world, name)
        for one in requests(world, name):
            text = re.sub(r"\D", "", str(one.request.get("text"))) + str(one.request)
            assert digits not in text
            assert BUSY not in text
    for message in world.workspace.messages:
        if digits in str(message.blocks) and message.user_id == "U0ROBOCALL":
            assert message.only_for == "U0BEN"
    button_values = [
        element.get("value", "")
        for message in world.workspace.messages
        for _, element in message.usable()
    ]
    assert button_values
    assert all(digits not in value for value in button_values)


async def test_every_message_has_a_sentence_for_those_who_listen(world: World) -> None:
    """`text` is all that a screen reader and a notification tell: a whole sentence each time."""
    await world.start_bot()
    await rude_journey(world)
    for command in ("help", "help call", "list done", "list active", "status 1", "campaign", ""):
        await world.command(command)
    await world.command(f"{BUSY} Hello retries=1")
    await world.command(f"{BUSY} Hello retries=1")
    await world.pass_time(20)
    told = [
        (name, payload["text"])
        for name, payload in sent_to_slack(world)
        if name in SHOWN or payload.get("text") or payload.get("blocks")
    ]
    assert len(told) > 20
    for name, text in told:
        first = text.partition("\n")[0]
        assert SENTENCE.fullmatch(text.strip()) or SENTENCE.fullmatch(first), (name, text)


@pytest.mark.parametrize("over_http", [False, True])
async def test_nothing_private_is_ever_logged(
    world: World, over_http: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the loudest level, through a whole run with everything that goes wrong in it (A8)."""
    with logging_put_back():
        logs.configure(level="debug", is_json=False)
        bot = await world.start_bot(over_http=over_http)
        await rude_journey(world)
        await _trouble(world)
        secrets = {
            "a token of Slack's": [world.slack.bot_token, world.slack.app_token],
            "the signing secret": [world.slack.signing_secret],
            "the key of the voice service": [KEY],
            "a callback token": [_token(body) for body in bodies(world) if "callback_url" in body],
            "a number": ["4155550101", "5550111", "0101"],
            "a message": ["Hello", "evil.example", "canary"],
            "a response_url": [
                _secret(one.request) for one in requests(world, "/robocall", "to_app")
            ],
            "a payload": ["view_submission", "private_metadata", "trigger_id"],
        }
        await world.stop_bot()
    assert bot.url
    printed = capsys.readouterr()
    everything = printed.out + printed.err
    assert "http.listening" in everything
    for what, needles in secrets.items():
        assert needles, what
        for needle in needles:
            assert needle not in everything, what


async def _trouble(world: World) -> None:
    """Everything that makes programs talkative."""
    world.line.breaks("drop_after", "500_after", "401_before", "429_before")
    for number in range(4):
        await world.command(f"+1415555015{number} canary message")
        await world.pass_time(2)
    world.line.words = "canary 4155550101"
    await asyncio.gather(*(world.command("status 1") for _ in range(2)))
    world.bot.parts.sender.wake() if world.bot else None
    await world.pass_time(30)


def _token(body: dict[str, Any]) -> str:
    return urlsplit(str(body["callback_url"])).path.rpartition("/")[2]


def _secret(command: dict[str, Any]) -> str:
    return str(command["response_url"]).rpartition("/")[2]
