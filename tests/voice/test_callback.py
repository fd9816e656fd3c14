"""The addresses we give out: they prove themselves, and nothing else does."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.errors import UntrustedWebhook
from bot.voice.callback import CallbackAddresses
from tests.voice.kit import FUZZ, TOKEN, addresses

KEY = b"k" * 32


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ %"


def part_of(url: str | None) -> str:
    """The token's text in an events address."""
    assert url is not None
    return url.rpartition("/")[2]


def test_an_address_is_spelt_as_the_specification_says() -> None:
    """`<kid>.<token>.<mac>`, the mac over "cb|" + kid + "|" + token, cut at 16 bytes."""
    mac = hmac.new(KEY, b"cb|a|" + TOKEN, hashlib.sha256).digest()[:16]
    token_text, mac_text = (base64.urlsafe_b64encode(x).decode().rstrip("=") for x in (TOKEN, mac))

    url = addresses().events_url(TOKEN)

    assert url == f"https://bot.example.com/voice/events/a.{token_text}.{mac_text}"


def test_an_address_reads_back_as_its_token() -> None:
    """Minting and reading are inverse."""
    assert addresses().read(part_of(addresses().events_url(TOKEN))) == TOKEN


@pytest.mark.parametrize(("digit", "spelt"), [("1", "1"), ("#", "%23"), ("*", "%2A")])
def test_a_key_address_carries_the_same_token_and_its_digit(digit: str, spelt: str) -> None:
    """`#` would otherwise begin a fragment and never reach us."""
    token_text = part_of(addresses().events_url(TOKEN))

    url = addresses().key_url(TOKEN, digit)

    assert url == f"https://bot.example.com/voice/keys/{token_text}/{spelt}"


def test_a_public_url_may_have_a_path_and_a_slash_at_its_end() -> None:
    """A reverse proxy may serve the bot under a prefix."""
    url = addresses("https://example.com/robocall/").events_url(TOKEN)

    assert url is not None
    assert url.startswith("https://example.com/robocall/voice/events/a.")


def test_nothing_is_given_out_without_a_public_url() -> None:
    """Nobody could call back."""
    assert addresses(None).events_url(TOKEN) is None
    assert addresses(None).key_url(TOKEN, "1") is None


def test_an_old_key_still_reads_and_the_current_one_signs() -> None:
    """Keys are rotated while calls are out (W23)."""
    keys = {"a": KEY, "b": b"n" * 32}
    rotated = CallbackAddresses(public_url="https://x.example", keys=keys, current_kid="b")

    assert rotated.read(part_of(addresses().events_url(TOKEN))) == TOKEN
    assert part_of(rotated.events_url(TOKEN)).startswith("b.")


def test_a_key_that_is_gone_reads_no_more() -> None:
    """A retired kid is as unknown as any other."""
    other = CallbackAddresses(public_url=None, keys={"b": KEY}, current_kid="b")

    with pytest.raises(UntrustedWebhook):
        other.read(part_of(addresses().events_url(TOKEN)))


def test_a_change_of_any_character_is_noticed() -> None:
    """Also of the last one of each part, whose low bits decode to nothing."""
    good = part_of(addresses().events_url(TOKEN))
    ours = addresses()
    for i, there in enumerate(good):
        for other in ALPHABET.replace(there, ""):
            with pytest.raises(UntrustedWebhook):
                ours.read(good[:i] + other + good[i + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a..",
        "a" * 1_000,
        "a.b.c.d",
        "é" * 20,
        "a.AAECAwQFBgcICQoLDA0ODw.\udcff",
        "a.AAEC.AAEC",
        "a.A.A",
    ],
)
def test_junk_is_turned_away(text: str) -> None:
    """Whatever stands in a path, the answer is one exception (W13)."""
    with pytest.raises(UntrustedWebhook):
        addresses().read(text)


@FUZZ
@given(st.text(max_size=80))
@example("a.AAECAwQFBgcICQoLDA0ODw.")
def test_no_text_at_all_gets_in_or_crashes(text: str) -> None:
    """Random text never hits a MAC of 128 bits."""
    with pytest.raises(UntrustedWebhook):
        addresses().read(text)


@pytest.mark.parametrize(
    ("keys", "current"),
    [({}, "a"), ({"a": KEY}, "b"), ({"a": b"short"}, "a"), ({"a.b": KEY}, "a.b"), ({"": KEY}, "")],
)
def test_unusable_keys_stop_the_start(keys: dict[str, bytes], current: str) -> None:
    """An empty key would make every forgery good."""
    with pytest.raises(ValueError, match="key"):
        CallbackAddresses(public_url=None, keys=keys, current_kid=current)
