"""Webhooks arrive in order, are tried again, and go nowhere they should not."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest

from bot.sandbox.voice_api.webhooks import is_local
from tests.sandbox.voice_api.conftest import OpenApi
from tests.sandbox.voice_api.support import KEYS, LISTENER, Receiver, VoiceApi

PRESSES_1 = "+14155550101"
TAKES_KEYS = {"enabled": True}


@pytest.mark.parametrize("refusal", [500, 503, 404, 400, 302, 307])
async def test_a_refused_webhook_is_sent_again_and_holds_back_the_later_ones(
    api: VoiceApi, receiver: Receiver, refusal: int
) -> None:
    """The order is the order of events, even when the first one is refused three times."""
    receiver.answers = [refusal] * 3
    await api.place(PRESSES_1, callback_url=receiver.url, dtmf_config=TAKES_KEYS)
    await api.pass_time(120)
    assert receiver.events == ["answered"] * 4 + ["dtmf", "completed"]
    assert {path for path, _ in receiver.posted} == {"/"}, "a redirect was followed"


async def test_a_webhook_is_given_up_after_four_tries(
    api: VoiceApi, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """After 1, 5 and 25 seconds; the next event has four tries of its own. No number is logged."""
    receiver.answers = [500] * 4
    with caplog.at_level(logging.WARNING):
        await api.place(LISTENER, callback_url=receiver.url)
        await api.pass_time(120)
    assert receiver.events == ["answered"] * 4 + ["completed"]
    times = [item.at for item in api.server.service.deliveries]
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert waits == [1, 5, 25, 0]
    assert "given up" in caplog.text
    assert LISTENER not in caplog.text


async def test_a_receiver_that_hangs_is_tried_again(open_api: OpenApi, receiver: Receiver) -> None:
    """A delivery has a time limit of its own, in real time."""
    api = await open_api(delivery_timeout=0.05)
    receiver.held.clear()
    await api.place(LISTENER, callback_url=receiver.url)
    await api.pass_time(5)
    receiver.held.set()
    await api.pass_time(60)
    assert receiver.events == ["answered", "answered", "completed"]


async def test_nobody_listening_is_tried_four_times(api: VoiceApi) -> None:
    """A refused connection is no different from a refused webhook."""
    await api.place("+14155550114", callback_url="http://127.0.0.1:9/hook")
    await api.pass_time(60)
    outcomes = [(item.attempt, item.outcome) for item in api.server.service.deliveries]
    assert outcomes == [(attempt, "ClientConnectorError") for attempt in (1, 2, 3, 4)]


async def test_one_call_does_not_hold_back_another(api: VoiceApi, receiver: Receiver) -> None:
    """Only the call whose receiver refuses waits."""
    await api.place(LISTENER, callback_url="http://127.0.0.1:9/hook")
    await api.place(LISTENER, callback_url=receiver.url)
    await api.pass_time(8)
    assert receiver.events == ["answered", "completed"]


async def test_nothing_is_sent_to_strangers(api: VoiceApi) -> None:
    """The contract's example posts to yourapp.com: that stays on this machine, and is said."""
    keypad = {**KEYS, "actions": {"1": {"action": "webhook", "url": "https://yourapp.com/1"}}}
    await api.place(PRESSES_1, callback_url="https://yourapp.com/hook", dtmf_config=keypad)
    await api.pass_time(60)
    assert [item.outcome for item in api.server.service.deliveries] == ["not local"] * 4


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:3000/hook", True),
        ("http://localhost/hook", True),
        ("http://[::1]:3000/hook", True),
        ("http://10.0.0.7/hook", True),
        ("http://bot:3000/hook", True),
        ("http://host.docker.internal/hook", True),
        ("http://bot.localhost./hook", True),
        ("https://yourapp.com/hook", False),
        ("https://8.8.8.8/hook", False),
        ("https://localhost.example.com/hook", False),
    ],
)
def test_what_is_local_is_judged_by_the_name_alone(url: str, local: bool) -> None:
    """Loopback, private addresses, plain names and the endings reserved for local use."""
    assert is_local(url) is local


async def test_a_url_that_cannot_be_called_does_no_harm(api: VoiceApi) -> None:
    """A port that no connection can be made to ends like any failed delivery."""
    call_id = await api.place("+14155550114", callback_url="http://a..localhost/hook")
    await api.pass_time(60)
    assert (await api.get(call_id))["status"] == "completed"
    assert len(api.server.service.deliveries) == 4
