"""Socket Mode: tickets, envelopes, acknowledgements, refreshes (slack-facts 1.5)."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import uuid
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.slack.deliveries import DeliveryFailed, Envelope
from bot.sandbox.slack.people import APP_ID
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.workspace import Workspace

PATH = "/link"
MAX_CONNECTIONS = 10
CONNECTION_SECONDS = 3600


class SocketMode:
    """The app's websockets. A payload goes to any one of them, and is acknowledged there."""

    def __init__(self, workspace: Workspace) -> None:
        """Start without connections."""
        self._workspace = workspace
        self._tickets: set[str] = set()
        self._dead_tickets = 0
        self._connections: dict[web.WebSocketResponse, web.Request] = {}
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._turn = itertools.count()

    @property
    def connection_count(self) -> int:
        """How many websockets the app holds open."""
        return len(self._connections)

    def issue_url(self, base_url: str) -> str:
        """A websocket URL with a ticket for one connection."""
        ticket = secrets.token_hex(16)
        if self._dead_tickets:
            self._dead_tickets -= 1
        else:
            self._tickets.add(ticket)
        socket_url = base_url.replace("http", "ws", 1)
        return f"{socket_url}{PATH.lstrip('/')}/?ticket={ticket}&app_id={APP_ID}"

    def kill_next_tickets(self, count: int = 1) -> None:
        """Let the next tickets be refused, as Slack's sometimes are."""
        self._dead_tickets += count

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One websocket, from the ticket to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="ticket is used, expired or unknown")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._connections) >= MAX_CONNECTIONS:
            await self._disconnect(socket, "too_many_websockets")
            return socket
        self._connections[socket] = request
        try:
            await socket.send_json(self._hello())
            self._workspace.changed()
            await self._listen(socket)
        finally:
            self._forget(socket)
        return socket

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {
                "host": "embedded-slack",
                "build_number": 1,
                "approximate_connection_time": CONNECTION_SECONDS,
            },
            "connection_info": {"app_id": APP_ID},
        }

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                self._acknowledge(message.data)

    def _acknowledge(self, text: str) -> None:
        try:
            ack = json.loads(text)
            waiting = self._waiting.pop(ack["envelope_id"], None)
        except (ValueError, KeyError, TypeError):
            return  # Slack ignores what is no acknowledgement
        if waiting is not None and not waiting.done():
            body = ack.get("payload")
            waiting.set_result(body if isinstance(body, dict) else {})

    def _forget(self, socket: web.WebSocketResponse) -> None:
        self._connections.pop(socket, None)
        self._workspace.changed()

    async def send(self, envelope: Envelope) -> dict[str, Any]:
        """Deliver over one of the websockets; raises `DeliveryFailed` when there is none."""
        if not self._connections:
            raise DeliveryFailed("connection_failed")
        socket = list(self._connections)[next(self._turn) % len(self._connections)]
        envelope_id = str(uuid.uuid4())
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = waiting
        try:
            await socket.send_json(_wire(envelope, envelope_id))
            answer: dict[str, Any] = await waiting
            return answer
        except ConnectionError as failure:
            raise DeliveryFailed("connection_failed") from failure
        finally:
            self._waiting.pop(envelope_id, None)

    async def refresh(self) -> None:
        """Ask every connection to come back, and close it, as Slack does every few hours."""
        for socket in list(self._connections):
            self._forget(socket)
            await self._disconnect(socket, "refresh_requested")

    async def _disconnect(self, socket: web.WebSocketResponse, reason: str) -> None:
        await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})
        await socket.close()

    def drop(self) -> None:
        """Cut every connection without a word."""
        for request in list(self._connections.values()):
            if request.transport is not None:
                request.transport.abort()

    async def aclose(self) -> None:
        """Close every connection."""
        for socket in list(self._connections):
            self._forget(socket)
            await socket.close()


def _wire(envelope: Envelope, envelope_id: str) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "envelope_id": envelope_id,
        "type": envelope.kind,
        "accepts_response_payload": envelope.kind != "events_api",
        "payload": envelope.payload,
    }
    if envelope.kind == "events_api":
        wire |= {"retry_attempt": envelope.retry_num, "retry_reason": envelope.retry_reason}
    return wire


def check_app_token(given: str, expected: str) -> None:
    """Refuse what is not the app-level token."""
    if not given:
        raise Refusal("not_authed")
    if not given.startswith("xapp-"):
        raise Refusal("not_allowed_token_type")
    if given != expected:
        raise Refusal("invalid_auth")
