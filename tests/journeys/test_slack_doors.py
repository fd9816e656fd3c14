from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.slack.traffic import Exchange
from bot.slack import ids
from bot.slack.answers import HELLO
from handlers.register import register
from tests.support.slack_side import (
    delivered,
    direct,
    opened,
    redeliver,
    requests,
    shown,
    taken,
    typed,
)
from tests.support.world import ANSWERS_AND_PRESSES_1, DESK, World

ANN = "+14155550130"
BEA = "+14155550131"
EVERY_BUTTON = {
    ids.CALL_CANCEL,
    ids.CALL_AGAIN,
    ids.CALL_DETAILS,
    ids.CALL_TWIN,
    ids.MARK_MADE,
    ids.MARK_NOT_MADE,
    ids.LIST_OLDER,
    ids.OPEN_FORM,
}


def from_ben(delivery: Exchange) -> bool:
    """Whether it tells of something Ben wrote."""
    return bool(delivery.request["event"].get("user") == "U0BEN")


async def test_a_mention_is_answered_in_private(world: World) -> None:
    """Whoever mentions the bot reads what it is for, without disturbing the channel."""
    await world.start_bot()
    world.person().mention_bot(DESK, "can you call Ann?")
    await taken(world)
    assert [m.text for m in direct(world)] == [HELLO]
    assert world.cards() == []


async def test_a_direct_message_is_answered_once(world: World) -> None:
    """Once, even if Slack repeats the event, at once and after a restart."""
    await world.start_bot()
    world.person().dm("hello?")
    await taken(world)
    event = next(one for one in delivered(world, "message") if from_ben(one))
    assert (await redeliver(world, event)).error is None
    await world.stop_bot()
    await world.start_bot()
    assert (await redeliver(world, event)).error is None
    await world.pass_time(5)
    assert [m.text for m in direct(world)] == [HELLO]


async def test_the_bots_own_messages_are_not_answered(world: World) -> None:
    """Neither its own, nor another app's, nor what is no message of a person."""
    await world.start_bot()
    here = world.workspace.direct("U0BEN").channel_id
    for strange in ({"user": "U0BEN", "bot_id": "B1"}, {"subtype": "message_changed"}, {}):
        event = {"type": "message", "channel": here, "channel_type": "im", "text": "x", **strange}
        world.person().deliveries.send_event(event)
    await taken(world)
    assert [one.error for one in delivered(world, "message")] == [None] * 3
    assert direct(world) == []


@pytest.mark.parametrize("over_http", [False, True])
async def test_home_shows_ones_own_calls_and_opens_the_form(world: World, over_http: bool) -> None:
    """Next and last calls of the one who looks; the button opens the form, the card comes by DM."""
    await world.start_bot(over_http=over_http)
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello")
    await world.pass_time(60)
    await world.command(f'{ANN} Hello at="in 30m"')
    ben = world.person()
    ben.open_home()
    await taken(world)
    home = world.workspace.views.home(ben.user_id)
    assert home is not None
    told = shown(world, home)
    assert "Call to +1 ••• ••• 0130 waits for its time" in told
    assert "Call to +1 ••• ••• 0101 was answered" in told
    await ben.click(home, "Call someone")
    await world.clock.settle()
    assert (await ben.submit(ben.form(), {"to": "+14155550131", "message": "Hi"})).is_closed
    await world.pass_time(30)
    assert direct(world)[0].channel_id.startswith("D")


async def test_home_is_empty_and_useful_for_a_newcomer(world: World) -> None:
    """Priya has called nobody: what it does, how to begin, and nobody else's calls."""
    await world.start_bot()
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello")
    await world.pass_time(60)
    priya = world.person("priya")
    priya.open_home()
    await taken(world)
    home = world.workspace.views.home(priya.user_id)
    assert home is not None
    told = shown(world, home)
    assert "You have not called anybody yet." in told
    assert "0101" not in told
    priya.open_home(tab="messages")
    await taken(world)
    assert len(requests(world, "views.publish")) == 1


@pytest.mark.parametrize("over_http", [False, True])
async def test_a_message_becomes_a_script(world: World, over_http: bool) -> None:
    """The shortcut on a message opens the form with its words, undone from Slack's markup."""
    await world.start_bot(over_http=over_http)
    said = world.person("ana").say(DESK, "Tell @ben: Tom & co, see https://example.com <now>")
    ben = world.person()
    await ben.message_shortcut(said, ids.CALL_FROM_MESSAGE)
    await world.clock.settle()
    form = ben.form()
    assert typed(form, "message").startswith("Tell @")
    assert typed(form, "message").endswith(": Tom & co, see https://example.com <now>")
    assert (await ben.submit(form, {"to": ANN})).is_closed
    await world.pass_time(30)
    assert len(world.heard(ANN)) == 1
    assert "was answered" in world.thread()


@pytest.mark.parametrize("over_http", [False, True])
async def test_a_new_call_from_anywhere(world: World, over_http: bool) -> None:
    """The global shortcut knows no channel: the story is told in direct messages."""
    await world.start_bot(over_http=over_http)
    ben = world.person()
    await ben.global_shortcut(ids.CALL_NEW)
    await world.clock.settle()
    assert (await ben.submit(ben.form(), {"to": ANN, "message": "Hello"})).is_closed
    await world.pass_time(30)
    assert world.heard(ANN) == ["Hello"]
    assert "was answered" in direct(world)[0].text


@pytest.mark.parametrize("over_http", [False, True])
async def test_everything_the_manifest_names_is_listened_to(world: World, over_http: bool) -> None:
    """Commands, shortcuts and events: each is acknowledged, none answered "unhandled"."""
    await world.start_bot(over_http=over_http)
    ben, manifest = world.person(), world.workspace.manifest
    said = ben.say("kitchen", "hello")
    for command in manifest.commands:
        await ben.command(command, "help", DESK)
    for callback_id, shortcut in manifest.shortcuts.items():
        if shortcut["type"] == "global":
            await ben.global_shortcut(callback_id)
        else:
            await ben.message_shortcut(said, callback_id)
    for name in sorted(manifest.events):
        ben.deliveries.send_event(_event(name))
    await taken(world)
    names = {one.name for one in delivered(world)}
    assert names > {name.partition(".")[0] for name in manifest.events} | set(manifest.commands)
    assert names > {"shortcut", "message_action"}
    assert [(one.name, one.error) for one in delivered(world) if one.error or one.retry_num] == []


def _event(name: str) -> dict[str, Any]:
    """An event of that subscription, as Slack words it."""
    if name.startswith("message."):
        return {"type": "message", "channel_type": "im", "channel": "D1", "user": "U0BEN"}
    told: dict[str, Any] = {"type": name, "channel": "C0FRONTDESK", "tab": "home"}
    return {**told, "user": {"id": "U0BEN"} if name == "user_change" else "U0BEN"}


class Register:
    """Stands in for Bolt's app while the listeners are registered, and notes for what."""

    def __init__(self) -> None:
        self.names: dict[str, set[str]] = {}

    def __getattr__(self, kind: str) -> Any:
        def listens_for(what: Any) -> Any:
            if isinstance(what, str):
                self.names.setdefault(kind, set()).add(what)
            return lambda listener: listener

        return listens_for


async def test_nothing_is_listened_for_that_the_manifest_does_not_name(world: World) -> None:
    """Commands, shortcuts and events of the code are those of the manifest."""
    bot = await world.start_bot()
    app: Any = Register()
    register(app, bot.parts.listeners)
    manifest = world.workspace.manifest
    assert app.names == {
        "command": set(manifest.commands),
        "shortcut": set(manifest.shortcuts),
        "event": {name.partition(".")[0] for name in manifest.events},
        "view": {ids.CALL_FORM},
        "action": EVERY_BUTTON | {ids.VALUE},
    }


async def test_every_button_the_bot_draws_is_listened_to(world: World) -> None:
    """An action that nobody listens to would show a warning sign: there is none."""
    await world.start_bot()
    await opened(world)
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello")
    await world.pass_time(60)
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello")
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello")
    drawn = {
        element["action_id"]
        for message in world.workspace.messages
        for _, element in message.usable()
    }
    assert drawn
    assert drawn <= EVERY_BUTTON


GONE: list[dict[str, Any]] = [
    {"type": "app_uninstalled"},
    {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0ROBOCALL"]}},
]


async def removed(world: World, event: dict[str, Any]) -> None:
    """The app is taken out of the workspace: Slack says so, and knows the token no more."""
    world.slack.revoke_token("account_inactive")
    world.person().deliveries.send_event(event)
    await taken(world)


@pytest.mark.parametrize("event", GONE)
async def test_an_app_that_was_removed_dials_no_more(world: World, event: dict[str, Any]) -> None:
    """Fail closed (S13): what was due stays undialled, also a command that was under way."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 1m"')
    await removed(world, event)
    await world.command(f"{BEA} Hello")
    await world.pass_time(130)
    assert world.line.posts == []
    assert [row["state"] for row in world.rows()] == ["queued", "queued"]


async def test_what_waited_goes_on_when_the_app_is_back(world: World) -> None:
    """Installed again, the bot needs no restart; the log tells what it waited for."""
    await world.start_bot()
    await removed(world, GONE[0])
    await world.command(f"{ANN} Hello")
    await world.pass_time(130)
    world.slack.revoke_token("")
    await world.pass_time(65)
    await world.workspace.until(lambda: bool(world.line.posts))
    await world.pass_time(60)
    assert world.call()["result"] == "answered"
    waiting = [event for event in world.rows("event_log") if event["event"] == "waiting"]
    assert ["(app_uninstalled)" in event["payload"] for event in waiting] == [True]


async def test_a_call_that_waited_too_long_for_it_expires(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is rung hours late, whatever the reason."""
    monkeypatch.setattr("bot.running.TICK_EVERY", 60.0)
    await world.start_bot()
    await removed(world, GONE[0])
    await world.command(f"{ANN} Hello")
    await world.pass_time(3700)
    assert (world.call()["state"], world.call()["result"]) == ("ended", "expired")


async def test_a_token_revoked_unannounced_is_found_out(world: World) -> None:
    """The event was lost: a minute later Slack is asked anyway, and readiness tells."""
    bot = await world.start_bot(over_http=True)
    assert (await bot.readiness())["slack"]
    world.slack.revoke_token()
    await world.pass_time(61)
    await world.workspace.until(lambda: bot.parts.services.access.problem == "token_revoked")
    assert not (await bot.readiness())["slack"]
    await world.command(f"{ANN} Hello")
    await world.pass_time(5)
    assert world.line.posts == []


async def test_somebody_elses_token_is_no_matter(world: World) -> None:
    """Slack tells of people's own tokens by the same event."""
    await world.start_bot()
    event = {"type": "tokens_revoked", "tokens": {"oauth": ["U0ANA"], "bot": []}}
    world.person().deliveries.send_event(event)
    await taken(world)
    await world.command(f"{ANN} Hello")
    await world.pass_time(30)
    assert world.heard(ANN) == ["Hello"]
