"""The phones in somebody's hands, and the page that explains it all."""

from __future__ import annotations

import asyncio
import json
import re
from html.parser import HTMLParser
from typing import Any

import aiohttp
import pytest
from typing_extensions import override

from bot.sandbox.voice_api.acts import Act, Deed
from bot.sandbox.voice_api.phones import PHONES, Handsets
from tests.sandbox.voice_api.conftest import OpenApi
from tests.sandbox.voice_api.support import KEYS, LISTENER, Receiver, VoiceApi

MANUAL = "+14155550100"


async def ring(api: VoiceApi, **parameters: Any) -> str:
    """A call that rings at the phone that waits for a person."""
    call_id = await api.place(MANUAL, **parameters)
    await api.pass_time(3)
    return call_id


async def do(api: VoiceApi, call_id: str, deed: str, digit: str | None = None) -> int:
    """Do something with the phone; the status code."""
    body = {} if digit is None else {"json": {"digit": digit}}
    return (await api.control("POST", f"/calls/{call_id}/{deed}", **body)).status


async def test_a_person_answers_listens_and_presses_a_key(
    api: VoiceApi, receiver: Receiver
) -> None:
    """Each deed has had its effect when it is answered; the reply is spoken; then it is over."""
    call_id = await ring(api, callback_url=receiver.url, dtmf_config=KEYS)
    assert await do(api, call_id, "answer") == 200
    assert (await api.get(call_id))["status"] == "in_progress"
    await api.pass_time(8)
    assert await do(api, call_id, "press", "1") == 200
    assert (await api.get(call_id))["dtmf_input"] == "1"
    assert api.heard(call_id)[-1] == "Thank you!"
    await api.pass_time(60)
    assert (await api.get(call_id))["call_result"] == "answered"
    assert [event for event in receiver.events if event != "action"] == [
        "answered",
        "dtmf",
        "completed",
    ]


async def test_a_key_cuts_the_text_short(api: VoiceApi) -> None:
    """Whoever knows the menu need not hear it."""
    call_id = await ring(api, message="long " * 100, dtmf_config=KEYS)
    await do(api, call_id, "answer")
    await api.pass_time(1)
    await do(api, call_id, "press", "1")
    shown = (await api.control("GET", f"/calls/{call_id}")).body
    assert [(item["kind"], item["whole"]) for item in shown["heard"]] == [
        ("message", False),
        ("reply", False),
    ]


async def test_without_a_keypad_a_key_does_nothing(api: VoiceApi) -> None:
    """The text goes on."""
    call_id = await ring(api)
    await do(api, call_id, "answer")
    assert await do(api, call_id, "press", "1") == 200
    await api.pass_time(60)
    status = await api.get(call_id)
    assert (status["call_result"], status["dtmf_input"]) == ("answered", None)


async def test_who_presses_nothing_is_hung_up_on(api: VoiceApi, receiver: Receiver) -> None:
    """After the timeout of the keypad."""
    keypad = {"enabled": True, "timeout": 7}
    call_id = await ring(api, message="Hi", dtmf_config=keypad)
    await do(api, call_id, "answer")
    await api.pass_time(2 + 6.9)
    assert (await api.get(call_id))["status"] == "in_progress"
    await api.pass_time(0.1)
    assert (await api.get(call_id))["duration"] == 9


async def test_too_few_digits_count_when_no_more_come(api: VoiceApi, receiver: Receiver) -> None:
    """After the timeout what was pressed is the input."""
    actions = {"7": {"action": "webhook", "url": f"{receiver.url}/seven"}}
    keypad = {"enabled": True, "max_digits": 2, "actions": actions}
    call_id = await ring(api, dtmf_config=keypad)
    await do(api, call_id, "answer")
    await do(api, call_id, "press", "7")
    await api.pass_time(60)
    assert [path for path, _ in receiver.posted] == ["/seven"]


@pytest.mark.parametrize(
    ("deed", "result"), [("reject", "rejected"), ("hang_up", "rejected"), ("answer", "answered")]
)
async def test_a_ringing_phone_can_be_rejected_or_answered(
    api: VoiceApi, deed: str, result: str
) -> None:
    """A phone that does things by itself, too, while it rings."""
    for number in (MANUAL, LISTENER):
        call_id = await api.place(number)
        await api.pass_time(3)
        assert await do(api, call_id, deed) == 200
        await api.pass_time(120)
        assert (await api.get(call_id))["call_result"] == result


async def test_hanging_up_ends_the_call(api: VoiceApi) -> None:
    """In the middle of the text."""
    call_id = await ring(api)
    await do(api, call_id, "answer")
    await api.pass_time(1)
    assert await do(api, call_id, "hang_up") == 200
    assert (await api.get(call_id))["duration"] == 1


async def test_hanging_up_instead_of_pressing_ends_the_call(
    api: VoiceApi, receiver: Receiver
) -> None:
    """Nothing was chosen, and no time passes."""
    call_id = await ring(api, message="Hi", callback_url=receiver.url, dtmf_config=KEYS)
    await do(api, call_id, "answer")
    await api.pass_time(4)
    await do(api, call_id, "hang_up")
    await api.pass_time(0)
    assert receiver.events == ["answered", "completed"]
    assert (await api.get(call_id))["duration"] == 4


async def test_what_makes_no_sense_changes_nothing(api: VoiceApi) -> None:
    """A key while it rings is refused; rejecting a taken call is refused; so is anything after."""
    call_id = await ring(api)
    assert await do(api, call_id, "press", "1") == 409
    await do(api, call_id, "answer")
    assert [await do(api, call_id, deed) for deed in ("answer", "reject")] == [409, 409]
    await api.pass_time(60)
    assert await do(api, call_id, "hang_up") == 409
    assert await do(api, "robo_000000000000", "answer") == 404
    assert await do(api, call_id, "sing") == 404


@pytest.mark.parametrize(("deed", "result"), [("reject", "rejected"), ("answer", "answered")])
async def test_two_people_at_one_phone_at_once(api: VoiceApi, deed: str, result: str) -> None:
    """Whoever comes second has no effect, and does not wait for ever."""
    call_id = await ring(api)
    acts = [api.server.service.act(call_id, Act(deed=Deed(deed))) for _ in range(3)]
    async with asyncio.timeout(5):
        await asyncio.gather(*acts)
    await api.pass_time(60)
    assert (await api.get(call_id))["call_result"] == result


async def test_any_phone_can_be_handed_to_a_person(api: VoiceApi) -> None:
    """It then rings until somebody picks it up."""
    await api.control("PUT", f"/handsets/{LISTENER}", json={"behaviour": "manual"})
    call_id = await api.place(LISTENER)
    await api.pass_time(20)
    assert (await api.get(call_id))["status"] == "ringing"


@pytest.mark.parametrize("digit", ["", "12", "A", 1, None])
async def test_a_key_that_does_not_exist_is_refused(api: VoiceApi, digit: object) -> None:
    """One of 0-9, * and #."""
    call_id = await ring(api)
    await do(api, call_id, "answer")
    answer = await api.control("POST", f"/calls/{call_id}/press", json={"digit": digit})
    assert (answer.status, answer.body["field"]) == (400, "digit")


async def test_a_number_can_be_given_another_behaviour_and_back(api: VoiceApi) -> None:
    """From its next call on."""
    path = f"/handsets/{LISTENER}"
    answer = await api.control("PUT", path, json={"behaviour": "presses", "keys": "4"})
    assert (answer.status, answer.body["behaviour"], answer.body["keys"]) == (200, "presses", "4")
    pressed = await api.place(LISTENER, dtmf_config={"enabled": True})
    await api.pass_time(60)
    await api.control("DELETE", path)
    not_pressed = await api.place(LISTENER, dtmf_config={"enabled": True})
    await api.pass_time(60)
    keys = [(await api.get(call_id))["dtmf_input"] for call_id in (pressed, not_pressed)]
    assert keys == ["4", None]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "behaviour"),
        ({"behaviour": "sings"}, "behaviour"),
        ({"behaviour": ["busy"]}, "behaviour"),
        ({"behaviour": "presses"}, "keys"),
        ({"behaviour": "presses", "keys": "A"}, "keys"),
        ({"behaviour": "busy", "key": "1"}, "key"),
    ],
)
async def test_a_behaviour_that_does_not_exist_is_refused(
    api: VoiceApi, body: dict[str, Any], field: str
) -> None:
    """With the field to blame."""
    answer = await api.control("PUT", f"/handsets/{LISTENER}", json=body)
    assert (answer.status, answer.body["field"]) == (400, field)


async def test_phones_and_live_calls_are_listed(api: VoiceApi) -> None:
    """The documented phones, then those that rang; what they heard; the calls that go on."""
    call_id = await api.place(LISTENER, message="Hi", caller_id="+14155550188")
    await api.pass_time(6)
    [call] = (await api.control("GET", "/calls")).body["calls"]
    assert (call["call_id"], call["status"]) == (call_id, "in_progress")
    assert (call["caller_id"], call["voice"]) == ("+14155550188", "en-female-1")
    phones = (await api.control("GET", "/handsets")).body["handsets"]
    assert [phone["phone_number"] for phone in phones] == [p.number for p in PHONES] + [LISTENER]
    assert [item["text"] for item in phones[-1]["heard"]] == ["Hi"]
    assert (await api.control("GET", f"/handsets/{LISTENER}")).body == phones[-1]
    await api.pass_time(60)
    assert (await api.control("GET", "/calls")).body["calls"] == []


async def test_deliveries_are_listed(api: VoiceApi, receiver: Receiver) -> None:
    """Each try with its body and what became of it."""
    receiver.answers = [500]
    await api.place("+14155550114", callback_url=receiver.url)
    await api.pass_time(30)
    tries = (await api.control("GET", "/deliveries")).body["deliveries"]
    assert [(item["attempt"], item["outcome"]) for item in tries] == [(1, "500"), (2, "200")]
    assert tries[1]["body"] == receiver.bodies[1]


async def test_events_are_streamed_as_they_happen(api: VoiceApi, receiver: Receiver) -> None:
    """Each step of the call, and each delivery; the stream ends with the service."""
    url = f"{api.server.control_url}/events"
    async with api.session.get(url) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        await api.place(LISTENER, callback_url=receiver.url)
        await api.pass_time(60)
        await api.server.close()
        text = (await stream.read()).decode()
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    steps = [event["call"]["status"] for event in events if event["type"] == "call"]
    assert list(dict.fromkeys(steps)) == ["queued", "ringing", "in_progress", "completed"]
    delivered = [event["delivery"]["outcome"] for event in events if event["type"] == "delivery"]
    assert delivered == ["200", "200"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:80"}, 200),
        ({"Host": "[::1]:80"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "[bad"}, 403),
        ({"Host": "localhost", "Origin": "http://localhost"}, 200),
        ({"Host": "localhost", "Origin": "http://evil.example"}, 403),
        ({"Host": "localhost", "Origin": "http://localhost:8080"}, 403),
        ({"Host": "localhost", "Origin": "null"}, 403),
    ],
)
async def test_pages_of_other_hosts_cannot_use_the_phones(
    api: VoiceApi, headers: dict[str, str], status: int
) -> None:
    """The Host must be this machine, and an Origin must be the service's own."""
    answer = await api.control("GET", "/handsets", headers=headers)
    assert answer.status == status


def test_only_so_many_numbers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented ones always, of the others those that rang last."""
    monkeypatch.setattr("bot.sandbox.voice_api.phones._MOST_HANDSETS", 2)
    handsets = Handsets()
    for last in (1, 2, 1, 3):
        handsets.rings(f"+44770090000{last}")
    others = [handset.number for handset in handsets][len(PHONES) :]
    assert others == ["+447700900003", "+447700900001"]


class Page(HTMLParser):
    """The text of a page, what it loads, and whether every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.loads: list[str | None] = []
        self.open: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


async def show_page(api: VoiceApi, **headers: str) -> Page:
    """The page at /, read by a parser."""
    answer = await api.request("GET", f"{api.server.url}/", headers=headers)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    page = Page()
    page.feed(answer.body)
    page.close()
    assert page.open == []
    return page


async def test_the_page_explains_the_service(api: VoiceApi) -> None:
    """Every phone, every plan, the control API; it loads nothing from anywhere."""
    page = await show_page(api)
    for phone in PHONES:
        assert phone.number in page.text
        assert phone.about in page.text
    for word in ("free", "pro", "unlimited", "/control/events", "Retry-After", "manual"):
        assert word in page.text
    assert page.loads == ["data:,"]
    assert "$" not in page.text


async def test_the_commands_on_the_page_work(api: VoiceApi) -> None:
    """Each POST example, with this host already filled in, is accepted as it stands."""
    page = await show_page(api)
    commands = re.findall(r"curl -X POST (\S+/call|\S+/batch) .*?-d '(.*?)'", page.text, re.DOTALL)
    assert [url for url, _ in commands] == [
        f"{api.server.api_url}/call",
        f"{api.server.api_url}/call",
        f"{api.server.api_url}/call/batch",
    ]
    for url, body in commands:
        assert (await api.request("POST", url, json=json.loads(body))).status == 200


async def test_the_page_escapes_what_the_visitor_sends(open_api: OpenApi) -> None:
    """The Host header is shown, as text; the key never is."""
    api = await open_api(api_key="secret-key")
    page = await show_page(api, Host="<script>alert(1)</script>")
    assert "<script>alert(1)</script>/api" in page.text
    assert "secret-key" not in page.text


async def test_a_watcher_that_does_not_read_is_let_go(api: VoiceApi) -> None:
    """The service does not keep events for it for ever."""
    feed = api.server.service.feed
    with feed.watching() as unread:
        for count in range(1_001):
            feed.publish({"type": "call", "count": count})
        assert not feed.watched
        events = [unread.get_nowait() for _ in range(unread.qsize())]
    assert (len(events), events[-1]) == (1_001, None)


async def test_an_event_stream_gives_signs_of_life(
    api: VoiceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a proxy, or a page, knows that it is still there."""
    monkeypatch.setattr("bot.sandbox.voice_api.control._HEARTBEAT", 0.01)
    timeout = aiohttp.ClientTimeout(total=5)
    async with api.session.get(f"{api.server.control_url}/events", timeout=timeout) as stream:
        assert await stream.content.readline() == b": alive\n"
