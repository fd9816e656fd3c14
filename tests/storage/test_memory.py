from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.ports import PendingCommand, Profile
from storage.transaction import SqliteTransaction
from tests.support.made import NOW

MINUTE = timedelta(minutes=1)


def test_a_delivery_is_new_once(tx: SqliteTransaction) -> None:
    """Until it is old enough to be forgotten."""
    assert tx.first_time("event:1", now=NOW)
    assert not tx.first_time("event:1", now=NOW + MINUTE)
    assert tx.first_time("event:2", now=NOW + MINUTE)
    tx.forget_old(before=NOW + MINUTE)
    assert tx.first_time("event:1", now=NOW)
    assert not tx.first_time("event:2", now=NOW)


def test_pending_commands_wait_in_order_until_dropped(tx: SqliteTransaction) -> None:
    """Only the first to drop one may finish it."""
    commands = [PendingCommand(key=key, payload={"text": key, "n": [1]}) for key in "ba"]
    for command in commands:
        tx.keep_pending(command, now=NOW)
    tx.keep_pending(replace(commands[0], payload={}), now=NOW)
    assert commands == tx.pending_commands()
    assert tx.drop_pending("b")
    assert not tx.drop_pending("b")
    assert commands[1:] == tx.pending_commands()


def test_a_profile_is_remembered_and_replaced(tx: SqliteTransaction) -> None:
    """The newest word about a person counts."""
    assert tx.profile("U1") is None
    profile = Profile(user_id="U1", zone="Asia/Kolkata", is_admin=False, fetched_at=NOW)
    tx.save_profile(profile)
    assert profile == tx.profile("U1")
    changed = replace(profile, is_admin=True, locale="de-DE", fetched_at=NOW + MINUTE, zone="UTC")
    tx.save_profile(changed)
    assert changed == tx.profile("U1")


def test_a_draft_is_kept_replaced_and_forgotten(tx: SqliteTransaction) -> None:
    """As long as the form may still be open."""
    assert tx.draft("V1") is None
    tx.save_draft("V1", {"message": "Hi"}, now=NOW)
    tx.save_draft("V1", {"message": "Hi", "audio_url": ""}, now=NOW + MINUTE)
    tx.save_draft("V2", {}, now=NOW)
    assert tx.draft("V1") == {"message": "Hi", "audio_url": ""}
    assert tx.draft("V2") == {}
    tx.forget_old(before=NOW + MINUTE)
    assert tx.draft("V2") is None
    assert tx.draft("V1") is not None


def test_a_setting_is_kept_and_replaced(tx: SqliteTransaction) -> None:
    """What the bot made for itself at first start is there at the next."""
    assert tx.setting("secret") is None
    tx.save_setting("secret", "one")
    tx.save_setting("secret", "two")
    assert tx.setting("secret") == "two"
