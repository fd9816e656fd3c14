"""The one error that becomes an HTTP answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True, eq=False)
class ApiError(Exception):
    """A request is refused: `code` for machines, `message` for people, `field` to blame."""

    status: int
    code: str
    message: str
    field: str | None = None
    retry_after: int | None = None  # real seconds

    def body(self) -> dict[str, str]:
        """The JSON body of the answer."""
        body = {"status": "error", "error": self.code, "message": self.message}
        return body if self.field is None else {**body, "field": self.field}

    def headers(self) -> dict[str, str]:
        """The headers that belong to the answer."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return {**headers, "WWW-Authenticate": "Bearer"} if self.status == 401 else headers  # noqa: PLR2004 - an HTTP status


def bad_field(field: str, message: str, *, code: str = "invalid_parameter") -> ApiError:
    """A 400 that blames one field of the body."""
    return ApiError(status=400, code=code, message=message, field=field)
