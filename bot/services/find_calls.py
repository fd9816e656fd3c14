"""Looking at calls: one by its id (ours or the voice service's), and lists by state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.call import Attempt, Call
from bot.domain.call_state import CallState
from bot.ports import Event, Profile, Store, Transaction

PAGE = 10

STATES: dict[str, tuple[CallState, ...]] = {
    "": (),
    "scheduled": (CallState.SCHEDULED, CallState.AWAITING_APPROVAL),
    "active": (
        CallState.QUEUED,
        CallState.DIALING,
        CallState.PLACED,
        CallState.IN_PROGRESS,
        CallState.UNCONFIRMED,
    ),
    "done": (CallState.ENDED,),
}
"""What `/robocall list WHICH` means."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPage:
    """One page of a list; `older_than` is where the next one begins, None at the end."""

    calls: Sequence[Call]
    older_than: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallStory:
    """A call with everything that happened to it."""

    call: Call
    attempts: Sequence[Attempt]
    events: Sequence[Event]


class FindCalls:
    """Reads calls for people."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    async def by_ref(self, ref: str) -> Call | None:
        """The call of our id (`12`, `#12`) or of the voice service's call_id."""
        ours = re.fullmatch(r"#?([0-9]{1,18})", ref.strip())

        def work(tx: Transaction) -> Call | None:
            found = tx.call(int(ours[1])) if ours else None
            return found or tx.call_by_voice_call_id(ref.strip())

        return await self._store.read(work)

    async def story(self, call_id: int) -> CallStory | None:
        """A call, its attempts and its timeline."""

        def work(tx: Transaction) -> CallStory | None:
            call = tx.call(call_id)
            if call is None:
                return None
            return CallStory(
                call=call, attempts=tx.attempts_of(call_id), events=tx.events_of(call_id)
            )

        return await self._store.read(work)

    async def page(
        self, *, viewer: Profile, which: str = "", older_than: int | None = None
    ) -> CallPage:
        """A page of the viewer's calls, newest first; an admin sees everybody's."""
        mine = None if viewer.is_admin else viewer.user_id

        def work(tx: Transaction) -> list[Call]:
            return tx.list_calls(
                requested_by=mine, states=STATES[which], before_id=older_than, limit=PAGE + 1
            )

        calls = await self._store.read(work)
        more = len(calls) > PAGE
        return CallPage(calls=calls[:PAGE], older_than=calls[PAGE - 1].id if more else None)
