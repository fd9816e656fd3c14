"""The Web API: tokens, scopes, limits, faults, and the table of methods.

As Slack does, it answers 200 with `ok: false` for almost everything that is wrong, 429 for too
much, and lists the token's scopes in `x-oauth-scopes`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.slack.call import APP_TOKEN, Call, Method
from bot.sandbox.slack.faults import Fault, Faults
from bot.sandbox.slack.methods import METHODS
from bot.sandbox.slack.rate_limits import Limiter
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.socket_mode import check_app_token

_JSON_ARGUMENTS = ("blocks", "attachments", "metadata", "view", "files", "users")
_BEARER = "Bearer "
_TOO_MANY = 429


class TooMany(Exception):
    """HTTP 429; `seconds` stands in `Retry-After`."""

    def __init__(self, seconds: int) -> None:
        """Remember how long to wait."""
        super().__init__(seconds)
        self.seconds = seconds


class WebApi:
    """Answers `/api/{method}`."""

    def __init__(
        self, call: Call, limiter: Limiter, faults: Faults, *, bot_token: str, app_token: str
    ) -> None:
        """`call` is the pattern of a call: everything but its arguments."""
        self._pattern = call
        self._limiter = limiter
        self._faults = faults
        self._tokens = {"bot": bot_token, APP_TOKEN: app_token}
        self._closing = asyncio.Event()
        self.revoked_with = ""

    def stop(self) -> None:
        """Let hanging requests go."""
        self._closing.set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One request, recorded with its answer."""
        name = request.match_info["method"]
        arguments = await _arguments(request)
        workspace = self._pattern.workspace
        shown = {k: v for k, v in arguments.items() if k != "token"}
        exchange = workspace.record("from_app", name, shown)
        fault = self._faults.take(name)
        if fault is None or fault.accepts:
            answer = self._answer(name, arguments, request.headers)
        else:
            answer = web.Response(status=500)
        if fault is not None:
            workspace.answered(exchange, None, error="fault")
            return await self._go_wrong(request, fault)
        body = json.loads(answer.text or "{}")
        workspace.answered(exchange, body, error=body.get("error"))
        return answer

    def _answer(
        self, name: str, arguments: dict[str, Any], headers: Mapping[str, str]
    ) -> web.Response:
        try:
            method, token_kind = self._admit(name, arguments, headers)
            self._limit(name, method, arguments)
            body = {"ok": True, **method.run(self._pattern.with_arguments(arguments))}
        except Refusal as refusal:
            body = {"ok": False, "error": refusal.error, **refusal.beside}
            token_kind = "bot"  # noqa: S105 - a kind of token, not a token
        except TooMany as too_many:
            return _too_many(too_many.seconds)
        self._pattern.workspace.changed()
        answer = web.json_response(body)
        scopes = self._scopes(token_kind)
        answer.headers["x-oauth-scopes"] = ",".join(scopes)
        return answer

    def _admit(
        self, name: str, arguments: dict[str, Any], headers: Mapping[str, str]
    ) -> tuple[Method, str]:
        method = METHODS.get(name)
        if method is None:
            raise Refusal("unknown_method", req_method=name)
        authorization = headers.get("Authorization", "")
        bearer = authorization.removeprefix(_BEARER) if _BEARER in authorization else ""
        token = str(arguments.get("token") or bearer)
        if method.token == APP_TOKEN:
            check_app_token(token, self._tokens[APP_TOKEN])
        else:
            self._check_bot_token(token)
        self._check_scopes(method)
        return method, method.token

    def _check_bot_token(self, token: str) -> None:
        if not token:
            raise Refusal("not_authed")
        if token == self._tokens[APP_TOKEN]:
            raise Refusal("not_allowed_token_type")
        if token != self._tokens["bot"]:
            raise Refusal("invalid_auth")
        if self.revoked_with:
            raise Refusal(self.revoked_with)

    def _scopes(self, token_kind: str) -> tuple[str, ...]:
        if token_kind == APP_TOKEN:
            return ("connections:write",)
        return self._pattern.workspace.manifest.scopes

    def _check_scopes(self, method: Method) -> None:
        granted = self._scopes(method.token)
        if method.scopes and not set(method.scopes) & set(granted):
            raise Refusal(
                "missing_scope", needed=",".join(method.scopes), provided=",".join(granted)
            )

    def _limit(self, name: str, method: Method, arguments: Mapping[str, Any]) -> None:
        now = self._pattern.workspace.clock.now()
        if method.is_paced:
            channel = str(arguments.get("channel"))
            seconds = self._limiter.seconds_to_wait_for_message(channel, now)
        else:
            seconds = self._limiter.seconds_to_wait(name, method.tier, now)
        if seconds:
            raise TooMany(seconds)

    async def _go_wrong(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.hangs:
            await self._closing.wait()
        if (fault.drops or fault.hangs) and request.transport is not None:
            request.transport.abort()
        if fault.error:
            return web.json_response({"ok": False, "error": fault.error})
        if fault.status == _TOO_MANY:
            return _too_many(fault.retry_after)
        return web.Response(status=fault.status or 500, text="upstream error")


def _too_many(seconds: int) -> web.Response:
    return web.json_response(
        {"ok": False, "error": "ratelimited"},
        status=_TOO_MANY,
        headers={"Retry-After": str(seconds)},
    )


async def _arguments(request: web.Request) -> dict[str, Any]:
    """The arguments of a call: query, form or JSON body; nested values decoded."""
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = {}
        arguments |= body if isinstance(body, dict) else {}
    elif request.can_read_body:
        arguments |= {k: v for k, v in (await request.post()).items() if isinstance(v, str)}
    return {name: _decoded(name, value) for name, value in arguments.items()}


def _decoded(name: str, value: Any) -> Any:
    """A form carries nested values as JSON text, and so may a JSON body."""
    if name not in _JSON_ARGUMENTS or not isinstance(value, str) or value[:1] not in "[{":
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
