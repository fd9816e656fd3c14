from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.call import Attempt, AttemptState, Call
from bot.domain.call_state import CallState
from bot.domain.deployment import Deployment
from bot.domain.line_news import events_of_status, expand, news_step
from bot.domain.step import News, Step
from bot.domain.timeline import EventName
from bot.domain.voice_event import CallStatus, VoiceEvent, VoiceEventKind
from tests.support import made
from tests.support.made import CANCEL, CONFIRM, NOW

KEYS = (CONFIRM, CANCEL)
SERVICE_REDIALS = Deployment(service_retries=True)


def event(kind: str, **changes: Any) -> VoiceEvent:
    """An event as the voice service tells it."""
    made_event = VoiceEvent(kind=VoiceEventKind(kind), word=f"robo_call.{kind}", raw="{}")
    return replace(made_event, **changes)


def news(
    what: VoiceEvent, call: Call | None = None, attempt: Attempt | None = None, **more: Any
) -> Step:
    """What `what` means for a placed call."""
    options = {"now": NOW, "deployment": Deployment(), **more}
    return news_step(
        News(call=call or made.call(), attempt=attempt or made.attempt(), event=what, **options)
    )


ANSWERED = event("answered")
BUSY = event("completed", result="busy")
FINISHED = event("completed", result="answered", duration=25)
ONE = event("key_pressed", digit="1")


# --- the straight way ----------------------------------------------------------------------


def test_somebody_picks_up() -> None:
    """The call is in progress, and the thread says so."""
    step = news(ANSWERED)
    assert (step.name, step.is_told) == (EventName.ANSWERED, True)
    assert step.call["state"] is CallState.IN_PROGRESS
    assert step.call["answered_at"] == NOW
    assert not step.frees_a_line


def test_a_second_answered_changes_nothing() -> None:
    """Only the log keeps it."""
    step = news(ANSWERED, made.call(state=CallState.IN_PROGRESS, answered_at=NOW))
    assert (step.is_told, step.call, step.attempt) == (False, {}, {})


def test_a_key_is_told_with_its_label_and_reply() -> None:
    """Pressing 1 confirms, and meets a goal of key 1."""
    call = made.call(state=CallState.IN_PROGRESS, request=made.request(keys=KEYS, goal="1"))
    step = news(ONE, call)
    assert step.detail == {
        "digit": "1",
        "label": "Confirm",
        "reply": "Your appointment is confirmed.",
        "attempt_no": 1,
    }
    assert step.call["goal_met"] is True
    assert step.call["digits"] == step.attempt["digits"] == "1"


def test_a_reply_that_nobody_could_speak_is_not_told() -> None:
    """Without a public address the service has no action for the key, hence no reply."""
    call = made.call(request=made.request(keys=KEYS))
    step = news(ONE, call, deployment=Deployment(is_listening=False))
    assert step.detail == {"digit": "1", "label": "Confirm", "attempt_no": 1}


def test_a_key_without_meaning_is_told_as_it_is() -> None:
    """No label, no reply, and the goal of another key is not met."""
    call = made.call(request=made.request(keys=KEYS, goal="1"))
    step = news(event("key_pressed", digit="7"), call)
    assert step.detail == {"digit": "7", "attempt_no": 1}
    assert "goal_met" not in step.call


def test_the_same_key_again_is_only_logged() -> None:
    """The dtmf event and our own keypad address tell of the same press."""
    step = news(ONE, attempt=made.attempt(digits="1"))
    assert (step.is_told, step.call, step.attempt) == (False, {}, {})


def test_the_end_frees_the_line_and_says_whether_the_goal_was_met() -> None:
    """Answered for 25 seconds, no key pressed, and the goal was a key."""
    call = made.call(state=CallState.IN_PROGRESS, request=made.request(keys=KEYS, goal="any_key"))
    step = news(FINISHED, call)
    assert step.frees_a_line
    assert (step.call["state"], step.call["result"]) == (CallState.ENDED, "answered")
    assert (step.call["duration"], step.call["goal_met"]) == (25, False)
    assert step.attempt["state"] is AttemptState.DONE


def test_a_call_may_end_without_ever_having_been_answered_for_us() -> None:
    """The answered event was lost: the end alone is enough."""
    assert news(FINISHED).call["goal_met"] is True


def test_a_completed_event_without_result_is_unknown() -> None:
    """The contract broken: nothing is made up."""
    assert news(event("completed")).call["result"] == "unknown"


def test_a_word_of_the_future_is_kept() -> None:
    """An unknown event is logged under its own name, an unknown result is shown."""
    step = news(event("other", word="robo_call.hold_music"))
    assert (step.name, step.detail) == (EventName.OTHER, {"word": "robo_call.hold_music"})
    assert news(event("completed", result="machine_beep")).call["result"] == "machine_beep"


# --- retries -------------------------------------------------------------------------------


def test_busy_is_tried_again_when_the_rule_says_so() -> None:
    """The wait begins at the end of the attempt, and one try less is left."""
    call = made.call(retries_left=2)
    step = news(BUSY, call)
    assert step.name is EventName.RETRY_SCHEDULED
    assert step.call["state"] is CallState.SCHEDULED
    assert step.call["due_at"] == NOW + timedelta(minutes=5)
    assert step.call["expires_at"] == NOW + timedelta(minutes=65)
    assert (step.call["retries_left"], step.detail["retries_left"]) == (1, 1)
    assert step.frees_a_line


def test_late_answered_while_a_retry_waits_is_only_logged() -> None:
    """The attempt is over; what it tells late cannot stop the retry."""
    call = made.call(state=CallState.SCHEDULED)
    step = news(ANSWERED, call, made.attempt(state=AttemptState.DONE))
    assert (step.is_told, "state" in step.call) == (False, False)


def test_a_late_key_that_meets_the_goal_stops_the_retry() -> None:
    """Stop when the goal is met, even if the key comes in after the end."""
    call = made.call(state=CallState.SCHEDULED, request=made.request(keys=KEYS, goal="1"))
    step = news(ONE, call, made.attempt(state=AttemptState.DONE))
    assert (step.call["state"], step.call["goal_met"]) == (CallState.ENDED, True)
    assert step.is_told


def test_a_key_after_the_end_is_added() -> None:
    """completed, dtmf, in that order: the call stays ended and learns the key."""
    call = made.call(
        state=CallState.ENDED, result="answered", request=made.request(keys=KEYS, goal="1")
    )
    step = news(ONE, call, made.attempt(state=AttemptState.DONE))
    assert "state" not in step.call
    assert (step.call["digits"], step.call["goal_met"]) == ("1", True)


def test_the_voice_service_redials_by_itself() -> None:
    """Handed-over retries: a busy that may not be the last moves nothing but asks soon."""
    call = made.call(request=made.request(retries=2), retries_left=2)
    step = news(BUSY, call, deployment=SERVICE_REDIALS)
    assert (step.name, step.call) == (EventName.RINGS_AGAIN, {})
    assert step.attempt == {"completions": 1, "next_check_at": NOW}
    last = news(BUSY, call, made.attempt(completions=2), deployment=SERVICE_REDIALS)
    assert last.name is EventName.COMPLETED
    answered = news(FINISHED, call, deployment=SERVICE_REDIALS)
    assert answered.name is EventName.COMPLETED
    looked_up = news(BUSY, call, deployment=SERVICE_REDIALS, is_look_up=True)
    assert looked_up.name is EventName.COMPLETED


# --- not sure ------------------------------------------------------------------------------

UNSURE = made.call(state=CallState.UNCONFIRMED, held_at=NOW, voice_call_id=None)
UNSURE_ATTEMPT = made.attempt(state=AttemptState.UNKNOWN, voice_call_id=None)


@pytest.mark.parametrize("what", [ANSWERED, ONE, FINISHED])
def test_late_news_settles_an_unconfirmed_call(what: VoiceEvent) -> None:
    """Any news proves that it was placed; the message corrects itself."""
    step = news(what, UNSURE, UNSURE_ATTEMPT)
    assert step.is_told
    assert step.detail["settles"] is True
    assert step.call["held_at"] is None
    assert step.attempt["state"] is not AttemptState.UNKNOWN


def test_late_truth_corrects_an_unknown_result() -> None:
    """We gave up after a day; then the service told us after all."""
    call = made.call(state=CallState.ENDED, result="unknown", goal_met=False)
    step = news(FINISHED, call, made.attempt(state=AttemptState.DONE))
    assert step.name is EventName.CORRECTED
    assert step.call == {
        "state": CallState.ENDED,
        "result": "answered",
        "duration": 25,
        "goal_met": True,
    }


def test_an_unknown_after_an_unknown_is_no_news() -> None:
    """Nothing is corrected by not knowing again."""
    call = made.call(state=CallState.ENDED, result="unknown")
    step = news(event("completed"), call, made.attempt(state=AttemptState.DONE))
    assert (step.name, step.is_told, step.call) == (EventName.COMPLETED, False, {})


def test_the_end_twice_is_only_logged() -> None:
    """Terminal is sticky."""
    call = made.call(state=CallState.ENDED, result="answered")
    step = news(BUSY, call, made.attempt(state=AttemptState.DONE))
    assert (step.is_told, step.call) == (False, {})


def test_the_end_again_while_a_retry_waits_is_only_logged() -> None:
    """The attempt is done: its second completed event moves nothing."""
    call = made.call(state=CallState.SCHEDULED, retries_left=1)
    step = news(BUSY, call, made.attempt(state=AttemptState.DONE))
    assert (step.name, step.is_told, step.call) == (EventName.COMPLETED, False, {})


@pytest.mark.parametrize("what", [ANSWERED, FINISHED])
def test_a_cancelled_call_that_rang_after_all_is_told(what: VoiceEvent) -> None:
    """The service said cancelled, then the phone rang: nothing hidden."""
    call = made.call(state=CallState.ENDED, result="cancelled")
    step = news(what, call)
    assert (step.name, step.is_told) == (EventName.LATE_NEWS, True)
    assert "state" not in step.call


@pytest.mark.parametrize("what", [ANSWERED, ONE])
def test_a_call_marked_as_not_made_that_rings_is_told_and_followed(what: VoiceEvent) -> None:
    """A person said it was not made; it was, so from now on we ask how it goes."""
    call = made.call(state=CallState.ENDED, result="unknown", voice_call_id=None)
    step = news(what, call, UNSURE_ATTEMPT)
    assert step.is_told
    assert step.attempt["state"] is AttemptState.PLACED
    assert step.attempt["next_check_at"] > NOW


def test_a_word_we_do_not_know_that_names_the_call_settles_it() -> None:
    """Whatever it means, the service has the call."""
    step = news(event("other", word="robo_call.ringing", voice_call_id="v"), UNSURE, UNSURE_ATTEMPT)
    assert (step.name, step.call["state"]) == (EventName.ACCEPTED, CallState.PLACED)
    assert step.attempt["next_check_at"] > NOW


# --- turned away, and yet it rang -----------------------------------------------------------

WAITS = made.call(state=CallState.QUEUED, attempts=0, retries_left=1)
TURNED_AWAY = made.attempt(state=AttemptState.REJECTED, voice_call_id=None)


@pytest.mark.parametrize(
    ("what", "state"),
    [
        (ANSWERED, CallState.IN_PROGRESS),
        (ONE, CallState.IN_PROGRESS),
        (FINISHED, CallState.ENDED),
        (BUSY, CallState.SCHEDULED),
    ],
)
def test_a_request_that_was_turned_away_and_rang_is_not_dialled_again(
    what: VoiceEvent, state: CallState
) -> None:
    """The service said 429 and rang all the same: it counts, and is this call's attempt."""
    step = news(what, WAITS, TURNED_AWAY)
    assert (step.call["state"], step.call["attempts"]) == (state, 1)
    assert step.attempt["state"] in (AttemptState.PLACED, AttemptState.DONE)


# --- an earlier attempt --------------------------------------------------------------------

AGAIN = made.call(attempt_id=71, attempts=2)


@pytest.mark.parametrize("what", [ANSWERED, ONE, FINISHED])
def test_news_of_an_unsure_earlier_attempt_tells_that_it_rang_twice(what: VoiceEvent) -> None:
    """A person pressed Call again, then the first try turned out to have rung."""
    step = news(what, AGAIN, UNSURE_ATTEMPT)
    assert (step.name, step.is_told) == (EventName.LATE_NEWS, True)
    assert step.detail["rang_twice"] is True
    assert "state" not in step.call
    assert step.attempt["state"] is not AttemptState.UNKNOWN


def test_an_earlier_attempt_that_was_over_is_only_logged() -> None:
    """Its late duplicates are no news."""
    done = made.attempt(state=AttemptState.DONE, digits="1")
    assert not news(FINISHED, AGAIN, done).is_told
    assert news(ONE, AGAIN, done).detail["digit"] == "1"


def test_an_earlier_attempt_whose_completed_has_no_result() -> None:
    """Kept as unknown."""
    assert news(event("completed"), AGAIN, UNSURE_ATTEMPT).detail["result"] == "unknown"


AGAIN_WAITS = made.call(state=CallState.QUEUED, attempts=1)


def test_a_late_end_does_not_take_away_a_persons_call_again() -> None:
    """Call again waits for a line while the first try ends unanswered: it is still made."""
    step = news(event("completed", result="no_answer"), AGAIN_WAITS, UNSURE_ATTEMPT)
    assert (step.name, step.call) == (EventName.LATE_NEWS, {})


def test_a_goal_met_after_all_stops_what_only_waits() -> None:
    """The first try was heard to its end: nobody needs to be rung again."""
    step = news(FINISHED, AGAIN_WAITS, UNSURE_ATTEMPT)
    assert (step.call["state"], step.call["goal_met"]) == (CallState.ENDED, True)


def test_a_late_goal_key_of_an_earlier_try_stops_further_tries() -> None:
    """Try two is ringing when key 1 of try one comes in: there is no try three."""
    call = made.call(attempt_id=71, attempts=2, retries_left=1, request=made.request(goal="1"))
    step = news(ONE, call, made.attempt(state=AttemptState.DONE))
    assert step.is_told
    assert step.call == {"goal_met": True, "retries_left": 0}
    over = news(BUSY, made.call(goal_met=True, retries_left=0))
    assert (over.name, over.call["goal_met"]) == (EventName.COMPLETED, True)


# --- pieces --------------------------------------------------------------------------------


def test_a_completed_event_with_an_unseen_key_is_two_pieces_of_news() -> None:
    """The dtmf event was lost: the key is told before the end."""
    end = replace(FINISHED, digit="1")
    assert [e.kind for e in expand(end, made.attempt())] == ["key_pressed", "completed"]
    assert expand(end, made.attempt(digits="1")) == [end]
    assert expand(ONE, made.attempt()) == [ONE]


def test_a_look_up_is_told_as_the_events_that_must_have_happened() -> None:
    """Answered, key 1, finished; while it still rings: nothing."""
    status = CallStatus(
        voice_call_id="robo_1", status="ringing", raw="{}", is_over=False, is_answered=False
    )
    assert events_of_status(status) == []
    over = replace(
        status, status="completed", is_over=True, is_answered=True, digits="1", result="answered"
    )
    assert [e.kind for e in events_of_status(over)] == ["answered", "key_pressed", "completed"]
    nameless = replace(status, is_over=True)
    assert events_of_status(nameless)[0].result == "unknown"
