"""views.*: forms and Home tabs (slack-facts 2.1, 2.4 and 2.5)."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.block_rules import check_view
from bot.sandbox.slack.call import Call
from bot.sandbox.slack.refusal import Refusal, refuse_payload
from bot.sandbox.slack.views import View

_TOO_LARGE = "view_too_large"


def read_view(view: Any, kind: str) -> dict[str, Any]:
    """A view payload of that type that Slack accepts, else the refusal."""
    problems = check_view(view)
    if any(words.startswith(_TOO_LARGE) for words in problems):
        raise Refusal(_TOO_LARGE)
    if problems:
        raise refuse_payload("invalid_arguments", problems)
    if view["type"] != kind:
        raise refuse_payload("invalid_arguments", [f"must be a {kind} [json-pointer:/view/type]"])
    return dict(view)


def open_view(call: Call) -> dict[str, Any]:
    """Open a modal for the person whose trigger id this is."""
    payload = read_view(call.need("view"), "modal")
    trigger = call.workspace.triggers.exchange(str(call.need("trigger_id")))
    view = call.workspace.views.open(trigger.user_id, payload, origin=trigger.channel_id)
    return {"view": view.to_api()}


def push(call: Call) -> dict[str, Any]:
    """Put a modal on top of the one in which the person pressed something."""
    payload = read_view(call.need("view"), "modal")
    trigger = call.workspace.triggers.exchange(str(call.need("trigger_id")))
    parent = call.workspace.views.find(trigger.view_id or "")
    if parent is None or not parent.is_open or parent.payload["type"] != "modal":
        raise Refusal("invalid_trigger_id")
    return {"view": call.workspace.views.push(trigger.user_id, payload).to_api()}


def update(call: Call) -> dict[str, Any]:
    """Show new content in an open view; refuses when a newer one is shown already."""
    payload = read_view(call.need("view"), "modal")
    view = _find(call)
    if view is None or not view.is_open:
        raise Refusal("not_found")
    _check_hash(call, view)
    view.update(payload)
    return {"view": view.to_api()}


def _find(call: Call) -> View | None:
    if call.get("external_id"):
        return call.workspace.views.with_external_id(str(call.get("external_id")))
    return call.workspace.views.find(str(call.need("view_id")))


def _check_hash(call: Call, view: View) -> None:
    if call.get("hash") and call.get("hash") != view.hash:
        raise Refusal("hash_conflict")


def publish(call: Call) -> dict[str, Any]:
    """Show a person's Home tab."""
    if not call.workspace.manifest.has_home:
        raise Refusal("not_enabled")
    person = call.person(call.need("user_id"))
    payload = read_view(call.need("view"), "home")
    home = call.workspace.views.home(person.user_id)
    if home is not None:
        _check_hash(call, home)
    return {"view": call.workspace.views.publish(person.user_id, payload).to_api()}
