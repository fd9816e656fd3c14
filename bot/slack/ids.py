"""Every name that Slack hands back to us, once: the contract of buttons, forms and handlers."""

from __future__ import annotations

from bot.domain.call import Call

# callback_ids of forms and shortcuts (manifest.yml names the shortcuts too)
CALL_FORM = "call_form"
CAMPAIGN_FORM = "campaign_form"
CALL_NEW = "call_new"
CALL_FROM_MESSAGE = "call_from_message"

# action_ids of buttons
CALL_CANCEL = "call_cancel"
CALL_AGAIN = "call_again"
CALL_DETAILS = "call_details"
CALL_TWIN = "call_twin"
MARK_MADE = "mark_made"
MARK_NOT_MADE = "mark_not_made"
LIST_OLDER = "list_older"
OPEN_FORM = "open_form"

# the fields of the call form: block_ids (design.md 3.5); each one's action_id is VALUE
VALUE = "value"
TO = "to"
SAY = "say"
MESSAGE = "message"
AUDIO_URL = "audio_url"
VARIABLES = "variables"
VOICE = "voice"
LANGUAGE = "language"
CALLER_ID = "caller_id"
WHEN = "when"
RETRIES = "retries"
RETRY_DELAY = "retry_delay"
RETRY_ON = "retry_on"
KEYPAD = "keypad"
GOAL = "goal"
POST = "post"
PREVIEW = "preview"

# values of choices
SAY_TEXT = "text"
SAY_AUDIO = "audio"

# the metadata of everything we post, by which a post is found again
METADATA_EVENT = "robocall_message"


def button_value(call: Call) -> str:
    """What a button on a card carries: the call and the attempt it was drawn for, `12:34`.

    A click on a card that is no longer true can so be told from one on the newest.
    """
    return f"{call.id}:{call.attempt_id or 0}"


def read_button_value(value: str) -> tuple[int, int | None]:
    """The call id and the attempt id (None: it had none yet). Raises ValueError for junk."""
    call_id, _, attempt_id = value.partition(":")
    return int(call_id), int(attempt_id or 0) or None


def older_value(which: str, before_id: int) -> str:
    """What the button "Older calls" carries: which list, and where it goes on."""
    return f"{which}:{before_id}"


def read_older_value(value: str) -> tuple[str, int]:
    """Which list, and the call id it goes on before. Raises ValueError for junk."""
    which, _, before_id = value.partition(":")
    return which, int(before_id)
