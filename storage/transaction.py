"""The whole of `ports.Transaction`, put together from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.attempts import Attempts
from storage.calls import Calls
from storage.events import Events
from storage.memory import Memory

if TYPE_CHECKING:
    from bot.ports import Transaction


class SqliteTransaction(Calls, Attempts, Events, Memory):
    """One all-or-nothing change on one connection; Database begins and commits it."""


if TYPE_CHECKING:

    def _is_a_transaction(transaction: SqliteTransaction) -> Transaction:
        """Type check: nothing of the protocol is missing."""
        return transaction
