"""The store as the bot needs it: values, one transaction, and who runs it (part of bot.ports)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.domain.call import Attempt, AttemptState, Call, CallRequest
from bot.domain.call_state import CallState
from bot.domain.voice_event import Source

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One thing that happened to a call, as the log keeps it.

    `event` is our past-tense name, `detail` what a sentence about it needs
    (JSON values), `payload` the raw words of whoever told us. `dedupe_key` makes the same
    delivery one event for ever.
    """

    call_id: int
    source: Source
    event: str
    created_at: datetime
    attempt_id: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    payload: str = ""
    dedupe_key: str | None = None
    id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxItem:
    """One Slack message still to send.

    `kind`: `card` (the call's root message, posted or edited: one pending row per call),
    `reply` (one event in the card's thread, `event_id`), `notice` (an ephemeral answer
    through `response_url`, or once that is spent a direct message to `channel`, a user id;
    `text` holds the packed message), `direct` (`text` as a direct message to `channel`).
    `state`: `pending`, `sending` (marked before a post), `sent`, `dead`.
    `is_edit`: a card that stands in Slack already and is only shown anew.
    """

    id: int
    kind: str
    call_id: int | None
    event_id: int | None
    channel: str
    state: str
    tries: int
    not_before: datetime
    text: str = ""
    response_url: str = ""
    is_edit: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """What we keep of a Slack user: their zone (IANA name), locale and whether an admin."""

    user_id: str
    zone: str
    is_admin: bool
    fetched_at: datetime
    locale: str = "en-US"


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingCommand:
    """A command that waits for something only the network knows; kept so none is lost."""

    key: str
    payload: Mapping[str, Any]


class Transaction(Protocol):
    """One all-or-nothing change; every method runs at once inside it. Times are UTC."""

    # what has been seen
    def first_time(self, key: str, *, now: datetime) -> bool:
        """Whether this delivery is new; remembers it."""
        ...

    def keep_pending(self, command: PendingCommand, *, now: datetime) -> None:
        """Keep a command until it can be finished."""
        ...

    def drop_pending(self, key: str) -> bool:
        """Forget a finished command; False if somebody else already did."""
        ...

    def pending_commands(self) -> list[PendingCommand]:
        """All commands that wait, oldest first."""
        ...

    # calls
    def add_call(
        self,
        request: CallRequest,
        *,
        state: CallState,
        created_at: datetime,
        due_at: datetime,
        expires_at: datetime,
        dedupe_key: str | None = None,
        response_url: str = "",
    ) -> int | None:
        """Store a new call and return its id; None if `dedupe_key` is already there."""
        ...

    def call(self, call_id: int) -> Call | None:
        """One call."""
        ...

    def call_by_dedupe_key(self, key: str) -> Call | None:
        """The call that this delivery made."""
        ...

    def call_by_voice_call_id(self, voice_call_id: str) -> Call | None:
        """The call of the voice service's id."""
        ...

    def twin_of(self, request: CallRequest, *, since: datetime) -> Call | None:
        """The newest call by the same person to the same number with the same script."""
        ...

    def update_call(self, call_id: int, **changes: Any) -> None:
        """Change columns of a call, named as in `Call` (`card` is a ThreadRef)."""
        ...

    def response_url(self, call_id: int) -> str:
        """Where the command that made the call can still be answered, or ''."""
        ...

    def due_calls(self, *, now: datetime, limit: int) -> list[Call]:
        """Waiting calls whose time has come, single calls before campaigns, oldest first."""
        ...

    def untold_calls(self, *, now: datetime, reason: str, among: int) -> list[Call]:
        """Due calls that do not wait for `reason` yet, of the first `among` of each kind."""
        ...

    def next_due_at(self) -> datetime | None:
        """When the next waiting call is due."""
        ...

    def overdue_calls(self, *, now: datetime, limit: int) -> list[Call]:
        """Waiting calls whose expiry has passed."""
        ...

    def list_calls(
        self,
        *,
        requested_by: str | None,
        states: Sequence[CallState] = (),
        before_id: int | None = None,
        limit: int = 10,
    ) -> list[Call]:
        """Newest first; None for everybody's."""
        ...

    def calls_to_cancel(self) -> list[Call]:
        """Open calls somebody asked to stop and whose answer is still out."""
        ...

    # attempts
    def add_attempt(self, call: Call, *, attempt_no: int, token: bytes, now: datetime) -> Attempt:
        """Claim: a new attempt in state `claimed`."""
        ...

    def attempt(self, attempt_id: int) -> Attempt | None:
        """One attempt."""
        ...

    def attempt_by_token(self, token: bytes, *, phone_number: str | None = None) -> Attempt | None:
        """The attempt an address names; a batch's token needs the phone number too."""
        ...

    def attempts_of(self, call_id: int) -> list[Attempt]:
        """All tries of a call, oldest first."""
        ...

    def update_attempt(self, attempt_id: int, **changes: Any) -> None:
        """Change columns of an attempt, named as in `Attempt`."""
        ...

    def attempts_in(self, states: Sequence[AttemptState]) -> list[Attempt]:
        """All attempts in these states (few: those that are open)."""
        ...

    def attempts_to_check(self, *, now: datetime, limit: int) -> list[Attempt]:
        """Open attempts whose `next_check_at` has come."""
        ...

    def next_check_at(self) -> datetime | None:
        """When the next open attempt wants to be looked at."""
        ...

    def recent_requests(self, *, since: datetime) -> list[datetime]:
        """When the service surely saw each request of late (`settled_at`, or now-ish while
        the answer is out), oldest first; refused-before-sent ones are not counted."""
        ...

    def outstanding(self, *, now: datetime) -> int:
        """Attempts that hold a line: claimed, sending, placed and started, unknown and not
        yet held; one the service keeps for a later time does not."""
        ...

    # log and messages
    def add_event(self, event: Event) -> int | None:
        """Log it and return its id; None if its `dedupe_key` is already there."""
        ...

    def event(self, event_id: int) -> Event | None:
        """One event."""
        ...

    def events_of(self, call_id: int) -> list[Event]:
        """The whole timeline of a call, oldest first."""
        ...

    def show_card(self, call_id: int, *, now: datetime) -> None:
        """Have the card posted or edited soon; many in a row become one."""
        ...

    def show_reply(self, call_id: int, event_id: int, *, now: datetime) -> None:
        """Have an event told in the card's thread."""
        ...

    def add_notice(self, *, response_url: str, text: str, now: datetime, user_id: str = "") -> None:
        """Answer one person through the address Slack gave for it, or else directly."""
        ...

    def add_direct(self, *, user_id: str, text: str, call_id: int | None, now: datetime) -> None:
        """Write one person a direct message."""
        ...

    def outbox_pending(self, *, now: datetime, limit: int) -> list[OutboxItem]:
        """What may be sent now: per channel the oldest only, cards before their replies."""
        ...

    def outbox_next_at(self) -> datetime | None:
        """When the next message may be sent."""
        ...

    def update_outbox(self, item_id: int, **changes: Any) -> None:
        """Change `state`, `tries`, `not_before`, `channel` or `response_url` of a message."""
        ...

    # people, settings, health
    def profile(self, user_id: str) -> Profile | None:
        """What we know of a Slack user."""
        ...

    def save_profile(self, profile: Profile) -> None:
        """Remember a Slack user."""
        ...

    def draft(self, view_id: str) -> Mapping[str, Any] | None:
        """What was typed into fields of an open form that are not on screen now."""
        ...

    def save_draft(self, view_id: str, fields: Mapping[str, Any], *, now: datetime) -> None:
        """Keep what was typed into an open form."""
        ...

    def setting(self, name: str) -> str | None:
        """A value the bot keeps for itself: its name among installations, keys, a heartbeat."""
        ...

    def save_setting(self, name: str, value: str) -> None:
        """Keep a value."""
        ...

    def forget_old(self, *, before: datetime) -> None:
        """Housekeeping: delivery keys, drafts and sent messages older than that."""
        ...


class Store(Protocol):
    """SQLite behind one writer: services say what happens in one transaction."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a durable transaction; raises StoreUnavailable if it cannot commit."""
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a reader that sees the last commit; it must not write."""
        ...
