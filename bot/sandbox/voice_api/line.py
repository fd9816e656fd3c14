"""One try to reach one phone, from the first ring to the end of the line.

The phone acts by itself as its `Behaviour` says, whenever nobody acts for it: each wait for an act
has a length, and what the phone does by itself is what happens when that time is over.

    ringing --answered--> answered event --> message (a key cuts it short) --> keys, up to
    max_digits --> the action's POST --> its reply is spoken --> the service hangs up
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from bot.sandbox.clock import Clock
from bot.sandbox.voice_api import wire
from bot.sandbox.voice_api.acts import Act, Acts, Deed
from bot.sandbox.voice_api.models import Call, Heard, Keypad, Result, Status
from bot.sandbox.voice_api.phones import Behaviour, Kind

# All in seconds of the service's clock.
RING = 3.0  # until a phone is picked up, or declined
NO_ANSWER_AFTER = 30.0
REACTION = 1.0  # between the end of the text and the key
PATIENCE = 2.0  # of a phone that hangs up early
RECORDING = 10.0  # how long every recording is taken to be
SHORTEST_TEXT = 2.0
CHARACTERS_PER_SECOND = 14.0

RINGS: Mapping[Kind, tuple[float, Result]] = {
    Kind.LISTENS: (RING, Result.ANSWERED),
    Kind.PRESSES: (RING, Result.ANSWERED),
    Kind.HANGS_UP: (RING, Result.ANSWERED),
    Kind.BUSY: (2.0, Result.BUSY),
    Kind.NO_ANSWER: (NO_ANSWER_AFTER, Result.NO_ANSWER),
    Kind.VOICEMAIL: (10.0, Result.VOICEMAIL),
    Kind.FAILS: (1.0, Result.FAILED),
    Kind.REJECTS: (RING, Result.REJECTED),
    Kind.MANUAL: (NO_ANSWER_AFTER, Result.NO_ANSWER),
}
_HANG_UP = Act(deed=Deed.HANG_UP)


class Exchange(Protocol):
    """What a line needs from the service around it."""

    @property
    def clock(self) -> Clock:
        """The service's time."""

    def changed(self, call: Call) -> None:
        """Tell whoever watches that the call changed."""

    def report(self, call: Call, event: wire.Json) -> None:
        """Send a webhook event to the call's callback_url, if it has one."""

    def post(self, call: Call, url: str, body: wire.Json) -> None:
        """Send a body to the url of a keypad action."""

    def hear(self, call: Call, item: Heard) -> None:
        """Remember what the phone hears from now on."""


def spoken_seconds(text: str) -> float:
    """How long it takes to speak a text."""
    return max(SHORTEST_TEXT, len(text) / CHARACTERS_PER_SECOND)


class Line:
    """The line to one phone during one try."""

    def __init__(self, *, call: Call, behaviour: Behaviour, exchange: Exchange) -> None:
        """Connect the call to a phone that behaves like that."""
        self.acts = Acts(exchange.clock)
        self._call = call
        self._behaviour = behaviour
        self._keys_left = list(behaviour.keys)
        self._exchange = exchange

    async def run(self) -> Result:
        """Ring, talk, hang up; how it went."""
        self._call.status = Status.RINGING
        self._call.tries += 1
        self._exchange.changed(self._call)
        try:
            result = await self._ring()
            if result is Result.ANSWERED:
                await self._converse()
            elif result is Result.VOICEMAIL:
                self._pick_up()
                await self._say(self._opening(), cut_by_key=False)
            return result
        finally:
            self.acts.close()

    async def _ring(self) -> Result:
        seconds, by_itself = RINGS[self._behaviour.kind]
        act = await self.acts.next(seconds)
        if act is None:
            return by_itself
        return Result.ANSWERED if act.deed is Deed.ANSWER else Result.REJECTED

    def _pick_up(self) -> None:
        self._call.status = Status.IN_PROGRESS
        self._call.started_at = self._exchange.clock.now()
        self._exchange.changed(self._call)

    async def _converse(self) -> None:
        self._pick_up()
        self._exchange.report(self._call, wire.answered_event(self._call, self._now()))
        keypad = self._call.request.keypad
        listening = keypad is not None and keypad.enabled
        cut_in = await self._say(self._opening(), cut_by_key=listening)
        if keypad is None or not keypad.enabled or cut_in is _HANG_UP:
            return
        digits = await self._collect(keypad, cut_in)
        if digits in keypad.actions:
            await self._carry_out(keypad, digits)

    def _opening(self) -> Heard:
        request = self._call.request
        if request.audio_url is not None:
            return self._heard("audio", request.audio_url)
        return self._heard("message", request.message or "")

    def _heard(self, kind: str, text: str) -> Heard:
        return Heard(call_id=self._call.call_id, kind=kind, text=text, at=self._now())

    async def _say(self, item: Heard, *, cut_by_key: bool) -> Act | None:
        """Speak to the end (None), or until the act that cuts it short."""
        self._exchange.hear(self._call, item)
        seconds = RECORDING if item.kind == "audio" else spoken_seconds(item.text)
        impatient = self._behaviour.kind is Kind.HANGS_UP and seconds > PATIENCE
        ends = item.at + timedelta(seconds=PATIENCE if impatient else seconds)
        while (left := self._seconds_until(ends)) > 0:
            act = await self.acts.next(left)
            if act is not None and act.deed is Deed.HANG_UP:
                return _HANG_UP
            if act is not None and act.deed is Deed.PRESS and cut_by_key:
                return act
        if impatient:
            return _HANG_UP
        item.whole = True
        self._exchange.changed(self._call)
        return None

    async def _collect(self, keypad: Keypad, first: Act | None) -> str:
        """The digits that were pressed; none when the phone hung up before they were complete."""
        digits = ""
        act = first
        while len(digits) < keypad.max_digits:
            act = act or await self._next_key(keypad)
            if act is None:
                break
            if act.deed is Deed.HANG_UP:
                return ""
            digits += act.digit
            self._pressed(digits)
            act = None
        return digits

    async def _next_key(self, keypad: Keypad) -> Act | None:
        """The next act; None when a person presses nothing for the keypad's timeout."""
        if self._behaviour.kind is Kind.MANUAL:
            return await self.acts.next(keypad.timeout)
        return await self.acts.next(min(REACTION, keypad.timeout)) or self._by_itself()

    def _by_itself(self) -> Act:
        if self._keys_left:
            return Act(deed=Deed.PRESS, digit=self._keys_left.pop(0))
        return _HANG_UP

    def _pressed(self, digits: str) -> None:
        self._call.dtmf_input = digits
        self._exchange.report(self._call, wire.dtmf_event(self._call, digits[-1], self._now()))
        self._exchange.changed(self._call)

    async def _carry_out(self, keypad: Keypad, digits: str) -> None:
        action = keypad.actions[digits]
        body = wire.key_action(self._call, digits, self._now())
        self._exchange.post(self._call, action.url, body)
        if action.response_message is not None:
            await self._say(self._heard("reply", action.response_message), cut_by_key=False)

    def _now(self) -> datetime:
        return self._exchange.clock.now()

    def _seconds_until(self, moment: datetime) -> float:
        return (moment - self._now()).total_seconds()
