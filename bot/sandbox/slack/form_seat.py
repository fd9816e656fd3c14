"""A person and a form: typing, choosing, submitting, closing (slack-facts 1.4 and 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.blocks import find_element, usable
from bot.sandbox.slack.form_values import objection, value_from
from bot.sandbox.slack.methods.views import read_view
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.seat import NotPossible, Seat
from bot.sandbox.slack.traffic import Exchange
from bot.sandbox.slack.views import View

TROUBLE = "We had some trouble connecting. Try again?"
_TYPED = ("plain_text_input", "email_text_input", "url_text_input", "number_input")


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What became of pressing the submit button.

    `errors` stand at their fields: the client's own, or the app's. `trouble` is what the client
    shows when the app gave no usable answer. `exchange` is None when nothing was sent.
    """

    is_closed: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)
    trouble: str | None = None
    exchange: Exchange | None = None


class FormSeat(Seat):
    """What a person can do with the modal or the Home tab they see."""

    def form(self) -> View:
        """The modal this person sees; `NotPossible` when none is open."""
        view = self.workspace.views.top(self.user_id)
        if view is None:
            message = f"{self.person.real_name} has no form open"
            raise NotPossible(message)
        return view

    async def form_named(self, callback_id: str, timeout: float = 10.0) -> View:
        """Wait until the modal with that callback_id is the visible one."""

        def shown() -> View | None:
            view = self.workspace.views.top(self.user_id)
            return view if view is not None and view.callback_id == callback_id else None

        view = await self.workspace.until(shown, timeout)
        assert view is not None  # noqa: S101 - until returns only what is truthy
        return view

    def fill(self, view: View, values: Mapping[str, Any]) -> None:
        """Put values into fields, by block_id; nothing is sent."""
        for block_id, given in values.items():
            block, element = find_element(view.blocks, block_id)
            key = (block["block_id"], element["action_id"])
            view.values[key] = value_from(element, self._resolved(element, given))
        self.workspace.changed()

    def _resolved(self, element: Mapping[str, Any], given: Any) -> Any:
        """Names of people and channels as ids, ids of files as the files themselves."""
        if isinstance(given, list):
            return [self._resolved(element, one) for one in given]
        kind = element["type"]
        if not isinstance(given, str) or not given:
            return given
        if "users_select" in kind:
            return self.workspace.person(given).user_id
        if "conversations_select" in kind or "channels_select" in kind:
            return self.channel(given).channel_id
        if kind == "file_input":
            return self.workspace.files.find(given).to_api(self.response_urls.base_url)
        return given

    async def type_in(
        self, view: View, block_id: str, value: Any, *, press_enter: bool = False
    ) -> Exchange | None:
        """Put a value into one field; sent at once if the field dispatches its changes.

        A text field dispatches what is typed only when it is configured to, else on enter.
        """
        self.fill(view, {block_id: value})
        block, element = find_element(view.blocks, block_id)
        if not _dispatches(block, element, press_enter=press_enter):
            return None
        held = view.values[(block["block_id"], element["action_id"])]
        return await self._act(view, block, element, value=held)

    async def choose(self, view: View, block_id: str, value: Any) -> Exchange | None:
        """Choose in a menu, a picker, radio buttons or checkboxes."""
        return await self.type_in(view, block_id, value)

    async def _act(
        self,
        view: View,
        block: Mapping[str, Any],
        element: Mapping[str, Any],
        *,
        value: Mapping[str, Any] | None,
    ) -> Exchange:
        acted = payloads.action(block, element, action_ts=self.stamp(), value=value)
        trigger_id = self.workspace.triggers.issue(
            self.user_id, channel_id=view.origin, view_id=view.view_id
        )
        payload = payloads.view_actions(self.person, view, acted=acted, trigger_id=trigger_id)
        return await self.interact(payload)

    async def submit(self, view: View, values: Mapping[str, Any] | None = None) -> Submission:
        """Fill in `values`, then press the submit button."""
        if view is not self.workspace.views.top(self.user_id):
            message = "only the visible form can be submitted"
            raise NotPossible(message)
        self.fill(view, values or {})
        objections = _objections(view)
        view.errors = dict(objections)
        if objections:
            self.workspace.changed()
            return Submission(errors=objections)
        trigger_id = self.workspace.triggers.issue(
            self.user_id, channel_id=view.origin, view_id=view.view_id
        )
        payload = payloads.view_submission(
            self.person, view, trigger_id=trigger_id, response_urls=self._response_urls(view)
        )
        exchange = await self.interact(payload)
        result = self._answered(view, exchange)
        self.workspace.changed()
        return result

    def _response_urls(self, view: View) -> Sequence[Mapping[str, Any]]:
        found = []
        for block, element in usable(view.blocks):
            held = view.values.get((block["block_id"], element["action_id"]), {})
            chosen = held.get("selected_conversation") or held.get("selected_channel")
            if element.get("response_url_enabled") and chosen:
                url = self.response_urls.issue(chosen, self.user_id)
                names = {"block_id": block["block_id"], "action_id": element["action_id"]}
                found.append({**names, "channel_id": chosen, "response_url": url})
        return found

    def _answered(self, view: View, exchange: Exchange) -> Submission:
        """Do what the acknowledgement of a submit says."""
        if exchange.answer is None:
            return self._trouble(view, exchange)
        try:
            return self._follow(view, exchange, exchange.answer)
        except Refusal as refusal:
            exchange.error = refusal.error
            return self._trouble(view, exchange)

    def _follow(self, view: View, exchange: Exchange, answer: Mapping[str, Any]) -> Submission:
        action = answer.get("response_action")
        if action == "errors":
            return self._show_errors(view, exchange, answer.get("errors"))
        if action == "update":
            view.update(read_view(answer.get("view"), "modal"))
        elif action == "push":
            self.workspace.views.push(self.user_id, read_view(answer.get("view"), "modal"))
        elif action == "clear":
            self.workspace.views.clear(self.user_id)
        elif action is None:
            self.workspace.views.close(view)
        else:
            raise Refusal("invalid_response_action")
        return Submission(is_closed=not view.is_open, exchange=exchange)

    def _show_errors(self, view: View, exchange: Exchange, errors: Any) -> Submission:
        inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or set(errors) - inputs:
            raise Refusal("unknown_error_key")
        view.errors = {block_id: str(words) for block_id, words in errors.items()}
        return Submission(errors=view.errors, exchange=exchange)

    def _trouble(self, view: View, exchange: Exchange) -> Submission:
        view.errors = {"": TROUBLE}
        return Submission(trouble=TROUBLE, exchange=exchange)

    async def close(self, view: View, *, whole_stack: bool = False) -> Exchange | None:
        """Press Cancel, or the X of the whole stack; the app hears of it if it asked to."""
        if whole_stack or view.payload.get("clear_on_close"):
            self.workspace.views.clear(self.user_id)
        else:
            self.workspace.views.close(view)
        self.workspace.changed()
        if not view.payload.get("notify_on_close"):
            return None
        payload = payloads.view_closed(self.person, view, is_cleared=whole_stack)
        return await self.interact(payload)


def _objections(view: View) -> dict[str, str]:
    found = {}
    for block in view.blocks:
        if block["type"] == "input":
            held = view.values[(block["block_id"], block["element"]["action_id"])]
            words = objection(block, held)
            if words:
                found[block["block_id"]] = words
    return found


def _dispatches(block: Mapping[str, Any], element: Mapping[str, Any], *, press_enter: bool) -> bool:
    if block["type"] != "input":
        return True
    if not block.get("dispatch_action"):
        return False
    if element["type"] not in _TYPED:
        return True
    config = element.get("dispatch_action_config") or {}
    moments = config.get("trigger_actions_on") or ["on_enter_pressed"]
    return "on_character_entered" in moments or (press_enter and "on_enter_pressed" in moments)
