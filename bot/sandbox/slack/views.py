"""Open views: modal stacks and Home tabs, with what people have typed into them."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.blocks import usable, with_ids
from bot.sandbox.slack.form_values import initial_value, is_stateful
from bot.sandbox.slack.people import APP_ID, BOT_ID, TEAM_ID
from bot.sandbox.slack.refusal import Refusal

MAX_STACK = 3

Field = tuple[str, str]
"""A block_id and an action_id."""


@dataclass(kw_only=True)
class View:
    """A view that somebody sees. `origin` is the channel in which the person opened it."""

    view_id: str
    user_id: str
    payload: dict[str, Any]
    root_view_id: str
    previous_view_id: str | None = None
    origin: str | None = None
    values: dict[Field, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    is_open: bool = True
    revision: int = 1

    @property
    def callback_id(self) -> str:
        """The name the app gave the form."""
        return str(self.payload.get("callback_id") or "")

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The blocks, with all ids."""
        found: list[dict[str, Any]] = self.payload["blocks"]
        return found

    @property
    def hash(self) -> str:
        """Changes with every update, so that an update of an older state can be refused."""
        content = json.dumps([self.view_id, self.revision, self.payload], sort_keys=True)
        return f"{self.revision}.{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    def show(self, payload: dict[str, Any]) -> None:
        """Show new content; what was typed into fields that stay is kept (slack-facts 2.4)."""
        blocks = with_ids(payload["blocks"])
        kinds = {key: value["type"] for key, value in self.values.items()}
        values: dict[Field, dict[str, Any]] = {}
        for block, element in usable(blocks):
            if is_stateful(element):
                key = (block["block_id"], element["action_id"])
                kept = kinds.get(key) == element["type"]
                values[key] = self.values[key] if kept else initial_value(element, self.origin)
        self.payload = {**payload, "blocks": blocks}
        self.values, self.errors = values, {}

    def update(self, payload: dict[str, Any]) -> None:
        """Show new content as a newer revision."""
        self.show(payload)
        self.revision += 1

    def state(self) -> dict[str, Any]:
        """`view.state`: every stateful element, the untouched ones with their initial values."""
        values: dict[str, dict[str, Any]] = {}
        for (block_id, action_id), value in self.values.items():
            values.setdefault(block_id, {})[action_id] = value
        return {"values": values}

    def to_api(self) -> dict[str, Any]:
        """The view object of the Web API and of interaction payloads."""
        kind = self.payload["type"]
        found: dict[str, Any] = {
            "id": self.view_id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
            "callback_id": "",
            "external_id": "",
            "private_metadata": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "close": None,
            "submit": None,
            "title": {"type": "plain_text", "text": "View Title", "emoji": True},
            "root_view_id": self.root_view_id,
            "previous_view_id": self.previous_view_id,
            "state": self.state(),
            "hash": self.hash,
        }
        return {**found, **self.payload, "type": kind}


class Views:
    """All views: one modal stack and one Home per person."""

    def __init__(self) -> None:
        """Start with nothing open."""
        self._views: dict[str, View] = {}
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}
        self._count = itertools.count(1)

    def find(self, view_id: str) -> View | None:
        """The view of that id, closed ones included."""
        return self._views.get(view_id)

    def with_external_id(self, external_id: str) -> View | None:
        """The open view that the app named so."""
        for view in self._views.values():
            if view.is_open and external_id and view.payload.get("external_id") == external_id:
                return view
        return None

    def stack(self, user_id: str) -> list[View]:
        """The open modals of a person, the visible one last."""
        return self._stacks.get(user_id, [])

    def top(self, user_id: str) -> View | None:
        """The modal the person sees."""
        stack = self.stack(user_id)
        return stack[-1] if stack else None

    def home(self, user_id: str) -> View | None:
        """What the person sees in the app's Home tab."""
        return self._homes.get(user_id)

    def open(self, user_id: str, payload: dict[str, Any], *, origin: str | None) -> View:
        """Open a modal; one that is open already makes way."""
        self.clear(user_id)
        return self._put(user_id, payload, origin=origin)

    def push(self, user_id: str, payload: dict[str, Any]) -> View:
        """Put a modal on top of the open one; refuses a fourth."""
        stack = self.stack(user_id)
        if len(stack) >= MAX_STACK:
            raise Refusal("push_limit_reached")
        return self._put(user_id, payload, origin=stack[-1].origin if stack else None)

    def _put(self, user_id: str, payload: dict[str, Any], *, origin: str | None) -> View:
        stack = self._stacks.setdefault(user_id, [])
        view = self._new(user_id, payload, origin=origin)
        if stack:
            view.root_view_id, view.previous_view_id = stack[0].view_id, stack[-1].view_id
        stack.append(view)
        return view

    def _new(self, user_id: str, payload: dict[str, Any], *, origin: str | None) -> View:
        if self.with_external_id(str(payload.get("external_id") or "")):
            raise Refusal("duplicate_external_id")
        view_id = f"V0{next(self._count):06d}"
        view = View(
            view_id=view_id, user_id=user_id, payload={}, root_view_id=view_id, origin=origin
        )
        view.show(payload)
        self._views[view_id] = view
        return view

    def publish(self, user_id: str, payload: dict[str, Any]) -> View:
        """Show a person's Home tab."""
        home = self._homes.get(user_id)
        if home is None:
            home = self._homes[user_id] = self._new(user_id, payload, origin=None)
        else:
            home.update(payload)
        return home

    def close(self, view: View) -> None:
        """Take the visible modal away; the one below shows again."""
        stack = self._stacks.get(view.user_id, [])
        if view in stack:
            stack.remove(view)
        view.is_open = False

    def clear(self, user_id: str) -> None:
        """Take the whole stack away."""
        for view in list(self.stack(user_id)):
            self.close(view)
