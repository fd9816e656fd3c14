"""The key and the numbers stay where they belong, whatever is logged or repeated."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bot.domain.errors import VoiceError
from bot.domain.outcome import Placed, Rejected
from tests.support.raw_server import (
    Behaviour,
    RawServer,
    answers,
    hangs,
    resets,
    sends,
)
from tests.voice.kit import (
    ACCEPTED,
    API_KEY,
    CALL_ID,
    PHONE,
    QUICK,
    Mark,
    client,
    place,
    placed_at,
)

# --- secrets ---------------------------------------------------------------------------


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The root logger at its loudest, also for httpx and httpcore until a client says otherwise."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    with caplog.at_level(logging.DEBUG):
        yield caplog


def seen_in(error: BaseException) -> str:
    """All an exception could show, with whatever led to it."""
    chain = [error, error.__cause__, error.__context__]
    return " ".join(f"{each!r} {each!s} {vars(each)}" for each in chain if each is not None)


ECHO = {"error": f"key {API_KEY} may not call {PHONE}"}


@pytest.mark.parametrize(
    "behaviour",
    [
        answers(200, ACCEPTED | {"message": f"Calling {PHONE}"}),
        answers(401, ECHO, x_echo=API_KEY + PHONE, set_cookie=f"k={API_KEY}"),
        answers(302, ECHO, location=f"https://example.com/{API_KEY}/{PHONE}"),
        answers(200, ECHO | {"status": "error"}),
        sends(f"{API_KEY} {PHONE}\r\n\r\n".encode()),
        resets,
        hangs,
    ],
)
async def test_no_log_no_outcome_and_no_error_shows_the_key_or_a_number(
    behaviour: Behaviour, every_log: pytest.LogCaptureFixture
) -> None:
    """Even with every logger at DEBUG, and a service that repeats what it was told."""
    shown: list[str] = []
    async with RawServer(behaviour) as server, client(server.url, timeouts=QUICK) as voice:
        shown.append(repr(await voice.place_call(place(), Mark())))
        shown.append(repr(voice))
        for ask in (voice.look_up, voice.cancel):
            try:
                await ask(CALL_ID)
            except VoiceError as error:
                shown.append(seen_in(error))

    shown += [f"{record.getMessage()} {record.__dict__}" for record in every_log.records]
    text = " ".join(shown)
    assert API_KEY not in text
    assert PHONE[1:] not in text


@pytest.mark.parametrize("api_key", ["", "  ", "clé", "a\nb", "a\x00b"])
async def test_an_unusable_key_stops_the_start_without_being_shown(api_key: str) -> None:
    """httpx would show it in its own error, at the first call."""
    with pytest.raises(ValueError, match="printable ASCII") as caught:
        async with client("http://127.0.0.1:9", api_key=api_key):
            pass

    assert not api_key.strip() or api_key not in str(caught.value)


async def test_a_short_key_leaves_answers_as_they_are() -> None:
    """A toy key such as "robo" is part of ordinary words."""
    async with RawServer(answers(200, ACCEPTED)) as server:
        outcome = await placed_at(server, api_key="robo")

    assert outcome == Placed(voice_call_id=CALL_ID, message="Call queued")


async def test_a_client_can_be_made_with_its_defaults() -> None:
    """20 s in all, 5 s to connect, real jitter."""
    async with RawServer(answers(429, {}, retry_after="100")) as server:
        outcome = await placed_at(server, timeouts=None, tls=None)

    assert isinstance(outcome, Rejected)
