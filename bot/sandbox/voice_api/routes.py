"""The contract over HTTP: authorisation, content type, size, and one function per endpoint."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.sandbox.voice_api import wire
from bot.sandbox.voice_api.engine import VoiceService
from bot.sandbox.voice_api.errors import ApiError
from bot.sandbox.voice_api.validation import read_batch, read_call

PREFIX = "/api/v1/voice-bot"
LARGEST_BODY = 1024 * 1024
SERVICE = web.AppKey("service", VoiceService)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


@web.middleware
async def json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal as JSON, those of aiohttp itself too."""
    try:
        return await handler(request)
    except ApiError as refusal:
        body, headers = refusal.body(), refusal.headers()
        return web.json_response(body, status=refusal.status, headers=headers)
    except web.HTTPException as error:
        allow = error.headers.get("Allow")
        code = _CODES.get(error.status, "http_error")
        body = ApiError(status=error.status, code=code, message=error.reason).body()
        headers = {} if allow is None else {"Allow": allow}
        return web.json_response(body, status=error.status, headers=headers)


@web.middleware
async def authorise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for a bearer key wherever the contract does; without a set key any will do."""
    if request.path.startswith(f"{PREFIX}/"):
        _check_bearer(request)
    return await handler(request)


def _check_bearer(request: web.Request) -> None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        why = "send Authorization: Bearer YOUR_API_KEY"
        raise ApiError(status=401, code="unauthorized", message=why)
    expected = request.app[SERVICE].api_key
    given = key.encode("utf-8", "surrogateescape")
    if expected is not None and not hmac.compare_digest(expected.encode(), given):
        raise ApiError(status=401, code="unauthorized", message="the API key is not valid")


async def read_json(request: web.Request) -> object:
    """The JSON body; raises `ApiError` (400, 415), or aiohttp's 413."""
    if request.content_type != "application/json":
        why = "send Content-Type: application/json"
        raise ApiError(status=415, code="unsupported_media_type", message=why)
    return wire.parse_json(await request.read())


async def place_call(request: web.Request) -> web.Response:
    """`POST /call`."""
    service = request.app[SERVICE]
    call = service.place(read_call(await read_json(request)))
    return web.json_response(wire.accepted(call, service.estimated_start(call)))


async def place_batch(request: web.Request) -> web.Response:
    """`POST /call/batch`."""
    requests = read_batch(await read_json(request))
    batch_id, calls = request.app[SERVICE].place_batch(requests)
    return web.json_response(wire.batch_accepted(batch_id, calls))


async def get_call(request: web.Request) -> web.Response:
    """`GET /call/{call_id}`."""
    call = request.app[SERVICE].get(request.match_info["call_id"])
    return web.json_response(wire.described(call))


async def cancel_call(request: web.Request) -> web.Response:
    """`DELETE /call/{call_id}`."""
    call = request.app[SERVICE].cancel(request.match_info["call_id"])
    return web.json_response(wire.cancelled(call))


ROUTES = (
    web.post(f"{PREFIX}/call", place_call),
    web.post(f"{PREFIX}/call/batch", place_batch),
    web.get(f"{PREFIX}/call/{{call_id}}", get_call),
    web.delete(f"{PREFIX}/call/{{call_id}}", cancel_call),
)
