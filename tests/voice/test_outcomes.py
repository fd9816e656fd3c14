"""What an exchange means: every error and every status, none forgotten."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import VoiceError, VoiceRefused, VoiceSpokeNonsense, VoiceUnavailable
from bot.domain.outcome import NotSent, Placed, PlaceOutcome, Rejected, Unknown
from bot.voice.outcomes import (
    Answer,
    Exchange,
    MarkFailed,
    NoAnswer,
    batch_outcome,
    call_outcome,
    error_words,
    good_answer,
)
from tests.voice.kit import ACCEPTED, FUZZ, NOW, PHONE

OTHER_PHONE = "+14155550124"

# Every exception of httpx. A new one fails the test below until somebody has thought about it.
KNOWN_ERRORS = {
    "CloseError": "broke before it answered",
    "ConnectError": "cannot be reached",
    "ConnectTimeout": "cannot be reached",
    "CookieConflict": "could not be read",
    "DecodingError": "could not be read",
    "HTTPError": "could not be read",
    "HTTPStatusError": "could not be read",
    "InvalidURL": "address",
    "LocalProtocolError": "could not be written",
    "NetworkError": "broke before it answered",
    "PoolTimeout": "too many requests",
    "ProtocolError": "no proper HTTP",
    "ProxyError": "cannot be reached",
    "ReadError": "broke before it answered",
    "ReadTimeout": "in time",
    "RemoteProtocolError": "no proper HTTP",
    "RequestError": "could not be read",
    "RequestNotRead": "could not be read",
    "ResponseNotRead": "could not be read",
    "StreamClosed": "could not be read",
    "StreamConsumed": "could not be read",
    "StreamError": "could not be read",
    "TimeoutException": "in time",
    "TooManyRedirects": "could not be read",
    "TransportError": "could not be read",
    "UnsupportedProtocol": "address",
    "WriteError": "broke before it answered",
    "WriteTimeout": "in time",
}
PAUSE = {401, 402, 403, 404, 405, 429}
FINAL = {400, 413, 415, 422}


def answer(status: int, body: object = None, retry_after: str | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status=status, body=json.dumps(body).encode(), retry_after=retry_after)


def outcome(exchange: Exchange, jitter: float = 0.0) -> PlaceOutcome:
    """What a single POST came to."""
    return call_outcome(exchange, now=NOW, jitter=jitter)


def batch(exchange: Exchange) -> PlaceOutcome | Mapping[str, PlaceOutcome]:
    """What a POST for two numbers came to."""
    return batch_outcome(exchange, [PHONE, OTHER_PHONE], now=NOW, jitter=0.0)


# --- errors ----------------------------------------------------------------------------


def httpx_errors() -> dict[str, type[Exception]]:
    """All exception classes that httpx shows."""
    found = inspect.getmembers(httpx, inspect.isclass)
    return {name: kind for name, kind in found if issubclass(kind, Exception)}


def test_no_exception_of_httpx_is_forgotten() -> None:
    """The table above names exactly those that there are."""
    assert set(httpx_errors()) == set(KNOWN_ERRORS)


@pytest.mark.parametrize("name", sorted(KNOWN_ERRORS))
def test_every_exception_of_httpx_has_its_words_and_never_its_own_text(name: str) -> None:
    """Its own text may hold headers, addresses or numbers."""
    kind = httpx_errors()[name]
    error = kind.__new__(kind)
    Exception.__init__(error, f"Bearer secret for {PHONE}")

    words = error_words(error)

    assert KNOWN_ERRORS[name] in words
    assert "secret" not in words


@pytest.mark.parametrize("error", [TimeoutError(), OSError("secret"), ValueError("secret")])
def test_other_errors_have_words_too(error: Exception) -> None:
    """Our own deadline, and what nobody thought of."""
    assert error_words(error)
    assert "secret" not in error_words(error)


def test_a_failed_mark_says_why_in_its_own_words() -> None:
    """They are ours: the store's, or that the call was withdrawn."""
    assert error_words(MarkFailed("withdrawn: the call was stopped")).startswith("withdrawn")


def test_an_error_before_the_mark_is_not_sent_and_after_it_unknown() -> None:
    """Whatever its kind: the mark alone decides."""
    assert outcome(NoAnswer(reason="r", may_have_arrived=False)) == NotSent(reason="r")
    assert outcome(NoAnswer(reason="r", may_have_arrived=True)) == Unknown(reason="r")
    assert batch(NoAnswer(reason="r", may_have_arrived=False)) == NotSent(reason="r")
    assert batch(NoAnswer(reason="r", may_have_arrived=True)) == Unknown(reason="r")


# --- statuses --------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{"message": "No"}, {}, [], None, "text"])
def test_every_status_without_a_call_is_classified(body: object) -> None:
    """From 100 to 999: a definite no is rejected, everything else unknown."""
    for status in range(100, 1000):
        read = outcome(answer(status, body))
        if status in PAUSE | FINAL:
            assert isinstance(read, Rejected), status
            assert (read.status, read.pauses_all) == (status, status in PAUSE)
            assert read.reason
        else:
            assert isinstance(read, Unknown), status


def test_a_call_is_placed_by_any_2xx_that_names_it_and_by_nothing_else() -> None:
    """V9; another status that names a call contradicts itself."""
    for status in range(100, 1000):
        read = outcome(answer(status, ACCEPTED))
        assert isinstance(read, Placed if 200 <= status < 300 else Unknown), status


@pytest.mark.parametrize("status", [200, 429, 401, 400, 503])
def test_an_answer_that_broke_off_counts_by_its_status(status: int) -> None:
    """A no is a no even if its words are lost; a yes without a call_id is none."""
    read = outcome(Answer(status=status, body=None))

    assert isinstance(read, Unknown if status in {200, 503} else Rejected)


@pytest.mark.parametrize("word", ["error", "Error"])
def test_a_200_that_says_error_is_rejected_for_good(word: str) -> None:
    """V8; the words are the service's."""
    read = outcome(answer(200, {"status": word, "message": "Number blocked"}))

    assert read == Rejected(reason="Number blocked", status=200)


def test_a_200_that_says_error_but_names_a_call_is_placed() -> None:
    """It can be looked up, so the truth will be known."""
    assert isinstance(outcome(answer(200, ACCEPTED | {"status": "error"})), Placed)


def test_a_200_queued_without_an_id_is_unknown() -> None:
    """V8."""
    assert isinstance(outcome(answer(200, {"status": "queued"})), Unknown)


def test_a_reason_holds_our_meaning_and_their_words_but_no_number() -> None:
    """It is shown in a channel."""
    said = {"error": f"{PHONE} wants credit"}

    assert outcome(answer(402, said)) == Rejected(
        reason="the voice service wants to be paid first: (number) wants credit",
        status=402,
        pauses_all=True,
    )
    assert outcome(answer(422, {})) == Rejected(reason="the voice service answered 422", status=422)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0.5", 1),
        ("-1", 1),
        ("1e9", 3600),
        ("inf", 3600),
        ("-inf", 1),
        ("nan", 10),
        ("abc", 10),
        ("", 10),
        (None, 10),
        ("Mon, 15 Jan 2024 10:30:42 GMT", 42),
        ("Mon, 15 Jan 2024 10:30:42 -0000", 42),
        ("Mon, 15 Jan 2024 12:30:42 +0200", 42),
        ("Mon, 15 Jan 2020 10:30:42 GMT", 1),
        ("Mon, 15 Jan 2030 10:30:42 GMT", 3600),
        ("Mon, 99 Jan 2024 10:30:42 GMT", 10),
    ],
)
def test_a_429_waits_as_long_as_asked_within_bounds(header: str | None, seconds: int) -> None:
    """V16: from one second to one hour; 10 s if nothing usable is asked."""
    read = outcome(answer(429, {}, header))

    assert isinstance(read, Rejected)
    assert read.retry_after == timedelta(seconds=seconds)


def test_a_wait_gets_jitter_but_never_more_than_an_hour() -> None:
    """Many bots of one account must not come back together."""
    waits = [
        read.retry_after
        for read in (outcome(answer(429, {}, header), jitter=1.0) for header in ("10", "9999"))
        if isinstance(read, Rejected)
    ]

    assert waits == [timedelta(seconds=11), timedelta(hours=1)]


def test_other_refusals_wait_only_if_the_service_asks() -> None:
    """Else the dispatcher backs off by itself, longer each time."""
    asked, silent = outcome(answer(403, {}, "60")), outcome(answer(403))

    assert isinstance(asked, Rejected)
    assert isinstance(silent, Rejected)
    assert (asked.retry_after, silent.retry_after) == (timedelta(seconds=60), None)


@FUZZ
@given(st.text(max_size=60))
def test_no_header_is_a_crash(header: str) -> None:
    """Whatever stands in Retry-After, the wait is within bounds."""
    read = outcome(answer(429, {}, header))

    assert isinstance(read, Rejected)
    assert read.retry_after is not None
    assert timedelta(seconds=1) <= read.retry_after <= timedelta(hours=1)


# --- batches ---------------------------------------------------------------------------


def item(number: object, call_id: object, status: object = "queued") -> dict[str, Any]:
    """One call of a batch answer."""
    return {"phone_number": number, "call_id": call_id, "status": status}


def by_number(*items: object, status: int = 200) -> dict[str, PlaceOutcome]:
    """The outcomes of two numbers after that answer."""
    read = batch(answer(status, {"status": "success", "calls": list(items)}))
    assert isinstance(read, Mapping)
    return dict(read)


def test_a_batch_is_matched_by_number_whatever_the_order() -> None:
    """3.8: never by position; a plus that got lost is found again."""
    read = by_number(item(OTHER_PHONE, "robo_2"), item(PHONE[1:], "robo_1"))

    assert read == {
        PHONE: Placed(voice_call_id="robo_1"),
        OTHER_PHONE: Placed(voice_call_id="robo_2"),
    }


@pytest.mark.parametrize(
    "others",
    [
        [],
        [item(OTHER_PHONE, None)],
        [item(OTHER_PHONE, "../x")],
        [item(OTHER_PHONE, "robo_2", "failed")],
        [item(OTHER_PHONE, "robo_2", None)],
        [item(OTHER_PHONE, "robo_2"), item(OTHER_PHONE, "robo_3")],
        [item(OTHER_PHONE, None), item(OTHER_PHONE, "robo_3")],
        [item(OTHER_PHONE, "robo_1")],
        [item(None, "robo_2")],
        ["robo_2", None],
    ],
)
def test_an_item_that_is_not_cleanly_matched_is_unknown(others: list[object]) -> None:
    """V32, V38: missing, repeated, without id, with another word, with another's id."""
    read = by_number(item(PHONE, "robo_1"), *others)

    assert isinstance(read[OTHER_PHONE], Unknown)
    is_shared = others == [item(OTHER_PHONE, "robo_1")]
    assert isinstance(read[PHONE], Unknown if is_shared else Placed)


def test_an_odd_word_is_shown() -> None:
    """V38: with the raw word."""
    read = by_number(item(PHONE, "robo_1", "postponed"))

    assert read[PHONE] == Unknown(reason="the voice service says this call is “postponed”")


@pytest.mark.parametrize("status", [200, 207, 400, 429, 500])
def test_whatever_the_status_a_listed_call_is_placed(status: int) -> None:
    """3.8: the rest is unknown."""
    read = by_number(item(PHONE, "robo_1"), status=status)

    assert isinstance(read[PHONE], Placed)
    assert isinstance(read[OTHER_PHONE], Unknown)


def test_a_yes_that_lists_only_odd_items_is_unknown_for_each() -> None:
    """Nothing is placed, nothing is surely refused."""
    read = by_number(item(PHONE, None), item(OTHER_PHONE, None))

    assert all(isinstance(each, Unknown) for each in read.values())


@pytest.mark.parametrize(
    ("given_answer", "kind"),
    [
        (answer(400, {"message": "bad item", "calls": [{"phone_number": PHONE}]}), Rejected),
        (answer(422, {"message": "bad item"}), Rejected),
        (answer(429, {}), Rejected),
        (answer(200, {"status": "error"}), Rejected),
        (answer(200, {"status": "success", "calls": []}), Unknown),
        (answer(200, {"status": "success", "calls": "two"}), Unknown),
        (answer(500, {}), Unknown),
        (answer(302, {}), Unknown),
    ],
)
def test_without_a_listed_call_one_outcome_covers_all(given_answer: Answer, kind: type) -> None:
    """A definite no covers all items, and so does silence."""
    assert isinstance(batch(given_answer), kind)


# --- looking up and cancelling ---------------------------------------------------------


def test_every_status_of_a_look_up_is_an_answer_or_an_error() -> None:
    """From 100 to 999, with a proper object."""
    for status in range(100, 1000):
        if 200 <= status < 300:
            assert good_answer(answer(status, {"status": "queued"})).status == status
            continue
        with pytest.raises(VoiceError) as caught:
            good_answer(answer(status, {"message": "No"}))
        if status in {408, 425, 429} or status >= 500:
            assert caught.type is VoiceUnavailable, status
        else:
            assert caught.type is (VoiceRefused if status >= 400 else VoiceSpokeNonsense), status


@pytest.mark.parametrize("status", [404, 409])
def test_a_refusal_has_its_code_and_the_services_words(status: int) -> None:
    """Too late to cancel, or no such call."""
    with pytest.raises(VoiceRefused, match="already completed") as caught:
        good_answer(answer(status, {"error": "already completed"}))

    assert (caught.value.code, caught.value.reason) == (status, "already completed")


def test_a_refusal_without_words_names_its_status() -> None:
    """Better than nothing."""
    with pytest.raises(VoiceRefused, match="answered 404"):
        good_answer(answer(404))


def test_a_200_that_says_error_is_a_refusal() -> None:
    """As it is for placing."""
    with pytest.raises(VoiceRefused, match="in progress"):
        good_answer(answer(200, {"status": "error", "message": "in progress"}))


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b"{}", None])
def test_a_200_without_an_object_is_nonsense(body: bytes | None) -> None:
    """Also when it was too long, or broke off."""
    with pytest.raises(VoiceSpokeNonsense):
        good_answer(Answer(status=200, body=body))


def test_no_answer_is_a_reason_to_ask_again() -> None:
    """Looking up may be repeated without harm."""
    with pytest.raises(VoiceUnavailable, match="gone"):
        good_answer(NoAnswer(reason="gone", may_have_arrived=False))
