"""The workspace as JSON over HTTP, for a page that only renders and posts (issue 3).

`GET /_playground/state?as=ana` is everything that person sees; `POST /_playground/act` does one
thing as somebody; `GET /_playground/changes?after=N` answers when something has changed since
version N, or after a while; `GET /_playground/traffic` is what went over the wire. Loopback
only, and only for pages of this very origin.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.slack.acts import ACTS
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.seat import NotPossible
from bot.sandbox.slack.seen import seen_by
from bot.sandbox.slack.user import User
from bot.sandbox.slack.workspace import Workspace

PREFIX = "/_playground"
POLL_SECONDS = 25.0
_HOSTS = ("127.0.0.1", "localhost", "::1")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_to(app: web.Application, workspace: Workspace, user: Callable[[str], User]) -> None:
    """Add the routes; `user` gives the person to act as."""

    async def state(request: web.Request) -> web.Response:
        who = _person(user, request.query.get("as", workspace.humans[0].user_id))
        return web.json_response(seen_by(workspace, who.person))

    async def act(request: web.Request) -> web.Response:
        try:
            body = await request.json()
            who, does = str(body["as"]), ACTS[body["do"]]
        except (ValueError, KeyError, TypeError):
            raise web.HTTPBadRequest(text=f"send as, do ({', '.join(ACTS)}) and more") from None
        return web.json_response(await _done(does, _person(user, who), body))

    async def changes(request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        with suppress(TimeoutError):  # nothing changed: the page asks again
            await workspace.until(lambda: workspace.version > after, POLL_SECONDS)
        return web.json_response({"version": workspace.version})

    async def traffic(request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        shown = [e.to_json() for e in workspace.exchanges if e.number > after]
        return web.json_response({"exchanges": shown})

    app.middlewares.append(only_own_pages)
    app.router.add_get(f"{PREFIX}/state", state)
    app.router.add_get(f"{PREFIX}/changes", changes)
    app.router.add_get(f"{PREFIX}/traffic", traffic)
    app.router.add_post(f"{PREFIX}/act", act)


def _person(user: Callable[[str], User], who: str) -> User:
    try:
        return user(who)
    except KeyError:
        raise web.HTTPNotFound(text=f"nobody called {who}") from None


async def _done(
    does: Callable[[User, dict[str, Any]], Awaitable[dict[str, Any]]],
    user: User,
    body: dict[str, Any],
) -> dict[str, Any]:
    try:
        return {"ok": True, **await does(user, body)}
    except (NotPossible, Refusal, LookupError) as refusal:
        return {"ok": False, "error": str(refusal)}


@web.middleware
async def only_own_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a playground request through a foreign name (DNS rebinding) or from another page."""
    if request.path.startswith(PREFIX):
        own = urlsplit(f"//{request.host}")
        origin = request.headers.get("Origin")
        foreign = origin is not None and urlsplit(origin).netloc != own.netloc
        if own.hostname not in _HOSTS or foreign:
            raise web.HTTPForbidden(text="the playground is for pages of this machine only")
    return await handler(request)
