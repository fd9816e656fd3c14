"""Looking at calls and stopping them, in the words that one person sees."""

from __future__ import annotations

from bot.domain.call import Call
from bot.domain.errors import NotAllowed
from bot.ports import Clock, Profile
from bot.services.cancel_calls import CancelAnswer, CancelCalls
from bot.services.find_calls import FindCalls
from bot.slack.answers import note, refreshed
from bot.slack.blocks import Message
from bot.slack.card import call_status
from bot.slack.details import call_details
from bot.slack.listing import call_list

NOT_YOURS = "Only the person who asked for this call, or an admin, can do that."
CANCEL_WORDS = {
    CancelAnswer.CANCELLED: "Cancelled: it will not ring.",
    CancelAnswer.ASKED: "I asked the voice service to stop it; the thread says what it answers.",
    CancelAnswer.NO_ID: (
        "I cannot stop it: the line broke before the voice service named the call. If it"
        " names it later, I stop it then."
    ),
}


def not_found(ref: str) -> Message:
    """There is no such call; how to find one."""
    return note(f"I know no call {ref}. /robocall list shows your calls with their ids.")


class LookingAtCalls:
    """One call or a page of them, and Cancel."""

    def __init__(self, *, find: FindCalls, cancels: CancelCalls, clock: Clock) -> None:
        self._find = find
        self._cancels = cancels
        self._clock = clock

    async def page(self, viewer: Profile, *, which: str, older_than: int | None = None) -> Message:
        """`/robocall list`, or its button "Older calls"."""
        page = await self._find.page(viewer=viewer, which=which, older_than=older_than)
        return call_list(
            page.calls,
            which=which,
            is_everybody=viewer.is_admin,
            older_before=page.older_than,
            now=self._clock.now(),
        )

    async def status(self, ref: str) -> Message:
        """`/robocall status`: how a call stands; the number stays masked."""
        call = await self._find.by_ref(ref)
        return call_status(call, now=self._clock.now()) if call else not_found(ref)

    async def details(self, ref: str, *, viewer: Profile) -> Message:
        """Everything about one call; the number in full only for its requester and admins."""
        call = await self._find.by_ref(ref)
        story = await self._find.story(call.id) if call else None
        if story is None:
            return not_found(ref)
        return call_details(
            story.call,
            events=story.events,
            attempts=story.attempts,
            may_see_number=viewer.is_admin or viewer.user_id == story.call.request.requested_by,
            now=self._clock.now(),
        )

    async def cancel(self, ref: str, *, by: Profile) -> Message:
        """`/robocall cancel`, or the button. Raises NotAllowed."""
        call = await self._find.by_ref(ref)
        if call is None:
            return not_found(ref)
        done = await self._cancels.cancel(call.id, by=by)
        if done.answer is CancelAnswer.NOT_YOURS:
            raise NotAllowed(NOT_YOURS)
        return self._cancel_words(ref, done.answer, done.call)

    def _cancel_words(self, ref: str, answer: CancelAnswer, call: Call | None) -> Message:
        if call is None:
            return not_found(ref)
        if answer is CancelAnswer.ENDED:
            return refreshed(call, now=self._clock.now())
        return note(CANCEL_WORDS[answer])
