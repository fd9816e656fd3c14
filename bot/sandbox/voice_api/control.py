"""The control API: the phones in somebody's hands. For this machine only, without a key.

A web page elsewhere must not be able to use it through the reader's browser: the Host header has
to name this machine (no DNS rebinding), and an Origin header has to be this service's own.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.voice_api import fields, panel
from bot.sandbox.voice_api.acts import Act, Deed
from bot.sandbox.voice_api.errors import ApiError, bad_field
from bot.sandbox.voice_api.phones import Behaviour, Kind
from bot.sandbox.voice_api.routes import SERVICE, Handler, read_json

PREFIX = "/control"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_CALLS = 500  # in one answer
_HEARTBEAT = 15.0  # real seconds between signs of life on the event stream
_KEY = re.compile(r"[0-9*#]")
_KEYS = re.compile(r"[0-9*#]{1,20}")


@web.middleware
async def from_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a control request that was made for, or by a page of, another host."""
    if request.path.startswith(f"{PREFIX}/"):
        _check_host(request.host, request.headers.get("Origin"))
    return await handler(request)


def _check_host(host: str, origin: str | None) -> None:
    if _hostname(f"//{host}") not in _LOOPBACK:
        raise _forbidden("the control API answers to localhost and 127.0.0.1 only")
    if origin is not None and origin != f"http://{host}":
        raise _forbidden("the control API is not for pages of other origins")


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _forbidden(why: str) -> ApiError:
    return ApiError(status=403, code="forbidden", message=why)


async def list_handsets(request: web.Request) -> web.Response:
    """`GET /control/handsets`: the documented phones and those that have rung."""
    phones = [panel.handset(phone) for phone in request.app[SERVICE].handsets]
    return web.json_response({"handsets": phones})


async def show_handset(request: web.Request) -> web.Response:
    """`GET /control/handsets/{number}`: behaviour and what the phone has heard."""
    return web.json_response(panel.handset(request.app[SERVICE].handsets[_number(request)]))


async def set_behaviour(request: web.Request) -> web.Response:
    """`PUT /control/handsets/{number}` with behaviour and, for presses, keys."""
    behaviour = _behaviour(fields.mapping(await read_json(request), "body"))
    phone = request.app[SERVICE].handsets.behave(_number(request), behaviour)
    return web.json_response(panel.handset(phone))


async def reset_behaviour(request: web.Request) -> web.Response:
    """`DELETE /control/handsets/{number}`: behave as documented again."""
    return web.json_response(panel.handset(request.app[SERVICE].handsets.reset(_number(request))))


def _number(request: web.Request) -> str:
    return fields.phone_number(request.match_info["number"], "number")


def _behaviour(body: Mapping[str, object]) -> Behaviour:
    fields.only({"behaviour": None, "keys": None}, body)
    name = fields.text(body.get("behaviour"), "behaviour")
    if name not in set(Kind):
        raise bad_field("behaviour", f"behaviour must be one of {', '.join(Kind)}")
    kind = Kind(name)
    if kind is not Kind.PRESSES:
        return Behaviour(kind=kind)
    keys = fields.text(body.get("keys"), "keys")
    if not _KEYS.fullmatch(keys):
        raise bad_field("keys", "keys must be 1 to 20 of the keys 0-9, * and #")
    return Behaviour(kind=kind, keys=keys)


async def list_calls(request: web.Request) -> web.Response:
    """`GET /control/calls`: the calls that are not over, the latest last."""
    calls = request.app[SERVICE].active()[-_MOST_CALLS:]
    return web.json_response({"calls": [panel.live(call) for call in calls]})


async def show_call(request: web.Request) -> web.Response:
    """`GET /control/calls/{call_id}`: the call, and what its phone has heard."""
    call = request.app[SERVICE].get(request.match_info["call_id"])
    return web.json_response(panel.live(call))


async def act(request: web.Request) -> web.Response:
    """`POST /control/calls/{call_id}/{deed}`: answer, press (with a digit), hang_up, reject."""
    name = request.match_info["deed"]
    if name not in set(Deed):
        raise ApiError(status=404, code="not_found", message=f"known here: {', '.join(Deed)}")
    deed = Deed(name)
    digit = await _digit(request) if deed is Deed.PRESS else ""
    service = request.app[SERVICE]
    call = await service.act(request.match_info["call_id"], Act(deed=deed, digit=digit))
    return web.json_response(panel.live(call))


async def _digit(request: web.Request) -> str:
    body = fields.mapping(await read_json(request), "body")
    fields.only({"digit": None}, body)
    digit = fields.text(body.get("digit"), "digit")
    if not _KEY.fullmatch(digit):
        raise bad_field("digit", "digit must be one of the keys 0-9, * and #")
    return digit


async def list_deliveries(request: web.Request) -> web.Response:
    """`GET /control/deliveries`: the latest tries to deliver webhooks, the last one last."""
    tries = [panel.delivery(item) for item in request.app[SERVICE].deliveries]
    return web.json_response({"deliveries": tries})


async def stream_events(request: web.Request) -> web.StreamResponse:
    """`GET /control/events`: server-sent events `call` and `delivery`, as they happen."""
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    with request.app[SERVICE].feed.watching() as unread:
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        while True:
            try:
                event = await asyncio.wait_for(unread.get(), _HEARTBEAT)
            except TimeoutError:
                await stream.write(b": alive\n\n")
                continue
            if event is None:
                return stream
            kind, data = event["type"], json.dumps(event)
            await stream.write(f"event: {kind}\ndata: {data}\n\n".encode())


ROUTES = (
    web.get(f"{PREFIX}/handsets", list_handsets),
    web.get(f"{PREFIX}/handsets/{{number}}", show_handset),
    web.put(f"{PREFIX}/handsets/{{number}}", set_behaviour),
    web.delete(f"{PREFIX}/handsets/{{number}}", reset_behaviour),
    web.get(f"{PREFIX}/calls", list_calls),
    web.get(f"{PREFIX}/calls/{{call_id}}", show_call),
    web.post(f"{PREFIX}/calls/{{call_id}}/{{deed}}", act),
    web.get(f"{PREFIX}/deliveries", list_deliveries),
    web.get(f"{PREFIX}/events", stream_events),
)
