"""The call form (design.md 3.5), ordered for a phone: whom and what first, the rest optional."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.call import DEFAULT_RETRY_DELAY, GOAL_ANSWERED, GOAL_ANY_KEY, MAX_RETRIES
from bot.domain.draft import CallDraft, estimated_seconds, hints, spoken_text
from bot.domain.result import DEFAULT_RETRY_ON, RETRYABLE, Result
from bot.slack import ids
from bot.slack.blocks import Block, bullets, line, option, plain, quote, rich_text
from bot.slack.fields import field, number_input, one_of, some_of, text_input
from bot.slack.pieces import Bold, Pieces
from bot.slack.text import count, cut, seconds

MAX_PREVIEW = 1000
MAX_RETRY_DELAY = 1440
_MAX_ID = 64
_MAX_URL = 2000
_MINUTE = 60
_KEYS = "0123456789*#"
_WHEN_TO_RETRY = {
    Result.BUSY: "Busy",
    Result.NO_ANSWER: "No answer",
    Result.VOICEMAIL: "Voicemail",
    Result.FAILED: "Could not connect",
}


def call_form(draft: CallDraft, *, channel: str, zone: ZoneInfo | None) -> Block:
    """The view for views.open and views.update, filled in from `draft`.

    `channel` is where the form was opened ('' where there is none), `zone` the person's own.
    Fields keep their ids through every update, so what was typed stays.
    """
    is_audio = draft.say == ids.SAY_AUDIO
    return {
        "type": "modal",
        "callback_id": ids.CALL_FORM,
        "title": plain("Call someone"),
        "submit": plain("Call"),
        "close": plain("Not now"),
        "private_metadata": json.dumps({"channel": channel}),
        "blocks": [
            _to(draft),
            _say(draft),
            *([_audio_url(draft)] if is_audio else [_message(draft), _preview(draft)]),
            *_answers(draft),
            *_timing(draft, zone),
            *_sound(draft),
            _post(draft),
        ],
    }


def form_channel(view: Mapping[str, Any]) -> str:
    """The channel a form was opened in, '' where there is none or it cannot be read."""
    try:
        return str(json.loads(view.get("private_metadata") or "{}").get("channel", ""))
    except (ValueError, AttributeError):
        return ""


def _to(draft: CallDraft) -> Block:
    number = text_input(initial=draft.to, placeholder="+1 415 555 0123", most=100)
    return field(ids.TO, "Phone number", number, hint="With + and country code", is_optional=False)


def _say(draft: CallDraft) -> Block:
    options = [option("Speak a text", ids.SAY_TEXT), option("Play a recording", ids.SAY_AUDIO)]
    element = one_of("radio_buttons", options, initial=draft.say)
    return field(ids.SAY, "What to play", element, is_optional=False, is_live=True)


def _message(draft: CallDraft) -> Block:
    element = text_input(
        initial=draft.message,
        placeholder="Hello {{name}}, your table is ready.",
        is_multiline=True,
        is_live=True,
    )
    hint = "Words in {{double braces}} are filled in from the variables below."
    return field(ids.MESSAGE, "Message", element, hint=hint, is_optional=False, is_live=True)


def _audio_url(draft: CallDraft) -> Block:
    element = text_input(
        initial=draft.audio_url, placeholder="https://example.com/reminder.mp3", most=_MAX_URL
    )
    return field(ids.AUDIO_URL, "Address of the recording", element, is_optional=False)


def _preview(draft: CallDraft) -> Block:
    text = spoken_text(draft.message, draft.variables)
    if not text:
        return rich_text(line(["What they will hear shows here."]), block_id=ids.PREVIEW)
    length = f"{count(len(text), 'character')}, about {seconds(estimated_seconds(text))}"
    title: Pieces = [Bold("They will hear"), f" ({length}):"]
    told: list[Pieces] = [[hint] for hint in hints(draft)]
    more = [bullets(told)] if told else []
    return rich_text(line(title), quote([cut(text, MAX_PREVIEW)]), *more, block_id=ids.PREVIEW)


def _answers(draft: CallDraft) -> list[Block]:
    lines = [f"{name}={value}" for name, value in draft.variables.items()]
    variables = text_input(
        initial="\n".join([*lines, *draft.bad_variables]),
        placeholder="name=Ann",
        is_multiline=True,
        is_live=True,
    )
    keypad = text_input(
        initial="\n".join(draft.keypad),
        placeholder="1 Confirm: Thank you, you are booked.",
        is_multiline=True,
        is_live=True,
    )
    keys_hint = "One key a line: digit, label, then what is spoken after it is pressed"
    goals = [option("Answered", GOAL_ANSWERED), option("Any key pressed", GOAL_ANY_KEY)]
    goals += [option(f"Key {key} pressed", key) for key in _KEYS]
    goal = one_of("static_select", goals, initial=draft.goal)
    return [
        field(ids.VARIABLES, "Variables", variables, hint="One a line: name=value", is_live=True),
        field(ids.KEYPAD, "Keys they may press", keypad, hint=keys_hint, is_live=True),
        field(ids.GOAL, "Counts as success", goal),
    ]


def _timing(draft: CallDraft, zone: ZoneInfo | None) -> list[Block]:
    named = f" ({zone.key})" if zone else ""
    hint = f"In your own time zone{named}. Empty: now"
    times = [option("Do not try again", "0")]
    times += [option(count(n, "time"), str(n)) for n in range(1, MAX_RETRIES + 1)]
    delay = draft.retry_delay or str(int(DEFAULT_RETRY_DELAY.total_seconds()) // _MINUTE)
    ticked = sorted(DEFAULT_RETRY_ON) if draft.retry_on is None else draft.retry_on
    results = [option(_WHEN_TO_RETRY[result], result) for result in RETRYABLE]
    return [
        field(ids.WHEN, "When", _moment(draft.when), hint=hint),
        field(ids.RETRIES, "Try again", one_of("static_select", times, initial=draft.retries)),
        field(
            ids.RETRY_DELAY,
            "Minutes between tries",
            number_input(initial=delay, least=0, most=MAX_RETRY_DELAY),
            hint="0: at once",
        ),
        field(ids.RETRY_ON, "Try again after", some_of(results, initial=ticked)),
    ]


def _moment(when: str | datetime | None) -> Block:
    element: Block = {"type": "datetimepicker"}
    return element | (
        {"initial_date_time": int(when.timestamp())} if isinstance(when, datetime) else {}
    )


def _sound(draft: CallDraft) -> list[Block]:
    voice = text_input(initial=draft.voice, placeholder="en-female-1", most=_MAX_ID)
    language = text_input(initial=draft.language, placeholder="en", most=_MAX_ID)
    caller_id = text_input(initial=draft.caller_id, placeholder="+1 415 555 0100", most=_MAX_ID)
    return [
        field(ids.VOICE, "Voice", voice),
        field(ids.LANGUAGE, "Language", language),
        field(ids.CALLER_ID, "Number they see", caller_id),
    ]


def _post(draft: CallDraft) -> Block:
    element: Block = {
        "type": "conversations_select",
        "default_to_current_conversation": True,
        "response_url_enabled": True,
    }
    element |= {"initial_conversation": draft.post} if draft.post else {}
    return field(ids.POST, "Show the call in", element)
