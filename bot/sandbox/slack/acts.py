"""What the page can do for a person, by name: a thin skin over `User`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.sandbox.slack.form_seat import Submission
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.seat import NotPossible
from bot.sandbox.slack.traffic import Exchange
from bot.sandbox.slack.user import User
from bot.sandbox.slack.views import View

Body = dict[str, Any]


def _told(exchange: Exchange | None) -> Body:
    return {"exchange": exchange.to_json() if exchange is not None else None}


def _message(user: User, body: Mapping[str, Any]) -> Message:
    found = user.workspace.messages.find(str(body["channel"]), str(body["ts"]))
    if found is None:
        words = "that message is gone"
        raise NotPossible(words)
    return found


def _view(user: User, body: Mapping[str, Any]) -> View:
    found = user.workspace.views.find(str(body["view_id"]))
    if found is None or not found.is_open or found.user_id != user.user_id:
        words = "that form is gone"
        raise NotPossible(words)
    return found


def _target(user: User, body: Mapping[str, Any]) -> Message | View:
    return _view(user, body) if "view_id" in body else _message(user, body)


async def _command(user: User, body: Body) -> Body:
    text = str(body.get("text", ""))
    return _told(await user.command(str(body["command"]), text, str(body["channel"])))


async def _say(user: User, body: Body) -> Body:
    said = user.say(str(body["channel"]), str(body["text"]), thread_ts=body.get("thread_ts"))
    return {"ts": said.ts}


async def _click(user: User, body: Body) -> Body:
    return _told(await user.click(_target(user, body), str(body["button"])))


async def _overflow(user: User, body: Body) -> Body:
    menu = str(body.get("menu", ""))
    return _told(await user.overflow(_target(user, body), str(body["option"]), menu=menu))


async def _pick(user: User, body: Body) -> Body:
    return _told(await user.pick(_message(user, body), str(body["what"]), body["value"]))


async def _type_in(user: User, body: Body) -> Body:
    enter = bool(body.get("press_enter"))
    view = _view(user, body)
    return _told(await user.type_in(view, str(body["block_id"]), body["value"], press_enter=enter))


async def _submit(user: User, body: Body) -> Body:
    result: Submission = await user.submit(_view(user, body), body.get("values"))
    return {
        "is_closed": result.is_closed,
        "errors": dict(result.errors),
        "trouble": result.trouble,
        **_told(result.exchange),
    }


async def _close(user: User, body: Body) -> Body:
    whole = bool(body.get("whole_stack"))
    return _told(await user.close(_view(user, body), whole_stack=whole))


async def _message_shortcut(user: User, body: Body) -> Body:
    return _told(await user.message_shortcut(_message(user, body), str(body["callback_id"])))


async def _global_shortcut(user: User, body: Body) -> Body:
    return _told(await user.global_shortcut(str(body["callback_id"])))


async def _open_home(user: User, body: Body) -> Body:
    home = user.open_home(tab=str(body.get("tab", "home")))
    return {"view_id": home.view_id if home else None}


async def _upload(user: User, body: Body) -> Body:
    return {"file_id": user.upload(str(body["name"]), str(body["content"]).encode())}


async def _invite(user: User, body: Body) -> Body:
    user.invite_bot(str(body["channel"]))
    return {}


ACTS: dict[str, Callable[[User, Body], Awaitable[Body]]] = {
    "command": _command,
    "say": _say,
    "click": _click,
    "overflow": _overflow,
    "pick": _pick,
    "type_in": _type_in,
    "submit": _submit,
    "close": _close,
    "message_shortcut": _message_shortcut,
    "global_shortcut": _global_shortcut,
    "open_home": _open_home,
    "upload": _upload,
    "invite": _invite,
}
