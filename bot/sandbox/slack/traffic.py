"""What went over the wire between Slack and the app, kept for tests and the inspector."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

_SECRET = ("token",)


@dataclass(kw_only=True)
class Exchange:
    """One request and what came back.

    `direction` is `to_app` (a delivery), `from_app` (a Web API call) or `response_url`. `answer`
    stays None and `answered_at` too while nothing came. `error` is Slack's word for what failed.
    """

    number: int
    direction: str
    name: str
    request: dict[str, Any]
    sent_at: datetime
    answered_at: datetime | None = None
    answer: dict[str, Any] | None = None
    error: str | None = None
    retry_num: int = 0
    is_given_up: bool = False

    @property
    def seconds(self) -> float | None:
        """How long the answer took, in seconds of the clock."""
        if self.answered_at is None:
            return None
        return (self.answered_at - self.sent_at).total_seconds()

    def to_json(self) -> dict[str, Any]:
        """The exchange for a page: times as ISO 8601 text, no tokens."""
        found = asdict(self)
        found["request"] = {k: v for k, v in self.request.items() if k not in _SECRET}
        found["sent_at"] = self.sent_at.isoformat()
        found["answered_at"] = self.answered_at.isoformat() if self.answered_at else None
        return {**found, "seconds": self.seconds}
