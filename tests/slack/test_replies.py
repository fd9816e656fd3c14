from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.timeline import TOLD, EventName
from bot.ports import Event
from bot.slack.pieces import to_mrkdwn
from bot.slack.replies import event_reply, event_words
from tests.slack.examples import ANN, MASKED, NOW, NUMBER, RUDE, a_call, an_event
from tests.slack.looks import looks_like, read_aloud, slack_takes

LATER = (NOW + timedelta(minutes=5)).isoformat()
E = EventName

STORIES: dict[str, tuple[Event, str]] = {
    "accepted": (an_event(E.ACCEPTED, attempt_no=1), f"Ringing {MASKED}."),
    "accepted_again": (an_event(E.ACCEPTED, attempt_no=2), f"Ringing {MASKED} (attempt 2 of 3)."),
    "accepted_later": (
        an_event(E.ACCEPTED, attempt_no=1, scheduled_at=LATER),
        f"The voice service has the call and will ring {MASKED} 2026-11-23 14:08 UTC.",
    ),
    "put_back": (
        an_event(E.PUT_BACK, reason="the voice service cannot be reached"),
        "Not dialled yet: the voice service cannot be reached. We try again by ourselves.",
    ),
    "refused": (
        an_event(E.REFUSED, reason="bad <number>", status=400),
        "Not dialled: the voice service refused this call: “bad <number>” (status 400).",
    ),
    "refused_without_status": (
        an_event(E.REFUSED, reason="no"),
        "Not dialled: the voice service refused this call: “no”.",
    ),
    "unconfirmed": (
        an_event(
            E.UNCONFIRMED,
            reason="the line broke",
            attempt_no=1,
            asked_at=NOW.isoformat(),
            news_until=LATER,
        ),
        f"Not sure this call was made. We asked the voice service to ring {MASKED}"
        " 2026-11-23 14:03 UTC, but no usable answer came back (the line broke). It may have rung."
        " We have"
        " not called again. If it tells us later, the card corrects itself. We listen for news"
        " until 2026-11-23 14:08 UTC.",
    ),
    "unconfirmed_deaf": (
        an_event(E.UNCONFIRMED, reason="the line broke", attempt_no=1),
        f"Not sure this call was made. We asked the voice service to ring {MASKED}, but no usable"
        " answer came back (the line broke). It may have rung. We have not called again. News"
        " cannot reach us here, so please say on the card what became of it.",
    ),
    "held": (
        an_event(E.HELD, listening=True),
        "Still not sure this call was made. No news came while we listened, so it was probably"
        " not made; we are not sure. Please choose on the card: call again (it may ring twice),"
        " it was made, or it was not made.",
    ),
    "held_deaf": (
        an_event(E.HELD, listening=False),
        "Still not sure this call was made. Nobody was listening for news all the time, so the"
        " silence tells us nothing. Please choose on the card: call again (it may ring twice),"
        " it was made, or it was not made.",
    ),
    "answered": (an_event(E.ANSWERED, attempt_no=1), "Answered."),
    "answered_after_all": (
        an_event(E.ANSWERED, attempt_no=1, settles=True),
        "Now we know: the call was made. Answered.",
    ),
    "key_pressed": (
        an_event(E.KEY_PRESSED, digit="1", label="Confirm", reply="Thank you!"),
        "Pressed 1: Confirm. They heard: “Thank you!”",
    ),
    "key_without_meaning": (an_event(E.KEY_PRESSED, digit="7"), "Pressed 7."),
    "completed": (
        an_event(E.COMPLETED, result="answered", duration=25, goal_met=True, attempt_no=1),
        "Finished: answered, 25 seconds. Goal met: pressed 1 (Confirm).",
    ),
    "completed_own_word": (
        an_event(E.COMPLETED, result="abducted", goal_met=False, attempt_no=1),
        "Finished: “abducted”.",
    ),
    "retry_scheduled": (
        an_event(E.RETRY_SCHEDULED, result="busy", retry_at=LATER, attempt_no=1, retries_left=1),
        "Busy. Trying again 2026-11-23 14:08 UTC (attempt 2 of 3).",
    ),
    "retry_without_time": (
        an_event(E.RETRY_SCHEDULED, result="voicemail", duration=4, attempt_no=3),
        "Voicemail, 4 seconds. Trying again (attempt 4 of 4).",
    ),
    "rings_again": (
        an_event(E.RINGS_AGAIN, result="no_answer"),
        "No answer. The voice service tries again by itself.",
    ),
    "cancelled": (
        an_event(E.CANCELLED, by=ANN, said="Call cancelled"),
        f"Cancelled by @{ANN}. The voice service says: “Call cancelled”",
    ),
    "too_late": (
        an_event(E.CANCEL_FAILED, by=ANN, why="too_late", said="in progress"),
        "It was too late to cancel: the call had already started. The voice service says:"
        " “in progress”",
    ),
    "unreachable": (
        an_event(E.CANCEL_FAILED, by=ANN, why="unreachable"),
        "Not cancelled yet: the voice service cannot be reached. We keep asking it.",
    ),
    "no_id": (
        an_event(E.CANCEL_FAILED, by=ANN, why="no_id"),
        "It cannot be cancelled now: the voice service has not told us its id. If it tells us,"
        " we cancel the call at once.",
    ),
    "cancel_failed_otherwise": (
        an_event(E.CANCEL_FAILED, by=ANN, why="the moon"),
        "Not cancelled: the moon.",
    ),
    "expired": (
        an_event(E.EXPIRED, due_at=NOW.isoformat()),
        "Not called: its time had passed before it could be dialled. It was due 2026-11-23 14:03"
        " UTC.",
    ),
    "expired_some_time": (
        an_event(E.EXPIRED),
        "Not called: its time had passed before it could be dialled.",
    ),
    "called_again": (an_event(E.CALLED_AGAIN, by=ANN), f"@{ANN} asked to call again."),
    "marked_made": (
        an_event(E.MARKED, by=ANN, made=True),
        f"@{ANN} says that the call was made.",
    ),
    "marked_not_made": (
        an_event(E.MARKED, by=ANN, made=False),
        f"@{ANN} says that the call was not made.",
    ),
    "corrected": (
        an_event(E.CORRECTED, result="answered", duration=25),
        "News came late, and the card is corrected: answered, 25 seconds, pressed 1 (Confirm).",
    ),
    "late_answer": (
        an_event(E.LATE_NEWS, event="answered", attempt_no=1, rang_twice=True),
        "Late news about attempt 1: Answered. This person was rung twice.",
    ),
    "late_key": (
        an_event(E.LATE_NEWS, event="key_pressed", attempt_no=1, digit="2", rang_twice=False),
        "Late news about attempt 1: Pressed 2.",
    ),
    "late_completion": (
        an_event(E.LATE_NEWS, event="completed", attempt_no=1, result="busy", rang_twice=False),
        "Late news about attempt 1: finished: busy.",
    ),
    "late_something": (
        an_event(E.LATE_NEWS, event="other", word="robo_call.paused"),
        "Late news about attempt 1: The voice service says: “robo_call.paused”",
    ),
    "rang_twice": (
        an_event(E.RANG_TWICE, first_id="robo_a", second_id="robo_b"),
        "This person may have been rung twice. The voice service made two calls of one request"
        " (robo_a and robo_b). We try to stop the second.",
    ),
    "gave_up": (
        an_event(E.GAVE_UP, status="ringing"),
        "We asked for a day and nobody could tell us how this call ended. Its last word was"
        " “ringing”.",
    ),
    "gave_up_silently": (
        an_event(E.GAVE_UP),
        "We asked for a day and nobody could tell us how this call ended.",
    ),
    "requested": (an_event(E.REQUESTED), "Asked for."),
    "waiting": (
        an_event(E.WAITING, reason="the plan allows 2 calls at once"),
        "Waiting: the plan allows 2 calls at once.",
    ),
    "cancel_requested": (
        an_event(E.CANCEL_REQUESTED, by=ANN),
        f"@{ANN} asked to cancel the call.",
    ),
    "other": (an_event(E.OTHER, word="robo_call.x"), "The voice service says: “robo_call.x”"),
    "mismatch": (
        an_event(E.MISMATCH, why="another phone number"),
        "Ignored news that is not about this call: another phone number.",
    ),
    "of_the_future": (
        an_event("teleported"),
        "Something happened that has no words yet: “teleported”.",
    ),
}

CALL = a_call(digits="1", request={"retries": 2})


@pytest.mark.parametrize("name", STORIES)
def test_every_event_is_told_in_full_sentences(name: str) -> None:
    """As a person in a hurry wants to read it."""
    event, words = STORIES[name]
    assert read_aloud(slack_takes(event_reply(CALL, event))) == words


def test_the_replies_look_as_kept() -> None:
    """The exact JSON of all of them, in tests/data/blocks/replies.json."""
    looks_like(
        "replies", {name: event_reply(CALL, e).payload() for name, (e, _) in STORIES.items()}
    )


def test_no_event_that_the_thread_tells_is_forgotten() -> None:
    """A new name in the timeline needs its sentence here."""
    assert {event.event for event, _ in STORIES.values()} >= set(EventName) > set(TOLD)


@pytest.mark.parametrize("name", sorted(EventName))
def test_an_event_without_its_details_still_has_words(name: str) -> None:
    """An old row may lack what we write today: it must not stop the thread."""
    assert to_mrkdwn(event_words(CALL, an_event(name)))


def test_the_voice_services_own_words_are_inert() -> None:
    """They come from outside: no ping, no link (S26)."""
    reply = slack_takes(event_reply(CALL, an_event(E.REFUSED, reason=RUDE, status=400)))
    assert "<!channel>" not in reply.text
    assert [block["type"] for block in reply.blocks] == ["rich_text"]
    assert NUMBER not in str(reply.payload())
