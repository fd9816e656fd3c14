"""How the embedded Slack says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Refusal(Exception):
    """Slack answers `ok: false` with this error word, and perhaps says more beside it."""

    def __init__(self, error: str, **beside: Any) -> None:
        """`error` is Slack's word for it; `beside` are further keys of the answer."""
        super().__init__(error)
        self.error = error
        self.beside: Mapping[str, Any] = beside


def refuse_payload(error: str, problems: Sequence[str]) -> Refusal:
    """A refusal that points at each offending place, as Slack does for blocks and views."""
    messages = [f"[ERROR] {words}" for words in problems]
    return Refusal(error, response_metadata={"messages": messages})
