"""The simulated phones: how each number behaves when it rings, and what it has heard.

`PHONES` is the documented table; every other number listens to the whole text and hangs up. The
control API gives any number another behaviour, or hands the phone to a person (`manual`).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from bot.sandbox.voice_api.models import Heard

# Numbers remembered beyond the table, and things remembered of each.
_MOST_HANDSETS = 10_000
_MOST_HEARD = 50


class Kind(StrEnum):
    """What a phone does by itself; a person may answer, press, hang up or reject at any time."""

    LISTENS = "listens"  # answers, hears everything, hangs up
    PRESSES = "presses"  # answers, hears the text, presses its keys
    HANGS_UP = "hangs_up"  # answers, hangs up after two seconds
    BUSY = "busy"
    NO_ANSWER = "no_answer"  # rings until the service gives up
    VOICEMAIL = "voicemail"  # a voicemail box picks up and records the text
    FAILS = "fails"  # cannot be connected
    REJECTS = "rejects"  # rings, is declined
    MANUAL = "manual"  # does nothing by itself: a person uses the control API


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """What a phone does on one try; `keys` are the keys that `presses` presses, in order."""

    kind: Kind
    keys: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """A documented number: its behaviour on each try in turn (then from the start again)."""

    number: str
    script: tuple[Behaviour, ...]
    about: str


def _phone(number: str, about: str, *script: Behaviour) -> Phone:
    return Phone(number=number, script=script, about=about)


_PRESSES_1 = Behaviour(kind=Kind.PRESSES, keys="1")

PHONES = (
    _phone("+14155550100", "rings until you answer it by hand", Behaviour(kind=Kind.MANUAL)),
    _phone("+14155550101", "answers and presses 1", _PRESSES_1),
    _phone("+14155550102", "answers and presses 2", Behaviour(kind=Kind.PRESSES, keys="2")),
    _phone("+14155550109", "answers and presses 9", Behaviour(kind=Kind.PRESSES, keys="9")),
    _phone("+14155550110", "answers and hangs up early", Behaviour(kind=Kind.HANGS_UP)),
    _phone("+14155550111", "is busy", Behaviour(kind=Kind.BUSY)),
    _phone("+14155550112", "does not answer", Behaviour(kind=Kind.NO_ANSWER)),
    _phone("+14155550113", "goes to voicemail", Behaviour(kind=Kind.VOICEMAIL)),
    _phone("+14155550114", "cannot be connected (failed)", Behaviour(kind=Kind.FAILS)),
    _phone("+14155550115", "rejects the call", Behaviour(kind=Kind.REJECTS)),
    _phone(
        "+14155550121",
        "is busy on every odd try; on the next one it answers and presses 1",
        Behaviour(kind=Kind.BUSY),
        _PRESSES_1,
    ),
)
ANY_OTHER = _phone(
    "", "answers, listens to the whole text and hangs up", Behaviour(kind=Kind.LISTENS)
)
_TABLE = {phone.number: phone for phone in PHONES}


@dataclass(kw_only=True, slots=True)
class Handset:
    """A number that has rung or was set: its present script and the last things it heard."""

    number: str
    script: tuple[Behaviour, ...]
    about: str
    rung: int = 0
    heard: deque[Heard] = field(default_factory=lambda: deque(maxlen=_MOST_HEARD))

    @property
    def behaviour(self) -> Behaviour:
        """What it will do on the next try."""
        return self.script[self.rung % len(self.script)]


class Handsets:
    """All phones, by number. Numbers outside the table are forgotten when there are too many."""

    def __init__(self) -> None:
        """Start with the documented table."""
        self._known = {phone.number: _handset(phone.number) for phone in PHONES}
        self._others: OrderedDict[str, Handset] = OrderedDict()

    def __getitem__(self, number: str) -> Handset:
        """The phone with that number; it is there from the first time anybody asks."""
        if number in self._known:
            return self._known[number]
        handset = self._others.setdefault(number, _handset(number))
        self._others.move_to_end(number)
        if len(self._others) > _MOST_HANDSETS:
            self._others.popitem(last=False)
        return handset

    def __iter__(self) -> Iterator[Handset]:
        """The documented phones, then the others, the latest first."""
        yield from self._known.values()
        yield from reversed(self._others.values())

    def rings(self, number: str) -> Behaviour:
        """Count a try and say what the phone does on it."""
        handset = self[number]
        behaviour = handset.behaviour
        handset.rung += 1
        return behaviour

    def behave(self, number: str, behaviour: Behaviour) -> Handset:
        """Give the number another behaviour, from its next try on."""
        handset = self[number]
        handset.script = (behaviour,)
        handset.about = "set through the control API"
        return handset

    def reset(self, number: str) -> Handset:
        """Let the number behave as documented again, from the start of its script."""
        handset = self[number]
        fresh = _handset(number)
        handset.script, handset.about, handset.rung = fresh.script, fresh.about, 0
        return handset


def _handset(number: str) -> Handset:
    phone = _TABLE.get(number, ANY_OTHER)
    return Handset(number=number, script=phone.script, about=phone.about)
