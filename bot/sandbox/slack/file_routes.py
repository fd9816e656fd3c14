"""The URLs of files: uploads of the app, and downloads with its token."""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.workspace import Workspace

_LOGIN_PAGE = "<!DOCTYPE html><html><body>Sign in to your workspace</body></html>"


def add_to(app: web.Application, workspace: Workspace, *, bot_token: str) -> None:
    """Add the two routes."""

    async def receive(request: web.Request) -> web.Response:
        """The bytes of an upload, raw or as a form's file."""
        try:
            file = workspace.files.find(request.match_info["file_id"])
            if file.secret != request.match_info["secret"]:
                raise web.HTTPForbidden
            workspace.files.receive(file, await _bytes(request))
        except Refusal as refusal:
            raise web.HTTPBadRequest(text=refusal.error) from None
        return web.Response(text=f"OK - {file.length}")

    async def hand_out(request: web.Request) -> web.Response:
        """The bytes of a file; without the right token a login page, with 200, as Slack does."""
        authorized = request.headers.get("Authorization") == f"Bearer {bot_token}"
        if not authorized or "files:read" not in workspace.manifest.scopes:
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        try:
            file = workspace.files.find(request.match_info["file_id"])
        except Refusal:
            raise web.HTTPNotFound from None
        return web.Response(body=file.content or b"", content_type="application/octet-stream")

    app.router.add_post("/upload/{file_id}/{secret}", receive)
    app.router.add_get("/files-pri/{file_id}/{name}", hand_out)


async def _bytes(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""
