"""The workspace as JSON over HTTP, as the page will use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.slack import SlackServer
from tests.sandbox.slack.echo_app import EchoApp
from tests.sandbox.slack.payload_parts import actions, button, field, modal


class Page:
    """A page that acts as Ben."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self.session = session
        self.base_url = f"{base_url}_playground/"

    async def get(self, path: str) -> dict[str, Any]:
        async with self.session.get(self.base_url + path) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def act(self, does: str, **more: Any) -> dict[str, Any]:
        body = {"as": "ben", "do": does, **more}
        async with self.session.post(f"{self.base_url}act", json=body) as answer:
            found: dict[str, Any] = await answer.json()
            return found


@pytest.fixture
async def page(slack: SlackServer) -> AsyncIterator[Page]:
    """The page's side of the wire."""
    async with aiohttp.ClientSession() as session:
        yield Page(session, slack.base_url)


async def test_a_form_is_opened_filled_and_submitted(
    slack: SlackServer, echo: EchoApp, page: Page
) -> None:
    """The page only renders the state and posts what was done."""
    echo.view = modal(field("a"), actions(button("check", "Check")))
    told = await page.act("command", command="/echo", text="hello", channel="C0GENERAL")
    assert told["exchange"]["error"] is None
    (form,) = (await page.get("state?as=ben"))["forms"]
    view_id = form["id"]
    await page.act("type_in", view_id=view_id, block_id="a", value="typed")
    await page.act("click", view_id=view_id, button="Check")
    refused = await page.act("submit", view_id=view_id, values={"a": ""})
    assert refused["errors"] == {"a": "Please complete this required field."}
    done = await page.act("submit", view_id=view_id, values={"a": "x"})
    assert done["is_closed"] is True
    assert (await page.get("state?as=ben"))["forms"] == []
    assert await page.act("close", view_id=view_id) == {"ok": False, "error": "that form is gone"}


async def test_messages_buttons_menus_and_shortcuts_work_from_the_page(
    slack: SlackServer, echo: EchoApp, page: Page
) -> None:
    """Everything a person can do to a message has its act."""
    said = await page.act("say", channel="C0GENERAL", text="hello")
    place = {"channel": "C0GENERAL", "ts": said["ts"]}
    await page.act("message_shortcut", callback_id="echo_message", **place)
    await page.act("global_shortcut", callback_id="echo_new")
    menu = {"type": "overflow", "options": [{"text": {"type": "plain_text", "text": "A"},
                                             "value": "a"}]}  # fmt: skip
    pick = {"type": "datepicker", "action_id": "day"}
    card = await echo.client.chat_postMessage(
        channel="C0GENERAL", text="card", blocks=[actions(button(), menu, pick)]
    )
    place = {"channel": "C0GENERAL", "ts": card["ts"]}
    await page.act("click", button="press", **place)
    await page.act("overflow", option="a", **place)
    await page.act("pick", what="day", value="2026-11-24", **place)
    assert [body["type"] for body in echo.heard] == [
        "message_action",
        "shortcut",
        *["block_actions"] * 3,
    ]
    gone = await page.act("click", button="press", channel="C0GENERAL", ts="1.0")
    assert gone == {"ok": False, "error": "that message is gone"}
    await page.act("invite", channel="kitchen")
    assert (await page.act("upload", name="a.csv", content="x"))["file_id"].startswith("F0")
    assert (await page.act("open_home"))["view_id"] is None


async def test_nobody_sees_what_is_meant_for_others(
    slack: SlackServer, echo: EchoApp, page: Page
) -> None:
    """Ephemeral messages and private channels are in the state of their readers alone."""
    slack.workspace.channel("office").members.discard("U0BEN")
    await echo.client.chat_postEphemeral(channel="C0GENERAL", user="U0ANA", text="psst")
    seen = {who: await page.get(f"state?as={who}") for who in ("ana", "ben")}
    names = {who: [c.get("name") for c in state["channels"]] for who, state in seen.items()}
    assert "office" in names["ana"]
    assert "office" not in names["ben"]
    texts = {who: [m["text"] for m in s["channels"][0]["messages"]] for who, s in seen.items()}
    assert texts == {"ana": ["psst"], "ben": []}


async def test_changes_answer_when_something_has_changed(slack: SlackServer, page: Page) -> None:
    """The page waits instead of asking again and again."""
    before = (await page.get("state"))["version"]
    slack.user("ana").say("general", "news")
    assert (await page.get(f"changes?after={before}"))["version"] > before


async def test_the_traffic_has_times_and_no_tokens(
    slack: SlackServer, echo: EchoApp, page: Page
) -> None:
    """What the inspector shows."""
    await page.act("command", command="/echo", channel="C0GENERAL")
    exchanges = (await page.get("traffic"))["exchanges"]
    (command,) = [e for e in exchanges if e["name"] == "/echo"]
    assert (command["direction"], command["seconds"]) == ("to_app", 0.0)
    assert "token" not in command["request"]
    later = await page.get(f"traffic?after={command['number']}")
    assert command["number"] not in [e["number"] for e in later["exchanges"]]


HEADERS = {
    "a foreign host": {"Host": "evil.example"},
    "a foreign page": {"Origin": "https://evil.example"},
    "another port": {"Origin": "http://127.0.0.1:1"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
async def test_foreign_pages_are_refused(page: Page, headers: dict[str, str]) -> None:
    """Neither a rebound name nor another origin reaches the playground."""
    async with page.session.get(f"{page.base_url}state", headers=headers) as answer:
        assert answer.status == 403


async def test_nonsense_is_answered_and_harmless(slack: SlackServer, page: Page) -> None:
    """Unknown people, unknown acts and no JSON are client errors."""
    bodies: list[Any] = [{"as": "nobody", "do": "say"}, {"as": "ben", "do": "sing"}, []]
    statuses: list[int] = []
    for body in bodies:
        async with page.session.post(f"{page.base_url}act", json=body) as answer:
            statuses.append(answer.status)
    assert statuses == [404, 400, 400]
    refused = await page.act("say", channel="nowhere", text="x")
    assert refused["ok"] is False


async def test_only_loopback_addresses_are_listened_on(slack: SlackServer) -> None:
    """The workspace is for this machine."""
    with pytest.raises(ValueError, match="loopback"):
        await SlackServer(slack.workspace).start(host="0.0.0.0")
