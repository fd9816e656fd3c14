# ruff: noqa: S608 - the views are put together from constants
"""The schema, one migration after the other: never edit one that has been released, add one.

All times are INTEGER milliseconds since 1970, UTC. The tables may change with every version;
the views `call_log`, `attempt_log` and `event_log` are what users read and stay as they are
(design.md 3.6).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("robocall")

_CALLS = """
create table calls (
    id integer primary key,
    campaign_id integer,
    dedupe_key text,
    -- what was asked for
    phone_number text not null,
    requested_by text not null,
    channel text not null,
    message text not null,
    audio_url text not null,
    variables text not null,
    voice text not null,
    language text not null,
    caller_id text not null,
    keys text not null,
    asked_for_at integer,
    retries integer not null,
    retry_delay real not null,
    retry_on text not null,
    goal text not null,
    response_url text not null,
    -- where it stands
    state text not null,
    created_at integer not null,
    due_at integer not null,
    expires_at integer not null,
    result text,
    wait_reason text,
    digits text not null default '',
    goal_met integer,
    attempts integer not null default 0,
    retries_left integer not null,
    attempt_id integer,
    voice_call_id text,
    duration integer,
    card_channel text,
    card_ts text,
    posts_to text not null, -- the channel of its messages: the card's once it is posted
    placed_at integer,
    answered_at integer,
    ended_at integer,
    cancel_requested_at integer,
    cancel_requested_by text,
    held_at integer
) strict;

-- The same delivery makes one call.
create unique index calls_dedupe_key on calls (dedupe_key) where dedupe_key is not null;
-- What is due next, single calls before those of campaigns.
create index calls_due on calls (campaign_id is not null, due_at)
    where state in ('scheduled', 'queued');
create index calls_expiry on calls (expires_at) where state in ('scheduled', 'queued');
-- Did this person ask for the same a moment ago?
create index calls_phone_number on calls (phone_number, created_at);
-- Lists, newest first: everybody's and somebody's.
create index calls_state on calls (state);
create index calls_requested_by on calls (requested_by, state);
create index calls_voice_call_id on calls (voice_call_id) where voice_call_id is not null;
create index calls_to_cancel on calls (cancel_requested_at)
    where cancel_requested_at is not null and state <> 'ended';
"""

_ATTEMPTS = """
create table attempts (
    id integer primary key,
    call_id integer not null references calls (id),
    attempt_no integer not null,
    token blob not null,
    phone_number text not null,
    state text not null,
    claimed_at integer not null,
    sending_at integer,
    settled_at integer,
    starts_at integer,
    next_check_at integer,
    checks integer not null default 0,
    completions integer not null default 0,
    voice_call_id text,
    digits text not null default '',
    result text,
    duration integer,
    detail text not null default ''
) strict;

-- One POST per token and number, ever; the items of a batch share its token.
create unique index attempts_token on attempts (token, phone_number);
create index attempts_call_id on attempts (call_id);
create index attempts_state on attempts (state);
create index attempts_next_check_at on attempts (next_check_at)
    where next_check_at is not null and state not in ('rejected', 'done');
-- The rate window: when the service saw a request, or at the latest can have seen it.
create index attempts_requested_at on attempts (coalesce(settled_at, sending_at + 20000))
    where sending_at is not null;
create index attempts_voice_call_id on attempts (voice_call_id) where voice_call_id is not null;
"""

_EVENTS = """
create table events (
    id integer primary key,
    call_id integer not null references calls (id),
    attempt_id integer references attempts (id),
    source text not null,
    event text not null,
    created_at integer not null,
    detail text not null,
    payload text not null,
    dedupe_key text
) strict;

create index events_call_id on events (call_id);
create unique index events_dedupe_key on events (dedupe_key) where dedupe_key is not null;
"""

_OUTBOX = """
create table outbox (
    id integer primary key,
    kind text not null,
    call_id integer references calls (id),
    event_id integer references events (id),
    channel text not null default '',
    text text not null default '',
    response_url text not null default '',
    state text not null default 'pending',
    tries integer not null default 0,
    not_before integer not null,
    created_at integer not null,
    -- Messages of one lane are sent one after the other.
    lane text not null generated always as (channel || response_url) virtual
) strict;

create index outbox_open on outbox (lane, id) where state in ('pending', 'sending');
create index outbox_call_id on outbox (call_id) where state in ('pending', 'sending');
-- Many changes in a row are one edit of the card.
create unique index outbox_card on outbox (call_id) where kind = 'card' and state = 'pending';
create index outbox_sent on outbox (created_at) where state = 'sent';
"""

_REST = """
-- Keys of deliveries already seen.
create table deliveries (key text primary key, seen_at integer not null) strict, without rowid;
create index deliveries_seen_at on deliveries (seen_at);

-- Commands that wait for something only the network knows.
create table pending_commands (
    id integer primary key,
    key text not null unique,
    payload text not null,
    created_at integer not null
) strict;

create table profiles (
    user_id text primary key,
    zone text not null,
    is_admin integer not null,
    fetched_at integer not null,
    locale text not null
) strict, without rowid;

-- What was typed into fields of an open form that are not on screen.
create table drafts (
    view_id text primary key,
    fields text not null,
    saved_at integer not null
) strict, without rowid;
create index drafts_saved_at on drafts (saved_at);

create table settings (name text primary key, value text not null) strict, without rowid;
"""


def _iso(column: str, name: str | None = None) -> str:
    """SQL: a time as ISO 8601 text with milliseconds and Z, under its own or another name."""
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch') as {name or column}"


_VIEWS = f"""
create view call_log as select
    id, campaign_id, phone_number,
    nullif(message, '') as message, nullif(audio_url, '') as audio_url,
    state, result, nullif(digits, '') as digit, goal_met, attempts, duration, requested_by,
    coalesce(card_channel, channel) as channel, card_ts as thread_ts, voice_call_id,
    {_iso("created_at")}, {_iso("due_at")}, {_iso("placed_at")},
    {_iso("answered_at")}, {_iso("ended_at")}
from calls;

create view attempt_log as select
    id, call_id, attempt_no, state, voice_call_id, result, nullif(digits, '') as digit, duration,
    detail, {_iso("claimed_at")}, {_iso("sending_at", "sent_at")},
    {_iso("settled_at")}
from attempts;

create view event_log as select
    call_id, source, event,
    case payload when '' then detail else payload end as payload,
    {_iso("created_at")}
from events;
"""


@MIGRATIONS(name="0001_calls")
def _calls(db: Database) -> None:
    """Calls, attempts, the timeline, the outbox and the views over them."""
    for script in (_CALLS, _ATTEMPTS, _EVENTS, _OUTBOX, _REST, _VIEWS):
        for statement in script.split(";\n"):
            if statement.strip():
                db.conn.execute(statement)


def known_migrations() -> set[str]:
    """The names of all migrations: what a new file still has before it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return {migration.name for migration in MIGRATIONS.pending(Database(connection))}
