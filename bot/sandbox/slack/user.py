"""Acting as a person: commands, buttons, menus, shortcuts, words, the Home tab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack import events, payloads
from bot.sandbox.slack.blocks import find_element, usable
from bot.sandbox.slack.compose import compose, link_numbers, typed_on_a_phone
from bot.sandbox.slack.deliveries import Envelope
from bot.sandbox.slack.form_seat import FormSeat
from bot.sandbox.slack.form_values import is_stateful, value_from
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.people import BOT_USER_ID
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.seat import NotPossible
from bot.sandbox.slack.traffic import Exchange
from bot.sandbox.slack.views import View


class User(FormSeat):
    """A person at work in Slack.

    Every action waits until the app has acknowledged it or Slack has given up, and returns the
    exchange: its `error` is what the person was told, its `seconds` how long it took.
    """

    async def command(
        self,
        command: str,
        text: str = "",
        channel: str = "general",
        *,
        on_a_phone: bool = False,
        links_numbers: bool = False,
    ) -> Exchange | None:
        """Type a slash command in a channel; None when Slack knows no such command.

        `on_a_phone` curls the quotes, `links_numbers` turns phone numbers into `<tel:...>`: some
        of Slack's clients do.
        """
        place = self.channel(channel)
        known = self.workspace.manifest.commands.get(command)
        if known is None:
            self.note(place.channel_id, f"{command} is not a valid command.")
            return None
        typed = typed_on_a_phone(text) if on_a_phone else text
        if known.get("should_escape"):
            typed = compose(typed, self.workspace, with_names=True)
        fields = payloads.command_fields(
            self.person,
            place,
            command=command,
            text=link_numbers(typed) if links_numbers else typed,
            trigger_id=self.workspace.triggers.issue(self.user_id, channel_id=place.channel_id),
            response_url=self.response_urls.issue(place.channel_id, self.user_id),
        )
        envelope = Envelope(kind="slash_commands", payload=fields)
        exchange = await self.deliveries.deliver(envelope, name=command)
        self._show_answer(exchange, command, place.channel_id)
        return exchange

    def _show_answer(self, exchange: Exchange, command: str, channel_id: str) -> None:
        """The text of the acknowledgement, or what went wrong, as the person reads it."""
        try:
            if exchange.answer:
                self.response_urls.answer_at_once(channel_id, self.user_id, exchange.answer)
        except Refusal as refusal:
            exchange.error = refusal.error
        if exchange.error:
            self.note(channel_id, f'{command} failed with the error "{exchange.error}"')

    async def click(
        self, target: Message | View, button: str, *, confirms: bool = True
    ) -> Exchange | None:
        """Press a button, named by its action_id or its text.

        When it asks for confirmation the person says yes, or no with `confirms=False`; then
        nothing is sent and None returned.
        """
        block, element = find_element(_blocks(target), button)
        if element["type"] != "button":
            message = f"{button!r} is a {element['type']}, not a button"
            raise NotPossible(message)
        if element.get("confirm") and not confirms:
            return None
        return await self._use(target, block, element, value=None)

    async def overflow(self, target: Message | View, option: str, *, menu: str = "") -> Exchange:
        """Choose from an overflow menu by the option's text or value; `menu`: which, by id."""
        for block, element in usable(_blocks(target)):
            if element["type"] == "overflow" and menu in {"", element["action_id"]}:
                return await self._choose_in(target, block, element, option)
        message = "no overflow menu here"
        raise NotPossible(message)

    async def pick(self, message: Message, what: str, value: Any) -> Exchange:
        """Choose in a menu or picker of a message."""
        block, element = find_element(message.all_blocks(), what)
        if not is_stateful(element):
            words = f"{what!r} holds no value"
            raise NotPossible(words)
        return await self._use(message, block, element, value=value_from(element, value))

    async def _choose_in(
        self,
        target: Message | View,
        block: Mapping[str, Any],
        element: Mapping[str, Any],
        option: str,
    ) -> Exchange:
        for offered in element["options"]:
            if option in {offered["value"], offered["text"]["text"]}:
                return await self._use(target, block, element, value={"selected_option": offered})
        message = f"no {option!r} in the menu"
        raise NotPossible(message)

    async def _use(
        self,
        target: Message | View,
        block: Mapping[str, Any],
        element: Mapping[str, Any],
        *,
        value: Mapping[str, Any] | None,
    ) -> Exchange:
        if isinstance(target, View):
            return await self._act(target, block, element, value=value)
        self._must_see(target)
        channel = self.workspace.channel(target.channel_id)
        payload = payloads.message_actions(
            self.person,
            channel,
            message=target,
            acted=payloads.action(block, element, action_ts=self.stamp(), value=value),
            trigger_id=self.workspace.triggers.issue(self.user_id, channel_id=channel.channel_id),
            response_url=self.response_urls.issue(
                channel.channel_id, self.user_id, original=target
            ),
        )
        exchange = await self.interact(payload)
        if exchange.error:
            self.note(channel.channel_id, "The app did not respond. Try again.")
        return exchange

    def _must_see(self, message: Message) -> None:
        self.channel(message.channel_id)
        if not message.is_seen_by(self.user_id):
            words = f"{self.person.real_name} does not see that message"
            raise NotPossible(words)

    async def message_shortcut(self, message: Message, callback_id: str) -> Exchange:
        """Choose a shortcut of the app from a message's menu."""
        self._must_see(message)
        self._need_shortcut(callback_id, "message")
        channel = self.workspace.channel(message.channel_id)
        payload = payloads.message_shortcut(
            self.person,
            channel,
            callback_id=callback_id,
            message=message,
            trigger_id=self.workspace.triggers.issue(self.user_id, channel_id=channel.channel_id),
            response_url=self.response_urls.issue(
                channel.channel_id, self.user_id, original=message
            ),
            action_ts=self.stamp(),
        )
        return await self.interact(payload)

    async def global_shortcut(self, callback_id: str) -> Exchange:
        """Choose a shortcut of the app beside the composer."""
        self._need_shortcut(callback_id, "global")
        trigger_id = self.workspace.triggers.issue(self.user_id, channel_id=None)
        payload = payloads.global_shortcut(
            self.person, callback_id, trigger_id=trigger_id, action_ts=self.stamp()
        )
        return await self.interact(payload)

    def _need_shortcut(self, callback_id: str, kind: str) -> None:
        known = self.workspace.manifest.shortcuts.get(callback_id)
        if known is None or known.get("type") != kind:
            message = f"the app has no {kind} shortcut {callback_id!r}"
            raise NotPossible(message)

    def say(self, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a message; the app hears of it if it is there and has subscribed."""
        place = self.channel(channel)
        if place.is_archived or self.user_id not in place.members:
            words = f"{self.person.real_name} cannot write in {channel}"
            raise NotPossible(words)
        composed = compose(text, self.workspace, with_names=False)
        message = self.workspace.post(
            place.channel_id, self.user_id, {"text": composed}, thread_ts=thread_ts
        )
        if BOT_USER_ID in place.members:
            self.deliveries.send_event(events.message_event(message, place))
            if events.mentions_bot(composed) and not place.is_im:
                self.deliveries.send_event(events.mention_event(message))
        return message

    def mention_bot(self, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a message that begins with the app's name."""
        handle = self.workspace.people[BOT_USER_ID].name
        return self.say(channel, f"@{handle} {text}", thread_ts=thread_ts)

    def dm(self, text: str) -> Message:
        """Write to the app in its Messages tab, if it has one."""
        if not self.workspace.manifest.has_messages_tab:
            message = "Sending messages to this app has been turned off."
            raise NotPossible(message)
        return self.say(f"@{BOT_USER_ID}", text)

    def open_home(self, *, tab: str = "home") -> View | None:
        """Open the app's Home tab (or `messages`); what is published there now, if anything."""
        channel = self.workspace.direct(self.user_id)
        home = self.workspace.views.home(self.user_id)
        shown = home.to_api() if home is not None and tab == "home" else None
        event = events.home_opened_event(self.user_id, channel.channel_id, tab=tab, view=shown)
        self.deliveries.send_event(event)
        return home

    def invite_bot(self, channel: str) -> None:
        """Type /invite for the app."""
        place = self.channel(channel)
        place.members.add(BOT_USER_ID)
        self.workspace.changed()
        event = events.member_joined_event(place, BOT_USER_ID, inviter=self.user_id)
        self.deliveries.send_event(event)

    def upload(self, name: str, content: bytes) -> str:
        """Put a file into Slack, ready for a file field; its id."""
        now = self.workspace.clock.now()
        files = self.workspace.files
        file = files.begin(name, user_id=self.user_id, length=len(content), now=now)
        files.receive(file, content)
        file.is_complete = True
        return file.file_id


def _blocks(target: Message | View) -> list[dict[str, Any]]:
    return target.blocks if isinstance(target, View) else target.all_blocks()
