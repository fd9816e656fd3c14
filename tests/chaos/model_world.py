"""What the model is about: people and what they asked for, one life of the bot after the other.

The rules of what can happen to it are in `model`, what must never happen in `model_rules`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from bot.domain.call import AttemptState, Call, CallRequest
from bot.ports import Profile
from storage.transaction import SqliteTransaction
from tests.chaos.model_voice import ModelVoice, Rung
from tests.chaos.one_life import Died, Life, ModelClock, new_database

T = TypeVar("T")


@dataclass(kw_only=True)
class Wish:
    """What one person asked for, and all that they did about it."""

    number: str
    key: str
    request: CallRequest
    call_id: int | None = None
    presses: int = 0  # of Call again, each a licence to ring once more
    stopped_after: int | None = None  # POSTs when they were told "it will not ring"


@dataclass(frozen=True, kw_only=True)
class Press:
    """One press of a button, as Slack delivers it."""

    call_id: int
    attempt_id: int
    delivery: str


class World(RuleBasedStateMachine):
    """Everything that is there; what survives a life is the database, and the truth."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.connection = new_database()
        self.tx = SqliteTransaction(self.connection)
        self.clock = ModelClock()
        self.voice = ModelVoice(self.clock)
        self.wishes: list[Wish] = []
        self.shown: dict[int, tuple[Any, ...]] = {}
        self.results: dict[int, str] = {}
        self.pressed: list[Press] = []
        self._numbers = itertools.count(1)
        self._be_born()

    # --- life and death ------------------------------------------------------------------

    def _be_born(self) -> None:
        self.life = Life(self.connection)
        self.voice.life = self.life
        self.life.bear(self.clock, self.voice)
        self.loop.run_until_complete(self._recover())
        self._show_cards()

    async def _recover(self) -> None:
        await self.life.services.reconcile.recover()
        open_ones = self.tx.attempts_in([AttemptState.CLAIMED, AttemptState.SENDING])
        assert open_ones == [], "N10 the last life's attempts are nobody's"
        self.life.services.dispatch.begin()
        await self.life.quiet(self.voice.held)

    def live(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do it and all that follows from it; None if the bot died before it had an answer."""
        answer = self.loop.run_until_complete(self._unless_it_dies(work))
        while self.life.is_over:
            self.loop.run_until_complete(self.life.bury())
            self._be_born()
        self._show_cards()
        return answer

    async def _unless_it_dies(self, work: Coroutine[Any, Any, T]) -> T | None:
        answer = None
        with suppress(Died):
            answer = await work
        await self.life.quiet(self.voice.held)
        return answer

    def _show_cards(self) -> None:
        """Slack draws each card that was asked for from the row as it is now."""
        drawn = self.connection.execute(
            "update outbox set state = 'sent' where kind = 'card' and state = 'pending'"
            " returning call_id"
        ).fetchall()
        for (call_id,) in drawn:
            call = self.tx.call(call_id)
            assert call is not None
            self.shown[call_id] = looks(call)

    def bury(self) -> None:
        """The end of the world."""
        self.loop.run_until_complete(self.life.bury())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
        self.connection.close()

    # --- looking -------------------------------------------------------------------------

    def call(self, wish: Wish) -> Call:
        """The row of a wish that was acknowledged."""
        found = self.tx.call(wish.call_id or 0)
        assert found is not None, "an acknowledged call is gone"
        return found

    def asked(self) -> list[Wish]:
        """The wishes that were acknowledged."""
        return [wish for wish in self.wishes if wish.call_id is not None]

    def ringing(self) -> list[Rung]:
        """Calls that still have something to say."""
        return [rung for rung in self.voice.rung if rung.hooks]

    def _wish(self, pick: int) -> Wish:
        return self.wishes[pick % len(self.wishes)]

    def _asked(self, pick: int) -> Wish:
        return self.asked()[pick % len(self.asked())]

    def _ben(self) -> Profile:
        return Profile(user_id="U1", zone="UTC", is_admin=False, fetched_at=self.clock.now())


def looks(call: Call) -> tuple[object, ...]:
    """What a card shows of a call."""
    return (call.state, call.result, call.held_at is not None, call.digits, call.is_cancelling)
