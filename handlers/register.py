"""Which of Slack's deliveries goes to which listener: every one of them stands here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp

from bot.slack import ids
from handlers.actions import Buttons
from handlers.commands import RobocallCommand
from handlers.errors import (
    Refuse,
    guarded,
    refuse_command,
    refuse_form,
    refuse_press,
    unexpected,
)
from handlers.events import SlackEvents
from handlers.people import Answers
from handlers.shortcuts import Shortcuts
from handlers.views import CallFormSubmitted


@dataclass(frozen=True, kw_only=True, slots=True)
class Listeners:
    """One object per kind of delivery."""

    command: RobocallCommand
    form: CallFormSubmitted
    buttons: Buttons
    shortcuts: Shortcuts
    events: SlackEvents
    answers: Answers


def register(app: AsyncApp, listeners: Listeners) -> None:
    """Give every delivery its listener; the first match wins, so the catch-alls come last."""
    app.command("/robocall")(guarded(listeners.command.handle, refuse_command))
    app.view(ids.CALL_FORM)(guarded(listeners.form.handle, refuse_form(ids.TO)))
    refuse = refuse_press(listeners.answers.refuse)
    _buttons(app, listeners.buttons, refuse)
    app.shortcut(ids.CALL_NEW)(guarded(listeners.shortcuts.new_call, refuse))
    app.shortcut(ids.CALL_FROM_MESSAGE)(guarded(listeners.shortcuts.from_message, refuse))
    _events(app, listeners.events)
    app.error(unexpected)


def _buttons(app: AsyncApp, buttons: Buttons, refuse: Refuse) -> None:
    for action_id, listener in {
        ids.CALL_CANCEL: buttons.cancel,
        ids.CALL_AGAIN: buttons.again,
        ids.CALL_DETAILS: buttons.details,
        ids.CALL_TWIN: buttons.twin,
        ids.MARK_MADE: buttons.made,
        ids.MARK_NOT_MADE: buttons.not_made,
        ids.LIST_OLDER: buttons.older,
        ids.OPEN_FORM: buttons.open_form,
        ids.VALUE: buttons.form_changed,
    }.items():
        app.action(action_id)(guarded(listener, refuse))


def _events(app: AsyncApp, events: SlackEvents) -> None:
    app.event("app_home_opened")(events.home_opened)
    app.event("app_mention")(events.message)
    app.event("message")(events.message)
    app.event("user_change")(events.user_changed)
    app.event("app_uninstalled")(events.removed)
    app.event("tokens_revoked")(events.tokens_revoked)
    app.event({"type": "message"})(events.nothing)
    app.event(re.compile(".*"))(events.nothing)
