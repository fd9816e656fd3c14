"""Webhooks: each call's bodies leave in order, each tried up to four times.

A body that cannot be delivered holds back the later ones of its call, and of no other call. A
redirect is not followed; anything but a 2xx is tried again, after 1, 5 and 25 seconds.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp

from bot.sandbox.clock import Clock
from bot.sandbox.voice_api.tasks import Tasks
from bot.sandbox.voice_api.wire import Json

BACK_OFF = (1.0, 5.0, 25.0)  # seconds of the service's clock before the 2nd, 3rd and 4th try
_TIMEOUT = 10.0  # real seconds: the network is real whatever the clock says
_CONNECTIONS = 100
_LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".test", ".home.arpa")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One try to deliver one body: `outcome` is a status code or what went wrong."""

    call_id: str
    url: str
    body: Json
    at: datetime
    attempt: int
    outcome: str

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.outcome.startswith("2")


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A body that is to be posted to a url."""

    url: str
    body: Json


def is_local(url: str) -> bool:
    """Whether the url's host is on this machine or a private network, judged without DNS.

    The contract's examples post to yourapp.com, which belongs to somebody: a simulated call must
    not tell strangers phone numbers.
    """
    host = (urlsplit(url).hostname or "").lower().rstrip(".")
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_ENDINGS)


class Postman:
    """Delivers letters, and tells `watch` about every try."""

    def __init__(
        self,
        *,
        clock: Clock,
        tasks: Tasks,
        watch: Callable[[Delivery], None],
        remote_callbacks: bool = False,
        timeout: float = _TIMEOUT,
    ) -> None:
        """Post to local urls only, unless `remote_callbacks`; `timeout` is in real seconds."""
        self._clock = clock
        self._tasks = tasks
        self._watch = watch
        self._remote_callbacks = remote_callbacks
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None
        self._letters: dict[str, deque[Letter]] = {}

    def send(self, call_id: str, url: str, body: Json) -> None:
        """Deliver the body after everything sent earlier for the same call."""
        letter = Letter(url=url, body=body)
        if call_id in self._letters:
            self._letters[call_id].append(letter)
            return
        self._letters[call_id] = deque([letter])
        self._tasks.start(self._walk(call_id))

    async def close(self) -> None:
        """Give up what has not been delivered."""
        if self._session is not None:
            await self._session.close()

    async def _walk(self, call_id: str) -> None:
        letters = self._letters[call_id]
        try:
            while letters:
                await self._deliver(call_id, letters.popleft())
        finally:
            del self._letters[call_id]

    async def _deliver(self, call_id: str, letter: Letter) -> None:
        for attempt, wait in enumerate((0.0, *BACK_OFF), start=1):
            if wait:
                await self._clock.sleep(wait)
            outcome = await self._post(letter)
            delivery = Delivery(
                call_id=call_id,
                url=letter.url,
                body=letter.body,
                at=self._clock.now(),
                attempt=attempt,
                outcome=outcome,
            )
            self._watch(delivery)
            if delivery.delivered or outcome == "not local":
                return
        logger.warning("webhook given up: call %s, %s", call_id, outcome)

    async def _post(self, letter: Letter) -> str:
        if not self._remote_callbacks and not is_local(letter.url):
            return "not local"
        with self._clock.outside():
            try:
                sending = self._http().post(letter.url, json=letter.body, allow_redirects=False)
                async with sending as answer:
                    return str(answer.status)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                return type(error).__name__

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        return self._session
